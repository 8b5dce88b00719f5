#include "detect/misfit.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum {
	TEXT_MAX = 40,    /* characters of a prefix or a name, without what joins words */
	NAMED_MIN = 15,   /* bytes of a value that a name announces: a shorter one is a password */
	SLIP_MAX = 4,     /* bytes by which a slip changes a length; more is another format */
	BEFORE_MAX = 160, /* bytes before the value in which names are looked for */
	LINES_MAX = 4,    /* ... and lines, with its own */
	BEHIND_MAX = 60,  /* bytes of its line behind it */
};

/* A text by which secrets of a rule are known. */
struct sign {
	char text[TEXT_MAX + 1];
	bool asks;     /* a name that counts only before one of the words that follow names */
	bool own;      /* a prefix that one provider alone has */
	unsigned part; /* of the set, that the rule is in */
	const struct rule *rule;
	const struct form *form;
};

/* In the order of their texts. */
struct signs {
	struct sign *items;
	size_t count;
};

struct misfits {
	struct signs leads; /* what a value starts with */
	struct signs names; /* what stands near it */
};

/* What the signs that were met say of one value, the bytes [start, end) of the text. */
struct opinion {
	struct matcher *matcher;
	struct bytes text;
	size_t start;
	size_t end;
	struct bytes value;
	const struct rule *near; /* NULL: no rule's secret is like it */
	bool fits;
};

/* ---- The lists ---- */

static void add_sign(struct signs *signs, const char *text, bool asks, const struct sign *model)
{
	struct sign *sign = &signs->items[signs->count];
	size_t len = 0;

	*sign = *model;

	for (; *text && len < TEXT_MAX; text++) {
		if (asks && !isalnum((unsigned char)*text))
			continue;
		sign->text[len++] = *text;
	}
	sign->text[len] = '\0';
	signs->count += len > 0;
}

static void add_name(struct signs *signs, const char *keyword, const struct sign *model)
{
	size_t first = signs->count;

	add_sign(signs, keyword, true, model);
	if (signs->count > first)
		signs->items[first].asks = keyword[strlen(keyword) - 1] == '_';
}

static size_t length_of(strings list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static int sign_order(const void *left, const void *right)
{
	return strcmp(((const struct sign *)left)->text, ((const struct sign *)right)->text);
}

/* A prefix tells by itself; where a name must stand near, the name tells. */
static strings leads_of(const struct rule *rule, const struct form *form)
{
	return rule->keywords ? NULL : form->leads;
}

/* Counts the signs of the rule in both lists and adds them, if there is room. */
static void take_rule(struct misfits *misfits, unsigned part, const struct rule *rule,
                      size_t *leads, size_t *names)
{
	for (size_t i = 0; i < rule->form_count; i++) {
		struct sign model = {.part = part, .rule = rule, .form = &rule->forms[i]};
		strings lead = leads_of(rule, model.form), name = rule->keywords;

		*leads += length_of(lead);
		*names += length_of(name);
		for (; misfits->leads.items && lead && *lead; lead++)
			add_sign(&misfits->leads, *lead, false, &model);
		for (; misfits->names.items && name && *name; name++)
			add_name(&misfits->names, *name, &model);
	}
}

/* Notes which of the prefixes, that are in order, are those of one provider. */
static void note_owners(struct signs *leads)
{
	for (size_t i = 0, end; i < leads->count; i = end) {
		const struct sign *first = &leads->items[i];
		bool own = true;

		for (end = i + 1; end < leads->count; end++) {
			if (strcmp(leads->items[end].text, first->text) != 0)
				break;
			own &= strcmp(leads->items[end].rule->provider, first->rule->provider) == 0;
		}
		for (size_t k = i; k < end; k++)
			leads->items[k].own = own;
	}
}

struct misfits *misfits_new(const struct ruleset *set)
{
	struct misfits *misfits = mem_calloc(1, sizeof(*misfits));

	for (int pass = 0; pass < 2; pass++) {
		size_t leads = 0, names = 0;

		for (unsigned part = 0; part < PART_COUNT; part++) {
			for (size_t i = 0; i < set->parts[part].count; i++)
				take_rule(misfits, part, &set->parts[part].rules[i], &leads,
				          &names);
		}
		if (pass == 0) {
			misfits->leads.items = mem_calloc(leads + 1, sizeof(struct sign));
			misfits->names.items = mem_calloc(names + 1, sizeof(struct sign));
		}
	}
	qsort(misfits->leads.items, misfits->leads.count, sizeof(struct sign), sign_order);
	note_owners(&misfits->leads);
	qsort(misfits->names.items, misfits->names.count, sizeof(struct sign), sign_order);
	return misfits;
}

void misfits_free(struct misfits *misfits)
{
	if (!misfits)
		return;
	free(misfits->leads.items);
	free(misfits->names.items);
	free(misfits);
}

/* The signs [low, high), which share their first characters. */
struct range {
	size_t low;
	size_t high;
};

/* The first sign of the range whose character at this place is not below the given one. */
static size_t first_from(const struct signs *signs, struct range range, size_t at, int character)
{
	while (range.low < range.high) {
		size_t middle = (range.low + range.high) / 2;

		if ((unsigned char)signs->items[middle].text[at] < character)
			range.low = middle + 1;
		else
			range.high = middle;
	}
	return range.low;
}

/* Leaves in the range what goes on with the character at this place. */
static void narrow(const struct signs *signs, struct range *range, size_t at, int character)
{
	range->low = first_from(signs, *range, at, character);
	range->high = first_from(signs, *range, at, character + 1);
}

/* ---- Opinions ---- */

static bool holds_only(struct bytes value, const uint64_t characters[2])
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = value.ptr[i];

		if (c > 127 || !(characters[c >> 6] >> (c & 63) & 1))
			return false;
	}
	return true;
}

