// probe: what an adapter does when it is opened, tried in a process of its own.
#ifndef FUZZ_SUBJECT_PROBE_H
#define FUZZ_SUBJECT_PROBE_H

#include "fuzz/subject/subject.h"

// What is tried: it returns its status, with a message where that is not SUBJECT_OPEN.
typedef enum subject_status probe_part(void *context, char message[SUBJECT_MESSAGE_BYTES]);

// Runs the part in a child, and returns its status and message. SUBJECT_UNUSABLE also where the
// adapter's code killed the child, ended it, or did not return within the milliseconds; the message
// names what probe_calls() said last.
enum subject_status subject_probe(probe_part *part, void *context, uint32_t milliseconds,
                                  char message[SUBJECT_MESSAGE_BYTES]);

// In the part: what of the adapter's is called next, "create()"; static. Elsewhere it does nothing.
void probe_calls(const char *what);

// A part: makes an allocator of the table, once. `table` is a struct countercheck_subject.
enum subject_status probe_create(const struct countercheck_subject *table,
                                 char message[SUBJECT_MESSAGE_BYTES]);

#endif
