// queue: a queue of finalizers, wherever it was seen, against the ledger's. The running one comes
// first, then what each look saw swept, in turn. Within one look the order is open.
#ifndef ORACLE_GO_PROGRAM_QUEUE_H
#define ORACLE_GO_PROGRAM_QUEUE_H

#include "oracle/go/view/record.h"

struct finalizer;
struct model;
struct model_finalizer;
struct queue_list;

// Adds one at the end; without memory the list is_short.
void queue_list_put(struct queue_list *list, const struct model_finalizer *finalizer);
// The same of one as the runtime has it.
void queue_list_add(struct queue_list *list, const struct finalizer *finalizer);

// Compares, under the judge's rule. Sorts parts of `seen`.
bool queue_check(struct model *model, const struct record_judge *judge, struct queue_list *seen);

// The first field in which they differ is reported.
bool queue_finalizer_equal(const struct record_judge *judge, const struct model_finalizer *left,
                           const struct model_finalizer *right);

// By object, then by the rest: for qsort.
int queue_finalizer_order(const void *left, const void *right);

#endif
