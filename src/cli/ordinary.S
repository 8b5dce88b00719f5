/* Puts the texts of fixtures/ordinary into the program, and the lengths of them. */
	.macro ordinary file
	.section .rodata.ordinary, "a"
1:	.incbin "\file\().txt"
2:
	.section .rodata.ordinary_lengths, "a"
	.long 2b - 1b
	.endm

	.section .rodata.ordinary, "a"
	.global ordinary_texts
ordinary_texts:
	.section .rodata.ordinary_lengths, "a"
	.balign 4
	.global ordinary_lengths
ordinary_lengths:

	ordinary c
	ordinary configuration
	ordinary data
	ordinary go
	ordinary java
	ordinary javascript
	ordinary lock
	ordinary log
	ordinary minified
	ordinary prose
	ordinary python
	ordinary rust
	ordinary shell
	ordinary typescript

	.section .rodata.ordinary_lengths, "a"
	.global ordinary_lengths_end
ordinary_lengths_end:

	.section .note.GNU-stack, "", %progbits
