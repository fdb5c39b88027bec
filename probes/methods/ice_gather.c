/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gathering an agent's candidates (RFC 8445, 5.1.1).  A fiber asks each server, all at once; the one
 * that allocates then stays, to tell the TURN server of each candidate of the other side's, and
 * to ask for a channel to the one in use.
 */
#include <errno.h>
#include <string.h>

#include "ice_agent_private.h"

/* Gathering begins with RFC 8489's RTO, and sends as often as a check. */
#define GATHER_RTO_NS (500 * MSEC)
#define PERMIT_NS (10 * SEC)

/* RFC 8421: where a host has both families, IPv6 comes first. */
uint16_t ice_gather_preference(const struct ice_agent *agent, struct ip_addr addr)
{
	bool both = !ip_addr_is_unset(host_addr(agent->host)) &&
		    !ip_addr_is_unset(host_addr6(agent->host));

	return both && ip_addr_is_v4(addr) ? UINT16_MAX - 1 : UINT16_MAX;
}

int ice_gather_add(struct ice_agent *agent, const struct ice_local *local, uint16_t preference)
{
	int index = ice_add_local(&agent->list, local, preference);

	if (index < 0)
		return index;
	ice_pair_up(&agent->list);
	ice_changed(agent);
	return 0;
}

static int add_local(struct ice_agent *agent, const struct ice_local *local)
{
	return ice_gather_add(agent, local, ice_gather_preference(agent, local->base.addr));
}

struct endpoint ice_agent_local(const struct ice_agent *agent, enum family family)
{
	struct ip_addr addr = family == FAMILY_IPV6 ? host_addr6(agent->host)
						    : host_addr(agent->host);

	return (struct endpoint){ addr, agent->sock ? sock_local(agent->sock).port : 0 };
}

static int add_host(struct ice_agent *agent, enum family family)
{
	struct ice_local local = { .base = ice_agent_local(agent, family) };

	if (ip_addr_is_unset(local.base.addr) || agent->spec.relay_only || agent->spec.tcp_only)
		return 0;
	local.candidate.at = local.base;
	return add_local(agent, &local);
}

/*
 * Its base is the host's own address; behind a NAT64, where it has none of IPv4, the candidate
 * itself: what is sent from there comes from it all the same.
 */
static int add_reflexive(struct ice_agent *agent, struct endpoint mapped, struct ip_addr server)
{
	struct ice_local local = { .candidate.type = ICE_SERVER_REFLEXIVE,
				   .server = server,
				   .assisted = ip_addr_is_unset(server) };

	local.base = ice_agent_local(agent, ip_addr_family(mapped.addr));
	if (ip_addr_is_unset(local.base.addr))
		local.base = mapped;
	local.candidate.at = mapped;
	local.candidate.related = local.base;
	return add_local(agent, &local);
}

/* Can it send to @addr from its socket? */
static bool reaches(const struct ice_agent *agent, struct ip_addr addr)
{
	if (!ip_addr_is_unset(host_addr_beside(agent->host, addr)))
		return true;
	return ip_addr_is_v4(addr) && agent->host->nat64.bits;
}

int ice_agent_add_mapped(struct ice_agent *agent, struct endpoint mapped)
{
	if (!reaches(agent, mapped.addr))
		return -EADDRNOTAVAIL;
	return add_reflexive(agent, mapped, (struct ip_addr){ 0 });
}

void ice_gathered_from(struct ice_agent *agent)
{
	agent->gathered = !--agent->gathering;
	ice_changed(agent);
}

/* STUN */

bool ice_gather_hear(struct ice_agent *agent, const struct stun_message *msg, struct endpoint from)
{
	for (int i = 0; i < FAMILY_COUNT; i++) {
		struct ice_asking *asking = &agent->askings[i];

		if (!endpoint_equal(from, asking->server) || msg->class == STUN_REQUEST ||
		    memcmp(msg->transaction, asking->transaction, STUN_TRANSACTION) != 0)
			continue;
		stun_get_address(msg, STUN_XOR_MAPPED_ADDRESS, &asking->mapped);
		fiber_wake(asking->fiber);
		return true;
	}
	return false;
}

static void send_question(struct ice_asking *asking)
{
	uint8_t bytes[STUN_HEADER + 8];
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, asking->transaction);
	stun_add_fingerprint(&w);
	ice_send_by(asking->agent, ICE_BY_SOCKET, asking->server, bytes, stun_end(&w));
}

static void ask_stun(void *arg)
{
	struct ice_asking *asking = arg;
	struct ice_agent *agent = asking->agent;
	uint64_t gap = GATHER_RTO_NS, now;

	asking->fiber = fiber_self();
	while ((now = host_now(agent->host)) < agent->gather_until && !agent->closing &&
	       !asking->mapped.port) {
		uint64_t next = now + gap < agent->gather_until ? now + gap : agent->gather_until;

		send_question(asking);
		gap *= 2;
		while (!asking->mapped.port && !agent->closing && host_now(agent->host) < next)
			fiber_park(next);
	}
	asking->fiber = NULL;
	if (asking->mapped.port && !agent->closing)
		add_reflexive(agent, asking->mapped, asking->server.addr);
	ice_gathered_from(agent);
	crew_leave(&agent->crew);
}

