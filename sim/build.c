/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The builder.  Nodes are built outermost first, so that a net's uplink segment exists before
 * the net; each is joined by a link, with its tap, to the segment above it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "gateway.h"
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
FREE_PART(gateway)
FREE_PART(link)
FREE_PART(live_nat)
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

/* Join @port, a port of @node on @side, to @uplink. */
static int join(struct world *world, const struct plan_node *node, const char *side,
		const struct plan_link *wire, struct port *port, struct port *uplink)
{
	struct link_spec spec = {
		.name = "",
		.up = wire->up,
		.down = wire->down,
		.mtu = wire->mtu,
		.capture = world->capture,
	};
	char name[LINK_NAME];
	struct link *link;
	int err = 0;

	/* A world of which there are thousands a second has better things to do than to name what
	 * nobody will ask for. */
	if (world->capture || impairment_is_any(&wire->up) || impairment_is_any(&wire->down))
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
	    (plan_translates(node) && !nat_model_exempt_len(&node->model)))
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
		if (!nat_model_exempt_len(node->model6))
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

static uint16_t mtu_of(const struct plan_link *link)
{
	return link->mtu ? link->mtu : 1500;
}

/* IPv4's own prefix length on the segment above @node. */
static uint8_t bits_above(const struct plan_node *node)
{
	if (node->parent && node->parent->no_ipv4)
		return 32;
	return node->parent ? (uint8_t)(node->parent->prefix.bits - 96) : 24;
}

static struct ip_addr router_above(const struct plan_node *node)
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
		.prefix_bits = bits_above(node),
		.gateway = router_above(node),
		.prefix6_bits = bits6_above(node),
		.gateway6 = router6_above(node),
		.mtu = mtu_of(&node->link),
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
		.prefix_bits = bits_above(node),
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

/* The addresses and forwards of a net, as both kinds of NAT want them. */
struct net_config {
	struct ip_addr pool[2 * UINT8_MAX]; /* the IPv4 NAT's, then a NAT64's */
	struct nat_forward *forwards;
	struct nat_config nat;
	struct nat_forward *forwards6;
	struct nat_config nat6;
};

static void net_config_clear(struct net_config *config)
{
	free(config->forwards);
	free(config->forwards6);
}

/* The forwards of @node to its children's addresses of one family; those that have none get
 * nothing.  0, or -ENOMEM. */
static int forwards_of(const struct world *world, const struct plan_node *node, bool ipv6,
		       struct nat_forward **ret, size_t *ret_len)
{
	struct nat_forward *forwards;
	size_t len = 0;

	if (!node->forwards_len)
		return 0;
	forwards = calloc(node->forwards_len, sizeof(*forwards));
	if (!forwards)
		return -ENOMEM;
	for (size_t i = 0; i < node->forwards_len; i++) {
		const struct plan_forward *f = &node->forwards[i];
		const struct plan_node *to = plan_find(world->plan, f->host);

		if (!ip_addr_is_unset(ipv6 ? to->addr6 : to->addr))
			forwards[len++] = (struct nat_forward){
				.protocol = f->protocol,
				.port_first = f->port_first,
				.port_last = f->port_last,
				.to = { ipv6 ? to->addr6 : to->addr,
					f->host_port ? f->host_port : f->port_first },
			};
	}
	*ret = forwards;
	*ret_len = len;
	return 0;
}

static void set_dmz(const struct world *world, const struct plan_node *node,
		    struct net_config *config)
{
	const struct plan_node *dmz = node->dmz[0] ? plan_find(world->plan, node->dmz) : NULL;

	if (!dmz)
		return;
	config->nat.dmz = dmz->addr;
	config->nat6.dmz = dmz->addr6;
}

static void *take_piece(void *arena, size_t size, size_t zero)
{
	return arena_take_partly(arena, size, zero);
}

static void give_piece(void *arena, void *piece, size_t size)
{
	arena_give(arena, piece, size);
}

/* A world's NATs live as long as the world. */
static struct nat_memory memory_of(const struct world *world)
{
	return (struct nat_memory){ take_piece, give_piece, loop_arena(world->loop) };
}

static int net_config6(struct world *world, const struct plan_node *node, struct net_config *ret)
{
	bool nat64 = plan_is_nat64(node);
	unsigned own = plan_nat_count(node);

	ret->nat6 = (struct nat_config){
		.inside = node->prefix6,
		.outside_prefix = node->outside6,
		.inside_addr = plan_gateway_addr6(node),
		.pool = nat64 ? ret->pool + own : &node->addr6,
		.pool_len = nat64 ? plan_address_count(node) - own : 1,
		.seed = stream_seed(world->plan->seed, "nat6", node->name),
		.memory = memory_of(world),
	};
	/* What is not translated needs no leave to be reached at its own port. */
	if (plan_inside6(node) != PLAN_HIDDEN && !nat64)
		return 0;
	if (forwards_of(world, node, true, &ret->forwards6, &ret->nat6.forwards_len))
		return -ENOMEM;
	ret->nat6.forwards = ret->forwards6;
	return 0;
}

