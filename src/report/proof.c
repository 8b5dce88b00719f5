#include "report/proof.h"

#include <inttypes.h>
#include <stdio.h>

const char *proof_text(const struct finding *f, char out[PROOF_TEXT_MAX])
{
	int len = snprintf(out, PROOF_TEXT_MAX, "%.80s", f->proof ? f->proof : "");

	for (size_t i = 0; i < f->part_count && len < PROOF_TEXT_MAX; i++)
		len += snprintf(out + len, (size_t)(PROOF_TEXT_MAX - len),
		                "%swith %.80s at %" PRIu32 ":%" PRIu32, len ? ", " : "",
		                f->parts[i].name, f->parts[i].start_line, f->parts[i].start_column);
	return out;
}
