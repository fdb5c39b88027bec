/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where leads look things up, without changing anything: for lead.c and lead_back.c. */
#ifndef KNOTHOLE_LEAD_FIND_H
#define KNOTHOLE_LEAD_FIND_H

#include "nat_flow.h"

/* The rules of the packet's protocol. */
static inline const struct rules *lead_rules(const struct passage *p)
{
	return &p->nat->rules[p->protocol];
}

/* A lead that leads nowhere, and why. */
static inline struct lead lead_closed(enum nat_reason reason)
{
	return (struct lead){ .reason = reason };
}

/* The mapping that is meant for just these two endpoints, whatever the model's scope is; or 0. */
uint32_t lead_find_particular(const struct passage *p, struct endpoint inside,
			      struct endpoint remote);

/* The mapping that @inside has for @remote, or 0. */
uint32_t lead_find_out(const struct passage *p, struct endpoint inside, struct endpoint remote);

/* One-to-one: the position of the pool address that @host has, or -1.  The unset address finds
 * one that nobody has. */
int lead_bound_address(const struct nat *nat, struct ip_addr host);

#endif
