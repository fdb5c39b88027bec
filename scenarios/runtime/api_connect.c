/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connect(): what it is told, and how it begins. */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/methods/turn_client.h"
#include "../../probes/services/service.h"
#include "../../probes/services/turn_options.h"
#include "api.h"
#include "fields.h"
#include "nets_round.h"
#include "oracle.h"
#include "tree.h"

#define JOIN_WITHIN (30 * SEC)
#define NEXT_PORT_AFTER (2 * SEC)

static bool serves(const struct plan_node *node, const char *service)
{
	const struct tree_host *host = node->user;

	for (size_t i = 0; host && i < host->services_len; i++)
		if (strcmp(host->services[i], service) == 0)
			return true;
	return false;
}

/* The world's only host with @service; NULL where there is none.  @key would choose of several. */
static const struct plan_node *only_host(const struct fields *f, const char *service,
					 const char *key)
{
	const struct plan *plan = &stage_of(f->L)->plan;
	const struct plan_node *node = NULL, *only = NULL;

	while ((node = plan_next(plan, node))) {
		if (!serves(node, service))
			continue;
		if (only)
			fields_fail(f, NULL,
				    "expected %s = …: %s and %s both have the service \"%s\"", key,
				    only->name, node->name, service);
		only = node;
	}
	return only;
}

/* The host under `via`; without one, the world's only rendezvous. */
static const struct plan_node *find_via(const struct fields *f)
{
	const struct plan_node *only;

	if (f->table && lua_getfield(f->L, f->table, "via") != LUA_TNIL)
		return api_check_node(f->L, -1);
	only = only_host(f, "rendezvous", "via");
	if (!only)
		fields_fail(f, NULL, "no host has the service \"rendezvous\"");
	return only;
}

/* What `turn` says, or the world's only TURN server, over UDP; false where there is none. */
static bool find_turn(const struct fields *f, struct turn_client_spec *ret)
{
	static const char *const words[] = { "server", "transport", "username", "password",
					     "family" };
	const struct plan_node *only;
	struct fields turn;

	*ret = (struct turn_client_spec){ .username = TURN_ANYBODY, .password = TURN_ANYBODY };
	if (fields_table(f, "turn", &turn)) {
		fields_allow(&turn, words, sizeof(words) / sizeof(*words), 0);
		api_turn_read(&turn, ret); /* which stays on the stack, with its texts */
		if (ret->transport == TURN_OVER_TLS)
			fields_fail(
				&turn, "transport",
				"transport: no verdict can see into \"tls\"; host:turn() takes it");
		return true;
	}
	only = only_host(f, "turn", "turn = { server");
	if (only)
		ret->server = (struct endpoint){ only->addr, STUN_PORT };
	return only;
}

/* The node whose address of IPv4 @addr is; NULL where none's is. */
static const struct plan_node *node_at(const struct plan *plan, struct ip_addr addr)
{
	const struct plan_node *node = NULL;

	while ((node = plan_next(plan, node)))
		if (ip_addr_equal(node->addr, addr))
			return node;
	return NULL;
}

/* @turn as @peer reaches it: who has no IPv4, at the server's address of IPv6. */
static struct turn_client_spec turn_for(const struct plan *plan, const struct plan_node *peer,
					const struct turn_client_spec *turn)
{
	const struct plan_node *server = node_at(plan, turn->server.addr);
	struct turn_client_spec ret = *turn;

	if (!oracle_has(peer, FAMILY_IPV4) && server && !ip_addr_is_unset(server->addr6))
		ret.server.addr = server->addr6;
	return ret;
}

/* Where ICE's agents ask how they are seen: at what `stun` says, else at @via where it has that
 * service, else at the TURN server, which answers that, too. */
static void find_stun(const struct fields *f, const struct plan_node *via,
		      const struct turn_client_spec *turn, struct endpoint ret[FAMILY_COUNT])
{
	const struct plan_node *node = serves(via, "stun") || serves(via, "turn") ? via : NULL;

	if (f->table && lua_getfield(f->L, f->table, "stun") != LUA_TNIL)
		node = api_check_node(f->L, -1);
	if (node) {
		ret[FAMILY_IPV4] = (struct endpoint){ node->addr, STUN_PORT };
		ret[FAMILY_IPV6] = (struct endpoint){ node->addr6, STUN_PORT };
	} else if (turn) {
		ret[ip_addr_family(turn->server.addr)] = turn->server;
	}
}

