/* Puts the serialised databases into the program; Hyperscan wants them aligned to 8 bytes. */
	.macro embed name, file
	.section .rodata
	.balign 64
	.global \name
\name:
	.incbin "\file"
	.global \name\()_end
\name\()_end:
	.endm

	embed embedded_plain_anywhere, "builtin_plain_anywhere.hsdb"
	embed embedded_plain_near, "builtin_plain_near.hsdb"
	embed embedded_avx2_anywhere, "builtin_avx2_anywhere.hsdb"
	embed embedded_avx2_near, "builtin_avx2_near.hsdb"
	embed embedded_avx512_anywhere, "builtin_avx512_anywhere.hsdb"
	embed embedded_avx512_near, "builtin_avx512_near.hsdb"

	.section .note.GNU-stack, "", %progbits
