// nearest: counts the letters that are put in, left out or exchanged: at most a third of the name.
#include "oracle/core/nearest.h"

#include <ctype.h>
#include <string.h>

#define NAME_BYTES_MAX 63 // a longer name is near to none

struct nearest nearest_begin(const char *word, size_t length) {
    return (struct nearest){.word = word, .length = length};
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// How many letters have to be changed; capitals count as small ones.
static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t row[NAME_BYTES_MAX + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t above_left = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            size_t changed =
                above_left + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            row[j] = least(changed, least(above, row[j - 1]) + 1);
            above_left = above;
        }
    }
    return row[b_length];
}

void nearest_offer(struct nearest *nearest, const char *name) {
    size_t length = strlen(name);
    if (length > NAME_BYTES_MAX || nearest->length > NAME_BYTES_MAX) {
        return;
    }
    size_t distance = distance_of(nearest->word, nearest->length, name, length);
    size_t longer = length > nearest->length ? length : nearest->length;
    if (distance <= (longer + 2) / 3 && (nearest->best == NULL || distance < nearest->distance)) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
