// walk: the files below a directory: links that go round are told and not followed, what is no
// regular file is told and left out, and there is a bound.
#define _XOPEN_SOURCE 700
#include "cli/io/input.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX      100000 // below one operand: more is no folder of inputs
#define DEPTH_MAX      64
#define TOLD_MAX       10   // of the files left out
#define SHOWN_EVERY_MS 1000 // between two counts

struct folder { // that is being read, and those above it
    const struct folder *above;
    dev_t device;
    ino_t inode;
    unsigned depth;
};

struct walk {
    struct input_list *list;
    const char *operand;
    size_t before, left_out_count;
    int64_t shown_ms;
};

static int out_of_memory(void) {
    cli_message("out of memory");
    return CLI_ENVIRONMENT;
}

static int add_copy(struct input_list *list, const char *path) {
    if (!ARRAY_RESERVE(list->paths, list->capacity, list->count + 1)) {
        return out_of_memory();
    }
    list->paths[list->count] = strdup(path);
    return list->paths[list->count++] == NULL ? out_of_memory() : CLI_CLEAN;
}

static bool is_wanted(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    bool is_document = length > 3 && strcmp(entry->d_name + length - 3, ".md") == 0;
    return entry->d_name[0] != '.' && !is_document;
}

static int leave_out(struct walk *walk, const char *path, const char *why) {
    if (walk->left_out_count++ < TOLD_MAX) {
        cli_message("%s: %s: left out", path, why);
    }
    return CLI_CLEAN;
}

static int add_file(struct walk *walk, const char *path) {
    size_t count = walk->list->count - walk->before;
    int64_t now_ms = clock_ms();
    if (count == FILES_MAX) {
        cli_message("%s: more than %d files: name a folder of inputs", walk->operand, FILES_MAX);
        return CLI_UNUSABLE;
    }
    if (now_ms - walk->shown_ms >= SHOWN_EVERY_MS) {
        walk->shown_ms = now_ms;
        cli_message("%s: %zu files so far", walk->operand, count);
    }
    return add_copy(walk->list, path);
}

static bool is_circle(const struct folder *folder, const struct stat *status) {
    for (; folder != NULL; folder = folder->above) {
        if (folder->device == status->st_dev && folder->inode == status->st_ino) {
            return true;
        }
    }
    return false;
}

static int add_directory(struct walk *walk, const char *path, DIR *directory,
                         const struct folder *folder);

static int add_child(struct walk *walk, const char *path, const struct folder *above) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return add_file(walk, path); // reading it says why
    }
    if (S_ISREG(status.st_mode)) {
        return add_file(walk, path);
    }
    if (!S_ISDIR(status.st_mode)) {
        return leave_out(walk, path, "no regular file");
    }
    if (is_circle(above, &status)) {
        return leave_out(walk, path, "a link to a directory above it");
    }
    if (above->depth == DEPTH_MAX) {
        return leave_out(walk, path, "too deep");
    }
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return add_file(walk, path);
    }
    const struct folder folder = {above, status.st_dev, status.st_ino, above->depth + 1};
    int result = add_directory(walk, path, directory, &folder);
    (void)closedir(directory);
    return result;
}

static int add_directory(struct walk *walk, const char *path, DIR *directory,
                         const struct folder *folder) {
    int status = CLI_CLEAN;
    for (struct dirent *entry; status == CLI_CLEAN && (entry = readdir(directory)) != NULL;) {
        if (!is_wanted(entry)) {
            continue;
        }
        size_t size_bytes = strlen(path) + strlen(entry->d_name) + 2;
        char *child = malloc(size_bytes);
        if (child == NULL) {
            return out_of_memory();
        }
        bool has_slash = path[strlen(path) - 1] == '/';
        (void)snprintf(child, size_bytes, "%s%s%s", path, has_slash ? "" : "/", entry->d_name);
        status = add_child(walk, child, folder);
        free(child);
    }
    return status;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int input_list_add(struct input_list *list, const char *path) {
    struct stat top;
    DIR *directory = stat(path, &top) == 0 && S_ISDIR(top.st_mode) ? opendir(path) : NULL;
    if (directory == NULL) {
        return add_copy(list, path);
    }
    struct walk walk = {
        .list = list, .operand = path, .before = list->count, .shown_ms = clock_ms()};
    const struct folder folder = {.device = top.st_dev, .inode = top.st_ino};
    int status = add_directory(&walk, path, directory, &folder);
    (void)closedir(directory);
    if (walk.left_out_count > TOLD_MAX) {
        cli_message("%s: %zu more left out", path, walk.left_out_count - TOLD_MAX);
    }
    if (status == CLI_CLEAN && list->count == walk.before) {
        cli_message("%s: a directory without files", path);
        return CLI_UNUSABLE;
    }
    if (list->count > walk.before) {
        qsort(list->paths + walk.before, list->count - walk.before, sizeof list->paths[0], by_name);
    }
    list->is_walked = true;
    return status;
}

void input_list_free(struct input_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
    *list = (struct input_list){0};
}
