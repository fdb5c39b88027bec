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

/* What names may end in: "alice" is "alice.lab", too. */
#define NAMES_DOMAIN "lab"

/* The host whose name server @viewer asks: the one that it was told of, else the nearest of those that
 * serve names in the nets round it, or on the Internet.  NULL where there is none. */
const struct plan_node *names_server(const struct plan *plan, const struct plan_node *viewer);

/* Where that is for @viewer: in IPv4, or for a host without that in IPv6. */
struct ip_addr names_server_addr(const struct plan_node *viewer, const struct plan_node *server);

/* The text of resolv.conf(5) for @viewer, empty where there is no server; the caller's to free.
 * NULL without memory. */
char *names_resolv(const struct plan *plan, const struct plan_node *viewer);

/* The text of hosts(5) for @viewer, every node of @plan in it; the caller's to free.  NULL
 * without memory. */
char *names_hosts(const struct plan *plan, const struct plan_node *viewer);

#endif
