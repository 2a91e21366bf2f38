// subject: the table by which any allocator is driven and judged.
//
// C99 and C++11; it includes no other header of ours. A shared object or a static library defines
// countercheck_subject_table(). What the allocator has not is a NULL member: the operations that
// need it do nothing. subject/README.md begins with an example.
//
// The harness keeps these promises in every call:
//   P1  `self` is what create() returned; objects are alive, and came from this `self`.
//   P2  Sizes are 1..size_max, but that allocate, allocate_zeroed and allocate_aligned may get 0.
//       Objects are never NULL, an alignment is a power of two within alignment..alignment_max.
//   P3  One thread is inside at a time, unless the table says COUNTERCHECK_THREADS and the run has
//       --threads.
//   P4  An object belongs to the harness until it is given back; it writes `usable` bytes of it.
// A function that breaks its own promise (overlap, misalignment, lost contents, no return) is a
// finding.
#ifndef COUNTERCHECK_SUBJECT_H
#define COUNTERCHECK_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Marks the one function that the harness looks for in a shared object.
#if defined(__GNUC__)
#define COUNTERCHECK_EXPORT __attribute__((visibility("default")))
#else
#define COUNTERCHECK_EXPORT
#endif

// Raised when a member changes its meaning. New members go to the end of a table and raise nothing.
#define COUNTERCHECK_ABI 1

// What a statistic is, whatever else the relations say of it.
enum countercheck_kind {
    COUNTERCHECK_GAUGE,      // goes both ways, never below 0
    COUNTERCHECK_CUMULATIVE, // never goes down, but that it wraps at 2^bits
    COUNTERCHECK_PEAK,     // the most that `of` has been: never below it; goes down at reset_peaks
                           // alone
    COUNTERCHECK_TROUGH,   // the least that `of` has been: never above it; goes up at reset_peaks
                           // alone
    COUNTERCHECK_CONSTANT, // a setting: the same at every read
    COUNTERCHECK_PLAIN     // none of these; may be negative
};

enum {                         // flags of a statistic
    COUNTERCHECK_UNSTEADY = 1, // two reads with nothing in between may differ
    COUNTERCHECK_PER_LANE =
        2, // read() gives the share of the calling thread; lanes(X) is the sum of all
    COUNTERCHECK_ROUNDED =
        4 // from a rounded text: two places, the least and the most that it can be
};

// One statistic, or a row of them. A table of these ends with a NULL name. All members but `name`
// may be 0.
struct countercheck_statistic {
    const char *name; // unique; a letter, then letters, digits, '_' and '.': "bin.curregs"
    enum countercheck_kind kind;
    uint32_t flags;
    uint32_t bits;  // width of the allocator's own variable, 1..64; 0: 64
    uint32_t count; // 0: one value; n: a row, "bin.curregs[0]" to "bin.curregs[n - 1]"
    const char *of; // of a PEAK or TROUGH: the gauge's name, one value or a row as long; else NULL
    const char *unit; // "B" or "": for print alone; NULL: ""
};

enum {                        // capabilities
    COUNTERCHECK_THREADS = 1, // any thread may call at any time
    COUNTERCHECK_FORK = 2,    // goes on in the child of a fork, in which other threads are gone
    COUNTERCHECK_GLOBAL =
        4, // one to a process, and it has a past: each program gets a process of its own
    COUNTERCHECK_MAY_FAIL = 8, // bounded: NULL is a legal answer; without it, only under a fault
    COUNTERCHECK_COLLECTS =
        16, // what drop() let go dies some day: live.* is known between two bounds
    COUNTERCHECK_REMOTE =
        32, // objects are names and not memory of this process: nobody touches them
    COUNTERCHECK_RANDOM =
        64 // addresses differ from run to run: the same verdict, not the same hash
};

// What a block is that walk() shows.
enum countercheck_block {
    COUNTERCHECK_LIVE,    // an object that was not given back
    COUNTERCHECK_FREE,    // could be handed out
    COUNTERCHECK_INTERNAL // the allocator's own records
};

// Tells of one block, for walk(). The address of a live one is the object's; size_bytes is what the
// allocator counts for it. It takes no memory of the allocator and returns.
typedef void countercheck_visit(void *arg, const void *address, size_t size_bytes,
                                enum countercheck_block block);

// What the harness offers to create(); it lives until destroy() has returned.
struct countercheck_host {
    size_t struct_size_bytes; // sizeof: members may be added at the end
    void *context;            // the first argument of map and unmap

    // Memory that is counted as backing.*, zeroed, at a multiple of `alignment` (a power of two; 0:
    // a page). NULL: refused, by the system or by a fault of the program. Any thread.
    void *(*map)(void *context, size_t size_bytes, size_t alignment);
    // Gives back a whole mapping, or whole pages of one. Any thread.
    void (*unmap)(void *context, void *address, size_t size_bytes);

    void *arena; // arena_bytes of zeroed memory, at the same address in every run; NULL: none was
                 // asked for
    size_t arena_bytes;
    const char *option; // one of the table's `options`, or NULL: as the allocator is by itself
};

// What is known only when the allocator runs, for describe(). NULL members: as the table says.
struct countercheck_description {
    size_t struct_size_bytes; // sizeof
    const char *version;      // "5.3.0": dotted numbers come first, `version >= 5.2` compares them
    const struct countercheck_statistic *statistics; // live until destroy()
    const char *relations;                           // likewise
};

