/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ICE agents behind NATs, with a STUN and TURN server outside. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/methods/ice_agent.h"
#include "probes/methods/turn_client.h"
#include "probes/services/turn_options.h"
#include "probes/wire/stun.h"

enum { TIMES = 256, SEEDS = 20 };

struct pair {
	struct fake_net net;
	struct fake_nat nats[2];
	struct host *hosts[2], *server;
	struct service *service;
	struct turn_client_spec turn;
	struct ice_agent_spec specs[2];
	struct ice_agent *agents[2];
	bool one_lan, with_turn, deaf;
	/* When alice's new transactions began. */
	uint8_t transactions[TIMES][STUN_TRANSACTION];
	uint64_t times[TIMES];
	unsigned times_len;
	void (*test)(struct pair *p);
};

static void note_request(struct pair *p, const struct stun_message *msg)
{
	for (unsigned i = 0; i < p->times_len; i++)
		if (memcmp(p->transactions[i], msg->transaction, STUN_TRANSACTION) == 0)
			return;
	assert_true(p->times_len < TIMES);
	memcpy(p->transactions[p->times_len], msg->transaction, STUN_TRANSACTION);
	p->times[p->times_len++] = host_now(p->hosts[0]);
}

/* Homes are apart, unless they share a LAN. */
static bool pass(struct fake_net *net, struct host *from, struct endpoint to, const uint8_t *bytes,
		 size_t len)
{
	struct pair *p = net->filter_arg;
	struct stun_message msg;
	struct stun_value v;

	if (from == p->hosts[0] && !stun_decode(bytes, len, &msg) && msg.class == STUN_REQUEST &&
	    stun_find(&msg, STUN_PRIORITY, &v))
		note_request(p, &msg);
	if (p->deaf && from != p->server && !ip_addr_equal(to.addr, host_addr(p->server)))
		return false;
	return p->one_lan || !ip_addr_is_private(to.addr);
}

static void set_nat(struct fake_nat *nat, int row, const char *outside)
{
	assert_int_equal(ip_addr_parse(outside, &nat->outside), 0);
	nat->blocks_udp = row == BLOCKED;
	if (row >= 0) {
		nat->mapping = (enum nat_scope)(row / 3);
		nat->filtering = (enum nat_scope)(row % 3);
	}
}

static void prepare(struct pair *p, int a, int b)
{
	memset(p, 0, sizeof(*p));
	fake_net_init(&p->net);
	p->net.filter = pass;
	p->net.filter_arg = p;
	set_nat(&p->nats[0], a, "11.2.1.2");
	set_nat(&p->nats[1], b, "11.2.2.2");
	p->hosts[0] = fake_host_add(&p->net, "alice", a == OPEN ? "11.1.2.2" : "192.168.1.2",
				    a == OPEN ? NULL : &p->nats[0]);
	p->hosts[1] = fake_host_add(&p->net, "bob", b == OPEN ? "11.1.3.2" : "192.168.1.3",
				    b == OPEN ? NULL : &p->nats[1]);
	p->server = fake_host_add(&p->net, "server", "11.1.1.2", NULL);
	p->turn = (struct turn_client_spec){ .server = { host_addr(p->server), STUN_PORT },
					     .username = TURN_ANYBODY,
					     .password = TURN_ANYBODY,
					     .keep = true };
	p->specs[0].controlling = true;
	p->specs[0].stun[FAMILY_IPV4] = p->specs[1].stun[FAMILY_IPV4] = p->turn.server;
}

static void tell(struct ice_agent *to, const struct ice_line *line)
{
	assert_int_equal(ice_agent_told(to, line), 0);
}

static void tell_credentials(const struct ice_agent *from, struct ice_agent *to)
{
	struct ice_line line = { .kind = ICE_LINE_UFRAG };

	snprintf(line.text, sizeof(line.text), "%s", ice_agent_ufrag(from));
	tell(to, &line);
	line.kind = ICE_LINE_PWD;
	snprintf(line.text, sizeof(line.text), "%s", ice_agent_password(from));
	tell(to, &line);
}

