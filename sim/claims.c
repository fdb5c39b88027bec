/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Homes all have the same addresses, so their segment counts. */
static uint32_t hash_of(const struct plan_node *parent, struct ip_addr addr)
{
	return index_hash_addr(addr) ^ (uint32_t)((uintptr_t)parent >> 4);
}

int claims_init(struct claims *claims, const struct plan *plan)
{
	size_t room = 0;

	for (const struct plan_node *n = plan_next(plan, NULL); n; n = plan_next(plan, n))
		room += plan_address_count(n);
	index_init(&claims->by_addr);
	claims->len = 0;
	claims->room = room;
	claims->all = room > CLAIMS_FEW ? malloc(room * sizeof(*claims->all)) : claims->few;
	return claims->all ? 0 : -ENOMEM;
}

void claims_clear(struct claims *claims)
{
	index_free(&claims->by_addr);
	if (claims->all != claims->few)
		free(claims->all);
}

void claims_add(struct claims *claims, const struct plan_node *node)
{
	for (unsigned i = 0; i < plan_address_count(node) && claims->len < claims->room; i++) {
		struct claim *claim = &claims->all[claims->len++];

		claim->node = node;
		claim->addr = plan_address(node, i);
		index_add(&claims->by_addr, &claim->by_addr, hash_of(node->parent, claim->addr));
	}
}

const struct plan_node *claims_owner(const struct claims *claims, const struct plan_node *node,
				     struct ip_addr addr)
{
	const struct index_entry *e = index_first(&claims->by_addr, hash_of(node->parent, addr));

	for (; e; e = index_next(e)) {
		const struct claim *claim =
			(const void *)((const char *)e - offsetof(struct claim, by_addr));

		if (claim->node != node && claim->node->parent == node->parent &&
		    ip_addr_equal(claim->addr, addr))
			return claim->node;
	}
	return NULL;
}
