/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counting a population does between the draw and the tally: both sides are drawn, each pair
 * has a chance of its own, and what the probes say is held against what the capture shows.
 *
 * trial_pair() is wrapped: it is the true one, but may be told to lie about one pair.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "reports/interval.h"
#include "reports/population_count.h"

enum lie {
	HONEST,
	CAPTURE_OF_OTHERS, /* of the same hosts behind other NATs, which let nobody in */
	ANOTHER_METHOD, /* is named than connected the two */
	NO_CONNECTION, /* is owned to where there was one */
	ANOTHER_END, /* of the second trial than of the first */
};

enum { SEEDS_MAX = 4096 };

static enum lie lie;
static uint64_t seeds[SEEDS_MAX];
static size_t seeds_len;
static struct nat_model blocked;

static struct population population;
static char folder[] = "/tmp/population-count-XXXXXX";

int __real_trial_pair(const struct population_trial *trial, struct pair_outcome *ret);
int __wrap_trial_pair(const struct population_trial *trial, struct pair_outcome *ret);

/* The capture is written of a trial that is not the one which is told of. */
static int capture_others(const struct population_trial *trial)
{
	struct population_trial others = *trial;
	struct pair_outcome unsaid;

	others.nats[0] = others.nats[1] = &blocked;
	return __real_trial_pair(&others, &unsaid);
}

int __wrap_trial_pair(const struct population_trial *trial, struct pair_outcome *ret)
{
	struct population_trial told = *trial;
	int err = 0;

	if (seeds_len < SEEDS_MAX)
		seeds[seeds_len++] = trial->seed;
	if (lie == CAPTURE_OF_OTHERS && trial->capture_path) {
		err = capture_others(trial);
		told.capture_path = NULL;
	}
	if (!err)
		err = __real_trial_pair(&told, ret);
	if (err)
		return err;
	if (lie == ANOTHER_METHOD)
		ret->method = ret->method == METHOD_PUNCH ? METHOD_DIRECT : METHOD_PUNCH;
	if (lie == NO_CONNECTION || (lie == ANOTHER_END && trial->capture_path))
		ret->connected = !ret->connected;
	return 0;
}

