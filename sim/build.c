/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The builder.  Nodes are built outermost first, so that a net's uplink segment exists before
 * the net; each is joined by a link, with its tap, to the segment above it.  A net's NAT is
 * build_nat.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "live/live.h"
#include "segment.h"
#include "stream.h"
#include "virtual/virtual.h"
#include "world_private.h"

#define FREE_PART(type)                                                                            \
	static void free_##type(void *thing)                                                       \
	{                                                                                          \
		type##_free(thing);                                                                \
	}
FREE_PART(segment)
FREE_PART(link)
#undef FREE_PART

static void free_host(void *thing)
{
	struct host *host = thing;

	host->ops->free(host);
}

enum { LINK_NAME = sizeof(((struct plan_node *)NULL)->name) + sizeof(" wan") };

/* What the link of @node on @side is called, and what hangs on that: its luck, where anything is left to
 * it, and its tap.  0 or -errno. */
static int name_link(struct world *world, const struct plan_node *node, const char *side,
		     char name[LINK_NAME], struct link_spec *spec)
{
	char *end = stpcpy(name, node->name);

	if (node->kind != PLAN_HOST)
		stpcpy(stpcpy(end, " "), side);
	spec->name = name;
	spec->seed = stream_seed(world->plan->seed, "link", node->name);
	if (!world->capture)
		return 0;
	spec->tap = build_tap(world, node, side, name);
	return spec->tap < 0 ? spec->tap : 0;
}

/* Join @port, a port of @node on @side, to @uplink.  A world of which there are thousands a second has
 * better things to do than to make, and to name, what nobody will ask for. */
static int join(struct world *world, const struct plan_node *node, const char *side,
		const struct plan_link *wire, struct port *port, struct port *uplink)
{
	struct link_spec spec;
	char name[LINK_NAME];
	struct link *link;
	int err;

	if (!world->capture && !impairment_is_any(&wire->up) && !impairment_is_any(&wire->down)) {
		port_join(port, uplink, wire->mtu);
		return 0;
	}
	spec = (struct link_spec){
		.up = wire->up,
		.down = wire->down,
		.mtu = wire->mtu,
		.capture = world->capture,
	};
	err = name_link(world, node, side, name, &spec);
	if (!err)
		err = link_new(world->loop, &spec, port, uplink, &link);
	return err ? err : world_keep(world, link, free_link);
}

/* Tell @segment that @node's addresses are found at @port, and those of all that is behind it
 * without being translated. */
static int add_addresses(struct segment *segment, struct port *port, const struct plan_node *node)
{
	int err = 0;

	for (unsigned i = 0; !err && i < plan_address_count(node); i++)
		err = segment_add_address(segment, port, plan_address(node, i));
	/* Destinations that a NAT does not translate for answer to inside addresses (RFC 6888, REQ-6). */
	if (node->kind == PLAN_HOST || node->no_ipv4 ||
	    (plan_translates(node) && !nat_model_exempts(&node->model)))
		return err;
	if (!err)
		err = segment_add_address(segment, port, plan_gateway_addr(node));
	for (const struct plan_node *n = node->children; n && !err; n = n->next)
		err = add_addresses(segment, port, n);
	return err;
}

/* The same for what is hidden, where some destinations answer to inside addresses. */
static int add_hidden6(struct segment *segment, struct port *port, const struct plan_node *node)
{
	int err = 0;

	if (!node->model6 || plan_inside6(node) == PLAN_OTHER_PREFIX)
		return 0;
	if (plan_inside6(node) == PLAN_HIDDEN) {
		if (!nat_model_exempts(node->model6))
			return 0;
		err = segment_add_prefix(segment, port, node->prefix6);
	}
	for (const struct plan_node *n = node->children; n && !err; n = n->next)
		err = add_hidden6(segment, port, n);
	return err;
}

/* The same for IPv6, where what is behind a net is one prefix. */
static int add_addresses6(struct segment *segment, struct port *port, const struct plan_node *node)
{
	int err = 0;

	if (!ip_addr_is_unset(node->addr6))
		err = segment_add_address(segment, port, node->addr6);
	if (!err && node->outside6.bits)
		err = segment_add_prefix(segment, port, node->outside6);
	return err ? err : add_hidden6(segment, port, node);
}

/* Join @port to @above, the segment above @node, and tell that the node's addresses are there. */
static int join_above(struct world *world, const struct plan_node *node, struct segment *above,
		      struct port *port)
{
	struct port *uplink = segment_attach(above);
	int err = uplink ? add_addresses(above, uplink, node) : -ENOMEM;

	if (!err)
		err = add_addresses6(above, uplink, node);
	if (err)
		return err;
	return join(world, node, node->kind == PLAN_HOST ? "host" : "wan", &node->link, port,
		    uplink);
}

uint16_t build_mtu_of(const struct plan_link *link)
{
	return link->mtu ? link->mtu : 1500;
}

uint8_t build_bits_above(const struct plan_node *node)
{
	if (node->parent && node->parent->no_ipv4)
		return 32;
	return node->parent ? (uint8_t)(node->parent->prefix.bits - 96) : 24;
}

