/*
 * Any bytes as a secret of each structure, as what its base64 decodes to, as a secret of each
 * checksum, and as base64: no crash; what a verdict says is printable; what is not base64 is no
 * proof.
 */
#include "detect/base64.h"
#include "detect/checksum.h"
#include "detect/openpgp.h"
#include "detect/private_key.h"
#include "detect/structure.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(struct verdict verdict)
{
	if (!memchr(verdict.text, 0, sizeof(verdict.text)))
		abort();
	for (const char *c = verdict.text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char prefix[] = "pypi-";
	struct bytes secret = {data, size};
	struct buf out;

	for (int structure = STRUCTURE_NONE; structure <= STRUCTURE_WIREGUARD; structure++)
		check(structure_verify((enum structure)structure, secret, 1614816000));
	check(private_key_verify_decoded(secret));
	check(openpgp_verify_packets(secret));
	for (int algorithm = CHECKSUM_AZURE_KEY; algorithm <= CHECKSUM_SUPABASE; algorithm++) {
		struct checksum scheme = {.algorithm = (enum checksum_algorithm)algorithm};

		checksum_verify(&scheme, secret, bytes_slice(secret, size / 2, size));
	}
	buf_init(&out, size); /* as much as can be decoded, so that this may be too little */
	if (structure_verify(STRUCTURE_PYPI, secret, 0).soundness == STRUCTURE_SOUND &&
	    base64_decode(bytes_slice(secret, sizeof(prefix) - 1, size), BASE64_URL, false, &out))
		abort();
	buf_clear(&out);
	base64_decode(secret, BASE64_STANDARD, true, &out);
	buf_release(&out);
	return 0;
}
