// restart: the command begins anew where an adapter wants variables that are read before main.
#ifndef CLI_RUN_RESTART_H
#define CLI_RUN_RESTART_H

// Sets each "NAME=value" of the list that is not set yet, and starts this command again with the
// same arguments. The list ends with NULL; NULL in its place: nothing is to be set. CLI_CLEAN: all
// was set already; else a message was printed. GLIBC_TUNABLES keeps the parts that it has.
int restart_with(const char *subcommand, const char *name, const char *const *environment);

#endif
