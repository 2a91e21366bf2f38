// build: a build of countercheck asked about one input: what it prints, the dump that it writes,
// how it ends.
#ifndef CLI_ACCOUNTS_BUILD_H
#define CLI_ACCOUNTS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_HUNG 124 // the status of one that came to no end

struct build {
    const char *path;
    uint32_t timeout_ms;  // for one input
    unsigned dialects[2]; // how replay sets all truths aside, and how it is asked to judge: an
                          // older build knows an older way
};

struct bytes {
    uint8_t *at; // from malloc, a NUL behind them; NULL: nothing was read
    size_t count, capacity;
};

struct reply {
    struct bytes text; // of stdout
    struct bytes dump; // empty: none was written, or none was asked for
    int status;        // of the process; 128 + N: it died of signal N; BUILD_HUNG, which was told
};

struct question {
    struct build *build;
    bool is_judged; // the rules speak, and no dump is wanted; else all truths are set aside
    struct reply reply;
};

// Asks all at the same time, each in a process of its own. An enum cli_status: CLI_CLEAN when all
// have answered, whatever they said; else a message was printed.
int build_ask(struct question *questions, size_t count, const char *input);

void build_forget(struct question *questions, size_t count);

#endif
