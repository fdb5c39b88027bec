/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plan6.h"
#include "plan_address.h"
#include "stream.h"

static uint32_t hash_of(const char *name)
{
	return (uint32_t)stream_seed(0, "", name);
}

struct plan_node *plan_add(struct plan *plan, struct plan_node *parent, enum plan_kind kind,
			   const char *name)
{
	struct plan_node **first = parent ? &parent->children : &plan->nodes;
	struct plan_node **last = parent ? &parent->last_child : &plan->last;
	struct plan_node *node;

	if (!plan->arena)
		plan->arena = arena_new();
	node = plan->arena ? arena_take(plan->arena, sizeof(*node)) : NULL;
	if (!node)
		return NULL;
	node->kind = kind;
	node->parent = parent;
	memccpy(node->name, name, '\0', sizeof(node->name) - 1); /* the rest is zero */
	if (*last)
		(*last)->next = node;
	else
		*first = node;
	*last = node;
	index_add(&plan->names, &node->by_name, hash_of(node->name));
	node->stream = stream_name(kind == PLAN_HOST ? "host" : "nat", node->name);
	return node;
}

struct plan_node *plan_next(const struct plan *plan, const struct plan_node *node)
{
	if (!node)
		return plan->nodes;
	if (node->children)
		return node->children;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

static struct plan_node *find(const struct plan *plan, const char *name, uint32_t hash)
{
	struct index_entry *e = plan->nodes ? index_first(&plan->names, hash) : NULL;

