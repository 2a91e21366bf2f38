// known: findings that are known and waited for: listed, and no failure, until they are gone or the
// time is over.
//
// A file has a line for each: RULE FIELD EXPIRY REASON..., by blanks; FIELD is - where the rule
// names none, and stands in quotes where it has blanks (a relation); EXPIRY is the last day, as
// 2027-01-31. # and a blank begin a comment. A line "says TEXT" behind one holds it to findings
// that say this, whatever the numbers in it.
#ifndef CLI_RUN_KNOWN_H
#define CLI_RUN_KNOWN_H

#include "oracle/core/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KNOWN_MAX 32 // a bit each

struct known_entry {
    char rule[FINDING_FIELD_BYTES], field[FINDING_FIELD_BYTES]; // field: "" for none
    char expiry[11], reason[128];
    char says[FINDING_TEXT_BYTES]; // "": whatever the finding says
    size_t line;
};

struct known {
    const char *path; // as named, for messages
    struct known_entry entries[KNOWN_MAX];
    size_t count;
};

// Reads the file. CLI_CLEAN, or another status: a message was printed.
int known_read(struct known *known, const char *path);

// Whether each entry's rule is one of these. False: a message was printed.
bool known_check(const struct known *known, const struct rule_table *rules);

// Whether the finding of that input is known and not expired: listed then, but for JSON, and its
// bit set in *seen.
bool known_tell(const struct known *known, const struct finding *finding, const char *name,
                bool is_json, uint32_t *seen);

// Says which entries have expired, and, with is_whole, which no finding was. How many were said.
size_t known_judge(const struct known *known, uint32_t seen, bool is_whole);

#endif
