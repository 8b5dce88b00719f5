#include "base/buf.h"
#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	struct arena arena;
	struct error error;
	const struct yaml_node *root;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){0};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->arena);
	return 0;
}

static enum err read_bytes(struct fixture *f, struct bytes text)
{
	return yaml_read(&f->root, &f->arena, "x.yaml", text, &f->error);
}

static enum err read_text(struct fixture *f, const char *text)
{
	return read_bytes(f, bytes_of(text));
}

static void assert_refused(struct fixture *f, const char *text, enum err err, const char *message)
{
	assert_int_equal(read_text(f, text), err);
	assert_int_equal(f->error.code, err);
	assert_string_equal(f->error.message, message);
	assert_null(f->root);
}

/* prefix, then `count` times `unit`, then suffix */
static void repeat(struct buf *b, const char *prefix, const char *unit, size_t count,
                   const char *suffix)
{
	buf_init(b, 64 * 1024 * 1024);
	assert_int_equal(buf_append(b, bytes_of(prefix)), ERR_NONE);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(buf_append(b, bytes_of(unit)), ERR_NONE);
	assert_int_equal(buf_append(b, bytes_of(suffix)), ERR_NONE);
}

static void assert_repeat_refused(struct fixture *f, const char *unit, size_t count, enum err err,
                                  const char *message)
{
	struct buf text;

	repeat(&text, "", unit, count, "");
	assert_int_equal(read_bytes(f, buf_bytes(&text)), err);
	assert_string_equal(f->error.message, message);
	buf_release(&text);
}

static void a_document_becomes_a_tree_with_lines(void **state)
{
	struct fixture *f = *state;
	const struct yaml_node *list, *map;

	assert_int_equal(read_text(f, "# a comment\n"
	                              "list:\n"
	                              "  - plain\n"
	                              "  - \"quo\\tted\"\n"
	                              "\n"
	                              "map: {a: 1,\n"
	                              "  'b': ''}\n"
	                              "block: |\n"
	                              "  one\n"
	                              "  two\n"),
	                 ERR_NONE);
	assert_int_equal(f->root->kind, YAML_MAPPING);
	assert_int_equal(f->root->line, 2);
	assert_null(f->root->key);
	assert_int_equal(f->root->count, 3);

	list = yaml_get(f->root, "list");
	assert_ptr_equal(list, &f->root->children[0]);
	assert_int_equal(list->kind, YAML_SEQUENCE);
	assert_int_equal(list->key_line, 2);
	assert_int_equal(list->line, 3);
	assert_int_equal(list->count, 2);
	assert_null(list->children[0].key);
	assert_string_equal(list->children[0].text, "plain");
	assert_true(list->children[0].plain);
	assert_string_equal(list->children[1].text, "quo\tted");
	assert_false(list->children[1].plain);
	assert_int_equal(list->children[1].line, 4);

	map = yaml_get(f->root, "map");
	assert_int_equal(map->kind, YAML_MAPPING);
	assert_int_equal(map->line, 6);
	assert_string_equal(yaml_get(map, "a")->text, "1");
	assert_string_equal(yaml_get(map, "b")->text, "");
	assert_int_equal(yaml_get(map, "b")->key_line, 7);
	assert_null(yaml_get(map, "c"));
	assert_null(yaml_get(list, "a"));

	assert_string_equal(yaml_get(f->root, "block")->text, "one\ntwo\n");
	assert_int_equal(yaml_get(f->root, "block")->line, 8);
}

static void a_byte_order_mark_and_crlf_change_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "\xef\xbb\xbf"
	                              "a: |\r\n  x\r\n  y\r\nb: \xc3\xa9\r\n"),
	                 ERR_NONE);
	assert_int_equal(f->root->count, 2);
	assert_string_equal(yaml_get(f->root, "a")->text, "x\ny\n");
	assert_string_equal(yaml_get(f->root, "b")->text, "\xc3\xa9");
	assert_int_equal(yaml_get(f->root, "b")->line, 4);
}

static void an_empty_document_is_refused(void **state)
{
	const char *message = "x.yaml:1: nothing but space and comments; write a mapping";

	struct fixture *f = *state;

	assert_refused(*state, "", ERR_SYNTAX, message);
	assert_int_equal(
	    yaml_read(&f->root, &f->arena, "x.yaml", (struct bytes){NULL, 0}, &f->error),
	    ERR_SYNTAX);
	assert_string_equal(f->error.message, message);
	assert_refused(*state, "\xef\xbb\xbf", ERR_SYNTAX, message);
	assert_refused(*state, "\n# nothing\n", ERR_SYNTAX,
	               "x.yaml:3: nothing but space and comments; write a mapping");
}

