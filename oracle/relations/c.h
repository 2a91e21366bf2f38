// c: relations as C text, for a program that stands alone and says with its status whether a rule
// fails.
//
// What is written names: `number`, a signed integer; `now.X` and `base.X`, the statistics; `live`,
// `total`, `freed` and `ops`; `class_live` and its like; `shares.X` where lanes are several;
// `backing`; `moment`, bits that enum names; and the functions of subject/template/alone.c.
#ifndef ORACLE_RELATIONS_C_H
#define ORACLE_RELATIONS_C_H

#include "oracle/relations/relations.h"

#include <stdio.h>

#define RELATIONS_C_NAME_BYTES 96 // of a member's name, with its end

// What is written, where to, and what the program can know.
struct relations_c {
    FILE *stream;
    const struct relations *relations;
    const struct countercheck_statistic *statistics;
    const bool *has_value; // by statistic: whether the program knows it
    const char *option;    // that the program runs under; NULL: none
    bool has_classes;      // whether live.count[N] is known
    bool has_lanes;        // several: lanes(X) is not what one reads
    bool has_backing;      // whether backing.* is known
    bool collects;         // live.* is a pair of bounds
};

// How the statistic of that number is called as a member of `now`: no other is called so.
void relations_c_name(const struct countercheck_statistic *statistics, uint32_t number,
                      char name[RELATIONS_C_NAME_BYTES]);

// Why the rule cannot be said in C, or has no say under the option: what it names. NULL: it can.
const char *relations_c_obstacle(const struct relations_c *c, uint32_t rule);

// Writes the bits of `moment`, which the functions of the rules are called with.
void relations_c_moments(FILE *stream);
// Writes the functions `rule_N` of the rules that are wanted, none of which has an obstacle, and
// `remember(how)`, which moves peaks, troughs and deltas.
void relations_c_rules(const struct relations_c *c, const bool wanted[RELATIONS_RULES_MAX]);

// Writes the text as a C string, with its quotes.
void relations_c_string(FILE *stream, const char *text);

#endif
