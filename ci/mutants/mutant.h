// mutant: which of the changes in this copy of the sources is switched on.
//
// Written for the generated copy alone; the project's own build knows nothing of it.
#ifndef COUNTERCHECK_MUTANT_H
#define COUNTERCHECK_MUTANT_H

#define MUTANT_ON_MAX 2 // one that is judged, and one fault beside it

extern unsigned mutants_on[MUTANT_ON_MAX];
extern unsigned char *mutants_reached;

// Whether the change is on. That it was asked is noted: a change that is never asked about is out
// of every input's reach.
static inline int mutant_is_on(unsigned number) {
    mutants_reached[number] = 1;
    return number == mutants_on[0] || number == mutants_on[1];
}

#define MUTANT(number) __builtin_expect(mutant_is_on(number), 0)

#endif
