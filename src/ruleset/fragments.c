#include "ruleset/fragments.h"

#include "base/buf.h"
#include "ruleset/regex.h"

enum { EXPANDED_MAX = 64 * 1024 }; /* bytes; as ruleset/regex.c takes */

/* Quotes as code, JSON in a string, HTML and addresses write them; no match turns on giving some
 * back, so none is given back. */
#define QUOTES "(?:[\"'`\\\\]|&(?:quot|apos|#3[49]);|%2[27]){0,4}"

/* What stands between a name and its value: a sign, blanks, `value:`, or a pair of XML tags. */
#define ASSIGNED                                                                                   \
	QUOTES "+\\]?(?:\\s{0,5}(?:=>|:[=\\-]?|={1,3}|\\|{1,2}|[>,(]|&gt;|%3[ADad])\\s{0,5}"       \
	       "|[ \\t]{1,5}"                                                                      \
	       "|,?\\s{0,40}" QUOTES "(?i:value)" QUOTES "\\s{0,5}[:=]\\s{0,5}"                    \
	       "|</[\\w.\\-]{1,20}>\\s{0,40}<[\\w.\\-]{1,20}>)" QUOTES "+"

/* A name of something that is kept secret, or what announces it in a header. */
#define SECRET_NAME "(?i:key|token|secret|pass|pwd|auth|cred|bearer)"

/* The names of identifiers, of hashes and of addresses, with what may end them. */
#define HARMLESS_NAME(end)                                                                         \
	"(?<!(?i)[_\\-. ]id" end "|userid" end "|appid" end "|clientid" end "|keyid" end           \
	"|hash" end "|sha1" end "|sha256" end "|sha512" end "|md5" end "|digest" end               \
	"|checksum" end "|integrity" end "|version" end "|commit" end "|revision" end "|uri" end   \
	"|url" end "|name" end "|pubkey" end "|publickey" end "|blic.key" end ")(?<!Id" end ")"

/* A name has just ended here, and it is none of those. */
#define HARMLESS                                                                                   \
	"(?=[\\s\"'`\\\\\\]=:|>,(&%<])(?<=[\\w.\\-\"'`\\])])" HARMLESS_NAME("")                    \
	    HARMLESS_NAME("[\"'`\\])]")

/* What follows is no hash: those have letters up to f. */
#define NO_HASH "(?=[\\w\\-+/.]{0,24}[g-zG-Z])"

/* A value that stands on a line of its own. */
#define NEXT_LINE "[ \\t]{0,4}\\r?\\n[ \\t#/*;\\-]{0,8}+" QUOTES "+"

static const struct {
	const char *name;
	const char *pattern;
} fragments[] = {
    /* Nothing of a longer word stands before: escapes and colours of a terminal do not count. */
    {"start", "(?<=^|[^0-9A-Za-z]|\\\\[nrt]|\\\\u00[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}"
              "|[\\[;][0-9]m|[\\[;][0-9]{2}m)"},
    /* A word starts here, or a part of a camelCased one; and it ends, or what names follow it. */
    {"word", "(?-i:(?<![A-Za-z])|(?<![A-Z])(?=[A-Z]))"},
    {"end", "(?:(?-i:(?![a-z]))|(?=api|key|tok|sec|acc|auth|pass))"},
    {"assigned", ASSIGNED},
    /* From a provider's name to the value: the rest of a name, or the next secret's name, or a few
     * words, where the value may stand on a line of its own; it may be like a hash if they announce
     * a secret. */
    {"near",
     "(?:(?:[\\w.\\- ]{0,40}|[^\\x00]{0,80}?" SECRET_NAME "[\\w\\-]{0,20}+)" HARMLESS ASSIGNED
     "|[^\\x00]{0,48}?(?:" HARMLESS ASSIGNED "|" NEXT_LINE ")" NO_HASH
     "|[^\\x00]{0,48}?" SECRET_NAME "[^\\x00]{0,24}?" NEXT_LINE ")"
     "(?:(?i:bearer|token|basic|key)[ \\t=:]{1,3})?"},
};

/* The fragment that the pattern calls at this place; NULL: none, or a group of its own. */
static const char *called(const char *pattern, const char *call, size_t *len)
{
	for (size_t i = 0; i < sizeof(fragments) / sizeof(*fragments); i++) {
		struct bytes name = bytes_of(fragments[i].name);

		if (strncmp(call + 3, fragments[i].name, name.len) != 0 ||
		    call[3 + name.len] != ')')
			continue;
		*len = 3 + name.len + 1;
		return regex_has_group(pattern, name) ? NULL : fragments[i].pattern;
	}
	return NULL;
}

const char *fragments_expand(const char *pattern, struct arena *arena)
{
	const char *rest = pattern, *expanded = pattern;
	enum err err = ERR_NONE;
	struct buf out;

	buf_init(&out, EXPANDED_MAX);
	for (const char *at = pattern; (at = strstr(at, "(?&")) && !err; at += 2) {
		size_t len = 0;
		const char *fragment = called(pattern, at, &len);

		if (!fragment)
			continue;
		err = buf_appendf(&out, "%.*s(?:%s)", (int)(at - rest), rest, fragment);
		rest = at + len;
	}
	if (!err && rest != pattern) {
		err = buf_appendf(&out, "%s", rest);
		expanded = err ? NULL : arena_text(arena, buf_bytes(&out));
	}
	buf_release(&out);
	return err ? NULL : expanded;
}
