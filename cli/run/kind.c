// kind: the last folders of a path, then the first bytes of the file.
#define _XOPEN_SOURCE 700 // realpath
#include "cli/run/kind.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 4096

const char *const kind_names[KIND_COUNT] = {"program",   "decode", "ops",
                                            "relations", "dump",   "race"};

// The folder that ends at *end, which moves before it; its length in *length.
static const char *folder_before(const char *path, const char **end, size_t *length) {
    const char *at = *end;
    while (at > path && at[-1] != '/') {
        at--;
    }
    *length = (size_t)(*end - at);
    *end = at > path ? at - 1 : at;
    return at;
}

static bool is_one(const char *name, size_t length, const char *const *names) {
    for (; *names != NULL; names++) {
        if (strlen(*names) == length && memcmp(*names, name, length) == 0) {
            return true;
        }
    }
    return false;
}

// ".../decode/seed/NAME" and the like.
static enum input_kind kind_by_folder(const char *path) {
    static const char *const shelves[] = {"seed", "found", "regression", "slow", NULL};
    static const char *const decode[] = {"decode", NULL};
    static const char *const ops[] = {"ops", NULL};
    static const char *const relations[] = {"relations", NULL};
    const char *end = path + strlen(path);
    size_t length;
    (void)folder_before(path, &end, &length);
    const char *name = folder_before(path, &end, &length);
    if (!is_one(name, length, shelves)) {
        return KIND_PROGRAM;
    }
    name = folder_before(path, &end, &length);
    if (is_one(name, length, decode)) {
        return KIND_DECODE;
    }
    if (is_one(name, length, relations)) {
        return KIND_RELATIONS;
    }
    return is_one(name, length, ops) ? KIND_OPS : KIND_PROGRAM;
}

static bool begins_with(const char *head, size_t size_bytes, const char *what, size_t what_bytes) {
    return size_bytes >= what_bytes && memcmp(head, what, what_bytes) == 0;
}

static bool is_dump(const char *head, size_t size_bytes) {
    return begins_with(head, size_bytes, "go1.7 heap dump\n", 16) ||
           begins_with(head, size_bytes, "\x1f\x8b", 2) ||         // gzip
           begins_with(head, size_bytes, "\xfd\x37zXZ", 5) ||      // xz
           begins_with(head, size_bytes, "\x28\xb5\x2f\xfd", 4) || // zstd
           (size_bytes >= 4 && (head[0] & 0xf0) == 0x50 &&         // its skippable frames
            memcmp(head + 1, "\x2a\x4d\x18", 3) == 0);
}

// The first line that is no comment begins with "race ".
static bool is_race(const char *head, size_t size_bytes) {
    size_t at = 0;
    while (at < size_bytes && (head[at] == '#' || head[at] == '\n')) {
        const char *end = memchr(head + at, '\n', size_bytes - at);
        at = end == NULL ? size_bytes : (size_t)(end - head) + 1;
    }
    return begins_with(head + at, size_bytes - at, "race ", 5);
}

enum input_kind kind_of(const char *path, bool is_walked) {
    char head[HEAD_BYTES];
    struct stat status;
    enum input_kind kind = kind_by_folder(path);
    char *whole = kind == KIND_PROGRAM ? realpath(path, NULL) : NULL;
    if (whole != NULL) { // called below the corpus
        kind = kind_by_folder(whole);
        free(whole);
    }
    if (kind != KIND_PROGRAM || stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return kind;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = descriptor < 0 ? -1 : read(descriptor, head, sizeof head);
    size_t size_bytes = count < 0 ? 0 : (size_t)count;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (is_race(head, size_bytes)) {
        return KIND_RACE;
    }
    return is_walked && is_dump(head, size_bytes) ? KIND_DUMP : KIND_PROGRAM;
}