static int make_folder(void **state)
{
	struct model_error error;

	(void)state;
	if (nat_model_find("udp-blocked", &blocked, &error))
		return -1;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void load(const char *text)
{
	struct model_error error = { "" };

	lie = HONEST;
	seeds_len = 0;
	if (population_load("own.lua", text, strlen(text), &population, &error))
		fail_msg("%s", error.text);
}

static void count(uint64_t pairs, uint64_t sample, struct tally *ret)
{
	struct tally_error error = { "" };

	tally_init(ret, &population, 1, pairs);
	if (population_count(&population, (struct tally_range){ 0, pairs }, sample,
			     sample ? folder : NULL, ret, &error))
		fail_msg("%s", error.text);
}

#define ABOUT "title = 't', source = 's', definition = 'd', "
#define PAIRS "figures = { { measure = 'pair-udp' } } }"

#define THREE                                                                                      \
	"return { " ABOUT "members = { "                                                           \
	"{ label = 'open', share = 20, model = 'full-cone' }, "                                    \
	"{ label = 'usual', share = 40, model = 'port-restricted-cone' }, "                        \
	"{ label = 'hard', share = 40, model = 'symmetric-random' } }, " PAIRS

enum { MEMBERS = 3 };

/* Whom UDP connects without a relay, by RFC 5128, 3.3: a hard NAT's next port is known to nobody,
 * so who looks at ports lets nothing in from it; who looks at nothing lets everybody in. */
static const bool connects[MEMBERS][MEMBERS] = {
	{ true, true, true },
	{ true, true, false },
	{ true, false, false },
};

static double weight(size_t member)
{
	return (double)population.members[member].weight / (double)population.weight;
}

static void within(const char *what, uint64_t successes, uint64_t trials, double want)
{
	const struct interval found = interval_wilson(successes, trials);

	if (want < found.low || want > found.high)
		fail_msg("%s: %.3f (%.3f to %.3f) of %" PRIu64 ", not %.3f", what, found.share,
			 found.low, found.high, trials, want);
}

/* The share of the pairs that connect is the sum of the products of their members' shares. */
static void both_sides_are_drawn(void **state)
{
	enum { TRIALS = 2000 };
	struct tally tally;
	double want = 0;

	(void)state;
	load(THREE);
	assert_int_equal(population.members_len, MEMBERS);
	for (size_t a = 0; a < MEMBERS; a++)
		for (size_t b = 0; b < MEMBERS; b++)
			want += connects[a][b] ? weight(a) * weight(b) : 0;
	count(TRIALS, 0, &tally);
	assert_int_equal(tally.figures[0].trials, TRIALS);
	within("pair-udp", tally.figures[0].successes, TRIALS, want);
	for (size_t i = 0; i < MEMBERS; i++)
		within(tally.members[i].label, tally.members[i].drawn, UINT64_C(2) * TRIALS,
		       weight(i));
	tally_clear(&tally);
}

/* Each pair goes as the two that are named do: it is these that were tried. */
static void the_named_two_are_tried(void **state)
{
	enum { TRIALS = 60 };
	unsigned met[MEMBERS][MEMBERS] = { { 0 } };
	char path[sizeof(folder) + 16];

	(void)state;
	load(THREE);
	snprintf(path, sizeof(path), "%s/one.pcapng", folder);
	for (uint64_t n = 0; n < TRIALS; n++) {
		struct tally_error error = { "" };
		struct population_pair pair;
		size_t a, b;
		bool direct;

		assert_int_equal(population_try(&population, 1, n, path, &pair, &error), 0);
		a = pair.members[0];
		b = pair.members[1];
		direct = pair.said.connected && !method_relays(pair.said.method);
		if (direct != connects[a][b])
			fail_msg("pair %" PRIu64 ": %s and %s: %s", n, population.members[a].label,
				 population.members[b].label, method_word(pair.said.method));
		assert_true(pair.agrees);
		met[a][b]++;
	}
	assert_int_equal(unlink(path), 0);
	for (size_t a = 0; a < MEMBERS; a++)
		for (size_t b = 0; b < MEMBERS; b++)
			if (!met[a][b])
				fail_msg("no pair of %s and %s", population.members[a].label,
					 population.members[b].label);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void no_two_pairs_share_chance(void **state)
{
	enum { TRIALS = 500 };
	struct tally tally;

	(void)state;
	load("return { " ABOUT "members = { { share = 1, model = 'full-cone' } }, " PAIRS);
	count(TRIALS, 0, &tally);
	tally_clear(&tally);
	assert_int_equal(seeds_len, TRIALS);
	qsort(seeds, seeds_len, sizeof(*seeds), by_value);
	for (size_t i = 1; i < seeds_len; i++)
		if (seeds[i] == seeds[i - 1])
			fail_msg("the seed %" PRIu64 " is two pairs'", seeds[i]);
}

/* 10 of 1,000 ports are open and 69 are tried: 1 - 0.99^69 = 50.0 % of the pairs guess one. */
static void nor_do_their_guesses(void **state)
{
	enum { TRIALS = 2000 };
	struct tally tally;

	(void)state;
	load("return { " ABOUT "members = { { share = 1, model = { base = 'symmetric-random', "
	     "udp = { port_min = 20000, port_max = 20999 } } } }, "
	     "figures = { { measure = 'guess', open = 10, probes = 69 } } }");
	count(TRIALS, 0, &tally);
	within("guess", tally.figures[0].successes, TRIALS, 0.5);
	tally_clear(&tally);
}

/* Remove the captures that stayed: how many, all of pair-N.pcapng. */
static unsigned sweep(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned ret = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[sizeof(folder) + sizeof(entry->d_name)];

		if (*entry->d_name == '.')
			continue;
		assert_memory_equal(entry->d_name, "pair-", 5);
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_int_equal(unlink(path), 0);
		ret++;
	}
	closedir(dir);
	return ret;
}

static const struct row {
	const char *name;
	enum lie lie;
	unsigned found; /* of so many pairs; and a single one's is found, too */
	bool alone;
} rows[] = {
	{ "an honest trial agrees", HONEST, 0, false },
	{ "a capture that shows other NATs is found out", CAPTURE_OF_OTHERS, 6, true },
	{ "a method that the capture does not show is found out", ANOTHER_METHOD, 6, true },
	{ "a connection that is kept silent about is found out", NO_CONNECTION, 6, true },
	{ "a second trial that ends otherwise is found out", ANOTHER_END, 6, true },
};

/* Six pairs that all connect: each is verified, and each lie is found. */
static void verifying(void **state)
{
	enum { TRIALS = 6 };
	const struct row *row = *state;
	struct tally_error error = { "" };
	char path[sizeof(folder) + 24];
	struct population_pair pair;
	struct tally tally;

	load("return { " ABOUT "members = { { share = 1, model = 'full-cone' } }, " PAIRS);
	lie = row->lie;
	count(TRIALS, TRIALS, &tally);
	assert_int_equal(tally.verified, TRIALS);
	assert_int_equal(tally.agreed, TRIALS - row->found);
	assert_true(tally.disagreed_at == (row->found ? 0 : UINT64_MAX));
	tally_clear(&tally);
	assert_int_equal(sweep(), row->found);
	snprintf(path, sizeof(path), "%s/pair-alone.pcapng", folder);
	assert_int_equal(population_try(&population, 1, 3, path, &pair, &error), 0);
	assert_int_equal(pair.agrees, !row->alone);
	assert_int_equal(sweep(), 1);
}

int main(void)
{
	struct CMUnitTest tests[4 + sizeof(rows) / sizeof(*rows)] = {
		cmocka_unit_test(both_sides_are_drawn),
		cmocka_unit_test(the_named_two_are_tried),
		cmocka_unit_test(no_two_pairs_share_chance),
		cmocka_unit_test(nor_do_their_guesses),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		tests[4 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = verifying,
						    .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
