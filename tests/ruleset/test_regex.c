/*
 * What is read out of an expression, exactly; that it holds for what PCRE2 matches is proved in
 * tests/detect/test_regex.c.
 */
#include "ruleset/regex.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

struct width_case {
	const char *expression;
	uint32_t min, behind, width, ahead;
};

static void widths_and_reach_are_exact(void **state)
{
	static const struct width_case cases[] = {
	    {"", 0, 0, 0, 0},
	    {"abc", 3, 0, 3, 0},
	    {"a|bcd|", 0, 0, 3, 0},
	    {"a{2,5}b?c+", 3, 0, UNBOUNDED, 0},
	    {"a{3}{4}", 12, 0, 12, 0},
	    {"(?:ab|c){2,3}d", 3, 0, 7, 0},
	    {"a{0}b", 1, 0, 1, 0},
	    {"a{2,}", 2, 0, UNBOUNDED, 0},
	    {"(?:a*){0}b", 1, 0, 1, 0},
	    {"a*?b++", 1, 0, UNBOUNDED, 0},
	    {"^a$", 1, 1, 1, 2},
	    {"(?m)^a$", 1, 1, 1, 1},
	    {"\\Aa\\z", 1, 1, 1, 1},
	    {"a\\Z", 1, 0, 1, 2},
	    {"\\ba\\B", 1, 1, 1, 1},
	    {"(?<!ab|c)d(?=efg)", 1, 2, 1, 3},
	    {"(?=abc)a", 1, 0, 1, 3},
	    {"(?=(?<=xy)a|bcde\\b)f", 1, 2, 1, 5},
	    {"(?<=a(?=bcd))e", 1, 1, 1, 3},
	    {"(?!a*)b", 1, 0, UNBOUNDED, UNBOUNDED},
	    {"(a)\\1", 1, UNBOUNDED, UNBOUNDED, UNBOUNDED},
	    {"(?<n>a)\\k<n>b", 2, UNBOUNDED, UNBOUNDED, UNBOUNDED},
	    {"(a)\\g{-1}(?1)(?R)?(?P>x)(?&x)(?P=x)", 1, UNBOUNDED, UNBOUNDED, UNBOUNDED},
	    {"\\R\\h\\N.", 4, 0, 5, 0},
	    {"\\Qab*\\E{2}", 4, 0, 4, 0},
	    {"\\Q\\E\\Qa.", 2, 0, 2, 0},
	    {"a(?#comment)b", 2, 0, 2, 0},
	    {"a(?#comment){3}", 3, 0, 3, 0},
	    {"a\\E{3}", 3, 0, 3, 0},
	    {"(?x) a b # c\n {2} [ ]", 4, 0, 4, 0},
	    {"(?x: a ) b", 3, 0, 3, 0},
	    {"(?>a|bc)(?|d|(e))(?i:f)(?<g>h)(?P<i>j)(?'k'l)", 6, 0, 7, 0},
	    {"a{,5}b{c{1,d", 12, 0, 12, 0},
	    {"\\x41\\x{41}\\0\\012\\cA\\a\\e\\f\\n\\r\\t\\u0041", 12, 0, 12, 0},
	    {"\\101", 0, UNBOUNDED, UNBOUNDED, UNBOUNDED}, /* a reference if there are groups */
	    {"\\g+1a", 1, UNBOUNDED, UNBOUNDED, UNBOUNDED},
	    {"[]a][^]a][a\\]]", 3, 0, 3, 0},
	    {"\xc3\xa9+", 2, 0, UNBOUNDED, 0},
	    {"a{65535}{65535}{2}", UNBOUNDED, 0, UNBOUNDED, 0},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct width_case *c = &cases[i];
		struct regex_facts facts;
		struct error error = {0};

		if (regex_analyse(c->expression, &arena, &facts, &error))
			fail_msg("%s: %s", c->expression, error.message);
		if (facts.min_width != c->min || facts.reach.behind != c->behind ||
		    facts.reach.width != c->width || facts.reach.ahead != c->ahead)
			fail_msg("%s: %u, %u %u %u", c->expression, facts.min_width,
			         facts.reach.behind, facts.reach.width, facts.reach.ahead);
	}
	arena_release(&arena);
}

struct stub_case {
	const char *expression;
	uint32_t prefix;
	struct anchor anchors[4]; /* up to the first without a stub */
};

