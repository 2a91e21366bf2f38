// description: what a driver says of its allocator before anything is asked, and numbers in text.
#ifndef SUBJECT_DRIVERS_DESCRIPTION_H
#define SUBJECT_DRIVERS_DESCRIPTION_H

#include "subject/drivers/process.h"
#include "subject/subject.h"

#define DESCRIPTION_ANSWER_MS      2000 // for an answer, unless the driver says more
#define DESCRIPTION_STATISTICS_MAX 512
#define DESCRIPTION_OPTIONS_MAX    16
#define DESCRIPTION_DOES_BYTES     128
#define DESCRIPTION_TEXT_BYTES     32768
#define DESCRIPTION_SAID_BYTES     65536

struct description {
    struct countercheck_subject table; // its data; the functions are the bridge's
    struct countercheck_statistic statistics[DESCRIPTION_STATISTICS_MAX + 1];
    const char *options[DESCRIPTION_OPTIONS_MAX + 1];
    char does[DESCRIPTION_DOES_BYTES]; // the requests that it takes, each between blanks
    char texts[DESCRIPTION_TEXT_BYTES];
    size_t texts_used;
    char said[DESCRIPTION_SAID_BYTES]; // the lines as they came, a line feed behind each
    size_t said_used;
    uint32_t line_count, statistic_count, option_count;
    uint32_t value_count; // of an answer to read
    uint32_t answer_ms;
    bool is_ready; // the last line has come
};

void description_init(struct description *description);

// Takes one line. False: `wrong` says what is wrong with it.
bool description_take(struct description *description, const char *line,
                      char wrong[PROCESS_WRONG_BYTES]);

// Takes one line of a description that must be the same again. `at`: 0 at the first, and said_used
// behind the last one. False: it is another line.
bool description_repeats(const struct description *description, const char *line, size_t *at);

bool description_does(const struct description *description, const char *request);

// Reads a blank (at the first number there may be none) and a number of -2^63..2^64-1, whose bits
// are what is kept. The place behind it; NULL: there is none.
const char *description_number(const char *text, int64_t *value);

// Copies what fits, with '?' for what does not print.
void description_quote(char *to, size_t to_bytes, const char *from);

#endif
