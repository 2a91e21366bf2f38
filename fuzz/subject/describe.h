// describe: what an allocator says of itself only when it runs: statistics, version, relations.
#ifndef FUZZ_SUBJECT_DESCRIBE_H
#define FUZZ_SUBJECT_DESCRIBE_H

#include "fuzz/subject/subject.h"

// Makes the allocator once, asks its describe(), puts copies of the answers into the subject's
// table and destroys it. The table has been looked at but for its statistics. SUBJECT_OPEN: done,
// or there is no describe().
enum subject_status subject_describe(struct subject *subject, char message[SUBJECT_MESSAGE_BYTES]);

// Frees the copies.
void subject_forget(struct subject *subject);

#endif
