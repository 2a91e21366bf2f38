// mutant: which of the things that this copy of the sources can do without is taken away.
//
// Written for the generated copy alone, and put before each of its sources.
#ifndef COUNTERCHECK_MUTANT_H
#define COUNTERCHECK_MUTANT_H

#pragma GCC system_header // its macros are no C11

extern int mutant_on;
extern unsigned char *mutants_reached;

__attribute__((no_sanitize("thread"), unused)) static int mutant_is_on(int number) {
    mutants_reached[number] = 1;
    return number == mutant_on;
}

#define MUTANT(number) mutant_is_on(number)

// The place without its _Atomic.
#define MUTANT_PLAIN(at) (*(volatile __typeof__(((void)0, *(at))) *)(at))

#define MUTANT_LOAD(at)         MUTANT_PLAIN(at)
#define MUTANT_STORE(at, value) ((void)(MUTANT_PLAIN(at) = (value)))

#define MUTANT_IN_TWO(at, instead)                                                                 \
    __extension__({                                                                                \
        __typeof__(at) mutant_at = (at);                                                           \
        __typeof__(((void)0, *(at))) mutant_old =                                                  \
            atomic_load_explicit(mutant_at, memory_order_relaxed);                                 \
        atomic_store_explicit(mutant_at, instead, memory_order_relaxed);                           \
        mutant_old;                                                                                \
    })
#define MUTANT_EXCHANGE(at, value)  MUTANT_IN_TWO(at, value)
#define MUTANT_FETCH_ADD(at, value) MUTANT_IN_TWO(at, mutant_old + (value))
#define MUTANT_FETCH_SUB(at, value) MUTANT_IN_TWO(at, mutant_old - (value))
#define MUTANT_FETCH_OR(at, value)  MUTANT_IN_TWO(at, mutant_old | (value))
#define MUTANT_FETCH_AND(at, value) MUTANT_IN_TWO(at, mutant_old &(value))

#endif
