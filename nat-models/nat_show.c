/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people see of a NAT: its mappings, and sentences about its decisions. */
#include <stdio.h>
#include <stdlib.h>

#include "nat_state.h"

static uint8_t protocol_number(const struct nat *nat, const struct mapping *m)
{
	if (m->protocol == NAT_ICMP && !ip_addr_is_v4(mapping_inside(nat, m).addr))
		return IP_PROTO_ICMPV6;
	return m->protocol == NAT_UDP	? IP_PROTO_UDP
	       : m->protocol == NAT_TCP ? IP_PROTO_TCP
					: IP_PROTO_ICMP;
}

static struct mapping_view view_of(const struct nat *nat, const struct mapping *m)
{
	return (struct mapping_view){
		.protocol = protocol_number(nat, m),
		.inside = mapping_inside(nat, m),
		.outside = mapping_outside(nat, m),
		.remote = mapping_remote(nat, m),
		.expires = m->expires,
		.number = m->sequence + 1,
		.from_outside = m->flags & MAPPING_FROM_OUTSIDE,
	};
}

bool nat_decided_mapping(const struct nat *nat, const struct nat_decision *decision,
			 struct mapping_view *ret)
{
	if (!decision->mapping || !(decision->mapping->flags & MAPPING_LIVE))
		return false;
	*ret = view_of(nat, decision->mapping);
	return true;
}

static size_t view_forwards(const struct nat *nat, struct mapping_view *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < nat->forwards_len; i++) {
		const struct nat_forward *f = &nat->forwards[i];

		for (uint32_t port = f->port_first; port <= f->port_last; port++, n++) {
			struct mapping_view view = { .protocol = f->protocol,
						     .inside = f->to,
						     .expires = UINT64_MAX };

			if (n >= max)
				continue;
			view.inside.port = (uint16_t)(f->to.port + (port - f->port_first));
			view.outside = view.inside;
			if (nat->model.kind != NAT_KIND_FIREWALL)
				view.outside = (struct endpoint){ nat->pool[0], (uint16_t)port };
			ret[n] = view;
		}
	}
	return n;
}

struct by_age {
	uint32_t sequence;
	uint32_t ref;
};

static int older_first(const void *a, const void *b)
{
	const struct by_age *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static bool is_shown(const struct mapping *m, uint64_t now)
{
	return m->expires > now && !(m->flags & MAPPING_ROUTER_OWN);
}

size_t nat_mappings(const struct nat *nat, uint64_t now, struct mapping_view *ret, size_t max)
{
	const struct mapping_table *table = &nat->mappings;
	size_t first = view_forwards(nat, ret, max), n = 0;
	struct by_age *order = calloc(table->count + 1, sizeof(*order));

	for (uint32_t ref = table->oldest; ref; ref = mapping_links_at(table, ref)->all_next) {
		const struct mapping *m = mapping_at(table, ref);

		if (!is_shown(m, now))
			continue;
		if (order)
			order[n] = (struct by_age){ m->sequence, ref };
		n++;
	}
	if (order && nat->keeps_order_of_use)
		qsort(order, n, sizeof(*order), older_first);
	/* Without memory for the order they can still be counted. */
	for (size_t i = 0; order && i < n && first + i < max; i++)
		ret[first + i] = view_of(nat, mapping_at(table, order[i].ref));
	free(order);
	return first + n;
}

static const char *const outcome_words[] = {
	[NAT_FORWARD] = "forwarded", [NAT_DROP] = "dropped", [NAT_ANSWER] = "answered",
	[NAT_TO_SELF] = "taken",     [NAT_HOLD] = "held",
};

static const char *const reason_texts[] = {
#define X(id, text) text,
	NAT_REASONS(X)
#undef X
};

static enum nat_scope filtering_of(const struct nat *nat, uint8_t protocol)
{
	return nat
		->rules[protocol == IP_PROTO_UDP   ? NAT_UDP
			: protocol == IP_PROTO_TCP ? NAT_TCP
						   : NAT_ICMP]
		.is.filtering;
}

/* An endpoint; the address alone where the protocol has no ports. */
static const char *party_text(struct endpoint e, uint8_t protocol, char buf[ENDPOINT_TEXT])
{
	if (protocol != IP_PROTO_UDP && protocol != IP_PROTO_TCP)
		return ip_addr_format(e.addr, buf);
	return endpoint_format(e, buf);
}

/* The endpoints of a decision's mapping, which may be the one that only stands in. */
static struct endpoint inside_of(const struct nat *nat, const struct mapping *m)
{
	return m == &nat->shown ? nat->shown_inside : mapping_inside(nat, m);
}

static struct endpoint outside_of(const struct nat *nat, const struct mapping *m)
{
	if (m == &nat->shown && nat->model.kind == NAT_KIND_FIREWALL)
		return nat->shown_inside;
	return mapping_outside(nat, m);
}

/* The particulars of a reason, with the blank or comma in front of them. */
static void particulars(const struct nat *nat, const struct nat_decision *d, char *buf, size_t size)
{
	char one[ENDPOINT_TEXT], two[ENDPOINT_TEXT];

	buf[0] = '\0';
	party_text(d->remote, d->protocol, one);
	if (d->mapping) {
		endpoint_format(inside_of(nat, d->mapping), one);
		endpoint_format(outside_of(nat, d->mapping), two);
		snprintf(buf, size, " %s -> %s", one, two);
	} else if (d->reason == NAT_REASON_FILTERED) {
		snprintf(buf, size, ", no permission for %s (%s)", one,
			 nat_scope_word(filtering_of(nat, d->protocol)));
	} else if (d->reason == NAT_REASON_NO_MAPPING || d->reason == NAT_REASON_QUOTE_UNKNOWN) {
		snprintf(buf, size, ", for a packet of %s", one);
	} else if (d->reason == NAT_REASON_NO_PORT || d->reason == NAT_REASON_COLLISION ||
		   d->reason == NAT_REASON_TABLE_FULL || d->reason == NAT_REASON_HOST_LIMIT ||
		   d->reason == NAT_REASON_NO_HAIRPIN) {
		snprintf(buf, size, ", on the way to %s", one);
	}
}

const char *nat_explain(const struct nat *nat, const struct nat_decision *decision, char *buf,
			size_t size)
{
	char more[2 * ENDPOINT_TEXT + 64];

	particulars(nat, decision, more, sizeof(more));
	snprintf(buf, size, "%s: %s%s", outcome_words[decision->outcome],
		 reason_texts[decision->reason], more);
	return buf;
}
