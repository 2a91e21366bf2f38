// restart: the command begins anew where an adapter wants variables that are read before main.
#ifndef CLI_RUN_RESTART_H
#define CLI_RUN_RESTART_H

// Sets what of "NAME=value" (NULL at the end; NULL: nothing) is not set, and starts this command
// again with the same arguments. CLI_CLEAN: all is set; else a message was printed. The parts of
// GLIBC_TUNABLES are joined with those that are there.
int restart_with(const char *subcommand, const char *name, const char *const *environment);

#endif
