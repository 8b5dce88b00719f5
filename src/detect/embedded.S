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

	embed embedded_plain, "builtin_plain.hsdb"
	embed embedded_avx2, "builtin_avx2.hsdb"
	embed embedded_avx512, "builtin_avx512.hsdb"

	.section .note.GNU-stack, "", %progbits
