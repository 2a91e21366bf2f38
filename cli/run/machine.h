// machine: the kind of heap that this call's programs run on: chosen once, before the first program
// is read.
#ifndef CLI_RUN_MACHINE_H
#define CLI_RUN_MACHINE_H

#include "fuzz/execute/machine.h"

// The Go-like heap unless another was chosen, its language in use. NULL: there is none in this
// build.
const struct machine *machine_now(void);

// What its create() wants.
const void *machine_argument(void);

#endif
