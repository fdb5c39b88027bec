/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle where a stranger's packet leaves something behind: at a DMZ host's NAT, at a router that
 * takes strays for its own; and where a mapping ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/duration.h"
#include "predict_chain.h"

/* One NAT a side, the callee's changed by @tune. */
struct row {
	const char *name;
	const char *caller, *callee;
	void (*tune)(struct nat_model *model);
	bool dmz; /* of the callee's */
	enum method method;
	enum prediction want;
};

static void random_ports(struct nat_model *m)
{
	m->udp.ports = NAT_PORTS_RANDOM;
}

static void by_destination(struct nat_model *m)
{
	m->udp.mapping = m->tcp.mapping = NAT_APD;
}

static void in_a_row(struct nat_model *m)
{
	by_destination(m);
	m->udp.ports = NAT_PORTS_SEQUENTIAL;
	m->udp.unsolicited = NAT_UNSOLICITED_POISON;
}

static void in_a_row_or_none(struct nat_model *m)
{
	in_a_row(m);
	m->udp.collision = NAT_COLLISION_REFUSE;
}

static void poison(struct nat_model *m)
{
	m->udp.unsolicited = m->tcp.unsolicited = NAT_UNSOLICITED_POISON;
}

static void poison_shared(struct nat_model *m)
{
	poison(m);
	m->udp.collision = m->tcp.collision = NAT_COLLISION_OVERLOAD;
}

static void refuse(struct nat_model *m)
{
	by_destination(m);
	m->udp.collision = m->tcp.collision = NAT_COLLISION_REFUSE;
}

static void sought_and_shared(struct nat_model *m)
{
	by_destination(m);
	m->udp.port_max = 20000;
	m->udp.collision = NAT_COLLISION_OVERLOAD;
}

static void out_of_range(struct nat_model *m)
{
	m->udp.port_max = m->tcp.port_max = 20000;
	m->udp.collision = m->tcp.collision = NAT_COLLISION_DEPENDENT;
}

static void ends_by_errors(struct nat_model *m)
{
	m->icmp.on_error = NAT_ERROR_END;
}

static void ends_by_errors_and_rests(struct nat_model *m)
{
	ends_by_errors(m);
	m->tcp.reuse_ns = 120 * NS_PER_S;
}

static void no_crossing(struct nat_model *m)
{
	m->tcp.simultaneous_open = false;
}

static void no_crossing_untracked(struct nat_model *m)
{
	no_crossing(m);
	m->tcp.tracking = NAT_TRACKING_NONE;
}

static void brief_permission(struct nat_model *m)
{
	m->udp.permission_ns = NS_PER_S;
}

static void brief_two_way(struct nat_model *m)
{
	m->udp.timeout_two_way_ns = NS_PER_S;
}

static const struct row rows[] = {
	{ "a DMZ host answers from where it was spoken to", "port-restricted-cone",
	  "port-restricted-cone", by_destination, true, METHOD_DIRECT, PREDICT_MUST },
	{ "and over TCP", "port-restricted-cone", "port-restricted-cone", by_destination, true,
	  METHOD_TCP_DIRECT, PREDICT_MUST },
	{ "a DMZ leads to the port that was addressed", "port-restricted-cone",
	  "port-restricted-cone", random_ports, true, METHOD_DIRECT, PREDICT_MUST_NOT },
	{ "a DMZ takes the port that would come next", "port-restricted-cone",
	  "port-restricted-cone", in_a_row, true, METHOD_PREDICT, PREDICT_MAY },
	{ "and so does a router that takes strays", "port-restricted-cone", "port-restricted-cone",
	  in_a_row, false, METHOD_PREDICT, PREDICT_MAY },
	{ "for which another may not be given", "restricted-cone", "port-restricted-cone",
	  in_a_row_or_none, false, METHOD_PREDICT, PREDICT_MAY },
	{ "it leaves alone what is somebody's", "port-restricted-cone", "port-restricted-cone",
	  poison, false, METHOD_PUNCH, PREDICT_MUST },
	{ "but where ports are shared", "port-restricted-cone", "port-restricted-cone",
	  poison_shared, false, METHOD_PUNCH, PREDICT_MAY },
	{ "over TCP, too", "port-restricted-cone", "port-restricted-cone", poison_shared, false,
	  METHOD_TCP_PUNCH, PREDICT_MAY },
	{ "what gets no mapping opens nothing", "full-cone", "port-restricted-cone", refuse, false,
	  METHOD_DIRECT, PREDICT_MUST_NOT },
	{ "a host stays at its shared port", "port-restricted-cone", "port-restricted-cone",
	  sought_and_shared, false, METHOD_PUNCH, PREDICT_MUST },
	{ "a port that is out of range has not collided", "port-restricted-cone",
	  "port-restricted-cone", out_of_range, false, METHOD_PUNCH, PREDICT_MUST },
	{ "an error ends the whole mapping, which comes back", "port-restricted-cone",
	  "port-restricted-cone", ends_by_errors, false, METHOD_TCP_STUNT_2, PREDICT_MUST_NOT },
	{ "or not, where ports rest", "port-restricted-cone", "port-restricted-cone",
	  ends_by_errors_and_rests, false, METHOD_TCP_PUNCH, PREDICT_MAY },
	{ "who drops crossing SYNs drops the caller's", "port-restricted-cone",
	  "port-restricted-cone", no_crossing, false, METHOD_TCP_STUNT_2, PREDICT_MUST_NOT },
	{ "but not without looking", "port-restricted-cone", "port-restricted-cone",
	  no_crossing_untracked, false, METHOD_TCP_STUNT_2, PREDICT_MUST },
	{ "nor at a DMZ host behind a firewall", "port-restricted-cone", "symmetric-firewall",
	  no_crossing, true, METHOD_TCP_STUNT_2, PREDICT_MUST },
	{ "permissions may be short", "port-restricted-cone", "port-restricted-cone",
	  brief_permission, false, METHOD_PUNCH, PREDICT_MAY },
	{ "and the life of what goes both ways", "port-restricted-cone", "port-restricted-cone",
	  brief_two_way, false, METHOD_PUNCH, PREDICT_MAY },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	struct chain caller, callee;
	struct predict_question question = { 0 };
	struct predict_answer answer;

	chain_build(&caller, row->caller);
	chain_build(&callee, row->callee);
	row->tune(&callee.models[0]);
	callee.nats[0].forwards_peer = callee.nats[0].forwards_tcp = row->dmz;
	question.caller = side(&caller);
	question.callee = side(&callee);
	predict(&question, &answer);
	if (answer.udp[row->method] != row->want)
		fail_msg("%s: expected %d, got %d (%s)", method_word(row->method), (int)row->want,
			 (int)answer.udp[row->method], answer.why[row->method]);
}

