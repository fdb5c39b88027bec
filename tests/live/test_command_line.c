/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: what is wrong with it is said in one line, with the right status, and leaves
 * nothing behind.  Each row is run in a folder that holds `left_there` and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "driver.h"

enum { ARGS_MAX = 14 };

/* What is in the folder that a row is run in; a "dir" has no text. */
static const struct {
	const char *name, *text;
} left_there[] = {
	{ "dir", NULL },
	{ "empty", "" },
	{ "text", "some text\n" },
	{ "broken.lua", "return {\n" },
	{ "not-counts.json", "{ \"records\": 1 }\n" },
};

#define EXEC(...)                                                                                  \
	{                                                                                          \
		"knothole", "exec", __VA_ARGS__, "--", "true", "---", "true"                       \
	}

static const struct row {
	const char *name;
	const char *argv[ARGS_MAX];
	int status;
	const char *says; /* on stderr, in its one line; NULL = nothing is said there */
	const char *prints; /* on stdout; NULL = nothing is */
} rows[] = {
	{ "--help", { "knothole", "--help" }, 0, NULL, "usage: knothole COMMAND" },
	{ "an unknown command, with the nearest",
	  { "knothole", "matrx" },
	  2,
	  "did you mean \"matrix\"?",
	  NULL },
	{ "an unknown command like no other",
	  { "knothole", "zzzzzzzz" },
	  2,
	  "unknown command \"zzzzzzzz\"; see knothole --help",
	  NULL },
	{ "matrix --help", { "knothole", "matrix", "--help" }, 0, NULL, "--realise" },
	{ "run --help", { "knothole", "run", "--help" }, 0, NULL, "--set" },
	{ "models --help", { "knothole", "models", "--help" }, 0, NULL, "--format" },
	{ "exec: IPv6's NAT of a side that has none",
	  { "knothole", "exec", "--b=none", "--b6=nat66", "--", "true", "---", "true" },
	  2,
	  "--b6 nat66: expected a NAT in --b; got none",
	  NULL },
	{ "exec --help", { "knothole", "exec", "--help" }, 0, NULL, "--expect" },
	{ "shell --help", { "knothole", "shell", "--help" }, 0, NULL, "--a MODEL" },
	{ "one program only",
	  { "knothole", "exec", "--", "true", "with", "arguments" },
	  2,
	  "got no ---",
	  NULL },
	{ "a port that there is not",
	  { "knothole", "exec", "--forward-b=70000", "--", "true", "---", "true" },
	  2,
	  "expected a port from 1 to 65535; got \"70000\"",
	  NULL },
	{ "a shell in no host", { "knothole", "shell", "carol" }, 2, "got \"carol\"", NULL },
	{ "verdict --help", { "knothole", "verdict", "--help" }, 0, NULL, "--format" },
	{ "population --help", { "knothole", "population", "--help" }, 0, NULL, "--shard" },
	{ "merge --help", { "knothole", "merge", "--help" }, 0, NULL, "--format" },
	{ "an unknown population",
	  { "knothole", "population", "rovers" },
	  2,
	  "did you mean \"roverso\"?",
	  NULL },
	{ "a shard that there is not",
	  { "knothole", "population", "roverso", "--shard", "3/2" },
	  2,
	  "--shard: expected I/N, I from 1 to N; got \"3/2\"",
	  NULL },
	{ "counts that are not there",
	  { "knothole", "merge", "no/such.json" },
	  2,
	  "no/such.json",
	  NULL },
	{ "bench --help", { "knothole", "bench", "--help" }, 0, NULL, "--format" },
	{ "an unknown option", { "knothole", "run", "--jbos" }, 2, "did you mean --jobs?", NULL },
	{ "no file to judge", { "knothole", "verdict" }, 2, "usage: knothole verdict", NULL },
	{ "an unknown model to describe",
	  { "knothole", "models", "ful-cone" },
	  2,
	  "did you mean \"full-cone\"?",
	  NULL },
	{ "an unknown model in the matrix",
	  { "knothole", "matrix", "--a", "ful-cone" },
	  2,
	  "did you mean \"full-cone\"?",
	  NULL },
	{ "no time at all",
	  { "knothole", "run", "--time", "0s" },
	  2,
	  "--time: expected a longer time; got \"0s\"",
	  NULL },
	{ "no model in the matrix",
	  { "knothole", "matrix", "--a", "" },
	  2,
	  "--a: expected MODELS; got \"\"",
	  NULL },
	{ "a model file in the matrix that is not there",
	  { "knothole", "matrix", "--a", "./no-such.lua" },
	  2,
	  "./no-such.lua: No such file",
	  NULL },
	{ "a model asked in the other family",
	  { "knothole", "models", "ipv6-firewall", "--conformance", "--family", "ipv4" },
	  77,
	  "ipv6-firewall: cannot be probed: expected a model for ipv4",
	  NULL },
	{ "a model asked in its own",
	  { "knothole", "models", "nat66", "--conformance" },
	  0,
	  NULL,
	  "one mapping for every destination: [2b00:2:1::2]:" },
	{ "why the kernel cannot be a model",
	  { "knothole", "models", "symmetric-sequential-2" },
	  0,
	  NULL,
	  "realise = \"kernel\": no: " },
	{ "that the kernel can be a model",
	  { "knothole", "models", "linux-masquerade" },
	  0,
	  NULL,
	  "realise = \"kernel\": yes" },
	{ "a measure that there is not",
	  { "knothole", "bench", "lab_up" },
	  2,
	  "did you mean \"lab_up_ms\"?",
	  NULL },
	{ "a scenario file that is not there",
	  { "knothole", "run", "no/such.lua" },
	  2,
	  "no/such.lua",
	  NULL },
	{ "a capture that is not there",
	  { "knothole", "verdict", "no/such.pcapng" },
	  2,
	  "no/such.pcapng",
	  NULL },
	{ "a kernel's NATs where there is no kernel",
	  { "knothole", "run", "--world", "virtual", "--realise", "kernel" },
	  2,
	  "--realise kernel: expected --world live or both with it",
	  NULL },
	{ "a world that there is not",
	  { "knothole", "run", "--world", "virtul" },
	  2,
	  "virtual",
	  NULL },
	{ "an empty option",
	  { "knothole", "matrix", "--output=" },
	  2,
	  "--output: expected DIR; got \"\"",
	  NULL },
	{ "an option for a value",
	  { "knothole", "run", "-o", "--world", "virtual" },
	  2,
	  "--output: expected DIR; got \"--world\"; if it is meant, write --output=--world",
	  NULL },
	{ "help of something",
	  { "knothole", "run", "--help=claims" },
	  2,
	  "--help takes no value; got \"claims\"",
	  NULL },
	{ "a seed that JSON has no room for",
	  { "knothole", "run", "--seed", "18446744073709551615" },
	  2,
	  "--seed: expected 0 to 4611686018427387904; got 18446744073709551615",
	  NULL },
	{ "lines in a name",
	  { "knothole", "models", "a\nb" },
	  2,
	  "unknown model \"a\\x0ab\"",
	  NULL },
	{ "lines in a command", { "knothole", "a\nb" }, 2, "unknown command \"a\\x0ab\"", NULL },
	{ "results in a file",
	  { "knothole", "run", "--world", "virtual", "-o", "text", "basics/direct" },
	  2,
	  "--output text: expected a folder that can be written to: Not a directory",
	  NULL },
	{ "results below a file",
	  { "knothole", "matrix", "--world", "virtual", "-o", "text/x" },
	  2,
	  "--output text/x: expected a folder that can be written to: Not a directory",
	  NULL },
	{ "a population's results in a file",
	  { "knothole", "population", "roverso", "-n", "9", "-o", "text" },
	  2,
	  "--output text: expected a folder",
	  NULL },
	{ "a shell's results in a file",
	  { "knothole", "shell", "-o", "text" },
	  2,
	  "--output text: expected a folder",
	  NULL },
	{ "no scenario at all", { "knothole", "run", "" }, 2, "an argument is empty", NULL },
	{ "no scenario at all, nor an option",
	  { "knothole", "run", "--", "" },
	  2,
	  "expected a file, folder or scenario; got \"\"",
	  NULL },
	{ "a folder without scenarios",
	  { "knothole", "run", "dir" },
	  2,
	  "dir: no scenario in it",
	  NULL },
	{ "a report that is not there",
	  { "knothole", "run", "--claims", "--record", "no/such" },
	  2,
	  "no/such: No such file or directory",
	  NULL },
	{ "a folder for a report",
	  { "knothole", "run", "--claims", "--record", "dir" },
	  2,
	  "dir: Is a directory",
	  NULL },
	{ "an empty report",
	  { "knothole", "run", "--claims", "--record", "empty" },
	  2,
	  "empty:1: expected JSON: ",
	  NULL },
	{ "a report without records",
	  { "knothole", "run", "--claims", "--record", "not-counts.json" },
	  2,
	  "not-counts.json: expected a report.json with its \"records\"",
	  NULL },
	{ "a report, and scenarios",
	  { "knothole", "run", "--claims", "--record", "empty", "basics" },
	  2,
	  "--record empty: expected no scenario with it; got \"basics\"",
	  NULL },
	{ "the kernel's matrix where there is no kernel",
	  { "knothole", "matrix", "--world", "virtual", "--realise", "both" },
	  2,
	  "--realise both: expected --world live or both with it",
	  NULL },
	{ "a model of IPv6 in the matrix",
	  { "knothole", "matrix", "--a", "nat64" },
	  2,
	  "--a: expected a model for IPv4; got nat64",
	  NULL },
	{ "a model of IPv4 in that of IPv6",
	  { "knothole", "matrix", "--ipv6", "--b", "full-cone" },
	  2,
	  "--b: expected a model for IPv6; got full-cone",
	  NULL },
	{ "a model of no NAT",
	  { "knothole", "models", "--conformance" },
	  2,
	  "--conformance: expected NAME or FILE with it; got none",
	  NULL },
	{ "a seed of requirements",
	  { "knothole", "models", "--requirements", "--seed", "3" },
	  2,
	  "--seed: expected NAME or FILE with it; got none",
	  NULL },
	{ "requirements of a model",
	  { "knothole", "models", "--requirements", "symmetric" },
	  2,
	  "--requirements: expected no NAME or FILE with it; got one",
	  NULL },
	{ "requirements",
	  { "knothole", "models", "--requirements" },
	  0,
	  NULL,
	  "knob: udp.mapping; met by all defaults" },
	{ "a folder for a model",
	  { "knothole", "models", "./dir" },
	  2,
	  "./dir: Is a directory",
	  NULL },
	{ "a broken model", { "knothole", "models", "broken.lua" }, 2, "broken.lua:2: ", NULL },
	{ "pairs of no population",
	  { "knothole", "population", "-n", "10" },
	  2,
	  "--pairs: expected NAME or FILE with it; got none",
	  NULL },
	{ "a part of no population",
	  { "knothole", "population", "--shard", "1/2" },
	  2,
	  "--shard: expected NAME or FILE with it; got none",
	  NULL },
	{ "results of no population",
	  { "knothole", "population", "-o", "x" },
	  2,
	  "--output: expected NAME or FILE with it; got none",
	  NULL },
	{ "a folder for a population",
	  { "knothole", "population", "./dir" },
	  2,
	  "./dir: Is a directory",
	  NULL },
	{ "one pair, and a part",
	  { "knothole", "population", "roverso", "--pair", "1", "--shard", "1/2" },
	  2,
	  "--pair: expected no --shard with it; got both",
	  NULL },
	{ "one pair as JSON",
	  { "knothole", "population", "roverso", "--pair", "1", "--format", "json" },
	  2,
	  "--pair: expected no --format json with it; got both",
	  NULL },
	{ "a pair that the run does not have",
	  { "knothole", "population", "roverso", "--pair", "3", "-n", "3" },
	  2,
	  "--pair: expected 0 to 2, as there are 3 pairs (-n); got 3",
	  NULL },
	{ "a folder for counts", { "knothole", "merge", "dir" }, 2, "dir: Is a directory", NULL },
	{ "other JSON for counts",
	  { "knothole", "merge", "not-counts.json" },
	  2,
	  "not-counts.json: not a population's counts",
	  NULL },
	{ "a folder for a capture", { "knothole", "verdict", "dir" }, 2, "dir: ", NULL },
	{ "text for a capture",
	  { "knothole", "verdict", "text" },
	  2,
	  "text: expected a capture (pcapng or pcap)",
	  NULL },
	{ "exec: an unknown model", EXEC("--a", "ful-cone"), 2,
	  "--a: unknown model \"ful-cone\"; did you mean \"full-cone\"?", NULL },
	{ "exec: a model for IPv6", EXEC("--a", "nat64"), 2,
	  "--a: expected a model for IPv4; got nat64", NULL },
	{ "exec: a model for IPv4", EXEC("--b6", "full-cone"), 2,
	  "--b6: expected a model for IPv6; got full-cone", NULL },
	{ "exec: a broken model", EXEC("--a", "broken.lua"), 2, "broken.lua:2: ", NULL },
	{ "exec: a model that is not there", EXEC("--b", "no/such.lua"), 2,
	  "no/such.lua: No such file", NULL },
	{ "exec: a port with a sign", EXEC("--forward-a", "+80"), 2,
	  "expected a port from 1 to 65535; got \"+80\"", NULL },
	{ "exec: a port of nobody", EXEC("--a=none", "--forward-a=80"), 2,
	  "--forward-a 80: expected a NAT in --a; got none", NULL },
	{ "exec: no delay", EXEC("--delay", "20"), 2,
	  "--delay: expected a time such as \"20ms\"; got \"20\"", NULL },
	{ "exec: no loss", EXEC("--loss", "101%"), 2,
	  "--loss: expected a share such as \"5%\"; got \"101%\"", NULL },
	{ "exec: no rate", EXEC("--rate", "fast"), 2,
	  "--rate: expected a rate such as \"10Mbit\"; got \"fast\"", NULL },
	{ "exec: ready at no port", EXEC("--ready", "99999"), 2,
	  "--ready: expected a port from 1 to 65535; got \"99999\"", NULL },
	{ "exec: ready without a program", EXEC("--server-ready", "80"), 2,
	  "--server-ready 80: expected a SERVER-COMMAND with it; got none", NULL },
	{ "exec: a program that is not there",
	  { "knothole", "exec", "--", "true", "---", "no-such-program" },
	  2,
	  "B-COMMAND: expected a program; got \"no-such-program\": No such file",
	  NULL },
	{ "exec: a program that cannot be executed",
	  { "knothole", "exec", "--", "./text", "---", "true" },
	  2,
	  "A-COMMAND: expected a program; got \"./text\": Permission denied",
	  NULL },
	{ "exec: results in a file", EXEC("-o", "text"), 2, "--output text: expected a folder",
	  NULL },
	{ "a shell behind an unknown model",
	  { "knothole", "shell", "--a", "ful-cone" },
	  2,
	  "--a: unknown model \"ful-cone\"",
	  NULL },
	{ "a shell behind a slow link",
	  { "knothole", "shell", "--delay", "slow" },
	  2,
	  "--delay: expected a time such as \"20ms\"; got \"slow\"",
	  NULL },
};

