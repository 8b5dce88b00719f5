/* JSON Lines: one object for each finding or leak, then one with the summary. For programs. */
#ifndef TRAWL_REPORT_JSONL_H
#define TRAWL_REPORT_JSONL_H

#include "report/report.h"

/* Writes the findings or leaks and the summary; failures show in ferror(out). */
void jsonl_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
