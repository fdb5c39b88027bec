/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches of rtnetlink requests: interfaces, addresses, routes and neighbours of one network
 * namespace.  Many requests go out in one system call, and only the last one is acknowledged:
 * the kernel answers those that fail in any case, so nothing is lost but round trips.
 */
#ifndef KNOTHOLE_LIVE_NETLINK_H
#define KNOTHOLE_LIVE_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum { MAC_LEN = 6, BATCH_ROOM = 8192, BATCH_MESSAGES = 48 };

struct nl_msg;
struct nl_sock;

struct batch {
	uint8_t bytes[BATCH_ROOM];
	size_t len;
	const char *what[BATCH_MESSAGES]; /* each request in words, by sequence number */
	unsigned int messages;
	int err; /* of building; batch_run() gives it back */
};

/* A netlink socket of the namespace that the caller is in.  Owned by the caller. 0 or -errno. */
int netlink_open(struct nl_sock **ret);
void netlink_close(struct nl_sock *sock); /* NULL is fine */

void batch_clear(struct batch *batch);

/*
 * A veth pair: @name with @index here, up and without ARP of its own; its peer, down, in the
 * namespace held by @peer_ns.
 */
struct batch_veth {
	const char *name;
	int index;
	uint8_t mac[MAC_LEN];
	uint16_t mtu;
	const char *peer_name;
	int peer_index;
	uint8_t peer_mac[MAC_LEN];
	int peer_ns;
};
void batch_veth(struct batch *batch, const struct batch_veth *veth);

void batch_link_up(struct batch *batch, int index);

/* No IPv6 address of its own making, hence no neighbour discovery either. */
void batch_link_quiet(struct batch *batch, int index);

/* Forward IPv4 packets that come in by @index; no ICMP redirects. */
void batch_link_forward(struct batch *batch, int index);

/* Of either family.  @bits: its own counting, 0..32 or 0..128.  No neighbour is on an IPv6 link by
 * its address alone: all of it is left to the default route. */
void batch_addr(struct batch *batch, int index, struct ip_addr addr, uint8_t bits);
/* Take what comes for @addr, an IPv6 address of the interface, from now on: the kernel makes this
 * route, too, but some milliseconds after it has said that the address is there. */
void batch_route_local(struct batch *batch, int index, struct ip_addr addr);

void batch_route_default(struct batch *batch, int index, struct ip_addr gateway);

/* @addr is at @mac, for good. */
void batch_neighbour(struct batch *batch, int index, struct ip_addr addr,
		     const uint8_t mac[MAC_LEN]);

/*
 * Send all and wait for the kernel's word.  0, or -errno of the first request that failed;
 * *ret_what (may be NULL) then says which.  The batch is cleared.
 */
int batch_run(struct batch *batch, struct nl_sock *sock, const char **ret_what);

#endif
