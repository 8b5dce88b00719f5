#include "detect/base64.h"

#include <sodium.h>

enum err base64_decode(struct bytes text, enum base64_alphabet alphabet, bool spaced,
                       struct buf *out)
{
	const char *end;
	size_t len = 0;
	enum err err;

	while (text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	if (!text.len)
		return ERR_NONE;
	err = buf_reserve(out, text.len / 4 * 3 + 3);
	if (err)
		return err;
	if (sodium_base642bin(out->ptr + out->len, text.len / 4 * 3 + 3, (const char *)text.ptr,
	                      text.len, spaced ? " \t\r\n" : NULL, &len, &end,
	                      alphabet == BASE64_URL
	                          ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
	                          : sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
	    end != (const char *)text.ptr + text.len)
		return ERR_CORRUPT;
	out->len += len;
	return ERR_NONE;
}
