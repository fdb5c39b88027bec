/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question that the oracle (nat-models/predict.h) is asked about a call, read off the plan:
 * which NATs lie on either side up to the place where both ways meet, and what their owners
 * forwarded.
 */
#ifndef KNOTHOLE_ORACLE_H
#define KNOTHOLE_ORACLE_H

#include "../../nat-models/predict.h"
#include "../../sim/plan.h"

/* What of a call matters to it. */
struct oracle_call {
	uint16_t local_port; /* of both; 0 = a fresh one, so that only a DMZ leads to it */
	bool host_addresses; /* each tries the other's own, too */
	const uint16_t *tcp_ports; /* where the rendezvous listens, in the order of trying */
	size_t tcp_ports_len;
	uint16_t udp_port;
	enum predict_turn turn;
	uint16_t turn_port;
};

void oracle_ask(const struct plan_node *caller, const struct plan_node *callee,
		const struct oracle_call *call, struct predict_answer *ret);

/* "must", "must-not", "may" */
const char *prediction_word(enum prediction prediction);

#endif
