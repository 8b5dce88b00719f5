#include "base/numbers.h"

#include <stdio.h>
#include <string.h>

const char *number_text(char out[NUMBER_TEXT_MAX], uint64_t number)
{
	char digits[NUMBER_TEXT_MAX];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	char *to = out;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

const char *size_text(char out[NUMBER_TEXT_MAX], uint64_t bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes;
	unsigned unit = 0;

	while (value >= 999.5 && unit < 6) {
		value /= 1000;
		unit++;
	}
	snprintf(out, NUMBER_TEXT_MAX, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value,
	         units[unit]);
	return out;
}
