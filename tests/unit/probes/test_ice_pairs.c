/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pair two ICE agents agree on, and who of them controls. */
#include "ice_fixture.h"

#include <errno.h>

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

/* Checks go in indications; the pair in use has a channel, for which the server is asked at once. */
static void expect_channel(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_all(p);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[0], &local, &remote));
	assert_int_equal(local.type, ICE_RELAYED);
	assert_true(p->indicated > 0);
	fiber_sleep(host_now(p->hosts[0]) + SEC);
	p->in_channels = p->indicated = 0;
	talk(p);
	assert_int_equal(p->in_channels, 1);
	assert_int_equal(p->indicated, 0);
}

static void test_channel(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, SYMMETRIC, PORT_RESTRICTED);
	p.with_turn = true;
	p.specs[0].relay_only = true;
	run_pair(&p, expect_channel);
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

/* With losses */

enum { SEEDS = 20 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_relayed),
		cmocka_unit_test(test_channel),	       cmocka_unit_test(test_one_lan),
		cmocka_unit_test(test_role_conflicts), cmocka_unit_test(test_loss),
		cmocka_unit_test(test_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
