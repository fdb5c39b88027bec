/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nets_round.h"

#include <stdio.h>

#include "../../sim/live/live.h"

static bool is_inside(const struct plan_node *node, const struct plan_node *net)
{
	while (node && node != net)
		node = node->parent;
	return node;
}

uint8_t nets_low_ttl(const struct plan_node *host, const struct plan_node *other)
{
	uint8_t ttl = 1;

	for (const struct plan_node *net = host->parent; net && !is_inside(other, net);
	     net = net->parent)
		ttl++;
	return ttl;
}

bool nets_connect_as_modelled(const struct plan_node *host, char *why, size_t size)
{
	for (const struct plan_node *net = host->parent; net; net = net->parent) {
		char clause[128];

		if (net->realise != PLAN_KERNEL || net->no_ipv4 ||
		    live_nat_connects(&net->model, clause, sizeof(clause)))
			continue;
		snprintf(why, size, "net %s: the kernel cannot realise the TCP of %s: %s",
			 net->name, net->model.name, clause);
		return false;
	}
	return true;
}
