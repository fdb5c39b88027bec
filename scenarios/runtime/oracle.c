/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oracle.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

/* The nets that @node is inside of, innermost first. */
static size_t chain(const struct plan_node *node, const struct plan_node **ret)
{
	size_t n = 0;

	for (const struct plan_node *net = node->parent; net && n < DEPTH_MAX; net = net->parent)
		ret[n++] = net;
	return n;
}

/*
 * The outside port of @net that leads to @port of its child @target; 0 where none does.
 * @port 0 is one that nobody knows beforehand, to which a DMZ leads all the same.
 */
static bool leads_to(const struct plan_node *net, const char *target, uint16_t port,
		     uint16_t *ret_port)
{
	for (size_t i = 0; i < net->forwards_len; i++) {
		const struct plan_forward *f = &net->forwards[i];
		unsigned first = f->host_port ? f->host_port : f->port_first;
		unsigned last = first + f->port_last - f->port_first;

		if (f->protocol != IP_PROTO_UDP || strcmp(f->host, target) != 0)
			continue;
		if (port == 0 || port < first || port > last)
			continue;
		*ret_port = (uint16_t)(f->port_first + port - first);
		return true;
	}
	*ret_port = port;
	return strcmp(net->dmz, target) == 0;
}

/* Nets 0 … @len - 1 of @nets, the way out from @peer, as the oracle sees them. */
static void describe(const struct plan_node *peer, const struct plan_node *const *nets, size_t len,
		     uint16_t port, struct predict_nat *ret)
{
	const char *target = peer->name;

	for (size_t i = 0; i < len; i++) {
		ret[i] = (struct predict_nat){ .model = &nets[i]->model };
		ret[i].forwards_peer = leads_to(nets[i], target, port, &port);
		target = nets[i]->name;
		if (!ret[i].forwards_peer)
			port = 0; /* what it maps to is the NAT's to choose */
	}
}

void oracle_ask(const struct plan_node *caller, const struct plan_node *callee,
		const struct oracle_call *call, struct predict_answer *ret)
{
	const struct plan_node *a[DEPTH_MAX], *b[DEPTH_MAX];
	struct predict_nat caller_nats[DEPTH_MAX], callee_nats[DEPTH_MAX];
	size_t a_len = chain(caller, a), b_len = chain(callee, b), shared = 0;
	struct predict_question question = {
		.tries_host_addresses = call->host_addresses,
		.rendezvous_tcp = call->tcp_ports,
		.rendezvous_tcp_len = call->tcp_ports_len,
		.rendezvous_udp = call->udp_port,
		.local_port = call->local_port,
		.turn = call->turn,
		.turn_port = call->turn_port,
	};

	while (shared < a_len && shared < b_len && a[a_len - 1 - shared] == b[b_len - 1 - shared])
		shared++;
	describe(caller, a, a_len, call->local_port, caller_nats);
	describe(callee, b, b_len, call->local_port, callee_nats);
	question.caller = (struct predict_side){ caller_nats, a_len - shared };
	question.callee = (struct predict_side){ callee_nats, b_len - shared };
	question.shared = (struct predict_side){ caller_nats + a_len - shared, shared };
	predict(&question, ret);
}

const char *prediction_word(enum prediction prediction)
{
	static const char *const names[] = {
		[PREDICT_MUST_NOT] = "must-not", [PREDICT_MUST] = "must", [PREDICT_MAY] = "may"
	};

	return names[prediction];
}
