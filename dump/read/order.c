// order: the runtime's order of the records, as a table of which may follow which.
//
//     Params (Type* Itab)* Object* (Goroutine StackFrame* Defer* Panic*)* OSThread* Data BSS
//     Finalizer* QueuedFinalizer* MemStats MemProf* AllocSample* EOF,  OtherRoot anywhere after
//     Params
//
// As Data, BSS and MemStats stand between lists, "exactly once" follows from the table.

#include "dump/read/private.h"

#define BIT(name) (UINT32_C(1) << DUMP_TAG_##name)

#define FROM_MEMPROF    (BIT(AllocSample) | BIT(EOF))
#define FROM_FINALIZERS (BIT(QueuedFinalizer) | BIT(MemStats))
#define FROM_THREADS    (BIT(OSThread) | BIT(Data))
#define FROM_GOROUTINE  (BIT(Goroutine) | FROM_THREADS)
#define FROM_OBJECTS    (BIT(Object) | FROM_GOROUTINE)
#define FROM_ITABS      (BIT(Type) | BIT(Itab) | FROM_OBJECTS)

static const uint32_t may_follow[DUMP_TAG_COUNT] = {
    [DUMP_TAG_EOF] = 0,
    [DUMP_TAG_Params] = FROM_ITABS,
    [DUMP_TAG_Type] = BIT(Type) | BIT(Itab),
    [DUMP_TAG_Itab] = FROM_ITABS,
    [DUMP_TAG_Object] = FROM_OBJECTS,
    [DUMP_TAG_Goroutine] = BIT(StackFrame) | BIT(Defer) | BIT(Panic) | FROM_GOROUTINE,
    [DUMP_TAG_StackFrame] = BIT(StackFrame) | BIT(Defer) | BIT(Panic) | FROM_GOROUTINE,
    [DUMP_TAG_Defer] = BIT(Defer) | BIT(Panic) | FROM_GOROUTINE,
    [DUMP_TAG_Panic] = BIT(Panic) | FROM_GOROUTINE,
    [DUMP_TAG_OSThread] = FROM_THREADS,
    [DUMP_TAG_Data] = BIT(BSS),
    [DUMP_TAG_BSS] = BIT(Finalizer) | FROM_FINALIZERS,
    [DUMP_TAG_Finalizer] = BIT(Finalizer) | FROM_FINALIZERS,
    [DUMP_TAG_QueuedFinalizer] = FROM_FINALIZERS,
    [DUMP_TAG_MemStats] = BIT(MemProf) | FROM_MEMPROF,
    [DUMP_TAG_MemProf] = BIT(MemProf) | FROM_MEMPROF,
    [DUMP_TAG_AllocSample] = FROM_MEMPROF,
};

static const uint32_t exactly_once = BIT(Params) | BIT(Data) | BIT(BSS) | BIT(MemStats);

static bool may_stand(const struct dump_reader *reader, enum dump_tag tag) {
    if (!reader->has_previous) {
        return tag == DUMP_TAG_Params;
    }
    return tag == DUMP_TAG_OtherRoot || (may_follow[reader->previous] >> tag & 1) != 0;
}

// EOF asks for what must have come by then.
static enum step check_missing(struct dump_reader *reader, uint64_t offset_bytes) {
    uint32_t missing = exactly_once & ~reader->seen;
    if (reader->is_lenient && (missing & BIT(MemStats)) != 0) {
        reader->now.forgiven[DUMP_FORGIVEN_MISSING_MEMSTATS]++;
        missing &= ~BIT(MemStats);
    }
    for (uint32_t tag = 0; tag < DUMP_TAG_COUNT; tag++) {
        if ((missing >> tag & 1) != 0) {
            return reader_fail(reader, DUMP_ERROR_MISSING, offset_bytes, tag);
        }
    }
    return STEP_DONE;
}

enum step reader_check_order(struct dump_reader *reader, enum dump_tag tag, uint64_t offset_bytes) {
    if (tag == DUMP_TAG_EOF && check_missing(reader, offset_bytes) != STEP_DONE) {
        return STEP_FAILED;
    }
    bool is_repeated = (exactly_once & reader->seen) >> tag & 1;
    if (!is_repeated && may_stand(reader, tag)) {
        return STEP_DONE;
    }
    if (!reader->is_lenient) {
        return reader_fail(reader, is_repeated ? DUMP_ERROR_REPEATED : DUMP_ERROR_ORDER,
                           offset_bytes, reader->has_previous ? reader->previous : DUMP_TAG_COUNT);
    }
    bool told = tag == DUMP_TAG_EOF && (reader->seen & BIT(MemStats)) == 0; // as missing
    if (!told) {
        reader->now.forgiven[is_repeated ? DUMP_FORGIVEN_REPEATED : DUMP_FORGIVEN_ORDER]++;
    }
    return STEP_DONE;
}

void reader_note_order(struct dump_reader *reader, enum dump_tag tag) {
    reader->seen |= UINT32_C(1) << tag;
    if (tag != DUMP_TAG_OtherRoot) {
        reader->previous = tag;
        reader->has_previous = true;
    }
}
