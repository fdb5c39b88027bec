/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment: what hosts and gateways are attached to.  A LAN switches by address, floods
 * broadcast and multicast, and hands what is not its own to its gateway.  The Internet is one
 * router: it decrements the TTL, minds the MTU, and has no way to private addresses.  Both do so for
 * IPv4 and IPv6 alike.
 */
#ifndef KNOTHOLE_SEGMENT_H
#define KNOTHOLE_SEGMENT_H

#include <stdbool.h>

#include "../nat-models/addr.h"
#include "port.h"

struct segment;

struct segment_spec {
	struct loop *loop;
	bool internet;
	struct ip_prefix prefix; /* LAN: its subnet, whose broadcast address floods */
	struct capture *capture; /* where the Internet records what it drops; NULL = nowhere */
	int tap;
};

int segment_new(const struct segment_spec *spec, struct segment **ret);
void segment_free(struct segment *segment);

/* A new port for a member, to be the uplink of its link; NULL without memory. */
struct port *segment_attach(struct segment *segment);

/* @addr is reached through @port. 0 or -ENOMEM. */
int segment_add_address(struct segment *segment, struct port *port, struct ip_addr addr);

/* The same for all of an IPv6 @prefix; no two that are added may overlap. */
int segment_add_prefix(struct segment *segment, struct port *port, struct ip_prefix prefix);

/* What was @before is @after from now on: at the same port.  Nothing, where nobody had it. */
void segment_change_address(struct segment *segment, struct ip_addr before, struct ip_addr after);

/* A LAN's gateway: gets what no member has. */
void segment_set_gateway(struct segment *segment, struct port *port);

#endif