static void lay_out(const char *directory)
{
	char path[2 * DRIVEN_PATH];

	for (size_t i = 0; i < sizeof(left_there) / sizeof(*left_there); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", directory, left_there[i].name);
		if (!left_there[i].text) {
			assert_int_equal(mkdir(path, 0755), 0);
			continue;
		}
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(left_there[i].text, file);
		assert_int_equal(fclose(file), 0);
	}
}

/* Take away what was laid out; the folder must be empty then. */
static void clear_away(const char *directory)
{
	char path[2 * DRIVEN_PATH];

	for (size_t i = 0; i < sizeof(left_there) / sizeof(*left_there); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, left_there[i].name);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(remove(directory), 0);
}

static void check(void **state)
{
	static struct driven driven;
	const struct row *row = *state;
	char directory[DRIVEN_PATH];

	drive_directory(directory);
	lay_out(directory);
	drive(&(struct drive){ .argv = row->argv, .directory = directory }, &driven);
	clear_away(directory);
	assert_int_equal(driven.status, row->status);
	if (row->says) {
		if (!strstr(driven.err, row->says))
			fail_msg("expected \"%s\", got \"%s\"", row->says, driven.err);
		assert_true(drive_is_one_line(driven.err));
	} else {
		assert_string_equal(driven.err, "");
	}
	if (row->prints)
		assert_non_null(strstr(driven.out, row->prints));
	else
		assert_string_equal(driven.out, "");
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
