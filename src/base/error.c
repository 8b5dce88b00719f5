#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

enum err error_set(struct error *e, enum err code, const char *format, ...)
{
	char raw[sizeof(e->message)];
	va_list args;
	size_t out = 0;

	if (!e)
		return code;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	e->code = code;
	for (const unsigned char *c = (unsigned char *)raw, *end = c + strlen(raw); c < end;) {
		uint32_t character;
		unsigned len = utf8_decode(c, end, &character);
		bool shown = len && utf8_shows_itself(character);

		len = len ? len : 1;
		if (out + 4 * len >= sizeof(e->message))
			break;
		for (unsigned i = 0; i < len; i++, c++) {
			if (shown)
				e->message[out++] = (char)*c;
			else
				out += (size_t)snprintf(e->message + out, 5, "\\x%02x", *c);
		}
	}
	e->message[out] = '\0';
	return code;
}
