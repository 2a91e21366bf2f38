// goroutine: Go's g: a stack in a manual span, the frames on it, defers, panics, status and wait
// reason.
//
// Stacks grow down. Frames are described by who pushes them; their bytes lie on the stack. A
// goroutine that is dead keeps its record for reuse (Go's gfree) but no stack.
//
// Invariants, checked by goroutine_is_valid():
//   G1  a dead one has no stack, frame, defer, panic, context or thread
//   G2  a living one's stack is a power of two of bytes, GOROUTINE_STACK_MIN or more, at a page
//   G3  frames lie without gaps from the innermost's sp, which is in the stack, up to its top
//   G4  defers lie in the used part of the stack, an older one no lower than a younger
#ifndef RUNTIME_GOROUTINE_H
#define RUNTIME_GOROUTINE_H

#include "runtime/type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;
struct osthread;

enum goroutine_status { // Go's values
    GOROUTINE_IDLE = 0,
    GOROUTINE_RUNNABLE = 1,
    GOROUTINE_RUNNING = 2, // never seen in a dump: the world is stopped
    GOROUTINE_SYSCALL = 3,
    GOROUTINE_WAITING = 4,
    GOROUTINE_DEAD = 6,
};

enum frame_map {     // what is known of a frame's words
    FRAME_MAP_NONE,  // nothing: every word of the locals may be a pointer (Go: stkmap == nil)
    FRAME_MAP_SIZE,  // only how many words are locals: each of them may be a pointer (Go: n < 0)
    FRAME_MAP_EMPTY, // no pointers (Go: n == 0)
    FRAME_MAP_BITS,  // a bit for each word of the locals (Go: n > 0)
};

// Describes a frame to push. Layout, from low address: out-args of the callee, locals at the top
// end. Sizes are multiples of 8.
struct frame_description {
    uintptr_t entry, pc, continuation_pc;
    size_t size_bytes;     // sp .. fp
    size_t argument_bytes; // of the function's own arguments, which lie in its caller's out-args
                           // area at the caller's sp (clipped to the caller's frame)
    enum frame_map arguments_map; // FRAME_MAP_BITS, or anything else: conservative
    const uint8_t *argument_bits;
    enum frame_map locals_map;
    size_t local_words; // of FRAME_MAP_SIZE and FRAME_MAP_BITS; locals end at fp
    const uint8_t *local_bits;
};

// A frame on a goroutine's stack.
struct frame {
    struct frame_description description; // bits copied
    uintptr_t sp;                         // lowest address; fp = sp + size_bytes
    struct frame *caller;                 // older frame, NULL: the goroutine's first
};

// A deferred call. Go's _defer.
struct defer {
    uintptr_t sp, pc;
    uintptr_t function; // closure object, a root; 0 for open-coded defers
    uintptr_t entry;
    struct defer *link; // older
};

// A panic that is under way. Go's _panic.
struct panic {
    const struct type *type; // of the argument's interface
    uintptr_t data;          // a root
    struct panic *link;      // older
};

// A goroutine, alive or dead; dead ones are used again. Go's g.
struct goroutine {
    uint64_t id;
    enum goroutine_status status;
    bool is_system;
    uint64_t wait_since_ns;
    const char *wait_reason; // stale unless waiting, as in Go
    uintptr_t go_pc;         // of the go statement
    uintptr_t context;       // Go's sched.ctxt, a root
    struct osthread *thread; // NULL: none
    uintptr_t stack_low;     // 0: no stack (dead)
    size_t stack_bytes;
    struct frame
        *innermost;       // youngest frame; frames lie without gaps from here up to the stack's top
    struct defer *defers; // youngest first
    struct panic *panics;
    struct goroutine *next; // in order of creation
};

// Checks G1..G4. O(frames + defers). Under the runtime's lock.
bool goroutine_is_valid(const struct goroutine *g);

// Bytes of a goroutine's first stack.
#define GOROUTINE_STACK_MIN 8192

// A goroutine with an empty stack of GOROUTINE_STACK_MIN bytes, status runnable. `go_pc` is that of
// the go statement; ids count the starts. Reuses a dead record. NULL: no memory. After Go's
// newproc.
struct goroutine *runtime_start_goroutine(struct runtime *runtime, uintptr_t go_pc, bool is_system);

// Frees stack, frames, defers, panics; status dead.
void runtime_exit_goroutine(struct runtime *runtime, struct goroutine *g);

// Sets it; waiting, with the reason (NULL: "") and the time. DEAD is runtime_exit_goroutine's
// alone.
void runtime_set_goroutine_status(struct runtime *runtime, struct goroutine *g,
                                  enum goroutine_status status, const char *wait_reason);

// Stores g->context, a root, with the collector's barrier.
void runtime_set_context(struct runtime *runtime, struct goroutine *g, uintptr_t context);

// Moves the stack to one twice as large by copy: frames' addresses, and words that point into the
// old stack, follow. False: no memory, nothing changed.
bool runtime_grow_stack(struct runtime *runtime, struct goroutine *g);
// Moves it to one half as large, likewise. False also when more than a quarter of it is in use, or
// it is at its minimum.
bool runtime_shrink_stack(struct runtime *runtime, struct goroutine *g);

// Pushes a zeroed frame, growing the stack as needed. NULL: no memory.
struct frame *runtime_push_frame(struct runtime *runtime, struct goroutine *g,
                                 const struct frame_description *description);
bool runtime_pop_frame(struct runtime *runtime,
                       struct goroutine *g); // false: no frame. Its defers go too

// Newest first. NULL / false: no memory / none. A defer belongs to the frame that is innermost
// then.
struct defer *runtime_push_defer(struct runtime *runtime, struct goroutine *g, uintptr_t function,
                                 uintptr_t entry);
// Drops the newest defer; false: none.
bool runtime_pop_defer(struct runtime *runtime, struct goroutine *g);
// Adds a panic with its argument, whose data is a root. After Go's gopanic.
struct panic *runtime_push_panic(struct runtime *runtime, struct goroutine *g,
                                 const struct type *type, uintptr_t data);
// Drops the newest panic; false: none.
bool runtime_pop_panic(struct runtime *runtime, struct goroutine *g);

struct goroutine *runtime_first_goroutine(const struct runtime *runtime); // dead ones too

#endif
