/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scenarios and the matrix, as a user runs them: everything passes, in files as well as on
 * the terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"
#include "tried.h"

static struct driven driven;
static char results[DRIVEN_PATH];

static int make_results(void **state)
{
	(void)state;
	drive_directory(results);
	return 0;
}

static int remove_results(void **state)
{
	(void)state;
	drive_remove(results);
	return 0;
}

static void assert_file(const char *name)
{
	char path[DRIVEN_PATH + 64];

	snprintf(path, sizeof(path), "%s/%s", results, name);
	if (access(path, R_OK) != 0)
		fail_msg("%s is missing", path);
}

static void run(const char *const *argv)
{
	drive(&(struct drive){ .argv = argv }, &driven);
}

static void assert_says(const char *text)
{
	if (strstr(driven.out, text))
		return;
	/* cmocka would cut it before the lines that say what was not as expected. */
	fprintf(stderr, "%s%s", driven.out, driven.err);
	fail_msg("expected \"%s\"", text);
}

static void all_scenarios_pass(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "-o", results, NULL });
	assert_says(" 0 failed, 0 skipped");
	assert_int_equal(driven.status, 0);
	assert_null(strstr(driven.out, "twins not run"));
	assert_file("report.json");
	assert_file("junit.xml");
	assert_file("skype-both-behind-nat.pcapng");
	assert_file("skype-both-behind-nat.twin1.pcapng");
	assert_file("basics-punch.a=full-cone.b=restricted-cone.pcapng");
}

/* A sample of the catalog's pairs in which each model is the caller's six times or seven, with every
 * method.  Another seed draws others. */
static void every_method_between_many_models(void **state)
{
	char jobs[24];

	(void)state;
	/* Twice as many at a time as by default: a cell waits for one method after another, some nine
	 * seconds for fifty milliseconds of work. */
	snprintf(jobs, sizeof(jobs), "%ld", 32 * sysconf(_SC_NPROCESSORS_ONLN));
	run((const char *const[]){ "knothole", "matrix", "--methods", "all", "--a", "all", "--b",
				   "all", "--sample", "210", "--seed", "1", "--jobs", jobs, "-o",
				   results, NULL });
	assert_says("210 cells: 210 as the oracle says, 0 not, 0 skipped");
	assert_says("sample: 210 of ");
	assert_int_equal(driven.status, 0);
	assert_every_method_tried(results, "", 210);
}

/* Where the kernel translates: what it cannot do as the model says is refused, with the reason. */
static void tcp_through_the_kernels_nats(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "matrix", "--methods", "tcp", "--realise", "kernel",
				   "-o", results, NULL });
	assert_says("100 cells: 36 as the oracle says, 0 not, 64 skipped");
	assert_says("net home_b: the kernel cannot realise the TCP of ad-ei: conntrack answers TCP "
		    "from the port that was asked");
	assert_int_equal(driven.status, 0);
	assert_every_method_tried(results, "tcp-", 36);
}

/* A skip, too, is told of the kernel's NATs where it was they that were asked for. */
static void skipped_for_the_kernel(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--world", "live", "--realise", "kernel",
				   "--format", "json", "-o", results, "basics/address-change",
				   NULL });
	assert_says("\"message\": \"it needs the engine's NATs\"");
	assert_says("\"realise\": \"kernel\"");
	assert_null(strstr(driven.out, "\"realise\": \"engine\""));
}

/* … and nothing else: of a cell that it can do in part, that part is tried. */
static void the_rest_through_the_kernels_nats(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "matrix", "--methods", "all", "--realise", "kernel",
				   "--a", "ad-ei,apd-apd", "--b", "apd-apd", "-o", results, NULL });
	assert_says("2 cells: 2 as the oracle says, 0 not, 0 skipped, 1 tried in part");
	assert_says("part  ad-ei, apd-apd: not tried: tcp-direct, tcp-reversal, tcp-punch, "
		    "tcp-punch-low-ttl, tcp-stunt-2, tcp-sequential: net home_a: the kernel cannot "
		    "realise the TCP of ad-ei: conntrack answers TCP from the port that was asked");
	assert_int_equal(driven.status, 0);
}

/* Seeds change every port and every loss, and must change nothing else. */
static void and_again_with_other_seeds(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--seed", "1000", "--repeat", "3", "-o",
				   results, "basics", "skype", NULL });
	assert_says(" 0 failed, 0 skipped");
	assert_int_equal(driven.status, 0);
	assert_file("basics-direct.1.pcapng");
	assert_file("basics-direct.3.pcapng");
}

/* With the engine's NATs, with the kernel's, and in a virtual world: as the oracle says, and all
 * three alike. */
