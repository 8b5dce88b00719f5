#include "detect/placeholder.h"

#include "base/buf.h"
#include "detect/base64.h"
#include "detect/wordlike.h"

#include <ctype.h>
#include <strings.h>

enum {
	RUN_MIN = 6,       /* characters of a run that chance does not bring */
	LONG_SECRET = 128, /* characters from which on runs must be a part of the whole ... */
	LONG_SHARE = 8,    /* ... of at least one in so many */
	PAIRS_MIN = 4,     /* of a1b2c3d4 */
	PERIOD_MIN = 6,    /* characters that stand there twice or more */
	DECODED_MAX = 512, /* bytes of a text in Base64 that somebody may have written for show */
	DECODED_MIN = 8,   /* ... and that chance does not make printable */
};

/* A decoded text that is as much like words as that was not drawn by a machine. */
static const double WORDLIKE_MIN = 0.42;

/* The least length of a run that says something: encoded zeros make runs in what is long. */
static size_t run_min(struct bytes secret)
{
	return secret.len < LONG_SECRET ? RUN_MIN : secret.len / LONG_SHARE;
}

/* Whether RUN_MIN of the character stand in a row. */
static bool holds_run(struct bytes text, unsigned char character)
{
	size_t run = 0;

	for (size_t i = 0; i < text.len && run < RUN_MIN; i++)
		run = text.ptr[i] == character ? run + 1 : 0;
	return run == RUN_MIN;
}

static bool is_repeated(struct bytes secret, struct bytes design)
{
	size_t run = 1;

	for (size_t i = 1; i < secret.len; i++) {
		run = secret.ptr[i] == secret.ptr[i - 1] ? run + 1 : 1;
		if (run >= run_min(secret) && !holds_run(design, secret.ptr[i]))
			return true;
	}
	return false;
}

/* Whether b follows a when one counts or spells, up (step 1) or down (step -1). */
static bool follows(unsigned char a, unsigned char b, int step)
{
	if (!isalnum(a) || !isalnum(b))
		return false;
	if (step > 0 && a == '9' && (b == '0' || b == 'a' || b == 'A'))
		return true;
	return tolower(b) == tolower(a) + step && isdigit(a) == isdigit(b);
}

/* Whether enough characters follow each other, each `apart` places from the last. */
static bool counts(struct bytes secret, size_t apart, int step, size_t least)
{
	size_t run = 1;

	for (size_t i = apart; i < secret.len; i++) {
		run = follows(secret.ptr[i - apart], secret.ptr[i], step) ? run + 1 : 1;
		if (run >= least)
			return true;
	}
	return false;
}

/* Whether every other character counts: 000102030405, or 10111213. */
static bool counts_in_bytes(struct bytes secret)
{
	for (size_t phase = 0; phase < 2; phase++) {
		size_t run = 1;

		for (size_t i = phase + 2; i < secret.len; i += 2) {
			run = follows(secret.ptr[i - 2], secret.ptr[i], 1) ? run + 1 : 1;
			if (run >= RUN_MIN)
				return true;
		}
	}
	return false;
}

static bool is_sequence(struct bytes secret)
{
	return counts(secret, 1, 1, RUN_MIN) || counts(secret, 1, -1, RUN_MIN) ||
	       counts(secret, 2, 1, (size_t)2 * PAIRS_MIN - 1) || counts_in_bytes(secret);
}

/* Whether the whole is one half, or less, again and again: somebody pasted to fill the length. */
static bool is_periodic(struct bytes secret)
{
	for (size_t period = PERIOD_MIN; period * 2 <= secret.len; period++) {
		if (memcmp(secret.ptr, secret.ptr + period, secret.len - period) == 0)
			return true;
	}
	return false;
}

static bool contains(struct bytes text, const char *word)
{
	size_t len = strlen(word);

	for (size_t at = 0; at + len <= text.len; at++) {
		if (tolower(text.ptr[at]) == tolower((unsigned char)*word) &&
		    strncasecmp((const char *)text.ptr + at, word, len) == 0)
			return true;
	}
	return false;
}

