/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle on TURN, and on TCP between two peers. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/duration.h"
#include "predict_chain.h"

/* TURN asks of a NAT what any server does; over TCP not even UDP. */
static void turn_needs_a_way_to_the_server(void **state)
{
	static const struct {
		const char *callee;
		enum predict_turn turn;
		enum prediction want;
		const char *why;
	} cases[] = {
		{ "symmetric-random", PREDICT_NO_TURN, PREDICT_MUST_NOT,
		  "there is no TURN server" },
		{ "symmetric-random", PREDICT_TURN_UDP, PREDICT_MUST, "over UDP" },
		{ "symmetric-random", PREDICT_TURN_TCP, PREDICT_MUST, "over TCP" },
		{ "udp-blocked", PREDICT_TURN_UDP, PREDICT_MUST_NOT,
		  "callee's udp-blocked lets no UDP through" },
		{ "udp-blocked", PREDICT_TURN_TCP, PREDICT_MUST, "over TCP" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain caller, callee;
		struct predict_question question = { .turn = cases[i].turn };
		struct predict_answer answer;

		chain_build(&caller, "port-restricted-cone");
		chain_build(&callee, cases[i].callee);
		question.caller = side(&caller);
		question.callee = side(&callee);
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], cases[i].want);
		if (!strstr(answer.why[METHOD_TURN], cases[i].why))
			fail_msg("%s: %s", cases[i].why, answer.why[METHOD_TURN]);
		callee.models[0].udp.timeout_ns = 1000000;
		predict(&question, &answer);
		if (cases[i].want == PREDICT_MUST)
			assert_int_equal(answer.udp[METHOD_TURN], cases[i].turn == PREDICT_TURN_TCP
									  ? PREDICT_MUST
									  : PREDICT_MAY);
		callee.models[0].tcp.blocked = true;
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], PREDICT_MUST_NOT);
	}
}

/* A firewall that lets out what goes to 443: to that port of the TURN server, and no other. */
static void turn_through_a_firewall(void **state)
{
	static const struct {
		enum predict_turn turn;
		uint16_t port;
		enum prediction want;
		const char *why;
	} cases[] = {
		{ PREDICT_TURN_TCP, 443, PREDICT_MUST, "over TCP" },
		{ PREDICT_TURN_TCP, 3478, PREDICT_MUST_NOT,
		  "lets no TCP through to the TURN server" },
		{ PREDICT_TURN_UDP, 443, PREDICT_MUST, "over UDP" },
		{ PREDICT_TURN_UDP, 3478, PREDICT_MUST_NOT, "lets UDP out to some ports only" },
	};
	static const uint16_t web = 443;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain caller, callee;
		struct predict_question question = {
			.rendezvous_tcp = &web,
			.rendezvous_tcp_len = 1,
			.turn = cases[i].turn,
			.turn_port = cases[i].port,
		};
		struct predict_answer answer;

		chain_build(&caller, "port-restricted-cone");
		chain_build(&callee, "port-restricted-cone");
		callee.models[0].tcp.outbound_ports[0] = web;
		callee.models[0].udp.outbound_ports[0] = web;
		question.caller = side(&caller);
		question.callee = side(&callee);
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], cases[i].want);
		if (!strstr(answer.why[METHOD_TURN], cases[i].why))
			fail_msg("%s: %s", cases[i].why, answer.why[METHOD_TURN]);
	}
}

/* D(irect), R(eversed), P(unched): capital where it must, small where it may; else it must not. */
static void over_tcp(void **state)
{
	static const struct row {
		const char *caller, *callee, *shared, *want;
		bool host_addresses;
	} cases[] = {
		{ "", "", "", "DRP", false },
		{ "port-restricted-cone", "", "", "DP", false },
		{ "", "port-restricted-cone", "", "RP", false },
		{ "port-restricted-cone", "port-restricted-cone", "", "P", false },
		{ "port-restricted-cone", "full-cone", "", "DP", false },
		/* Its SYN comes from a port that the other never connected to. */
		{ "symmetric-random", "port-restricted-cone", "", "", false },
		{ "symmetric-random", "restricted-cone", "", "", false },
		{ "symmetric-random", "full-cone", "", "D", false },
		/* Filters that look at UDP only. */
		{ "udp-blocked", "port-restricted-cone", "", "P", false },
		{ "", "", "port-restricted-cone", "DRP", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row *row = &cases[i];
		char letters[4] = "";
		size_t n = 0;
		struct predict_answer answer;

		ask(row->caller, row->callee, row->shared, row->host_addresses, &answer);
		for (int m = METHOD_TCP_DIRECT; m <= METHOD_TCP_PUNCH; m++) {
			if (answer.udp[m] == PREDICT_MUST_NOT)
				continue;
			letters[n] = "DRP"[m - METHOD_TCP_DIRECT];
			if (answer.udp[m] != PREDICT_MUST)
				letters[n] = (char)tolower(letters[n]);
			n++;
		}
		if (strcmp(letters, row->want) != 0)
			fail_msg("%s | %s | %s: expected \"%s\", got \"%s\"", row->caller,
				 row->callee, row->shared, row->want, letters);
	}
}

/* RFC 5382, REQ-2: without it, it is a matter of whose SYN comes when. */
static void crossing_syns_are_the_nats_to_admit(void **state)
{
	struct chain a, b;
	struct predict_answer answer;
	struct predict_question question;

	(void)state;
	chain_build(&a, "port-restricted-cone");
	chain_build(&b, "port-restricted-cone");
	a.models[0].tcp.simultaneous_open = false;
	question = (struct predict_question){ .caller = side(&a), .callee = side(&b) };
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_PUNCH], PREDICT_MAY);
	assert_non_null(strstr(answer.why[METHOD_TCP_PUNCH], "crosses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turn_needs_a_way_to_the_server),
		cmocka_unit_test(turn_through_a_firewall),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(crossing_syns_are_the_nats_to_admit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
