/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tallies: what adds up, what must not, and that the cut of a run plays no part. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reports/population_count.h"

enum { PAIRS = 60 };

static struct population population;

static int load(void **state)
{
	struct model_error error;

	(void)state;
	return population_find("roverso", &population, &error);
}

static void add_range(struct tally *tally, uint64_t first, uint64_t end, int want)
{
	assert_int_equal(tally_add_range(tally, (struct tally_range){ first, end }), want);
}

static void neighbours_become_one(void **state)
{
	struct tally t;

	(void)state;
	tally_init(&t, &population, 1, PAIRS);
	add_range(&t, 10, 20, 0);
	add_range(&t, 40, 50, 0);
	assert_int_equal(t.ranges_len, 2);
	add_range(&t, 20, 40, 0);
	assert_int_equal(t.ranges_len, 1);
	assert_int_equal(t.ranges[0].first, 10);
	assert_int_equal(t.ranges[0].end, 50);
	add_range(&t, 0, 9, 0);
	assert_int_equal(t.ranges_len, 2);
	assert_int_equal(tally_pairs(&t), 49);
	tally_clear(&t);
}

static void no_pair_counts_twice(void **state)
{
	struct tally t;

	(void)state;
	tally_init(&t, &population, 1, PAIRS);
	add_range(&t, 10, 20, 0);
	add_range(&t, 19, 30, -EEXIST);
	add_range(&t, 0, 11, -EEXIST);
	add_range(&t, 0, 30, -EEXIST);
	add_range(&t, 12, 13, -EEXIST);
	add_range(&t, 15, 15, 0); /* nothing */
	add_range(&t, 20, 30, 0);
	add_range(&t, 0, 10, 0);
	assert_int_equal(tally_pairs(&t), 30);
	tally_clear(&t);
}

static void count(struct tally *tally, uint64_t seed, uint64_t first, uint64_t end)
{
	struct tally_error error;

	tally_init(tally, &population, seed, PAIRS);
	assert_int_equal(population_count(&population, (struct tally_range){ first, end }, 0, NULL,
					  tally, &error),
			 0);
}

static char *as_text(const struct tally *tally)
{
	json_t *json = tally_to_json(tally);
	char *text = json_dumps(json, 0);

	json_decref(json);
	assert_non_null(text);
	return text;
}

static void the_cut_plays_no_part(void **state)
{
	static const uint64_t cuts[] = { 31, 59, PAIRS, 0, 1 }; /* the part before each cut */
	struct tally whole, sum, part;
	struct tally_error error;
	char *texts[2];

	(void)state;
	count(&whole, 5, 0, PAIRS);
	tally_init(&sum, &population, 5, PAIRS);
	/* Out of order: 31..59, 59..60, 0..1, 1..31. */
	for (int i = 0; i < 4; i++) {
		uint64_t first = i < 2 ? cuts[i] : i == 2 ? 0 : 1;
		uint64_t end = i < 2 ? cuts[i + 1] : i == 2 ? 1 : 31;

		count(&part, 5, first, end);
		assert_int_equal(tally_add(&sum, &part, &error), 0);
		tally_clear(&part);
	}
	texts[0] = as_text(&whole);
	texts[1] = as_text(&sum);
	assert_string_equal(texts[0], texts[1]);
	assert_int_equal(whole.figures[0].trials, PAIRS);
	assert_in_range(whole.figures[0].successes, PAIRS / 2, PAIRS - 1);
	free(texts[0]);
	free(texts[1]);
	tally_clear(&whole);
	tally_clear(&sum);
}

static void another_seed_counts_otherwise(void **state)
{
	struct tally a, b;

	(void)state;
	count(&a, 5, 0, PAIRS);
	count(&b, 6, 0, PAIRS);
	assert_memory_not_equal(a.members, b.members, sizeof(a.members));
	tally_clear(&a);
	tally_clear(&b);
}

