/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: how long they take, on bad links, at home, and how they end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/wire/talk.h"

/* Where nothing is lost, nothing waits for a timer: the call and the invitation, the callee's
 * registration, the introduction, hello and answer, and two messages of two hops each. */
static void connect_without_waiting(struct fixture *f)
{
	struct call *call = connect_by(f, whole_ladder, 1);
	const struct attempt *attempts;

	call_attempts(call, &attempts);
	assert_true(attempts[0].connected);
	assert_int_equal(attempts[0].took, 10 * f->net.delay_ns);
	call_free(call);
}

static void test_nothing_waits_for_a_timer(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	run(&f, connect_without_waiting);
}

/* With 5 % loss no attempt that can connect fails, and both sides always agree: voice, which
 * only both sides' opinion together carries, passes after each. */
static void punch_often(struct fixture *f)
{
	struct talk_spec talk = { .frames = 20, .every_ns = MSEC };

	f->spec.attempt_ns = 2 * SEC;
	for (int i = 0; i < 200; i++) {
		struct call *call = connect_by(f, &whole_ladder[i % 4], 1);
		struct talk_stats stats;

		assert_true(call_connected(call));
		assert_int_equal(call_talk(call, &talk, &stats), 0);
		assert_true(stats.received[0] >= 10 && stats.received[1] >= 10);
		call_free(call);
		/* A gateway keeps no mapping for ever. */
		f->nats[0].mappings_len = f->nats[1].mappings_len = 0;
	}
}

static void test_lossy_links(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	f.net.udp_loss_ppm = 50000;
	run(&f, punch_often);
}

/* Both in the same place, with the others' private addresses to try: no NAT is crossed. */
static bool outside_is_closed(struct fake_net *net, struct host *from, struct endpoint to,
			      const uint8_t *bytes, size_t len)
{
	struct talk frame;

	(void)net;
	(void)from;
	return talk_decode(bytes, len, &frame) != len || ip_addr_is_private(to.addr);
}

static void punch_at_home(struct fixture *f)
{
	f->spec.host_addresses = false;
	assert_false(connects(f, METHOD_PUNCH));
	f->spec.host_addresses = true;
	assert_true(connects(f, METHOD_PUNCH));
	assert_true(connects(f, METHOD_DIRECT));
	assert_true(connects(f, METHOD_REVERSAL));
}

static void test_host_addresses(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	f.net.filter = outside_is_closed;
	run(&f, punch_at_home);
}

/* Two homes, one private address, one port: what is said to the other's is heard by oneself, and
 * must not be taken for the other. */
static void punch_between_twins(struct fixture *f)
{
	f->spec.host_addresses = true;
	f->spec.local_port = 5060;
	f->bob->addr = f->alice->addr;
	for (int m = METHOD_DIRECT; m <= METHOD_PUNCH; m++)
		assert_true(connects(f, (enum method)m));
}

static void test_the_same_private_address(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	run(&f, punch_between_twins);
}

/* The callee answers from another endpoint than it registered, and is reached there from then
 * on: that mapping is the one that its own voice keeps alive. */
static void follow_the_answer(struct fixture *f)
{
	struct call *call = connect_by(f, whole_ladder, 1);
	const struct attempt *attempts;

	call_attempts(call, &attempts);
	assert_true(attempts[0].connected);
	/* One round trip more than where it answers from where it was spoken to. */
	assert_int_equal(attempts[0].took, 12 * f->net.delay_ns);
	assert_int_equal(f->nats[1].mappings_len, 2);
	talk_on(call, 3);
	assert_true(endpoint_equal(attempts[0].callee_mapped, f->nats[1].mappings[0].outside));
	assert_true(endpoint_equal(f->voice_to[TALK_CALLER], f->nats[1].mappings[1].outside));
	call_free(call);
}

static void test_an_answer_from_elsewhere(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, SYMMETRIC - 2); /* whose filtering is endpoint-independent */
	run(&f, follow_the_answer);
}

static void use_one_port(struct fixture *f)
{
	f->spec.local_port = 5060;
	for (int i = 0; i < 3; i++)
		assert_true(connects(f, METHOD_PUNCH));
	assert_true(connects(f, METHOD_DIRECT));
}

static void test_a_local_port_is_used_again(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	run(&f, use_one_port);
}

