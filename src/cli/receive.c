#include "cli/commands.h"
#include "cli/help.h"
#include "cli/histories.h"
#include "cli/status.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { LINES_MAX = 256 << 20 }; /* bytes of standard input: a million references */

/* ---- What is pushed ---- */

static enum err read_lines(struct buf *lines, struct error *error)
{
	ssize_t got;

	do {
		enum err err = buf_reserve(lines, 64 * 1024);

		if (err)
			return error_set(error, err, "standard input is larger than %d bytes",
			                 LINES_MAX);
		got = read(STDIN_FILENO, lines->ptr + lines->len, 64 * 1024);
		lines->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got ? error_set(error, ERR_IO, "standard input: %s", strerror(errno)) : ERR_NONE;
}

/* Reads the lines, or the operands of an update hook. */
static enum err read_push(struct push *push, const struct options *o, struct error *error)
{
	const char *const *words = o->operands.items;
	struct buf lines;
	enum err err;

	if (o->update && (o->pre_push || o->operands.count != 3))
		return error_set(error, ERR_USAGE,
		                 "--update takes REF, OLD and NEW, as git gives "
		                 "them to an update hook");
	if (!o->update && o->operands.count > (o->pre_push ? 2 : 0))
		return error_set(error, ERR_USAGE,
		                 "trawl receive reads git's lines from standard input; for an "
		                 "update hook's arguments there is --update");
	if (o->update)
		return push_add(push, bytes_of(words[0]), bytes_of(words[1]), bytes_of(words[2]), 0,
		                error);
	push->outgoing = o->pre_push;
	push->remote = o->operands.count ? words[0] : NULL;
	buf_init(&lines, LINES_MAX);
	err = read_lines(&lines, error);
	if (!err && !lines.len && !push->outgoing)
		err = error_set(error, ERR_USAGE,
		                "nothing on standard input: git gives a pre-receive hook lines to "
		                "read there, and an update hook arguments (--update REF OLD NEW)");
	if (!err)
		err = push_read(push, buf_bytes(&lines), error);
	buf_release(&lines);
	return err;
}

/* ---- The verdict ---- */

/* The commit that brought the oldest of what was found; NULL if none did. */
static const struct occurrence *find_oldest(const struct leak_list *leaks)
{
	const struct occurrence *oldest = NULL;

	for (size_t i = 0; i < leaks->count; i++) {
		const struct occurrence *o = &leaks->items[i].occurrences[0];

		if (o->has_commit && (!oldest || o->date < oldest->date))
			oldest = o;
	}
	return oldest;
}

/* What the pusher is to do, on standard error, which git shows, too. */
static void advise(const struct session *s)
{
	const struct occurrence *oldest = find_oldest(&s->leaks);
	char id[OBJECT_ID_HEX + 1];
	size_t count = s->leaks.count;

	fprintf(stderr,
	        "trawl: this push would publish %zu secret%s; where %s: see above. What to do:\n"
	        "  1. Revoke %s where it was issued, and keep the replacement in a secret store.\n"
	        "  2. Take %s out of the commits; a later commit that deletes does not help.\n",
	        count, count == 1 ? "" : "s", count == 1 ? "it stands" : "they stand",
	        count == 1 ? "it" : "each", count == 1 ? "it" : "them");
	if (oldest)
		fprintf(stderr,
		        "     In the last commit: git commit --amend. In earlier ones, from the\n"
		        "     oldest: git rebase --interactive %.12s~1 (`edit` those commits;\n"
		        "     --root in place of the commit if it is the very first).\n",
		        object_id_hex(&oldest->commit, id));
	fprintf(
	    stderr, "  3. Push again.\n%s",
	    s->options.trust_repo
		? "  What is no secret: put trawl:allow into its line, in the same commit.\n"
		: "  What is no secret: ask those who run this hook; with --trust-repo it lets\n"
		  "  trawl:allow in a line count.\n");
}

static void print_verdict(const struct session *s, const struct push *push, int status)
{
	size_t deletions = push_deletions(push);

	if (s->options.quiet)
		return;
	if (!push->count)
		fputs("trawl: nothing to scan: nothing is pushed\n", stderr);
	else if (deletions == push->count)
		fprintf(stderr, "trawl: nothing to scan: %zu reference%s deleted\n", deletions,
		        deletions == 1 ? " is" : "s are");
	else if (status == STATUS_INCOMPLETE)
		fputs("trawl: nothing was found, but not all of the push was scanned: no pass\n",
		      stderr);
	else if (status != STATUS_CLEAN && s->leaks.count)
		advise(s);
}

int command_receive(int argc, char **argv)
{
	struct session session = {.has_repositories = true};
	const struct options *o = &session.options;
	struct history history = {0};
	struct push push = {0};
	struct error error = {0};
	enum err err;
	int status;

	if (session_begin(&session, argc, argv, &error))
		return session_fail(&session, &error);
	if (o->help)
		return session_help(&session, help_receive);
	/* Who pushes does not allow his own leaks, unless told so. */
	session.scan.inline_policy =
	    o->no_inline || !session.settings.trusted ? INLINE_IGNORE : INLINE_MARK;
	err = read_push(&push, o, &error);
	if (!err && push_deletions(&push) < push.count) {
		struct history_options options = histories_options(&session);

		err = history_scan_push(&history, &push, session.engine, &session.rules, &options,
		                        &error);
		if (!err)
			err = histories_add(&session, &history, history.folder, &error);
	}
	if (err) {
		status = session_fail(&session, &error);
	} else {
		status = session_report(&session, &error);
		print_verdict(&session, &push, status);
		session_end(&session);
	}
	history_release(&history);
	push_release(&push);
	return status;
}
