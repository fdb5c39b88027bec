/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The orders of the ladder: what stands in each, and what comes before what. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "probes/methods/order.h"

static int place(enum order order, bool turn, enum method method)
{
	enum method ladder[LADDER_MAX];
	unsigned n = order_ladder(order, turn, ladder);

	for (unsigned i = 0; i < n; i++)
		if (ladder[i] == method)
			return (int)i;
	return -1;
}

/* Each rung once, and TURN's only where there is a server. */
static void test_rungs(void **state)
{
	(void)state;
	for (int o = 0; o < ORDER_COUNT; o++) {
		enum order order = (enum order)o;
		enum method ladder[LADDER_MAX];
		unsigned n = order_ladder(order, true, ladder), without;

		for (unsigned i = 0; i < n; i++)
			assert_int_equal(place(order, true, ladder[i]), i);
		without = order_ladder(order, false, ladder);
		assert_int_equal(n - without, place(order, true, METHOD_TURN) >= 0);
		assert_int_equal(place(order, false, METHOD_TURN), -1);
	}
}

/* Each order tries a method or says why it does not; and there is one that tries it. */
static void test_every_method(void **state)
{
	(void)state;
	for (int m = 0; m < METHOD_COUNT; m++) {
		enum method method = (enum method)m;
		int tried = 0;

		for (int o = 0; o < ORDER_COUNT; o++) {
			bool in = place((enum order)o, true, method) >= 0;
			const char *why = order_leaves_out((enum order)o, method);

			if (in == (why && why[0]))
				fail_msg("%s: %s is %s, and why it is left out: %s",
					 order_word((enum order)o), method_word(method),
					 in ? "in" : "not in", why ? why : "(nothing)");
			tried += in;
		}
		if (!tried)
			fail_msg("%s is in no order", method_word(method));
	}
}

/* In each order what relays comes last, and over TCP after over UDP. */
static void test_relays_last(void **state)
{
	(void)state;
	for (int o = 0; o < ORDER_COUNT; o++) {
		enum method ladder[LADDER_MAX];
		unsigned n = order_ladder((enum order)o, true, ladder);

		for (unsigned i = 1; i < n; i++) {
			int before =
				2 * method_relays(ladder[i - 1]) + method_connects(ladder[i - 1]);
			int after = 2 * method_relays(ladder[i]) + method_connects(ladder[i]);

			if (before > after)
				fail_msg("%s: %s before %s", order_word((enum order)o),
					 method_word(ladder[i - 1]), method_word(ladder[i]));
		}
	}
}

static const struct row {
	const char *name;
	enum order order;
	enum method method;
	bool in;
} rows[] = {
	{ "an ICE agent's rendezvous relays nothing", ORDER_ICE, METHOD_RELAY, false },
	{ "an ICE agent has TURN", ORDER_ICE, METHOD_TURN, true },
	{ "an ICE agent tries the other's TCP", ORDER_ICE, METHOD_TCP_STUNT_2, true },
	{ "and its next ports", ORDER_ICE, METHOD_PREDICT, true },
	{ "the agent itself is WebRTC's", ORDER_WEBRTC, METHOD_ICE, true },
	{ "which has nothing else", ORDER_WEBRTC, METHOD_TURN, false },
	{ "Skype has no TURN", ORDER_SKYPE, METHOD_TURN, false },
	{ "Skype's supernode relays", ORDER_SKYPE, METHOD_RELAY, true },
	{ "Skype needs no inbound TCP", ORDER_SKYPE, METHOD_TCP_PUNCH, false },
	{ "TCP must be asked for", ORDER_DEFAULT, METHOD_TCP_DIRECT, false },
};

static void test_row(void **state)
{
	const struct row *row = *state;

	assert_int_equal(place(row->order, true, row->method) >= 0, row->in);
}

static void test_words(void **state)
{
	enum order order = ORDER_COUNT;

	(void)state;
	for (int o = 0; o < ORDER_COUNT; o++) {
		assert_int_equal(order_parse(order_word((enum order)o), &order), 0);
		assert_int_equal(order, o);
		assert_true(order_source(order)[0] != '\0');
	}
	assert_int_equal(order_parse("msn", &order), -EINVAL);
	assert_int_equal(order, ORDER_COUNT - 1);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 4] = {
		cmocka_unit_test(test_rungs),
		cmocka_unit_test(test_every_method),
		cmocka_unit_test(test_relays_last),
		cmocka_unit_test(test_words),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tests[i + 4] =
			(struct CMUnitTest){ rows[i].name, test_row, NULL, NULL, (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
