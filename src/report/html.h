/*
 * A page for people: one file that needs nothing beside it and asks for nothing (its policy forbids
 * all requests). It opens with what to do first. Its script lets one search, filter and read on;
 * without it the page has the summary, what to do about each rule's secrets, and HTML_STATIC_MAX
 * findings. Template, style and script are src/report/html/.
 */
#ifndef TRAWL_REPORT_HTML_H
#define TRAWL_REPORT_HTML_H

#include "report/report.h"

/* How many findings, and places of each, show without the script. */
enum { HTML_STATIC_MAX = 1000, HTML_STATIC_PLACES_MAX = 20 };

/* Writes the page; raw secrets never stand in it. Failures show in ferror(out). */
void html_write(FILE *out, const struct run *run, const struct report_options *options);

#endif
