/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each failure is told with a command: taken at its word, it fails again in the same way, byte for
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../live/driver.h"

enum { TEXT = 4096, FAILURES_MAX = 16 };

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

/* By a shell, in the test's directory, where "knothole" is the binary under test. */
static void shell(const char *command)
{
	static char script[3 * TEXT];
	const char *const argv[] = { "sh", "-c", script, NULL };

	snprintf(script, sizeof(script), "knothole() { '%s' \"$@\"; }\n%s", drive_binary(),
		 command);
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
}

static void write_file(const char *name, const char *text)
{
	char path[DRIVEN_PATH + 64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* What a report says of one failure, line by line. */
struct failure {
	char why[TEXT], capture[TEXT], command[TEXT];
};

/* The rest of the line in @from … @to that begins with @label; "" where there is none. */
static void take_line(const char *from, const char *to, const char *label, char ret[TEXT])
{
	const char *at = strstr(from, label);

	ret[0] = '\0';
	if (at && at < to)
		snprintf(ret, TEXT, "%.*s", (int)strcspn(at + strlen(label), "\n"),
			 at + strlen(label));
}

/* The failures in what was just said, each ending with its command; @why begins the line that
 * tells them apart. */
static size_t failures(const char *why, struct failure ret[FAILURES_MAX])
{
	static char text[DRIVEN_TEXT];
	const char *from = text, *end;
	size_t n = 0;

	memcpy(text, driven.out, sizeof(text));
	while ((end = strstr(from, "repeat: ")) && n < FAILURES_MAX) {
		end += strcspn(end, "\n");
		take_line(from, end, why, ret[n].why);
		take_line(from, end, "capture: ", ret[n].capture);
		take_line(from, end, "repeat: ", ret[n].command);
		from = end;
		n++;
	}
	return n;
}

/* Do what a failure says, and find nothing but the same failure. */
static void fails_again(const struct failure *failure, const char *why)
{
	static struct failure again[FAILURES_MAX];
	char command[2 * TEXT + 64];

	snprintf(command, sizeof(command), "rm -rf again; %s -v -o again", failure->command);
	shell(command);
	assert_int_equal(driven.status, 1);
	if (failures(why, again) != 1)
		fail_msg("%s: expected one failure, got: %s%s", failure->command, driven.out,
			 driven.err);
	assert_string_equal(again[0].why, failure->why);
	assert_string_equal(again[0].command, failure->command);
	snprintf(command, sizeof(command), "cmp '%s' '%s'", failure->capture, again[0].capture);
	shell(command);
	assert_string_equal(driven.out, "");
	assert_int_equal(driven.status, 0);
}

static void all_fail_again(const char *command, const char *why, size_t expected)
{
	static struct failure list[FAILURES_MAX];
	size_t n;

	shell(command);
	assert_int_equal(driven.status, 1);
	n = failures(why, list);
	if (n != expected)
		fail_msg("expected %zu failures, got %zu: %s%s", expected, n, driven.out,
			 driven.err);
	for (size_t i = 0; i < n; i++)
		fails_again(&list[i], why);
}

/* What it finds depends on the seed and on each parameter, awkward ones among them. */
static const char by_chance[] =
	"return {\n"
	"  title = 'Chance', params = { say = { \"it's, so\", 'a\\\\b' }, n = 3, on = true },\n"
	"  world = function (p) return { alice = host {}, bob = host { services = { 'echo' } } }"
	" end,\n"
	"  run = function (w, p)\n"
	"    local s = w.alice:udp {}\n"
	"    local found = p.say .. p.n .. tostring(p.on) .. math.random(1, 1000000)\n"
	"    s:send(found, w.bob:at(7)) s:recv()\n"
	"    expect(found):is 'nothing'\n"
	"  end,\n"
	"  twins = { { set = { n = 4 }, fails = 'got 8' }, { set = { n = 5 }, fails = 'got 7' },\n"
	"    { set = { n = 6 }, fails = 'got' } },\n"
	"}\n";

static void a_run_and_its_twins(void **state)
{
	(void)state;
	write_file("by chance.lua", by_chance);
	/* Two values of `say`, twice; and of the three twins only the last fails as it must. */
	all_fail_again("knothole run -v --world virtual --seed 9 --repeat 2 -o out 'by chance.lua'",
		       "expected nothing, found", 8);
}

static void a_run_with_what_was_set(void **state)
{
	(void)state;
	write_file("by chance.lua", by_chance);
	all_fail_again("knothole run -v --world virtual --set n=7 --set on=false,true "
		       "--set 'say=x\\,y' --time 5s -o out 'by chance.lua'",
		       "expected nothing, found", 2);
}

/* Its connections to the rendezvous are forgotten at once, which the oracle does not know. */
static void a_cell_of_the_matrix(void **state)
{
	(void)state;
	write_file("forgets.lua",
		   "return { base = 'full-cone', title = 'Forgets',\n"
		   "tcp = { transitory = '1ms', established = '1ms', tracking = 'strict' } }\n");
	all_fail_again(
		"knothole matrix --world virtual --seed 4 --a ./forgets.lua --b no-nat,ei-ei "
		"-o out",
		"oracle", 2);
}

static void a_pair_of_a_population(void **state)
{
	(void)state;
	shell("knothole population libp2p-2025 --seed 5 --pair 77 -o one && "
	      "knothole population libp2p-2025 --seed 5 --pair 77 -o two && "
	      "cmp one/pair-77.pcapng two/pair-77.pcapng");
	if (driven.status)
		fail_msg("%s%s", driven.out, driven.err);
	assert_non_null(strstr(driven.out, "pair 77: "));
	assert_non_null(strstr(driven.out, ", as the capture shows\n"));
	/* Its population must be one whose pairs are called. */
	shell("knothole population tailscale-birthday --pair 77 -o three");
	assert_int_equal(driven.status, 2);
}

static void a_twin_that_there_is_not(void **state)
{
	(void)state;
	shell("knothole run --world virtual --twin 9 -o out basics/punch");
	assert_int_equal(driven.status, 2);
	assert_string_equal(driven.err, "knothole run: --twin 9: no scenario here has so many, or "
					"--set took them away\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_and_its_twins, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_with_what_was_set, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cell_of_the_matrix, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pair_of_a_population, setup, teardown),
		cmocka_unit_test_setup_teardown(a_twin_that_there_is_not, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
