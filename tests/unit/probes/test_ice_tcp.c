/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICE agents that speak over TCP (RFC 6544). */
#include "ice_fixture.h"

#include <string.h>

static void expect_tcp(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_all(p);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[0], &local, &remote));
	assert_int_equal(local.transport, ICE_TCP_ACTIVE);
	assert_int_equal(remote.transport, ICE_TCP_PASSIVE);
	talk(p);
}

static void test_tcp(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	p.specs[0].tcp_only = p.specs[1].tcp_only = true;
	run_pair(&p, expect_tcp);
}

/* Strangers come to the passive candidate first: with nothing to say, with nonsense, and with more
 * than a datagram.  Whom it waits for is let in all the same. */
static void expect_tcp_beside_strangers(struct pair *p)
{
	static uint8_t bytes[4 * ICE_DATAGRAM_MAX];
	struct sock *strangers[3];
	struct ice_candidate c;
	unsigned i = 0;

	while (ice_agent_candidate(p->agents[1], i, &c) && c.transport != ICE_TCP_PASSIVE)
		i++;
	assert_int_equal(c.transport, ICE_TCP_PASSIVE);
	memset(bytes, 0xff, sizeof(bytes));
	for (i = 0; i < 3; i++) {
		const struct sock_spec spec = { .kind = SOCK_TCP, .remote = c.at };

		assert_int_equal(sock_open(p->server, &spec, &strangers[i]), 0);
	}
	assert_int_equal(sock_send(strangers[1], NULL, "\0\3abc\0\0", 7, NEVER), 0);
	sock_send(strangers[2], NULL, bytes, sizeof(bytes), host_now(p->server) + SEC);
	expect_tcp(p);
	assert_true(sock_recv(strangers[2], NULL, bytes, sizeof(bytes),
			      host_now(p->server) + SEC) <= 0);
	for (i = 0; i < 3; i++)
		sock_close(strangers[i]);
}

static void test_tcp_strangers(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	p.specs[0].tcp_only = p.specs[1].tcp_only = true;
	run_pair(&p, expect_tcp_beside_strangers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
