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

/* The outside port of @net that a forward leads from to @port of its child @target; false where none does. */
static bool is_forwarded(const struct plan_node *net, const char *target, int protocol,
			 uint16_t port, uint16_t *ret_port)
{
	for (size_t i = 0; i < net->forwards_len; i++) {
		const struct plan_forward *f = &net->forwards[i];
		unsigned first = f->host_port ? f->host_port : f->port_first;
		unsigned last = first + f->port_last - f->port_first;

		if (f->protocol != protocol || strcmp(f->host, target) != 0)
			continue;
		if (port == 0 || port < first || port > last)
			continue;
		*ret_port = (uint16_t)(f->port_first + port - first);
		return true;
	}
	return false;
}

/*
 * Does @net lead strangers to *@port of its child @target, which becomes the outside port that they come
 * to; 0 where there is none that can be known?  0 is also one that nobody knows beforehand, to
 * which a DMZ leads all the same.
 */
static bool leads_to(const struct plan_node *net, const char *target, int protocol, uint16_t *port,
		     bool *ret_fixed)
{
	bool dmz = strcmp(net->dmz, target) == 0;

	*ret_fixed = is_forwarded(net, target, protocol, *port, port);
	if (!*ret_fixed && !dmz)
		*port = 0; /* what it maps to is the NAT's to choose */
	return *ret_fixed || dmz;
}

/* The model by which @net treats the family that a way is in: one of IPv4 is in IPv6 as long as it
 * is inside of a NAT64. */
static const struct nat_model *model_of(const struct plan_node *net, enum family family)
{
	/* It only routes what is not for its own prefix (RFC 6146, 3.5). */
	static const struct nat_model beside_nat64 = { .name = "nat64", .kind = NAT_KIND_ROUTER };

	if (family == FAMILY_IPV6 && plan_is_nat64(net))
		return &beside_nat64;
	return family == FAMILY_IPV6 || net->no_ipv4 ? net->model6 : &net->model;
}

void oracle_call_server(struct oracle_call *call, struct ip_addr server)
{
	if (!ip_addr_is_unset(server) && call->servers_len < ORACLE_SERVERS)
		call->servers[call->servers_len++] = server;
}

/* Is any address of @node's outside in @prefix? */
static bool is_in(struct ip_prefix prefix, const struct plan_node *node)
{
	struct ip_addr addr = node->addr;
	unsigned pool = node->kind == PLAN_NET && !node->no_ipv4 ? node->model.pool_size : 1;

	for (unsigned i = 0; i < pool || i == 0; i++, addr.lo++)
		if (ip_prefix_contains(prefix, addr))
			return true;
	return ip_prefix_contains(prefix, node->addr6) ||
	       (node->outside6.bits && (ip_prefix_contains(prefix, node->outside6.addr) ||
					ip_prefix_contains(node->outside6, prefix.addr)));
}

/* Does anybody on the way of this call have an address in @prefix, whoever is inside of @net aside? */
static bool is_spoken_to(struct ip_prefix prefix, const struct plan_node *net,
			 const struct oracle_call *call, const struct plan_node *const peers[2])
{
	for (size_t i = 0; i < call->servers_len; i++)
		if (ip_prefix_contains(prefix, call->servers[i]))
			return true;
	for (int p = 0; p < 2; p++) {
		const struct plan_node *node = peers[p], *from = peers[p];

		for (; node && node != net; node = node->parent)
			;
		/* From the first that is not inside of it. */
		for (from = node ? node : from; from; from = from->parent)
			if (is_in(prefix, from))
				return true;
	}
	return false;
}

/* Is what @model exempts none of what this call speaks to? */
static bool exempts_others(const struct nat_model *model, const struct plan_node *net,
			   const struct oracle_call *call, const struct plan_node *const peers[2])
{
	for (size_t i = 0; i < nat_model_exempt_len(model); i++)
		if (is_spoken_to(model->exempt[i], net, call, peers))
			return false;
	/* Ports are many's. */
	return !model->udp.exempt_ports[0] && !model->tcp.exempt_ports[0];
}

/* Nets 0 … @len - 1 of @nets, the way out from @peer, as the oracle sees them. */
static void describe(const struct plan_node *peer, const struct plan_node *const *nets, size_t len,
		     enum family family, uint16_t port, struct predict_nat *ret)
{
	const char *target = peer->name;
	uint16_t tcp_port = port;

	for (size_t i = 0; i < len; i++) {
		ret[i] = (struct predict_nat){ .model = model_of(nets[i], family) };
		ret[i].forwards_peer =
			leads_to(nets[i], target, IP_PROTO_UDP, &port, &ret[i].fixed_peer);
		ret[i].forwards_tcp =
			leads_to(nets[i], target, IP_PROTO_TCP, &tcp_port, &ret[i].fixed_tcp);
		target = nets[i]->name;
	}
}

