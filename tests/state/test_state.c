#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

enum { DAY = 86400, NOW = 20000 * DAY };

static const char *const file = "s";

static void make_key(unsigned number, unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add_number(&d, number);
	digest_end(&d, key);
}

static struct state *open_at(int64_t now)
{
	struct state *s;
	struct error error;

	if (state_open(&s, file, now, &error))
		fail_msg("%s", error.message);
	return s;
}

static void put_number(struct state *s, unsigned number, const char *text)
{
	struct known_store store = state_store(s);
	unsigned char key[KNOWN_KEY_SIZE];

	make_key(number, key);
	store.put(store.context, key, bytes_of(text));
}

/* The text under the number, "none", or "?" if it cannot be believed; in `text`. */
static const char *get_number(struct state *s, unsigned number, struct buf *text)
{
	struct known_store store = state_store(s);
	unsigned char key[KNOWN_KEY_SIZE];

	make_key(number, key);
	buf_clear(text);
	if (!store.get(store.context, key, text))
		return state_check(s, NULL) ? "?" : "none";
	return buf_text(text);
}

static void assert_number(struct state *s, unsigned number, const char *expected)
{
	struct buf text;

	buf_init(&text, 65536);
	assert_string_equal(get_number(s, number, &text), expected);
	buf_release(&text);
}

static void commit(struct state *s)
{
	struct error error;

	if (state_commit(s, &error))
		fail_msg("%s", error.message);
}

/* A new file with the texts 1, 2 and 3. */
static void make_file(void)
{
	struct state *s;

	TREE_RUN("rm", "-rf", file, "s-journal");
	s = open_at(NOW);
	put_number(s, 1, "one");
	put_number(s, 2, "");
	put_number(s, 3, "three");
	commit(s);
	state_close(s);
}

static void assert_refused(enum err code, const char *why)
{
	struct state *s = NULL;
	struct error error = {0};

	assert_int_equal(state_open(&s, file, NOW, &error), code);
	assert_null(s);
	assert_non_null(strstr(error.message, why));
}

/* ---- Tests ---- */

static void what_was_committed_is_there(void **state)
{
	struct state *s;
	struct stat st;

	(void)state;
	make_file();
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = open_at(NOW);
	assert_number(s, 1, "one");
	assert_number(s, 2, "");
	assert_number(s, 4, "none");
	put_number(s, 1, "other");
	put_number(s, 4, "four");
	assert_number(s, 1, "other"); /* before it is written */
	state_close(s);
	s = open_at(NOW);
	assert_number(s, 1, "one"); /* it was not */
	put_number(s, 1, "other");
	commit(s);
	commit(s);
	state_close(s);
	s = open_at(NOW);
	assert_number(s, 1, "other");
	assert_number(s, 3, "three");
	state_close(s);
}

static void what_nobody_uses_goes(void **state)
{
	struct state *s;

	(void)state;
	make_file();
	s = open_at(NOW + 60 * DAY);
	assert_number(s, 1, "one");
	commit(s);
	state_close(s);
	s = open_at(NOW + 100 * DAY);
	assert_number(s, 1, "one");
	commit(s);
	assert_number(s, 3, "none");
	state_close(s);
}

static void two_may_have_it_open(void **state)
{
	struct state *first, *second;

	(void)state;
	make_file();
	first = open_at(NOW);
	second = open_at(NOW);
	assert_number(first, 1, "one");
	put_number(second, 1, "second");
	commit(second);
	assert_number(first, 1, "second");
	put_number(first, 3, "first");
	commit(first);
	assert_number(second, 3, "first");
	state_close(first);
	state_close(second);
}

static void other_files_are_refused(void **state)
{
	(void)state;
	TREE_RUN("rm", "-rf", file);
	tree_put(file,
	         "no database at all, but long enough to be taken for the head of one, or for "
	         "something like it, by somebody who looks at sizes");
	assert_refused(ERR_UNSUPPORTED, "name another file");
	TREE_RUN("rm", "-rf", file);
	TREE_RUN("mkdir", file);
	assert_refused(ERR_IO, "s: ");
	TREE_RUN("rmdir", file);
	TREE_RUN("mkfifo", file);
	assert_refused(ERR_IO, "no regular file");
	TREE_RUN("rm", file);
	TREE_RUN("python3", "-c",
	         "import sqlite3; c = sqlite3.connect('s'); c.execute('create table t (x)'); "
	         "c.commit()");
	assert_refused(ERR_UNSUPPORTED, "name another file");
}

