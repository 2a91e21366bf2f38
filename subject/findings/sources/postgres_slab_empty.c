// postgres_slab_empty: a slab context that keeps an empty block has it in no block, and as used.
//
// cc -fwrapv -I POSTGRES/src/include postgres_slab_empty.c
//    POSTGRES/src/backend/utils/mmgr/{mcxt,aset,generation,slab,bump,alignedalloc}.c
// In POSTGRES ./configure was run, and make -C src/backend generated-headers. The functions below
// stand for the rest of the server. In a server: pg_backend_memory_contexts of a backend that
// decodes.
// Source: PostgreSQL 18.6
// Status 1: the defect shows.
#include "postgres.h"

#include <setjmp.h>
#include <signal.h>

#include "nodes/memnodes.h"
#include "utils/memutils.h"

#undef printf
#undef fprintf
#undef snprintf

volatile sig_atomic_t InterruptPending;
volatile sig_atomic_t LogMemoryContextPending;
int MyProcPid;
sigjmp_buf *PG_exception_stack;
ErrorContextCallback *error_context_stack;

bool stack_is_too_deep(void) {
    return false;
}
bool errstart(int level, const char *domain) {
    return level >= ERROR && domain == NULL;
}
bool errstart_cold(int level, const char *domain) {
    return errstart(level, domain);
}
void errfinish(const char *file, int line, const char *function) {
    fprintf(stderr, "%s:%d: %s\n", file, line, function);
    exit(2);
}
void pg_re_throw(void) {
    exit(2);
}
int errcode(int code) {
    return code;
}
int errdetail(const char *format, ...) {
    return format == NULL;
}
int errmsg(const char *format, ...) {
    return format == NULL;
}
int errmsg_internal(const char *format, ...) {
    return format == NULL;
}
int errhidecontext(bool is_hidden) {
    return is_hidden;
}
int errhidestmt(bool is_hidden) {
    return is_hidden;
}
int pg_mbcliplen(const char *text, int length, int limit) {
    return text == NULL || length < limit ? length : limit;
}
int pg_fprintf(FILE *stream, const char *format, ...) {
    return stream == NULL || format == NULL;
}
int pg_snprintf(char *text, size_t size, const char *format, ...) {
    return snprintf(text, size, "%s", format);
}

int main(void) {
    MemoryContextInit();
    MemoryContext context =
        SlabContextCreate(TopMemoryContext, "slab", SLAB_DEFAULT_BLOCK_SIZE, 200);
    MemoryContextCounters before = {0};
    MemoryContextCounters after = {0};
    MemoryContextMemConsumed(context, &before);
    pfree(MemoryContextAlloc(context, 200));
    MemoryContextMemConsumed(context, &after); // what pg_backend_memory_contexts shows
    printf(
        "new: total %zu in %zu blocks, used %zu; one object, freed: total %zu in %zu blocks, free "
        "%zu in %zu chunks, used %zu\n",
        before.totalspace, before.nblocks, before.totalspace - before.freespace, after.totalspace,
        after.nblocks, after.freespace, after.freechunks, after.totalspace - after.freespace);
    return after.totalspace > before.totalspace && after.nblocks == before.nblocks;
}
