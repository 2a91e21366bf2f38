// machine: which one it is.
#include "cli/run/machine.h"

#if COUNTERCHECK_HAS_GO
#include "fuzz/go/machine.h"
#endif

const struct machine *machine_now(void) {
#if COUNTERCHECK_HAS_GO
    return &machine_go;
#else
    return NULL;
#endif
}

const void *machine_argument(void) {
    return NULL;
}
