/*
 * What the tests of scans that remember share: a store in memory, scans with it and without, and
 * what may happen to a repository between two of them.
 */
#ifndef TRAWL_TESTS_HISTORY_REMEMBERING_H
#define TRAWL_TESTS_HISTORY_REMEMBERING_H

#include "fixture.h"

/* ---- A store in memory ---- */

enum { ENTRIES_MAX = 16384 };

struct entry {
	unsigned char key[KNOWN_KEY_SIZE];
	struct buf value;
};

struct memory {
	struct entry entries[ENTRIES_MAX];
	size_t count;
	size_t puts;
};

static struct memory memory;

static inline struct entry *find_entry(const unsigned char *key)
{
	for (size_t i = 0; i < memory.count; i++) {
		if (memcmp(memory.entries[i].key, key, KNOWN_KEY_SIZE) == 0)
			return &memory.entries[i];
	}
	return NULL;
}

static inline bool get_value(void *context, const unsigned char *key, struct buf *value)
{
	const struct entry *e = find_entry(key);

	(void)context;
	return e && !buf_append(value, buf_bytes(&e->value));
}

static inline void put_value(void *context, const unsigned char *key, struct bytes value)
{
	struct entry *e = find_entry(key);

	(void)context;
	memory.puts++;
	if (!e) {
		assert_true(memory.count < ENTRIES_MAX);
		e = &memory.entries[memory.count++];
		memcpy(e->key, key, KNOWN_KEY_SIZE);
		buf_init(&e->value, KNOWN_VALUE_MAX);
	}
	buf_clear(&e->value);
	buf_append(&e->value, value);
}

static inline void forget_all(void)
{
	for (size_t i = 0; i < memory.count; i++)
		buf_release(&memory.entries[i].value);
	memory.count = memory.puts = 0;
}

static const struct known_store store = {.get = get_value, .put = put_value};

/* ---- With and without ---- */

struct said {
	char *text;       /* the caller's */
	uint64_t objects; /* that were read */
	struct renewal renewal;
};

static inline struct said say(unsigned threads, const struct known_store *known)
{
	struct history_options options = fixture_options(threads, MEMORY_LARGE);
	struct said said;
	struct history h;
	struct buf out;

	options.known = known;
	options.sighting.max_size = 3000;
	options.sighting.max_size_chosen = threads % 2;
	fixture_history(&h, "r", &options);
	buf_init(&out, TEXT_LIMIT);
	put_history(&out, &h);
	buf_appendf(&out, "%" PRIu64 " files, %" PRIu64 " bytes, lost %" PRIu64, h.coverage.files,
	            h.coverage.bytes, h.coverage.lost_count);
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		buf_appendf(&out, ", %" PRIu64, h.coverage.skipped[i]);
	said = (struct said){mem_strdup(buf_text(&out)), h.counts.objects, h.renewal};
	buf_release(&out);
	history_release(&h);
	return said;
}

/* Scans with what is known and without; what the first had to read, without its text. */
static inline struct said compare(unsigned threads)
{
	struct said with = say(threads, &store), without = say(threads, NULL);

	assert_string_equal(with.text, without.text);
	free(with.text);
	free(without.text);
	with.text = NULL;
	return with;
}

/* Likewise; returns how many objects the first had to read. */
static inline uint64_t assert_same(unsigned threads)
{
	return compare(threads).objects;
}

static inline void run(const char *script)
{
	struct buf text;

	buf_init(&text, 65536);
	buf_appendf(&text,
	            "set -e\nexec >/dev/null 2>&1\n"
	            "export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=a@example.invalid\n"
	            "export GIT_COMMITTER_NAME=Com GIT_COMMITTER_EMAIL=c@example.invalid\n%s",
	            script);
	TREE_RUN("sh", "-c", buf_text(&text));
	buf_release(&text);
}

/* ---- Between two scans ---- */

