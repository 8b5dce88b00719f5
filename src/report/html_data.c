#include "report/html_data.h"

#include "base/memory.h"
#include "report/date.h"
#include "report/json.h"
#include "report/safe.h"

#include <stdlib.h>

/* ---- Tables ---- */

typedef int order_function(const void *left, const void *right);

/* All of these are given pointers to pointers, as qsort() and bsearch() do. */

static int rule_order(const void *left, const void *right)
{
	const struct rule *const *a = left, *const *b = right;

	return strcmp((*a)->id, (*b)->id);
}

static int text_order(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static int path_order(const void *left, const void *right)
{
	const struct bytes *const *a = left, *const *b = right;

	return bytes_compare(**a, **b);
}

static const struct object_id *origin_id(const struct occurrence *o)
{
	return o->has_commit ? &o->commit : &o->blob;
}

static int origin_order(const void *left, const void *right)
{
	const struct occurrence *const *a = left, *const *b = right;

	return object_id_compare(origin_id(*a), origin_id(*b));
}

static void table_add(struct html_table *t, const void *item)
{
	t->items = mem_grow(t->items, t->count, &t->cap, sizeof(*t->items));
	t->items[t->count++] = item;
}

/* Sorts, and keeps one of those that are equal. */
static void table_settle(struct html_table *t, order_function *order)
{
	size_t kept = 0;

	if (t->count)
		qsort(t->items, t->count, sizeof(*t->items), order);
	for (size_t i = 0; i < t->count; i++) {
		if (!kept || order(&t->items[kept - 1], &t->items[i]) != 0)
			t->items[kept++] = t->items[i];
	}
	t->count = kept;
}

static size_t table_find(const struct html_table *t, const void *item, order_function *order)
{
	const void **found = bsearch(&item, t->items, t->count, sizeof(*t->items), order);

	return (size_t)(found - t->items);
}

void html_data_make(struct html_data *data, const struct triage *triage)
{
	*data = (struct html_data){.triage = triage};
	for (size_t i = 0; i < triage->count; i++) {
		const struct triage_entry *e = &triage->entries[i];

		table_add(&data->rules, e->finding->rule);
		if (!e->leak) {
			table_add(&data->paths, &e->finding->path);
			continue;
		}
		table_add(&data->repositories, e->leak->repository);
		for (size_t k = 0; k < e->leak->count; k++) {
			table_add(&data->paths, &e->leak->occurrences[k].path);
			table_add(&data->origins, &e->leak->occurrences[k]);
		}
	}
	table_settle(&data->rules, rule_order);
	table_settle(&data->repositories, text_order);
	table_settle(&data->paths, path_order);
	table_settle(&data->origins, origin_order);
}

void html_data_release(struct html_data *data)
{
	free(data->rules.items);
	free(data->repositories.items);
	free(data->paths.items);
	free(data->origins.items);
	*data = (struct html_data){0};
}

size_t html_data_rule(const struct html_data *data, const struct rule *rule)
{
	return table_find(&data->rules, rule, rule_order);
}

/* ---- JSON ---- */

static void put_bytes(struct json *j, struct bytes text)
{
	json_open_string(j, NULL);
	safe_write_script(j->out, text);
	json_close_string(j);
}

static void put_text(struct json *j, const char *text)
{
	put_bytes(j, bytes_of(text ? text : ""));
}

static void put_number(struct json *j, uint64_t number)
{
	json_uint(j, NULL, number);
}

/* [id, name, provider] */
static void write_rule(struct json *j, const struct rule *rule)
{
	json_array(j, NULL);
	put_text(j, rule->id);
	put_text(j, rule->name);
	put_text(j, rule->provider);
	json_end(j);
}

/* [commit or object, whether it is a commit, author, date]; the last two are "" if not known */
static void write_origin(struct json *j, const struct occurrence *o)
{
	char date[DATE_TEXT_SIZE];

	json_array(j, NULL);
	json_hex(j, NULL, (struct bytes){origin_id(o)->bytes, OBJECT_ID_SIZE});
	put_number(j, o->has_commit);
	put_text(j, o->author);
	put_text(j, *o->author || o->date ? date_text(o->date, o->zone, date) : "");
	json_end(j);
}

static void write_tables(struct json *j, const struct html_data *data)
{
	json_array(j, "rules");
	for (size_t i = 0; i < data->rules.count; i++)
		write_rule(j, data->rules.items[i]);
	json_end(j);
	json_array(j, "repositories");
	for (size_t i = 0; i < data->repositories.count; i++)
		put_text(j, data->repositories.items[i]);
	json_end(j);
	json_array(j, "paths");
	for (size_t i = 0; i < data->paths.count; i++)
		put_bytes(j, *(const struct bytes *)data->paths.items[i]);
	json_end(j);
	json_array(j, "origins");
	for (size_t i = 0; i < data->origins.count; i++)
		write_origin(j, data->origins.items[i]);
	json_end(j);
}

/* [path, line, column] */
static void put_place(struct json *j, const struct html_data *data, const struct finding *f)
{
	put_number(j, table_find(&data->paths, &f->path, path_order));
	put_number(j, f->start_line);
	put_number(j, f->start_column);
}

/* [path, line, column, in the last version: line, column; origin] */
static void write_occurrence(struct json *j, const struct html_data *data,
                             const struct occurrence *o)
{
	json_array(j, NULL);
	put_number(j, table_find(&data->paths, &o->path, path_order));
	put_number(j, o->first.start_line);
	put_number(j, o->first.start_column);
	put_number(j, o->last.start_line);
	put_number(j, o->last.start_column);
	put_number(j, table_find(&data->origins, o, origin_order));
	json_end(j);
}

/* [[name, line, column]...] */
static void write_parts(struct json *j, const struct finding *f)
{
	json_array(j, NULL);
	for (size_t i = 0; i < f->part_count; i++) {
		json_array(j, NULL);
		put_text(j, f->parts[i].name);
		put_number(j, f->parts[i].start_line);
		put_number(j, f->parts[i].start_column);
		json_end(j);
	}
	json_end(j);
}

static void write_suppression(struct json *j, const struct suppression *s)
{
	if (!s) {
		put_number(j, 0);
		return;
	}
	json_array(j, NULL);
	put_text(j, suppression_kind_name(s->kind));
	put_text(j, s->reason);
	put_text(j, s->owner);
	put_text(j, s->expires);
	json_end(j);
}

/* Repository, state, kind, references, places and when it left ("": unknown): of a history. */
static void write_leak(struct json *j, const struct html_data *data, const struct leak *leak)
{
	char date[DATE_TEXT_SIZE];

	put_number(j, table_find(&data->repositories, leak->repository, text_order));
	put_text(j, leak_state_name(leak->state));
	put_text(j, object_type_name(leak->kind));
	json_array(j, NULL);
	for (strings ref = leak->refs; ref && *ref; ref++)
		put_text(j, *ref);
	json_end(j);
	json_array(j, NULL);
	for (size_t i = 0; i < leak->count; i++)
		write_occurrence(j, data, &leak->occurrences[i]);
	json_end(j);
	put_text(j, leak->left ? date_text(leak->left, 0, date) : "");
}

/* The same six of a scan. */
static void write_file(struct json *j, const struct html_data *data, const struct finding *f)
{
	put_number(j, 0);
	put_text(j, "");
	put_text(j, "");
	json_array(j, NULL);
	json_end(j);
	json_array(j, NULL);
	json_array(j, NULL);
	put_place(j, data, f);
	json_end(j);
	json_end(j);
	put_text(j, "");
}

static void write_entry(struct json *j, const struct html_data *data, const struct triage_entry *e)
{
	const struct finding *f = e->finding;
	/* That a scheme which nobody published does not fit tells nothing. */
	bool told = f->checksum != CHECKSUM_STATE_INVALID || f->rule->checksum.published;
	char preview[SAFE_PREVIEW_MAX];

	json_new_line(j);
	json_array(j, NULL);
	put_number(j, e->urgency);
	put_number(j, html_data_rule(data, f->rule));
	put_text(j, level_name(f->level));
	put_text(j, confidence_name(f->confidence));
	put_text(j, checksum_state_name(told ? f->checksum : CHECKSUM_STATE_NONE));
	put_text(j, safe_preview(f, preview));
	json_hex(j, NULL, (struct bytes){f->fingerprint, FINGERPRINT_SIZE});
	put_text(j, f->proof);
	write_parts(j, f);
	write_suppression(j, f->suppression);
	if (e->leak)
		write_leak(j, data, e->leak);
	else
		write_file(j, data, f);
	json_end(j);
}

/* {name: words} */
static void write_states(struct json *j)
{
	json_object(j, "states");
	for (int state = LEAK_HEAD; state <= LEAK_UNREACHABLE; state++)
		json_text(j, leak_state_name((enum leak_state)state),
		          triage_state_words((enum leak_state)state));
	json_end(j);
}

/* [id, title, text] */
static void write_urgencies(struct json *j)
{
	json_array(j, "urgencies");
	for (int i = 0; i < URGENCY_COUNT; i++) {
		json_array(j, NULL);
		put_text(j, urgency_words[i].id);
		put_text(j, urgency_words[i].title);
		put_text(j, urgency_words[i].text);
		json_end(j);
	}
	json_end(j);
}

void html_data_write(FILE *out, const struct html_data *data, const struct run *run)
{
	struct json j;

	json_init(&j, out);
	json_object(&j, NULL);
	json_time(&j, "started", run->started_ms);
	write_states(&j);
	write_urgencies(&j);
	write_tables(&j, data);
	json_array(&j, "findings");
	for (size_t i = 0; i < data->triage->count; i++)
		write_entry(&j, data, &data->triage->entries[i]);
	json_end(&j);
	json_end(&j);
}