enum method api_parse_method(const struct fields *f, const char *key, const char *word)
{
	const char *words[METHOD_COUNT];
	enum method method;
	char buf[256];

	if (method_parse(word, &method) == 0)
		return method;
	for (int m = 0; m < METHOD_COUNT; m++)
		words[m] = method_word((enum method)m);
	fields_fail(f, key, "%s",
		    fields_unknown(buf, sizeof(buf), "method", word, words, METHOD_COUNT));
}

static enum order parse_order(const struct fields *f)
{
	const char *words[ORDER_COUNT], *word = fields_text(f, "order", NULL);
	enum order order;
	char buf[256];

	if (!word)
		return ORDER_DEFAULT;
	if (order_parse(word, &order) == 0)
		return order;
	for (int i = 0; i < ORDER_COUNT; i++)
		words[i] = order_word((enum order)i);
	fields_fail(f, "order", "%s",
		    fields_unknown(buf, sizeof(buf), "order", word, words, ORDER_COUNT));
}

/* The rungs as `try` gives them, or else those of the order, which is returned; ORDER_COUNT for
 * the former. */
static enum order read_ladder(const struct fields *f, bool turn, struct call_spec *spec)
{
	enum order order = parse_order(f);
	const char *words[LADDER_MAX];
	size_t n = fields_list(f, "try", words, LADDER_MAX);

	if (!n && fields_given(f, "try"))
		fields_fail(f, "try", "try: expected at least one method, got an empty list");
	if (!n) {
		spec->ladder_len = order_ladder(order, turn, spec->ladder);
		return order;
	}
	if (fields_text(f, "order", NULL))
		fields_fail(f, "order", "expected try or order, got both");
	for (size_t i = 0; i < n; i++) {
		spec->ladder[i] = api_parse_method(f, "try", words[i]);
		if (spec->ladder[i] == METHOD_TURN && !turn)
			fields_fail(f, "try", "no host has the service \"turn\"");
	}
	spec->ladder_len = (unsigned)n;
	return ORDER_COUNT;
}

enum family api_parse_family(const struct fields *f, const char *key, const char *word)
{
	const char *words[FAMILY_COUNT];
	enum family family;
	char buf[256];

	if (family_parse(word, &family) == 0)
		return family;
	for (int i = 0; i < FAMILY_COUNT; i++)
		words[i] = family_word((enum family)i);
	fields_fail(f, key, "%s",
		    fields_unknown(buf, sizeof(buf), "family", word, words, FAMILY_COUNT));
}

static void read_families(const struct fields *f, struct call_spec *spec)
{
	const char *words[FAMILY_COUNT];
	size_t n = fields_list(f, "families", words, FAMILY_COUNT);

	for (size_t i = 0; i < n; i++)
		spec->families[i] = api_parse_family(f, "families", words[i]);
	if (n == FAMILY_COUNT && spec->families[0] == spec->families[1])
		fields_fail(f, "families", "families: expected each once, got %s twice", words[0]);
	spec->families_len = (unsigned)n;
}

/* A reason, or nothing; `oracle = false` would hide why. */
static char *read_waiver(const struct fields *f)
{
	const char *reason = fields_text(f, "oracle", NULL);

	return reason ? strdup(reason) : NULL;
}

enum { RENDEZVOUS_PORTS = 1 + SERVICE_PORTS };

/* Where @via's rendezvous listens, in the order of trying; how many. */
static size_t ports_of(const struct plan_node *via, uint16_t ret[RENDEZVOUS_PORTS])
{
	const struct tree_host *host = via->user;
	size_t n = 0;

	ret[n++] = RENDEZVOUS_PORT;
	for (size_t i = 0; host && i < host->rendezvous_ports_len; i++)
		ret[n++] = host->rendezvous_ports[i];
	return n;
}

/* The addresses of @via that @host may reach it by, in the order of @spec's families, or IPv6
 * first (RFC 6724, 2.1); how many. */
