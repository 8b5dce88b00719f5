/*
 * What went wrong, for people. A function that can fail returns an `enum err` (0 = success) and
 * fills the `struct error` that it is given last. The code says how a caller can react; all else
 * is in the message, which names the file, the line and the remedy and never holds a secret.
 */
#ifndef TRAWL_BASE_ERROR_H
#define TRAWL_BASE_ERROR_H

enum err {
	ERR_NONE = 0,
	ERR_USAGE,       /* the command line asks for something that cannot be */
	ERR_SYNTAX,      /* a rule file or another text of the user's is wrong */
	ERR_MISSING,     /* what was named does not exist */
	ERR_IO,          /* the system refused to read or write */
	ERR_LIMIT,       /* a stated maximum was reached */
	ERR_CORRUPT,     /* foreign bytes contradict their format */
	ERR_UNSUPPORTED, /* valid, but this build or its libraries cannot read it */
};

struct error {
	enum err code;
	char message[1024]; /* one line without a newline; control characters are escaped */
};

/*
 * Records code and formatted message in e (which may be NULL) and returns code, so that a caller
 * can write `return error_set(...)`. What does not merely show itself (control characters, marks
 * that turn the direction of writing, invalid UTF-8) becomes \xNN.
 */
enum err error_set(struct error *e, enum err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
