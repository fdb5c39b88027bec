/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean": near words are found, far ones are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/suggest.h"

static const char *const words[] = {
	"full-cone", "restricted-cone", "port-restricted-cone", "symmetric", "of", "step"
};

static const struct row {
	const char *name;
	const char *word;
	const char *want; /* NULL: nothing is near */
} rows[] = {
	{ "a letter left out", "ful-cone", "full-cone" },
	{ "a letter put in", "symmmetric", "symmetric" },
	{ "a letter changed", "symmetrik", "symmetric" },
	{ "two letters swapped", "setp", "step" },
	{ "a swap at the end", "symmetrci", "symmetric" },
	{ "capitals", "Full-Cone", "full-cone" },
	{ "underscore for dash", "port_restricted_cone", "port-restricted-cone" },
	{ "blank for dash", "full cone", "full-cone" },
	{ "the word itself", "step", "step" },
	{ "one off in two letters", "od", "of" },
	{ "three off in nine", "xyzl-cone", "full-cone" },
	{ "four off in nine", "wxyz-cone", NULL },
	{ "two off in four", "stxx", NULL },
	{ "nothing like it", "carrier", NULL },
	{ "empty", "", NULL },
	{ "one letter", "o", "of" },
	{ "longer than any word",
	  "full-cone-full-cone-full-cone-full-cone-full-cone-full-cone-full-cone", NULL },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	const char *found = suggest(row->word, words, sizeof(words) / sizeof(words[0]));

	if (row->want)
		assert_string_equal(found ? found : "(nothing)", row->want);
	else if (found)
		fail_msg("\"%s\" is not like \"%s\"", found, row->word);
}

static void no_words_no_suggestion(void **state)
{
	(void)state;
	assert_null(suggest("step", words, 0));
}

static void the_earlier_of_two_equals(void **state)
{
	static const char *const twins[] = { "udp1", "udp2" };

	(void)state;
	assert_ptr_equal(suggest("udp3", twins, 2), twins[0]);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest row_tests[ROWS];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_no_suggestion),
		cmocka_unit_test(the_earlier_of_two_equals),
	};
	int failed = cmocka_run_group_tests_name("suggest", tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] =
			(struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return failed + cmocka_run_group_tests_name("suggest rows", row_tests, NULL, NULL);
}
