/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A net's NAT: what it is told of the plan, and the two that may do the translating. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "gateway.h"
#include "live/live.h"
#include "stream.h"
#include "world_private.h"

static void free_gateway(void *thing)
{
	gateway_free(thing);
}

static void free_live_nat(void *thing)
{
	live_nat_free(thing);
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
		.outside_bits = build_bits_above(node),
		.outside_gateway = build_router_above(node),
		.forwards = config->nat.forwards,
		.forwards_len = config->nat.forwards_len,
		.dmz = config->nat.dmz,
		.lan_mtu = build_mtu_of(&node->lan),
		.wan_mtu = build_mtu_of(&node->link),
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

int build_nat(struct world *world, struct place *place, struct port *ret_ports[2])
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
