// origin: the build's own words, and the kernel's.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/origin.h"

#include "cli/io/escape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#ifndef COUNTERCHECK_BUILD
#define COUNTERCHECK_BUILD "unknown build"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

struct origin {
    char compiler[80], kernel[160];
};

// "clang 14.0.6 (https://...)" ends before the parenthesis.
static struct origin look(void) {
    struct origin origin;
    struct utsname system;
    (void)snprintf(origin.compiler, sizeof origin.compiler, "%.*s", (int)strcspn(COMPILER, "("),
                   COMPILER);
    for (size_t end = strlen(origin.compiler); end > 0 && origin.compiler[end - 1] == ' '; end--) {
        origin.compiler[end - 1] = 0;
    }
    bool is_known = uname(&system) >= 0;
    (void)snprintf(origin.kernel, sizeof origin.kernel, "%.40s %.60s %.40s",
                   is_known ? system.sysname : "an unknown kernel", is_known ? system.release : "",
                   is_known ? system.machine : "");
    return origin;
}

void origin_print(uint32_t seed, FILE *stream) {
    struct origin origin = look();
    (void)fprintf(stream, "found by   commit %s, %s, %s, %s, seed %" PRIu32 "\n", origin_commit,
                  COUNTERCHECK_BUILD, origin.compiler, origin.kernel, seed);
}

void origin_print_json(uint32_t seed, FILE *stream) {
    struct origin origin = look();
    const struct {
        const char *name, *text;
    } members[] = {{"commit", origin_commit},
                   {"build", COUNTERCHECK_BUILD},
                   {"compiler", origin.compiler},
                   {"kernel", origin.kernel}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        (void)fprintf(stream, ",\"%s\":", members[i].name);
        escape_print_json(members[i].text, strlen(members[i].text), stream);
    }
    (void)fprintf(stream, ",\"seed\":%" PRIu32, seed);
}
