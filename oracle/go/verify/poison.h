// poison: what AddressSanitizer knows of objects' bytes, in both directions: free and tail
// poisoned, requested not.
//
// Does nothing in a build without it.
#ifndef ORACLE_GO_VERIFY_POISON_H
#define ORACLE_GO_VERIFY_POISON_H

#include <stdbool.h>

struct model;
struct view;

// `every_byte`: all of them; else the ends of each object and of each free slot.
bool poison_check(const struct model *model, const struct view *view, bool every_byte);

#endif
