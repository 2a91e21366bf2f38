// restart: setenv, then exec of the file that runs, with the arguments that the kernel keeps.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/restart.h"

#include "cli/io/cli.h"
#include "cli/run/apart.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES      128
#define VALUE_BYTES     4096
#define ARGUMENTS_BYTES ((size_t)4 << 20) // more than execve takes

// Of a list of tunables each part counts; other variables have one value.
static bool is_list(const char *name) {
    return strcmp(name, "GLIBC_TUNABLES") == 0;
}

static bool has_part(const char *list, const char *part) {
    size_t length = strlen(part);
    for (const char *at = list; at != NULL; at = strchr(at, ':')) {
        at += *at == ':';
        if (strncmp(at, part, length) == 0 && (at[length] == 0 || at[length] == ':')) {
            return true;
        }
    }
    return false;
}

static bool is_set(const char *name, const char *value) {
    const char *now = getenv(name);
    return now != NULL && (is_list(name) ? has_part(now, value) : strcmp(now, value) == 0);
}

static bool set(const char *name, const char *value) {
    char joined[VALUE_BYTES];
    const char *now = is_list(name) ? getenv(name) : NULL;
    int length = snprintf(joined, sizeof joined, "%s%s%s", now == NULL ? "" : now,
                          now == NULL || *now == 0 ? "" : ":", value);
    return length >= 0 && (size_t)length < sizeof joined && setenv(name, joined, 1) == 0;
}

// Cuts "NAME=value"; the value, or NULL: it is none.
static const char *cut(const char *text, char name[NAME_BYTES]) {
    const char *sign = strchr(text, '=');
    size_t length = sign == NULL ? 0 : (size_t)(sign - text);
    if (length == 0 || length >= NAME_BYTES) {
        return NULL;
    }
    memcpy(name, text, length);
    name[length] = 0;
    return sign + 1;
}

// Does not return when it succeeds.
static void start_again(void) {
    FILE *stream = fopen("/proc/self/cmdline", "rb");
    char *bytes = calloc(1, ARGUMENTS_BYTES + 1);
    char **arguments = NULL;
    size_t size_bytes =
        stream == NULL || bytes == NULL ? 0 : fread(bytes, 1, ARGUMENTS_BYTES, stream);
    size_t count = 0;
    for (size_t at = 0; at < size_bytes; at++) {
        count += bytes[at] == 0;
    }
    if (count > 0) {
        arguments = calloc(count + 1, sizeof *arguments);
    }
    for (size_t at = 0, i = 0; arguments != NULL && i < count; i++) {
        arguments[i] = bytes + at;
        at += strlen(bytes + at) + 1;
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    if (arguments != NULL) {
        apart_leave();
        (void)execv("/proc/self/exe", arguments);
    }
    free(arguments);
    free(bytes);
}

int restart_with(const char *subcommand, const char *name, const char *const *environment) {
    char variable[NAME_BYTES];
    bool was_set = true;
    for (const char *const *one = environment; one != NULL && *one != NULL; one++) {
        const char *value = cut(*one, variable);
        if (value == NULL) {
            cli_message("%s: %s: its environment is no list of NAME=value", subcommand, name);
            return CLI_UNUSABLE;
        }
        if (!is_set(variable, value)) {
            was_set = false;
            if (!set(variable, value)) {
                cli_message("%s: %s cannot be set", subcommand, variable);
                return CLI_ENVIRONMENT;
            }
        }
    }
    if (was_set) {
        return CLI_CLEAN;
    }
    for (const char *const *one = environment; *one != NULL; one++) {
        const char *value = cut(*one, variable);
        if (value != NULL && !is_set(variable, value)) { // it would begin again for ever
            cli_message("%s: %s: its environment wants two values of %s", subcommand, name,
                        variable);
            return CLI_UNUSABLE;
        }
    }
    start_again();
    cli_message("%s: this command cannot be started again: %s", subcommand, strerror(errno));
    return CLI_ENVIRONMENT;
}
