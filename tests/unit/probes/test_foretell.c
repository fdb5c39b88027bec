/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a few outside ports in a row foretell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "probes/methods/foretell.h"
#include "probes/methods/port_guess.h"

enum { LOST = 0 };

static const struct row {
	const char *name;
	uint16_t ports[4]; /* LOST: no answer */
	enum rendezvous_outlook want;
	uint16_t next;
	int step;
} rows[] = {
	{ "the same for all", { 5000, 5000, 5000, 5000 }, OUTLOOK_STEADY, 5000, 0 },
	{ "one by one", { 5000, 5001, 5002, 5003 }, OUTLOOK_STEPS, 5004, 1 },
	{ "by twos, as where parity is kept", { 5000, 5002, 5004, 5006 }, OUTLOOK_STEPS, 5008, 2 },
	{ "downwards", { 5003, 5002, 5001, 5000 }, OUTLOOK_STEPS, 4999, -1 },
	{ "somebody else took one", { 5000, 5001, 5003, 5004 }, OUTLOOK_STEPS, 5005, 1 },
	{ "somebody else took two of the second ones",
	  { 5000, 5002, 5008, 5010 },
	  OUTLOOK_STEPS,
	  5012,
	  2 },
	{ "one answer was lost", { 5000, LOST, 5004, 5006 }, OUTLOOK_STEPS, 5008, 2 },
	{ "all others were lost", { 5000, LOST, LOST, LOST }, OUTLOOK_STEADY, 5000, 0 },
	{ "no regularity", { 5000, 61234, 2048, 33333 }, OUTLOOK_RANDOM, 5000, 0 },
	{ "to and fro", { 5000, 5001, 5000, 5001 }, OUTLOOK_RANDOM, 5000, 0 },
	{ "one of them the same", { 5000, 5000, 5001, 5002 }, OUTLOOK_RANDOM, 5000, 0 },
	{ "too far for a step", { 5000, 7000, 9000, 11000 }, OUTLOOK_RANDOM, 5000, 0 },
	{ "the widest step", { 5000, 6024, 7048, 8072 }, OUTLOOK_STEPS, 9096, 1024 },
	{ "below the ports that NATs are to take", { 1, 2, 3, 4 }, OUTLOOK_STEPS, 5, 1 },
	{ "and down there", { 5, 4, 3, 2 }, OUTLOOK_STEPS, 1, -1 },
	{ "the last one of the range", { 65532, 65533, 65534, 65535 }, OUTLOOK_STEPS, 1024, 1 },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	struct endpoint samples[4] = { 0 };
	struct foretold got;

	for (int i = 0; i < 4; i++)
		if (row->ports[i] != LOST)
			samples[i] = (struct endpoint){ ip_addr_v4(0x0b020102), row->ports[i] };
	got = foretell(samples, 4);
	if (got.outlook != row->want || got.next.port != row->next || got.step != row->step)
		fail_msg("expected %d: %d by %d, got %d: %d by %d", (int)row->want, row->next,
			 row->step, (int)got.outlook, got.next.port, got.step);
}

/* Ports in a row at different addresses are not in a row. */
static void addresses(void **state)
{
	struct endpoint samples[3] = { { ip_addr_v4(0x0b020102), 5000 },
				       { ip_addr_v4(0x0b020103), 5001 },
				       { ip_addr_v4(0x0b020102), 5002 } };

	(void)state;
	assert_int_equal(foretell(samples, 3).outlook, OUTLOOK_RANDOM);
}

static void a_ring(void **state)
{
	struct endpoint last = { ip_addr_v4(0x0b020102), 65535 }, first = last;

	(void)state;
	first.port = 1024;
	assert_int_equal(foretold_next(last, 1, 1).port, 1024);
	assert_int_equal(foretold_next(last, 2, 3).port, 1029);
	assert_int_equal(foretold_next(first, -1, 1).port, 65535);
	first.port = 1023;
	assert_int_equal(foretold_next(first, 1, 1).port, 1024);
	assert_int_equal(foretold_next(first, -1023, 1).port, 65535);
	first.port = 1024;
	assert_int_equal(foretold_next(first, -32768, 62).port, 1024 + 64512 - 62 * 32768 % 64512);
}

/* All are tried, each once. */
static void guesses(void **state)
{
	static struct port_guess guess;
	static bool tried[65536];

	(void)state;
	port_guess_begin(&guess, 60000, 65535, 7);
	for (int i = 60000; i <= 65535; i++) {
		uint16_t port = port_guess_next(&guess);

		assert_in_range(port, 60000, 65535);
		assert_false(tried[port]);
		tried[port] = true;
	}
	assert_int_equal(port_guess_next(&guess), 0);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 3] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(a_ring),
		cmocka_unit_test(guesses),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tests[3 + i].name = rows[i].name;
		tests[3 + i].test_func = a_row;
		tests[3 + i].initial_state = (void *)&rows[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
