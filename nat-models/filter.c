/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include "nat_state.h"

static bool remembers(const struct nat *nat, const struct mapping *m, struct endpoint remote)
{
	const struct nat_transport *is = &nat->rules[m->protocol].is;

	/* Who has opened the mapping from outside needs no leave. */
	return !is->permission_ns || is->filtering == NAT_EI || m->flags & MAPPING_FROM_OUTSIDE ||
	       permission_clock_runs(nat, m->protocol, mapping_inside(nat, m), remote);
}

bool filter_remembers(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	return remembers(nat, nat_mapping(nat, mapping), remote);
}

/*
 * RFC 4787, 5: "the NAT will filter out packets from Y:y destined for the internal endpoint X:x
 * if X:x has not sent packets to Y:any [Y:y] previously".  It is the inside endpoint that has
 * sent, through whichever of its mappings.  Not so with overloading, where a session belongs
 * to one mapping at one port, as a Linux connection does.
 */
bool filter_admits(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	const struct mapping *m = nat_mapping(nat, mapping);
	const struct rules *rules = &nat->rules[m->protocol];
	struct mapping_key key;

	if (!remembers(nat, m, remote))
		return false;
	if (scope_agrees(rules->is.filtering, mapping_remote(nat, m), remote))
		return true;
	if (rules->overload)
		return session_any(nat, mapping, remote, rules->is.filtering);
	if (rules->sessions)
		return session_permits(nat, m->protocol, mapping_inside(nat, m), remote);
	/* Mappings are as narrow as permissions: to have sent there is to have one. */
	key = (struct mapping_key){ m->protocol, rules->scope, mapping_inside(nat, m), remote };
	return mapping_find(nat, &key) != 0;
}