static void a_second_document_is_refused(void **state)
{
	assert_refused(*state, "a: 1\n---\nb: 2\n", ERR_SYNTAX,
	               "x.yaml:2: a second document (---); put it in its own file");
}

static void a_key_stands_once(void **state)
{
	assert_refused(*state, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", ERR_SYNTAX,
	               "x.yaml:5: the key `c` stands in line 3 already; remove one");
	assert_refused(*state, "{a: 1, 'a': 2}", ERR_SYNTAX,
	               "x.yaml:1: the key `a` stands in line 1 already; remove one");
}

static void a_key_is_text(void **state)
{
	assert_refused(*state, "a: 1\n? [b, c]\n: 2\n", ERR_SYNTAX,
	               "x.yaml:2: a key that is no text; quote it");
}

static void aliases_anchors_and_tags_are_refused(void **state)
{
	assert_refused(*state, "a: &x [lol, lol]\nb: [*x, *x]\n", ERR_LIMIT,
	               "x.yaml:1: an anchor (&); write the value out at each place");
	assert_refused(*state, "a: &x lol\n", ERR_LIMIT,
	               "x.yaml:1: an anchor (&); write the value out at each place");
	assert_refused(*state, "a: &x\n  b: 1\n", ERR_LIMIT,
	               "x.yaml:1: an anchor (&); write the value out at each place");
	assert_refused(*state, "a: 1\nb: *x\n", ERR_LIMIT,
	               "x.yaml:2: an alias (*); write the value out");
	assert_refused(*state, "a: !!binary Zm9v\n", ERR_SYNTAX,
	               "x.yaml:1: a tag (!); remove it, or quote the value");
	assert_refused(*state, "a: !x [b]\n", ERR_SYNTAX,
	               "x.yaml:1: a tag (!); remove it, or quote the value");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct fixture *f = *state;
	static const unsigned char nul[] = {'a', ':', ' ', 'b', '\n', 0, 'c'};
	static const unsigned char utf16[] = {0xff, 0xfe, 'a', 0, ':', 0, ' ', 0, 'b', 0};

	assert_refused(f, "a: 1\nb: \xff\n", ERR_SYNTAX,
	               "x.yaml:2: invalid leading UTF-8 octet; save the file as UTF-8 text");
	assert_refused(f, "a: \xc3", ERR_SYNTAX,
	               "x.yaml:1: incomplete UTF-8 octet sequence; save the file as UTF-8 text");
	assert_refused(f, "a: \"b\\0c\"\n", ERR_SYNTAX,
	               "x.yaml:1: a NUL character (\\0); remove it");
	assert_int_equal(read_bytes(f, (struct bytes){nul, sizeof(nul)}), ERR_SYNTAX);
	assert_string_equal(
	    f->error.message,
	    "x.yaml:2: control characters are not allowed; save the file as UTF-8 text");
	assert_int_equal(read_bytes(f, (struct bytes){utf16, sizeof(utf16)}), ERR_SYNTAX);
	assert_string_equal(f->error.message,
	                    "x.yaml:1: invalid leading UTF-8 octet; save the file as UTF-8 text");
}

static void bad_syntax_names_the_line(void **state)
{
	assert_refused(*state, "a:\n  - b\n c\n", ERR_SYNTAX,
	               "x.yaml:3: while parsing a block mapping: did not find expected key; check "
	               "indent and quotes");
	assert_refused(*state, "a: 'open\n", ERR_SYNTAX,
	               "x.yaml:2: while scanning a quoted scalar: found unexpected end of stream; "
	               "check indent and quotes");
	assert_refused(*state, "a:\n\tb: 2\n", ERR_SYNTAX,
	               "x.yaml:2: while scanning for the next token: found character that cannot "
	               "start any token; check indent and quotes");
}

static void control_characters_of_a_file_name_are_escaped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    yaml_read(&f->root, &f->arena, "a\x1b[31m\n%s.yaml", bytes_of("[*a]"), &f->error),
	    ERR_LIMIT);
	assert_string_equal(f->error.message,
	                    "a\\x1b[31m\\x0a%s.yaml:1: an alias (*); write the value out");
}