/* What must not be added, and what is said then; the sum stays as it was. */
static void refuse(struct tally *into, const struct tally *from, int want, const char *text)
{
	struct tally_error error = { "" };
	char *before = as_text(into), *after;

	assert_int_equal(tally_add(into, from, &error), want);
	if (!strstr(error.text, text))
		fail_msg("\"%s\" does not say \"%s\"", error.text, text);
	after = as_text(into);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void other_runs_are_refused(void **state)
{
	static struct population other;
	struct tally mine, theirs;

	(void)state;
	tally_init(&mine, &population, 1, PAIRS);
	add_range(&mine, 0, 10, 0);
	tally_init(&theirs, &population, 2, PAIRS);
	refuse(&mine, &theirs, -EINVAL, "seed 2 is not 1");
	tally_init(&theirs, &population, 1, PAIRS + 1);
	refuse(&mine, &theirs, -EINVAL, "a run of 61 pairs is not one of 60");
	other = population;
	other.members[0].weight++;
	tally_init(&theirs, &other, 1, PAIRS);
	refuse(&mine, &theirs, -EINVAL, "not the same text");
	tally_init(&theirs, &population, 1, PAIRS);
	add_range(&theirs, 9, 10, 0);
	refuse(&mine, &theirs, -EEXIST, "already counted");
	tally_clear(&theirs);
	tally_clear(&mine);
}

static void json_keeps_all(void **state)
{
	struct tally before, after;
	struct tally_error error;
	char *texts[2];
	json_t *json;

	(void)state;
	count(&before, UINT64_MAX, 3, 9);
	before.verified = 4;
	before.agreed = 3;
	before.disagreed_at = 7;
	json = tally_to_json(&before);
	assert_int_equal(tally_from_json(json, &after, &error), 0);
	texts[0] = as_text(&before);
	texts[1] = as_text(&after);
	assert_string_equal(texts[0], texts[1]);
	assert_true(after.seed == UINT64_MAX);
	assert_int_equal(after.disagreed_at, 7);
	json_object_set_new(json, "ranges", json_pack("[[i, i], [i, i]]", 0, 5, 4, 9));
	tally_clear(&after);
	assert_int_equal(tally_from_json(json, &after, &error), -EINVAL);
	assert_string_equal(error.text, "ranges[1]: overlaps another one");
	json_object_set_new(json, "ranges", json_integer(5));
	assert_int_equal(tally_from_json(json, &after, &error), -EINVAL);
	assert_string_equal(error.text, "ranges: expected a list; got another thing");
	json_object_del(json, "ranges");
	assert_int_equal(tally_from_json(json, &after, &error), -EINVAL);
	assert_string_equal(error.text, "ranges: expected a list; got none");
	json_object_set_new(json, "kind", json_string("else"));
	assert_int_equal(tally_from_json(json, &after, &error), -EINVAL);
	assert_string_equal(error.text, "not a population's counts");
	json_decref(json);
	free(texts[0]);
	free(texts[1]);
	tally_clear(&before);
}

static void the_sample_is_as_large_as_asked(void **state)
{
	unsigned sampled = 0;

	(void)state;
	for (uint64_t n = 0; n < 1000; n++)
		sampled += population_sampled(n, 1000, 37);
	assert_int_equal(sampled, 37);
	assert_false(population_sampled(0, 1000, 0));
	assert_true(population_sampled(999, 1000, 1));
}

/* The verdicts of captures say what the probes said; and no capture is left. */
static void verified_pairs_agree(void **state)
{
	char folder[] = "/tmp/test_tally.XXXXXX";
	struct tally_error error;
	struct tally tally;

	(void)state;
	assert_non_null(mkdtemp(folder));
	tally_init(&tally, &population, 3, PAIRS);
	assert_int_equal(population_count(&population, (struct tally_range){ 0, PAIRS }, 20, folder,
					  &tally, &error),
			 0);
	assert_int_equal(tally.verified, 20);
	assert_int_equal(tally.agreed, 20);
	assert_int_equal(rmdir(folder), 0);
	tally_clear(&tally);
}

/* Of the methods those that pairs were tried by; of the relay, that it is the last resort. */
static void the_text_has_what_was_tried(void **state)
{
	char text[8192] = { 0 };
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");
	struct tally tally;

	(void)state;
	count(&tally, 1, 0, 40);
	assert_non_null(out);
	tally_print(&tally, out);
	fclose(out);
	assert_non_null(strstr(text, "\n  punch "));
	assert_non_null(strstr(text, "for nothing else connects them\n"));
	assert_null(strstr(text, "\n  ice "));
	assert_null(strstr(text, "\n  birthday "));
	assert_null(strstr(text, "\n  tcp-punch "));
	tally_clear(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_become_one),
		cmocka_unit_test(no_pair_counts_twice),
		cmocka_unit_test(the_cut_plays_no_part),
		cmocka_unit_test(another_seed_counts_otherwise),
		cmocka_unit_test(other_runs_are_refused),
		cmocka_unit_test(json_keeps_all),
		cmocka_unit_test(the_sample_is_as_large_as_asked),
		cmocka_unit_test(verified_pairs_agree),
		cmocka_unit_test(the_text_has_what_was_tried),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
