// kernel: what the operating system says of the heap's memory, through mincore alone.
#ifndef ORACLE_KERNEL_H
#define ORACLE_KERNEL_H

#include <stdbool.h>

struct rule_book;
struct view;

// Prepared memory is mapped. On a heap whose released pages were given back since it was created
// (`cold`), no released page is resident. Slow: system calls by range.
bool kernel_check(struct rule_book *book, const struct view *view, bool cold);

#endif
