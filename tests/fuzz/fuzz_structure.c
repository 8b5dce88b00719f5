/* Any bytes as a secret of each structure, and as base64: no crash; what is not base64 is no proof.
 */
#include "detect/base64.h"
#include "detect/structure.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char prefix[] = "pypi-";
	struct bytes secret = {data, size};
	struct buf out;

	structure_verify(STRUCTURE_JWT, secret);
	structure_verify(STRUCTURE_PEM, secret);
	buf_init(&out, size); /* as much as can be decoded, so that this may be too little */
	if (structure_verify(STRUCTURE_PYPI, secret) &&
	    base64_decode(bytes_slice(secret, sizeof(prefix) - 1, size), BASE64_URL, false, &out))
		abort();
	buf_clear(&out);
	base64_decode(secret, BASE64_STANDARD, true, &out);
	buf_release(&out);
	return 0;
}