static bool contains_any(struct bytes text, const char *const *words)
{
	while (*words && !contains(text, *words))
		words++;
	return *words;
}

/* Whether the text starts with one of the marks and ends with the other. */
static bool between(struct bytes text, const char *open, const char *close)
{
	size_t len = strlen(close);

	return text.len >= strlen(open) + len && bytes_start_with(text, open) &&
	       memcmp(text.ptr + text.len - len, close, len) == 0;
}

/* Shells, template engines, format strings, build systems, and people in documentation. */
static bool is_template(struct bytes secret)
{
	static const char *const anywhere[] = {"${", "{{", "#{", "$(", "<%", "%(", "...", NULL};
	static const struct {
		const char *open;
		const char *close;
	} around[] = {{"<", ">"}, {"{", "}"}, {"[", "]"},  {"%", "%"},
	              {"@", "@"}, {"(", ")"}, {"__", "__"}};

	if (contains_any(secret, anywhere) || between(secret, "%s", "") ||
	    between(secret, "", "%s"))
		return true;
	for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++) {
		if (between(secret, around[i].open, around[i].close))
			return true;
	}
	/* $NAME, &name; and *name are references; $1$ and $2b$ start the hash of a password. */
	return secret.len > 1 && strchr("$&*", secret.ptr[0]) &&
	       (isalpha(secret.ptr[1]) || secret.ptr[1] == '_');
}

/* Words of five letters and more: in what a machine draws they stand by design. */
static const char *const words[] = {
    "example",   "placeholder", "changeme", "change_me", "change-me", "changeit", "replace",
    "redacted",  "dummy",       "sample",   "your_",     "your-",     "yourkey",  "yourapi",
    "yourtoken", "yoursecret",  "yourpass", "insert_",   "insert-",   "testkey",  "testtoken",
    "fakekey",   "fake_key",    "fake-key", "fake_",     "fake-",     "notreal",  "not_real",
    "not-real",  "notasecret",  "not_a_",   "not-a-",    "foobar",    "deadbeef", "cafebabe",
    "badc0ffee", "qwerty",      "asdfgh",   "lorem",     "hidden",    "masked",   "censored",
    "undefined", "to_be_",      "xxxxx",    "my_secret", "my-secret", "mysecret", "my_token",
    "my-token",  "mytoken",     "my_api",   "my-api",    "myapikey",  "some_",    "some-",
    NULL};

/* Those that are too short for that, or that only a person would write. */
static const char *const chosen_words[] = {
    "test",    "pass",       "secret",  "token",     "demo",    "fake",         "todo",
    "admin",   "user",       "default", "none",      "null",    "true",         "false",
    "my_",     "my-",        "apikey",  "string",    "value",   "hello",        "world",
    "nothing", "wrong",      "invalid", "valid",     "correct", "login",        "guest",
    "random",  "credential", "private", "encrypted", "abc123",  "correcthorse", "unused",
    "ignore",  "welcome1",   "letmein", "p@ss",      "p4ss",    "s3cr3t",       "xxxx",
    "api_key", "api-key",    "qwer",    "asdf",      "zxcv",    "qazwsx",       "wsxqaz",
    "blah",    "contrase",   NULL};

/* Those that people write with other characters: P@55w0rd, Ch4ng3M3. */
static const char *const disguised_words[] = {
    "password", "passwort", "secret", "sekret", "supersec", "changeme", "letmein", "example", NULL};

/*
 * Keys of documentation that have no other mark of a placeholder: Stripe's (docs.stripe.com/keys),
 * the storage emulator's (learn.microsoft.com, "Use the Azurite emulator"), reCAPTCHA's for tests
 * (developers.google.com/recaptcha/docs/faq), those of RFC 5849, 6749 and 6750, the subject that
 * jwt.io shows, and the key that manuals of one-time passwords share (`Hello!` and DEADBEEF).
 */