static bool starts_with_lead(struct bytes value, strings leads)
{
	for (; leads && *leads; leads++) {
		size_t len = strlen(*leads);

		if (value.len >= len && strncasecmp((const char *)value.ptr, *leads, len) == 0)
			return true;
	}
	return false;
}

/* Whether the value is what the rule's pattern matches; what a limit leaves open passes for it. */
static bool matches(const struct opinion *opinion, const struct sign *sign)
{
	struct span match;
	uint32_t start = (uint32_t)opinion->start;
	enum found found = matcher_search(opinion->matcher, sign->part, &sign->rule->pattern,
	                                  opinion->text, start, start, &match);

	return found == FOUND_LIMIT ||
	       (found == FOUND_MATCH && matcher_secret(opinion->matcher).end == opinion->end);
}

static void differ(struct opinion *opinion, const struct rule *rule)
{
	if (!opinion->near || rule->type < opinion->near->type)
		opinion->near = rule;
}

/*
 * Adds what a rule says of the value that its prefix or its name announces: with other characters
 * or another start it is another kind of secret. A provider's own prefix tells even a part of one,
 * and one whose parts have other lengths; a prefix that many have tells nothing of those.
 */
static void ask(struct opinion *opinion, const struct sign *sign)
{
	const struct form *form = sign->form;
	bool alone = form->leads && sign->rule->type == RULE_SPECIFIC;
	size_t len = opinion->value.len;

	if (!holds_only(opinion->value, form->characters) ||
	    (form->leads && !starts_with_lead(opinion->value, form->leads)))
		return;
	if (len < form->min ? alone || form->min - len <= SLIP_MAX
	                    : len > form->max && len - form->max <= SLIP_MAX)
		differ(opinion, sign->rule);
	if (len < form->min || len > form->max)
		return;
	if (sign->rule->keywords || matches(opinion, sign))
		opinion->fits = true;
	else if (sign->own)
		differ(opinion, sign->rule);
}

static void ask_leads(const struct signs *signs, struct opinion *opinion)
{
	struct range range = {0, signs->count};

	for (size_t at = 0; at < opinion->value.len && range.low < range.high;) {
		narrow(signs, &range, at, tolower(opinion->value.ptr[at]));
		at++;
		for (size_t i = range.low; i < range.high && !signs->items[i].text[at]; i++)
			ask(opinion, &signs->items[i]);
	}
}

/* Whether a word, or a part of a camelCased one, starts here. */
static bool starts_word(struct bytes text, size_t at)
{
	int here = text.ptr[at], before = at ? text.ptr[at - 1] : ' ';

	return isalnum(here) && (!isalpha(before) || (isupper(here) && !isupper(before)));
}

static bool joins_words(int c)
{
	return c == '_' || c == '-' || c == '.' || c == ' ';
}

/*
 * Whether a name ends before this place; `asks`: a word must follow that follows names, or a sign.
 */
static bool ends_name(struct bytes text, size_t at, bool asks)
{
	static const char *const words[] = {"api",  "key",  "tok", "sec",       "acc",    "auth",
	                                    "pass", "cred", "com", "configure", "client", "io"};
	int next = at < text.len ? text.ptr[at] : '"';
	bool ends = !islower(next);

	if (ispunct(next) && next != '_' && next != '-' && next != '.')
		return true;

	if (at < text.len && joins_words(text.ptr[at]))
		at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (at + len <= text.len &&
		    strncasecmp((const char *)text.ptr + at, words[i], len) == 0)
			return true;
	}
	return ends && !asks;
}

/* Asks the rules whose names start at this place of the text. */
static void ask_names_at(const struct signs *signs, struct bytes text, size_t start,
                         struct opinion *opinion)
{
	struct range range = {0, signs->count};
	size_t at = 0;

	for (size_t i = start; i < text.len && at < TEXT_MAX && range.low < range.high; i++) {
		int c = text.ptr[i];

		if (i > start && joins_words(c) && !joins_words(text.ptr[i - 1]))
			continue;
		if (!isalnum(c))
			return;
		narrow(signs, &range, at++, tolower(c));
		for (size_t k = range.low; k < range.high && !signs->items[k].text[at]; k++) {
			if (ends_name(text, i + 1, signs->items[k].asks))
				ask(opinion, &signs->items[k]);
		}
	}
}

static void ask_names(const struct signs *signs, struct bytes text, struct opinion *opinion)
{
	for (size_t at = 0; at < text.len; at++) {
		if (starts_word(text, at))
			ask_names_at(signs, text, at, opinion);
	}
}

const struct rule *misfits_find(const struct misfits *misfits, struct matcher *matcher,
                                struct bytes text, size_t start, size_t end)
{
	struct opinion opinion = {.matcher = matcher,
	                          .text = text,
	                          .start = start,
	                          .end = end,
	                          .value = bytes_slice(text, start, end)};
	size_t from = start, to = end;

	ask_leads(&misfits->leads, &opinion);
	if (opinion.value.len >= NAMED_MIN) {
		for (int lines = 0; from > 0 && start - from < BEFORE_MAX; from--) {
			if (text.ptr[from - 1] == '\n' && ++lines == LINES_MAX)
				break;
		}
		while (to < text.len && to - end < BEHIND_MAX && text.ptr[to] != '\n')
			to++;
		ask_names(&misfits->names, bytes_slice(text, from, start), &opinion);
		ask_names(&misfits->names, bytes_slice(text, end, to), &opinion);
	}
	return opinion.fits ? NULL : opinion.near;
}
