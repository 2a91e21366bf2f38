// profiles: a dump as a profile for pprof. A build without protobuf-c has none of this.
#ifndef CLI_DUMP_EXPORT_PROFILES_H
#define CLI_DUMP_EXPORT_PROFILES_H

#include "cli/dump/graph/holding.h"
#include "cli/profile/profile.h"

#include <stdint.h>

// Of the memory profile: alloc_objects, alloc_space, inuse_objects, inuse_space by call stack.
// rate: of sampling, by which the values are scaled; 0: they are left as they are. folders: where
// the modules of calls are looked for first, or NULL. *odd_count: of buckets with more frees than
// allocations, of which nothing is in use. NULL: told, and *status says why.
struct profile *profiles_by_site(const char *path, const struct holding_options *options,
                                 uint64_t rate, const char *folders, uint64_t *odd_count,
                                 int *status);
// Of who alone holds what: retained_objects, retained_space; all rows add up to all objects. NULL:
// as above.
struct profile *profiles_by_holder(const char *path, const struct holding_options *options,
                                   int *status);

#endif
