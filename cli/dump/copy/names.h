// names: texts that become 16 hexadecimal digits of a keyed hash, so that equal ones stay equal and
// nobody without the key can try names out.
#ifndef CLI_DUMP_COPY_NAMES_H
#define CLI_DUMP_COPY_NAMES_H

#include "dump/reader.h"

#include <stddef.h>

// Of a function's name that stays.
#define NAMES_BYTES (4u << 10)

struct names;

// Where `names` is NULL, each of these leaves texts as they are.

// By this key. NULL: told, and *status says why: no library for it, or no memory.
struct names *names_create(const char *key, int *status);
// Gives it back. NULL is nothing.
void names_destroy(struct names *names);
// Hides the text; an empty one stays. It is good until names_forget().
void names_hide(struct names *names, struct dump_string *text);
// What was hidden is needed no more.
void names_forget(struct names *names);
// Hides a text, and copies it: to NAMES_BYTES. Returns its length; what is longer is cut.
size_t names_keep(struct names *names, const struct dump_string *text, char *to);

#endif