static void tell_candidates(const struct ice_agent *from, struct ice_agent *to)
{
	struct ice_line line = { .kind = ICE_LINE_CANDIDATE };

	for (unsigned i = 0; ice_agent_candidate(from, i, &line.candidate); i++)
		tell(to, &line);
	line.kind = ICE_LINE_END;
	tell(to, &line);
}

static void tell_all(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		tell_credentials(p->agents[i], p->agents[!i]);
		tell_candidates(p->agents[i], p->agents[!i]);
	}
}

static void run_agents(void *arg)
{
	struct pair *p = arg;
	struct service_spec spec = { .name = "turn", .host = p->server };

	assert_int_equal(service_start(&spec, &p->service), 0);
	for (int i = 0; i < 2; i++) {
		if (p->with_turn)
			p->specs[i].turn = &p->turn;
		assert_int_equal(ice_agent_new(p->hosts[i], &p->specs[i], &p->agents[i]), 0);
		assert_int_equal(ice_agent_gather(p->agents[i], host_now(p->hosts[i]) + 10 * SEC),
				 0);
	}
	p->test(p);
	ice_agent_free(p->agents[0]);
	ice_agent_free(p->agents[1]);
	service_stop(p->service);
	assert_int_equal(fake_host_open_socks(&p->net, p->hosts[0]), 0);
	assert_int_equal(fake_host_open_socks(&p->net, p->hosts[1]), 0);
}

static void run_pair(struct pair *p, void (*test)(struct pair *p))
{
	p->test = test;
	fake_net_run(&p->net, run_agents, p);
	fake_net_free(&p->net);
}

static void connect_both(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(ice_agent_connect(p->agents[i], host_now(p->hosts[i]) + 30 * SEC),
				 0);
	assert_true(ice_agent_controlling(p->agents[0]) != ice_agent_controlling(p->agents[1]));
}

/* Both use one pair, seen from its two ends. */
static void assert_agreed(struct pair *p)
{
	struct ice_candidate local[2], remote[2];

	for (int i = 0; i < 2; i++)
		assert_true(ice_agent_selected(p->agents[i], &local[i], &remote[i]));
	assert_true(endpoint_equal(local[0].at, remote[1].at));
	assert_true(endpoint_equal(local[1].at, remote[0].at));
}

static void talk(struct pair *p)
{
	char bytes[16];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(ice_agent_send(p->agents[i], "across", 6), 0);
		assert_int_equal(ice_agent_recv(p->agents[!i], bytes, sizeof(bytes),
						host_now(p->hosts[i]) + SEC),
				 6);
		assert_memory_equal(bytes, "across", 6);
	}
}

/* Which pair wins */

enum { NONE = -1 };

static const struct row {
	const char *name;
	int a, b;
	bool turn;
	int local, remote; /* types, as alice sees them; NONE: nothing may connect */
} rows[] = {
	{ "no NATs", OPEN, OPEN, false, ICE_HOST, ICE_HOST },
	{ "cone, none", PORT_RESTRICTED, OPEN, false, ICE_SERVER_REFLEXIVE, ICE_HOST },
	{ "none, cone", OPEN, PORT_RESTRICTED, false, ICE_HOST, ICE_SERVER_REFLEXIVE },
	{ "symmetric, none", SYMMETRIC, OPEN, false, ICE_PEER_REFLEXIVE, ICE_HOST },
	{ "none, symmetric", OPEN, SYMMETRIC, false, ICE_HOST, ICE_PEER_REFLEXIVE },
	{ "full cones", FULL_CONE, FULL_CONE, false, ICE_SERVER_REFLEXIVE, ICE_SERVER_REFLEXIVE },
	{ "cones", PORT_RESTRICTED, PORT_RESTRICTED, false, ICE_SERVER_REFLEXIVE,
	  ICE_SERVER_REFLEXIVE },
	{ "symmetric, full cone", SYMMETRIC, FULL_CONE, false, ICE_PEER_REFLEXIVE,
	  ICE_SERVER_REFLEXIVE },
	{ "full cone, symmetric", FULL_CONE, SYMMETRIC, false, ICE_SERVER_REFLEXIVE,
	  ICE_PEER_REFLEXIVE },
	{ "symmetric, restricted", SYMMETRIC, PORT_RESTRICTED, false, NONE, NONE },
	{ "both symmetric", SYMMETRIC, SYMMETRIC, false, NONE, NONE },
	{ "cones do without a relay", PORT_RESTRICTED, PORT_RESTRICTED, true, ICE_SERVER_REFLEXIVE,
	  ICE_SERVER_REFLEXIVE },
	{ "full cone and symmetric do, too", FULL_CONE, SYMMETRIC, true, ICE_SERVER_REFLEXIVE,
	  ICE_PEER_REFLEXIVE },
};

