/*
 * The data of the HTML report, for its script: one JSON document in which everything that findings
 * share (rules, repositories, paths, commits) stands once, in a table, and is named by its number.
 */
#ifndef TRAWL_REPORT_HTML_DATA_H
#define TRAWL_REPORT_HTML_DATA_H

#include "report/triage.h"

/* Pointers to different things, sorted. */
struct html_table {
	const void **items;
	size_t count;
	size_t cap;
};

struct html_data {
	const struct triage *triage;
	struct html_table rules;        /* const struct rule: those of the findings, by id */
	struct html_table repositories; /* const char: their folders */
	struct html_table paths;        /* const struct bytes */
	struct html_table origins;      /* const struct occurrence: by commit, else object */
};

/* Makes the tables; all of them borrow from the triage. The caller releases them. */
void html_data_make(struct html_data *data, const struct triage *triage);
void html_data_release(struct html_data *data);

/* The rule's number. */
size_t html_data_rule(const struct html_data *data, const struct rule *rule);

/* Writes the JSON; whatever texts it holds, it does not end a <script>. */
void html_data_write(FILE *out, const struct html_data *data, const struct run *run);

#endif
