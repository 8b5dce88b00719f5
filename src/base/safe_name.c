#include "base/safe_name.h"

#include "base/digest.h"

#include <string.h>

enum { SHOWN_MAX = 60, DIGEST_SHOWN = 8 };

void safe_name_append(struct buf *out, const char *text)
{
	unsigned char digest[DIGEST_SIZE];
	const char *last = text + strlen(text), *end;
	struct digest d;

	while (last > text && last[-1] == '/')
		last--;
	end = last;
	while (last > text && last[-1] != '/')
		last--;
	for (const char *c = last; c < end && c < last + SHOWN_MAX; c++) {
		bool safe = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
		            (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == '-' ||
		            (*c == '.' && c > last);

		buf_appendf(out, "%c", safe ? *c : '-');
	}
	digest_begin(&d);
	digest_add(&d, bytes_of(text));
	digest_end(&d, digest);
	buf_appendf(out, "-");
	for (int i = 0; i < DIGEST_SHOWN; i++)
		buf_appendf(out, "%02x", digest[i]);
}
