/*
 * Which letters follow which in ordinary text: counted when Trawl is built (generate/rarity.c).
 */
#ifndef TRAWL_RULESET_RARITY_TABLE_H
#define TRAWL_RULESET_RARITY_TABLE_H

enum {
	RARITY_LETTERS = 26,                 /* the first classes of bytes, whatever their case */
	RARITY_CLASSES = RARITY_LETTERS + 6, /* digits and signs besides */
	RARITY_UNITS = 8,                    /* to a bit */
};

extern const unsigned char rarity_class[256];

/* How rarely a letter stands behind bytes of two classes, in units. */
extern const unsigned char rarity_table[RARITY_CLASSES][RARITY_CLASSES][RARITY_LETTERS];

#endif
