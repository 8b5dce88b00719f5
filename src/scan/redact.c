#include "scan/redact.h"

#include "base/buf.h"
#include "base/memory.h"

#include <stdlib.h>

void redactor_release(struct redactor *redactor)
{
	raw_set_release(&redactor->raw);
	proofs_release(&redactor->proofs);
}

/* Marks every place in the name where the secret stands. */
static void mark_secret(bool *secret_at, struct bytes name, struct bytes secret)
{
	const unsigned char *found;
	size_t at = 0;

	while (secret.len && name.len - at >= secret.len &&
	       (found = memmem(name.ptr + at, name.len - at, secret.ptr, secret.len))) {
		at = (size_t)(found - name.ptr);
		memset(secret_at + at, true, secret.len);
		at += secret.len;
	}
}

struct bytes redact_name(struct redactor *r, struct bytes name, struct bytes text,
                         const struct proofs *known, struct arena *arena)
{
	static const struct bytes redacted = {(const unsigned char *)"[REDACTED]", 10};
	bool *secret_at;
	struct buf out;
	struct bytes copy;

	detector_collect(r->detector, name, NULL, false, &r->raw);
	detector_select(r->detector, name, (struct bytes){NULL, 0}, false, &r->raw, &r->proofs);
	secret_at = mem_calloc(name.len, sizeof(*secret_at));
	for (size_t i = 0; i < r->proofs.count; i++)
		memset(secret_at + r->proofs.items[i].start, true,
		       r->proofs.items[i].end - r->proofs.items[i].start);
	for (size_t i = 0; known && i < known->count; i++) {
		const struct proof *p = &known->items[i];

		mark_secret(secret_at, name, bytes_slice(text, p->start, p->end));
		mark_secret(secret_at, name, proof_secret(known, p, text));
	}
	buf_init(&out, name.len + name.len * redacted.len);
	for (size_t i = 0; i < name.len; i++) {
		if (!secret_at[i])
			buf_append(&out, bytes_slice(name, i, i + 1));
		else if (i == 0 || !secret_at[i - 1])
			buf_append(&out, redacted);
	}
	copy = arena_bytes(arena, buf_bytes(&out));
	buf_release(&out);
	free(secret_at);
	return copy;
}
