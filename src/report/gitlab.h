/*
 * GitLab's secret detection report, a JSON document of its security report schemas, version 15.2.1;
 * for merge requests and the vulnerability report. GitLab tells two entries apart by rule, file and
 * lines only.
 */
#ifndef TRAWL_REPORT_GITLAB_H
#define TRAWL_REPORT_GITLAB_H

#include "report/report.h"

/*
 * Writes the report, with one entry for each finding, and for each occurrence of a leak; raw
 * secrets never stand in it. Failures show in ferror(out).
 */
void gitlab_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
