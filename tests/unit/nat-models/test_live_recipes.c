/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft itself takes every ruleset that `knothole models` shows.  They are loaded for real, each
 * in a network namespace of its own that ends with nft.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "nat-models/embed.h"

enum { SKIPPED = 77 };

/* The exit status of nft that reads @ruleset. */
static int load_ruleset(const char *ruleset, size_t len)
{
	FILE *nft = popen("unshare -rn nft -f - 2>&1", "w");
	int status;

	assert_non_null(nft);
	assert_int_equal(fwrite(ruleset, 1, len, nft), len);
	status = pclose(nft);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_ruleset(void **state)
{
	const struct embedded_file *file = *state;

	assert_int_equal(load_ruleset(file->text, file->len), 0);
}

/* The loading does notice: a set that is nowhere declared. */
static void a_wrong_ruleset(void **state)
{
	static const char wrong[] = "table ip t { chain c { ip saddr @nowhere drop; } }\n";

	(void)state;
	assert_int_not_equal(load_ruleset(wrong, sizeof(wrong) - 1), 0);
}

int main(void)
{
	struct CMUnitTest tests[32] = { cmocka_unit_test(a_wrong_ruleset) };
	size_t n = 1;

	if (system("unshare -rn nft list ruleset >/dev/null 2>&1") != 0) {
		puts("skipped: no user namespaces here, or no nft");
		return SKIPPED;
	}
	for (const struct embedded_file *file = embedded_recipes; file->name && n < 32; file++)
		tests[n++] = (struct CMUnitTest){ file->name, a_ruleset, NULL, NULL, (void *)file };
	return _cmocka_run_group_tests("recipes", tests, n, NULL, NULL);
}
