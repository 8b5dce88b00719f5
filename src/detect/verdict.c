#include "detect/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

const char *soundness_name(enum soundness soundness)
{
	static const char *const names[] = {"silent", "alien",  "broken",
	                                    "spent",  "locked", "sound"};

	return names[soundness];
}

struct verdict verdict_of(enum soundness soundness, const char *format, ...)
{
	struct verdict v = {.soundness = soundness};
	va_list args;

	va_start(args, format);
	vsnprintf(v.text, sizeof(v.text), format, args);
	va_end(args);
	return v;
}

struct verdict verdict_of_end(const char *what, int64_t end, int64_t now)
{
	static const int64_t year_10000 = 253402300800;
	const char *comma = *what ? ", " : "";
	time_t time = (time_t)end;
	char day[16];
	struct tm tm;

	if (end < 0 || end >= year_10000 || !gmtime_r(&time, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		return verdict_of(STRUCTURE_SOUND, "%s", what);
	if (now && end < now)
		return verdict_of(STRUCTURE_SPENT, "expired %s", day);
	return verdict_of(STRUCTURE_SOUND, "%s%sexpires %s", what, comma, day);
}
