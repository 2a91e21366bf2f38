// clock: time that only goes forward, for bounds, rates and progress.
#ifndef CLI_IO_CLOCK_H
#define CLI_IO_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);
double clock_seconds(void);

#endif
