#include "base/error.h"

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
	for (const char *c = raw; *c && out + 5 < sizeof(e->message); c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte < 0x20 || byte == 0x7f)
			out += (size_t)snprintf(e->message + out, 5, "\\x%02x", byte);
		else
			e->message[out++] = *c;
	}
	e->message[out] = '\0';
	return code;
}
