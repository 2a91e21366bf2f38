// engine_builtin: a fuzzing engine that needs a C compiler and nothing else: replay, then random
// mutation without feedback.
//
// usage: fuzz_TARGET [-max_total_time=S] [-runs=N] [-seed=N] [-max_len=N] [-artifact_prefix=P]
// [FILE|DIR]... Files alone are run once each. Directories are the corpus that mutation starts
// from; the first one is given nothing, since there is no coverage to say what is worth keeping. An
// input that crashes is written to P + "crash-" + its hash.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/generate/random.h"
#include "fuzz/targets/target.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#pragma weak LLVMFuzzerInitialize
#pragma weak LLVMFuzzerCustomMutator
#pragma weak LLVMFuzzerCustomCrossOver

#define INPUT_BYTES_MAX (1 << 20)
#define TIMEOUT_SECONDS 20
#define RUNS_PER_CLOCK  64
#define INPUTS_MAX      100000

struct input {
    uint8_t *bytes;
    size_t size_bytes;
};

static struct engine {
    uint64_t seconds, runs, seed;
    size_t max_bytes;
    const char *artifact_prefix;
    struct input *inputs;
    size_t input_count;
    bool has_directory;
    uint64_t run_count;
} engine = {.runs = UINT64_MAX, .seed = 1, .max_bytes = 4096, .artifact_prefix = "./"};

// What runs now; read by the signal handler.
static const uint8_t *current_bytes;
static size_t current_size_bytes;
static char artifact_path[4096];

static void name_artifact(const uint8_t *bytes, size_t size_bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    char *at = artifact_path + strlen(engine.artifact_prefix) + strlen("crash-");
    for (int i = 0; i < 16; i++) {
        at[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    }
    at[16] = 0;
}

static bool write_all(int descriptor, const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    while (size_bytes > 0) {
        ssize_t count = write(descriptor, at, size_bytes);
        if (count <= 0) {
            return false;
        }
        at += count;
        size_bytes -= (size_t)count;
    }
    return true;
}

static void say(const char *text) {
    (void)write_all(STDERR_FILENO, text, strlen(text));
}

static void on_crash(int signal_number) {
    name_artifact(current_bytes, current_size_bytes);
    int descriptor = open(artifact_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    bool is_whole = descriptor >= 0 && write_all(descriptor, current_bytes, current_size_bytes) &&
                    close(descriptor) == 0;
    say(is_whole ? "countercheck: input written to "
                 : "countercheck: the input cannot be written to ");
    say(artifact_path);
    say("\n");
    _exit(signal_number == SIGALRM ? 70 : 77);
}

static void catch_signals(void) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    struct sigaction action = {.sa_handler = on_crash};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
}

static void run(const uint8_t *bytes, size_t size_bytes) {
    current_bytes = bytes;
    current_size_bytes = size_bytes;
    if (engine.run_count++ % RUNS_PER_CLOCK == 0) {
        (void)alarm(TIMEOUT_SECONDS);
    }
    (void)LLVMFuzzerTestOneInput(bytes, size_bytes);
}

// ---- corpus

static _Noreturn void die(const char *what, const char *name) {
    (void)fprintf(stderr, "countercheck: %s %s\n", what, name);
    exit(2);
}

static void add_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_BYTES_MAX);
    if (file == NULL || bytes == NULL) {
        die("cannot read", path);
    }
    size_t size_bytes = fread(bytes, 1, INPUT_BYTES_MAX, file);
    (void)fclose(file);
    uint8_t *fitted = realloc(bytes, size_bytes == 0 ? 1 : size_bytes);
    if (engine.input_count < INPUTS_MAX) {
        engine.inputs[engine.input_count++] =
            (struct input){fitted == NULL ? bytes : fitted, size_bytes};
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// In the order of the names, so that a seed means the same everywhere.
static void add_directory(const char *path, DIR *directory) {
    size_t count = 0;
    char **names = calloc(INPUTS_MAX, sizeof names[0]);
    for (struct dirent *entry; names != NULL && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.' && count < INPUTS_MAX) {
            size_t length = strlen(path) + strlen(entry->d_name) + 2;
            names[count] = malloc(length);
            if (names[count] != NULL) {
                (void)snprintf(names[count++], length, "%s/%s", path, entry->d_name);
            }
        }
    }
    if (count > 0) {
        qsort(names, count, sizeof names[0], by_name);
    }
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        if (stat(names[i], &status) == 0 && S_ISREG(status.st_mode)) {
            add_file(names[i]);
        }
        free(names[i]);
    }
    free(names);
}

static void add_path(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) {
        add_file(path);
        return;
    }
    engine.has_directory = true;
    add_directory(path, directory);
    (void)closedir(directory);
}

// ---- mutation

