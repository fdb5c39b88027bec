/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question that the oracle (nat-models/predict.h) is asked about a call, read off the plan:
 * which NATs lie on either side up to the place where both ways meet, and what their owners
 * forwarded.  Each family has NATs of its own; of an IPv4 way that begins behind a NAT64, those of
 * IPv6 come first.
 */
#ifndef KNOTHOLE_ORACLE_H
#define KNOTHOLE_ORACLE_H

#include <jansson.h>

#include "../../nat-models/predict.h"
#include "../../sim/plan.h"

enum { ORACLE_SERVERS = 16 };

/* What of a call matters to it. */
struct oracle_call {
	uint16_t local_port; /* of both; 0 = a fresh one, so that only a DMZ leads to it */
	bool host_addresses; /* each tries the other's own, too */
	const uint16_t *tcp_ports; /* where the rendezvous listens, in the order of trying */
	size_t tcp_ports_len;
	uint16_t udp_port;
	enum predict_turn turn;
	uint16_t turn_port;
	enum family turn_families[2]; /* in which the caller and the callee reach its server */
	uint16_t stun_port; /* in that family; 0 = there is none */
	bool ice_tcp; /* ICE has candidates over TCP, too */
	enum family family; /* of the endpoints that they try */
	struct method_budget budget;
	uint64_t pace_ns; /* 0 = the usual */
	double rivals[2]; /* see struct predict_question */
	/* What the peers speak to beside each other: the rendezvous and the servers of STUN and TURN. */
	struct ip_addr servers[ORACLE_SERVERS];
	size_t servers_len;
};

/* One more of them; the unset address is none. */
void oracle_call_server(struct oracle_call *call, struct ip_addr server);

/* Has @host an endpoint of @family?  Behind a NAT64 of IPv4, too. */
bool oracle_has(const struct plan_node *host, enum family family);

/*
 * What a relay comes to where a host has IPv6: each peer's TCP connection to it is of what family it
 * can.  *ret's word on METHOD_RELAY is set, and nothing else.
 */
void oracle_ask_relay(const struct plan_node *caller, const struct plan_node *callee,
		      const struct oracle_call *call, struct predict_answer *ret);

/*
 * What TURN comes to: each peer reaches the server in a family of its own, and the relayed addresses
 * are the server's affair.  *ret's word on METHOD_TURN is set, and nothing else.
 */
void oracle_ask_turn(const struct plan_node *caller, const struct plan_node *callee,
		     const struct oracle_call *call, struct predict_answer *ret);

/* In the one family that @call names, which both must have. */
void oracle_ask(const struct plan_node *caller, const struct plan_node *callee,
		const struct oracle_call *call, struct predict_answer *ret);

/*
 * What ICE comes to over the families that were @asked about, for it tries all at once: it connects if
 * it does in any of them, by the best way of any.  Into the answer of IPv4.
 */
void oracle_join_ice(struct predict_answer answers[FAMILY_COUNT], const bool asked[FAMILY_COUNT]);

/* "must", "must-not", "may" */
const char *prediction_word(enum prediction prediction);

/* What @answer says of @method: {"prediction", "why"}, and "chance" where luck decides and it can be
 * said; NULL without memory.  The caller owns it. */
json_t *oracle_json(const struct predict_answer *answer, enum method method);

#endif
