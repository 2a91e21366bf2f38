// clock: time that only goes forward, for bounds, rates and progress.
#ifndef CLI_IO_CLOCK_H
#define CLI_IO_CLOCK_H

#include <stdint.h>

// Milliseconds since some moment in the past: for differences. Any thread.
int64_t clock_ms(void);
// The same in seconds, as fine as the system has it.
double clock_seconds(void);
// Seconds that the processor has worked for this process, system's included. Any thread.
double clock_processor_seconds(void);

#endif
