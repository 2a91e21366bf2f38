// frame: what lies on a stack, and which of its words may hold a pointer.
#include "runtime/frame.h"

#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#include <string.h>

#define WORD_BYTES sizeof(uintptr_t)

struct frame_record {
    struct frame frame; // first
    size_t record_bytes;
    uint8_t bits[]; // of the arguments, then of the locals
};

static size_t bit_bytes(size_t word_count) {
    return (word_count + 7) / 8;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// The description with arguments that lie in the caller, and locals that lie in the frame.
static struct frame_description clipped(const struct frame_description *description,
                                        const struct frame *caller) {
    struct frame_description own = *description;
    size_t caller_bytes = caller == NULL ? 0 : caller->description.size_bytes;
    own.argument_bytes = least(own.argument_bytes, caller_bytes);
    own.local_words = least(own.local_words, own.size_bytes / WORD_BYTES);
    if (own.locals_map != FRAME_MAP_BITS && own.locals_map != FRAME_MAP_SIZE) {
        own.local_words = 0;
    }
    return own;
}

static size_t argument_bit_bytes_of(const struct frame_description *own) {
    return own->arguments_map == FRAME_MAP_BITS ? bit_bytes(own->argument_bytes / WORD_BYTES) : 0;
}

static size_t local_bit_bytes_of(const struct frame_description *own) {
    return own->locals_map == FRAME_MAP_BITS ? bit_bytes(own->local_words) : 0;
}

size_t frame_record_bytes(const struct frame_description *description, const struct frame *caller) {
    CHECK(description->size_bytes % WORD_BYTES == 0);
    CHECK(description->argument_bytes % WORD_BYTES == 0);
    struct frame_description own = clipped(description, caller);
    return sizeof(struct frame_record) + argument_bit_bytes_of(&own) + local_bit_bytes_of(&own);
}

struct frame *frame_create(struct runtime *runtime, const struct frame_description *description,
                           struct frame *caller) {
    struct frame_description own = clipped(description, caller);
    size_t argument_bit_bytes = argument_bit_bytes_of(&own);
    size_t local_bit_bytes = local_bit_bytes_of(&own);
    size_t record_bytes = sizeof(struct frame_record) + argument_bit_bytes + local_bit_bytes;
    struct frame_record *record = pool_take_reserved(runtime, record_bytes);
    if (argument_bit_bytes > 0) {
        memcpy(record->bits, own.argument_bits, argument_bit_bytes);
    }
    if (local_bit_bytes > 0) {
        memcpy(record->bits + argument_bit_bytes, own.local_bits, local_bit_bytes);
    }
    own.argument_bits = record->bits;
    own.local_bits = record->bits + argument_bit_bytes;
    record->record_bytes = record_bytes;
    record->frame = (struct frame){.description = own, .caller = caller};
    return &record->frame;
}

void frame_destroy(struct runtime *runtime, struct frame *frame) {
    struct frame_record *record = (struct frame_record *)frame;
    pool_free(runtime, record, record->record_bytes);
}

// The words of [first, end) that have a bit; all of them when there are no bits.
static void visit_range(uintptr_t first, uintptr_t end, const uint8_t *bits,
                        void (*visit)(void *context, uintptr_t slot), void *context) {
    for (size_t i = 0; first + i * WORD_BYTES < end; i++) {
        if (bits == NULL || (bits[i / 8] >> (i % 8) & 1) != 0) {
            visit(context, first + i * WORD_BYTES);
        }
    }
}

void frame_visit_slots(const struct frame *frame, const struct frame *callee,
                       void (*visit)(void *context, uintptr_t slot), void *context) {
    const struct frame_description *own = &frame->description;
    uintptr_t sp = frame->sp;
    uintptr_t fp = sp + own->size_bytes;
    size_t out_bytes = 0;
    if (callee != NULL) {
        const struct frame_description *called = &callee->description;
        const uint8_t *bits =
            called->arguments_map == FRAME_MAP_BITS ? called->argument_bits : NULL;
        out_bytes = called->argument_bytes;
        visit_range(sp, sp + out_bytes, bits, visit, context);
    }
    // where no words are known to be locals, there are none, or all behind the out-args are
    uintptr_t first_local =
        own->locals_map == FRAME_MAP_NONE ? sp + out_bytes : fp - own->local_words * WORD_BYTES;
    const uint8_t *local_bits = own->locals_map == FRAME_MAP_BITS ? own->local_bits : NULL;
    visit_range(first_local, fp, local_bits, visit, context);
}
