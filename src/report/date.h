/* Dates as RFC 3339 writes them, whatever numbers a commit states. */
#ifndef TRAWL_REPORT_DATE_H
#define TRAWL_REPORT_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { DATE_TEXT_SIZE = 80, DATE_DAY_LEN = 10, DATE_TIME_LEN = 19 };

/*
 * "2026-01-31T13:00:00+01:00", in out: seconds since 1970 as a clock shows them that stands `zone`
 * minutes east of UTC; the first DATE_DAY_LEN characters are the day, and
 * the first DATE_TIME_LEN lack the zone. A zone of a day or more
 * counts as UTC, a year outside 1 to 9999 as the nearest second within. Returns out.
 */
const char *date_text(int64_t seconds, int32_t zone, char out[DATE_TEXT_SIZE]);

/* Reads such a text, perhaps with a fraction of a second, or Z for the zone; false if it is none.
 */
bool date_read(const char *text, int64_t *seconds, int32_t *zone);

#endif
