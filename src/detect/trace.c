#include "detect/trace.h"

#include <stdarg.h>
#include <stdio.h>

enum { DETAIL_MAX = 400 }; /* bytes; long patterns are cut */

void trace_say(struct trace *trace, const char *stage, enum trace_verdict verdict,
               const char *format, ...)
{
	char detail[DETAIL_MAX];
	va_list args;

	if (!trace)
		return;
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	trace->take(trace->context, &(struct trace_event){.rule = trace->rule,
	                                                  .start = trace->start,
	                                                  .end = trace->end,
	                                                  .stage = stage,
	                                                  .verdict = verdict,
	                                                  .detail = detail});
}
