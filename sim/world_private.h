/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What world.c (life and run) and build.c (nodes and links) share. */
#ifndef KNOTHOLE_WORLD_PRIVATE_H
#define KNOTHOLE_WORLD_PRIVATE_H

#include "world.h"

struct gateway;
struct live;
struct live_nat;
struct parts;
struct segment;

struct place { /* what became of a plan node */
	const struct plan_node *node;
	struct host *host; /* hosts */
	struct gateway *gateway; /* nets with a NAT of the engine's */
	struct live_nat *live_nat; /* nets with one of the kernel's */
	struct segment *inside; /* nets */
};

struct world {
	enum world_kind kind;
	const struct plan *plan;
	struct loop *loop;
	struct pool *pool;
	struct live *live;
	struct capture *capture;
	struct segment *internet;
	struct parts *parts;
	struct place *places; /* by the order of the plan */
	size_t places_len, places_room;
	struct plan_error *error;
};

/* What became of @node; NULL before it is built. */
struct place *world_place(const struct world *world, const struct plan_node *node);

/* Put @thing on the stack of parts, to be freed with the world; where that fails it is freed at
 * once.  0 or -ENOMEM. */
int world_keep(struct world *world, void *thing, void (*free_thing)(void *thing));

/* Build the Internet and every node of the plan.  0, or -errno with world->error written. */
int build_internet(struct world *world);
int build_nodes(struct world *world);

/* Make the NAT of @place's net, and give its ports, by enum nat_side.  0, or -errno with
 * world->error written. */
int build_nat(struct world *world, struct place *place, struct port *ret_ports[2]);

/* What a node is told of the segment above it: the link's MTU, IPv4's own prefix length, and IPv4's
 * router. */
uint16_t build_mtu_of(const struct plan_link *link);
uint8_t build_bits_above(const struct plan_node *node);
struct ip_addr build_router_above(const struct plan_node *node);

/* Furnish @place's NAT, one of the kernel's, as at the start.  0, or -errno with *ret_error. */
int build_kernel_nat_again(struct world *world, struct place *place, struct plan_error *ret_error);

/* Give @node's @side ("host", "lan", "wan") a tap called @name in the capture: its number, or
 * -ENOMEM. */
int build_tap(struct world *world, const struct plan_node *node, const char *side,
	      const char *name);

#endif
