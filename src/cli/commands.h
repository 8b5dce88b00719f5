/*
 * The commands: one function each, given the command's own argv, returning the exit status (see
 * cli/status.h).
 */
#ifndef TRAWL_CLI_COMMANDS_H
#define TRAWL_CLI_COMMANDS_H

int command_scan(int argc, char **argv);
int command_history(int argc, char **argv);
int command_batch(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_staged(int argc, char **argv);
int command_receive(int argc, char **argv);
int command_hook(int argc, char **argv);
int command_baseline(int argc, char **argv);
int command_config(int argc, char **argv);
int command_rules(int argc, char **argv);

#endif