static const struct row *row;

static void expect_row(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_all(p);
	if (row->local == NONE) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(
				ice_agent_connect(p->agents[i], host_now(p->hosts[i]) + 100 * SEC),
				-ECONNREFUSED);
		return;
	}
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[0], &local, &remote));
	assert_int_equal(local.type, row->local);
	assert_int_equal(remote.type, row->remote);
	assert_agreed(p);
	talk(p);
}

static void test_rows(void **state)
{
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		print_message("%s\n", row->name);
		prepare(&p, row->a, row->b);
		p.with_turn = row->turn;
		run_pair(&p, expect_row);
	}
}

/* One side's relay is enough; which side's, priorities say. */
static void expect_relayed(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_all(p);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[0], &local, &remote));
	assert_true(local.type == ICE_RELAYED || remote.type == ICE_RELAYED);
	assert_agreed(p);
	talk(p);
}

static void test_relayed(void **state)
{
	static const int others[] = { PORT_RESTRICTED, SYMMETRIC };
	struct pair p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		prepare(&p, SYMMETRIC, others[i]);
		p.with_turn = true;
		run_pair(&p, expect_relayed);
	}
}

static void expect_host_pair(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_all(p);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[0], &local, &remote));
	assert_int_equal(local.type, ICE_HOST);
	assert_int_equal(remote.type, ICE_HOST);
	talk(p);
}

static void test_one_lan(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, SYMMETRIC, SYMMETRIC);
	p.one_lan = true;
	run_pair(&p, expect_host_pair);
}

/* Roles */

static const struct {
	bool controlling; /* both think so, or neither does */
	uint64_t tie_breakers[2];
	bool alice; /* controls in the end */
} conflicts[] = {
	{ true, { 2, 1 }, true },
	{ true, { 1, 2 }, false },
	{ false, { 2, 1 }, true },
	{ false, { 1, 2 }, false },
};

static size_t conflict;

static void resolve(struct pair *p)
{
	tell_all(p);
	connect_both(p);
	assert_true(ice_agent_controlling(p->agents[0]) == conflicts[conflict].alice);
	assert_true(ice_agent_counts(p->agents[0]).conflicts +
			    ice_agent_counts(p->agents[1]).conflicts >
		    0);
	assert_agreed(p);
	talk(p);
}

static void test_role_conflicts(void **state)
{
	struct pair p;

	(void)state;
	for (conflict = 0; conflict < sizeof(conflicts) / sizeof(conflicts[0]); conflict++) {
		prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
		for (int i = 0; i < 2; i++) {
			p.specs[i].controlling = conflicts[conflict].controlling;
			p.specs[i].tie_breaker = conflicts[conflict].tie_breakers[i];
		}
		run_pair(&p, resolve);
	}
}

/* Pacing, loss, trickling, consent */

static void expect_pace(struct pair *p)
{
	tell_all(p);
	connect_both(p);
	assert_true(p->times_len >= 3);
	for (unsigned i = 1; i < p->times_len; i++)
		assert_true(p->times[i] - p->times[i - 1] >= 50 * MSEC);
}

