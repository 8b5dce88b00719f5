/*
 * Keys and tokens of Microsoft's cloud and the checksums in them, as the vendor's own library
 * computes them (github.com/microsoft/security-utilities).
 */
#ifndef TRAWL_DETECT_AZURE_H
#define TRAWL_DETECT_AZURE_H

#include "base/bytes.h"

#include <stdbool.h>

/* A key of a service: base64 with four characters near its end that name the service. */
bool azure_key_check(struct bytes secret);

/* A key in the common annotated form, 84 or 88 characters. */
bool azure_annotated_key_check(struct bytes secret);

/* A client secret of Entra, 40 characters. */
bool azure_client_secret_check(struct bytes secret);

/* A personal access token or application token of Azure DevOps in its old form, 52 characters. */
bool azure_devops_token_check(struct bytes secret);

#endif
