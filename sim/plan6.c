/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Nodes are taken in the order of the plan, parents first, since what a net
 * can delegate is a piece of its own prefix.  Numbers count up, and only where somebody has given
 * addresses by hand is each candidate compared with its siblings'.
 */
#include "plan6.h"

#include <errno.h>
#include <stdlib.h>

#include "../nat-models/nat64_address.h"

enum { LAB_HOSTS = 1, LAB_GATEWAYS = 2, LAB_NETS = 3 };
enum { SEGMENT_BITS = 64, SITE_BITS = 48, PREFIX_BITS_MIN = 16, NUMBERS = 0xffff };

/* What is counted while a plan is completed. */
struct count {
	struct plan_error *error;
	bool by_hand; /* some addresses or prefixes were given */
	uint64_t local; /* ULA prefixes so far */
};

/* Where the next of some siblings may go. */
struct next {
	uint64_t host, gateway, net;
};

int plan_set_model6(struct plan_node *net, const struct nat_model *model)
{
	if (!net->model6)
		net->model6 = malloc(sizeof(*net->model6));
	if (!net->model6)
		return -ENOMEM;
	*net->model6 = *model;
	return 0;
}

struct ip_prefix plan_segment6(const struct plan_node *net)
{
	struct ip_prefix segment = net->prefix6;

	if (segment.bits < SEGMENT_BITS)
		segment.bits = SEGMENT_BITS;
	return segment;
}

struct ip_addr plan_gateway_addr6(const struct plan_node *net)
{
	return (struct ip_addr){ net->prefix6.addr.hi, net->prefix6.addr.lo + 1 };
}

bool plan_has_ipv6(const struct plan *plan)
{
	const struct plan_node *n = NULL;

	while ((n = plan_next(plan, n)))
		if (n->model6 || !ip_addr_is_unset(n->addr6))
			return true;
	return false;
}

bool plan_is_nat64(const struct plan_node *net)
{
	return net->model6 && net->model6->kind == NAT_KIND_NAT64;
}

enum plan_inside6 plan_inside6(const struct plan_node *net)
{
	switch (net->model6->kind) {
	case NAT_KIND_NPTV6:
		return PLAN_OTHER_PREFIX;
	case NAT_KIND_NAPT:
	case NAT_KIND_ONE_TO_ONE:
		return PLAN_HIDDEN;
	case NAT_KIND_FIREWALL:
	case NAT_KIND_ROUTER:
	case NAT_KIND_NAT64: /* what is not for IPv4 is routed */
		break;
	}
	return PLAN_SAME;
}

struct ip_prefix plan_nat64_prefix(const struct plan_node *node)
{
	for (const struct plan_node *net = node->parent; net; net = net->parent)
		if (plan_is_nat64(net))
			return nat64_well_known();
	return (struct ip_prefix){ 0 };
}

/* 2b00:@kind:@n::@host */
static struct ip_addr lab_addr(uint64_t kind, uint64_t n, uint64_t host)
{
	return (struct ip_addr){ UINT64_C(0x2b00) << 48 | kind << 32 | n << 16, host };
}

static bool overlap(struct ip_prefix a, struct ip_prefix b)
{
	return a.bits && b.bits &&
	       (a.bits < b.bits ? ip_prefix_contains(a, b.addr) : ip_prefix_contains(b, a.addr));
}

static struct plan_node *siblings(const struct plan *plan, const struct plan_node *node)
{
	return node->parent ? node->parent->children : plan->nodes;
}

/* Whose, among @node's siblings, is @addr, or a prefix round it? */
static const struct plan_node *owner(const struct plan *plan, const struct plan_node *node,
				     struct ip_addr addr)
{
	for (const struct plan_node *n = siblings(plan, node); n; n = n->next)
		if (n != node && (ip_addr_equal(n->addr6, addr) ||
				  overlap(n->outside6, (struct ip_prefix){ addr, 128 })))
			return n;
	return NULL;
}

static const struct plan_node *prefix_owner(const struct plan *plan, const struct plan_node *node,
					    struct ip_prefix prefix)
{
	for (const struct plan_node *n = siblings(plan, node); n; n = n->next)
		if (n != node &&
		    (overlap(n->outside6, prefix) ||
		     (!ip_addr_is_unset(n->addr6) && ip_prefix_contains(prefix, n->addr6))))
			return n;
	return NULL;
}

