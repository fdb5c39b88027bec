/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Populations: the known ones, what is wrong with others, and drawing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/population.h"

#define HEAD "return { title = 't', source = 's', definition = 'd', "
#define MEMBERS "members = { { share = 1, model = 'full-cone' } }, "
#define FIGURES "figures = { { measure = 'pair-udp' } } }"

static struct population population;

static void every_known_one_reads(void **state)
{
	size_t n;
	const char *const *names = population_names(&n);

	(void)state;
	assert_in_range(n, 8, 64);
	for (size_t i = 0; i < n; i++) {
		struct model_error error = { "" };

		if (population_find(names[i], &population, &error) != 0)
			fail_msg("%s", error.text);
		assert_string_equal(population.name, names[i]);
	}
	assert_null(names[n]);
}

static const struct row {
	const char *text, *want; /* how the error goes on after the file's name */
} wrong[] = {
	{ "return { titel = 't' }", "unknown key \"titel\"; did you mean \"title\"?" },
	{ "return { title = 't', source = 's' }", "definition: expected one line" },
	{ HEAD FIGURES, "members: expected a list; got nil" },
	{ HEAD MEMBERS "}", "figures: expected a list; got nil" },
	{ HEAD "members = {}, " FIGURES, "members: expected 1 to 48 of them; got 0" },
	{ HEAD "members = { 7 }, " FIGURES, "members[1]: expected a table; got number" },
	{ HEAD "members = { { model = 'full-cone' } }, " FIGURES, "members[1]: expected a share" },
	{ HEAD "members = { { share = -1, model = 'full-cone' } }, " FIGURES,
	  "members[1].share: expected a number from 0" },
	{ HEAD "members = { { share = 0, model = 'full-cone' } }, " FIGURES,
	  "members: all shares are 0" },
	{ HEAD "members = { { share = 1, model = 'ful-cone' } }, " FIGURES,
	  "members[1].model: unknown model \"ful-cone\"; did you mean \"full-cone\"?" },
	{ HEAD "members = 'roversa', " FIGURES,
	  "members: unknown population \"roversa\"; did you" },
	{ HEAD "members = 'roverso', without = 'opne', " FIGURES,
	  "without: no member is called \"opne\"" },
	{ HEAD MEMBERS "figures = { { measure = 'pair-dup' } } }",
	  "figures[1].measure: expected one of pair-udp, " },
	{ HEAD MEMBERS "figures = { { measure = 'pair-udp', published = 101 } } }",
	  "figures[1].published: expected a number from 0 to 100; got 101" },
	{ HEAD MEMBERS "figures = { { measure = 'guess', open = 3 } } }",
	  "figures[1]: a guess needs the numbers" },
	{ HEAD MEMBERS "figures = { { measure = 'pair-udp' }, { measure = 'pair-udp' } } }",
	  "figures[2]: pair-udp is measured already" },
	{ "return 3", "" },
	{ "return {", "" },
};

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct model_error error = { "" };
		const struct row *row = &wrong[i];

		memset(&population, 0x5a, sizeof(population));
		assert_int_equal(population_load("my/own.lua", row->text, strlen(row->text),
						 &population, &error),
				 -EINVAL);
		if (!strstr(error.text, "own.lua") || !strstr(error.text, row->want))
			fail_msg("%s\n  gives \"%s\"\n  not \"%s\"", row->text, error.text,
				 row->want);
		assert_int_equal(population.title[0], 0x5a);
	}
}

static void an_unknown_name_is_suggested(void **state)
{
	struct model_error error;

	(void)state;
	assert_int_equal(population_find("rovers", &population, &error), -ENOENT);
	assert_string_equal(error.text, "unknown population \"rovers\"; did you mean \"roverso\"?");
}

static void one_in_place_of_another(void **state)
{
	static struct population theirs;
	struct model_error error;

	(void)state;
	assert_int_equal(population_find("guha-francis-2005", &population, &error), 0);
	assert_int_equal(population_find("ford-2005-tcp", &theirs, &error), 0);
	assert_int_equal(population.members_len, theirs.members_len);
	assert_true(population.weight == theirs.weight);
	/* All but the open ones, 21.4 of 100. */
	assert_int_equal(population_find("libp2p-2025", &population, &error), 0);
	assert_int_equal(population_find("roverso", &theirs, &error), 0);
	assert_int_equal(population.members_len, theirs.members_len - 1);
	assert_int_equal(theirs.weight, 100 * 1000000);
	assert_int_equal(population.weight, 78.6 * 1000000);
	for (size_t i = 0; i < population.members_len; i++)
		assert_string_not_equal(population.members[i].label, "open");
}

static void draws_follow_the_shares(void **state)
{
	enum { DRAWS = 200000 };
	unsigned drawn[POPULATION_MEMBERS] = { 0 };
	struct model_error error;
	struct chance chance = { 1 };

	(void)state;
	assert_int_equal(population_find("roverso", &population, &error), 0);
	for (int i = 0; i < DRAWS; i++)
		drawn[population_draw(&population, &chance)]++;
	for (size_t i = 0; i < population.members_len; i++) {
		/* Six standard deviations: sqrt(200,000 / 4) is 224. */
		double want = (double)population.members[i].weight / 1e8 * DRAWS;

		assert_in_range(drawn[i] + 1400, (unsigned)want, (unsigned)want + 2800);
		assert_int_not_equal(drawn[i], 0);
	}
}

/* A share of 0 is never drawn, not even as the first, nor as the last. */
static void nothing_of_no_share(void **state)
{
	static const char text[] = HEAD "members = { { share = 0, model = 'full-cone' }, { share = "
					"1, model = 'symmetric' }, { share = 0, model = 'no-nat' } "
					"}, " FIGURES;
	struct model_error error;
	struct chance chance = { 1 };

	(void)state;
	assert_int_equal(population_load("x.lua", text, strlen(text), &population, &error), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(population_draw(&population, &chance), 1);
}

static void pairs_have_seeds_of_their_own(void **state)
{
	(void)state;
	assert_true(population_pair_seed(1, 0) == population_pair_seed(1, 0));
	assert_true(population_pair_seed(1, 0) != population_pair_seed(1, 1));
	/* Else the runs of neighbouring seeds would share pairs. */
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(population_pair_seed(1, i) != population_pair_seed(2, i ^ 1));
	assert_true(population_pair_seed(1, 1) != population_pair_seed(2, 0));
}

static void the_digest_is_of_what_counts(void **state)
{
	char before[POPULATION_DIGEST], after[POPULATION_DIGEST];
	struct model_error error;

	(void)state;
	assert_int_equal(population_find("roverso", &population, &error), 0);
	population_digest(&population, before);
	snprintf(population.title, sizeof(population.title), "another");
	population_digest(&population, after);
	assert_string_equal(before, after);
	population.members[3].model.udp.timeout_ns++;
	population_digest(&population, after);
	assert_string_not_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_one_reads),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(an_unknown_name_is_suggested),
		cmocka_unit_test(one_in_place_of_another),
		cmocka_unit_test(draws_follow_the_shares),
		cmocka_unit_test(nothing_of_no_share),
		cmocka_unit_test(pairs_have_seeds_of_their_own),
		cmocka_unit_test(the_digest_is_of_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
