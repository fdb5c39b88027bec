/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "limits.h"

#include "nat_state.h"

/* Any live mapping.  The table is full, so most references below `unused` are live. */
static uint32_t any_mapping(struct nat *nat)
{
	uint32_t ref = 1 + chance_below(&nat->chance, nat->mappings.unused - 1);

	while (!(nat_mapping(nat, ref)->flags & MAPPING_LIVE))
		ref = ref + 1 < nat->mappings.unused ? ref + 1 : 1;
	return ref;
}

/* Any mapping of a host that has some; @held says whether one of its count is none. */
static uint32_t any_mapping_of(struct nat *nat, const struct inside_host *host)
{
	uint32_t ref = host->oldest;

	for (uint32_t n = chance_below(&nat->chance, host->count - 1); n > 0; n--)
		ref = mapping_host_at(&nat->mappings, ref)->next;
	return ref;
}

/* Room in the inside host's own share.  Its count includes one more, since it is held. */
static bool room_for_host(struct nat *nat, uint32_t ref)
{
	uint32_t max = nat->model.max_mappings_host;
	struct inside_host *host;

	if (!ref || !max)
		return true;
	host = inside_host_at(&nat->hosts, ref);
	while (host->count > max && expiry_catch_up(nat))
		;
	if (host->count <= max)
		return true;
	if (nat->model.eviction == NAT_EVICT_NONE)
		return false;
	mapping_end(nat, nat->model.eviction == NAT_EVICT_OLDEST ? host->oldest
								 : any_mapping_of(nat, host));
	return true;
}

static bool room_in_table(struct nat *nat)
{
	while (nat->mappings.count >= nat->mappings_max && expiry_catch_up(nat))
		;
	if (nat->mappings.count < nat->mappings_max)
		return true;
	if (nat->model.eviction == NAT_EVICT_NONE)
		return false;
	mapping_end(nat, nat->model.eviction == NAT_EVICT_OLDEST ? nat->mappings.oldest
								 : any_mapping(nat));
	return true;
}

static enum nat_reason try_to_make(struct nat *nat, const struct mapping_key *key, uint32_t host,
				   const struct outside_port *fixed, uint8_t flags, uint64_t now,
				   uint32_t *ret)
{
	struct outside_port at = { 0, key->inside.port };
	enum nat_reason reason;
	uint32_t ref;

	if (!inside_host_may_make(nat, host, now))
		return NAT_REASON_HOST_RATE;
	if (!room_for_host(nat, host))
		return NAT_REASON_HOST_LIMIT;
	if (!room_in_table(nat))
		return NAT_REASON_TABLE_FULL;
	if (fixed) {
		at = *fixed;
	} else if (nat_translates_ports(nat)) {
		reason = port_choose(nat, key, host, &at.pool, &at.port);
		if (reason != NAT_REASON_NEW_MAPPING)
			return reason;
	}
	ref = mapping_new(nat, key, at.pool, at.port, flags, now);
	if (!ref)
		return NAT_REASON_TABLE_FULL;
	if (host)
		inside_host_add(nat, host, ref);
	inside_host_has_made(nat, host, now);
	*ret = ref;
	return NAT_REASON_NEW_MAPPING;
}

/* Nobody is refused, and nothing evicted, for what has ended but is late in going. */
static enum nat_reason make_for(struct nat *nat, const struct mapping_key *key, uint32_t host,
				const struct outside_port *fixed, uint8_t flags, uint64_t now,
				uint32_t *ret)
{
	enum nat_reason reason;

	do
		reason = try_to_make(nat, key, host, fixed, flags, now, ret);
	while (reason != NAT_REASON_NEW_MAPPING && expiry_catch_up(nat));
	return reason;
}

enum nat_reason limits_make_mapping(struct nat *nat, const struct mapping_key *key,
				    const struct outside_port *fixed, uint8_t flags, uint64_t now,
				    uint32_t *ret)
{
	bool counted = nat->counts_hosts && !(flags & MAPPING_ROUTER_OWN);
	enum nat_reason reason;
	uint32_t host = 0;

	if (counted) {
		host = inside_host_hold(nat, key->inside.addr);
		if (!host)
			return NAT_REASON_TABLE_FULL;
	}
	reason = make_for(nat, key, host, fixed, flags, now, ret);
	inside_host_let_go(nat, host);
	return reason;
}