/* Addresses */

static int check_addr(const struct plan *plan, const struct plan_node *node,
		      struct plan_error *error)
{
	char text[IP_ADDR_TEXT], prefix[IP_PREFIX_TEXT];
	const struct plan_node *net = node->parent;
	const struct plan_node *other;

	ip_addr_format(node->addr6, text);
	if (net && !net->model6)
		return plan_fault(error, node, "%s: %s has no IPv6, got the address %s", node->name,
				  net->name, text);
	if (ip_addr_is_v4(node->addr6) || ip_addr_is_multicast(node->addr6) ||
	    (!net && ip_addr_is_private(node->addr6)) || node->addr6.hi == 0)
		return plan_fault(error, node, "%s: expected an IPv6 unicast address, got %s",
				  node->name, text);
	other = owner(plan, node, node->addr6);
	if (other)
		return plan_fault(error, node, "address %s is given to both %s and %s", text,
				  node->name, other->name);
	if (!net)
		return 0;
	if (!ip_prefix_contains(plan_segment6(net), node->addr6))
		return plan_fault(error, node, "%s: address %s is outside of %s's network %s",
				  node->name, text, net->name,
				  ip_prefix_format(plan_segment6(net), prefix));
	if (ip_addr_equal(node->addr6, plan_gateway_addr6(net)))
		return plan_fault(error, node, "address %s is given to both %s's gateway and %s",
				  text, net->name, node->name);
	return 0;
}

static struct ip_addr numbered(const struct plan_node *node, uint64_t n)
{
	struct ip_addr addr;

	if (!node->parent)
		return lab_addr(node->kind == PLAN_HOST ? LAB_HOSTS : LAB_GATEWAYS, n, 2);
	addr = plan_gateway_addr6(node->parent);
	addr.lo += n;
	return addr;
}

static int give_addr(const struct count *count, const struct plan *plan, struct plan_node *node,
		     uint64_t *next)
{
	struct ip_addr addr;

	do {
		if (++*next > NUMBERS)
			return plan_fault(count->error, node, "%s: no IPv6 address is left",
					  node->name);
		addr = numbered(node, *next);
	} while (count->by_hand && owner(plan, node, addr));
	node->addr6 = addr;
	return 0;
}

/* Prefixes */

/* How long prefixes are that are cut out of one of @bits: 0 = none can be. */
static uint8_t piece_bits(uint8_t bits)
{
	if (bits < 56)
		return 56;
	if (bits < 60)
		return 60;
	return bits < SEGMENT_BITS ? SEGMENT_BITS : 0;
}

static int delegate(const struct count *count, const struct plan *plan, struct plan_node *net,
		    uint64_t *next, struct ip_prefix *ret)
{
	const struct plan_node *above = net->parent;
	uint8_t bits = above ? piece_bits(above->prefix6.bits) : SITE_BITS;
	uint64_t pieces = NUMBERS;
	struct ip_prefix prefix;

	if (above && bits - above->prefix6.bits < 16)
		pieces = bits ? (UINT64_C(1) << (bits - above->prefix6.bits)) - 1 : 0;
	do {
		if (++*next > pieces)
			return plan_fault(count->error, net, "%s: no IPv6 prefix is left in %s",
					  net->name, above ? above->name : "the lab");
		prefix.bits = bits;
		prefix.addr = lab_addr(LAB_NETS, *next, 0);
		if (above && bits) {
			prefix.addr = above->prefix6.addr;
			prefix.addr.hi += *next << (64 - bits);
		}
	} while (count->by_hand && prefix_owner(plan, net, prefix));
	*ret = prefix;
	return 0;
}

static int check_prefix(const struct plan_node *net, struct plan_error *error)
{
	struct ip_prefix p = net->prefix6;
	char text[IP_PREFIX_TEXT];

	if (p.bits >= PREFIX_BITS_MIN && p.bits <= SEGMENT_BITS && p.addr.hi != 0 &&
	    !ip_addr_is_multicast(p.addr))
		return 0;
	return plan_fault(error, net, "%s: expected an IPv6 prefix of /16 to /64, got %s",
			  net->name, ip_prefix_format(p, text));
}

