#include "cli/commands.h"
#include "cli/help.h"
#include "cli/session.h"
#include "cli/status.h"

#include <stdio.h>
#include <stdlib.h>

/* Says in one line what the configuration does. */
static void print_checked(const struct session *s)
{
	const struct configuration *c = &s->settings.config;
	size_t excluded = 0;

	while (c->exclude && c->exclude[excluded])
		excluded++;
	printf("%s: well: %zu excluded, %zu disabled, %zu rule files, %zu allowed\n", c->file,
	       excluded, c->disable.count, c->rules.count, c->allow_count);
}

/* A session that ends before it scans has read the configuration, its rules and their names. */
static enum err check(struct session *s, struct error *error)
{
	struct options *o = &s->options;
	enum err err;

	if (!o->operands.count || o->operands.count > 2 ||
	    strcmp(o->operands.items[0], "check") != 0)
		return error_set(error, ERR_USAGE, "usage: trawl config check [FILE]");
	if (o->operands.count > 1)
		o->config = o->operands.items[1];
	o->operands.count = 0;
	err = session_prepare(s, error);
	if (!err && !s->settings.has_config)
		err = error_set(error, ERR_MISSING,
		                ".trawl.yaml: there is none at the tree's top; name a file: trawl "
		                "config check FILE");
	if (!err)
		print_checked(s);
	return err;
}

int command_config(int argc, char **argv)
{
	struct session session = {.trust = TRUST_TREE, .without_reports = true};
	struct error error = {0};
	enum err err = options_parse(&session.options, argc, argv, &error);

	if (!err && session.options.help)
		return session_help(&session, help_config);
	if (!err)
		err = check(&session, &error);
	if (err)
		return session_fail(&session, &error);
	session_end(&session);
	return STATUS_CLEAN;
}