static void every_cell_is_as_the_oracle_says(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "matrix", "--world", "both", "--realise", "both",
				   "-o", results, NULL });
	assert_says("100 cells: 100 as the oracle says, 0 not, 0 skipped");
	assert_null(strstr(driven.out, "differ"));
	assert_int_equal(driven.status, 0);
	assert_file("matrix.a=ei-apd.b=apd-apd.realise=engine.live.pcapng");
	assert_file("matrix.a=ei-apd.b=apd-apd.realise=engine.virtual.pcapng");
	assert_file("matrix.a=ei-apd.b=apd-apd.realise=kernel.live.pcapng");
}

static void listing_runs_nothing(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--list", "-o", results, NULL });
	assert_int_equal(driven.status, 0);
	assert_says("skype/both-behind-nat ");
	assert_null(strstr(driven.out, "matrix"));
	assert_int_equal(rmdir(results), 0); /* it is empty */
}

static void parameters_from_the_command_line(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--set", "b=symmetric,full-cone", "-o",
				   results, "basics/direct", NULL });
	assert_int_equal(driven.status, 1);
	assert_says("1 passed, 1 failed, 0 skipped");
	assert_says("expected direct, found none");
	assert_says("twins not run: those of 1 scenario, whose parameters --set changes\n");
	assert_file("basics-direct.b=symmetric.pcapng");
}

static void claims_with_their_scenarios(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--claims", "-o", results, "skype", NULL });
	assert_int_equal(driven.status, 0);
	assert_says("SKB-11    pass");
	assert_says("skype/both-behind-nat: 3 pass");
}

/* The same, of the report that the run left; nothing is run for it. */
static void claims_of_a_record(void **state)
{
	char path[DRIVEN_PATH + 16];

	claims_with_their_scenarios(state);
	snprintf(path, sizeof(path), "%s/report.json", results);
	run((const char *const[]){ "knothole", "run", "--claims", "--record", path, NULL });
	assert_int_equal(driven.status, 0);
	assert_says("SKB-11    pass");
	assert_says("skype/both-behind-nat: 3 pass");
	run((const char *const[]){ "knothole", "run", "--record", path, NULL });
	assert_int_equal(driven.status, 2);
	assert_string_equal(driven.err, "knothole run: --record goes with --claims only\n");
}

/* All that there is to tell is on one line, whichever of the programs it was. */
static void programs_that_are_never_ready(void **state)
{
	static const struct {
		const char *argv[16], *says;
	} runs[] = {
		{ { "knothole", "exec", "-o", results, "--ready", "80", "--", "true", "---",
		    "true" },
		  "start: bob: true ended before it listened at port 80; what it said is in " },
		{ { "knothole", "exec", "-o", results, "--ready", "here I am", "--", "true", "---",
		    "echo", "not yet" },
		  "start: bob: echo ended before it said \"here I am\"; what it said is in " },
		{ { "knothole", "exec", "-o", results, "--server-ready", "80", "--", "true", "---",
		    "true", "---", "true" },
		  "start: server: true ended before it listened at port 80; what it said is in " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		run(runs[i].argv);
		assert_int_equal(driven.status, 1);
		assert_string_equal(driven.out, "");
		if (!strstr(driven.err, runs[i].says) || !drive_is_one_line(driven.err))
			fail_msg("expected one line with \"%s\", got: %s", runs[i].says,
				 driven.err);
		assert_file("report.json");
	}
}

static void reports_on_stdout(void **state)
{
	(void)state;
	run((const char *const[]){ "knothole", "run", "--format", "json", "-o", results,
				   "skype/both-public", NULL });
	assert_int_equal(driven.status, 0);
	assert_int_equal(driven.out[0], '{');
	assert_says("\"ended\": \"pass\"");
	run((const char *const[]){ "knothole", "run", "--format", "junit", "-o", results,
				   "skype/both-public", NULL });
	assert_int_equal(driven.status, 0);
	assert_int_equal(driven.out[0], '<');
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_results, remove_results)
	const struct CMUnitTest tests[] = {
		TEST(all_scenarios_pass),
		TEST(and_again_with_other_seeds),
		TEST(every_cell_is_as_the_oracle_says),
		TEST(every_method_between_many_models),
		TEST(tcp_through_the_kernels_nats),
		TEST(skipped_for_the_kernel),
		TEST(the_rest_through_the_kernels_nats),
		TEST(listing_runs_nothing),
		TEST(parameters_from_the_command_line),
		TEST(claims_with_their_scenarios),
		TEST(claims_of_a_record),
		TEST(programs_that_are_never_ready),
		TEST(reports_on_stdout),
	};

	if (!drive_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