	for (; e; e = index_next(e)) {
		struct plan_node *node =
			(struct plan_node *)(void *)((char *)e -
						     offsetof(struct plan_node, by_name));

		if (strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

struct plan_node *plan_find(const struct plan *plan, const char *name)
{
	return find(plan, name, hash_of(name));
}

static void free_nodes(struct arena *arena, struct plan_node *node)
{
	while (node) {
		struct plan_node *next = node->next;

		free_nodes(arena, node->children);
		free(node->forwards);
		free(node->model6);
		arena_give(arena, node, sizeof(*node));
		node = next;
	}
}

void plan_clear(struct plan *plan)
{
	free_nodes(plan->arena, plan->nodes);
	arena_free(plan->arena);
	plan->arena = NULL;
	plan->nodes = plan->last = NULL;
	index_free(&plan->names);
}

int plan_fault(struct plan_error *error, const struct plan_node *node, const char *format, ...)
{
	size_t used = 0;
	va_list args;

	if (node->where[0])
		used = (size_t)snprintf(error->text, sizeof(error->text), "%s: ", node->where);
	va_start(args, format);
	vsnprintf(error->text + used, sizeof(error->text) - used, format, args);
	va_end(args);
	return -EINVAL;
}

static unsigned pool_size(const struct nat_model *model)
{
	return model->pool_size ? model->pool_size : 1;
}

unsigned plan_address_count(const struct plan_node *node)
{
	if (node->kind == PLAN_NET && !node->model6) /* as most are */
		return pool_size(&node->model);
	if (node->kind == PLAN_NET)
		return plan_nat_count(node) + (plan_is_nat64(node) ? pool_size(node->model6) : 0);
	return node->parent && node->parent->no_ipv4 ? 0 : 1U + node->extra_len;
}

unsigned plan_nat_count(const struct plan_node *net)
{
	return net->no_ipv4 ? 0 : pool_size(&net->model);
}

struct ip_addr plan_address(const struct plan_node *node, unsigned i)
{
	if (i > 0 && node->kind == PLAN_HOST)
		return node->extra[i - 1];
	return ip_addr_v4(ip_addr_to_v4(node->addr) + i);
}

struct ip_addr plan_gateway_addr(const struct plan_node *net)
{
	return ip_addr_v4(ip_addr_to_v4(net->prefix.addr) + 1);
}

bool plan_translates(const struct plan_node *net)
{
	return net->model.kind != NAT_KIND_ROUTER && net->model.kind != NAT_KIND_FIREWALL;
}

static bool prefix_taken(const struct plan *plan, uint32_t prefix)
{
	const struct plan_node *n = NULL;

	while ((n = plan_next(plan, n)))
		if (n->kind == PLAN_NET && ip_addr_to_v4(n->prefix.addr) == prefix)
			return true;
	return false;
}

/* Nodes behind what does not translate are reached at their own addresses: public ones. */
static struct ip_prefix public_prefix(const struct plan *plan)
{
	uint32_t prefix = 0x0b030100; /* 11.3.1.0 */

	while (prefix_taken(plan, prefix))
		prefix += 0x100;
	return (struct ip_prefix){ ip_addr_v4(prefix), 120 };
}

/* A carrier's network when it holds other nets (RFC 6598), each level's its own; else a home's. */
static void default_prefix(const struct plan *plan, struct plan_node *net)
{
	uint32_t depth = 0;
	bool carrier = false;

	if (!ip_addr_is_unset(net->prefix.addr))
		return;
	if (!plan_translates(net)) {
		net->prefix = public_prefix(plan);
		return;
	}
	for (const struct plan_node *n = net->children; n; n = n->next)
		carrier = carrier || n->kind == PLAN_NET;
	for (const struct plan_node *n = net->parent; n; n = n->parent)
		depth++;
	net->prefix.addr = ip_addr_v4(carrier ? 0x64400000 + (depth << 8) : 0xc0a80100);
	net->prefix.bits = 120;
}

static int check_prefix(const struct plan_node *net, struct plan_error *error)
{
	char text[IP_PREFIX_TEXT];

	if (ip_addr_is_v4(net->prefix.addr) && net->prefix.bits >= 104 && net->prefix.bits <= 126)
		return 0;
	return plan_fault(error, net, "%s: expected an IPv4 subnet of /8 to /30, got %s", net->name,
			  ip_prefix_format(net->prefix, text));
}

static const struct plan_node *child(const struct plan_node *net, const char *name)
{
	const struct plan_node *n = net->children;

	while (n && strcmp(n->name, name) != 0)
		n = n->next;
	return n;
}

static int check_forwards(const struct plan_node *net, struct plan_error *error)
{
	if (net->dmz[0] && !child(net, net->dmz))
		return plan_fault(error, net, "%s: dmz: nothing in it is called \"%s\"", net->name,
				  net->dmz);
	for (size_t i = 0; i < net->forwards_len; i++) {
		const struct plan_forward *f = &net->forwards[i];

		if (!child(net, f->host))
			return plan_fault(error, net, "%s: forward: nothing in it is called \"%s\"",
					  net->name, f->host);
		if (!f->port_first || f->port_last < f->port_first)
			return plan_fault(error, net,
					  "%s: forward: expected ports in 1 to 65535, got %u-%u",
					  net->name, f->port_first, f->port_last);
	}
	return 0;
}

static int check_dns(const struct plan *plan, const struct plan_node *node,
		     struct plan_error *error)
{
	const struct plan_node *server = node->dns[0] ? plan_find(plan, node->dns) : NULL;

	if (!node->dns[0] || (server && server->kind == PLAN_HOST))
		return 0;
	return plan_fault(error, node, "%s: dns: no host is called \"%s\"", node->name, node->dns);
}

static int check_name(const struct plan *plan, const struct plan_node *node,
		      struct plan_error *error)
{
	const struct plan_node *first = find(plan, node->name, node->by_name.hash);

	if (!node->name[0])
		return plan_fault(error, node, "a node has no name");
	if (first != node)
		return plan_fault(error, node, "the name %s is given twice", node->name);
	return 0;
}

/* Is IPv4 there, where it is asked for? */
static int check_ipv4(const struct plan_node *node, struct plan_error *error)
{
	const struct plan_node *above = node->parent;
	bool is_net = node->kind == PLAN_NET;

	if (is_net && node->no_ipv4 && !node->model6)
		return plan_fault(error, node, "%s: a net needs a model: nat, nat6, or both",
				  node->name);
	if (is_net && node->no_ipv4 && (node->prefix.bits || node->realise == PLAN_KERNEL))
		return plan_fault(error, node,
				  "%s: without nat it has no IPv4: expected no subnet, and no "
				  "realise = \"kernel\"",
				  node->name);
	if (above && above->no_ipv4 && is_net && plan_address_count(node))
		return plan_fault(error, node, "%s: it needs IPv4 outside, and %s has none",
				  node->name, above->name);
	if (!plan_address_count(node) && !ip_addr_is_unset(node->addr))
		return plan_fault(error, node, "%s: it has no IPv4, so expected no address",
				  node->name);
	return 0;
}

static int check_net(const struct plan *plan, struct plan_node *net, struct plan_error *error)
{
	int err = 0;

	if (!net->no_ipv4 && !nat_model_serves(&net->model, 4))
		return plan_fault(error, net, "%s: nat: expected a model for IPv4, got %s",
				  net->name, net->model.name);
	if (!net->no_ipv4) {
		default_prefix(plan, net);
		err = check_prefix(net, error);
	}
	return err ? err : check_forwards(net, error);
}

int plan_complete(struct plan *plan, struct plan_error *error)
{
	struct plan_node *n = NULL;
	size_t order = 0;
	int err = 0;

	while (!err && (n = plan_next(plan, n))) {
		n->order = order++;
		err = check_name(plan, n, error);
		if (!err)
			err = check_dns(plan, n, error);
		if (!err)
			err = check_ipv4(n, error);
		if (!err && n->kind == PLAN_NET)
			err = check_net(plan, n, error);
	}
	if (!err)
		err = plan_give_addresses(plan, error);
	return err ? err : plan6_complete(plan, error);
}
