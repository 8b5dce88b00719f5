#include "cli/status.h"

#include <stdio.h>

int status_error(const struct error *error)
{
	fprintf(stderr, "trawl: %s\n", error->message);
	return STATUS_ERROR;
}
