/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle where models drawn at random have shown it to be wrong: each row is one of them at its
 * plainest, with what the definitions say of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/duration.h"
#include "predict_chain.h"

#define CONE "port-restricted-cone"

struct world {
	struct chain caller, callee, shared;
	bool host_addresses;
};

struct row {
	const char *name;
	const char *caller, *callee, *shared; /* innermost first */
	void (*tune)(struct world *world);
	enum method method;
	enum prediction want;
};

static struct nat_model *first(struct chain *chain)
{
	return &chain->models[0];
}

static void low_ports_in_a_row(struct world *w)
{
	first(&w->callee)->udp.mapping = NAT_APD;
	first(&w->callee)->udp.ports = NAT_PORTS_SEQUENTIAL;
	w->callee.models[1].udp.port_min = 32768;
	w->callee.models[1].udp.collision = NAT_COLLISION_DEPENDENT;
}

static void high_ports_in_a_row(struct world *w)
{
	low_ports_in_a_row(w);
	first(&w->callee)->udp.port_min = 40000;
}

static void by_destination_at_a_shared_port(struct world *w)
{
	first(&w->shared)->udp.mapping = NAT_APD;
	first(&w->shared)->udp.filtering = NAT_AD;
	first(&w->shared)->udp.ports = NAT_PORTS_RANDOM;
	first(&w->shared)->udp.collision = NAT_COLLISION_OVERLOAD;
}

static void by_destination_at_ports_of_their_own(struct world *w)
{
	by_destination_at_a_shared_port(w);
	first(&w->shared)->udp.collision = NAT_COLLISION_RANDOM;
}

static void a_stray_at_a_shared_port(struct world *w)
{
	first(&w->caller)->udp.filtering = NAT_AD;
	first(&w->caller)->udp.collision = NAT_COLLISION_OVERLOAD;
	first(&w->caller)->udp.unsolicited = NAT_UNSOLICITED_POISON;
	first(&w->callee)->udp.mapping = NAT_APD;
	first(&w->callee)->udp.ports = NAT_PORTS_RANDOM;
	first(&w->callee)->udp.filtering = NAT_EI;
}

static void errors_end_all(struct world *w)
{
	first(&w->callee)->icmp.on_error = NAT_ERROR_END;
}

static void errors_that_do_not_pass(struct world *w)
{
	errors_end_all(w);
	first(&w->callee)->icmp.error_types = 1U << NAT_ERROR_TYPE_QUENCH |
					      1U << NAT_ERROR_TYPE_UNREACHABLE;
}

static void the_caller_looks_at_windows(struct world *w)
{
	first(&w->caller)->tcp.out_of_window = false;
}

static void the_carrier_looks_at_windows(struct world *w)
{
	w->caller.models[1].tcp.out_of_window = false;
	w->caller.models[1].tcp.filtering = NAT_EI;
}

static void out_of_range_and_shared(struct world *w)
{
	first(&w->shared)->udp.mapping = NAT_APD;
	first(&w->shared)->udp.port_max = 20000;
	first(&w->shared)->udp.collision = NAT_COLLISION_OVERLOAD;
}

static void out_of_range(struct world *w)
{
	out_of_range_and_shared(w);
	first(&w->shared)->udp.collision = NAT_COLLISION_RANDOM;
}

static void dmz_and_errors_end_all(struct world *w)
{
	first(&w->caller)->udp.ports = NAT_PORTS_RANDOM;
	first(&w->callee)->icmp.on_error = NAT_ERROR_END;
	w->caller.nats[0].forwards_peer = true;
}

static void dmz_by_destination(struct world *w)
{
	first(&w->callee)->tcp.mapping = NAT_APD;
	w->callee.nats[0].forwards_tcp = true;
}

static void dmz_whose_mapping_ends_soon(struct world *w)
{
	dmz_by_destination(w);
	first(&w->callee)->tcp.reset_ns = NS_PER_S / 2;
}

static void dmz_whose_mapping_lasts(struct world *w)
{
	dmz_by_destination(w);
	first(&w->callee)->tcp.reset_ns = 2 * NS_PER_S;
}

static void a_port_refused_or_in_a_row(struct world *w)
{
	first(&w->caller)->udp.mapping = NAT_APD;
	first(&w->caller)->udp.port_max = 40000;
	first(&w->caller)->udp.collision = NAT_COLLISION_REFUSE;
	w->caller.models[1].udp.ports = NAT_PORTS_SEQUENTIAL;
	w->host_addresses = true;
}

static void no_crossing(struct world *w)
{
	first(&w->callee)->tcp.simultaneous_open = false;
}

static void no_crossing_where_errors_end(struct world *w)
{
	no_crossing(w);
	first(&w->callee)->icmp.on_error = NAT_ERROR_END;
	w->callee.nats[0].forwards_tcp = true;
}

static void no_crossing_at_a_dmz_on_one_lan(struct world *w)
{
	first(&w->caller)->tcp.simultaneous_open = false;
	w->caller.nats[0].forwards_tcp = true;
}

