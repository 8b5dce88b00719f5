#include "model/object.h"

const char *object_id_hex(const struct object_id *id, char out[OBJECT_ID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < OBJECT_ID_SIZE; i++) {
		out[2 * i] = digits[id->bytes[i] >> 4];
		out[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	out[OBJECT_ID_HEX] = '\0';
	return out;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool object_id_parse(struct object_id *id, const char *hex)
{
	for (int i = 0; i < OBJECT_ID_SIZE; i++) {
		int high = digit_value(hex[2 * i]);
		int low = high < 0 ? -1 : digit_value(hex[2 * i + 1]);

		if (low < 0)
			return false;
		id->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
