#include "scan/locate.h"

#include "base/utf8.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

void locator_init(struct locator *locator, struct bytes text)
{
	*locator = (struct locator){.text = text, .line = 1, .column = 1};
}

void locator_move(struct locator *l, size_t offset)
{
	const unsigned char *newline;
	size_t units;

	while ((newline = memchr(l->text.ptr + l->at, '\n', offset - l->at))) {
		l->at = l->line_start = (size_t)(newline - l->text.ptr) + 1;
		l->line++;
		l->column = 1;
	}
	if (l->at == 0 && offset >= 3 && bytes_start_with(l->text, byte_order_mark))
		l->at = 3;
	units = utf8_utf16_units(bytes_slice(l->text, l->at, offset));
	l->column += (uint32_t)units;
	l->at = offset;
}
