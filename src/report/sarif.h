/*
 * SARIF 2.1.0, within what GitHub code scanning takes; for dashboards. Where each thing stands in
 * the format and why: the comments in sarif.c.
 */
#ifndef TRAWL_REPORT_SARIF_H
#define TRAWL_REPORT_SARIF_H

#include "report/report.h"

/*
 * Writes the log, with at most options->sarif_limit results, those of the highest level first; raw
 * secrets never stand in it. Failures show in ferror(out).
 */
void sarif_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