static void newer_files_are_refused(void **state)
{
	(void)state;
	make_file();
	TREE_RUN("python3", "-c",
	         "import sqlite3; c = sqlite3.connect('s'); c.execute('pragma user_version=2'); "
	         "c.commit()");
	assert_refused(ERR_UNSUPPORTED, "another version of trawl; delete it");
}

static void changed_tables_are_refused(void **state)
{
	static const char *const changes[] = {
	    "create table other (x)",
	    "create trigger t after insert on entry begin delete from entry; end",
	    "alter table entry add column x",
	    "drop table entry",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		char script[256];

		make_file();
		snprintf(script, sizeof(script),
		         "import sqlite3; c = sqlite3.connect('s'); c.execute('%s'); c.commit()",
		         changes[i]);
		TREE_RUN("python3", "-c", script);
		assert_refused(ERR_CORRUPT, "delete it");
	}
}

static void a_changed_text_is_not_believed(void **state)
{
	struct error error = {0};
	struct state *s;

	(void)state;
	make_file();
	TREE_RUN("python3", "-c",
	         "import sqlite3; c = sqlite3.connect('s'); c.execute(\"update entry set value = "
	         "cast('uno' as blob) where value = cast('one' as blob)\"); c.commit()");
	s = open_at(NOW);
	assert_number(s, 3, "three");
	assert_number(s, 1, "?");
	assert_number(s, 3, "?"); /* nothing is, from then on */
	assert_int_equal(state_commit(s, &error), ERR_CORRUPT);
	assert_non_null(strstr(error.message, "delete it"));
	state_close(s);
}

static char *read_file(size_t *len)
{
	static const char *const argv[] = {"cat", "s", NULL};

	return tree_output(argv, len);
}

/* What a damaged file says is what was written, nothing, or that it is damaged. */
static void no_damage_changes_a_text(void **state)
{
	size_t len, refused = 0;
	char *good, *bad;

	(void)state;
	make_file();
	good = read_file(&len);
	bad = malloc(len);
	for (size_t at = 0; at < len; at += at < 200 ? 1 : 7) {
		struct state *s = NULL;
		struct buf text;

		memcpy(bad, good, len);
		bad[at] = (char)(bad[at] ^ (1 + at % 255));
		tree_put_bytes(file, bad, len - (at % 3 == 2 ? at % 4096 : 0));
		if (state_open(&s, file, NOW, NULL)) {
			refused++;
			continue;
		}
		buf_init(&text, 65536);
		for (unsigned i = 1; i <= 3; i++) {
			static const char *const texts[] = {"", "one", "", "three"};
			const char *found = get_number(s, i, &text);

			if (strcmp(found, "?") != 0 && strcmp(found, "none") != 0)
				assert_string_equal(found, texts[i]);
		}
		buf_release(&text);
		state_close(s);
	}
	assert_true(refused > 20);
	free(good);
	free(bad);
}

static void names_are_names_of_files(void **state)
{
	static const char *const names[] = {":memory:", "file:x?mode=memory", "a b"};
	struct state *s;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (state_open(&s, names[i], NOW, &error))
			fail_msg("%s", error.message);
		put_number(s, 1, "one");
		commit(s);
		state_close(s);
		assert_int_equal(access(names[i], R_OK), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_committed_is_there),
	    cmocka_unit_test(what_nobody_uses_goes),
	    cmocka_unit_test(two_may_have_it_open),
	    cmocka_unit_test(other_files_are_refused),
	    cmocka_unit_test(newer_files_are_refused),
	    cmocka_unit_test(changed_tables_are_refused),
	    cmocka_unit_test(a_changed_text_is_not_believed),
	    cmocka_unit_test(no_damage_changes_a_text),
	    cmocka_unit_test(names_are_names_of_files),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