static size_t addresses_of(const struct plan_node *via, const struct plan_node *node,
			   const struct call_spec *spec, struct ip_addr ret[FAMILY_COUNT])
{
	bool ipv4_first = spec->families_len && spec->families[0] == FAMILY_IPV4;
	bool ipv4_only = ipv4_first && spec->families_len == 1;
	bool has6 = !ip_addr_is_unset(node->addr6) && !ip_addr_is_unset(via->addr6);
	size_t n = 0;

	if (has6 && !ipv4_first)
		ret[n++] = via->addr6;
	if (plan_has_ipv4(via) && oracle_has(node, FAMILY_IPV4))
		ret[n++] = via->addr;
	if (has6 && ipv4_first && !ipv4_only)
		ret[n++] = via->addr6;
	return n;
}

/* By one of its addresses and ports after another: a firewall that drops what it does not like is
 * only known by its silence, so all but the last are given up soon. */
static int join_by_any(struct host *host, const struct ip_addr *addresses, size_t addresses_len,
		       const struct plan_node *via, struct peer **ret)
{
	uint16_t ports[RENDEZVOUS_PORTS];
	size_t n = ports_of(via, ports);
	int error = -ENETUNREACH;

	for (size_t i = 0; i < addresses_len * n; i++) {
		struct endpoint rendezvous = { addresses[i / n], RENDEZVOUS_PORT };
		uint64_t within = i + 1 < addresses_len * n ? NEXT_PORT_AFTER : JOIN_WITHIN;

		error = peer_join(host, rendezvous, ports[i % n], host_now(host) + within, ret);
		if (!error || error == -EEXIST)
			break;
	}
	if (error)
		return error;
	/* A relayed address may be of a family that its host lacks. */
	peer_know(*ret, (struct endpoint){ via->addr6, RENDEZVOUS_PORT });
	peer_know(*ret, (struct endpoint){ via->addr, RENDEZVOUS_PORT });
	return 0;
}

/* Join @node to @via, unless it has. */
static struct peer *join(lua_State *L, const struct plan_node *node, const struct plan_node *via,
			 const struct call_spec *spec)
{
	struct ip_addr addresses[FAMILY_COUNT];
	size_t addresses_len = addresses_of(via, node, spec, addresses);
	struct stage *stage = stage_of(L);
	struct host *host = stage_host(stage, node), *meet = stage_host(stage, via);
	struct stage_peer *p;
	int error;

	for (p = stage->peers; p; p = p->next)
		if (p->host == host && p->via == meet)
			return p->peer;
	p = calloc(1, sizeof(*p));
	if (!p)
		fields_raise(L, "not enough memory");
	p->host = host;
	p->via = meet;
	error = join_by_any(host, addresses, addresses_len, via, &p->peer);
	if (error) {
		free(p);
		fields_raise(L, "connect: %s cannot join %s: %s", node->name, via->name,
			     strerror(-error));
	}
	p->next = stage->peers;
	stage->peers = p;
	return p->peer;
}

/* How many ports of either side's NAT others take in between, on average, as the scenario knows. */
static void read_rivals(const struct fields *f, double ret[2])
{
	static const char *const words[] = { "caller", "callee" };
	struct fields rivals;

	if (!fields_table(f, "rivals", &rivals))
		return;
	fields_allow(&rivals, words, sizeof(words) / sizeof(*words), 0);
	for (size_t i = 0; i < 2; i++)
		ret[i] = fields_number(&rivals, words[i], 0, UINT16_MAX, 0);
	lua_pop(f->L, 1);
}

static enum order read_spec(const struct fields *f, bool turn, struct call_spec *spec)
{
	static const char *const words[] = {
		"via",	       "try",	 "order",      "attempt",   "pace",	  "host_addresses",
		"port",	       "oracle", "turn",       "families",  "candidates", "holes",
		"probes",      "ttl",	 "first_port", "last_port", "rivals",	  "ice_tcp",
		"expressible",
	};
	enum order order;

	struct method_budget usual;

