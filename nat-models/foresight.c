/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "foresight.h"

/* Which table is it for, as far as batches are worth while? */
static bool has_table(const struct packet_info *info, enum nat_protocol *ret)
{
	*ret = info->protocol == IP_PROTO_TCP ? NAT_TCP : NAT_UDP;
	return info->has_ports && !info->fragment_offset &&
	       (info->protocol == IP_PROTO_TCP || info->protocol == IP_PROTO_UDP);
}

const uint32_t *foresee_entry(const struct passage *p)
{
	const struct nat *nat = p->nat;
	const uint32_t *entry;
	enum nat_protocol protocol;
	int pool;

	if (!nat_translates_ports(nat) || !has_table(&p->info, &protocol))
		return NULL;
	if (p->side == NAT_INSIDE) {
		struct mapping_key key = { protocol, nat->rules[protocol].scope, p->info.src,
					   p->info.dst };

		entry = mapping_entry(nat, &key);
	} else {
		pool = nat_pool_find(nat, p->info.dst.addr);
		if (pool < 0)
			return NULL;
		entry = port_entry(&nat->ports[protocol], (uint16_t)pool, p->info.dst.port);
	}
	if (entry)
		table_memory_prefetch(entry);
	return entry;
}

void foresee_mapping(const struct nat *nat, const uint32_t *entry)
{
	if (entry)
		mapping_prefetch(&nat->mappings, *entry);
}

void foresee_next(const struct passage *p, const uint32_t *entry)
{
	const struct mapping *m;

	if (!entry || !*entry || p->side != NAT_INSIDE)
		return;
	m = nat_mapping(p->nat, *entry);
	if (!endpoint_equal(mapping_inside(p->nat, m), p->info.src))
		mapping_prefetch(&p->nat->mappings, m->key_next);
}
