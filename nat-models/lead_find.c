/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lead_find.h"

uint32_t lead_find_particular(const struct passage *p, struct endpoint inside,
			      struct endpoint remote)
{
	struct mapping_key key = { p->protocol, NAT_APD, inside, remote };

	return mapping_find(p->nat, &key);
}

uint32_t lead_find_out(const struct passage *p, struct endpoint inside, struct endpoint remote)
{
	struct mapping_key key = { p->protocol, lead_rules(p)->scope, inside, remote };
	uint32_t ref = 0;

	if (p->nat->mappings.particular && key.scope != NAT_APD)
		ref = lead_find_particular(p, inside, remote);
	return ref ? ref : mapping_find(p->nat, &key);
}

int lead_bound_address(const struct nat *nat, struct ip_addr host)
{
	for (uint32_t i = 0; i < nat->pool_len; i++)
		if (ip_addr_equal(nat->bound[i], host))
			return (int)i;
	return -1;
}