	fields_allow(f, words, sizeof(words) / sizeof(*words), 0);
	order = read_ladder(f, turn, spec);
	read_families(f, spec);
	spec->attempt_ns = fields_duration(f, "attempt", 0);
	spec->pace_ns = fields_duration(f, "pace", 0);
	spec->host_addresses = fields_flag(f, "host_addresses",
					   order != ORDER_COUNT && order_host_addresses(order));
	spec->local_port = (uint16_t)fields_integer(f, "port", 1, 65535, 0);
	spec->budget = (struct method_budget){
		.candidates =
			(uint16_t)fields_integer(f, "candidates", 1, BUDGET_CANDIDATES_MAX, 0),
		.holes = (uint16_t)fields_integer(f, "holes", 1, BUDGET_HOLES_MAX, 0),
		.probes = (uint16_t)fields_integer(f, "probes", 1, UINT16_MAX, 0),
		.ttl = (uint8_t)fields_integer(f, "ttl", 1, UINT8_MAX, 0),
		.first_port = (uint16_t)fields_integer(f, "first_port", 1, UINT16_MAX, 0),
		.last_port = (uint16_t)fields_integer(f, "last_port", 1, UINT16_MAX, 0),
	};
	usual = method_budget_of(&spec->budget);
	if (usual.first_port > usual.last_port)
		fields_fail(f, "first_port", "first_port: expected at most %d, got %d",
			    usual.last_port, usual.first_port);
	return order;
}

/* Whom the peers speak to beside each other. */
static void name_servers(struct oracle_call *about, const struct plan_node *via,
			 const struct turn_client_spec *turns,
			 const struct endpoint stun[FAMILY_COUNT])
{
	oracle_call_server(about, via->addr);
	oracle_call_server(about, via->addr6);
	for (size_t i = 0; i < via->extra_len; i++)
		oracle_call_server(about, via->extra[i]);
	for (int i = 0; i < 2 && turns; i++)
		oracle_call_server(about, turns[i].server.addr);
	for (int i = 0; i < FAMILY_COUNT; i++)
		oracle_call_server(about, stun[i].addr);
}

/* @turns: as the caller and as the callee reach their server, NULL = there is none; @told: what of it
 * the oracle alone is told. */
static void ask(struct stage_call *call, const struct plan_node *via, const struct call_spec *spec,
		const struct turn_client_spec *turns, const struct endpoint stun[FAMILY_COUNT],
		const struct oracle_call *told)
{
	uint16_t ports[RENDEZVOUS_PORTS];
	struct oracle_call about = {
		.local_port = spec->local_port,
		.host_addresses = spec->host_addresses,
		.tcp_ports = ports,
		.tcp_ports_len = ports_of(via, ports),
		.udp_port = RENDEZVOUS_PORT,
		.ice_tcp = told->ice_tcp,
		.budget = spec->budget,
		.rivals = { told->rivals[0], told->rivals[1] },
		.pace_ns = spec->pace_ns,
	};

	name_servers(&about, via, turns, stun);
	if (turns) {
		about.turn = turns->transport == TURN_OVER_UDP ? PREDICT_TURN_UDP
							       : PREDICT_TURN_TCP;
		about.turn_port = turns->server.port;
		for (int i = 0; i < 2; i++)
			about.turn_families[i] = ip_addr_family(turns[i].server.addr);
	}
	for (int i = 0; i < FAMILY_COUNT; i++) {
		about.family = (enum family)i;
		about.stun_port = ip_addr_is_unset(stun[i].addr) ? 0 : stun[i].port;
		call->asked[i] = oracle_has(call->caller, about.family) &&
				 oracle_has(call->callee, about.family);
		if (call->asked[i])
			oracle_ask(call->caller, call->callee, &about, &call->oracle[i]);
	}
	if (oracle_has(call->caller, FAMILY_IPV6) || oracle_has(call->callee, FAMILY_IPV6))
		oracle_ask_relay(call->caller, call->callee, &about, &call->oracle[FAMILY_IPV4]);
	oracle_ask_turn(call->caller, call->callee, &about, &call->oracle[FAMILY_IPV4]);
	oracle_join_ice(call->oracle, call->asked);
}

/* Note that @method was not tried between the two. */
static void note_not_tried(lua_State *L, const struct plan_node *a, const struct plan_node *b,
			   enum method method, const char *why)
{
	json_array_append_new(stage_of(L)->not_tried,
			      json_pack("{s:s, s:s, s:s, s:s}", "caller", a->name, "callee",
					b->name, "method", method_word(method), "why", why));
}

