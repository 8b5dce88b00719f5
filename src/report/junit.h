/*
 * JUnit XML, as Ant writes it and CI servers read it: a test case for each finding, leak and lost
 * input, and one for the scan itself, because servers take a report without any for a mistake.
 */
#ifndef TRAWL_REPORT_JUNIT_H
#define TRAWL_REPORT_JUNIT_H

#include "report/report.h"

/*
 * Writes the document. Findings that fail the run are failures, others are skipped, and lost inputs
 * are errors; raw secrets never stand in it. Failures show in ferror(out).
 */
void junit_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