static void stubs_and_prefixes_are_exact(void **state)
{
	static const struct stub_case cases[] = {
	    {"sqco_[0-9a-zA-Z]{59}",
	     5,
	     {{{"sqco\\x5f[\\x30-\\x39\\x41-\\x5a\\x61-\\x7a]{3}", false, 8}, 0, 0}}},
	    {"\\b(ghp_[0-9]{36})\\b", 4, {{{"ghp\\x5f[\\x30-\\x39]{4}", false, 8}, 0, 0}}},
	    /* The same letters in either case; what follows is of no fixed width. */
	    {"(?i)acme.{0,20}([a-z]{30})",
	     0,
	     {{{"[\\x41\\x61][\\x43\\x63][\\x4d\\x6d][\\x45\\x65]", false, 4}, 0, 0}}},
	    {"(?:(?i)ab|cd)e_f",
	     5, /* the flag holds in the next branch, too */
	     {{{"[\\x41\\x61][\\x42\\x62]e\\x5ff", false, 5}, 0, 0},
	      {{"[\\x43\\x63][\\x44\\x64]e\\x5ff", false, 5}, 0, 0}}},
	    {"x{0,5}ghp_[a-f]{3}", 0, {{{"ghp\\x5f[\\x61-\\x66]{3}", false, 7}, 0, 5}}},
	    {"(?:foo_|barbaz-)[0-9]{4}",
	     4,
	     {{{"fo{2}\\x5f[\\x30-\\x39]{4}", false, 8}, 0, 0},
	      {{"barbaz\\x2d[\\x30-\\x39]", false, 8}, 0, 0}}},
	    {"(?:abcd)?efgh_",
	     5,
	     {{{"efgh\\x5f", false, 5}, 0, 0}, {{"abcdefgh", false, 8}, 0, 0}}},
	    {"(?s).{3}tok_abc", 0, {{{"tok\\x5fabc", false, 7}, 3, 3}}},
	    {".*secret_key", 0, {{{"secret\\x5fk", false, 8}, 0, UNBOUNDED}}},
	    {"tok_abc{0}def", 9, {{{"ok\\x5fabdef", false, 8}, 1, 1}}},
	    {"tok_abc{2,}d", 8, {{{"tok\\x5fabc{2}", false, 8}, 0, 0}}},
	    {"k(ey_ab(c)d)", 7, {{{"key\\x5fabcd", false, 8}, 0, 0}}},
	    {"xyz_(?:\\b|(?!a))w", 5, {{{"xyz\\x5fw", false, 5}, 0, 0}}},
	    {"\\Qa*b|\\E[c]", 5, {{{"a\\x2ab\\x7cc", false, 5}, 0, 0}}},
	    {"abcdefghijklmnopqrstuvwxyz", 16, {{{"jklmnopq", false, 8}, 9, 9}}},
	    /* The end of a common word tells nothing: transfer, connection. */
	    {"transferwise", 12, {{{"ransferw", false, 8}, 1, 1}}},
	    /* Not selective enough, or not in every match. */
	    {"[0-9a-f]{40}", 0, {{{0}, 0, 0}}},
	    {"a|bcdefgh", 1, {{{0}, 0, 0}}},
	    {"(?:bcdefgh)*", 0, {{{0}, 0, 0}}},
	    {"ab", 2, {{{0}, 0, 0}}},
	    {"(?=bcdefgh)b", 1, {{{0}, 0, 0}}},
	    {"[ab]{20}", 8, {{{0}, 0, 0}}},
	    /* Where the group may be missing, the secret is something else: no prefix is safe. */
	    {"(abc)?def_g",
	     0,
	     {{{"def\\x5fg", false, 5}, 0, 0}, {{"abcdef\\x5fg", false, 8}, 0, 0}}},
	    {"(?:(sk_ab)|x_key)y{3}",
	     0,
	     {{{"sk\\x5faby{3}", false, 8}, 0, 0}, {{"x\\x5fkey{4}", false, 8}, 0, 0}}},
	    {"(?|(abcd)|(e))fgh_i",
	     0,
	     {{{"abcdfgh\\x5f", false, 8}, 0, 0}, {{"efgh\\x5fi", false, 6}, 0, 0}}},
	    {"xyz_(?=(abc))a", 0, {{{"xyz\\x5fa", false, 5}, 0, 0}}},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct stub_case *c = &cases[i];
		struct regex_facts facts;
		struct error error = {0};
		size_t count = 0;

		if (regex_analyse(c->expression, &arena, &facts, &error))
			fail_msg("%s: %s", c->expression, error.message);
		if (facts.prefix_len != c->prefix)
			fail_msg("%s: prefix %u", c->expression, facts.prefix_len);
		for (; count < 4 && c->anchors[count].stub.expression; count++) {
			const struct anchor *want = &c->anchors[count];
			const struct anchor *got = &facts.anchors[count];

			assert_true(count < facts.anchor_count);
			assert_string_equal(got->stub.expression, want->stub.expression);
			assert_false(got->stub.caseless);
			assert_int_equal(got->stub.width, want->stub.width);
			assert_int_equal(got->first, want->first);
			assert_int_equal(got->last, want->last);
		}
		assert_int_equal(facts.anchor_count, count);
	}
	arena_release(&arena);
}