static void depth_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	repeat(&text, "", "[", YAML_DEPTH_MAX, "");
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		assert_int_equal(buf_append(&text, bytes_of("]")), ERR_NONE);
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_NONE);
	buf_release(&text);
	assert_repeat_refused(f, "[", YAML_DEPTH_MAX + 1, ERR_LIMIT,
	                      "x.yaml:1: nested too deep; write it flatter");
}

static void deep_nesting_ends_at_once(void **state)
{
	const char *message = "x.yaml:1: nested too deep; write it flatter";

	assert_repeat_refused(*state, "[", 1000000, ERR_LIMIT, message);
	assert_repeat_refused(*state, "{a: ", 1000000, ERR_LIMIT, message);
	assert_repeat_refused(*state, "- ", 1000000, ERR_LIMIT, message);
	assert_repeat_refused(*state, "? ", 1000000, ERR_LIMIT, message);
	assert_repeat_refused(*state, "[\n", 1000000, ERR_LIMIT,
	                      "x.yaml:33: nested too deep; write it flatter");
}

static void size_is_bounded(void **state)
{
	assert_repeat_refused(*state, "a", YAML_SIZE_MAX + 1, ERR_LIMIT,
	                      "x.yaml:1: larger than 4 MiB; split the file");
}

static void a_huge_scalar_is_read(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	repeat(&text, "a: ", "0123456789abcdef", 200000, "\n");
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_NONE);
	assert_int_equal(strlen(yaml_get(f->root, "a")->text), 3200000);
	buf_release(&text);
}

static void the_number_of_values_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	repeat(&text, "[", "a,", YAML_NODES_MAX, "]");
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_LIMIT);
	assert_string_equal(f->error.message, "x.yaml:1: too many values; split the file");
	buf_release(&text);
}

/* Comparing each key with each would take minutes. */
static void very_many_keys_are_compared_quickly(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	repeat(&text, "", "", 0, "");
	for (int i = 0; i < 150000; i++)
		assert_int_equal(buf_appendf(&text, "k%d: 1\n", i), ERR_NONE);
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_NONE);
	assert_int_equal(f->root->count, 150000);
	assert_int_equal(buf_appendf(&text, "k77: 1\n"), ERR_NONE);
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_SYNTAX);
	assert_string_equal(f->error.message, "x.yaml:150001: the key `k77` stands in line 78 "
	                                      "already; remove one");
	buf_release(&text);
}

/* libyaml compares each %TAG line with all before it, before its first event. */
static void directives_are_refused_before_they_cost(void **state)
{
	struct fixture *f = *state;
	static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8",
	                                     "\xe2\x80\xa9"};
	struct buf text;

	assert_refused(f, "%YAML 1.1\n---\na: 1\n", ERR_SYNTAX,
	               "x.yaml:1: a line that starts with %; remove or indent it");
	repeat(&text, "", "", 0, "# tags\n");
	for (int i = 0; i < 200000; i++)
		assert_int_equal(buf_appendf(&text, "%%TAG !%d! x\n", i), ERR_NONE);
	assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_SYNTAX);
	assert_string_equal(f->error.message,
	                    "x.yaml:2: a line that starts with %; remove or indent it");
	buf_release(&text);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		repeat(&text, "#", breaks[i], 1, "%TAG !a! b");
		assert_int_equal(read_bytes(f, buf_bytes(&text)), ERR_SYNTAX);
		assert_non_null(strstr(f->error.message, "a line that starts with %"));
		buf_release(&text);
	}
	assert_int_equal(read_text(f, "a: \xc3\xa9%\nb: |\n  %x\n"), ERR_NONE);
	assert_string_equal(yaml_get(f->root, "b")->text, "%x\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_document_becomes_a_tree_with_lines),
	    TEST(a_byte_order_mark_and_crlf_change_nothing),
	    TEST(an_empty_document_is_refused),
	    TEST(a_second_document_is_refused),
	    TEST(a_key_stands_once),
	    TEST(a_key_is_text),
	    TEST(aliases_anchors_and_tags_are_refused),
	    TEST(bytes_that_are_no_text_are_refused),
	    TEST(bad_syntax_names_the_line),
	    TEST(control_characters_of_a_file_name_are_escaped),
	    TEST(depth_is_bounded),
	    TEST(deep_nesting_ends_at_once),
	    TEST(size_is_bounded),
	    TEST(a_huge_scalar_is_read),
	    TEST(the_number_of_values_is_bounded),
	    TEST(very_many_keys_are_compared_quickly),
	    TEST(directives_are_refused_before_they_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