/* … and what of their exemptions does not matter. */
static void note_exempt(const struct plan_node *const *nets, size_t len,
			const struct oracle_call *call, const struct plan_node *const peers[2],
			struct predict_nat *ret)
{
	for (size_t i = 0; i < len; i++)
		ret[i].exempts_others = exempts_others(ret[i].model, nets[i], call, peers);
}

bool oracle_has(const struct plan_node *host, enum family family)
{
	if (family == FAMILY_IPV6)
		return !ip_addr_is_unset(host->addr6);
	return plan_has_ipv4(host) || plan_nat64_prefix(host).bits;
}

/* Every NAT round @peer, for only whether it gets out at all matters. */
static size_t whole_side(const struct plan_node *peer, enum family family,
			 const struct oracle_call *call, struct predict_nat ret[DEPTH_MAX])
{
	const struct plan_node *const peers[2] = { peer, peer };
	const struct plan_node *nets[DEPTH_MAX];
	size_t len = chain(peer, nets);

	describe(peer, nets, len, family, 0, ret);
	note_exempt(nets, len, call, peers, ret);
	return len;
}

static bool has_address(const struct plan_node *host, enum family family)
{
	return family == FAMILY_IPV6 ? !ip_addr_is_unset(host->addr6) : plan_has_ipv4(host);
}

void oracle_ask(const struct plan_node *caller, const struct plan_node *callee,
		const struct oracle_call *call, struct predict_answer *ret)
{
	const struct plan_node *const peers[2] = { caller, callee };
	const struct plan_node *a[DEPTH_MAX], *b[DEPTH_MAX];
	struct predict_nat caller_nats[DEPTH_MAX], callee_nats[DEPTH_MAX];
	struct predict_nat turn_nats[2][DEPTH_MAX];
	const struct predict_side turn_sides[2] = {
		{ turn_nats[0], whole_side(caller, call->turn_families[0], call, turn_nats[0]) },
		{ turn_nats[1], whole_side(callee, call->turn_families[1], call, turn_nats[1]) },
	};
	size_t a_len = chain(caller, a), b_len = chain(callee, b), shared = 0;
	struct predict_question question = {
		.tries_host_addresses = call->host_addresses,
		.rendezvous_tcp = call->tcp_ports,
		.rendezvous_tcp_len = call->tcp_ports_len,
		.rendezvous_udp = call->udp_port,
		.local_port = call->local_port,
		.turn_sides = turn_sides,
		.turn = call->turn,
		.turn_port = call->turn_port,
		.stun_port = call->stun_port,
		/* Of addresses that a NAT64 stands in for there are none. */
		.ice_tcp = call->ice_tcp && has_address(caller, call->family) &&
			   has_address(callee, call->family),
		.budget = call->budget,
		.rivals = { call->rivals[0], call->rivals[1] },
		.pace_ns = call->pace_ns,
	};

	while (shared < a_len && shared < b_len && a[a_len - 1 - shared] == b[b_len - 1 - shared])
		shared++;
	describe(caller, a, a_len, call->family, call->local_port, caller_nats);
	describe(callee, b, b_len, call->family, call->local_port, callee_nats);
	note_exempt(a, a_len, call, peers, caller_nats);
	note_exempt(b, b_len, call, peers, callee_nats);
	question.caller = (struct predict_side){ caller_nats, a_len - shared };
	question.callee = (struct predict_side){ callee_nats, b_len - shared };
	for (size_t i = 0; i < shared; i++) {
		struct predict_nat *both = &caller_nats[a_len - shared + i];

		both->forwards_callee = callee_nats[b_len - shared + i].forwards_peer;
		both->forwards_callee_tcp = callee_nats[b_len - shared + i].forwards_tcp;
	}
	question.shared = (struct predict_side){ caller_nats + a_len - shared, shared };
	predict(&question, ret);
}

void oracle_ask_turn(const struct plan_node *caller, const struct plan_node *callee,
		     const struct oracle_call *call, struct predict_answer *ret)
{
	struct predict_nat a[DEPTH_MAX], b[DEPTH_MAX];
	struct predict_question question = {
		.caller = { a, whole_side(caller, call->turn_families[0], call, a) },
		.callee = { b, whole_side(callee, call->turn_families[1], call, b) },
		.rendezvous_tcp = call->tcp_ports,
		.rendezvous_tcp_len = call->tcp_ports_len,
		.turn = call->turn,
		.turn_port = call->turn_port,
	};
	struct predict_answer answer;

	predict(&question, &answer);
	ret->udp[METHOD_TURN] = answer.udp[METHOD_TURN];
	ret->shown[METHOD_TURN] = answer.shown[METHOD_TURN];
	memcpy(ret->why[METHOD_TURN], answer.why[METHOD_TURN], sizeof(ret->why[METHOD_TURN]));
}

