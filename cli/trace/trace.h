// trace: the subcommands of `countercheck trace`; each takes its arguments from its own name on.
#ifndef CLI_TRACE_TRACE_H
#define CLI_TRACE_TRACE_H

#include "trace/reader.h"

// Says what is wrong with the trace; returns the status.
int trace_refuse(const char *path, const struct trace_error *error);

// A trace in numbers.
int trace_info(int argc, char **argv);
// The same by call stack; top 0: all of them. Returns the status to exit with.
int trace_stacks_print(const char *path, const char *folders, uint64_t top, bool is_json);
// By call stack, for pprof.
int trace_pprof(int argc, char **argv);
// Who holds the memory, as lines for a flame graph.
int trace_fold(int argc, char **argv);
// A window of it as a program of operations.
int trace_ops(int argc, char **argv);
// The whole of it on an allocator, judged.
int trace_replay(int argc, char **argv);
// On several, and what each takes for it.
int trace_compare(int argc, char **argv);

#endif
