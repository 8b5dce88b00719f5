/*
 * Addresses (RFC 3986) of files, folders and remotes. Whatever bytes a name has, its address is
 * valid, and an address of a relative path stays relative. What is put goes to the open string of
 * the JSON writer.
 */
#ifndef TRAWL_REPORT_ADDRESS_H
#define TRAWL_REPORT_ADDRESS_H

#include "report/json.h"

/* Adds the bytes with percent-encoding; letters, digits, -._~ and those in `kept` stay. */
void address_put_encoded(struct json *j, struct bytes text, const char *kept);

/* Adds the address of an absolute folder, "file:///srv/a%20b/". */
void address_put_folder(struct json *j, const char *folder);

/*
 * Adds the address of a file, without dot segments and what those take back. Returns whether it is
 * relative to the folder (absolute); a path that is absolute or leaves the folder is not.
 */
bool address_put_file(struct json *j, const char *folder, struct bytes path);

/*
 * Whether the path can be one of a git tree: relative, without empty and dot segments. Different
 * ones have different addresses, all of them relative.
 */
bool address_is_tree_path(struct bytes path);

/*
 * Whether the address of a git remote can be written as a URI: one with a scheme and a host,
 * HOST:PATH, or an absolute path.
 */
bool address_is_remote(const char *remote);

/* Adds that URI. */
void address_put_remote(struct json *j, const char *remote);

#endif
