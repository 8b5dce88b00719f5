/* The report for people: grouped by repository and file, safe to print, coloured on request. */
#ifndef TRAWL_REPORT_TEXT_H
#define TRAWL_REPORT_TEXT_H

#include "report/report.h"

/* Writes the findings or leaks and what was lost; failures show in ferror(out). */
void text_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
