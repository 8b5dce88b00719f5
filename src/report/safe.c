#include "report/safe.h"

#include "base/utf8.h"

#include <inttypes.h>

size_t safe_write(FILE *out, struct bytes text)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;
	size_t width = 0;

	while (ptr < end) {
		uint32_t code;
		unsigned len = utf8_decode(ptr, end, &code);
		unsigned escaped = len && utf8_shows_itself(code) ? 0 : len ? len : 1;

		if (escaped) {
			for (unsigned i = 0; i < escaped && out; i++)
				fprintf(out, "\\x%02x", ptr[i]);
			width += escaped * strlen("\\xNN");
		} else {
			if (code == '\\' && out)
				putc('\\', out);
			if (out)
				fwrite(ptr, 1, len, out);
			width += code == '\\' ? 2 : 1;
		}
		ptr += len ? len : 1;
	}
	return width;
}

struct bytes safe_prefix(const struct finding *f)
{
	size_t len = f->prefix_len < PREVIEW_MAX ? f->prefix_len : PREVIEW_MAX;

	return (struct bytes){(const unsigned char *)f->prefix, len};
}

const char *safe_preview(const struct finding *f, char out[SAFE_PREVIEW_MAX])
{
	struct bytes prefix = safe_prefix(f);

	snprintf(out, SAFE_PREVIEW_MAX, "%.*s" SAFE_REDACTED " (%" PRIu32 " bytes)",
	         (int)prefix.len, (const char *)prefix.ptr, f->secret_len);
	return out;
}
