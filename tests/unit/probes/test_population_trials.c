/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trials of populations, on NATs of which it is known how they must end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "probes/population/guess.h"
#include "probes/population/trial.h"

static struct nat_model model_of(const char *name)
{
	struct model_error error;
	struct nat_model model;

	assert_int_equal(nat_model_find(name, &model, &error), 0);
	return model;
}

static void pairs(void **state)
{
	static const struct {
		const char *caller, *callee;
		enum method want;
	} rows[] = {
		{ "symmetric-random", "full-cone", METHOD_DIRECT },
		{ "no-nat", "symmetric-random", METHOD_REVERSAL },
		{ "port-restricted-cone", "port-restricted-cone", METHOD_PUNCH },
		{ "symmetric-random", "restricted-cone", METHOD_PUNCH },
		{ "symmetric-random", "port-restricted-cone", METHOD_RELAY },
		{ "udp-blocked", "full-cone", METHOD_RELAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nat_model a = model_of(rows[i].caller), b = model_of(rows[i].callee);
		struct population_trial trial = { .nats = { &a, &b }, .seed = i + 1 };
		struct pair_outcome got;

		assert_int_equal(trial_pair(&trial, &got), 0);
		if (!got.connected || got.method != rows[i].want)
			fail_msg("%s to %s: %s", rows[i].caller, rows[i].callee,
				 got.connected ? method_word(got.method) : "not connected");
	}
}

static void one_seed_one_outcome(void **state)
{
	struct nat_model nat = model_of("symmetric-random");
	struct population_trial trial = { .nats = { &nat, &nat }, .seed = 9 };
	struct pair_outcome first, second, other;

	(void)state;
	assert_int_equal(trial_pair(&trial, &first), 0);
	assert_int_equal(trial_pair(&trial, &second), 0);
	trial.seed = 10;
	assert_int_equal(trial_pair(&trial, &other), 0);
	assert_true(first.token == second.token && first.method == second.method);
	assert_true(first.token != other.token);
}

static void nats_over_udp(void **state)
{
	static const struct {
		const char *name;
		bool consistent, hairpins;
	} rows[] = {
		{ "full-cone", true, true },
		{ "port-restricted-cone", true, true },
		{ "symmetric-random", false, false },
		{ "udp-blocked", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nat_model nat = model_of(rows[i].name);
		struct population_trial trial = { .nats = { &nat, &nat }, .seed = 1 };
		struct nat_outcome_seen got;

		nat.hairpin = NAT_HAIRPIN_EXTERNAL;
		assert_int_equal(trial_nat_udp(&trial, &got), 0);
		if (got.consistent != rows[i].consistent || got.hairpins != rows[i].hairpins)
			fail_msg("%s: consistent %d, hairpins %d", rows[i].name, got.consistent,
				 got.hairpins);
		nat.hairpin = NAT_HAIRPIN_NONE;
		assert_int_equal(trial_nat_udp(&trial, &got), 0);
		assert_int_equal(got.consistent, rows[i].consistent);
		assert_false(got.hairpins);
	}
}

static void nats_over_tcp(void **state)
{
	static const struct {
		enum nat_scope mapping;
		enum nat_unsolicited unsolicited;
		enum nat_hairpin hairpin;
		bool consistent, hairpins, pair;
	} rows[] = {
		{ NAT_EI, NAT_UNSOLICITED_DROP, NAT_HAIRPIN_EXTERNAL, true, true, true },
		{ NAT_EI, NAT_UNSOLICITED_DROP, NAT_HAIRPIN_NONE, true, false, true },
		{ NAT_EI, NAT_UNSOLICITED_RST, NAT_HAIRPIN_NONE, false, false, true },
		{ NAT_APD, NAT_UNSOLICITED_DROP, NAT_HAIRPIN_NONE, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nat_model nat;
		struct population_trial trial = { .nats = { &nat, &nat }, .seed = 1 };
		struct nat_outcome_seen got;
		bool pair;

		nat_model_defaults(&nat);
		nat.tcp.mapping = rows[i].mapping;
		nat.tcp.ports = NAT_PORTS_SEQUENTIAL;
		nat.tcp.unsolicited = rows[i].unsolicited;
		nat.hairpin = rows[i].hairpin;
		assert_int_equal(trial_nat_tcp(&trial, &got), 0);
		assert_int_equal(trial_pair_tcp(&trial, &pair), 0);
		if (got.consistent != rows[i].consistent || got.hairpins != rows[i].hairpins ||
		    pair != rows[i].pair)
			fail_msg("row %zu: consistent %d, hairpins %d, pair %d", i, got.consistent,
				 got.hairpins, pair);
	}
}

static struct nat_model hard_nat(uint16_t ports)
{
	struct nat_model nat = model_of("symmetric-random");

	nat.udp.port_min = 20000;
	nat.udp.port_max = (uint16_t)(20000 + ports - 1);
	return nat;
}

static void guesses_at_the_edges(void **state)
{
	struct nat_model one = hard_nat(1), many = hard_nat(1000);
	uint32_t hit = 99;

	(void)state;
	/* One port there is, and it is open. */
	assert_int_equal(guess_ports(&one, false, 1, 1, 1, &hit), 0);
	assert_int_equal(hit, 1);
	/* None was tried. */
	assert_int_equal(guess_ports(&one, false, 1, 0, 1, &hit), 0);
	assert_int_equal(hit, 0);
	/* None is open: only whoever was spoken to is let in. */
	assert_int_equal(guess_ports(&many, false, 0, 5000, 1, &hit), 0);
	assert_int_equal(hit, 0);
}

/* 10 of 1,000 ports are open: the first hit comes at the 100th probe, on average (a geometric
 * distribution: the mean of 2,000 has a standard deviation of 2.2). */
static void guesses_follow_chance(void **state)
{
	enum { TRIALS = 2000 };
	struct nat_model nat = hard_nat(1000);
	uint64_t sum = 0;

	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		uint32_t hit;

		assert_int_equal(guess_ports(&nat, false, 10, 1000000, seed, &hit), 0);
		sum += hit;
	}
	assert_in_range(sum / TRIALS, 89, 111);
}

/* Both of 100 ports: 20 ways are open of 10,000, and 50 probes guess one each; some hit in
 * 1 - (1 - 20/10,000)^50 = 9.5 % of the trials (2,000 of them: standard deviation 0.66 %). */
static void both_guess(void **state)
{
	enum { TRIALS = 2000 };
	struct nat_model nat = hard_nat(100);
	unsigned hits = 0;

	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		uint32_t hit;

		assert_int_equal(guess_ports(&nat, true, 20, 50, seed, &hit), 0);
		hits += hit > 0;
	}
	assert_in_range(hits, TRIALS * 6 / 100, TRIALS * 13 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(one_seed_one_outcome),
		cmocka_unit_test(nats_over_udp),
		cmocka_unit_test(nats_over_tcp),
		cmocka_unit_test(guesses_at_the_edges),
		cmocka_unit_test(guesses_follow_chance),
		cmocka_unit_test(both_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
