// table: whether what an adapter says of its allocator makes sense.
#ifndef FUZZ_SUBJECT_TABLE_H
#define FUZZ_SUBJECT_TABLE_H

#include "fuzz/subject/subject.h"

// Writes the sentence on an adapter that cannot be used, printf-like. Always SUBJECT_UNUSABLE.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
enum subject_status
table_unusable(char *message, const char *format, ...);

// Whether the text is one line of ASCII, without what a terminal obeys.
bool table_is_line(const char *text);
// Whether the text is 1 to 63 letters, digits, '_' and what stands in `more`.
bool table_is_word(const char *text, const char *more);

// Whether the members but for the statistics go together, each within its bounds.
enum subject_status table_check(const struct countercheck_subject *table, char *message);
// The same of the statistics.
enum subject_status table_check_statistics(const struct countercheck_subject *table, char *message);

#endif
