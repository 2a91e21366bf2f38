// alone: the ledger of what the calls gave; countercheck ops --c puts it before a program.

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long long number;
enum { SLOTS = 256, BLOCKS = 65536, CLASSES = 1024 };
enum kind { PLAIN, ZEROED, ALIGNED };
enum remembering { BEGIN, OBSERVE, CHECKED, PEAKS };

struct tally {
    number count, requested, usable, footprint;
};
struct block {
    void *object;
    size_t requested, usable, footprint;
    number class_number; // -1: none
};

static struct tally live, total, freed;
static struct tally class_live[CLASSES], class_total[CLASSES], class_freed[CLASSES];
static struct {
    number alloc, zeroed, aligned, realloc_moved, realloc_in_place, expand, free, drop, failed;
} ops;
static struct block blocks[BLOCKS];
static int block_count;
static void *h[SLOTS]; // what the program names h0, h1, ...
static int moment, is_unknown, failure_count;
static int lane_count = 1, has_orphans; // of a fork: lanes that are gone with what they had

static void read_values(void);
static void print_values(void);
static void check_rules(void);
static void remember(enum remembering how);
static void ask(struct block *block);

static void add(struct tally *tally, const struct block *block, number sign) {
    tally->count += sign;
    tally->requested += sign * (number)block->requested;
    tally->usable += sign * (number)block->usable;
    tally->footprint += sign * (number)block->footprint;
}

static void add_to(struct tally *all, struct tally *by_class, const struct block *block,
                   number sign) {
    add(all, block, sign);
    if (block->class_number >= 0 && block->class_number < CLASSES) {
        add(&by_class[block->class_number], block, sign);
    }
}

static void note(int now) {
    moment = now | (lane_count == 1 ? ONE_LANE : 0) | (block_count == 0 ? EMPTY : 0);
    read_values();
    remember(OBSERVE);
}

// All caches went back, and numbers came to rest.
static void settled(void) {
    note(has_orphans ? 0 : SETTLED | (lane_count == 1 ? QUIET : 0));
}

// Asks the allocator about the object, and writes all of it.
static struct block block_for(void *object, size_t size) {
    struct block block = {object, size, size, size, -1};
    ask(&block);
    memset(object, 0xa5, block.usable > size ? block.usable : size);
    return block;
}

static void enter(struct block block) {
    if (block_count == BLOCKS) {
        (void)puts("too many objects");
        exit(3);
    }
    blocks[block_count++] = block;
    add_to(&live, class_live, &block, 1);
    add_to(&total, class_total, &block, 1);
}

static void leave(int at) {
    add_to(&live, class_live, &blocks[at], -1);
    add_to(&freed, class_freed, &blocks[at], 1);
    blocks[at] = blocks[--block_count];
}

static int find(const void *object) {
    int at = 0;
    while (blocks[at].object != object) {
        at++;
    }
    return at;
}

static size_t size_of(int slot) {
    return blocks[find(h[slot])].requested;
}

static void failed(void) {
    ops.failed++;
    note(ON_FAILED);
}

// ---- what the program says of its calls

static void took(int slot, void *object, size_t size, enum kind kind) {
    if (object == NULL) {
        if (size != 0) {
            failed();
        }
        return;
    }
    h[slot] = object;
    enter(block_for(object, size));
    ops.alloc++;
    ops.zeroed += kind == ZEROED;
    ops.aligned += kind == ALIGNED;
    note(ON_ALLOC);
}

static void gone(int slot, int is_dropped) {
    leave(find(h[slot]));
    h[slot] = NULL;
    ops.free += !is_dropped;
    ops.drop += is_dropped;
    note(ON_FREE);
}

// What it gains where it is was allocated, what it loses was freed.
static void gained(struct tally *to, struct tally *from, number before, number after,
                   size_t measure) {
    number *added = (number *)((char *)to + measure);
    number *lost = (number *)((char *)from + measure);
    *added += after > before ? after - before : 0;
    *lost += after < before ? before - after : 0;
}