/* net_config_clear() frees what is in it, also where this fails. */
static int net_config(struct world *world, const struct plan_node *node, struct net_config *ret)
{
	int err = 0;

	ret->forwards = ret->forwards6 = NULL;
	for (unsigned i = 0; i < plan_address_count(node); i++)
		ret->pool[i] = plan_address(node, i);
	ret->nat = (struct nat_config){
		.inside = node->prefix,
		.inside_addr = plan_gateway_addr(node),
		.pool = ret->pool,
		.pool_len = plan_nat_count(node),
		.seed = stream_seed_of(world->plan->seed, node->stream),
		.memory = memory_of(world),
	};
	if (forwards_of(world, node, false, &ret->forwards, &ret->nat.forwards_len))
		return -ENOMEM;
	ret->nat.forwards = ret->forwards;
	if (node->model6)
		err = net_config6(world, node, ret);
	set_dmz(world, node, ret);
	return err;
}

/* Say which model of @node could not be had. */
static void blame_model(struct world *world, const struct plan_node *node,
			const struct nat_model *model, int err)
{
	snprintf(world->error->text, sizeof(world->error->text), "%s: NAT model %s: %s", node->name,
		 model->name, strerror(-err));
}

static int build_engine_nat(struct world *world, struct place *place,
			    const struct net_config *config, struct port *ret_ports[2])
{
	const struct plan_node *node = place->node;
	struct ip_addr addrs[2] = { [NAT_OUTSIDE] = node->addr6 };
	struct gateway *gateway;
	int err = gateway_new(world->loop, node->no_ipv4 ? NULL : &node->model, &config->nat,
			      &gateway);

	if (err) {
		blame_model(world, node, &node->model, err);
		return err;
	}
	ret_ports[NAT_INSIDE] = gateway_port(gateway, NAT_INSIDE);
	ret_ports[NAT_OUTSIDE] = gateway_port(gateway, NAT_OUTSIDE);
	place->gateway = gateway;
	err = world_keep(world, gateway, free_gateway);
	if (err || !node->model6)
		return err;
	addrs[NAT_INSIDE] = plan_gateway_addr6(node);
	err = gateway_serve_ipv6(gateway, node->model6, &config->nat6, addrs);
	if (err)
		blame_model(world, node, node->model6, err);
	return err;
}

static struct live_nat_spec kernel_nat_spec(const struct plan_node *node,
					    const struct net_config *config)
{
	return (struct live_nat_spec){
		.name = node->name,
		.model = &node->model,
		.model6 = node->model6,
		.inside = config->nat.inside,
		.inside_addr = config->nat.inside_addr,
		.pool = config->nat.pool,
		.pool_len = config->nat.pool_len,
		.outside_bits = bits_above(node),
		.outside_gateway = router_above(node),
		.forwards = config->nat.forwards,
		.forwards_len = config->nat.forwards_len,
		.dmz = config->nat.dmz,
		.lan_mtu = mtu_of(&node->lan),
		.wan_mtu = mtu_of(&node->link),
	};
}

static int build_kernel_nat(struct world *world, struct place *place,
			    const struct net_config *config, struct port *ret_ports[2])
{
	struct live_nat_spec spec = kernel_nat_spec(place->node, config);
	int err = live_nat_new(world->live, &spec, &place->live_nat, &ret_ports[NAT_INSIDE],
			       &ret_ports[NAT_OUTSIDE], world->error);

	return err ? err : world_keep(world, place->live_nat, free_live_nat);
}

int build_kernel_nat_again(struct world *world, struct place *place, struct plan_error *ret_error)
{
	struct live_nat_spec spec;
	struct net_config config;
	int err = net_config(world, place->node, &config);

	if (!err) {
		spec = kernel_nat_spec(place->node, &config);
		err = live_nat_reboot(world->live, place->live_nat, &spec, ret_error);
	}
	net_config_clear(&config);
	return err;
}

static int build_nat(struct world *world, struct place *place, struct port *ret_ports[2])
{
	const struct plan_node *node = place->node;
	struct net_config config;
	int err;

	if (node->realise == PLAN_KERNEL && world->kind != WORLD_LIVE) {
		snprintf(world->error->text, sizeof(world->error->text),
			 "%s: a kernel translates in a live world only; expected realise = "
			 "\"engine\", or --world live",
			 node->name);
		return -EOPNOTSUPP;
	}
	err = net_config(world, node, &config);
	if (!err)
		err = node->realise == PLAN_KERNEL
			      ? build_kernel_nat(world, place, &config, ret_ports)
			      : build_engine_nat(world, place, &config, ret_ports);
	net_config_clear(&config);
	return err;
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
