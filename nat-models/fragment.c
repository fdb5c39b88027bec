/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fragment.h"

#include <stdlib.h>

#include "nat_ip6.h"
#include "nat_state.h"

void fragment_table_clear(struct fragment_table *table)
{
	free(table->entries);
	*table = (struct fragment_table){ .entries = NULL };
}

/* Is there none to be forgotten for a new one?  They are in order of time. */
static bool is_full(const struct nat *nat, uint64_t now)
{
	const struct fragment_table *table = &nat->fragments;

	return !nat->model.fragments_yield && table->entries[table->next].expires > now;
}

void fragment_remember(struct nat *nat, enum nat_side side, const struct packet_info *before,
		       const struct packet_info *after, const struct nat_decision *decision,
		       uint64_t now)
{
	struct fragment_table *table = &nat->fragments;

	if (!table->entries)
		table->entries = calloc(FRAGMENTS_KEPT, sizeof(*table->entries));
	if (!table->entries || is_full(nat, now))
		return;
	table->entries[table->next] = (struct fragment_entry){
		.src = before->src.addr,
		.dst = before->dst.addr,
		.new_src = after->src.addr,
		.new_dst = after->dst.addr,
		.expires = now + nat->model.fragment_ns,
		.id = before->fragment_id,
		.new_id = after->fragment_id,
		.protocol = before->protocol,
		.side = (uint8_t)side,
		.to = (uint8_t)decision->to,
		.outcome = (uint8_t)decision->outcome,
		.reason = (uint8_t)decision->reason,
	};
	table->next = (table->next + 1) % FRAGMENTS_KEPT;
}

static bool is_of(const struct fragment_entry *entry, enum nat_side side,
		  const struct packet_info *info, uint64_t now)
{
	return entry->expires > now && entry->id == info->fragment_id && entry->side == side &&
	       entry->protocol == info->protocol && ip_addr_equal(entry->src, info->src.addr) &&
	       ip_addr_equal(entry->dst, info->dst.addr);
}

struct nat_decision fragment_follow(struct fragment_table *table, enum nat_side side,
				    struct packet *pkt, struct packet_info *info, uint64_t now)
{
	struct nat_decision decision = {
		.outcome = NAT_DROP,
		.reason = NAT_REASON_FRAGMENT,
		.to = side,
		.remote = side == NAT_INSIDE ? info->dst : info->src,
		.protocol = info->protocol,
	};

	/* The newest first: an identification may come round again within the time. */
	for (uint32_t i = 1; table->entries && i <= FRAGMENTS_KEPT; i++) {
		const struct fragment_entry *entry =
			&table->entries[(table->next + FRAGMENTS_KEPT - i) % FRAGMENTS_KEPT];

		if (!is_of(entry, side, info, now))
			continue;
		decision.outcome = entry->outcome;
		decision.reason = entry->reason;
		decision.to = entry->to;
		if (decision.outcome != NAT_FORWARD)
			break;
		if (ip_addr_is_v4(entry->new_dst) != ip_addr_is_v4(entry->dst)) {
			if (nat64_follow(pkt, info, entry->new_src, entry->new_dst))
				break;
			decision.outcome = NAT_DROP;
			decision.reason = NAT_REASON_NO_COUNTERPART;
			break;
		}
		packet_set_src(pkt, info, (struct endpoint){ entry->new_src, 0 });
		packet_set_dst(pkt, info, (struct endpoint){ entry->new_dst, 0 });
		if (entry->new_id != entry->id)
			packet_set_id(pkt, info, (uint16_t)entry->new_id);
		break;
	}
	return decision;
}
