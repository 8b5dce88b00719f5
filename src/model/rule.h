/*
 * A rule: what one kind of credential looks like and how a match is proved. Plain data, immutable
 * once loaded, either a C table made at build time or the result of reading a YAML file. Which
 * YAML key fills which field: rules/README.md.
 */
#ifndef TRAWL_MODEL_RULE_H
#define TRAWL_MODEL_RULE_H

#include "base/byte_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A width or a reach without bound. */
#define UNBOUNDED UINT32_MAX

/*
 * Which rule wins on one secret: the smaller number. Variants are forms that are described besides
 * those of the providers' own rules; several may fit one secret, and then the first by id wins.
 */
enum rule_type {
	RULE_SPECIFIC,
	RULE_PROVIDER_GENERIC,
	RULE_PROVIDER_VARIANT, /* ours: SonarSource's specification has the others */
	RULE_ANALYZER_GENERIC,
};

enum level { LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };

enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

/* A NULL-terminated list of C strings; NULL is the empty list. */
typedef const char *const *strings;

/* One regular expression of a rule. */
struct pattern {
	const char *text; /* PCRE2 syntax, byte mode; NULL: there is none */
	uint32_t slot; /* where the compiled form is kept; unique among the patterns of its part */
};

/* Conditions on the whole blob and its path; an empty list asks for nothing. */
struct file_filter {
	strings content; /* lower-case; any of them anywhere in the blob, case-insensitively */
	strings paths;   /* Ant-style globs */
	strings ext;     /* without the dot */
};

enum context_kind {
	CONTEXT_BEFORE, /* the other match ends at or before the secret's match starts */
	CONTEXT_AFTER,  /* the other match starts at or after the end of the secret's match */
	CONTEXT_AROUND, /* either */
	CONTEXT_EACH,   /* all children hold */
	CONTEXT_EITHER, /* one child holds */
	CONTEXT_NOT,    /* no child holds */
};

/* What must stand near a match; a tree. */
struct context {
	enum context_kind kind;
	struct pattern pattern;     /* BEFORE, AFTER, AROUND */
	uint32_t max_char_distance; /* bytes between the nearest edges; UNBOUNDED = not asked */
	uint32_t max_line_distance; /* lines between the nearest edges; UNBOUNDED = not asked */
	uint32_t max_line_length;   /* bytes; with max_line_distance, longer lines do not count */
	const struct context *children; /* EACH, EITHER, NOT */
	size_t child_count;
};

enum { PARTS_MAX = 4 };

/* What a secret without one of its parts comes to. */
enum part_absence {
	PART_IGNORED, /* nothing changes */
	PART_LOWERS,  /* a finding of low confidence */
	PART_REJECTS, /* none */
	PART_NOTES,   /* no more than a note */
};

enum heuristic {
	HEURISTIC_PATH = 1,
	HEURISTIC_URI = 2,
	HEURISTIC_WORDS = 4,
	HEURISTIC_MISFIT = 8, /* asks about the other rules: detect/misfit.h */
	HEURISTIC_NAME = 16,
};

enum checksum_algorithm {
	CHECKSUM_NONE,
	/* Of some characters of the secret, written in others of it. */
	CHECKSUM_CRC32,
	CHECKSUM_SHA256,
	/* Of the secret as its issuer makes it, which leaves nothing to state. */
	CHECKSUM_AZURE_KEY,
	CHECKSUM_AZURE_ANNOTATED_KEY,
	CHECKSUM_AZURE_CLIENT_SECRET,
	CHECKSUM_AZURE_DEVOPS,
	CHECKSUM_BASE58,
	CHECKSUM_BASE58_RIPPLE,
	CHECKSUM_BECH32,
	CHECKSUM_BIP39,
	CHECKSUM_JWK,
	CHECKSUM_STELLAR,
	CHECKSUM_SUPABASE,
};

enum checksum_encoding {
	ENCODING_HEX_LOWER,
	ENCODING_HEX_UPPER,
	ENCODING_BASE32, /* RFC 4648, A-Z2-7, no padding */
	ENCODING_BASE36, /* 0-9a-z, most significant digit first */
	ENCODING_BASE62, /* 0-9A-Za-z, most significant digit first */
	ENCODING_BASE64, /* RFC 4648, no padding */
};

/*
 * A checksum inside the secret: `digits` characters at `position` are the encoded checksum of the
 * characters [from, to). Positions count from the start, negative ones from the end; to = 0 means
 * the end.
 */
struct checksum {
	enum checksum_algorithm algorithm;
	enum checksum_encoding encoding;
	bool little_endian; /* the four CRC bytes are encoded least significant first */
	bool published;     /* the issuer publishes it: a mismatch lowers the finding */
	bool required;      /* the shape says nothing by itself: a mismatch rejects the match */
	uint32_t digits;
	int32_t position;
	int32_t from;
	int32_t to;
};

/* A decoder that says what a secret, or a part that stands near it, is. */
enum structure {
	STRUCTURE_NONE,
	STRUCTURE_JWT,
	STRUCTURE_PEM,
	STRUCTURE_OPENPGP,
	STRUCTURE_PUTTY,
	STRUCTURE_AWS_KEY_ID,
	STRUCTURE_END_DAY,
	STRUCTURE_ATLASSIAN_DATA_CENTER,
	STRUCTURE_BEDROCK,
	STRUCTURE_DISCORD,
	STRUCTURE_DOCKER_SWARM,
	STRUCTURE_FLY,
	STRUCTURE_GRAFANA_CLOUD,
	STRUCTURE_GRAFANA_LEGACY,
	STRUCTURE_INTERCOM,
	STRUCTURE_JFROG,
	STRUCTURE_MAPBOX,
	STRUCTURE_NUGET,
	STRUCTURE_ONEPASSWORD,
	STRUCTURE_PYPI,
	STRUCTURE_SECP256K1,
	STRUCTURE_SENDGRID,
	STRUCTURE_SENTRY,
	STRUCTURE_SLACK_ROTATING,
	STRUCTURE_VAULT,
	STRUCTURE_WIREGUARD,
};

