/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual world's own: hosts whose stack is in this process.  IP, ICMP, UDP and TCP on one
 * link, in any kind of time, with no privileges; to what is above sim/host.h they behave as a
 * Linux host does.
 *
 * There is no ARP, no neighbour discovery and no routing: a host has one link, and the segment at
 * the link's other end switches by address.
 */
#ifndef KNOTHOLE_VIRTUAL_H
#define KNOTHOLE_VIRTUAL_H

#include <stddef.h>
#include <stdint.h>

#include "../host.h"
#include "../port.h"

struct virtual_host_spec {
	const char *name;
	struct ip_addr addr; /* IPv4; may be unset where addr6 is not */
	struct ip_addr addr6; /* unset = no IPv6 */
	const struct ip_addr *extra; /* further own addresses, extra_len of them */
	size_t extra_len;
	uint8_t prefix_bits; /* 0..32, IPv4's own counting: whose broadcast address it hears */
	uint64_t seed;
};

/*
 * Make a host.  *ret_port is its end of a link, ready for link_new(); until there is one, what
 * the host sends is lost.  host->ops->free() ends it: sockets that are open then are freed with
 * it, and nothing more is sent, so the link may be gone.  @pool must outlive it.
 * 0, or -ENOMEM.
 */
int virtual_host_new(struct loop *loop, struct pool *pool, const struct virtual_host_spec *spec,
		     struct host **ret, struct port **ret_port);

#endif
