/*
 * The built-in rules' databases, made when the program is built: for each platform one of each
 * group of stubs.
 */
#ifndef TRAWL_DETECT_EMBEDDED_H
#define TRAWL_DETECT_EMBEDDED_H

extern const unsigned char embedded_plain_anywhere[], embedded_plain_anywhere_end[];
extern const unsigned char embedded_plain_near[], embedded_plain_near_end[];
extern const unsigned char embedded_avx2_anywhere[], embedded_avx2_anywhere_end[];
extern const unsigned char embedded_avx2_near[], embedded_avx2_near_end[];
extern const unsigned char embedded_avx512_anywhere[], embedded_avx512_anywhere_end[];
extern const unsigned char embedded_avx512_near[], embedded_avx512_near_end[];

#endif