struct decoded_base64;
struct group_filter;

/* What a match must survive. `input` names the group that is looked at; NULL: the secret. */
struct filters {
	double entropy_threshold; /* bits per character; below = rejected; 0 = not asked */
	const char *entropy_input;
	const struct pattern *pattern_not; /* found in the secret = rejected */
	size_t pattern_not_count;
	unsigned heuristics; /* of enum heuristic; one that recognises the text = rejected */
	const char *heuristic_input;
	const struct decoded_base64 *base64; /* NULL: none */
	const struct group_filter *groups;   /* the same filters for named groups */
	size_t group_count;
};

/* The secret must be base64 whose decoded text passes all of this. */
struct decoded_base64 {
	bool url_alphabet;                /* - and _ in place of + and / */
	const struct pattern *match_each; /* every one is found */
	size_t match_each_count;
	const struct pattern *match_not; /* none is found */
	size_t match_not_count;
	struct filters filters; /* of the decoded text; no groups, no further decoding */
};

struct group_filter {
	const char *group;
	struct filters filters;
};

/* How far from a match's start the bytes stand that decide about it. */
struct reach {
	uint32_t behind; /* bytes before the start */
	uint32_t width;  /* the longest match, in bytes */
	uint32_t ahead;  /* bytes after start + width */
};

/* A run of byte classes that every match of its rule contains one of: see ruleset/regex.h. */
struct stub {
	const char *expression; /* Hyperscan syntax, fixed width; the identity of the stub */
	bool caseless;
	uint32_t width; /* bytes */
};

/*
 * The stub stands in a match at an offset between first and last, in bytes from its start; the
 * same offsets for all anchors of a rule.
 */
struct anchor {
	struct stub stub;
	uint32_t first;
	uint32_t last;
};

/*
 * What the most of a match consists of: every match holds `len` bytes of the set in a row, which
 * start `first` to `last` bytes behind its start. len 0: nothing of that kind is known.
 */
struct bulk {
	struct byte_set bytes;
	uint32_t len;
	uint32_t first;
	uint32_t last;
};

struct example {
	const char *text;
	bool contains_secret;
	const char *match;     /* the secret that is to be found; NULL: any */
	const char *file_name; /* NULL: none */
};

/*
 * Another part of the credential, as an id that a secret belongs to: no secret itself, and no
 * finding without one. It stands near the match, or is a group of it.
 */
struct part {
	const char *name;
	const char *group; /* NULL: it stands near */
	struct context
	    near; /* BEFORE, AFTER or AROUND; its first group, if it has one, is the part */
	enum part_absence absence;
	enum structure structure; /* what it says is said of the finding */
};

/* What secrets look like, as far as the pattern tells it; a choice is as many forms. */
struct form {
	strings leads;          /* lower-case; what they start with; NULL: nothing of its own */
	uint32_t min;           /* bytes */
	uint32_t max;           /* bytes; UNBOUNDED possible */
	uint64_t characters[2]; /* the ASCII characters that they may hold, a bit for each */
};

struct rule {
	const char *id;        /* kebab-case, unique, stable for ever */
	const char *rspec_key; /* "S7791"; NULL: none */
	const char *name;
	const char *provider;
	const char *category;
	const char *message;
	const char *impact; /* what a thief can do with it; NULL: not stated */
	const char *fix;    /* how to revoke and replace it; NULL: not stated */
	strings references; /* addresses of pages about it */
	enum rule_type type;
	enum level level;           /* of a finding with the rule's own confidence */
	enum confidence confidence; /* of a match without further proof */
	double security_severity;   /* 0.1 to 10.0, as SARIF consumers read it */

	struct file_filter include;
	struct file_filter reject;
	struct pattern pattern;
	strings keywords;              /* of a table's row; NULL: it has none, or is no row */
	const struct context *context; /* NULL: none */
	struct filters filters;
	struct checksum checksum;
	enum structure structure;
	const struct part *parts; /* at most PARTS_MAX */
	size_t part_count;

	/* Derived from the pattern when the rule is loaded. */
	struct reach reach;           /* width UNBOUNDED: the rule runs over whole blobs */
	const struct anchor *anchors; /* none: every blob that meets `include` is a candidate */
	size_t anchor_count;
	struct bulk bulk;
	uint32_t prefix_len;      /* characters of a secret that are the same in all of them */
	const struct form *forms; /* none: it is not certain what the secret is */
	size_t form_count;

	const struct example *examples;
	size_t example_count;
	const char *file; /* where the rule stands, for messages */
	uint32_t line;    /* 1-based */
};

/* What rule files call the algorithms, without CHECKSUM_NONE, and the decoders, without
 * STRUCTURE_NONE; a NULL ends each. */
extern const char *const checksum_names[];
extern const char *const structure_names[];

/* "note", "warning", "error". */
const char *level_name(enum level level);

/* "low", "medium", "high". */
const char *confidence_name(enum confidence confidence);

/* "specific", "providerGeneric", "providerVariant", "analyzerGeneric". */
const char *rule_type_name(enum rule_type type);

/* Whether the rule is so unspecific that it skips binaries: RULE_ANALYZER_GENERIC. */
bool rule_is_generic(const struct rule *rule);

#endif
