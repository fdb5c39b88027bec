/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is wrong with it is said in one line, with the right status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver.h"

enum { ARGS_MAX = 12 };

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
	{ "a model that no probe is for",
	  { "knothole", "models", "ipv6-firewall", "--conformance" },
	  77,
	  "ipv6-firewall: cannot be probed: expected a model for IPv4",
	  NULL },
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
};

static void check(void **state)
{
	static struct driven driven;
	const struct row *row = *state;

	drive(&(struct drive){ .argv = row->argv }, &driven);
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