static void change(int at, struct block now) {
    struct block before = blocks[at];
    add_to(&live, class_live, &before, -1);
    add_to(&live, class_live, &now, 1);
    for (int each = 0; each < 2; each++) {
        number class_number = before.class_number;
        struct tally *to = each == 0 ? &total : &class_total[class_number < 0 ? 0 : class_number];
        struct tally *from = each == 0 ? &freed : &class_freed[class_number < 0 ? 0 : class_number];
        if (each == 1 && (class_number < 0 || class_number >= CLASSES)) {
            break;
        }
        gained(to, from, (number)before.requested, (number)now.requested,
               offsetof(struct tally, requested));
        gained(to, from, (number)before.usable, (number)now.usable, offsetof(struct tally, usable));
        gained(to, from, (number)before.footprint, (number)now.footprint,
               offsetof(struct tally, footprint));
    }
    blocks[at] = now;
}

static void resized(int slot, void *object, size_t size) {
    void *before = h[slot];
    if (object == NULL) {
        failed();
        return;
    }
    int at = find(before);
    if (object == before) {
        change(at, block_for(object, size));
        ops.realloc_in_place++;
        note(ON_REALLOC_IN_PLACE);
        return;
    }
    enter(block_for(object, size)); // both are there for a moment: that is their peak
    remember(OBSERVE);
    leave(at);
    h[slot] = object;
    ops.realloc_moved++;
    note(ON_REALLOC_MOVED);
}

static void expanded(int slot, int has_done, size_t size) {
    if (!has_done) {
        failed();
        return;
    }
    change(find(h[slot]), block_for(h[slot], size));
    ops.expand++;
    note(ON_REALLOC_IN_PLACE);
}

static void all_gone(void) {
    while (block_count > 0) {
        leave(block_count - 1);
    }
    memset(h, 0, sizeof h);
    note(AFTER_RESET);
}

static void peaks_begin(void) {
    note(0);
    remember(PEAKS);
}

// The object that lies lowest, for the end.
static int lowest(void) {
    int at = 0;
    for (int i = 1; i < block_count; i++) {
        at = (size_t)blocks[i].object < (size_t)blocks[at].object ? i : at;
    }
    return at;
}

static void begin(void) {
    static char buffer[1 << 16]; // so that printing takes nothing of the allocator
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    moment = EMPTY;
    is_unknown = 0;
    remember(BEGIN);
}

static void step(const char *what) {
    (void)printf("%s\n   ", what);
    read_values();
    print_values();
    (void)putchar('\n');
    remember(OBSERVE);
    check_rules();
    remember(CHECKED);
    (void)fflush(stdout);
}

// ---- what the relations say

static number quotient(number a, number by) {
    is_unknown |= by <= 0;
    return by <= 0 ? 0 : a / by - (a % by < 0);
}

static number rest_of(number a, number by) {
    return a - by * quotient(a, by);
}

static number round_up(number a, number by) {
    return by <= 0 || rest_of(a, by) == 0 ? a + 0 * quotient(a, by) : a + by - rest_of(a, by);
}

static number least_of(number a, number b) {
    return a < b ? a : b;
}

static number most_of(number a, number b) {
    return a > b ? a : b;
}

static number at_place(const number *row, number count, number place) {
    is_unknown |= place < 0 || place >= count;
    return place < 0 || place >= count ? 0 : row[place];
}

static const struct tally *of_class(const struct tally *classes, number place) {
    static const struct tally nothing;
    is_unknown |= place < 0;
    return place < 0 || place >= CLASSES ? &nothing : &classes[place];
}

static void tell_failure(const char *rule, number row, number left, number right) {
    failure_count++;
    (void)printf("    FAILED %s: ", rule);
    if (row >= 0) {
        (void)printf("row %lld: ", row);
    }
    (void)printf("%lld and %lld\n", left, right);
}
