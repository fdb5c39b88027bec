/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: what each host calls the others by, and where that leads, seen from it.
 *
 * A host behind a translating net that the viewer is outside of is named as the world knows it,
 * by the gateway's address; whether anybody gets in there is the NAT's business.
 */
#ifndef KNOTHOLE_NAMES_H
#define KNOTHOLE_NAMES_H

#include "plan.h"

/* Where @node is for @viewer, a host of the same plan, in IPv4 and IPv6; unset where it is nowhere. */
struct ip_addr names_addr(const struct plan_node *viewer, const struct plan_node *node);
struct ip_addr names_addr6(const struct plan_node *viewer, const struct plan_node *node);

/* The text of hosts(5) for @viewer, every node of @plan in it; the caller's to free.  NULL
 * without memory. */
char *names_hosts(const struct plan *plan, const struct plan_node *viewer);

#endif