/* All that a NAT can do to a peer, and a forward undoes. */
static void hard(struct world *w)
{
	first(&w->callee)->udp.mapping = first(&w->callee)->tcp.mapping = NAT_APD;
	first(&w->callee)->udp.ports = first(&w->callee)->tcp.ports = NAT_PORTS_RANDOM;
	first(&w->callee)->tcp.simultaneous_open = false;
	first(&w->callee)->tcp.out_of_window = false;
	first(&w->callee)->tcp.rst = NAT_RST_END;
	first(&w->callee)->icmp.on_error = NAT_ERROR_END;
	first(&w->callee)->udp.timeout_ns = NS_PER_S / 10;
}

static void hard_with_a_dmz(struct world *w)
{
	hard(w);
	w->callee.nats[0].forwards_peer = w->callee.nats[0].forwards_tcp = true;
}

static void hard_with_a_forward(struct world *w)
{
	hard_with_a_dmz(w);
	w->callee.nats[0].fixed_peer = w->callee.nats[0].fixed_tcp = true;
}

static void hard_with_a_forward_of_udp(struct world *w)
{
	hard_with_a_forward(w);
	w->callee.nats[0].forwards_tcp = w->callee.nats[0].fixed_tcp = false;
}

static void a_firewall_with_a_forward(struct world *w)
{
	hard_with_a_forward(w);
	first(&w->callee)->kind = NAT_KIND_FIREWALL;
}

static void more_addresses_than_the_carrier_has(struct world *w)
{
	first(&w->callee)->pooling = NAT_POOLING_ARBITRARY;
	first(&w->callee)->pool_size = 3;
	w->callee.models[1].kind = NAT_KIND_ONE_TO_ONE;
	w->callee.models[1].pool_size = 2;
}

static void as_many_addresses_as_the_carrier_has(struct world *w)
{
	more_addresses_than_the_carrier_has(w);
	w->callee.models[1].pool_size = 3;
}

static void refused_behind_a_carrier(struct world *w)
{
	first(&w->caller)->udp.filtering = NAT_EI;
	first(&w->callee)->udp.mapping = NAT_AD;
	first(&w->callee)->udp.collision = NAT_COLLISION_REFUSE;
	w->callee.models[1].udp.mapping = NAT_APD;
}

static void not_refused_behind_a_carrier(struct world *w)
{
	refused_behind_a_carrier(w);
	first(&w->callee)->udp.mapping = NAT_EI;
	first(&w->caller)->udp.filtering = NAT_APD;
	w->callee.models[1].udp.mapping = NAT_EI;
}

static void forgets_by_errors_out_of_range(struct world *w)
{
	first(&w->callee)->tcp.port_min = 49152;
	first(&w->callee)->icmp.on_error = NAT_ERROR_END;
}

static void the_callee_looks_at_windows(struct world *w)
{
	first(&w->callee)->tcp.out_of_window = false;
}

static void and_its_syn_is_refused(struct world *w)
{
	the_callee_looks_at_windows(w);
	first(&w->caller)->tcp.unsolicited = NAT_UNSOLICITED_RST;
}

static void some_ports_of_a_prefix_translator(struct world *w)
{
	first(&w->caller)->kind = NAT_KIND_NPTV6;
	first(&w->caller)->udp.filtering = NAT_EI;
	first(&w->caller)->udp.outbound_ports[0] = 443;
}

static void some_ports_of_a_nat(struct world *w)
{
	some_ports_of_a_prefix_translator(w);
	first(&w->caller)->kind = NAT_KIND_NAPT;
}

