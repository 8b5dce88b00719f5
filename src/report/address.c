#include "report/address.h"

#include <ctype.h>
#include <stdio.h>

/* What may stand in a path as it is (RFC 3986, pchar); in front of a relative one, no colon. */
#define PATH_KEPT "!$&'()*+,;=@"

static void put(struct json *j, const char *text)
{
	json_put(j, bytes_of(text));
}

void address_put_encoded(struct json *j, struct bytes text, const char *kept)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c && (strchr("-._~", c) || strchr(kept, c)))) {
			json_put(j, bytes_slice(text, i, i + 1));
		} else {
			char escape[4];

			snprintf(escape, sizeof(escape), "%%%02X", c);
			put(j, escape);
		}
	}
}

/* Takes the first segment off the path, with the slashes around it; false when there is none. */
static bool next_segment(struct bytes *path, struct bytes *segment)
{
	struct bytes rest = *path;
	size_t len = 0;

	while (rest.len && rest.ptr[0] == '/')
		rest = bytes_slice(rest, 1, rest.len);
	while (len < rest.len && rest.ptr[len] != '/')
		len++;
	*segment = bytes_slice(rest, 0, len);
	*path = bytes_slice(rest, len, rest.len);
	return len > 0;
}

static bool is_here(struct bytes segment)
{
	return bytes_equal(segment, bytes_of("."));
}

static bool is_up(struct bytes segment)
{
	return bytes_equal(segment, bytes_of(".."));
}

/*
 * Goes through the path: how many segments stand below its start in the end, and how many levels
 * it has climbed above it by then. Returns whether it climbs anywhere.
 */
static bool measure(struct bytes path, size_t *below, size_t *above)
{
	struct bytes segment;
	bool climbs = false;

	*below = *above = 0;
	while (next_segment(&path, &segment)) {
		if (is_here(segment))
			continue;
		if (!is_up(segment))
			++*below;
		else if (*below)
			--*below;
		else
			++*above;
		climbs = climbs || is_up(segment);
	}
	return climbs;
}

/*
 * Adds the path's segments, joined by slashes, without dot segments and what those take back:
 * addresses with them are refused.
 */
static void put_path(struct json *j, struct bytes path, bool absolute)
{
	struct bytes segment;
	size_t below, above;
	bool climbs = measure(path, &below, &above);
	bool first = true;

	while (next_segment(&path, &segment)) {
		if (is_here(segment) || is_up(segment))
			continue;
		if (climbs) {
			measure(path, &below, &above);
			if (above)
				continue;
		}
		if (!first)
			put(j, "/");
		address_put_encoded(j, segment, first && !absolute ? PATH_KEPT : PATH_KEPT ":");
		first = false;
	}
}

/* Takes the last segment off a path without a slash at its end; "" stays. */
static void drop_segment(struct bytes *folder)
{
	while (folder->len && folder->ptr[folder->len - 1] != '/')
		folder->len--;
	while (folder->len && folder->ptr[folder->len - 1] == '/')
		folder->len--;
}

/* The folder without slashes at its end, so that the root is "". */
static struct bytes trimmed(const char *text)
{
	struct bytes folder = bytes_of(text);

	while (folder.len && folder.ptr[folder.len - 1] == '/')
		folder.len--;
	return folder;
}

static void put_folder(struct json *j, struct bytes folder)
{
	put(j, "file:///");
	put_path(j, folder, true);
	put(j, folder.len ? "/" : "");
}

void address_put_folder(struct json *j, const char *folder)
{
	put_folder(j, trimmed(folder));
}

bool address_put_file(struct json *j, const char *folder, struct bytes path)
{
	struct bytes base = trimmed(folder);
	bool absolute = path.len && path.ptr[0] == '/';
	size_t below, above;

	measure(path, &below, &above);
	if (absolute) {
		base.len = 0;
	} else {
		absolute = above > 0;
		for (; above; above--)
			drop_segment(&base);
	}
	if (absolute)
		put_folder(j, base);
	else if (!below)
		put(j, "./"); /* the folder itself */
	put_path(j, path, absolute);
	return !absolute;
}

bool address_is_tree_path(struct bytes path)
{
	size_t start = 0;

	for (size_t i = 0; i <= path.len; i++) {
		struct bytes segment;

		if (i < path.len && path.ptr[i] != '/')
			continue;
		segment = bytes_slice(path, start, i);
		if (!segment.len || is_here(segment) || is_up(segment))
			return false;
		start = i + 1;
	}
	return true;
}

/* ---- remotes ---- */

/* SCHEME://HOST/PATH; the host may have a port, and the path starts with a slash or is empty. */
struct remote {
	struct bytes scheme;
	struct bytes host;
	struct bytes path;
	bool encoded; /* the path is percent-encoded already */
};

/* Whether all of the bytes are letters, digits, or in `more`. */
static bool is_made_of(struct bytes text, const char *more)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];

		if (c >= 0x80 || !c || (!isalnum(c) && !strchr(more, c)))
			return false;
	}
	return true;
}

/* Whether each percent sign has two hexadecimal digits behind it. */
static bool is_encoded(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '%' &&
		    (text.len - i < 3 || !isxdigit(text.ptr[i + 1]) || !isxdigit(text.ptr[i + 2])))
			return false;
	}
	return true;
}

/* Takes what stands before the separator off the text; false when there is none. */
static bool split(struct bytes *text, const char *separator, struct bytes *before)
{
	const unsigned char *at = memmem(text->ptr, text->len, separator, strlen(separator));

	if (!at)
		return false;
	*before = bytes_slice(*text, 0, (size_t)(at - text->ptr));
	*text = bytes_slice(*text, before->len + strlen(separator), text->len);
	return true;
}

/* Whether it ends in digits behind a colon, if there is a colon at all. */
static bool has_good_port(struct bytes host)
{
	struct bytes port = host, name;

	if (!split(&port, ":", &name))
		return true;
	for (size_t i = 0; i < port.len; i++) {
		if (!isdigit(port.ptr[i]))
			return false;
	}
	return name.len && port.len && port.len <= 5;
}

static bool read_remote(const char *text, struct remote *r)
{
	struct bytes rest = bytes_of(text);

	*r = (struct remote){.scheme = bytes_of("file"), .path = rest};
	if (bytes_start_with(rest, "/"))
		return true;
	if (split(&rest, "://", &r->scheme)) {
		size_t host = strcspn((const char *)rest.ptr, "/");

		r->host = bytes_slice(rest, 0, host);
		r->path = bytes_slice(rest, host, rest.len);
		r->encoded = is_encoded(r->path);
		return r->scheme.len && isalpha(r->scheme.ptr[0]) && is_made_of(r->scheme, "+-.") &&
		       (r->host.len || bytes_equal(r->scheme, bytes_of("file"))) &&
		       is_made_of(r->host, "-._:") && has_good_port(r->host);
	}
	r->scheme = bytes_of("ssh");
	if (!split(&rest, ":", &r->host))
		return false;
	r->path = rest;
	return r->host.len && is_made_of(r->host, "-._") && !bytes_start_with(rest, ":");
}

bool address_is_remote(const char *remote)
{
	struct remote r;

	return read_remote(remote, &r);
}

void address_put_remote(struct json *j, const char *remote)
{
	struct remote r;

	if (!read_remote(remote, &r))
		return;
	json_put(j, r.scheme);
	put(j, "://");
	json_put(j, r.host);
	if (r.path.len && r.path.ptr[0] != '/')
		put(j, "/");
	address_put_encoded(j, r.path, r.encoded ? PATH_KEPT ":/%" : PATH_KEPT ":/");
}
