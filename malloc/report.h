// report: what the environment asks for: the statistics or a dump of this process, at its end and
// at a signal.
//
//   COUNTERCHECK_MALLOC_STATS=PATH    MemStats as one JSON object with Go's field names
//   COUNTERCHECK_MALLOC_DUMP=PATH     a heap dump
//   COUNTERCHECK_MALLOC_SIGNAL=N      the signal that asks for them (SIGUSR2); 0: none
//   COUNTERCHECK_MALLOC_PROFILE=RATE  the memory profile's mean bytes between two samples (0: off):
//                                     what was allocated and freed of the samples, by call stack
//                                     (of 32 calls at most) and size, up to the moment of the dump
//
// %p in a path is the process's id. Without a path no signal is handled and no thread started.
//
// libcountercheck-malloc-checked.so holds the account to the oracle's scan at the process's end. A
// finding is told where stderr went when the process began, and ends it with status 1.
//
//   COUNTERCHECK_MALLOC_CHECK_MS=N      a check each N milliseconds besides (0: none)
//   COUNTERCHECK_MALLOC_CHECK_SIGNAL=N  a check at this signal besides (0: none)
//   COUNTERCHECK_MALLOC_CHECKED=1       each check that finds nothing says so
#ifndef MALLOC_REPORT_H
#define MALLOC_REPORT_H

// What a program calls is declared where it is installed.
#include "malloc/countercheck_malloc.h" // IWYU pragma: export

#endif
