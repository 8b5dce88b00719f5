#include "sample.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64]; /* the test's own; the working directory */

static int enter_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), P_tmpdir "/trawl-test-XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1; /* fails if a file was left behind */
}

static enum err write_one(struct report *r, struct error *error)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	return report_write(r, &run, &(struct report_options){.sarif_limit = 1}, error);
}

static void expect_refused(const char *spec, enum err err, const char *message)
{
	struct report r;
	struct error error;

	assert_int_equal(report_open(&r, spec, &error), err);
	assert_string_equal(error.message, message);
	assert_null(r.out);
}

static void wrong_specs_are_refused(void **state)
{
	(void)state;
	expect_refused("xml", ERR_USAGE,
	               "-o xml: unknown format; there are text, jsonl, sarif, "
	               "github, gitlab, junit, html");
	expect_refused("", ERR_USAGE,
	               "-o : unknown format; there are text, jsonl, sarif, "
	               "github, gitlab, junit, html");
	expect_refused("tex", ERR_USAGE,
	               "-o tex: unknown format; there are text, jsonl, sarif, "
	               "github, gitlab, junit, html");
	expect_refused("sarif=", ERR_USAGE, "-o sarif=: a file name is missing");
	expect_refused("text=/", ERR_IO, "/: cannot be written: Is a directory");
	expect_refused("text=no/x", ERR_IO, "no/x: cannot be written: No such file or directory");
	expect_refused("text=no/", ERR_IO, "no/: cannot be written: Is a directory");
}

static void file_appears_when_it_is_complete(void **state)
{
	struct report r;
	struct error error;
	struct stat st;
	mode_t mask = umask(027);

	(void)state;
	assert_int_equal(report_open(&r, "sarif=out=1.sarif", &error), ERR_NONE);
	assert_int_equal(stat(r.temporary, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(write_one(&r, &error), ERR_NONE);
	assert_int_not_equal(access("out=1.sarif", F_OK), 0);
	assert_int_equal(report_commit(&r, &error), ERR_NONE);
	assert_int_equal(stat("out=1.sarif", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(st.st_size > 1000);
	umask(mask);
	assert_int_equal(unlink("out=1.sarif"), 0);
}

static void discarded_report_leaves_the_old_file(void **state)
{
	struct report r;
	struct error error;
	FILE *old = fopen("old", "w");
	struct stat st;

	(void)state;
	assert_non_null(old);
	assert_true(fputs("old", old) >= 0);
	assert_int_equal(fclose(old), 0);
	assert_int_equal(report_open(&r, "jsonl=old", &error), ERR_NONE);
	assert_int_equal(write_one(&r, &error), ERR_NONE);
	report_discard(&r);
	assert_int_equal(stat("old", &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(unlink("old"), 0);
}

static void full_device_is_an_error_and_stays_a_device(void **state)
{
	struct report r;
	struct error error;
	struct stat st;

	(void)state;
	assert_int_equal(report_open(&r, "sarif=/dev/full", &error), ERR_NONE);
	assert_null(r.temporary);
	assert_int_equal(write_one(&r, &error), ERR_IO);
	assert_string_equal(error.message,
	                    "/dev/full: the report could not be written: No space left on device");
	report_discard(&r);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void too_many_files_are_refused(void **state)
{
	struct report reports[REPORT_FILES_MAX], extra;
	struct error error;
	char spec[32];

	(void)state;
	for (int i = 0; i < REPORT_FILES_MAX; i++) {
		snprintf(spec, sizeof(spec), "text=f%d", i);
		assert_int_equal(report_open(&reports[i], spec, &error), ERR_NONE);
	}
	assert_int_equal(report_open(&extra, "text=extra", &error), ERR_IO);
	for (int i = 0; i < REPORT_FILES_MAX; i++)
		report_discard(&reports[i]);
}

static void closed_pipe_is_no_error(void **state)
{
	struct report r;
	struct error error;
	int ends[2], before = dup(STDOUT_FILENO);
	enum err written, committed;

	(void)state;
	report_guard_signals();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	assert_int_equal(report_open(&r, "sarif=-", &error), ERR_NONE);
	written = write_one(&r, &error);
	committed = report_commit(&r, &error);
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	assert_int_equal(written, ERR_NONE);
	assert_int_equal(committed, ERR_NONE);
	assert_int_equal(close(before), 0);
	assert_int_equal(close(ends[1]), 0);
}

/* A process with two open reports is ended by the signal and leaves nothing in the folder. */
static void expect_removed_by(int number)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct report reports[2];
		struct error error;

		signal(number, SIG_DFL);
		report_guard_signals();
		if (report_open(&reports[0], "text=x", &error) ||
		    report_open(&reports[1], "sarif=y", &error) || write_one(&reports[1], &error))
			_exit(99);
		raise(number);
		_exit(98);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chdir(folder), 0);
}

static void signals_remove_temporary_files(void **state)
{
	(void)state;
	expect_removed_by(SIGINT);
	expect_removed_by(SIGTERM);
	expect_removed_by(SIGHUP);
}

static void ignored_signal_stays_ignored(void **state)
{
	struct sigaction now;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	report_guard_signals();
	assert_int_equal(sigaction(SIGHUP, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	signal(SIGHUP, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_specs_are_refused),
	    cmocka_unit_test(file_appears_when_it_is_complete),
	    cmocka_unit_test(discarded_report_leaves_the_old_file),
	    cmocka_unit_test(full_device_is_an_error_and_stays_a_device),
	    cmocka_unit_test(too_many_files_are_refused),
	    cmocka_unit_test(closed_pipe_is_no_error),
	    cmocka_unit_test(signals_remove_temporary_files),
	    cmocka_unit_test(ignored_signal_stays_ignored),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