static int start_asking(struct ice_agent *agent, enum family family)
{
	struct ice_asking *asking = &agent->askings[family];
	int err;

	asking->agent = agent;
	asking->server = agent->spec.stun[family];
	if (ip_addr_is_unset(asking->server.addr) || !reaches(agent, asking->server.addr) ||
	    agent->spec.relay_only || agent->spec.tcp_only)
		return 0;
	stun_transaction(host_random(agent->host), host_random(agent->host), asking->transaction);
	err = crew_spawn(&agent->crew, host_loop(agent->host), "ice stun", ask_stun, asking);
	agent->gathering += !err;
	return err;
}

/* TURN */

static int add_relayed(struct ice_agent *agent)
{
	struct ice_local local = {
		.candidate.type = ICE_RELAYED,
		.candidate.related = turn_client_mapped(agent->turn),
		.base = turn_client_relayed(agent->turn),
		.server = turn_client_server(agent->turn).addr,
		.way = ICE_BY_TURN,
	};
	int err = crew_spawn(&agent->crew, host_loop(agent->host), "ice relayed", ice_read_turn,
			     agent);

	if (err)
		return err;
	agent->relayed = true;
	local.candidate.at = local.base;
	return add_local(agent, &local);
}

/* A candidate of the other side's that the server has not been asked about; -1 = there is none. */
static int unasked(const struct ice_agent *agent)
{
	struct endpoint relayed;

	if (!agent->relayed)
		return -1;
	relayed = turn_client_relayed(agent->turn);
	for (unsigned i = 0; i < agent->list.remotes_len; i++)
		if (agent->list.permissions[i] == ICE_UNASKED &&
		    ip_addr_is_v4(agent->list.remotes[i].at.addr) == ip_addr_is_v4(relayed.addr))
			return (int)i;
	return -1;
}

bool ice_gather_goes_on(const struct ice_agent *agent)
{
	return !agent->gathered || unasked(agent) >= 0;
}

/* The server may refuse some addresses, private ones first of all: no pair comes of these. */
static void permit(struct ice_agent *agent, unsigned remote)
{
	struct ip_addr addr = agent->list.remotes[remote].at.addr;
	int err = turn_client_permit(agent->turn, addr, host_now(agent->host) + PERMIT_NS);

	/* It is by address alone, so that the others of the same have it, too. */
	for (unsigned i = 0; i < agent->list.remotes_len; i++)
		if (ip_addr_equal(agent->list.remotes[i].at.addr, addr))
			agent->list.permissions[i] = err ? ICE_REFUSED : ICE_PERMITTED;
	ice_pair_up(&agent->list);
	ice_changed(agent);
}

/* Is the pair in use a relayed one, of which the server was not asked for a channel? */
static bool wants_channel(const struct ice_agent *agent)
{
	const struct ice_pair *pair;

	if (agent->selected < 0 || agent->selected == agent->channelled)
		return false;
	pair = &agent->list.pairs[agent->selected];
	return agent->list.locals[pair->local].way == ICE_BY_TURN;
}

/* Data goes on for long: 4 bytes more each in a channel, 36 in indications (RFC 8656, 3.5).  Where the
 * server refuses, those do. */
static void open_channel(struct ice_agent *agent)
{
	const struct ice_pair *pair = &agent->list.pairs[agent->selected];

	agent->channelled = agent->selected;
	turn_client_bind(agent->turn, agent->list.remotes[pair->remote].at, 0,
			 host_now(agent->host) + PERMIT_NS);
}

static void use_turn(void *arg)
{
	struct ice_agent *agent = arg;
	int err = turn_client_allocate(agent->turn, agent->gather_until);

	if (!err && !agent->closing)
		err = add_relayed(agent);
	ice_gathered_from(agent);
	agent->permitter = fiber_self();
	while (!err && !agent->closing) {
		int remote = unasked(agent);

		if (wants_channel(agent))
			open_channel(agent);
		else if (remote >= 0)
			permit(agent, (unsigned)remote);
		else
			fiber_park(NEVER);
	}
	agent->permitter = NULL;
	crew_leave(&agent->crew);
}

static int start_turn(struct ice_agent *agent)
{
	int err;

	if (!agent->spec.turn || agent->turn || agent->spec.tcp_only)
		return 0;
	err = turn_client_new(agent->host, agent->spec.turn, &agent->turn);
	if (!err)
		err = crew_spawn(&agent->crew, host_loop(agent->host), "ice turn", use_turn, agent);
	agent->gathering += !err;
	return err;
}

int ice_agent_gather_start(struct ice_agent *agent, uint64_t deadline)
{
	int err = agent->closing ? -ECANCELED : 0;

	agent->gather_until = deadline;
	if (!err)
		err = add_host(agent, FAMILY_IPV6);
	if (!err)
		err = add_host(agent, FAMILY_IPV4);
	for (int i = 0; i < FAMILY_COUNT && !err; i++)
		err = start_asking(agent, (enum family)i);
	if (!err)
		err = start_turn(agent);
	if (!err && agent->tcp)
		err = ice_tcp_gather(agent->tcp);
	if (!agent->gathering)
		agent->gathered = true;
	ice_changed(agent);
	return err;
}

int ice_agent_gather(struct ice_agent *agent, uint64_t deadline)
{
	int err = ice_agent_gather_start(agent, deadline);

	crew_enter(&agent->crew);
	while (!agent->gathered && !agent->closing)
		ice_wait(agent, NEVER);
	crew_leave(&agent->crew);
	return agent->closing ? -ECANCELED : err;
}
