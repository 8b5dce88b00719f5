/*
 * What `--help` prints.
 */
#ifndef TRAWL_CLI_HELP_H
#define TRAWL_CLI_HELP_H

extern const char help_trawl[];
extern const char help_scan[];
extern const char help_history[];
extern const char help_batch[];
extern const char help_merge[];
extern const char help_staged[];
extern const char help_receive[];
extern const char help_hook[];
extern const char help_baseline[];
extern const char help_config[];
extern const char help_rules[];

#endif