/* A DMZ of a NAT that both are behind leads to one of them. */
static void a_shared_dmz_is_one_of_the_two(void **state)
{
	struct chain shared;
	struct predict_question question = { 0 };
	struct predict_answer answer;
	char found[METHOD_COUNT + 1];

	(void)state;
	chain_build(&shared, "port-restricted-cone");
	shared.nats[0].forwards_peer = true;
	question.shared = side(&shared);
	predict(&question, &answer);
	assert_string_equal(letters(&answer, found), "nYYY");
	shared.nats[0].forwards_peer = false;
	shared.nats[0].forwards_callee = true;
	predict(&question, &answer);
	assert_string_equal(letters(&answer, found), "YnYY");
}

/* RFC 7422: behind a router there is no address that determines any. */
static void determined_ports_are_for_its_own_network(void **state)
{
	struct chain caller, callee;
	struct predict_question question = { 0 };
	struct predict_answer answer;

	(void)state;
	chain_build(&caller, "no-nat");
	chain_build(&callee, "no-nat full-cone");
	callee.models[1].udp.ports = NAT_PORTS_DETERMINISTIC;
	question.caller = side(&caller);
	question.callee = side(&callee);
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST_NOT);
	chain_build(&callee, "port-restricted-cone full-cone");
	callee.models[1].udp.ports = NAT_PORTS_DETERMINISTIC;
	question.callee = side(&callee);
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
}

/* What a peer is told of may be another address by then: its own host's, or, of one behind the same NAT,
 * that which the rendezvous saw. */
static void rewriters_are_doubted(void **state)
{
	struct chain home;
	struct predict_question question = { .stun_port = 3478 };
	struct predict_answer answer;

	(void)state;
	chain_build(&home, "full-cone");
	home.models[0].algs = 1U << NAT_ALG_ADDRESS_REWRITER;
	question.callee = side(&home);
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
	question.tries_host_addresses = true;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_ICE], PREDICT_MUST);
	question = (struct predict_question){ .shared = side(&home) };
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_RELAY], PREDICT_MUST);
}

/* An agent's checks and its question to the STUN server all leave from one port. */
static void an_agent_speaks_to_many(void **state)
{
	struct chain caller, callee;
	struct predict_question question = { .stun_port = 3478 };
	struct predict_answer answer;

	(void)state;
	chain_build(&caller, "");
	chain_build(&callee, "full-cone");
	callee.models[0].udp.mapping = NAT_APD;
	question.caller = side(&caller);
	question.callee = side(&callee);
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_ICE], PREDICT_MUST);
	callee.models[0].udp.collision = NAT_COLLISION_STEAL;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_ICE], PREDICT_MAY);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest row_tests[ROWS];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_dmz_is_one_of_the_two),
		cmocka_unit_test(determined_ports_are_for_its_own_network),
		cmocka_unit_test(rewriters_are_doubted),
		cmocka_unit_test(an_agent_speaks_to_many),
	};

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] =
			(struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return cmocka_run_group_tests_name("strangers", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("rows", row_tests, NULL, NULL);
}
