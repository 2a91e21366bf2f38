// processes: many inputs run by a few processes at once, each input within a time and contained:
// one that crashes or hangs is an answer, and the rest is run all the same.
#ifndef CLI_RUN_PROCESSES_H
#define CLI_RUN_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSES_RESULT_BYTES 256 // at most, of what one input gives beside text

enum processes_ending {
    PROCESSES_DONE,  // run() returned: result is what it left
    PROCESSES_CRASH, // its process died
    PROCESSES_HANG,  // its time was over
};

// What came of one input; text is NUL-terminated.
struct processes_answer {
    enum processes_ending ending;
    int signal; // of a crash; 0: it exited
    unsigned char result[PROCESSES_RESULT_BYTES];
    char *out, *err; // what was written to stdout and stderr
    size_t out_bytes, err_bytes;
};

struct processes {
    size_t input_count;
    unsigned job_count; // processes; 0: one for each core
    uint32_t timeout_ms;
    // In one of the processes: once, before its first input. False: the environment failed.
    bool (*open)(void *context);
    // In one of the processes: runs an input. What it prints is in the answer, and so is result.
    void (*run)(void *context, size_t input, void *result);
    // In one of the processes, after its last input.
    void (*close)(void *context);
    // In the caller, in the order of the inputs. False: nothing more is wanted.
    bool (*take)(void *context, size_t input, const struct processes_answer *answer);
    void *context;
};

// Runs all inputs. False: no process, no memory or no temporary file; those that were taken are.
bool processes_run(const struct processes *processes);

#endif