/* What may happen to a repository between two scans; $1 is a random number. */
static const char *const happenings[] = {
    "echo \"$1 plain\" >>a; git add -A; git commit -qm work",
    "echo \"$1 plain\" >\"f$1\"; git add -A; git commit -qm work",
    "echo \"tok_qzvmkwh$l\" >>a; git add -A; git commit -qm work",
    "printf %s \"key: mor_qzvmkwh$l\" | base64 >\"b$l\"; git add -A; git commit -qm work",
    "echo \"mor_qzvmkwh$l\" >\"m$l\"; git add -A; git commit -qm work",
    "echo \"x gen_qzvmkwh$l y\" >>g; git add -A; git commit -qm work",
    "echo \"env_qzvmkwh$l\" >\"e.$l.env\"; git add -A; git commit -qm work",
    "echo \"env_qzvmkwh$l\" >e.txt; git add -A; git commit -qm work",
    "echo \"value = ann_kvmzhwqbxnrtyjcpldg$l\" >>v; git add -A; git commit -qm work",
    "echo \"value = ann_kvmzhwqbxn$l\" >>\"v$l\"; git add -A; git commit -qm work",
    "echo \"value = sure_kvmzhwqbxnr$l\" >\"w$l\"; git add -A; git commit -qm work",
    "mkdir -p d/$l/e; echo \"tok_qzvmkwh$l\" >d/$l/e/t; git add -A; git commit -qm work",
    "mkdir -p d/$l; echo \"$1 plain\" >d/$l/p; git add -A; git commit -qm work",
    "git mv d \"n$l\" || git mv \"n$l\" d; git commit -qm work",
    "git mv e.txt e.env; git commit -qm work",
    "git rm -q a; git commit -qm \"without tok_qzvmkwh$l\"",
    "printf '\\0gen_qzvmkwh%s' \"$l\" >bin; git add -A; git commit -qm work",
    "seq $1 $(($1 + 1500)) >large; git add -A; git commit -qm work",
    "git tag -f -am \"tag tok_qzvmkwh$l\" t$l",
    "git tag -d t$l",
    "git checkout -q -B side; git reset -q --hard HEAD~1",
    "git checkout -q -B main HEAD@{1}",
    "git merge -q -m merged side || git merge --abort",
    "git branch -D side; git reflog expire --expire=now --all",
    "echo \"tok_wkzvqhm$l\" >loose; git hash-object -w loose",
    "git repack -qd",
    "git repack -qd",
    "git repack -qad",
    "git repack -qAd --depth=50 --window=50",
    "git gc -q --prune=now",
    "git prune --expire=now; git prune-packed",
    "p=$(ls .git/objects/pack/*.pack | head -1); mv \"$p\" p; rm -f \"${p%.pack}\".*;"
    "git unpack-objects -q <p; rm -f p",
    "ls .git/objects/pack/*.pack; git rev-parse HEAD | git pack-objects .git/objects/pack/pack",
    "git rev-list --objects --all | git pack-objects .git/objects/pack/pack",
    "f=$(find .git/objects/?? -type f | sort | sed -n \"$(($1 % 9 + 1))p\"); cp \"$f\" ../kept;"
    "chmod +w \"$f\"; printf x >>\"$f\"",
    "f=$(find .git/objects/?? -type f | sort | sed -n \"$(($1 % 9 + 1))p\"); rm \"$f\"",
    "f=$(find .git/objects/?? -type f | sort | sed -n \"$(($1 % 9 + 1))p\"); touch \"$f\"",
    "git clone -q --bare --no-local . ../other$1; echo ../../../other$1/objects "
    ">.git/objects/info/alternates",
    "rm .git/objects/info/alternates",
    "f=$(ls .git/objects/pack/*.pack | head -1); chmod +w \"$f\";"
    "printf x | dd of=\"$f\" bs=1 seek=$(($1 % 99 + 20)) conv=notrunc",
    "cd ..; rm -rf r; git init -q -b main r; cd r; echo begin >a; git add -A; git commit -qm begin",
};

static inline uint32_t next_random(uint64_t *random, uint32_t below)
{
	*random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*random >> 33) % below);
}

/* What a happening is for: the script may fail, as when there is nothing to be removed. */
static inline void happen(uint64_t *random)
{
	enum { COUNT = sizeof(happenings) / sizeof(*happenings) };
	uint32_t which = next_random(random, COUNT + 8);
	struct buf script;

	/* What damages, and what begins anew, is rarer than the rest. */
	if (which >= COUNT)
		which = next_random(random, 6);
	else if (which >= COUNT - 2 && next_random(random, 3))
		which = next_random(random, COUNT - 2);
	buf_init(&script, 65536);
	buf_appendf(&script,
	            "cd r; set -- %u; l=$(printf %%b \"\\\\$(printf %%o $((97 + $1 %% 26)))\");"
	            "(%s) || true",
	            next_random(random, 1000), happenings[which]);
	run(buf_text(&script));
	buf_release(&script);
}

#endif
