/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual world by the command: the same every time, for anybody, and honest about what it
 * has not got. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../live/driver.h"
#include "../live/tried.h"

enum { NOBODY = 65534 };

static char directory[DRIVEN_PATH];
static struct driven driven;

static int setup(void **state)
{
	(void)state;
	drive_directory(directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	drive_remove(directory);
	return 0;
}

/* An ordinary user, where one can reach the binary: a checkout in root's home is root's alone.
 * It is tried in a child, since there is no way back. */
static int be_nobody(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		bool reaches = setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
			       access(drive_binary(), X_OK) == 0;
		_exit(reaches ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status == 0 ? setgid(NOBODY) || setuid(NOBODY) : 0;
}

/* Every folder of scenarios in @home, at @jobs worlds at a time, with the results in @output. */
static void run_all(const char *home, const char *jobs, const char *output)
{
	const char *const run[] = {
		"env",	   home,     drive_binary(), "run",    "--world", "virtual", "--seed",
		"7",	   "--jobs", jobs,	     "-o",     output,	  "basics",  "skype",
		"devices", "ipv6",   "turn",	     "beyond", "ice",	  NULL,
	};

	drive(&(struct drive){ .argv = run, .before = be_nobody, .directory = directory }, &driven);
	if (driven.status != 0)
		print_error("%s%s", driven.out, driven.err);
	assert_int_equal(driven.status, 0);
}

/* The same scenarios by another path, as on another machine. */
static void make_homes(char here[DRIVEN_PATH + 32], char there[2 * DRIVEN_PATH])
{
	char home[DRIVEN_PATH], link[DRIVEN_PATH + 16];

	drive_file("", home);
	snprintf(link, sizeof(link), "%s/elsewhere", directory);
	assert_int_equal(symlink(home, link), 0);
	snprintf(here, DRIVEN_PATH + 32, "KNOTHOLE_HOME=%s", home);
	snprintf(there, 2 * (size_t)DRIVEN_PATH, "KNOTHOLE_HOME=%s", link);
}

/*
 * Captures and reports, wherever they are written and the scenarios stand.  None is left out: TLS too
 * draws its keys by the seed (tls_chance.h).
 */
static void every_file_is_the_same_every_time(void **state)
{
	const char *const compare[] = { "diff", "-rq", "one", "two", NULL };
	const char *const count[] = { "sh", "-c", "ls one/*.pcapng | wc -l", NULL };
	const char *const tls[] = { "sh", "-c", "ls one/*transport=tls*.pcapng | wc -l", NULL };
	char two[DRIVEN_PATH + 8], here[DRIVEN_PATH + 32], there[2 * DRIVEN_PATH];
	int captures = 0, encrypted = 0;

	(void)state;
	make_homes(here, there);
	snprintf(two, sizeof(two), "%s/two", directory);
	run_all(here, "1", "one");
	run_all(there, "7", two);
	drive(&(struct drive){ .argv = compare, .directory = directory }, &driven);
	assert_string_equal(driven.out, "");
	assert_int_equal(driven.status, 0);
	drive(&(struct drive){ .argv = count, .directory = directory }, &driven);
	assert_int_equal(sscanf(driven.out, "%d", &captures), 1);
	assert_in_range(captures, 200, 1000);
	drive(&(struct drive){ .argv = tls, .directory = directory }, &driven);
	assert_int_equal(sscanf(driven.out, "%d", &encrypted), 1);
	assert_in_range(encrypted, 1, 10);
}

static void the_whole_matrix_is_as_the_oracle_says(void **state)
{
	const char *const argv[] = {
		"knothole", "matrix", "--world", "virtual", "-o", "out", NULL
	};

	(void)state;
	drive(&(struct drive){ .argv = argv, .before = be_nobody, .directory = directory },
	      &driven);
	assert_int_equal(driven.status, 0);
	assert_non_null(strstr(driven.out, "100 cells: 100 as the oracle says, 0 not, 0 skipped"));
}

static void and_that_of_ipv6(void **state)
{
	const char *const argv[] = { "knothole", "matrix", "--ipv6", "--world",
				     "virtual",	 "-o",	   "out6",   NULL };

	(void)state;
	drive(&(struct drive){ .argv = argv, .before = be_nobody, .directory = directory },
	      &driven);
	assert_non_null(strstr(driven.out, "49 cells: 49 as the oracle says, 0 not, 0 skipped"));
	assert_int_equal(driven.status, 0);
}

/* All cells there are; of the sanitizers, which take ten times as long, a sample must do. */
#ifdef __SANITIZE_ADDRESS__
#define SAMPLE "128"
#else
#define SAMPLE "1000000"
#endif

/* As many cells as there are pairs of @models, or more, and none that is not as the oracle says; how
 * many. */
static int expect_cells(int models)
{
	const char *told = strstr(driven.out, " cells: ");
	int cells = 0, good = 0;

	if (driven.status)
		fail_msg("%s%s", driven.out, driven.err);
	assert_non_null(told);
	while (told > driven.out && told[-1] >= '0' && told[-1] <= '9')
		told--;
	assert_int_equal(
		sscanf(told, "%d cells: %d as the oracle says, 0 not, 0 skipped", &cells, &good),
		2);
	assert_true(cells >= models * models || cells == atoi(SAMPLE));
	assert_int_equal(good, cells);
	return cells;
}

/* The whole catalog, but for corporate-proxy-only: behind it nobody reaches a rendezvous. */
static void every_method_between_every_two_models(void **state)
{
	static const char *const families[] = { NULL, "--ipv6" };
	static const int models[] = { 32, 7 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *output = families[i] ? "six" : "four";
		char path[DRIVEN_PATH + 8];
		const char *const argv[] = { "knothole", "matrix",  "--methods", "all",
					     "--world",	 "virtual", "--a",	 "all",
					     "--b",	 "all",	    "--sample",	 SAMPLE,
					     "-o",	 output,    families[i], NULL };

		drive(&(struct drive){ .argv = argv, .before = be_nobody, .directory = directory },
		      &driven);
		snprintf(path, sizeof(path), "%s/%s", directory, output);
		assert_every_method_tried(path, "", expect_cells(models[i]));
	}
}

/* Each run asks the oracle, and fails where it is wrong. */
static void ice_over_tcp_between_every_two_models(void **state)
{
	char path[DRIVEN_PATH + 32];
	const char *const argv[] = { "knothole", "run", "--world", "virtual",
				     "-o",	 "out", path,	   NULL };

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/world/ice_tcp.lua", getenv("KNOTHOLE_HOME"));
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
	assert_non_null(strstr(driven.out, "256 passed, 0 failed, 0 skipped"));
	assert_int_equal(driven.status, 0);
}

#define TWO_HOSTS "world = function () return { alice = host {}, bob = host {} } end,\n"

/* Scenarios that a virtual world cannot play, or not to an end. */
static const struct row {
	const char *name, *scenario;
	int status;
	const char *says; /* on stdout or stderr */
} rows[] = {
	{ "a program",
	  "return { title = 'x', " TWO_HOSTS
	  "run = function (w)\n w.alice:exec { 'true' }\n end }\n",
	  1, "mine.lua:3: programs need --world live" },
	{ "a need that is said",
	  "return { title = 'x', needs = 'live', " TWO_HOSTS
	  "run = function (w) w.alice:exec { 'true' } end }\n",
	  77, "skip  mine [virtual]  0 ms  it needs --world live" },
	{ "a need that there is not",
	  "return { title = 'x', needs = 'kernel', " TWO_HOSTS "run = function (w) end }\n", 2,
	  "needs: expected \"live\" or \"engine\", got \"kernel\"" },
	{ "a kernel's NAT",
	  "return { title = 'x', world = function () return {\n"
	  "home = net { nat = 'linux-masquerade', realise = 'kernel', alice = host {} } } end,\n"
	  "run = function (w) end }\n",
	  77, "a kernel translates here, which needs --world live" },
	{ "one that expects nothing",
	  "return { title = 'x', " TWO_HOSTS "run = function (w) end }\n", 1,
	  "it expects nothing: no expect() was reached, and no call" },
	{ "a call that the oracle has no say in",
	  "return { title = 'x', " TWO_HOSTS "run = function (w)\n"
	  "w.bob:service 'rendezvous'\n"
	  "connect(w.alice, w.bob, { via = w.bob, try = { 'direct' }, oracle = 'for a test' }) end }\n",
	  0, "(oracle waived: for a test)" },
	{ "two that answer each other for ever",
	  "return { title = 'x', " TWO_HOSTS "run = function (w)\n"
	  "w.bob:service 'echo'\n"
	  "local s = w.alice:udp {}\n"
	  "while true do s:send('x', w.bob:at(7)) s:recv() end\n"
	  "end }\n",
	  1, "mine.lua:5: ran out of its time of 100ms, still waiting here" },
	{ "one that waits for ever",
	  "return { title = 'x', " TWO_HOSTS "run = function (w)\n"
	  "w.alice:udp { port = 5 }:recv { within = '3h' }\n end }\n",
	  1, "mine.lua:3: ran out of its time of 100ms, still waiting here" },
};

static void what_cannot_be(void **state)
{
	const struct row *row = *state;
	const char *const argv[] = { "knothole", "run", "--world", "virtual",  "--time",
				     "100ms",	 "-o",	"out",	   "mine.lua", NULL };
	char path[DRIVEN_PATH + 32];
	FILE *file;

	setup(state);
	snprintf(path, sizeof(path), "%s/mine.lua", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(row->scenario, file);
	fclose(file);
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
	if (!strstr(driven.out, row->says) && !strstr(driven.err, row->says))
		fail_msg("expected \"%s\", got: %s%s", row->says, driven.out, driven.err);
	assert_int_equal(driven.status, row->status);
	teardown(state);
}

/* It is sought from where the command is given, not from the scenario's folder; and two of one
 * name have a capture each. */
static void the_matrix_takes_model_files(void **state)
{
	static const char model[] = "return { base = 'full-cone', title = 'Mine' }\n";
	const char *const argv[] = { "knothole", "matrix", "--world",
				     "virtual",	 "--a",	   "./mine.lua,sub/mine.lua",
				     "--b",	 "no-nat", "-o",
				     "out",	 NULL };
	char path[DRIVEN_PATH + 64];

	(void)state;
	snprintf(path, sizeof(path), "%s/sub", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	for (size_t i = 0; i < 2; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%smine.lua", directory, i ? "sub/" : "");
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(model, file);
		fclose(file);
	}
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
	if (driven.status)
		fail_msg("%d: %s%s", driven.status, driven.out, driven.err);
	for (int i = 1; i <= 2; i++) {
		snprintf(path, sizeof(path),
			 "%s/out/matrix.a=mine.lua.b=no-nat.realise=engine.%d.pcapng", directory,
			 i);
		assert_int_equal(access(path, R_OK), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_file_is_the_same_every_time, setup, teardown),
		cmocka_unit_test_setup_teardown(the_whole_matrix_is_as_the_oracle_says, setup,
						teardown),
		cmocka_unit_test_setup_teardown(and_that_of_ipv6, setup, teardown),
		cmocka_unit_test_setup_teardown(every_method_between_every_two_models, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ice_over_tcp_between_every_two_models, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_matrix_takes_model_files, setup, teardown),
	};
	struct CMUnitTest row_tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = what_cannot_be,
						    .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(row_tests, NULL, NULL);
}
