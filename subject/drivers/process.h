// process: a driver as another process: started, asked one line, answering one line, ended.
#ifndef SUBJECT_DRIVERS_PROCESS_H
#define SUBJECT_DRIVERS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROCESS_LINE_BYTES  131072 // the longest answer: 4,096 numbers
#define PROCESS_WRONG_BYTES 200

// Starts the command, a NULL at its end, with a socket as its standard input and output. False:
// process_wrong() says why.
bool process_start(char *const *command);

// Whether this process has a driver that answers; one that a parent of ours started is not ours.
bool process_is_alive(void);

// Sends the line and a line feed, and waits for the answer. NULL: no answer within the time, or the
// driver is dead; it has ended then, and process_wrong() says how.
const char *process_ask(const char *request, uint32_t timeout_ms);

// The next line that it says by itself; NULL as above.
const char *process_line(uint32_t timeout_ms);

// Ends the driver: what `why` says is wrong from now on. NULL: nothing is.
void process_end(const char *why);

// What is wrong; NULL: nothing.
const char *process_wrong(void);

#endif
