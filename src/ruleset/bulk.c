#include "ruleset/bulk.h"

#include "ruleset/rarity.h"

enum {
	LITERAL_SET = 8,   /* bytes of a set that is one of a word: stubs look for these */
	STEPS_MAX = 50000, /* nodes that the search looks at */
	LEN_MAX = 4096,    /* bytes; a longer run tells no more */
	PLACES_MAX = 1024, /* where it may start: to look at more takes longer than PCRE2 */
};

/* A bulk that is not told apart from others by less than this is not worth the look. */
static const double BITS_MIN = 1.5;
static const double BYTE_BITS_MIN = 6.5; /* likewise, of a single byte */

/* What a node's matches are made of. */
struct stuff {
	struct byte_set bytes;
	uint32_t min;  /* bytes of the shortest */
	bool known;    /* all bytes of a match are in the set */
	bool literals; /* each place has few bytes to choose from */
};

struct search {
	struct bulk best;
	double best_bits;
	struct bulk byte; /* the last of the rarest bytes that must stand somewhere */
	double byte_bits;
	unsigned steps;
};

static struct stuff stuff_of(const struct node *n, unsigned *steps)
{
	struct stuff all = {.known = true, .literals = true};

	if (++*steps > STEPS_MAX)
		return (struct stuff){.known = false};
	switch (n->kind) {
	case NODE_SET:
		return (struct stuff){n->set, 1, true, byte_set_size(&n->set) <= LITERAL_SET};
	case NODE_LOOK:
		return all;
	case NODE_OPAQUE:
		return (struct stuff){.known = false};
	case NODE_REPEAT:
		all = stuff_of(n->child, steps);
		all.min = width_multiply(all.min, n->min);
		return all;
	case NODE_CHOICE:
		all.min = UNBOUNDED;
		break;
	case NODE_SEQUENCE:
		break;
	}
	for (const struct node *c = n->child; c && all.known; c = c->next) {
		struct stuff one = stuff_of(c, steps);

		byte_set_merge(&all.bytes, &one.bytes);
		if (n->kind == NODE_SEQUENCE)
			all.min = width_add(all.min, one.min);
		else if (one.min < all.min)
			all.min = one.min;
		all.known = one.known;
		all.literals &= one.literals;
	}
	return all;
}

/* Takes the bulk if it is rarer than the best so far. */
static void offer(struct search *s, struct bulk bulk)
{
	double bits;

	if (bulk.len > LEN_MAX)
		bulk.len = LEN_MAX;
	if (!bulk.len || bulk.last == UNBOUNDED || bulk.last - bulk.first > PLACES_MAX)
		return;
	bits = bulk.len * byte_set_bits(&bulk.bytes);
	if (bits > s->best_bits && bits >= BITS_MIN) {
		s->best = bulk;
		s->best_bits = bits;
	}
}

/* Takes the byte, for want of more, if it is as rare as the best so far: stubs stand in front. */
static void offer_byte(struct search *s, const struct byte_set *set, uint32_t first, uint32_t last)
{
	double bits = byte_set_bits(set);

	if (last == UNBOUNDED || last - first > PLACES_MAX || bits < s->byte_bits ||
	    bits < BYTE_BITS_MIN)
		return;
	s->byte = (struct bulk){*set, 1, first, last};
	s->byte_bits = bits;
}

/* Offers what n and any number of the nodes behind it consist of together. */
static void offer_together(struct search *s, const struct node *n, uint32_t first, uint32_t last)
{
	struct stuff all = {.known = true};
	bool begun = false;

	for (; n && s->steps <= STEPS_MAX; n = n->next) {
		struct stuff one = stuff_of(n, &s->steps);

		if (!one.known || (!begun && one.literals))
			return;
		begun = true;
		byte_set_merge(&all.bytes, &one.bytes);
		all.min = width_add(all.min, one.min);
		/* One that ends with a word is no better than without it. */
		if (!one.literals)
			offer(s, (struct bulk){all.bytes, all.min, first, last});
	}
}

static void search_node(struct search *s, const struct node *n, uint32_t first, uint32_t last);

/* Offers what is enough for all alternatives. */
static void search_choice(struct search *s, const struct node *n, uint32_t first, uint32_t last)
{
	struct bulk all = {.len = UNBOUNDED, .first = UNBOUNDED};

	for (const struct node *c = n->child; c; c = c->next) {
		struct search one = {.steps = s->steps};

		search_node(&one, c, first, last);
		s->steps = one.steps;
		byte_set_merge(&all.bytes, &one.best.bytes);
		all.len = one.best.len < all.len ? one.best.len : all.len;
		all.first = one.best.first < all.first ? one.best.first : all.first;
		all.last = one.best.last > all.last ? one.best.last : all.last;
	}
	offer(s, all);
}

/* Offers all that n, which starts at these offsets from the match's start, must hold. */
static void search_node(struct search *s, const struct node *n, uint32_t first, uint32_t last)
{
	if (++s->steps > STEPS_MAX)
		return;
	if (n->kind == NODE_SET) {
		offer_byte(s, &n->set, first, last);
	} else if (n->kind == NODE_LOOK && n->looked) {
		search_node(s, n->looked, first, last);
	} else if (n->kind == NODE_CHOICE) {
		search_choice(s, n, first, last);
	} else if (n->kind == NODE_REPEAT && n->min) {
		search_node(s, n->child, first, last);
	} else if (n->kind == NODE_SEQUENCE) {
		for (const struct node *c = n->child; c; c = c->next) {
			struct extent e = node_extent(c);

			offer_together(s, c, first, last);
			search_node(s, c, first, last);
			first = width_add(first, e.min);
			last = width_add(last, e.max);
		}
	}
}

struct bulk bulk_of(const struct node *root)
{
	struct search search = {.steps = 0};

	search_node(&search, root, 0, 0);
	return search.best.len ? search.best : search.byte;
}

bool bulk_stands(const struct bulk *bulk, struct bytes text, uint32_t from, uint32_t last)
{
	const unsigned char *bytes = text.ptr;
	uint64_t end = (uint64_t)last + bulk->last + bulk->len;
	uint64_t start = (uint64_t)from + bulk->first;

	if (!bulk->len)
		return true;
	if (end > text.len)
		end = text.len;
	/* A run of that length covers one of every so many bytes. */
	for (uint64_t at = start + bulk->len - 1; at < end;) {
		uint64_t first = at, behind = at + 1;

		if (!byte_set_has(&bulk->bytes, bytes[at])) {
			at += bulk->len;
			continue;
		}
		while (first > start && byte_set_has(&bulk->bytes, bytes[first - 1]))
			first--;
		while (behind < end && behind - first < bulk->len &&
		       byte_set_has(&bulk->bytes, bytes[behind]))
			behind++;
		if (behind - first >= bulk->len)
			return true;
		at = behind + bulk->len;
	}
	return false;
}