/* Is what @net shows outside in accord with its place and its siblings? */
static int check_outside(const struct plan *plan, const struct plan_node *net,
			 struct plan_error *error)
{
	char text[IP_PREFIX_TEXT], whole[IP_PREFIX_TEXT];
	const struct plan_node *above = net->parent;
	const struct plan_node *other = prefix_owner(plan, net, net->outside6);

	ip_prefix_format(net->outside6, text);
	if (other)
		return plan_fault(error, net, "%s: its prefix %s overlaps with what %s has",
				  net->name, text, other->name);
	if (!above)
		return 0;
	if (overlap(plan_segment6(above), net->outside6))
		return plan_fault(error, net, "%s: its prefix %s overlaps with %s's own network %s",
				  net->name, text, above->name,
				  ip_prefix_format(plan_segment6(above), whole));
	if (net->outside6.bits >= above->prefix6.bits &&
	    ip_prefix_contains(above->prefix6, net->outside6.addr))
		return 0;
	return plan_fault(error, net, "%s: its prefix %s is outside of %s's %s", net->name, text,
			  above->name, ip_prefix_format(above->prefix6, whole));
}

static int give_prefixes(struct count *count, const struct plan *plan, struct plan_node *net,
			 uint64_t *next)
{
	bool given = net->prefix6.bits;
	int err = given ? check_prefix(net, count->error) : 0;

	if (!err && plan_inside6(net) == PLAN_SAME) {
		if (!given)
			err = delegate(count, plan, net, next, &net->prefix6);
		net->outside6 = net->prefix6;
		return err || !given ? err : check_outside(plan, net, count->error);
	}
	if (!err && !given)
		net->prefix6 = (struct ip_prefix){
			.addr = { UINT64_C(0xfd00) << 48 | ++count->local << 16, 0 },
			.bits = SITE_BITS,
		};
	if (!err && plan_inside6(net) == PLAN_OTHER_PREFIX)
		err = delegate(count, plan, net, next, &net->outside6);
	return err;
}

/* The whole */

static int check_net(const struct plan_node *net, struct plan_error *error)
{
	const struct plan_node *above = net->parent;

	if (!net->model6 && net->prefix6.bits)
		return plan_fault(error, net, "%s: a subnet6 needs a model: nat6", net->name);
	if (net->model6 && !nat_model_serves(net->model6, 6))
		return plan_fault(error, net, "%s: nat6: expected a model for IPv6, got %s",
				  net->name, net->model6->name);
	if (net->model6 && plan_inside6(net) == PLAN_HIDDEN && net->model6->pool_size > 1)
		return plan_fault(error, net,
				  "%s: nat6: %s has a pool of %u addresses, expected one in IPv6",
				  net->name, net->model6->name, net->model6->pool_size);
	if (net->model6 && above && !above->model6)
		return plan_fault(error, net, "%s: nat6 needs IPv6 outside, and %s has none",
				  net->name, above->name);
	return 0;
}

static int complete(struct count *count, const struct plan *plan, struct plan_node *first)
{
	struct next next = { 0 };
	int err = 0;

	for (struct plan_node *n = first; n && !err; n = n->next) {
		bool is_net = n->kind == PLAN_NET;

		if (is_net)
			err = check_net(n, count->error);
		if (!err && !ip_addr_is_unset(n->addr6))
			err = check_addr(plan, n, count->error);
		else if (!err && (is_net ? n->model6 != NULL : !n->parent || n->parent->model6))
			err = give_addr(count, plan, n,
					is_net && !n->parent ? &next.gateway : &next.host);
		if (!err && is_net && n->model6)
			err = give_prefixes(count, plan, n, &next.net);
		if (!err)
			err = complete(count, plan, n->children);
	}
	return err;
}

int plan6_complete(struct plan *plan, struct plan_error *error)
{
	struct count count = { .error = error };
	const struct plan_node *n = NULL;
	bool wanted = false;

	while ((n = plan_next(plan, n))) {
		count.by_hand |= !ip_addr_is_unset(n->addr6) || n->prefix6.bits;
		wanted |= n->model6 != NULL;
	}
	return wanted || count.by_hand ? complete(&count, plan, plan->nodes) : 0;
}
