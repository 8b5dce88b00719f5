#include "cli/progress.h"

#include "base/numbers.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 300, INTERVAL_MS = 100 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_init(struct progress_line *line, const struct options *o)
{
	*line = (struct progress_line){
	    .wanted = !o->quiet && (o->progress == PROGRESS_ALWAYS ||
	                            (o->progress == PROGRESS_AUTO && isatty(STDERR_FILENO))),
	    .next = now_ms() + FIRST_MS};
}

void progress_show(struct progress_line *line, uint64_t count, const char *what)
{
	char number[NUMBER_TEXT_MAX];

	if (!line->wanted || now_ms() < line->next)
		return;
	line->next = now_ms() + INTERVAL_MS;
	line->shown = true;
	fprintf(stderr, "\rscanning: %s %s", number_text(number, count), what);
}

void progress_clear(struct progress_line *line)
{
	if (line->shown)
		fputs("\r\x1b[K", stderr);
}
