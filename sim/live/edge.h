/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edges: the fabric's ends of veth pairs, as ports.  What the kernel at the other end sends
 * goes into the port's link; what the link brings goes to the kernel.  An edge strips and adds
 * Ethernet headers and answers ARP for everybody, so that the fabric above it knows IP only.  Of
 * IPv6 it leaves out what is between neighbours on a link only, as of IPv4 ARP.
 *
 * No routing, no filtering: other EtherTypes are dropped.
 */
#ifndef KNOTHOLE_LIVE_EDGE_H
#define KNOTHOLE_LIVE_EDGE_H

#include <stddef.h>
#include <stdint.h>

#include "../port.h"
#include "netlink.h"

struct edges; /* all those of a world: they share one packet socket */
struct edge;

/* Where every frame from the fabric comes from, and where ARP says that everybody is. */
extern const uint8_t edge_fabric_mac[MAC_LEN];

struct edge_stats {
	uint64_t received, sent; /* packets, a super-packet being one */
	uint64_t foreign; /* received, but neither IP nor ARP, or between neighbours */
	uint64_t queue_full; /* not sent: the kernel would not take more for too long */
	uint64_t refused; /* not sent: the kernel said no (interface down, its queue full) */
};

/* In the network namespace that the veths' fabric ends are in.  @fd: a packet socket of it,
 * unbound and not blocking, that becomes the edges' own; -1 = open one. 0 or -errno. */
int edges_new(struct loop *loop, struct pool *pool, int fd, struct edges **ret);
void edges_free(struct edges *edges); /* with every edge; NULL is fine */

struct edge_spec {
	int index; /* of the fabric's end; those of a world are small and dense */
	uint8_t mac[MAC_LEN]; /* of the kernel's end */
	const struct ip_addr *own; /* its addresses, for which ARP is not answered; copied */
	size_t own_len;
	struct ip_addr broadcast; /* of its subnet; unset = none */
};

/* 0 or -ENOMEM.  *ret_port lives until edges_free(). */
int edges_add(struct edges *edges, const struct edge_spec *spec, struct port **ret_port);

struct edge_stats edge_stats(const struct port *port);

#endif
