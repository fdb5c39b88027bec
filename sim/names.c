/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/nat64_address.h"

/* Is @viewer on the segment of @net, or deeper inside of it?  NULL is the Internet. */
static bool is_inside(const struct plan_node *viewer, const struct plan_node *net)
{
	if (!net)
		return true;
	for (const struct plan_node *at = viewer->parent; at; at = at->parent)
		if (at == net)
			return true;
	return false;
}

struct ip_addr names_addr(const struct plan_node *viewer, const struct plan_node *node)
{
	const struct plan_node *seen = node;

	for (const struct plan_node *at = node; !is_inside(viewer, at->parent); at = at->parent)
		if (plan_translates(at->parent))
			seen = at->parent;
	return seen->addr;
}

struct ip_addr names_addr6(const struct plan_node *viewer, const struct plan_node *node)
{
	const struct plan_node *seen = node;

	for (const struct plan_node *at = node; !is_inside(viewer, at->parent); at = at->parent) {
		enum plan_inside6 inside;

		if (!at->parent->model6)
			return (struct ip_addr){ 0 };
		inside = plan_inside6(at->parent);
		if (inside == PLAN_OTHER_PREFIX)
			return (struct ip_addr){ 0 };
		if (inside == PLAN_HIDDEN)
			seen = at->parent;
	}
	return seen->addr6;
}

static void print_name(FILE *out, struct ip_addr addr, const char *name)
{
	char text[IP_ADDR_TEXT];

	if (!ip_addr_is_unset(addr))
		fprintf(out, "%s\t%s\n", ip_addr_format(addr, text), name);
}

/* For a host that has IPv6 alone: by its NAT64, where there is no other way. */
static struct ip_addr addr_in_ipv4(const struct plan_node *viewer, const struct plan_node *node)
{
	struct ip_addr addr = names_addr(viewer, node);
	struct ip_prefix nat64 = plan_nat64_prefix(viewer);

	if (plan_has_ipv4(viewer) || ip_addr_is_unset(addr))
		return addr;
	if (!nat64.bits || !ip_addr_is_unset(names_addr6(viewer, node)))
		return (struct ip_addr){ 0 };
	return nat64_synthesise(nat64, addr);
}

char *names_hosts(const struct plan *plan, const struct plan_node *viewer)
{
	const struct plan_node *node = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	fputs("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n", out);
	while ((node = plan_next(plan, node))) {
		print_name(out, addr_in_ipv4(viewer, node), node->name);
		print_name(out, names_addr6(viewer, node), node->name);
	}
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static unsigned depth_of(const struct plan_node *node)
{
	unsigned depth = 0;

	for (const struct plan_node *at = node->parent; at; at = at->parent)
		depth++;
	return depth;
}

const struct plan_node *names_server(const struct plan *plan, const struct plan_node *viewer)
{
	const struct plan_node *node = NULL, *nearest = NULL;

	if (viewer->dns[0])
		return plan_find(plan, viewer->dns);
	while ((node = plan_next(plan, node)))
		if (node->serves_dns && is_inside(viewer, node->parent) &&
		    (!nearest || depth_of(node) > depth_of(nearest)))
			nearest = node;
	return nearest;
}

struct ip_addr names_server_addr(const struct plan_node *viewer, const struct plan_node *server)
{
	return plan_has_ipv4(viewer) ? names_addr(viewer, server) : names_addr6(viewer, server);
}

char *names_resolv(const struct plan *plan, const struct plan_node *viewer)
{
	const struct plan_node *server = names_server(plan, viewer);
	char addr[IP_ADDR_TEXT], *text;
	struct ip_addr where = { 0 };

	if (server)
		where = names_server_addr(viewer, server);
	if (ip_addr_is_unset(where))
		return strdup("");
	if (asprintf(&text, "nameserver %s\nsearch " NAMES_DOMAIN "\noptions timeout:2 edns0\n",
		     ip_addr_format(where, addr)) < 0)
		return NULL;
	return text;
}