static bool is_likelier(enum prediction a, enum prediction b)
{
	return a != b && (a == PREDICT_MUST || b == PREDICT_MUST_NOT);
}

void oracle_ask_relay(const struct plan_node *caller, const struct plan_node *callee,
		      const struct oracle_call *call, struct predict_answer *ret)
{
	struct predict_nat a[DEPTH_MAX], b[DEPTH_MAX];
	struct predict_question question = {
		.caller.nats = a,
		.callee.nats = b,
		.rendezvous_tcp = call->tcp_ports,
		.rendezvous_tcp_len = call->tcp_ports_len,
	};
	bool any = false;

	for (int i = 0; i < FAMILY_COUNT * FAMILY_COUNT; i++) {
		enum family from = (enum family)(i / FAMILY_COUNT);
		enum family to = (enum family)(i % FAMILY_COUNT);
		struct predict_answer answer;

		if (!oracle_has(caller, from) || !oracle_has(callee, to))
			continue;
		question.caller.nats_len = whole_side(caller, from, call, a);
		question.callee.nats_len = whole_side(callee, to, call, b);
		predict(&question, &answer);
		if (any && !is_likelier(answer.udp[METHOD_RELAY], ret->udp[METHOD_RELAY]))
			continue;
		any = true;
		ret->udp[METHOD_RELAY] = answer.udp[METHOD_RELAY];
		ret->shown[METHOD_RELAY] = answer.shown[METHOD_RELAY];
		memcpy(ret->why[METHOD_RELAY], answer.why[METHOD_RELAY],
		       sizeof(ret->why[METHOD_RELAY]));
	}
}

/* The worst of a set of paths. */
static unsigned worst(unsigned paths)
{
	unsigned last = 0;

	for (unsigned i = 0; i < ICE_PATH_COUNT; i++)
		if (paths & 1U << i)
			last = i;
	return last;
}

void oracle_join_ice(struct predict_answer answers[FAMILY_COUNT], const bool asked[FAMILY_COUNT])
{
	struct predict_answer *ret = &answers[FAMILY_IPV4], joined = { 0 };
	unsigned bound = ICE_PATH_COUNT - 1;

	/* None is worse than what must be there in some family. */
	for (int i = 0; i < FAMILY_COUNT; i++) {
		const struct predict_answer *answer = &answers[i];

		if (!asked[i])
			continue;
		joined.ice_paths |= answer->ice_paths;
		if (answer->udp[METHOD_ICE] == PREDICT_MUST && worst(answer->ice_paths) < bound)
			bound = worst(answer->ice_paths);
		if (joined.why[0][0] &&
		    !is_likelier(answer->udp[METHOD_ICE], joined.udp[METHOD_ICE]))
			continue;
		joined.udp[METHOD_ICE] = answer->udp[METHOD_ICE];
		memcpy(joined.why[0], answer->why[METHOD_ICE], sizeof(joined.why[0]));
	}
	/* Without a family in common there are relayed candidates alone. */
	if (!asked[FAMILY_IPV4] && !asked[FAMILY_IPV6]) {
		joined.udp[METHOD_ICE] = ret->udp[METHOD_TURN];
		joined.ice_paths = joined.udp[METHOD_ICE] == PREDICT_MUST_NOT
					   ? 0
					   : ice_path_bit(ICE_PATH_RELAYED);
		memcpy(joined.why[0], ret->why[METHOD_TURN], sizeof(joined.why[0]));
	}
	ret->udp[METHOD_ICE] = joined.udp[METHOD_ICE];
	ret->shown[METHOD_ICE] = method_bit(METHOD_ICE);
	ret->ice_paths = joined.ice_paths & ((2U << bound) - 1);
	memcpy(ret->why[METHOD_ICE], joined.why[0], sizeof(joined.why[0]));
}

const char *prediction_word(enum prediction prediction)
{
	static const char *const names[] = {
		[PREDICT_MUST_NOT] = "must-not", [PREDICT_MUST] = "must", [PREDICT_MAY] = "may"
	};

	return names[prediction];
}

json_t *oracle_json(const struct predict_answer *answer, enum method method)
{
	json_t *says = json_pack("{s:s, s:s}", "prediction", prediction_word(answer->udp[method]),
				 "why", answer->why[method]);

	if (answer->udp[method] == PREDICT_MAY && answer->chance[method] >= 0)
		json_object_set_new(says, "chance", json_real(answer->chance[method]));
	return says;
}
