#include "batch/knowledge.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The most that is kept, in bytes of address space, and the least that is tried for. */
static const uint64_t LOG_MAX = UINT64_C(1) << 36;
static const uint64_t LOG_MIN = UINT64_C(1) << 26;

/* What stands before a text. */
struct message {
	uint64_t len;
	unsigned char key[KNOWN_KEY_SIZE];
	unsigned char kind;
};

enum { KIND_KNOWN = 'k', KIND_KNOWN_FOR_RUN = 'r', KIND_FACTS = 'f' };

struct knowledge_entry {
	unsigned char key[KNOWN_KEY_SIZE];
	const unsigned char *value; /* in the log; NULL: the place is free */
	size_t len;
};

/* ---- The table ---- */

/* Where the key stands, or the free place where it would. Keys are digests: any bytes of them do.
 */
static struct knowledge_entry *place_of(const struct knowledge *k, const unsigned char *key)
{
	size_t at;

	memcpy(&at, key, sizeof(at));
	for (at &= k->cap - 1;; at = (at + 1) & (k->cap - 1)) {
		struct knowledge_entry *entry = &k->entries[at];

		if (!entry->value || memcmp(entry->key, key, KNOWN_KEY_SIZE) == 0)
			return entry;
	}
}

static void grow(struct knowledge *k)
{
	struct knowledge old = *k;

	if (k->count < k->cap / 2)
		return;
	k->cap = k->cap ? k->cap * 2 : 64;
	k->entries = mem_calloc(k->cap, sizeof(*k->entries));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.entries[i].value)
			*place_of(k, old.entries[i].key) = old.entries[i];
	}
	free(old.entries);
}

void knowledge_init(struct knowledge *k)
{
	*k = (struct knowledge){.size = LOG_MAX};
	for (; k->size >= LOG_MIN; k->size /= 2) {
		k->log = mmap(NULL, k->size, PROT_READ | PROT_WRITE,
		              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (k->log != MAP_FAILED)
			return;
	}
	*k = (struct knowledge){0};
}

void knowledge_release(struct knowledge *k)
{
	if (k->log)
		munmap(k->log, k->size);
	free(k->entries);
	*k = (struct knowledge){0};
}

/* Enters into the table what the log has up to so many bytes. */
static void enter(struct knowledge *k, uint64_t len)
{
	while (k->len < len) {
		struct knowledge_entry *entry;
		struct message head;

		memcpy(&head, k->log + k->len, sizeof(head));
		grow(k);
		entry = place_of(k, head.key);
		k->count += !entry->value;
		memcpy(entry->key, head.key, KNOWN_KEY_SIZE);
		entry->value = k->log + k->len + sizeof(head);
		entry->len = (size_t)head.len;
		k->len += sizeof(head) + head.len;
	}
}

void knowledge_follow(struct knowledge *k, uint64_t len)
{
	if (k->log)
		(void)mprotect(k->log, k->size, PROT_READ); /* it is the parent's to write */
	enter(k, len);
}

/* Writes it to the log, if there is room, and into the table. */
static void learn(struct knowledge *k, const struct message *head, struct bytes text)
{
	if (!k->log || text.len + sizeof(*head) > k->size - k->len)
		return;
	memcpy(k->log + k->len, head, sizeof(*head));
	if (text.len)
		memcpy(k->log + k->len + sizeof(*head), text.ptr, text.len);
	enter(k, k->len + sizeof(*head) + text.len);
}

/* ---- Telling: a kind, a key, a length, and so many bytes ---- */

static void say(struct knowledge_teller *t, const void *ptr, size_t len)
{
	const unsigned char *rest = ptr;

	while (len && !t->failed) {
		ssize_t written = write(t->fd, rest, len);

		if (written > 0) {
			rest += written;
			len -= (size_t)written;
		} else if (written == 0 || errno != EINTR) {
			t->failed = true;
		}
	}
}

static bool get(void *context, const unsigned char *key, struct buf *value)
{
	const struct knowledge_teller *t = context;
	const struct knowledge_entry *entry = t->run->cap ? place_of(t->run, key) : NULL;

	if (entry && entry->value)
		return buf_append(value, (struct bytes){entry->value, entry->len}) == ERR_NONE;
	return t->lasting && t->lasting->get(t->lasting->context, key, value);
}

static void put_as(void *context, unsigned char kind, const unsigned char *key, struct bytes value)
{
	struct message head;

	memset(&head, 0, sizeof(head));
	head.kind = kind;
	head.len = value.len;
	memcpy(head.key, key, KNOWN_KEY_SIZE);
	say(context, &head, sizeof(head));
	say(context, value.ptr, value.len);
}

static void put(void *context, const unsigned char *key, struct bytes value)
{
	put_as(context, KIND_KNOWN, key, value);
}

static void put_for_run(void *context, const unsigned char *key, struct bytes value)
{
	put_as(context, KIND_KNOWN_FOR_RUN, key, value);
}

struct known_store knowledge_store(struct knowledge_teller *teller)
{
	return (struct known_store){teller, get, put, put_for_run};
}

void knowledge_tell(struct knowledge_teller *teller, const struct batch_facts *facts)
{
	struct message head;

	memset(&head, 0, sizeof(head));
	head.kind = KIND_FACTS;
	head.len = sizeof(*facts);
	say(teller, &head, sizeof(head));
	say(teller, facts, sizeof(*facts));
}

/* ---- Hearing ---- */

/* The next message and its text; false at the end and for what is none. */
static bool next_message(struct bytes *said, struct message *head, struct bytes *text)
{
	if (said->len < sizeof(*head))
		return false;
	memcpy(head, said->ptr, sizeof(*head));
	if (head->len > said->len - sizeof(*head))
		return false;
	*text = bytes_slice(*said, sizeof(*head), sizeof(*head) + (size_t)head->len);
	*said = bytes_slice(*said, sizeof(*head) + (size_t)head->len, said->len);
	return true;
}

/* Finds the facts, which are last. */
static bool hear_facts(struct bytes said, struct batch_facts *facts)
{
	struct message head;
	struct bytes text;

	while (next_message(&said, &head, &text)) {
		if (head.kind != KIND_FACTS || head.len != sizeof(*facts) || said.len)
			continue;
		memcpy(facts, text.ptr, sizeof(*facts));
		facts->reason[BATCH_REASON_MAX - 1] = '\0';
		facts->head[OBJECT_ID_HEX] = '\0';
		return true;
	}
	return false;
}

bool knowledge_hear(struct knowledge *k, const struct known_store *lasting, struct bytes said,
                    struct batch_facts *facts)
{
	struct message head;
	struct bytes text;

	if (!hear_facts(said, facts))
		return false;
	while (next_message(&said, &head, &text)) {
		if (head.kind != KIND_KNOWN && head.kind != KIND_KNOWN_FOR_RUN)
			continue;
		learn(k, &head, text);
		if (lasting && head.kind == KIND_KNOWN)
			lasting->put(lasting->context, head.key, text);
	}
	return true;
}
