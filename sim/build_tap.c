/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tap says of itself: see plan.h. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "world_private.h"

static json_t *path_of(const struct plan_node *node)
{
	json_t *path = json_array();

	for (const struct plan_node *n = node->parent; n; n = n->parent)
		json_array_insert_new(path, 0, json_string(n->name));
	return path;
}

static void add_address(json_t *list, struct ip_addr addr)
{
	char text[IP_ADDR_TEXT];

	json_array_append_new(list, json_string(ip_addr_format(addr, text)));
}

static void add_addresses_of(json_t *list, const struct plan_node *node, bool lan)
{
	if (lan) {
		if (!node->no_ipv4)
			add_address(list, plan_gateway_addr(node));
		if (node->model6)
			add_address(list, plan_gateway_addr6(node));
		return;
	}
	for (unsigned i = 0; i < plan_address_count(node); i++)
		add_address(list, plan_address(node, i));
	if (!ip_addr_is_unset(node->addr6))
		add_address(list, node->addr6);
}

int build_tap(struct world *world, const struct plan_node *node, const char *side, const char *name)
{
	json_t *about = json_object();
	json_t *addresses = json_array();
	char *text;
	int tap;

	add_addresses_of(addresses, node, strcmp(side, "lan") == 0);
	json_object_set_new(about, "node", json_string(node->name));
	json_object_set_new(about, "side", json_string(side));
	json_object_set_new(about, "addresses", addresses);
	json_object_set_new(about, "path", path_of(node));
	if (node->kind == PLAN_NET) {
		if (!node->no_ipv4)
			json_object_set_new(about, "nat", json_string(node->model.name));
		if (node->model6)
			json_object_set_new(about, "nat6", json_string(node->model6->name));
		json_object_set_new(
			about, "realise",
			json_string(node->realise == PLAN_KERNEL ? "kernel" : "engine"));
	}
	text = json_dumps(about, JSON_COMPACT);
	json_decref(about);
	if (!text)
		return -ENOMEM;
	tap = capture_add_tap(world->capture, name, text);
	free(text);
	return tap;
}
