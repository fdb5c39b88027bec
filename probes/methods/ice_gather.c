/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gathering an agent's candidates (RFC 8445, 5.1.1). */
#include <errno.h>

#include "ice_agent_private.h"

/* Gathering begins with RFC 8489's RTO, and sends as often as a check. */
#define GATHER_RTO_NS (500 * MSEC)

/* RFC 8421: where a host has both families, IPv6 comes first. */
static uint16_t preference(const struct ice_agent *agent, struct ip_addr addr)
{
	bool both = !ip_addr_is_unset(host_addr(agent->host)) &&
		    !ip_addr_is_unset(host_addr6(agent->host));

	return both && ip_addr_is_v4(addr) ? UINT16_MAX - 1 : UINT16_MAX;
}

static int add_local(struct ice_agent *agent, const struct ice_local *local)
{
	int index = ice_add_local(&agent->list, local, preference(agent, local->base.addr));

	if (index < 0)
		return index;
	ice_pair_up(&agent->list);
	ice_changed(agent);
	return 0;
}

static int add_host(struct ice_agent *agent, struct ip_addr addr)
{
	struct ice_local local = { .base = { addr, sock_local(agent->sock).port } };

	if (ip_addr_is_unset(addr) || agent->spec.relay_only)
		return 0;
	local.candidate.at = local.base;
	return add_local(agent, &local);
}

static void ask_stun(struct ice_agent *agent)
{
	uint8_t bytes[STUN_HEADER + 8];
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, agent->gathering);
	stun_add_fingerprint(&w);
	ice_send_by(agent, ICE_BY_SOCKET, agent->spec.stun, bytes, stun_end(&w));
}

static int add_server_reflexive(struct ice_agent *agent, uint64_t deadline)
{
	struct ip_addr own = host_addr_beside(agent->host, agent->spec.stun.addr);
	struct ice_local local = { .candidate.type = ICE_SERVER_REFLEXIVE,
				   .server = agent->spec.stun.addr };
	uint64_t gap = GATHER_RTO_NS;

	if (ip_addr_is_unset(agent->spec.stun.addr) || ip_addr_is_unset(own) ||
	    agent->spec.relay_only)
		return 0;
	local.base = (struct endpoint){ own, sock_local(agent->sock).port };
	stun_transaction(host_random(agent->host), host_random(agent->host), agent->gathering);
	while (!agent->mapped.port && host_now(agent->host) < deadline) {
		uint64_t next = host_now(agent->host) + gap;

		ask_stun(agent);
		gap *= 2;
		next = next < deadline ? next : deadline;
		while (!agent->mapped.port && !agent->closing && host_now(agent->host) < next)
			ice_wait(agent, next);
		if (agent->closing)
			return -ECANCELED;
	}
	if (!agent->mapped.port)
		return 0;
	local.candidate.at = agent->mapped;
	local.candidate.related = local.base;
	return add_local(agent, &local);
}

static int add_relayed(struct ice_agent *agent, uint64_t deadline)
{
	struct ice_local local = { .candidate.type = ICE_RELAYED, .way = ICE_BY_TURN };
	int err;

	if (!agent->spec.turn || agent->turn)
		return 0;
	err = turn_client_new(agent->host, agent->spec.turn, &agent->turn);
	if (err)
		return err;
	err = turn_client_allocate(agent->turn, deadline);
	if (agent->closing)
		return -ECANCELED;
	if (err)
		return 0;
	err = crew_spawn(&agent->crew, host_loop(agent->host), "ice turn", ice_read_turn, agent);
	if (err)
		return err;
	local.base = turn_client_relayed(agent->turn);
	local.server = turn_client_server(agent->turn).addr;
	local.candidate.at = local.base;
	local.candidate.related = turn_client_mapped(agent->turn);
	return add_local(agent, &local);
}

int ice_agent_gather(struct ice_agent *agent, uint64_t deadline)
{
	int err;

	crew_enter(&agent->crew);
	err = add_host(agent, host_addr6(agent->host));
	if (!err)
		err = add_host(agent, host_addr(agent->host));
	if (!err)
		err = add_server_reflexive(agent, deadline);
	if (!err)
		err = add_relayed(agent, deadline);
	crew_leave(&agent->crew);
	return err;
}