static void test_pacing(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	p.with_turn = true;
	run_pair(&p, expect_pace);
}

static void expect_agreement(struct pair *p)
{
	tell_all(p);
	connect_both(p);
	/* The controlled side has heard of it where the controlling one has its answer. */
	assert_agreed(p);
}

static void test_loss(void **state)
{
	struct pair p;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		print_message("seed %u\n", (unsigned)seed);
		prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
		p.net.udp_loss_ppm = 100000;
		p.net.chance = seed;
		run_pair(&p, expect_agreement);
	}
}

/* Bob has heard nothing when Alice's checks come; then his candidates come to her, and last hers
 * to him, who knows her by then. */
static void trickle(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_credentials(p->agents[1], p->agents[0]);
	tell_candidates(p->agents[1], p->agents[0]);
	fiber_sleep(host_now(p->hosts[0]) + 200 * MSEC);
	assert_false(ice_agent_selected(p->agents[1], &local, &remote));
	tell_credentials(p->agents[0], p->agents[1]);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[1], &local, &remote));
	assert_int_equal(remote.type, ICE_PEER_REFLEXIVE);
	assert_int_equal(remote.priority, ice_priority(ICE_PEER_REFLEXIVE, 65535, 1));
	tell_candidates(p->agents[0], p->agents[1]);
	assert_true(ice_agent_selected(p->agents[1], &local, &remote));
	assert_int_equal(remote.type, ICE_SERVER_REFLEXIVE);
	assert_agreed(p);
	talk(p);
}

static void test_trickling(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, FULL_CONE);
	run_pair(&p, trickle);
}

/* Lines come as they are gathered: credentials and the host candidate at once, the rest when the
 * server answers. */
static void expect_lines(struct pair *p)
{
	static const struct {
		enum ice_line_kind kind;
		enum ice_type type;
	} want[] = {
		{ ICE_LINE_UFRAG, 0 },
		{ ICE_LINE_PWD, 0 },
		{ ICE_LINE_CANDIDATE, ICE_HOST },
		{ ICE_LINE_CANDIDATE, ICE_SERVER_REFLEXIVE },
		{ ICE_LINE_CANDIDATE, ICE_RELAYED },
		{ ICE_LINE_END, 0 },
	};
	uint64_t now = host_now(p->hosts[0]), began = now;
	struct ice_agent *agent;
	struct ice_line line;

	p->specs[0].turn = &p->turn;
	assert_int_equal(ice_agent_new(p->hosts[0], &p->specs[0], &agent), 0);
	assert_int_equal(ice_agent_tell(agent, 2, now, &line), -ETIMEDOUT);
	assert_int_equal(ice_agent_gather_start(agent, now + 10 * SEC), 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(ice_agent_tell(agent, i, NEVER, &line), 0);
		assert_int_equal(line.kind, want[i].kind);
		if (line.kind == ICE_LINE_CANDIDATE)
			assert_int_equal(line.candidate.type, want[i].type);
		assert_int_equal(i < 3, host_now(p->hosts[0]) == began);
	}
	assert_int_equal(ice_agent_tell(agent, 6, NEVER, &line), -ENOENT);
	ice_agent_close(agent);
	assert_int_equal(ice_agent_tell(agent, 0, NEVER, &line), -ECANCELED);
	ice_agent_free(agent);
}

static void test_lines(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	run_pair(&p, expect_lines);
}

/* RFC 6544, 4.2: what a NAT maps on purpose is preferred to what it is seen to do. */
static void expect_mapped(struct pair *p)
{
	struct ice_candidate c;
	struct endpoint at;
	struct ice_agent *agent;

	assert_int_equal(endpoint_parse("11.2.1.2:4000", &at), 0);
	assert_int_equal(ice_agent_new(p->hosts[0], &p->specs[0], &agent), 0);
	assert_int_equal(ice_agent_add_mapped(agent, at), 0);
	assert_true(ice_agent_candidate(agent, 0, &c));
	assert_int_equal(c.type, ICE_SERVER_REFLEXIVE);
	assert_true(endpoint_equal(c.at, at));
	assert_true(endpoint_equal(c.related, ice_agent_local(agent, FAMILY_IPV4)));
	assert_int_equal(c.priority >> 24, 105);
	assert_int_equal(endpoint_parse("[2b00::1]:4000", &at), 0);
	assert_int_equal(ice_agent_add_mapped(agent, at), -EADDRNOTAVAIL);
	ice_agent_free(agent);
}

