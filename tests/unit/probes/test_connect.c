/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which method connects which pair of NATs, and what the ladder makes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/wire/talk.h"

/*
 * The whole table: mapping x filtering on both sides, and none, against what RFC 4787's
 * definitions say of each method.
 */
static enum nat_scope filtering_of(int row)
{
	return row == OPEN ? NAT_EI : (enum nat_scope)(row % 3);
}

static enum nat_scope mapping_of(int row)
{
	return row == OPEN ? NAT_EI : (enum nat_scope)(row / 3);
}

/* An answer comes from where the hello went only if its sender's mapping is the same for
 * every destination; else it comes from another port, which some filters mind. */
static bool answer_passes(int answerer, int asker)
{
	return mapping_of(answerer) == NAT_EI || filtering_of(asker) != NAT_APD;
}

static bool first_word_passes(int speaker, int listener)
{
	return filtering_of(listener) == NAT_EI && answer_passes(listener, speaker);
}

/* Once both have spoken to the other's registered endpoint: does a hello of @from reach @to?
 * Only if @to spoke from where it is registered, and @from speaks from where it was spoken
 * to, or @to does not mind ports. */
static bool hello_passes(int from, int to)
{
	if (filtering_of(to) == NAT_EI)
		return true;
	return mapping_of(to) == NAT_EI &&
	       (filtering_of(to) == NAT_AD || mapping_of(from) == NAT_EI);
}

static bool predicted(enum method method, int a, int b)
{
	switch (method) {
	case METHOD_DIRECT:
		return first_word_passes(a, b);
	case METHOD_REVERSAL:
		return first_word_passes(b, a);
	case METHOD_PUNCH:
		return (hello_passes(a, b) && answer_passes(b, a)) ||
		       (hello_passes(b, a) && answer_passes(a, b));
	default:
		return true;
	}
}

static bool connected[METHOD_COUNT];

static void each_method_alone(struct fixture *f)
{
	for (int i = 0; i < 4; i++)
		connected[whole_ladder[i]] = connects(f, whole_ladder[i]);
}

/* Who may say hello in a method, and who must, whatever comes of it. */
static void check_hellos(const struct fixture *f)
{
	assert_true(f->hellos[TALK_CALLER][METHOD_DIRECT] > 0);
	assert_int_equal(f->hellos[TALK_CALLEE][METHOD_DIRECT], 0);
	assert_int_equal(f->hellos[TALK_CALLER][METHOD_REVERSAL], 0);
	assert_true(f->hellos[TALK_CALLEE][METHOD_REVERSAL] > 0);
	assert_true(f->hellos[TALK_CALLER][METHOD_PUNCH] > 0);
	assert_true(f->hellos[TALK_CALLEE][METHOD_PUNCH] > 0);
	assert_int_equal(f->hellos[TALK_CALLER][METHOD_RELAY], 0); /* over UDP */
}

static void test_every_pair_of_nats(void **state)
{
	(void)state;
	for (int a = OPEN; a < 9; a++) {
		for (int b = OPEN; b < 9; b++) {
			struct fixture f;

			set_up(&f, a, b);
			run(&f, each_method_alone);
			for (int i = 0; i < 4; i++) {
				enum method m = whole_ladder[i];

				if (connected[m] != predicted(m, a, b))
					fail_msg("caller's NAT %d, callee's %d, %s: %s", a, b,
						 method_word(m),
						 connected[m] ? "connected" : "did not");
			}
			check_hellos(&f);
		}
	}
}

static enum method expected_rung;
static unsigned expected_attempts;

static void climb_and_talk(struct fixture *f)
{
	struct call *call = connect_by(f, whole_ladder, 4);
	const struct attempt *attempts;

	assert_true(call_connected(call));
	assert_int_equal(call_method(call), expected_rung);
	assert_int_equal(call_attempts(call, &attempts), expected_attempts);
	talk_on(call, 10);
	assert_int_equal(call_hold(call, SEC, 100 * MSEC), 0);
	talk_on(call, 10);
	call_free(call);
}

static void climb(int a, int b, enum method rung, unsigned attempts)
{
	struct fixture f;

	set_up(&f, a, b);
	expected_rung = rung;
	expected_attempts = attempts;
	run(&f, climb_and_talk);
}

static void test_ladder_direct(void **state)
{
	(void)state;
	climb(SYMMETRIC, OPEN, METHOD_DIRECT, 1);
}

static void test_ladder_reversal(void **state)
{
	(void)state;
	climb(OPEN, SYMMETRIC, METHOD_REVERSAL, 2);
}

static void test_ladder_punch(void **state)
{
	(void)state;
	climb(PORT_RESTRICTED, PORT_RESTRICTED, METHOD_PUNCH, 3);
}

static void test_ladder_relay(void **state)
{
	(void)state;
	climb(SYMMETRIC, PORT_RESTRICTED, METHOD_RELAY, 4);
}

static void test_ladder_relay_where_udp_is_blocked(void **state)
{
	(void)state;
	climb(BLOCKED, OPEN, METHOD_RELAY, 4);
}

static void try_without_relay(struct fixture *f)
{
	struct talk_spec talk = { .frames = 1 };
	struct call *call = connect_by(f, whole_ladder, 3);
	const struct attempt *attempts;
	struct talk_stats stats;

	assert_false(call_connected(call));
	assert_int_equal(call_attempts(call, &attempts), 3);
	assert_true(ip_addr_is_unset(attempts[0].caller_mapped.addr));
	assert_int_equal(call_talk(call, &talk, &stats), -ENOTCONN);
	assert_int_equal(call_hold(call, SEC, 0), -ENOTCONN);
	call_free(call);
}

static void test_blocked_udp_fails_without_a_relay(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, BLOCKED, OPEN);
	run(&f, try_without_relay);
}

/* The endpoints in the report are those that the NATs gave. */
static void check_mapped(struct fixture *f)
{
	struct call *call = connect_by(f, &whole_ladder[2], 1);
	const struct attempt *attempts;

	assert_int_equal(call_attempts(call, &attempts), 1);
	assert_true(attempts[0].connected);
	assert_true(ip_addr_equal(attempts[0].caller_mapped.addr, f->nats[0].outside));
	assert_true(ip_addr_equal(attempts[0].callee_mapped.addr, f->nats[1].outside));
	assert_int_equal(attempts[0].caller_mapped.port, f->nats[0].mappings[0].outside.port);
	call_free(call);
}

static void test_mapped_endpoints_are_reported(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PORT_RESTRICTED, PORT_RESTRICTED);
	run(&f, check_mapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair_of_nats),
		cmocka_unit_test(test_ladder_direct),
		cmocka_unit_test(test_ladder_reversal),
		cmocka_unit_test(test_ladder_punch),
		cmocka_unit_test(test_ladder_relay),
		cmocka_unit_test(test_ladder_relay_where_udp_is_blocked),
		cmocka_unit_test(test_blocked_udp_fails_without_a_relay),
		cmocka_unit_test(test_mapped_endpoints_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
