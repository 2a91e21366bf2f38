// new: writes the template with the subject's name in it.
#define _POSIX_C_SOURCE 200809L
#include "cli/subject/new.h"

#include "cli/io/cli.h"
#include "cli/io/input.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 40
#define PATH_BYTES     256

static const char placeholder[] = "template";

static bool is_name(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return size > 0 && size <= NAME_MAX_BYTES && name[size] == 0 && name[0] != '-';
}

// Writes the text with each placeholder replaced by the name.
static void write_named(FILE *stream, const char *text, size_t size_bytes, const char *name) {
    const size_t length = sizeof placeholder - 1;
    for (size_t at = 0; at < size_bytes;) {
        if (size_bytes - at >= length && memcmp(text + at, placeholder, length) == 0) {
            (void)fputs(name, stream);
            at += length;
        } else {
            (void)fputc(text[at++], stream);
        }
    }
}

static bool write_file(const char *path, const struct template_file *file, const char *name) {
    FILE *stream = fopen(path, "wx"); // nothing is written over
    if (stream == NULL) {
        return false;
    }
    write_named(stream, (const char *)file->bytes, file->size_bytes, name);
    bool is_whole = ferror(stream) == 0;
    return fclose(stream) == 0 && is_whole;
}

// The path of a file of the template, in the folder that is new.
static void compose_path(char path[PATH_BYTES], const struct template_file *file,
                         const char *name) {
    bool is_named = strncmp(file->path, placeholder, sizeof placeholder - 1) == 0;
    (void)snprintf(path, PATH_BYTES, "%s/%s%s", name, is_named ? name : "",
                   file->path + (is_named ? sizeof placeholder - 1 : 0));
}

// Tells what failed. The folder is taken back, so that the next call finds room for it.
static int fail_new(const char *failed, int error, const char *name) {
    char path[PATH_BYTES];
    int status = output_failed(failed, error);
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        compose_path(path, file, name);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/subject", name);
    (void)rmdir(path);
    (void)rmdir(name);
    return status;
}

int subject_new(const char *name) {
    char path[PATH_BYTES];
    if (!is_name(name)) {
        cli_message("subject: a name is of letters, digits, '_' and '-', at most %d",
                    NAME_MAX_BYTES);
        return CLI_UNUSABLE;
    }
    if (mkdir(name, 0777) != 0) {
        return output_failed(name, errno);
    }
    (void)snprintf(path, sizeof path, "%s/subject", name);
    if (mkdir(path, 0777) != 0) {
        return fail_new(path, errno, name);
    }
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        compose_path(path, file, name);
        if (!write_file(path, file, name)) {
            return fail_new(path, errno, name);
        }
        (void)printf("%s\n", path);
    }
    (void)printf("\n# your allocator's own sources: in %s/, or named behind it\n"
                 "cc -shared -fPIC -I %s %s/*.c -o %s.so\n"
                 "countercheck subject check ./%s.so --relations %s/%s.relations\n",
                 name, name, name, name, name, name, name);
    return CLI_CLEAN;
}
