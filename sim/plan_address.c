/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "plan6.h"

/* Is @addr one of those that @node has already? */
static bool has_address(const struct plan_node *node, struct ip_addr addr)
{
	for (unsigned i = 0; !ip_addr_is_unset(node->addr) && i < plan_address_count(node); i++)
		if (ip_addr_equal(plan_address(node, i), addr))
			return true;
	return false;
}

static bool is_free(const struct claims *claims, const struct plan_node *node, struct ip_addr first)
{
	for (unsigned i = 0; i < plan_address_count(node); i++) {
		struct ip_addr addr = ip_addr_v4(ip_addr_to_v4(first) + i);

		if (has_address(node, addr) || claims_owner(claims, node, addr))
			return false;
	}
	return true;
}

static void give(struct plan_node *node, struct ip_addr first)
{
	node->addr = first;
	for (uint8_t i = 0; i < node->extra_len; i++)
		if (ip_addr_is_unset(node->extra[i]))
			node->extra[i] = ip_addr_v4(ip_addr_to_v4(first) + 1 + i);
}

/* On the Internet everybody lives in a /24 of their own, as different networks do. */
static int address_on_internet(const struct claims *claims, struct plan_node *node,
			       struct plan_error *error)
{
	uint32_t base = node->kind == PLAN_HOST ? 0x0b010000 : 0x0b020000; /* 11.1, 11.2 */

	for (uint32_t n = 1; n < 255; n++) {
		struct ip_addr first = ip_addr_v4(base + (n << 8) + 2);

		if (is_free(claims, node, first)) {
			give(node, first);
			return 0;
		}
	}
	return plan_fault(error, node, "%s: no address is left on the Internet", node->name);
}

static int address_in_net(const struct claims *claims, struct plan_node *node,
			  struct plan_error *error)
{
	struct plan_node *net = node->parent;
	uint32_t first = ip_addr_to_v4(net->prefix.addr) + 2;
	uint32_t size = 1U << (128 - net->prefix.bits);
	uint32_t last = ip_addr_to_v4(net->prefix.addr) + size - 2;

	if (net->taken_to > first)
		first = net->taken_to;
	while (first <= last && claims_owner(claims, node, ip_addr_v4(first)))
		first++;
	net->taken_to = first;
	for (uint32_t a = first; a + plan_address_count(node) - 1 <= last; a++) {
		if (is_free(claims, node, ip_addr_v4(a))) {
			give(node, ip_addr_v4(a));
			return 0;
		}
	}
	return plan_fault(error, node, "%s: no address is left in %s's network", node->name,
			  net->name);
}

/* One that a router would carry to its owner: not "this network", loopback, link-local, multicast
 * or reserved (RFC 6890, 2.2.2). */
static bool is_unicast(struct ip_addr addr)
{
	uint32_t v4 = ip_addr_is_v4(addr) ? ip_addr_to_v4(addr) : 0;

	return v4 >> 24 != 0 && v4 >> 24 != 127 && v4 >> 16 != 0xa9fe && v4 < 0xe0000000;
}

/* Behind its own gateway nobody could tell it from a neighbour, but where the NAT is to cope with
 * that (RFC 4787 REQ-7). */
static bool is_own_inside(const struct plan_node *node, struct ip_addr addr)
{
	return node->kind == PLAN_NET && !node->no_ipv4 && !node->may_overlap &&
	       !node->model.overlap && ip_prefix_contains(node->prefix, addr);
}

static int check_address(const struct claims *claims, const struct plan_node *node,
			 struct plan_error *error)
{
	char text[IP_ADDR_TEXT], prefix[IP_PREFIX_TEXT];

	for (unsigned i = 0; i < plan_address_count(node); i++) {
		struct ip_addr a = i ? plan_address(node, i) : node->addr; /* as it was given */
		const struct plan_node *other = claims_owner(claims, node, a);

		if (!is_unicast(a))
			return plan_fault(error, node,
					  "%s: expected an IPv4 unicast address, got %s",
					  node->name, ip_addr_format(a, text));
		if (is_own_inside(node, a))
			return plan_fault(error, node,
					  "%s: expected an address outside of its own network %s, "
					  "got %s",
					  node->name, ip_prefix_format(node->prefix, prefix),
					  ip_addr_format(a, text));
		if (other)
			return plan_fault(error, node, "address %s is given to both %s and %s",
					  ip_addr_format(a, text), node->name, other->name);
		if (!node->parent)
			continue;
		if (!ip_prefix_contains(node->parent->prefix, a))
			return plan_fault(error, node,
					  "%s: address %s is outside of %s's network %s",
					  node->name, ip_addr_format(a, text), node->parent->name,
					  ip_prefix_format(node->parent->prefix, prefix));
		if (ip_addr_equal(a, plan_gateway_addr(node->parent)))
			return plan_fault(error, node,
					  "address %s is given to both %s's gateway and %s",
					  ip_addr_format(a, text), node->parent->name, node->name);
	}
	return 0;
}

/* @node gets the next free addresses of its segment. */
static int next_address(const struct claims *claims, struct plan_node *node,
			struct plan_error *error)
{
	return node->parent ? address_in_net(claims, node, error)
			    : address_on_internet(claims, node, error);
}

/* What the addresses that nodes of @plan have by now are claimed by.  0, or -ENOMEM with *error. */
static int take_claims(struct plan *plan, struct claims *claims, struct plan_error *error)
{
	struct plan_node *n = NULL;

	if (claims_init(claims, plan)) {
		snprintf(error->text, sizeof(error->text), "the plan: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	while ((n = plan_next(plan, n))) {
		n->taken_to = 0;
		if (ip_addr_is_unset(n->addr))
			continue;
		give(n, n->addr);
		claims_add(claims, n);
	}
	return 0;
}

int plan_give_addresses(struct plan *plan, struct plan_error *error)
{
	struct plan_node *n = NULL;
	struct claims claims;
	int err = take_claims(plan, &claims, error);

	if (err)
		return err;
	while (!err && (n = plan_next(plan, n))) {
		if (!ip_addr_is_unset(n->addr) || !plan_address_count(n))
			continue;
		err = next_address(&claims, n, error);
		if (!err)
			claims_add(&claims, n);
	}
	n = NULL;
	while (!err && (n = plan_next(plan, n)))
		err = check_address(&claims, n, error);
	claims_clear(&claims);
	return err;
}

int plan_move(struct plan *plan, struct plan_node *net, struct ip_addr first,
	      struct plan_error *error)
{
	struct ip_addr before = net->addr;
	struct claims claims;
	int err;

	if (net->no_ipv4 || plan_is_nat64(net))
		return plan_fault(
			error, net,
			"%s: only a net all of whose outside addresses are its IPv4 NAT's "
			"can change them",
			net->name);
	err = take_claims(plan, &claims, error);
	if (err)
		return err;
	if (!ip_addr_is_unset(first))
		net->addr = first;
	else
		err = next_address(&claims, net, error);
	if (!err)
		err = check_address(&claims, net, error);
	claims_clear(&claims);
	if (err)
		net->addr = before;
	return err;
}
