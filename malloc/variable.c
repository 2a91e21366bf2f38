// variable: reads what the environment asks of this library: numbers and paths. A value that cannot
// be ends the program.
#define _GNU_SOURCE // secure_getenv
#include "malloc/variable.h"

#include "malloc/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned long long variable_number(const char *name, unsigned long long otherwise,
                                   unsigned long long largest) {
    const char *text = secure_getenv(name);
    char *end;
    if (text == NULL) {
        return otherwise;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > largest) {
        say("%s=%s is not a number up to %llu", name, text, largest);
        _exit(2);
    }
    return value;
}

const char *variable_path(const char *name) {
    const char *text = secure_getenv(name);
    return text == NULL || *text == '\0' ? NULL : strdup(text);
}
