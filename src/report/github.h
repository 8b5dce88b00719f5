/*
 * Workflow commands of GitHub Actions: a line for each finding or leak, which the log of a job
 * turns into an annotation at its place in a pull request. For the people who look at the run.
 */
#ifndef TRAWL_REPORT_GITHUB_H
#define TRAWL_REPORT_GITHUB_H

#include "report/report.h"

/*
 * GitHub shows no more annotations of one level and step
 * (docs.github.com, "Problem matchers", limitations).
 */
enum { GITHUB_SHOWN_MAX = 10 };

/*
 * Writes the commands, at most GITHUB_SHOWN_MAX of a level; where there are more findings, the last
 * one says how many. What was not scanned is a warning. Raw secrets never stand in it. Failures
 * show in ferror(out).
 */
void github_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