/* The path dies with the callee's mapping: voice then does not arrive, and that is told. */
static void lose_the_path(struct fixture *f)
{
	struct talk_spec talk = { .frames = 10, .every_ns = 20 * MSEC };
	struct call *call = connect_by(f, &whole_ladder[0], 1);
	struct talk_stats stats;

	talk_on(call, 5);
	assert_int_equal(call_hold(call, 60 * SEC, 0), 0);
	f->nats[1].mappings_len = 0;
	f->nats[1].outside.lo++; /* a new lease: the old address leads nowhere */
	assert_int_equal(call_talk(call, &talk, &stats), 0);
	assert_int_equal(stats.sent[0], 10);
	assert_int_equal(stats.received[0], 0);
	call_free(call);
}

static void test_a_dead_mapping_is_noticed(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, FULL_CONE);
	run(&f, lose_the_path);
}

static void call_who_left(struct fixture *f)
{
	peer_leave(f->peers[1]);
	f->peers[1] = NULL;
	fiber_sleep(host_now(f->alice) + SEC);
	/* The name is free again. */
	assert_int_equal(
		peer_join(f->bob, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &f->peers[1]), 0);
	assert_true(connects(f, METHOD_RELAY));
}

static void test_leaving_and_coming_back(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	run(&f, call_who_left);
}

/* A peer that leaves takes its calls with it; what is left can still be freed. */
static void leave_in_a_call(struct fixture *f)
{
	struct talk_spec talk = { .frames = 1 };
	struct call *calls[2] = { connect_by(f, &whole_ladder[2], 1),
				  connect_by(f, &whole_ladder[3], 1) };
	struct talk_stats stats;

	peer_leave(f->peers[1]);
	f->peers[1] = NULL;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call_talk(calls[i], &talk, &stats), -ENOTCONN);
		call_free(calls[i]);
	}
}

static void test_leaving_in_a_call(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	run(&f, leave_in_a_call);
}

/* Without the rendezvous a relayed call is dead, and a direct one lives on. */
static void lose_the_rendezvous(struct fixture *f)
{
	struct talk_spec talk = { .frames = 1 };
	struct call *punched = connect_by(f, &whole_ladder[2], 1);
	struct call *relayed = connect_by(f, &whole_ladder[3], 1);
	struct talk_stats stats;
	struct call *call;

	service_stop(f->service);
	f->service = NULL;
	fiber_sleep(host_now(f->alice) + SEC);
	talk_on(punched, 3);
	assert_int_equal(call_talk(relayed, &talk, &stats), -ENOTCONN);
	assert_int_equal(call_connect(f->peers[0], f->peers[1], &f->spec, &call), -ECONNRESET);
	call_free(punched);
	call_free(relayed);
}

static void test_losing_the_rendezvous(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, FULL_CONE, FULL_CONE);
	run(&f, lose_the_rendezvous);
}

static void join_twice(struct fixture *f)
{
	struct endpoint nobody = { host_addr(f->bob), 9 };
	struct peer *again;

	assert_int_equal(
		peer_join(f->alice, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &again),
		-EEXIST);
	assert_int_equal(peer_join(f->alice, nobody, nobody.port, NEVER, &again), -ECONNREFUSED);
	peer_leave(f->peers[0]);
	assert_int_equal(
		peer_join(f->alice, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &f->peers[0]),
		0);
	assert_true(connects(f, METHOD_DIRECT));
}

static void test_a_name_is_taken_once(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	run(&f, join_twice);
}

/* The same seed, the same run, to the nanosecond. */
static uint64_t took[4];

static void measure(struct fixture *f)
{
	struct call *call = connect_by(f, whole_ladder, 4);
	const struct attempt *attempts;
	unsigned len = call_attempts(call, &attempts);

	memset(took, 0, sizeof(took));
	for (unsigned i = 0; i < len; i++)
		took[i] = attempts[i].took;
	call_free(call);
}

static void test_a_run_repeats_exactly(void **state)
{
	uint64_t first[4];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture f;

		set_up(&f, PORT_RESTRICTED, PORT_RESTRICTED);
		f.net.udp_loss_ppm = 200000;
		run(&f, measure);
		if (i == 0)
			memcpy(first, took, sizeof(first));
	}
	assert_memory_equal(first, took, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_waits_for_a_timer),
		cmocka_unit_test(test_lossy_links),
		cmocka_unit_test(test_host_addresses),
		cmocka_unit_test(test_the_same_private_address),
		cmocka_unit_test(test_an_answer_from_elsewhere),
		cmocka_unit_test(test_a_local_port_is_used_again),
		cmocka_unit_test(test_a_dead_mapping_is_noticed),
		cmocka_unit_test(test_leaving_and_coming_back),
		cmocka_unit_test(test_leaving_in_a_call),
		cmocka_unit_test(test_losing_the_rendezvous),
		cmocka_unit_test(test_a_name_is_taken_once),
		cmocka_unit_test(test_a_run_repeats_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
