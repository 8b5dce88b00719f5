/* Puts the files of the page into the program. */
	.macro embed name, file
	.section .rodata
	.global \name
\name:
	.incbin "\file"
	.global \name\()_end
\name\()_end:
	.endm

	embed html_page, "page.html"
	embed html_style, "style.css"
	embed html_script, "script.js"

	.section .note.GNU-stack, "", %progbits
