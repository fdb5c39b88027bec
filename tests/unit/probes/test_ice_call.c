/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls by ICE: two agents that are told of each other by the rendezvous. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/methods/turn_client.h"
#include "probes/services/turn_options.h"

enum { HOST = ICE_HOST, SRFLX = ICE_SERVER_REFLEXIVE, PRFLX = ICE_PEER_REFLEXIVE };

static const struct row {
	const char *name;
	int a, b;
	bool stun, turn;
	bool connects;
	int here, there; /* where it connects; -1 = either is the relay */
} rows[] = {
	{ "no NATs", OPEN, OPEN, true, false, true, HOST, HOST },
	{ "no NATs, and no server", OPEN, OPEN, false, false, true, HOST, HOST },
	{ "cones", PORT_RESTRICTED, PORT_RESTRICTED, true, false, true, SRFLX, SRFLX },
	{ "cones with a relay to spare", PORT_RESTRICTED, PORT_RESTRICTED, true, true, true, SRFLX,
	  SRFLX },
	{ "cones that nobody has seen", PORT_RESTRICTED, PORT_RESTRICTED, false, false, false, 0,
	  0 },
	{ "symmetric, full cone", SYMMETRIC, FULL_CONE, true, false, true, PRFLX, SRFLX },
	{ "symmetric twice", SYMMETRIC, SYMMETRIC, true, false, false, 0, 0 },
	{ "symmetric twice, relayed", SYMMETRIC, SYMMETRIC, true, true, true, -1, -1 },
	{ "no UDP", BLOCKED, FULL_CONE, true, false, false, 0, 0 },
};

static const struct row *row;

/* Each is at a home of its own. */
static bool apart(struct fake_net *net, struct host *from, struct endpoint to, const uint8_t *bytes,
		  size_t len)
{
	(void)net;
	(void)from;
	(void)bytes;
	(void)len;
	return !ip_addr_is_private(to.addr);
}

static void call_by_ice(struct fixture *f)
{
	const struct service_spec serve = { .name = "turn", .host = f->rendezvous };
	const struct endpoint server = { host_addr(f->rendezvous), STUN_PORT };
	const struct turn_client_spec turn = { .server = server,
					       .username = TURN_ANYBODY,
					       .password = TURN_ANYBODY };
	const struct endpoint stun[FAMILY_COUNT] = { [FAMILY_IPV4] = server };
	const enum method ice = METHOD_ICE;
	const struct attempt *attempts;
	struct service *service;
	struct call *call;

	assert_int_equal(service_start(&serve, &service), 0);
	for (int i = 0; i < 2; i++) {
		if (row->stun)
			peer_use_stun(f->peers[i], stun);
		if (row->turn)
			peer_use_turn(f->peers[i], &turn);
	}
	f->net.filter = apart;
	f->spec.attempt_ns = 0;
	call = connect_by(f, &ice, 1);
	assert_int_equal(call_connected(call), row->connects);
	assert_int_equal(call_attempts(call, &attempts), 1);
	if (row->connects && row->here >= 0) {
		assert_int_equal(attempts[0].here, row->here);
		assert_int_equal(attempts[0].there, row->there);
	} else if (row->connects) {
		assert_true(attempts[0].here == ICE_RELAYED || attempts[0].there == ICE_RELAYED);
	}
	if (row->connects)
		talk_on(call, 10);
	/* Consent keeps the way open (RFC 7675). */
	if (row->connects) {
		assert_int_equal(call_hold(call, 300 * SEC, 0), 0);
		talk_on(call, 10);
	}
	call_free(call);
	service_stop(service);
}

static void test_row(void **state)
{
	struct fixture f;

	row = *state;
	set_up(&f, row->a, row->b);
	run(&f, call_by_ice);
}

/* Who is called joins nobody: the caller need not wait for its agent. */
static void call_nobody(struct fixture *f)
{
	struct call_spec spec = { .ladder = { METHOD_ICE }, .ladder_len = 1 };
	uint64_t began = host_now(f->alice);
	struct call *call = NULL;

	peer_leave(f->peers[1]);
	f->peers[1] = NULL;
	assert_int_equal(
		peer_join(f->bob, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &f->peers[1]), 0);
	service_stop(f->service);
	f->service = NULL;
	fiber_sleep(host_now(f->alice) + SEC);
	assert_int_equal(call_connect(f->peers[0], f->peers[1], &spec, &call), -ECONNRESET);
	assert_true(host_now(f->alice) - began < 2 * SEC);
}

static void test_no_rendezvous(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	run(&f, call_nobody);
}

/* The rendezvous goes once the agents have agreed: their path stays. */
static void outlive_rendezvous(struct fixture *f)
{
	const enum method ice = METHOD_ICE;
	struct call *call = connect_by(f, &ice, 1);

	assert_true(call_connected(call));
	service_stop(f->service);
	f->service = NULL;
	fiber_sleep(host_now(f->alice) + SEC);
	talk_on(call, 10);
	call_free(call);
}

static void test_outlives_rendezvous(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	run(&f, outlive_rendezvous);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS + 2] = { cmocka_unit_test(test_no_rendezvous),
					      cmocka_unit_test(test_outlives_rendezvous) };

	for (size_t i = 0; i < ROWS; i++)
		tests[i + 2] =
			(struct CMUnitTest){ rows[i].name, test_row, NULL, NULL, (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
