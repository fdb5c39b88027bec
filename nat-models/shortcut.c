/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shortcut.h"

#include <string.h>

#include "mapping_use.h"
#include "table_memory.h"

enum {
	SECOND_PAIRS = 16, /* once the few in the table do not do */
	PAIRS_MAX = 8192, /* half a megabyte */
	TRIAL = 4096, /* packets after which it is asked whether there are too many flows */
	REST = 16 * TRIAL, /* packets that then go all the way at once */
};

/* Above the mapping's reference, which has 24 bits. */
enum { FLOW_LIVE = 1 << 24, FLOW_OUTSIDE = 1 << 25, FLOW_TCP = 1 << 26 };
_Static_assert((int)MAPPINGS_MAX <= (int)FLOW_LIVE,
	       "a mapping's reference must fit below the flags");

static size_t size_of(uint32_t pairs)
{
	return pairs * 2 * sizeof(struct shortcut);
}

/* What was allocated for them, if anything was. */
static void free_entries(const struct shortcut_table *table, const struct nat_memory *memory)
{
	if (table->entries && table->entries != table->few)
		table_memory_free(memory, table->entries, size_of(table->mask + 1));
}

void shortcut_table_clear(struct shortcut_table *table, const struct nat_memory *memory)
{
	free_entries(table, memory);
	table->entries = NULL;
}

void shortcuts_forget(struct shortcut_table *table)
{
	/* An entry of an epoch that comes round again must not come to life with it. */
	if (++table->epoch == 0 && table->entries)
		memset(table->entries, 0, (table->mask + 1) * 2 * sizeof(*table->entries));
}

/* What of a packet a shortcut is looked up by, and in which pair. */
struct flow_key {
	uint64_t addrs;
	uint64_t flow; /* without a mapping */
};

static inline struct flow_key key_of(const struct passage *p)
{
	const struct endpoint *src = &p->info.src, *dst = &p->info.dst;
	uint64_t flow = (uint64_t)src->port << 48 | (uint64_t)dst->port << 32 | FLOW_LIVE;

	if (p->side == NAT_OUTSIDE)
		flow |= FLOW_OUTSIDE;
	if (p->info.protocol == IP_PROTO_TCP)
		flow |= FLOW_TCP;
	return (struct flow_key){ src->addr.lo << 32 | ip_addr_to_v4(dst->addr), flow };
}

static inline struct shortcut *pair_of(const struct nat *nat, struct flow_key key)
{
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, key.addrs), key.flow);

	return &nat->shortcuts.entries[((uint32_t)(hash >> 16) & nat->shortcuts.mask) * 2];
}

static inline bool is_of(const struct shortcut *s, struct flow_key key, uint16_t epoch)
{
	return s->addrs == key.addrs && (s->flow ^ key.flow) < FLOW_LIVE && s->epoch == epoch;
}

static inline uint32_t mapping_of(const struct shortcut *s)
{
	return (uint32_t)s->flow & (FLOW_LIVE - 1U);
}

/* IPv4, whole or at least no fragment, with ports.  A SYN may begin something. */
static inline bool may_have_shortcut(const struct passage *p)
{
	const struct packet_info *info = &p->info;

	if (p->pkt->is_plain)
		return true;
	return info->version == 4 && !info->more_fragments && !info->fragment_offset &&
	       (info->protocol == IP_PROTO_UDP ||
		(info->protocol == IP_PROTO_TCP && !(info->tcp_flags & TCP_SYN)));
}

/* See shortcut.h: does all that was decided stay as it is while the mapping lives? */
static bool is_lasting(const struct passage *p, const struct lead *lead)
{
	bool known = lead->reason == NAT_REASON_MAPPING || lead->reason == NAT_REASON_NEW_MAPPING;

	return known && lead->ref && may_have_shortcut(p) && ip_addr_is_v4(lead->to.addr) &&
	       p->nat->rules[p->protocol].repeats;
}

/* More room where flows displace each other.  Without memory it stays as it is. */
static void grow(struct shortcut_table *table, const struct nat_memory *memory)
{
	uint32_t pairs = table->entries == table->few ? SECOND_PAIRS : (table->mask + 1) * 2;
	struct shortcut *entries;

	if (pairs > PAIRS_MAX)
		return;
	table->displaced = 0;
	entries = table_memory_new(memory, size_of(pairs), size_of(pairs));
	if (!entries)
		return;
	free_entries(table, memory);
	table->entries = entries;
	table->mask = pairs - 1;
}

bool shortcut_note(struct passage *p, const struct lead *lead, struct packet_change *ret)
{
	struct shortcut_table *table = &p->nat->shortcuts;
	const struct endpoint *from = p->side == NAT_INSIDE ? &p->info.src : &p->info.dst;
	struct flow_key key;
	struct shortcut *pair;

	if (table->resting || expiry_lags(&p->nat->expiry) || !is_lasting(p, lead))
		return false;
	if (!table->entries) {
		table->entries = table->few;
		table->mask = SHORTCUT_FEW - 1;
	} else if (table->displaced > table->mask) {
		grow(table, &p->nat->memory);
	}
	key = key_of(p);
	pair = pair_of(p->nat, key);
	table->displaced += pair[1].flow && pair[1].epoch == table->epoch;
	*ret = packet_change_of(from, &lead->to);
	pair[1] = pair[0];
	pair[0] = (struct shortcut){
		.addrs = key.addrs,
		.flow = key.flow | lead->ref,
		.sequence = nat_mapping(p->nat, lead->ref)->sequence,
		.to = ret->addr,
		.to_port = ret->port,
		.pseudo = ret->pseudo,
		.own = ret->own,
		.epoch = table->epoch,
	};
	return true;
}

/* With far more flows than places each look would be one to memory, in vain. */
static bool is_worth_it(struct shortcut_table *table)
{
	if (table->resting) {
		table->resting--;
		return false;
	}
	if (++table->sought < TRIAL)
		return true;
	if (table->found < TRIAL / 4 && table->mask + 1 == PAIRS_MAX)
		table->resting = REST;
	table->sought = table->found = 0;
	return true;
}

static const struct shortcut *find(const struct passage *p)
{
	struct shortcut_table *table = &p->nat->shortcuts;
	const struct shortcut *pair;
	const struct mapping *m;
	struct flow_key key;

	if (!table->entries || expiry_lags(&p->nat->expiry) || !may_have_shortcut(p) ||
	    !is_worth_it(table))
		return NULL;
	key = key_of(p);
	pair = pair_of(p->nat, key);
	if (!is_of(pair, key, table->epoch) && !is_of(++pair, key, table->epoch))
		return NULL;
	m = nat_mapping(p->nat, mapping_of(pair));
	if (!(m->flags & MAPPING_LIVE) || m->sequence != pair->sequence)
		return NULL;
	table->found++;
	return pair;
}

uint32_t shortcut_take(struct passage *p)
{
	const struct shortcut *s = find(p);
	bool inbound = p->side == NAT_OUTSIDE;
	uint32_t ref;

	if (!s)
		return 0;
	ref = mapping_of(s);
	p->protocol = p->info.protocol == IP_PROTO_UDP ? NAT_UDP : NAT_TCP;
	/* What may not pass changes nothing: it goes all the way and hears why. */
	if (mapping_use(p, ref, inbound, inbound ? &p->info.src : &p->info.dst) !=
	    NAT_REASON_MAPPING)
		return 0;
	packet_apply_change(p->pkt, &p->info, !inbound,
			    &(struct packet_change){ s->to, s->to_port, s->pseudo, s->own });
	return ref;
}
