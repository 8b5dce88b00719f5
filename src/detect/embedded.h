/*
 * The built-in rules' databases, made when the program is built: one for each platform.
 */
#ifndef TRAWL_DETECT_EMBEDDED_H
#define TRAWL_DETECT_EMBEDDED_H

extern const unsigned char embedded_plain[], embedded_plain_end[];
extern const unsigned char embedded_avx2[], embedded_avx2_end[];
extern const unsigned char embedded_avx512[], embedded_avx512_end[];

#endif
