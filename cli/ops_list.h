// ops_list: the language of programs, from its tables: `ops --list`.
#ifndef CLI_OPS_LIST_H
#define CLI_OPS_LIST_H

// Prints every operation that the language in use has; or, with a name, all that is to be known of
// one, or of "program", the line with the header. A status: CLI_UNUSABLE for a name that none has.
int ops_list(const char *name);

#endif
