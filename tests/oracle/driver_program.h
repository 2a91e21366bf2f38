// driver_program: what a program does beside its objects, each call told to the model.
//
// Goroutines are named by a number of the test's.
#ifndef TESTS_ORACLE_DRIVER_PROGRAM_H
#define TESTS_ORACLE_DRIVER_PROGRAM_H

#include "tests/oracle/driver.h"

static inline const struct type *driver_define_type(struct driver *driver,
                                                    const struct type *description) {
    const struct type *type = runtime_define_type(driver->runtime, description);
    (void)model_type_defined(driver->model, (uintptr_t)type, description);
    return type;
}

static inline struct itab *driver_define_itab(struct driver *driver, const struct type *type,
                                              bool negative) {
    struct itab *itab = runtime_define_itab(driver->runtime, type, negative);
    (void)model_itab_defined(driver->model, (uintptr_t)itab, (uintptr_t)type, negative);
    return itab;
}

static inline bool driver_define_func(struct driver *driver, const struct func *description) {
    return runtime_define_func(driver->runtime, description) &&
           model_func_defined(driver->model, description);
}

static inline struct other_root *driver_add_root(struct driver *driver, uint64_t id,
                                                 const char *description, uintptr_t target) {
    struct other_root *root = runtime_add_other_root(driver->runtime, description, target);
    (void)model_root_added(driver->model, id, description, target);
    return root;
}

static inline struct osthread *driver_start_osthread(struct driver *driver, uint64_t process_id) {
    struct osthread *thread = runtime_start_osthread(driver->runtime, process_id);
    const struct model_osthread started = {(uintptr_t)thread, thread->id, process_id,
                                           (uintptr_t)thread->stack};
    (void)model_osthread_started(driver->model, &started);
    return thread;
}

static inline void driver_exit_osthread(struct driver *driver, struct osthread *thread) {
    runtime_exit_osthread(driver->runtime, thread);
    (void)model_osthread_exited(driver->model, (uintptr_t)thread);
}

static inline struct model_stack driver_stack_of(const struct goroutine *g) {
    return (struct model_stack){g->stack_low, g->stack_bytes};
}

static inline struct goroutine *driver_start_goroutine(struct driver *driver, uint64_t id,
                                                       uintptr_t go_pc, bool is_system) {
    struct goroutine *g = runtime_start_goroutine(driver->runtime, go_pc, is_system);
    const struct model_goroutine started = {(uintptr_t)g, go_pc, is_system, driver_stack_of(g)};
    observe_sweeps(driver->observer, 0);
    (void)model_goroutine_started(driver->model, id, &started);
    return g;
}

static inline void driver_exit_goroutine(struct driver *driver, struct goroutine *g, uint64_t id) {
    runtime_exit_goroutine(driver->runtime, g);
    (void)model_goroutine_exited(driver->model, id);
}

static inline void driver_set_status(struct driver *driver, struct goroutine *g, uint64_t id,
                                     enum goroutine_status status, const char *reason) {
    runtime_set_goroutine_status(driver->runtime, g, status, reason);
    (void)model_status_set(driver->model, id, status, reason);
}

static inline bool driver_push_frame(struct driver *driver, struct goroutine *g, uint64_t id,
                                     const struct frame_description *description) {
    const struct frame *frame = runtime_push_frame(driver->runtime, g, description);
    observe_sweeps(driver->observer, 0);
    return model_frame_pushed(driver->model, id, description, frame == NULL ? 0 : frame->sp,
                              driver_stack_of(g));
}

static inline struct defer *driver_push_defer(struct driver *driver, struct goroutine *g,
                                              uint64_t id, uintptr_t function, uintptr_t entry) {
    struct defer *defer = runtime_push_defer(driver->runtime, g, function, entry);
    (void)model_defer_pushed(driver->model, id, (uintptr_t)defer, function, entry);
    return defer;
}

static inline struct panic *driver_push_panic(struct driver *driver, struct goroutine *g,
                                              uint64_t id, const struct type *type,
                                              uintptr_t data) {
    struct panic *panic = runtime_push_panic(driver->runtime, g, type, data);
    (void)model_panic_pushed(driver->model, id, (uintptr_t)panic, (uintptr_t)type, data);
    return panic;
}

#endif
