#include "report/date.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *date_text(int64_t seconds, int32_t zone, char out[DATE_TEXT_SIZE])
{
	const int64_t first = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
	const int64_t last = INT64_C(253402300799);  /* 9999-12-31T23:59:59Z */
	int32_t minutes = zone > -24 * 60 && zone < 24 * 60 ? zone : 0;
	int64_t shown = seconds < first ? first : seconds > last ? last : seconds;
	struct tm tm = {0};
	time_t local;

	shown += (int64_t)minutes * 60;
	local = (time_t)(shown < first ? first : shown > last ? last : shown);
	gmtime_r(&local, &tm);
	snprintf(out, DATE_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", tm.tm_year + 1900,
	         tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	         minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
	return out;
}

bool date_read(const char *text, int64_t *seconds, int32_t *zone)
{
	struct tm tm = {0};
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	unsigned hours, minutes;
	char sign, end;

	if (!at)
		return false;
	if (*at == '.') {
		do
			at++;
		while (isdigit((unsigned char)*at));
	}
	*zone = 0;
	if (strcmp(at, "Z") != 0) {
		if (sscanf(at, "%c%2u:%2u%c", &sign, &hours, &minutes, &end) != 3 ||
		    (sign != '+' && sign != '-'))
			return false;
		*zone = (int32_t)(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	}
	*seconds = timegm(&tm) - (int64_t)*zone * 60;
	return true;
}
