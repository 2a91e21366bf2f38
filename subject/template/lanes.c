// lanes: threads that are handed one call at a time; lane 0 is the one that runs main.

#include <pthread.h>
#include <semaphore.h>

enum { LANES = 8 };
typedef void *lane_call(void);
static struct lane {
    pthread_t thread;
    sem_t asked, answered;
    lane_call *call; // NULL: the lane is to end
    void *result;
    int is_alive;
} lanes[LANES] = {{.is_alive = 1}};
static int last_lane; // that was called

static void lane_begins(void);
static void lane_ends(void);

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0) {
    }
}

static void *run_lane(void *context) {
    struct lane *lane = context;
    lane_begins();
    (void)sem_post(&lane->answered);
    for (wait_for(&lane->asked); lane->call != NULL; wait_for(&lane->asked)) {
        lane->result = lane->call();
        (void)sem_post(&lane->answered);
    }
    lane_ends();
    return NULL;
}

// Has the lane make the call, and waits for what it gives.
static void *on(int number, lane_call *call) {
    struct lane *lane = &lanes[number];
    last_lane = number;
    if (number == 0) {
        return call();
    }
    lane->call = call;
    (void)sem_post(&lane->asked);
    wait_for(&lane->answered);
    return lane->result;
}

static pthread_t new_thread(void *(*run)(void *), void *context) {
    pthread_attr_t attributes;
    pthread_t thread;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, (size_t)1 << 18); // all fit into what is kept
    if (pthread_create(&thread, &attributes, run, context) != 0) {
        (void)puts("no thread more");
        exit(3);
    }
    (void)pthread_attr_destroy(&attributes);
    return thread;
}

static void *wait_there(void *barrier) {
    (void)pthread_barrier_wait(barrier);
    return NULL;
}

// What a thread's creation takes of malloc is kept with its stack for the next one: all that there
// will be are made once, before the first number counts.
static void make_threads(void) {
    pthread_barrier_t barrier;
    pthread_t threads[LANES];
    (void)pthread_barrier_init(&barrier, NULL, LANES);
    for (int number = 1; number < LANES; number++) {
        threads[number] = new_thread(wait_there, &barrier);
    }
    (void)pthread_barrier_wait(&barrier);
    for (int number = 1; number < LANES; number++) {
        (void)pthread_join(threads[number], NULL);
    }
}

static void start_lane(int number) {
    struct lane *lane = &lanes[number];
    (void)sem_init(&lane->asked, 0, 0);
    (void)sem_init(&lane->answered, 0, 0);
    lane->thread = new_thread(run_lane, lane);
    wait_for(&lane->answered);
    lane->is_alive = 1;
    lane_count++;
}

static void end_lane(int number) {
    lanes[number].call = NULL;
    (void)sem_post(&lanes[number].asked);
    (void)pthread_join(lanes[number].thread, NULL);
    lanes[number].is_alive = 0;
    lane_count--;
}

static void each_lane(lane_call *call) {
    for (int number = 0; number < LANES; number++) {
        if (lanes[number].is_alive) {
            (void)on(number, call);
        }
    }
}

static void end_lanes(void) {
    for (int number = 1; number < LANES; number++) {
        if (lanes[number].is_alive) {
            end_lane(number);
        }
    }
}

// In a child of fork the others are gone, with what they had for themselves.
static void forget_lanes(void) {
    has_orphans = has_orphans || lane_count > 1;
    lane_count = 1;
    for (int number = 1; number < LANES; number++) {
        lanes[number].is_alive = 0;
    }
}

static struct block *asked_block;
static void ask_here(struct block *block);

static void *ask_there(void) {
    ask_here(asked_block);
    return NULL;
}

static void ask(struct block *block) { // on the lane that has the object
    asked_block = block;
    (void)on(last_lane, ask_there);
}
