/*
 * JSON Web Tokens (RFC 7519): header "." claims "." signature, the first two base64url of JSON
 * objects.
 */
#ifndef TRAWL_DETECT_JWT_H
#define TRAWL_DETECT_JWT_H

#include "detect/verdict.h"

/*
 * Sound with its algorithm and expiry day; spent if it expired before `now` or is not signed;
 * broken if it does not decode, or its signature is by far not as long as those of the algorithm;
 * alien if it is that but for a few characters: it was cut off, or made up to be none.
 */
struct verdict jwt_verify(struct bytes secret, int64_t now);

#endif
