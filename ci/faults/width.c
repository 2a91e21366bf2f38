// width: which field is cut comes from the environment, and the widest values go to a file at the
// end.
//
// COUNTERCHECK_WIDTH=OWNER.FIELD:BITS   the one that is cut
// COUNTERCHECK_WIDEST=FILE              written at exit: a line for each field, its widest value
#include "width.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 512

struct seen {
    const char *owner, *field; // literals: told by address
    uint64_t widest;
};

static char cut_name[128]; // OWNER.FIELD
static unsigned cut_bits;
static const char *widest_path;
static struct seen fields[FIELDS_MAX];
static size_t field_count;

__attribute__((constructor)) static void read_environment(void) {
    const char *text = getenv("COUNTERCHECK_WIDTH");
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    widest_path = getenv("COUNTERCHECK_WIDEST");
    if (colon != NULL && (size_t)(colon - text) < sizeof cut_name) {
        memcpy(cut_name, text, (size_t)(colon - text));
        cut_bits = (unsigned)strtoul(colon + 1, NULL, 10);
    }
}

__attribute__((destructor)) static void write_widest(void) {
    FILE *stream = widest_path == NULL ? NULL : fopen(widest_path, "w");
    for (size_t i = 0; stream != NULL && i < field_count; i++) {
        (void)fprintf(stream, "%s.%s %" PRIu64 "\n", fields[i].owner, fields[i].field,
                      fields[i].widest);
    }
    if (stream != NULL && fclose(stream) != 0) {
        perror(widest_path);
        _Exit(3);
    }
}

static void note(const char *owner, const char *field, uint64_t value) {
    size_t i = 0;
    while (i < field_count && (fields[i].owner != owner || fields[i].field != field)) {
        i++;
    }
    if (i == FIELDS_MAX) {
        return;
    }
    if (i == field_count) {
        fields[field_count++] = (struct seen){owner, field, 0};
    }
    fields[i].widest = value > fields[i].widest ? value : fields[i].widest;
}

uint64_t width_cut(const char *owner, const char *field, uint64_t value) {
    if (widest_path != NULL) {
        note(owner, field, value);
    }
    size_t length = strlen(owner);
    bool is_cut = cut_bits != 0 && strncmp(cut_name, owner, length) == 0 &&
                  cut_name[length] == '.' && strcmp(cut_name + length + 1, field) == 0;
    return is_cut ? value & ((UINT64_C(1) << cut_bits) - 1) : value;
}
