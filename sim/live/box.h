/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hosts and kernel NATs have in common: a namespace of their own, and wires (veth pairs)
 * from it to edges of the fabric.
 */
#ifndef KNOTHOLE_LIVE_BOX_H
#define KNOTHOLE_LIVE_BOX_H

#include <stddef.h>
#include <stdint.h>

#include "../loop.h"
#include "../port.h"
#include "edge.h"
#include "netlink.h"

struct reaper;

struct live {
	struct loop *loop;
	struct pool *pool;
	int home; /* the fabric's own network namespace */
	struct nl_sock *rtnl; /* its netlink socket */
	struct edges *edges;
	struct reaper *reaper; /* of programs; NULL until the first one */
	const struct plan *plan; /* whose hosts programs know by name; NULL = none */
	int next_index; /* of the fabric's interfaces */
};

/* A namespace and, while it is being furnished, its netlink socket. */
struct box {
	int ns;
	struct nl_sock *rtnl;
};

/* 0 or -errno.  box_done() or box_abandon() must follow. */
int box_new(struct live *live, struct box *ret);
int box_done(struct box *box); /* gives up the descriptor of its namespace, to the caller */
void box_abandon(struct box *box);

/* A wire's end in the box. */
struct wire {
	const char *name; /* "eth0" */
	int index; /* in the box; 2 and up, 1 being lo */
	uint16_t mtu; /* 0 = 1500 */
	const struct ip_addr *addrs; /* the first one with @bits, the others with 32 */
	size_t addrs_len;
	uint8_t bits; /* IPv4's own counting */
	struct ip_addr gateway; /* the default route's; unset = none by this wire */
	struct ip_addr addr6; /* unset = no IPv6 */
	uint8_t bits6;
	struct ip_addr gateway6; /* which all IPv6 goes by, also within the subnet */
	int forward; /* packets that come in by it may be forwarded */
};

/* Lay all @wires to @box; *ret_ports are the fabric's ends, in the same order.  0 or -errno. */
int box_wire(struct live *live, struct box *box, const struct wire *wires, size_t wires_len,
	     struct port **ret_ports);

#endif
