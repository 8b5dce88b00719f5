/*
 * What reports for people say of a finding beside its checksum: what the secret decodes to, and
 * where the other parts of the credential stand.
 */
#ifndef TRAWL_REPORT_PROOF_H
#define TRAWL_REPORT_PROOF_H

#include "model/finding.h"

enum { PROOF_TEXT_MAX = 512 };

/* "AWS account 123456789012, with access key id at 1:2"; "" if there is nothing to say. */
const char *proof_text(const struct finding *f, char out[PROOF_TEXT_MAX]);

#endif