static const struct row rows[] = {
	{ "a port is kept where it is in the range", CONE, CONE " " CONE, "", high_ports_in_a_row,
	  METHOD_PREDICT, PREDICT_MUST },
	{ "which one that another NAT gave may not be", CONE, CONE " " CONE, "", low_ports_in_a_row,
	  METHOD_PREDICT, PREDICT_MAY },
	{ "who sent lets in at any port of its own", "", "", CONE,
	  by_destination_at_ports_of_their_own, METHOD_PUNCH, PREDICT_MUST },
	{ "at a shared port it is by that port", "", "", CONE, by_destination_at_a_shared_port,
	  METHOD_PUNCH, PREDICT_MUST_NOT },
	{ "whom the router took for its own it keeps", CONE, CONE, "", a_stray_at_a_shared_port,
	  METHOD_PUNCH, PREDICT_MAY },
	{ "time is over, which ends a mapping", CONE, CONE, "", errors_end_all, METHOD_TCP_STUNT_2,
	  PREDICT_MUST_NOT },
	{ "but not of who lets no such error in", CONE, CONE, "", errors_that_do_not_pass,
	  METHOD_TCP_STUNT_2, PREDICT_MUST },
	{ "an answer is out of the window of the SYN before", CONE, CONE " " CONE, "",
	  the_caller_looks_at_windows, METHOD_TCP_SEQUENTIAL, PREDICT_MUST },
	{ "where that has passed, as at a carrier's", CONE " " CONE, CONE, "",
	  the_carrier_looks_at_windows, METHOD_TCP_SEQUENTIAL, PREDICT_MUST_NOT },
	{ "which one that is to die does not reach", CONE " " CONE, CONE, "",
	  the_carrier_looks_at_windows, METHOD_TCP_STUNT_2, PREDICT_MUST },
	{ "who shares ports stays at one that is out of range", "", "", CONE,
	  out_of_range_and_shared, METHOD_PUNCH, PREDICT_MUST },
	{ "and who does not gets another", "", "", CONE, out_of_range, METHOD_PUNCH,
	  PREDICT_MUST_NOT },
	{ "a DMZ host refuses what comes to a port that nobody has", CONE, CONE, "",
	  dmz_and_errors_end_all, METHOD_PUNCH, PREDICT_MAY },
	{ "a mapping may be over before a SYN comes again", CONE, CONE, "",
	  dmz_whose_mapping_ends_soon, METHOD_TCP_STUNT_2, PREDICT_MAY },
	{ "or not", CONE, CONE, "", dmz_whose_mapping_lasts, METHOD_TCP_STUNT_2, PREDICT_MUST_NOT },
	{ "the next port may follow where it is not refused", CONE " " CONE, CONE, "",
	  a_port_refused_or_in_a_row, METHOD_PREDICT, PREDICT_MAY },
	{ "a SYN after one is dropped", CONE, CONE, "", no_crossing, METHOD_TCP_STUNT_2,
	  PREDICT_MUST_NOT },
	{ "but where that one is forgotten", CONE, CONE, "", no_crossing_where_errors_end,
	  METHOD_TCP_STUNT_2, PREDICT_MAY },
	{ "a forward has its port for good", CONE, CONE, "", hard_with_a_forward, METHOD_DIRECT,
	  PREDICT_MUST },
	{ "which a DMZ has not", CONE, CONE, "", hard_with_a_dmz, METHOD_DIRECT, PREDICT_MUST_NOT },
	{ "over TCP, too", CONE, CONE, "", hard_with_a_forward, METHOD_TCP_STUNT_2, PREDICT_MUST },
	{ "in the protocol that it is for", CONE, CONE, "", hard_with_a_forward_of_udp,
	  METHOD_TCP_DIRECT, PREDICT_MUST_NOT },
	{ "of a firewall as well", CONE, CONE, "", a_firewall_with_a_forward, METHOD_TCP_DIRECT,
	  PREDICT_MUST },
	{ "to a server one speaks from another port", CONE, CONE, "", hard_with_a_forward,
	  METHOD_RELAY, PREDICT_MUST },
	{ "a carrier of too few addresses", CONE, CONE " " CONE, "",
	  more_addresses_than_the_carrier_has, METHOD_RELAY, PREDICT_MAY },
	{ "and of enough", CONE, CONE " " CONE, "", as_many_addresses_as_the_carrier_has,
	  METHOD_RELAY, PREDICT_MUST },
	{ "one socket is refused a mapping, and others are not", CONE, CONE " " CONE, "",
	  refused_behind_a_carrier, METHOD_BIRTHDAY, PREDICT_MAY },
	{ "where none is, all is as with one", CONE, CONE " " CONE, "",
	  not_refused_behind_a_carrier, METHOD_BIRTHDAY, PREDICT_MUST },
	{ "a port that was not kept may come again", CONE, CONE, "", forgets_by_errors_out_of_range,
	  METHOD_TCP_STUNT_2, PREDICT_MAY },
	{ "on one LAN what would die may be refused, and its number is no matter then", CONE, CONE,
	  "no-nat", and_its_syn_is_refused, METHOD_TCP_STUNT_2, PREDICT_MAY },
	{ "but not where it is swallowed", CONE, CONE, "no-nat", the_callee_looks_at_windows,
	  METHOD_TCP_STUNT_2, PREDICT_MUST_NOT },
	{ "nor elsewhere", CONE, CONE, "", and_its_syn_is_refused, METHOD_TCP_STUNT_2,
	  PREDICT_MUST_NOT },
	{ "who keeps no state keeps nobody in", CONE, "", "", some_ports_of_a_prefix_translator,
	  METHOD_DIRECT, PREDICT_MUST },
	{ "who does lets out to some ports", CONE, "", "", some_ports_of_a_nat, METHOD_DIRECT,
	  PREDICT_MUST_NOT },
	{ "on one LAN a SYN that is to die comes to the caller's", CONE, CONE, "no-nat",
	  no_crossing_at_a_dmz_on_one_lan, METHOD_TCP_STUNT_2, PREDICT_MAY },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	struct world world = { .host_addresses = false };
	struct predict_question question = { 0 };
	struct predict_answer answer;

	chain_build(&world.caller, row->caller);
	chain_build(&world.callee, row->callee);
	chain_build(&world.shared, row->shared);
	row->tune(&world);
	question.caller = side(&world.caller);
	question.callee = side(&world.callee);
	question.shared = side(&world.shared);
	question.tries_host_addresses = world.host_addresses;
	predict(&question, &answer);
	if (answer.udp[row->method] != row->want)
		fail_msg("%s: expected %d, got %d (%s)", method_word(row->method), (int)row->want,
			 (int)answer.udp[row->method], answer.why[row->method]);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return cmocka_run_group_tests_name("drawn", tests, NULL, NULL);
}
