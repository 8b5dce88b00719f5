#include "detect/trace.h"

#include <stdarg.h>
#include <stdio.h>

enum { DETAIL_MAX = 400 }; /* bytes; long patterns are cut */

void trace_say(struct trace *trace, const char *stage, enum trace_verdict verdict,
               const char *format, ...)
{
	struct trace_event event = {.stage = stage, .verdict = verdict};
	char detail[DETAIL_MAX];
	va_list args;

	if (!trace)
		return;
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	event.rule = trace->rule;
	event.detail = detail;
	event.decoded = trace->run_end > 0;
	event.start = event.decoded ? trace->run_start : trace->start;
	event.end = event.decoded ? trace->run_end : trace->end;
	trace->take(trace->context, &event);
}