struct ip_addr build_router_above(const struct plan_node *node)
{
	if (node->parent)
		return plan_gateway_addr(node->parent);
	return ip_addr_v4((ip_addr_to_v4(node->addr) & 0xffffff00) | 1);
}

/* The prefix length of IPv6 there; and the router, which on the Internet is beside everybody. */
static uint8_t bits6_above(const struct plan_node *node)
{
	return node->parent ? plan_segment6(node->parent).bits : 64;
}

static struct ip_addr router6_above(const struct plan_node *node)
{
	if (ip_addr_is_unset(node->addr6))
		return node->addr6;
	if (node->parent)
		return plan_gateway_addr6(node->parent);
	return (struct ip_addr){ node->addr6.hi, 1 };
}

static int make_live_host(struct world *world, const struct plan_node *node, struct host **ret,
			  struct port **ret_port)
{
	struct live_host_spec spec = {
		.name = node->name,
		.addr = node->addr,
		.addr6 = node->addr6,
		.extra = node->extra,
		.extra_len = plan_has_ipv4(node) ? node->extra_len : 0,
		.prefix_bits = build_bits_above(node),
		.gateway = build_router_above(node),
		.prefix6_bits = bits6_above(node),
		.gateway6 = router6_above(node),
		.mtu = build_mtu_of(&node->link),
		.seed = stream_seed_of(world->plan->seed, node->stream),
	};

	return live_host_new(world->live, &spec, ret, ret_port);
}

static int make_virtual_host(struct world *world, const struct plan_node *node, struct host **ret,
			     struct port **ret_port)
{
	struct virtual_host_spec spec = {
		.name = node->name,
		.addr = node->addr,
		.addr6 = node->addr6,
		.extra = node->extra,
		.extra_len = plan_has_ipv4(node) ? node->extra_len : 0,
		.prefix_bits = build_bits_above(node),
		.seed = stream_seed_of(world->plan->seed, node->stream),
	};

	return virtual_host_new(world->loop, world->pool, &spec, ret, ret_port);
}

static int build_host(struct world *world, struct place *place, struct segment *above)
{
	struct host *host;
	struct port *port;
	int err = world->kind == WORLD_LIVE ? make_live_host(world, place->node, &host, &port)
					    : make_virtual_host(world, place->node, &host, &port);

	if (err)
		return err;
	err = world_keep(world, host, free_host);
	if (err)
		return err;
	place->host = host;
	if (!plan_has_ipv4(place->node))
		host->nat64 = plan_nat64_prefix(place->node);
	return join_above(world, place->node, above, port);
}

static int build_inside(struct world *world, const struct plan_node *first, struct segment *above);

static int build_net(struct world *world, struct place *place, struct segment *above)
{
	const struct plan_node *node = place->node;
	struct segment_spec spec = { .loop = world->loop, .prefix = node->prefix };
	struct port *ports[2];
	struct segment *segment;
	struct port *downlink;
	int err = build_nat(world, place, ports);

	if (!err)
		err = segment_new(&spec, &segment);
	if (!err)
		err = world_keep(world, segment, free_segment);
	if (err)
		return err;
	place->inside = segment;
	downlink = segment_attach(segment);
	if (!downlink)
		return -ENOMEM;
	segment_set_gateway(segment, downlink);
	if (!node->no_ipv4)
		err = segment_add_address(segment, downlink, plan_gateway_addr(node));
	if (!err && node->model6)
		err = segment_add_address(segment, downlink, plan_gateway_addr6(node));
	if (!err)
		err = join(world, node, "lan", &node->lan, ports[NAT_INSIDE], downlink);
	if (!err)
		err = join_above(world, node, above, ports[NAT_OUTSIDE]);
	return err ? err : build_inside(world, node->children, segment);
}

/* Build @first and its siblings, all of them on the segment @above, and what is inside them. */
static int build_inside(struct world *world, const struct plan_node *first, struct segment *above)
{
	for (const struct plan_node *node = first; node; node = node->next) {
		struct place *place = &world->places[world->places_len++];
		int err;

		place->node = node;
		err = node->kind == PLAN_HOST ? build_host(world, place, above)
					      : build_net(world, place, above);
		if (err) {
			if (!world->error->text[0])
				snprintf(world->error->text, sizeof(world->error->text),
					 "%s: cannot be built: %s", node->name, strerror(-err));
			return err;
		}
	}
	return 0;
}

int build_internet(struct world *world)
{
	struct segment_spec spec = {
		.loop = world->loop,
		.internet = true,
		.capture = world->capture,
	};
	int err;

	if (world->capture) {
		spec.tap = capture_add_tap(
			world->capture, "internet",
			"{\"node\":\"internet\",\"side\":\"router\",\"addresses\":[],\"path\":[]}");
		if (spec.tap < 0)
			return spec.tap;
	}
	err = segment_new(&spec, &world->internet);
	return err ? err : world_keep(world, world->internet, free_segment);
}

int build_nodes(struct world *world)
{
	const struct plan_node *node = NULL;
	size_t n = 1;

	while ((node = plan_next(world->plan, node)))
		n++;
	world->places = arena_take(loop_arena(world->loop), n * sizeof(*world->places));
	world->places_room = n;
	return world->places ? build_inside(world, world->plan->nodes, world->internet) : -ENOMEM;
}