static void groups_are_seen_wherever_they_stand(void **state)
{
	static const struct {
		const char *expression;
		bool has_groups;
	} cases[] = {
	    {"a", false},       {"(?:a)", false},    {"\\(a\\)", false},   {"[(]a[)]", false},
	    {"(a)", true},      {"(?<n>a)", true},   {"(?P<n>a)", true},   {"(?'n'a)", true},
	    {"(?=(a))a", true}, {"(?:b|(a))", true}, {"\\Q(a)\\E", false}, {"(?#(a)b", false},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex_facts facts;

		assert_int_equal(regex_analyse(cases[i].expression, &arena, &facts, NULL), 0);
		assert_int_equal(facts.has_groups, cases[i].has_groups);
	}
	arena_release(&arena);
}

static void what_java_reads_differently_is_translated(void **state)
{
	static const char *const cases[][2] = {
	    /* PCRE2's own syntax stays as it is. */
	    {"(?i)\\x41[\\]a-f[:alpha:]\\x00-\\x1f]+?(?#c)",
	     "(?i)\\x41[\\]a-f[:alpha:]\\x00-\\x1f]+?(?#c)"},
	    {"\\1(?#)2", "\\1(?#)2"},
	    {"[&&a]b&&c[&]", "[&&a]b&&c[&]"},
	    {"\\u0041\\u000a[\\u0041\\u0042-z]", "\\x41\\x0a[\\x41-\\x7a]"},
	    {"\\p{Alnum}+", "[\\x30-\\x39\\x41-\\x5a\\x61-\\x7a]+"},
	    {"\\p{Digit}", "[\\x30-\\x39]"},
	    {"\\P{Digit}", "[\\x00-\\x2f\\x3a-\\xff]"},
	    {"\\p{^Digit}", "[\\x00-\\x2f\\x3a-\\xff]"},
	    {"\\P{^Digit}", "[\\x30-\\x39]"},
	    {"\\p{ASCII}", "[\\x00-\\x7f]"},
	    {"\\p{Cntrl}", "[\\x00-\\x1f\\x7f]"},
	    {"\\p{Punct}", "[\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e]"},
	    {"\\p{Graph}", "[\\x21-\\x7e]"},
	    {"\\p{Print}", "[\\x20-\\x7e]"},
	    {"\\p{Blank}", "[\\x09\\x20]"},
	    {"\\p{Space}", "[\\x09-\\x0d\\x20]"},
	    {"\\p{XDigit}", "[\\x30-\\x39\\x41-\\x46\\x61-\\x66]"},
	    {"[\\p{Upper}_]", "[\\x41-\\x5a\\x5f]"},
	    {"[^\\p{Lower}]", "[\\x00-\\x60\\x7b-\\xff]"},
	    {"(?i)[\\p{Lower}&&[^b-y]]", "(?i)[\\x41\\x5a\\x61\\x7a]"},
	    {"[a-z&&[^b-y]]", "[\\x61\\x7a]"},
	    {"[a-z&&b-d]", "[\\x62-\\x64]"},
	    {"[a-z&&b-y&&[^c-x]]", "[\\x62\\x79]"},
	    {"[a-z&&[b-y]&&c-e]", "[\\x63-\\x65]"},
	    {"[^a-z&&[b-y]]", "[\\x00-\\x61\\x7a-\\xff]"},
	    {"[a&&a]{2}", "a{2}"},
	    {"[-&&-]", "\\x2d"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex_facts facts;
		struct error error = {0};

		if (regex_analyse(cases[i][0], &arena, &facts, &error))
			fail_msg("%s: %s", cases[i][0], error.message);
		assert_string_equal(facts.translated, cases[i][1]);
	}
	arena_release(&arena);
}

static void what_cannot_be_used_is_refused(void **state)
{
	static const struct {
		const char *expression;
		unsigned offset; /* of the message, in bytes */
		const char *message;
	} cases[] = {
	    {"(*UTF)a", 1, "(*VERBS)"},
	    {"a(*SKIP)b", 2, "(*VERBS)"},
	    {"a(?(1)b|c)", 3, "conditions"},
	    {"a(?(?=b)c)", 3, "conditions"},
	    {"a(?C1)b", 3, "callouts"},
	    {"\\Ga", 1, "\\G, \\K, \\C and \\X"},
	    {"a\\Kb", 2, "\\G, \\K, \\C and \\X"},
	    {"\\C", 1, "\\G, \\K, \\C and \\X"},
	    {"\\X", 1, "\\G, \\K, \\C and \\X"},
	    {"(?xx)[a b]", 2, "the flag xx"},
	    {"(?n)a", 2, "unknown flag"},
	    {"(?J)a", 2, "unknown flag"},
	    {"(?d)a", 2, "unknown flag"},
	    {"(?*a)", 2, "unknown flag"},
	    {"\\p{Lu}", 2, "\\p{...}"},
	    {"\\p{IsAlphabetic}", 2, "\\p{...}"},
	    {"\\p{Alph", 2, "write \\p{Name}"},
	    {"\\pL", 2, "write \\p{Name}"},
	    {"[\\p{javaLowerCase}]", 3, "\\p{...}"},
	    {"\\u00e9", 1, "escapes"},
	    {"\\u004", 1, "escapes"},
	    {"\\x{100}", 1, "escapes"},
	    {"\\x{4", 1, "escapes"},
	    {"\\c\n", 1, "escapes"},
	    {"\\c", 1, "escapes"},
	    {"\\o{101}", 1, "unknown escape"},
	    {"\\y", 1, "unknown escape"},
	    {"a\\", 2, "a backslash at the end"},
	    {"[\\y]", 2, "unknown escape in a class"},
	    {"[\\1]", 2, "unknown escape in a class"},
	    {"[\\R]", 2, "unknown escape in a class"},
	    {"[a", 2, "closing bracket"},
	    {"[", 1, "closing bracket"},
	    {"[]", 2, "closing bracket"},
	    {"[^]", 3, "closing bracket"},
	    {"[\\Qa]", 5, "closing bracket"},
	    {"[\\", 2, "unknown escape in a class"},
	    {"[a[b]]", 2, "a class inside a class"},
	    {"[[:<:]]", 1, "unknown class name"},
	    {"[[:foo:]]", 1, "unknown class name"},
	    {"[[:alpha", 1, "unknown class name"},
	    {"[z-a]", 2, "a range runs backwards"},
	    {"[a-&&b]", 2, "a range runs backwards"},
	    {"[\xc3\xa9]", 1, "outside ASCII"},
	    {"[a&&b]", 6, "a class that no byte is in"},
	    {"[\\Qa\\E-z]", 6, "a range behind"},
	    {"[\\Ea]", 3, "an empty \\Q\\E"},
	    {"[^\\Q\\E]a]", 6, "an empty \\Q\\E"},
	    {"[a&&]b]", 4, "&& in a class"},
	    {"[a-z&&[:alpha:]]", 7, "&& in a class"},
	    {"[a-z&&[b]c]", 9, "what follows &&"},
	    {"*a", 0, "nothing to repeat"},
	    {"a|+", 2, "nothing to repeat"},
	    {"(?:?a)", 3, "nothing to repeat"},
	    {"a{3,2}", 6, "bounds the wrong way round"},
	    {"a{1}{1}{1}{1}{1}", 16, "too many quantifiers"},
	    {"(a", 2, "closing parenthesis"},
	    {"(?:a", 4, "closing parenthesis"},
	    {"(?", 2, "closing parenthesis"},
	    {"(?i", 3, "closing parenthesis"},
	    {"(?R", 3, "closing parenthesis"},
	    {"(?#a", 4, "a comment has no closing parenthesis"},
	    {"(?#", 3, "a comment has no closing parenthesis"},
	    {"(?<a", 4, "a group's name has no end"},
	    {"(?<a b>c)", 4, "a group's name"},
	    {"\\k<a", 1, "a reference has no end"},
	    {"a)b", 1, "without an opening one"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex_facts facts;
		struct error error = {0};
		char place[64];

		if (regex_analyse(cases[i].expression, &arena, &facts, &error) != ERR_SYNTAX)
			fail_msg("%s is not refused", cases[i].expression);
		assert_int_equal(error.code, ERR_SYNTAX);
		snprintf(place, sizeof(place), "at offset %u of the pattern: ", cases[i].offset);
		if (strncmp(error.message, place, strlen(place)) != 0 ||
		    !strstr(error.message, cases[i].message))
			fail_msg("%s: %s", cases[i].expression, error.message);
	}
	arena_release(&arena);
}

/* Text repeated, then the middle, then other text repeated. */
static char *nested(const char *open, const char *middle, const char *close, unsigned times)
{
	struct buf text;
	char *copy;

	buf_init(&text, (size_t)1024 * 1024);
	for (unsigned i = 0; i < times; i++)
		buf_append(&text, bytes_of(open));
	buf_append(&text, bytes_of(middle));
	for (unsigned i = 0; i < times; i++)
		buf_append(&text, bytes_of(close));
	copy = strdup(buf_text(&text));
	buf_release(&text);
	return copy;
}

static void hostile_expressions_cost_little(void **state)
{
	static const struct {
		const char *open, *middle, *close;
		unsigned times;
		enum err err;
	} cases[] = {
	    {"a", "", "", 65536, ERR_NONE},
	    {"a", "", "", 65537, ERR_SYNTAX},
	    {"(", "a", ")", 100, ERR_NONE},
	    {"(", "a", ")", 101, ERR_SYNTAX},
	    {"(", "", "", 60000, ERR_SYNTAX},
	    {"(?:", "a", ")?", 99, ERR_NONE},
	    {"(?:", "a", "|){2}", 99, ERR_NONE},
	    {"(?:", "a", "|b){2}{2}{2}{2}", 99, ERR_NONE},
	    {"(?:", "", "){60000}{60000}", 99, ERR_NONE},
	    {"(?:", "\\b", "){1000}", 99, ERR_NONE},
	    {"(?:a?b?", "", "){3}", 99, ERR_NONE},
	    {"(?:a|b|c", "", ")(?:d|e)", 99, ERR_NONE},
	    {"(?=", "a", ")", 99, ERR_NONE},
	    {"(?:)", "", "", 16000, ERR_NONE},
	    {"(?:){9}", "", "", 9000, ERR_NONE},
	    {"^", "", "", 60000, ERR_NONE},
	    {"a?", "", "", 32000, ERR_NONE},
	    {"(?:|)", "", "", 13000, ERR_NONE},
	    {"a|", "", "", 32000, ERR_NONE},
	    {"(?:a|b|c|d|e|f|g|h)k_", "", "", 2500, ERR_NONE},
	    {"(?:abc|bcd|cde|def|efg|fgh)", "", "", 2000, ERR_NONE},
	    {"\\p{Punct}", "", "", 7000, ERR_NONE},
	    {"[", "", "", 60000, ERR_SYNTAX},
	    {"[a&&", "a", "]", 90, ERR_NONE},
	    {"[a&&", "a", "]", 110, ERR_SYNTAX},
	    {"a{1}", "{1}{1}{1}{1}", "", 1, ERR_SYNTAX},
	    {"(?i)", "", "", 16000, ERR_NONE},
	    {"\\Q", "", "\\E", 16000, ERR_NONE},
	    {"(?#)", "", "", 16000, ERR_NONE},
	};
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = nested(cases[i].open, cases[i].middle, cases[i].close, cases[i].times);
		struct regex_facts facts;
		struct arena arena = {0};

		assert_int_equal(regex_analyse(text, &arena, &facts, NULL), cases[i].err);
		arena_release(&arena);
		free(text);
	}
	/* A fraction of a second; sanitizers and slow machines take more. */
	assert_true(clock() - start < 30 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(widths_and_reach_are_exact),
	    cmocka_unit_test(stubs_and_prefixes_are_exact),
	    cmocka_unit_test(groups_are_seen_wherever_they_stand),
	    cmocka_unit_test(what_java_reads_differently_is_translated),
	    cmocka_unit_test(what_cannot_be_used_is_refused),
	    cmocka_unit_test(hostile_expressions_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