// The table: what the allocator is, and the functions that it has.
struct countercheck_subject {
    size_t struct_size_bytes; // sizeof of the header that the adapter was compiled with; what lies
                              // beyond is NULL
    uint32_t abi;             // COUNTERCHECK_ABI
    uint32_t capabilities;
    const char *name;     // letters, digits, '_', '-' and '.': "tlsf"
    const char *version;  // of the allocator, not of the adapter; may be NULL
    size_t alignment;     // of all that allocate and reallocate return, a power of two
    size_t alignment_max; // the most that allocate_aligned gets; 0: `alignment`
    size_t size_max;      // the most that is asked for; 0: no bound
    size_t
        arena_bytes; // of the host's arena; 0: the allocator finds memory by itself or by host->map
    const char *const
        *options; // settings to choose one from, NULL at the end; or NULL. No blanks in them
    const char *const *environment; // "NAME=value" that must be set before the process starts, NULL
                                    // at the end: the command sets them and starts itself again

    // A new allocator with nothing in it. NULL: it could not be made, and the adapter is refused. A
    // global one returns any pointer but NULL. It is called once in a process of its own first.
    void *(*create)(const struct countercheck_host *host);
    // All objects are gone already, unless the program ended with a finding. NULL: nothing to do.
    void (*destroy)(void *self);

    // A lane is a real thread. lane_begin is its first call, lane_end its last; both on that
    // thread.
    void (*lane_begin)(void *self);
    void (*lane_end)(void *self);

    // NULL: no memory, and nothing has changed. Size 0: NULL or an object, as the allocator likes.
    void *(*allocate)(void *self, size_t size_bytes);
    void *(*allocate_zeroed)(void *self, size_t size_bytes); // size_bytes of 0
    void *(*allocate_aligned)(void *self, size_t alignment, size_t size_bytes);

    // The same object or another with the first min(old, new) bytes of it. NULL: the old one is as
    // it was.
    void *(*reallocate)(void *self, void *object, size_t size_bytes);
    // Resizes where it is, larger or smaller. False: nothing has changed.
    bool (*expand)(void *self, void *object, size_t size_bytes);

    void (*release)(void *self, void *object);
    void (*release_sized)(void *self, void *object, size_t size_bytes); // the size last asked for

    // The harness's last reference goes. Until then it keeps the object reachable by a means of the
    // adapter's (a root, a handle). From now on it neither touches nor names the object.
    void (*drop)(void *self, void *object);

    // All objects die at once.
    void (*reset)(void *self);

    size_t (*usable)(void *self,
                     void *object); // bytes that the caller may write; NULL: those asked for
    size_t (*footprint)(void *self,
                        void *object); // bytes that the statistics charge for it; NULL: usable
    uint32_t (*class_of)(void *self,
                         void *object); // its place in rows: live.count[2]; UINT32_MAX: in none

    void (*flush)(void *self);   // the calling thread's caches go back, its counters are merged
    void (*purge)(void *self);   // idle memory goes back to the system
    void (*collect)(void *self); // what was dropped is gone when it returns, or may be (COLLECTS)

    // Statistics, NULL at the end; NULL: describe() has them, or there are none.
    const struct countercheck_statistic *statistics;
    // Writes all values in the order of `statistics`: a row takes `count` places, a rounded value
    // two (least, most). An unsigned 64-bit value goes in by its bits. False: not now. It takes no
    // memory of the allocator and changes nothing; called with no other thread inside.
    bool (*read)(void *self, int64_t *values);
    // PEAKs become what their gauges are, and so do TROUGHs.
    void (*reset_peaks)(void *self);
    // Visits every block once, and changes nothing. False: not now. Called with no other thread
    // inside.
    bool (*walk)(void *self, countercheck_visit *visit, void *arg);
    // The allocator's own check. NULL: sound; else what is wrong, in a sentence that outlives the
    // call.
    const char *(*verify)(void *self);

    const char *relations; // what the statistics mean: subject/README.md; NULL: the kinds alone

    // Returns when the numbers are exact: background threads rest, finalizers ran. Called when all
    // lanes are flushed, before rules that hold when `settled` or `quiet`. NULL: they are exact at
    // once.
    void (*settle)(void *self);
    // Called once after create(). False: it could not be told, and the run ends with status 3.
    bool (*describe)(void *self, struct countercheck_description *description);
    // A call that has not returned after so long is a finding; 0: after 5,000.
    uint32_t hang_ms;
    // Its calls as C text, for programs that stand alone (ops --c): subject/README.md. May be NULL.
    const char *calls;
};

// Several adapters in one program have several names: -DCOUNTERCHECK_SUBJECT_TABLE=NAME.
#ifndef COUNTERCHECK_SUBJECT_TABLE
#define COUNTERCHECK_SUBJECT_TABLE countercheck_subject_table
#endif

// The adapter's one symbol. NULL: there is none. The table lives as long as the process.
COUNTERCHECK_EXPORT const struct countercheck_subject *COUNTERCHECK_SUBJECT_TABLE(void);

// A shared object may have this one too. Called after the first has given NULL: why, in one line,
// and whether the environment is to blame (something is not installed: status 3) or the adapter
// (2).
COUNTERCHECK_EXPORT const char *countercheck_subject_wrong(bool *is_environment);

#ifdef __cplusplus
}
#endif
#endif
