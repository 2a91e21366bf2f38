// language: the language of a Go-like heap, and the one in use.
#include "fuzz/program/language.h"

#include <stddef.h>

static const char *const go_fields[] = {
#define FIELD(name) #name,
#include "fuzz/program/fields.def"
    NULL,
};

const struct language language_go = {
    .capabilities = LANGUAGE_HAS(FREE) | LANGUAGE_HAS(ALIGNED) | LANGUAGE_HAS(REALLOC) |
                    LANGUAGE_HAS(FLUSH) | LANGUAGE_HAS(LANES) | LANGUAGE_HAS(PURGE) |
                    LANGUAGE_HAS(COLLECT) | LANGUAGE_HAS(FAULT) | LANGUAGE_HAS(FORK) |
                    LANGUAGE_HAS(GO),
    .fields = go_fields,
    .field_count = sizeof go_fields / sizeof go_fields[0] - 1,
};

static const struct language *in_use = &language_go;

void language_use(const struct language *language) {
    in_use = language == NULL ? &language_go : language;
}

const struct language *language_now(void) {
    return in_use;
}
