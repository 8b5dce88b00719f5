/* Joins the results of batches, such as the shards of one. */
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/joined.h"
#include "cli/status.h"

#include <stdio.h>
#include <stdlib.h>

/* One folder of results. */
struct share {
	const char *folder;
	struct batch_index index;
};

/* Whether the part can be joined with the first one. */
static enum err check_part(const struct share *parts, size_t at, struct error *error)
{
	const struct batch_index *first = &parts[0].index, *index = &parts[at].index;

	if (memcmp(first->list, index->list, DIGEST_SIZE) != 0 || first->shares != index->shares)
		return error_set(error, ERR_USAGE,
		                 "%s and %s are not of one list of repositories; merge the shards "
		                 "of one batch",
		                 parts[0].folder, parts[at].folder);
	if (memcmp(first->key, index->key, DIGEST_SIZE) != 0)
		return error_set(error, ERR_USAGE,
		                 "%s and %s have fingerprints of different keys; scan both with "
		                 "one key",
		                 parts[0].folder, parts[at].folder);
	for (size_t i = 0; i < at; i++) {
		if (parts[i].index.share == index->share)
			return error_set(error, ERR_USAGE, "%s and %s are both shard %u/%u",
			                 parts[i].folder, parts[at].folder, index->share,
			                 index->shares);
	}
	return ERR_NONE;
}

static void lose_missing_shares(struct session *s, const struct share *parts, size_t count)
{
	unsigned shares = parts[0].index.shares;
	bool *there = mem_calloc(shares + 1, sizeof(*there));

	for (size_t i = 0; i < count; i++)
		there[parts[i].index.share] = true;
	for (unsigned share = 1; share <= shares; share++) {
		char name[32];

		snprintf(name, sizeof(name), "shard %u/%u", share, shares);
		if (!there[share])
			coverage_lose(&s->result.coverage, LOST_MISSING, bytes_of(name),
			              "none of the folders holds it");
	}
	free(there);
}

static int merge(struct session *s, struct share *parts)
{
	const struct words *folders = &s->options.operands;
	struct joined joined = {0};
	struct error error;
	enum err err = ERR_NONE;
	int status;

	for (size_t i = 0; i < folders->count && !err; i++) {
		parts[i].folder = folders->items[i];
		err = batch_index_read(&parts[i].index, parts[i].folder, &error);
		if (!err)
			err = check_part(parts, i, &error);
	}
	if (err)
		return session_fail(s, &error);
	for (size_t i = 0; i < folders->count; i++)
		joined_add(&joined, s, &parts[i].index, parts[i].folder);
	lose_missing_shares(s, parts, folders->count);
	status = joined_report(&joined, s, &error);
	joined_release(&joined);
	return status;
}

int command_merge(int argc, char **argv)
{
	struct session session = {.trust = TRUST_NEVER};
	struct options options;
	struct error error;
	struct share *parts;
	size_t count;
	enum err err = options_parse(&options, argc, argv, &error);
	int status;

	if (err)
		return status_error(&error);
	count = options.operands.count;
	if (options.help) {
		options_release(&options);
		return session_help(&session, help_merge);
	}
	if (!count)
		err = error_set(&error, ERR_USAGE,
		                "name the folders that trawl batch wrote to; try: trawl merge "
		                "--help");
	if (!err)
		err = joined_begin(&session, argc, argv, &options.outputs, &error);
	options_release(&options);
	if (err)
		return session_fail(&session, &error);
	parts = mem_calloc(count, sizeof(*parts));
	status = merge(&session, parts);
	for (size_t i = 0; i < count; i++)
		batch_index_release(&parts[i].index);
	free(parts);
	return status;
}