/* Methods over TCP need NATs whose TCP is as their models say: is one of @spec's there without?  Then
 * why. */
static bool is_inexpressible(const struct plan_node *a, const struct plan_node *b,
			     const struct call_spec *spec, bool ice_tcp, char *why, size_t size)
{
	bool connects = false;

	for (unsigned i = 0; i < spec->ladder_len; i++)
		connects |= method_connects(spec->ladder[i]) ||
			    (ice_tcp && spec->ladder[i] == METHOD_ICE);
	return connects &&
	       !(nets_connect_as_modelled(a, why, size) && nets_connect_as_modelled(b, why, size));
}

/* Such a call ends the run, or is only noted where the scenario asks for that: false then, with nil and
 * why on the stack. */
static bool check_nets(const struct fields *f, const struct plan_node *a, const struct plan_node *b,
		       const struct call_spec *spec, bool ice_tcp)
{
	bool expressible = fields_flag(f, "expressible", false);
	char why[256];

	if (expressible && spec->ladder_len != 1)
		fields_fail(f, "expressible", "expressible: expected one rung in try, got %u",
			    spec->ladder_len);
	if (!is_inexpressible(a, b, spec, ice_tcp, why, sizeof(why)))
		return true;
	if (!expressible) {
		stage_of(f->L)->inexpressible = true;
		luaL_error(f->L, "%s", why);
	}
	note_not_tried(f->L, a, b, spec->ladder[0], why);
	lua_pushnil(f->L);
	lua_pushstring(f->L, why);
	return false;
}

/* connect(a, b, { via = w.server, try = { "direct", "punch" } }) */
int api_connect(lua_State *L)
{
	struct stage *stage = stage_of(L);
	const struct plan_node *a = api_check_node(L, 1), *b = api_check_node(L, 2), *via;
	struct fields f = fields_of_call(L, 3, "connect");
	struct call_spec spec = { 0 };
	struct endpoint stun[FAMILY_COUNT] = { 0 };
	struct turn_client_spec turn, turns[2];
	struct oracle_call told = { 0 };
	struct stage_call *call;
	struct peer *caller, *callee;
	enum order order;
	bool has_turn;
	void **slot;
	int error;

	luaL_argcheck(L, a != b, 2, "a host cannot call itself");
	has_turn = find_turn(&f, &turn);
	order = read_spec(&f, has_turn, &spec);
	read_rivals(&f, told.rivals);
	told.ice_tcp = fields_flag(&f, "ice_tcp", false);
	if (!check_nets(&f, a, b, &spec, told.ice_tcp))
		return 2;
	via = find_via(&f);
	find_stun(&f, via, has_turn ? &turn : NULL, stun);
	caller = join(L, a, via, &spec);
	callee = join(L, b, via, &spec);
	peer_use_low_ttl(caller, nets_low_ttl(a, b));
	peer_use_low_ttl(callee, nets_low_ttl(b, a));
	if (has_turn) {
		turns[0] = turn_for(&stage->plan, a, &turn);
		turns[1] = turn_for(&stage->plan, b, &turn);
		peer_use_turn(caller, &turns[0]);
		peer_use_turn(callee, &turns[1]);
	}
	peer_use_stun(caller, stun);
	peer_use_stun(callee, stun);
	peer_use_ice_tcp(caller, told.ice_tcp);
	peer_use_ice_tcp(callee, told.ice_tcp);
	slot = api_push_pointer(L, API_CALL);
	call = calloc(1, sizeof(*call));
	if (!call)
		return luaL_error(L, "not enough memory");
	*slot = call;
	call->caller = a;
	call->callee = b;
	call->waiver = read_waiver(&f);
	call->order = order;
	call->tried_len = spec.ladder_len;
	memcpy(call->tried, spec.ladder, sizeof(spec.ladder));
	ask(call, via, &spec, has_turn ? turns : NULL, stun, &told);
	error = call_connect(caller, callee, &spec, &call->call);
	if (error)
		return luaL_error(L, "connect: %s to %s by way of %s: %s", a->name, b->name,
				  via->name, strerror(-error));
	*stage->calls_end = call;
	stage->calls_end = &call->next;
	return 1;
}
