#include "detect/rule_digest.h"

/* Raised whenever the same rules may find something else in the same bytes. */
enum { DETECTION_VERSION = 3 };

/* Whoever adds to a rule decides whether the digest is to know it, and then changes this. */
_Static_assert(sizeof(void *) != 8 || (sizeof(struct rule) == 432 && sizeof(struct filters) == 72 &&
                                       sizeof(struct context) == 56 && sizeof(struct part) == 80 &&
                                       sizeof(struct checksum) == 28),
               "a member of rules that rule_digest() does not know");

/* ---- The parts of a rule ---- */

static void add_strings(struct digest *d, strings list)
{
	for (; list && *list; list++)
		digest_add_text(d, *list);
	digest_add_text(d, NULL);
}

static void add_double(struct digest *d, double value)
{
	digest_add(d, (struct bytes){(const unsigned char *)&value, sizeof(value)});
}

static void add_file_filter(struct digest *d, const struct file_filter *f)
{
	add_strings(d, f->content);
	add_strings(d, f->paths);
	add_strings(d, f->ext);
}

static void add_patterns(struct digest *d, const struct pattern *patterns, size_t count)
{
	digest_add_number(d, count);
	for (size_t i = 0; i < count; i++)
		digest_add_text(d, patterns[i].text);
}

static void add_context(struct digest *d, const struct context *c)
{
	digest_add_number(d, c != NULL);
	if (!c)
		return;
	digest_add_number(d, c->kind);
	digest_add_text(d, c->pattern.text);
	digest_add_number(d, c->max_char_distance);
	digest_add_number(d, c->max_line_distance);
	digest_add_number(d, c->max_line_length);
	digest_add_number(d, c->child_count);
	for (size_t i = 0; i < c->child_count; i++)
		add_context(d, &c->children[i]);
}

static void add_filters(struct digest *d, const struct filters *f)
{
	const struct decoded_base64 *b = f->base64;

	add_double(d, f->entropy_threshold);
	digest_add_text(d, f->entropy_input);
	add_patterns(d, f->pattern_not, f->pattern_not_count);
	digest_add_number(d, f->heuristics);
	digest_add_text(d, f->heuristic_input);
	digest_add_number(d, b != NULL);
	if (b) {
		digest_add_number(d, b->url_alphabet);
		add_patterns(d, b->match_each, b->match_each_count);
		add_patterns(d, b->match_not, b->match_not_count);
		add_filters(d, &b->filters);
	}
	digest_add_number(d, f->group_count);
	for (size_t i = 0; i < f->group_count; i++) {
		digest_add_text(d, f->groups[i].group);
		add_filters(d, &f->groups[i].filters);
	}
}

static void add_checksum(struct digest *d, const struct checksum *c)
{
	digest_add_number(d, c->algorithm);
	digest_add_number(d, c->encoding);
	digest_add_number(d, c->little_endian);
	digest_add_number(d, c->published);
	digest_add_number(d, c->required);
	digest_add_number(d, c->digits);
	digest_add_number(d, (uint64_t)(int64_t)c->position);
	digest_add_number(d, (uint64_t)(int64_t)c->from);
	digest_add_number(d, (uint64_t)(int64_t)c->to);
}

static void add_parts(struct digest *d, const struct part *parts, size_t count)
{
	digest_add_number(d, count);
	for (size_t i = 0; i < count; i++) {
		digest_add_text(d, parts[i].name);
		digest_add_text(d, parts[i].group);
		add_context(d, &parts[i].near);
		digest_add_number(d, parts[i].absence);
		digest_add_number(d, parts[i].structure);
	}
}

/* ---- The whole ---- */

void rule_digest(const struct rule *r, unsigned char out[DIGEST_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add_text(&d, r->id);
	digest_add_number(&d, r->type);
	digest_add_number(&d, r->level);
	digest_add_number(&d, r->confidence);
	add_file_filter(&d, &r->include);
	add_file_filter(&d, &r->reject);
	digest_add_text(&d, r->pattern.text);
	add_context(&d, r->context);
	add_filters(&d, &r->filters);
	add_checksum(&d, &r->checksum);
	digest_add_number(&d, r->structure);
	add_parts(&d, r->parts, r->part_count);
	digest_add_number(&d, r->reach.behind);
	digest_add_number(&d, r->reach.width);
	digest_add_number(&d, r->reach.ahead);
	digest_add_number(&d, r->prefix_len);
	add_strings(&d, r->keywords);
	digest_end(&d, out);
}

void misfit_digest(const struct ruleset *set, unsigned char out[DIGEST_SIZE])
{
	unsigned char rule[DIGEST_SIZE];
	struct digest d;

	digest_begin(&d);
	for (size_t part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			const struct rule *r = &set->parts[part].rules[i];

			if (!r->form_count)
				continue;
			rule_digest(r, rule);
			digest_add(&d, (struct bytes){rule, sizeof(rule)});
		}
	}
	digest_end(&d, out);
}

void engine_options_digest(const struct engine *engine, unsigned char out[DIGEST_SIZE])
{
	const struct engine_options *o = engine_options(engine);
	struct digest d;

	digest_begin(&d);
	digest_add_text(&d, TRAWL_VERSION);
	digest_add_number(&d, DETECTION_VERSION);
	digest_add_number(&d, o->every_rule);
	digest_add_number(&d, o->placeholders);
	digest_add_number(&d, o->checksum);
	digest_end(&d, out);
}

void engine_digest(const struct engine *engine, const struct ruleset *set,
                   unsigned char out[DIGEST_SIZE])
{
	unsigned char rule[DIGEST_SIZE];
	struct digest d;

	engine_options_digest(engine, out);
	digest_begin(&d);
	digest_add(&d, (struct bytes){out, DIGEST_SIZE});
	for (size_t part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			/* What is not enabled counts, too: detect/misfit.h asks all rules. */
			digest_add_number(&d, set->enabled[part][i]);
			rule_digest(&set->parts[part].rules[i], rule);
			digest_add(&d, (struct bytes){rule, sizeof(rule)});
		}
	}
	digest_end(&d, out);
}