static void test_mapped(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	run_pair(&p, expect_mapped);
}

/* Over TCP (RFC 6544) */

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

/* Without the end of candidates more may come: nobody gives up. */
static void wait_for_more(struct pair *p)
{
	tell_credentials(p->agents[1], p->agents[0]);
	assert_int_equal(ice_agent_connect(p->agents[0], host_now(p->hosts[0]) + 100 * SEC),
			 -ETIMEDOUT);
}

static void test_more_may_come(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	run_pair(&p, wait_for_more);
}

static void outlive_consent(struct pair *p)
{
	uint64_t last;

	tell_all(p);
	connect_both(p);
	fiber_sleep(host_now(p->hosts[0]) + 100 * SEC);
	talk(p);
	assert_in_range(ice_agent_counts(p->agents[0]).consents, 100 / 6 - 1, 100 / 4 + 1);
	p->deaf = true;
	last = host_now(p->hosts[0]);
	/* The last answer came at most 6 s and a way ago. */
	fiber_sleep(last + 23 * SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), 0);
	fiber_sleep(last + 30 * SEC + SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), -EPIPE);
	p->deaf = false;
	fiber_sleep(last + 60 * SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), -EPIPE);
}

static void test_consent(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	run_pair(&p, outlive_consent);
}

/* Strangers */

static unsigned ask_with(struct pair *p, struct sock *sock, const char *username,
			 const char *password)
{
	uint8_t bytes[200], transaction[STUN_TRANSACTION];
	struct ice_candidate alice;
	struct stun_message msg;
	struct stun_value reason;
	struct stun_writer w;
	unsigned code = 0;
	long n;

	assert_true(ice_agent_candidate(p->agents[0], 0, &alice));
	stun_transaction(host_random(p->server), host_random(p->server), transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	if (username)
		stun_add_text(&w, STUN_USERNAME, username);
	if (password)
		stun_add_integrity(&w, password, strlen(password));
	assert_int_equal(sock_send(sock, &alice.at, bytes, stun_end(&w), NEVER), 0);
	n = sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(p->server) + SEC);
	assert_true(n > 0);
	assert_int_equal(stun_decode(bytes, (size_t)n, &msg), 0);
	assert_true(stun_get_error(&msg, &code, &reason));
	return code;
}

static void ask_as_stranger(struct pair *p)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	const char *password = ice_agent_password(p->agents[0]);
	char username[32];
	struct sock *sock;

	snprintf(username, sizeof(username), "%s:x", ice_agent_ufrag(p->agents[0]));
	assert_int_equal(sock_open(p->server, &udp, &sock), 0);
	assert_int_equal(ask_with(p, sock, NULL, NULL), 400);
	assert_int_equal(ask_with(p, sock, username, NULL), 400);
	assert_int_equal(ask_with(p, sock, "stranger:x", password), 401);
	assert_int_equal(ask_with(p, sock, username, "guess"), 401);
	/* All is right but that there is no PRIORITY. */
	assert_int_equal(ask_with(p, sock, username, password), 400);
	sock_close(sock);
}

static void test_strangers(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	run_pair(&p, ask_as_stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	      cmocka_unit_test(test_relayed),
		cmocka_unit_test(test_one_lan),	      cmocka_unit_test(test_role_conflicts),
		cmocka_unit_test(test_pacing),	      cmocka_unit_test(test_loss),
		cmocka_unit_test(test_trickling),     cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_strangers), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_mapped),	      cmocka_unit_test(test_more_may_come),
		cmocka_unit_test(test_consent),	      cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