static const char *const documented[] = {
    "4eC39HqLyjWDarjtT1zdp7dc",
    "BQokikJOvBiI2HlWgH4olfQ2",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    "kkk9d7dh3k39sjv7",
    "ad180jjd733klru7",
    "kd94hf93k423kf44",
    "hh5s93j4hdidpola",
    "hdhd0244k9j7ao03",
    "nnch734d00sl2jdk",
    "pfkkdhi9sl3r4s00",
    "2YotnFZFEjr1zCsicMWpAA",
    "tGzv3JOkF0XG5Qx2TlKWIA",
    "czZCaGRSa3F0MzpnWDFmQmF0M2JW",
    "mF_9.B5f-4.1JqM",
    "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI",
    "JBSWY3DPEHPK3PXP",
    NULL};

/* The letter that the character stands for when people disguise words. */
static int undisguised(int c)
{
	static const char signs[] = "0134578@$!", letters[] = "oieastbasi";
	const char *sign = c ? strchr(signs, c) : NULL;

	return sign ? letters[sign - signs] : tolower(c);
}

static bool is_disguised_at(struct bytes text, size_t at, const char *word)
{
	size_t i = 0;

	while (word[i] && at + i < text.len && undisguised(text.ptr[at + i]) == word[i])
		i++;
	return !word[i];
}

static bool contains_disguised(struct bytes text)
{
	for (const char *const *word = disguised_words; *word; word++) {
		for (size_t at = 0; at < text.len; at++) {
			if (is_disguised_at(text, at, *word))
				return true;
		}
	}
	return false;
}

static bool is_printable(struct bytes text)
{
	size_t at = 0;

	while (at < text.len && (isprint(text.ptr[at]) || text.ptr[at] == '\n'))
		at++;
	return at == text.len;
}

/* What stands behind the user's name, if there is one. */
static struct bytes without_user(struct bytes text)
{
	const unsigned char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;

	return colon ? bytes_slice(text, (size_t)(colon - text.ptr) + 1, text.len) : text;
}

/* Whether it is words or a placeholder in Base64: `c2VjcmV0IGlzIHNlY3VyZQ==`. */
static bool is_encoded_show(struct bytes secret)
{
	struct bytes text;
	bool shows = false;
	struct buf out;

	buf_init(&out, DECODED_MAX);
	if (!base64_decode(secret, BASE64_STANDARD, false, &out)) {
		text = without_user(buf_bytes(&out));
		shows = text.len >= DECODED_MIN && is_printable(text) &&
		        (wordlike_share(text) >= WORDLIKE_MIN || is_sequence(text) ||
		         contains_any(text, words) || contains_any(text, chosen_words));
	}
	buf_release(&out);
	return shows;
}

enum placeholder placeholder_find(struct bytes secret, struct bytes design, enum placeholder_of of)
{
	if (is_template(secret))
		return PLACEHOLDER_TEMPLATE;
	if (is_repeated(secret, design) || is_periodic(secret))
		return PLACEHOLDER_REPEATED;
	if (is_sequence(secret))
		return PLACEHOLDER_SEQUENCE;
	if (contains_any(secret, documented))
		return PLACEHOLDER_DOCUMENTED;
	if (contains_any(secret, words) || is_encoded_show(secret))
		return PLACEHOLDER_WORD;
	if (of == PLACEHOLDER_OF_TEXT &&
	    (contains_any(secret, chosen_words) || contains_disguised(secret)))
		return PLACEHOLDER_WORD;
	return PLACEHOLDER_NONE;
}

const char *placeholder_name(enum placeholder placeholder)
{
	static const char *const names[] = {"none",
	                                    "characters that repeat",
	                                    "characters in a row, such as 123456",
	                                    "a template that is to be filled in",
	                                    "a word that stands for a secret",
	                                    "a value that documentation shows"};

	return names[placeholder];
}
