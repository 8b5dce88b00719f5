/*
 * A scratch folder that a test stands in: files by relative path, programs run in it, and git with
 * no configuration but its own.
 */
#ifndef TRAWL_TESTS_TREE_H
#define TRAWL_TESTS_TREE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char tree_path[4096];
static int tree_back = -1;

/* A failed preparation ends the test program. */
static inline void tree_need(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	abort();
}

/*
 * Runs the NULL-terminated arguments and returns what they print, with a NUL behind it that *len
 * does not count; the caller's. A status other than 0 ends the test program.
 */
static inline char *tree_output(const char *const *argv, size_t *len)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t got;
	int ends[2], status;
	pid_t child;

	*len = 0;
	tree_need(pipe(ends) == 0, "pipe");
	child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0 && close(ends[0]) == 0 && close(ends[1]) == 0)
			execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	tree_need(child > 0 && close(ends[1]) == 0, "fork");
	do {
		if (cap - *len < 4096)
			text = realloc(text, cap += 65536);
		tree_need(text, "realloc");
		got = read(ends[0], text + *len, cap - *len);
		*len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	text[*len] = '\0'; /* there is room: the last read asked for more */
	tree_need(close(ends[0]) == 0 && waitpid(child, &status, 0) == child, "waitpid");
	tree_need(WIFEXITED(status) && WEXITSTATUS(status) == 0, argv[0]);
	return text;
}

#define TREE_RUN(...) tree_run((const char *const[]){__VA_ARGS__, NULL})

static inline void tree_run(const char *const *argv)
{
	size_t len;

	free(tree_output(argv, &len));
}

/* Enters a new scratch folder, which is also the home folder from now on. */
static inline int tree_enter(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	tree_back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(tree_path, sizeof(tree_path), "%s/trawl-XXXXXX", base ? base : P_tmpdir);
	tree_need(tree_back >= 0 && mkdtemp(tree_path) && chdir(tree_path) == 0, tree_path);
	tree_need(setenv("HOME", tree_path, 1) == 0 && unsetenv("XDG_CONFIG_HOME") == 0 &&
	              setenv("GIT_CONFIG_NOSYSTEM", "1", 1) == 0 && unsetenv("GIT_DIR") == 0 &&
	              unsetenv("GIT_INDEX_FILE") == 0 && unsetenv("GIT_WORK_TREE") == 0,
	          "setenv");
	return 0;
}

/* Leaves and removes it. */
static inline int tree_leave(void **state)
{
	(void)state;
	tree_need(fchdir(tree_back) == 0 && close(tree_back) == 0, "fchdir");
	TREE_RUN("rm", "-rf", tree_path);
	return 0;
}

/* Makes the folders that lead to this path. */
static inline void tree_make_folders(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		tree_need(!*part || mkdir(part, 0777) == 0 || access(part, F_OK) == 0, part);
	}
}

static inline void tree_put_bytes(const char *path, const void *bytes, size_t len)
{
	FILE *file;

	tree_make_folders(path);
	file = fopen(path, "w");
	tree_need(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0, path);
}

/* Writes a file, making the folders above it. */
static inline void tree_put(const char *path, const char *text)
{
	tree_put_bytes(path, text, strlen(text));
}

#endif
