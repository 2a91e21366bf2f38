// works: a program with eight threads that allocate, free each other's objects, resize, fork and
// start it again, and write down what they did. It is recorded, and judges the recorder.
//
// usage: works LEDGER SEED CALLS [leaf|child|kill]
//   CALLS of each thread; leaf: one thread alone; child: forks, and the child starts a leaf;
//   kill: the same, and is killed at a moment that SEED chooses
#define _GNU_SOURCE // gettid, aligned_alloc
#include "tests/record/ledger.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define OWN     64
#define SHARED  128

static struct ledger *ledger;
static _Atomic(void *) shared[SHARED]; // who takes what another left here frees it
static unsigned long seed, call_count;

struct worker {
    struct ledger_region *region;
    uint32_t number, used;
    uint64_t random;
    void *own[OWN];
};

static uint64_t draw(struct worker *worker, uint64_t below) {
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random % below;
}

static void write_down(struct worker *worker, struct ledger_entry entry) {
    struct ledger_entry *at = &worker->region->entries[worker->used++];
    uint32_t kind = entry.kind;
    entry.kind = LEDGER_NONE;
    *at = entry;
    atomic_signal_fence(memory_order_seq_cst);
    *(volatile uint32_t *)&at->kind = kind;
    atomic_signal_fence(memory_order_seq_cst);
}

static void *obtain(struct worker *worker) {
    static const uint64_t limits[] = {16, 100, 1000, 20000, 300000};
    uint64_t size = draw(worker, limits[draw(worker, draw(worker, 8) == 0 ? 5 : 3)]) + 1;
    uint32_t align = 0;
    uint32_t kind = LEDGER_MALLOC;
    void *object;
    switch (draw(worker, 8)) {
    case 0:
        kind = LEDGER_CALLOC;
        object = calloc(1, size);
        break;
    case 1:
        kind = LEDGER_ALIGNED;
        align = 32U << draw(worker, 6);
        size = (size + align - 1) / align * align;
        object = aligned_alloc(align, size);
        break;
    default:
        object = malloc(size);
    }
    write_down(worker, (struct ledger_entry){(uintptr_t)object, 0, size, align, kind});
    return object;
}

static void give_back(struct worker *worker, void *object) {
    if (object != NULL) {
        write_down(worker, (struct ledger_entry){(uintptr_t)object, 0, 0, 0, LEDGER_FREE});
        free(object);
    }
}

static void *resize(struct worker *worker, void *object) {
    uint64_t size = draw(worker, 3000) + 1;
    uintptr_t before = (uintptr_t)object;
    void *after = realloc(object, size);
    write_down(worker, (struct ledger_entry){(uintptr_t)after, before, size, 0,
                                             before == 0 ? LEDGER_MALLOC : LEDGER_REALLOC});
    return after;
}

static void do_one(struct worker *worker) {
    void **own = &worker->own[draw(worker, OWN)];
    switch (draw(worker, 6)) {
    case 0: // another's, from now on
        *own = atomic_exchange(&shared[draw(worker, SHARED)], *own);
        break;
    case 1:
        *own = resize(worker, *own);
        break;
    case 2:
    case 3:
        give_back(worker, *own);
        *own = NULL;
        break;
    default:
        if (*own == NULL) {
            *own = obtain(worker);
        }
    }
}

static void begin(struct worker *worker) {
    worker->number = atomic_fetch_add((_Atomic uint32_t *)&ledger->region_count, 1);
    worker->random = (seed + 1) * 0x9e3779b97f4a7c15U + worker->number * 77773U + 1;
    worker->region = &ledger->regions[worker->number];
    worker->region->process_id = (uint64_t)getpid();
    worker->region->thread_id = (uint64_t)gettid();
    size_t size = LEDGER_MARK_BYTES + worker->number;
    void *mark = malloc(size);
    write_down(worker, (struct ledger_entry){(uintptr_t)mark, 0, size, 0, LEDGER_MALLOC});
    give_back(worker, mark);
}

static void *work(void *context) {
    struct worker worker = {0};
    (void)context;
    begin(&worker);
    for (unsigned long i = 0; i < call_count && worker.used + 2 * OWN < LEDGER_ENTRIES; i++) {
        do_one(&worker);
    }
    for (size_t i = 0; i < OWN; i++) {
        give_back(&worker, worker.own[i]);
    }
    worker.region->is_whole = 1;
    return NULL;
}

// In the midst of the parent's threads. It frees objects of theirs, which its recorder does not
// know.
static void be_child(char **argv) {
    struct worker worker = {0};
    begin(&worker);
    for (size_t i = 0; i < SHARED; i += 2) {
        give_back(&worker, atomic_exchange(&shared[i], NULL));
    }
    for (unsigned i = 0; i < 500; i++) {
        do_one(&worker);
    }
    worker.region->is_whole = 1;
    (void)execl(argv[0], argv[0], argv[1], argv[2], "300", "leaf", (char *)NULL);
    _exit(9);
}

static void sleep_us(unsigned long us) {
    struct timespec time = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    (void)nanosleep(&time, NULL);
}

static int run_threads(char **argv, int forks, int is_killed) {
    pthread_t threads[THREADS];
    int status = 0;
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            return 3;
        }
    }
    pid_t child = 0;
    if (forks) {
        child = fork();
        if (child == 0) {
            be_child(argv);
        }
    }
    if (is_killed) {
        sleep_us(seed * 7919 % 4000);
        (void)kill(getpid(), SIGKILL);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    if (child > 0 && (waitpid(child, &status, 0) != child || status != 0)) {
        return 4;
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *mode = argc > 4 ? argv[4] : "";
    int descriptor = argc > 3 ? open(argv[1], O_RDWR) : -1;
    if (descriptor < 0) {
        return 2;
    }
    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    (void)close(descriptor);
    if (ledger == MAP_FAILED) {
        return 3;
    }
    seed = strtoul(argv[2], NULL, 10);
    call_count = strtoul(argv[3], NULL, 10);
    if (strcmp(mode, "leaf") == 0) {
        (void)work(NULL);
        return 0;
    }
    int is_killed = strcmp(mode, "kill") == 0;
    for (int round = 0; round < 2; round++) { // threads that follow others
        int status = run_threads(argv, round == 0 && (is_killed || strcmp(mode, "child") == 0),
                                 round == 1 && is_killed);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}
