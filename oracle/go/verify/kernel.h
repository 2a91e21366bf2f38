// kernel: what the operating system says of the heap's memory, by mincore and its list of mappings
// alone.
#ifndef ORACLE_GO_VERIFY_KERNEL_H
#define ORACLE_GO_VERIFY_KERNEL_H

#include <stdbool.h>

struct memstats;
struct rule_book;
struct view;

// Prepared memory is mapped. On a heap whose released pages were given back since it was created
// (`cold`), no released page is resident, and at the default base Sys is what is mapped. Slow:
// system calls by range.
bool kernel_check(struct rule_book *book, const struct view *view, bool cold,
                  const struct memstats *fast);

#endif
