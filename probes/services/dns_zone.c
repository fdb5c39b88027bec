/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns_zone.h"

#include <stdio.h>

#include "../../nat-models/nat64_address.h"
#include "../../sim/names.h"

#define LAB NAMES_DOMAIN

/* RFC 7050, 8.2: what stands for itself behind any NAT64's prefix. */
#define IPV4ONLY_ARPA "ipv4only.arpa"
static const uint32_t ipv4only[] = { 0xc00000aa, 0xc00000ab };

/* A question that is being answered. */
struct asked {
	const struct dns_zone *zone;
	const struct dns_question *question;
	struct ip_prefix
		nat64; /* that the asker is behind, and wants addresses for; bits 0 = none */
	struct dns_writer *w;
	bool exists; /* the name; perhaps with other types of record */
};

static bool wants(const struct asked *a, enum dns_type type)
{
	return a->question->type == type || a->question->type == DNS_ANY;
}

static void tell_addr(struct asked *a, struct ip_addr addr)
{
	if (!ip_addr_is_unset(addr) && wants(a, ip_addr_is_v4(addr) ? DNS_A : DNS_AAAA))
		dns_add_addr(a->w, DNS_ANSWER, &a->question->name, DNS_ZONE_TTL, addr);
}

/* An IPv4 address, and for who has none the IPv6 one that stands for it, unless @v6 is there (RFC
 * 6147, 5.1.4). */
static void tell_addrs(struct asked *a, struct ip_addr v4, struct ip_addr v6)
{
	tell_addr(a, v4);
	if (ip_addr_is_unset(v6) && a->nat64.bits && !ip_addr_is_unset(v4))
		v6 = nat64_synthesise(a->nat64, v4);
	tell_addr(a, v6);
}

/* Names */

/* "alice.home_a.lab", which any name of a plan fits into. */
static void name_of(const struct plan_node *node, struct dns_name *ret)
{
	char text[DNS_NAME_TEXT];
	size_t len = 0;

	for (const struct plan_node *at = node; at && len < DNS_NAME_MAX - 2 * sizeof(at->name);
	     at = at->parent)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s.", at->name);
	snprintf(text + len, sizeof(text) - len, LAB);
	dns_name_parse(text, ret);
}

/* Do the first @labels of @name say @node, and then nets round it? */
static bool says(const struct dns_name *name, size_t labels, const struct plan_node *node)
{
	for (size_t i = 0; i < labels; i++, node = node->parent)
		if (!node || !dns_label_is(dns_name_label(name, i), node->name))
			return false;
	return labels > 0;
}

static const struct plan_node *node_called(const struct dns_zone *zone, const struct dns_name *name)
{
	size_t labels = dns_name_labels(name);
	const struct plan_node *node = NULL;

	if (labels > 1 && dns_label_is(dns_name_label(name, labels - 1), LAB))
		labels--;
	while (zone->plan && (node = plan_next(zone->plan, node)))
		if (says(name, labels, node))
			return node;
	return NULL;
}

static void answer_node(struct asked *a, const struct plan_node *node)
{
	a->exists = true;
	tell_addrs(a, names_addr(a->zone->self, node), names_addr6(a->zone->self, node));
}

static void list_nodes(struct asked *a)
{
	const struct plan_node *node = NULL;
	struct dns_name name;

	while (wants(a, DNS_PTR) && a->zone->plan && (node = plan_next(a->zone->plan, node))) {
		name_of(node, &name);
		if (!dns_add_name(a->w, DNS_ANSWER, &a->question->name, DNS_PTR, DNS_ZONE_TTL,
				  &name))
			break;
	}
}

/* Addresses */

/* Is @addr one that @node is known by to the server, and its own? */
static bool has_addr(const struct dns_zone *zone, const struct plan_node *node, struct ip_addr addr)
{
	if (!ip_addr_is_v4(addr))
		return ip_addr_equal(node->addr6, addr) &&
		       ip_addr_equal(names_addr6(zone->self, node), addr);
	if (!ip_addr_equal(names_addr(zone->self, node), node->addr))
		return false;
	for (unsigned i = 0; i < plan_address_count(node); i++)
		if (ip_addr_equal(plan_address(node, i), addr))
			return true;
	return false;
}