static size_t mutate_bytes(uint8_t *bytes, size_t size_bytes, size_t max_bytes, uint32_t seed) {
    struct random random = {seed};
    for (uint32_t count = 1 + random_below(&random, 6); count > 0; count--) {
        size_t at = random_below(&random, (uint32_t)size_bytes + 1);
        switch (random_below(&random, 4)) {
        case 0: // insert
            if (size_bytes < max_bytes) {
                memmove(bytes + at + 1, bytes + at, size_bytes - at);
                bytes[at] = (uint8_t)random_next(&random);
                size_bytes++;
            }
            break;
        case 1: // delete
            if (at < size_bytes) {
                size_t length = 1 + random_below(&random, (uint32_t)(size_bytes - at));
                memmove(bytes + at, bytes + at + length, size_bytes - at - length);
                size_bytes -= length;
            }
            break;
        case 2: // flip
            if (at < size_bytes) {
                bytes[at] ^= (uint8_t)(1u << random_below(&random, 8));
            }
            break;
        default:
            if (at < size_bytes) {
                bytes[at] = (uint8_t)random_next(&random);
            }
            break;
        }
    }
    return size_bytes;
}

static const struct input *pick_input(struct random *random) {
    static const struct input empty = {(uint8_t *)artifact_path, 0};
    return engine.input_count == 0
               ? &empty
               : &engine.inputs[random_below(random, (uint32_t)engine.input_count)];
}

static size_t draw_input(struct random *random, uint8_t *bytes) {
    const struct input *base = pick_input(random);
    uint32_t seed = (uint32_t)random_next(random);
    size_t size_bytes = base->size_bytes < engine.max_bytes ? base->size_bytes : engine.max_bytes;
    memcpy(bytes, base->bytes, size_bytes);
    if (LLVMFuzzerCustomCrossOver != NULL && random_once_in(random, 4)) {
        const struct input *other = pick_input(random);
        return LLVMFuzzerCustomCrossOver(base->bytes, base->size_bytes, other->bytes,
                                         other->size_bytes, bytes, engine.max_bytes, seed);
    }
    for (uint32_t rounds = 1 + random_below(random, 4); rounds > 0; rounds--) {
        seed = (uint32_t)random_next(random);
        size_bytes = LLVMFuzzerCustomMutator != NULL
                         ? LLVMFuzzerCustomMutator(bytes, size_bytes, engine.max_bytes, seed)
                         : mutate_bytes(bytes, size_bytes, engine.max_bytes, seed);
    }
    return size_bytes;
}

static uint64_t now_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

static void fuzz(void) {
    struct random random = {engine.seed};
    uint8_t *bytes = malloc(engine.max_bytes == 0 ? 1 : engine.max_bytes);
    uint64_t begin = now_seconds();
    uint64_t shown = 1;
    if (bytes == NULL) {
        die("no memory for inputs of", "-max_len");
    }
    while (engine.run_count < engine.runs) {
        size_t size_bytes = draw_input(&random, bytes);
        run(bytes, size_bytes);
        if (engine.run_count % RUNS_PER_CLOCK == 0 && now_seconds() - begin >= engine.seconds) {
            break;
        }
        if (engine.run_count >= shown * 2) {
            shown = engine.run_count;
            (void)fprintf(stderr, "#%llu\truns\n", (unsigned long long)shown);
        }
    }
    (void)fprintf(stderr, "#%llu\tDONE\n", (unsigned long long)engine.run_count);
    free(bytes);
}

// ---- the call

static const char *option_value(const char *argument, const char *name) {
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                           : NULL;
}

static void read_option(const char *argument) {
    static const char *const names[] = {"-max_total_time", "-runs", "-seed", "-max_len",
                                        "-artifact_prefix"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = option_value(argument, names[i]);
        if (value == NULL) {
            continue;
        }
        uint64_t number = strtoull(value, NULL, 10);
        switch (i) {
        case 0:
            engine.seconds = number;
            return;
        case 1:
            engine.runs = number;
            engine.seconds = engine.seconds == 0 ? UINT64_MAX : engine.seconds;
            return;
        case 2:
            engine.seed = number;
            return;
        case 3:
            engine.max_bytes = number < INPUT_BYTES_MAX ? (size_t)number : INPUT_BYTES_MAX;
            return;
        default:
            engine.artifact_prefix = value;
            return;
        }
    }
    die("unknown option", argument); // libFuzzer's others mean nothing here
}

int main(int argc, char **argv) {
    engine.inputs = calloc(INPUTS_MAX, sizeof engine.inputs[0]);
    if (engine.inputs == NULL) {
        die("no memory for", "a corpus");
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            read_option(argv[i]);
        } else {
            add_path(argv[i]);
        }
    }
    if (strlen(engine.artifact_prefix) > sizeof artifact_path - 64) {
        die("too long:", "-artifact_prefix");
    }
    (void)snprintf(artifact_path, sizeof artifact_path, "%scrash-", engine.artifact_prefix);
    catch_signals();
    if (LLVMFuzzerInitialize != NULL) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    for (size_t i = 0; i < engine.input_count; i++) {
        run(engine.inputs[i].bytes, engine.inputs[i].size_bytes);
    }
    if (engine.has_directory || engine.input_count == 0) {
        fuzz();
    }
    return 0;
}
