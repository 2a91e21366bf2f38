// family: the files of one recording: FILE, and FILE.PID.N of each fork's child and each exec.
#define _GNU_SOURCE // O_CLOEXEC
#include "cli/trace/family.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "trace/format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_trace(const char *path) {
    char magic[sizeof TRACE_MAGIC - 1];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool is_one = descriptor >= 0 &&
                  read(descriptor, magic, sizeof magic) == (ssize_t)sizeof magic &&
                  memcmp(magic, TRACE_MAGIC, sizeof magic) == 0;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return is_one;
}

// Behind ".": digits. NULL: something else.
static const char *skip_number(const char *text) {
    size_t count = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    return count == 0 ? NULL : text + 1 + count;
}

static bool is_relative(const char *name, const char *base) {
    size_t length = strlen(base);
    const char *rest = strncmp(name, base, length) == 0 ? skip_number(name + length) : NULL;
    rest = rest == NULL ? NULL : skip_number(rest);
    return rest != NULL && *rest == 0;
}

static int out_of_memory(void) {
    cli_message("out of memory");
    return CLI_ENVIRONMENT;
}

// Takes the path, from malloc, which may be NULL.
static int add(struct family *family, char *path) {
    if (path == NULL || !ARRAY_RESERVE(family->paths, family->capacity, family->count + 1)) {
        free(path);
        return out_of_memory();
    }
    if (is_trace(path)) {
        family->paths[family->count++] = path;
    } else {
        free(path);
    }
    return CLI_CLEAN;
}

static char *join(const char *folder, size_t folder_bytes, const char *name) {
    size_t name_bytes = strlen(name) + 1;
    char *path = malloc(folder_bytes + name_bytes);
    if (path != NULL) {
        memcpy(path, folder, folder_bytes);
        memcpy(path + folder_bytes, name, name_bytes);
    }
    return path;
}

// Numbers without a leading zero: the longer one is the larger.
static int by_numbers(const void *a, const void *b) {
    const char *one = *(const char *const *)a;
    const char *other = *(const char *const *)b;
    size_t shared = 0;
    while (one[shared] == other[shared] && one[shared] != 0) {
        shared++;
    }
    size_t lengths[] = {strspn(one + shared, "0123456789"), strspn(other + shared, "0123456789")};
    if (lengths[0] != lengths[1]) {
        return lengths[0] < lengths[1] ? -1 : 1;
    }
    return strcmp(one, other);
}

int family_find(struct family *family, const char *path) {
    *family = (struct family){0};
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    size_t folder_bytes = (size_t)(base - path);
    int status = add(family, strdup(path));
    size_t own_count = family->count;
    char *folder_path = folder_bytes == 0 ? strdup(".") : strndup(path, folder_bytes);
    DIR *folder = folder_path == NULL ? NULL : opendir(folder_path);
    free(folder_path);
    if (folder == NULL) {
        return status; // what can be opened by its name stands in a folder that cannot be listed
    }
    const struct dirent *entry;
    while (status == CLI_CLEAN && (entry = readdir(folder)) != NULL) {
        if (is_relative(entry->d_name, base)) {
            status = add(family, join(path, folder_bytes, entry->d_name));
        }
    }
    (void)closedir(folder);
    if (family->count - own_count > 1) {
        qsort(family->paths + own_count, family->count - own_count, sizeof *family->paths,
              by_numbers);
    }
    return status;
}

void family_free(struct family *family) {
    for (size_t i = 0; i < family->count; i++) {
        free(family->paths[i]);
    }
    free(family->paths);
    *family = (struct family){0};
}
