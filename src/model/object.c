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

/* Values of hexadecimal digits, plus 1; 0: none. */
static const unsigned char digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool object_id_parse(struct object_id *id, const char *hex)
{
	for (int i = 0; i < OBJECT_ID_SIZE; i++) {
		unsigned high = digit_values[(unsigned char)hex[2 * i]];
		unsigned low = high ? digit_values[(unsigned char)hex[2 * i + 1]] : 0;

		if (!low)
			return false;
		id->bytes[i] = (unsigned char)((high - 1) << 4 | (low - 1));
	}
	return true;
}