static const struct plan_node *node_at(const struct dns_zone *zone, struct ip_addr addr)
{
	const struct plan_node *node = NULL;

	while (zone->plan && (node = plan_next(zone->plan, node)))
		if (has_addr(zone, node, addr))
			return node;
	return NULL;
}

static void answer_reverse(struct asked *a, struct ip_addr addr)
{
	const struct plan_node *node;
	struct dns_name name;

	if (a->nat64.bits)
		nat64_extract(a->nat64, addr, &addr);
	node = node_at(a->zone, addr);
	if (!node)
		return;
	a->exists = true;
	name_of(node, &name);
	if (wants(a, DNS_PTR))
		dns_add_name(a->w, DNS_ANSWER, &a->question->name, DNS_PTR, DNS_ZONE_TTL, &name);
}

/* The NAT64 before whoever is at @asker, or before the server and so before all who ask it. */
static struct ip_prefix nat64_before(const struct dns_zone *zone, struct ip_addr asker)
{
	const struct plan_node *node = node_at(zone, asker);

	if (!zone->plan)
		return (struct ip_prefix){ 0 };
	return plan_nat64_prefix(node ? node : zone->self);
}

static bool is_name(const struct dns_name *name, const char *text)
{
	struct dns_name other;

	return !dns_name_parse(text, &other) && dns_name_equal(name, &other);
}

/* Of the trees above reverse names there are no records; but they are there (RFC 8020). */
static bool is_above_reverse(const struct dns_name *name)
{
	struct dns_name v4, v6;

	dns_name_parse("in-addr.arpa", &v4);
	dns_name_parse("ip6.arpa", &v6);
	return is_name(name, "arpa") ||
	       (dns_name_is_under(name, &v4) && dns_name_labels(name) < 6) ||
	       (dns_name_is_under(name, &v6) && dns_name_labels(name) < 34);
}

static void find(struct asked *a)
{
	const struct dns_name *name = &a->question->name;
	const struct plan_node *node;
	struct ip_addr addr;

	if (dns_name_to_addr(name, &addr)) {
		answer_reverse(a, addr);
		return;
	}
	if (is_name(name, LAB)) {
		a->exists = true;
		list_nodes(a);
		return;
	}
	if (is_name(name, IPV4ONLY_ARPA)) {
		a->exists = true;
		for (int i = 0; i < 2; i++)
			tell_addrs(a, ip_addr_v4(ipv4only[i]), (struct ip_addr){ 0 });
		return;
	}
	node = node_called(a->zone, name);
	if (node)
		answer_node(a, node);
	else
		a->exists = name->len == 1 || is_above_reverse(name);
}

/* The root is ours: so is whatever is not there. */
static void add_soa(const struct dns_zone *zone, struct dns_writer *w, enum dns_section section)
{
	struct dns_soa soa = {
		.serial = 1,
		.refresh = DNS_ZONE_TTL,
		.retry = DNS_ZONE_TTL,
		.expire = DNS_ZONE_TTL,
		.minimum = DNS_ZONE_TTL,
	};
	struct dns_name root;

	dns_name_parse(".", &root);
	soa.primary = root;
	if (zone->self)
		name_of(zone->self, &soa.primary);
	dns_name_parse("nobody." LAB, &soa.mailbox);
	dns_add_soa(w, section, &root, DNS_ZONE_TTL, &soa);
}

void dns_zone_answer(const struct dns_zone *zone, const struct dns_message *query,
		     struct ip_addr asker, struct dns_writer *w)
{
	struct asked a = { .zone = zone, .question = &query->question, .w = w };
	/* RFC 6147, 5.5: who checks signatures himself wants what is there. */
	bool checks = query->edns.dnssec_ok && query->header.checking_disabled;

	w->header.authoritative = true;
	if (!checks)
		a.nat64 = nat64_before(zone, asker);
	find(&a);
	if (query->question.name.len == 1 && wants(&a, DNS_SOA))
		add_soa(zone, w, DNS_ANSWER);
	if (!a.exists)
		w->header.rcode = DNS_NXDOMAIN;
	if (!w->counts[DNS_ANSWER] && !w->header.truncated)
		add_soa(zone, w, DNS_AUTHORITY);
}
