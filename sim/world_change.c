/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What befalls a net while the world goes on: its gateway reboots, or gets another address.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "live/live.h"
#include "segment.h"
#include "world_private.h"

/* For whoever reads the capture: why nothing of what went before counts any longer. */
static void note(struct world *world, const struct plan_node *net, const char *what)
{
	char text[96], addr[IP_ADDR_TEXT];

	if (!world->capture)
		return;
	snprintf(text, sizeof(text), "before this: %s %s %s", net->name, what,
		 ip_addr_format(net->addr, addr));
	capture_note(world->capture, text);
}

static int fault(struct plan_error *ret, const struct plan_node *net, int err)
{
	snprintf(ret->text, sizeof(ret->text), "net %s: %s", net->name, strerror(-err));
	return err;
}

int world_reboot(struct world *world, const struct plan_node *net, struct plan_error *ret_error)
{
	struct place *place = world_place(world, net);
	int err = 0;

	ret_error->text[0] = '\0';
	if (place->gateway)
		gateway_reboot(place->gateway);
	else
		err = build_kernel_nat_again(world, place, ret_error);
	if (err)
		return ret_error->text[0] ? err : fault(ret_error, net, err);
	note(world, net, "rebooted, at");
	return 0;
}

/* The segments that know the way to @net's addresses: the one above it, and those further up as
 * long as nothing translates in between. */
static void change_routes(struct world *world, const struct plan_node *net, struct ip_addr before)
{
	for (const struct plan_node *n = net; n; n = n->parent) {
		struct segment *above = n->parent ? world_place(world, n->parent)->inside
						  : world->internet;

		/* Downwards or upwards, so that no address of the old pool is still to come that
		 * is one of the new pool, too. */
		for (unsigned i = 0; i < plan_address_count(net); i++) {
			bool up = ip_addr_to_v4(net->addr) > ip_addr_to_v4(before);
			unsigned k = up ? plan_address_count(net) - 1 - i : i;

			segment_change_address(above, ip_addr_v4(ip_addr_to_v4(before) + k),
					       plan_address(net, k));
		}
		if (n->parent && plan_translates(n->parent))
			break;
	}
}

int world_follow_address(struct world *world, const struct plan_node *net, struct ip_addr before,
			 struct plan_error *ret_error)
{
	struct place *place = world_place(world, net);
	struct ip_addr pool[UINT8_MAX];
	int err;

	ret_error->text[0] = '\0';
	if (!place->gateway) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "net %s: a kernel translates there, whose address cannot be changed; "
			 "expected realise = \"engine\"",
			 net->name);
		return -EOPNOTSUPP;
	}
	for (unsigned i = 0; i < plan_address_count(net); i++)
		pool[i] = plan_address(net, i);
	err = gateway_set_pool(place->gateway, pool, plan_address_count(net));
	if (err)
		return fault(ret_error, net, err);
	change_routes(world, net, before);
	note(world, net, "changed its address, to");
	return 0;
}
