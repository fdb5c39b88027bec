/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A rule about a transport's knobs: the key at fault, or NULL and no text written. */
struct finding {
	const char *udp_key;
	const char *tcp_key;
};

#define FINDING(key) ((struct finding){ "udp." key, "tcp." key })

static struct finding check_range(const struct nat_transport *t, char *text, size_t size)
{
	if (t->port_min > t->port_max) {
		snprintf(text, size, "%u is above port_max, %u", t->port_min, t->port_max);
		return FINDING("port_min");
	}
	if (t->parity && t->port_min == t->port_max) {
		snprintf(text, size, "a range of one port, %u, has no odd and even ones",
			 t->port_min);
		return FINDING("parity");
	}
	return (struct finding){ NULL, NULL };
}

static struct finding check_allocation(const struct nat_transport *t, char *text, size_t size)
{
	int range = t->port_max - t->port_min + 1;

	if (t->ports == NAT_PORTS_SEQUENTIAL && t->step == 0) {
		snprintf(text, size, "sequential ports need a step that is not 0");
		return FINDING("step");
	}
	if (t->ports == NAT_PORTS_SEQUENTIAL && abs(t->step) >= range) {
		snprintf(text, size, "%d steps over the whole range of %d ports", t->step, range);
		return FINDING("step");
	}
	if ((t->ports == NAT_PORTS_BLOCK || t->ports == NAT_PORTS_DETERMINISTIC) &&
	    t->block_size > range) {
		snprintf(text, size, "a block of %u does not fit into the range of %d ports",
			 t->block_size, range);
		return FINDING("block_size");
	}
	/* Two neighbours and a step of their own cannot both decide the next port. */
	if (t->contiguity && t->ports == NAT_PORTS_RANDOM) {
		snprintf(text, size, "random ports are no neighbours");
		return FINDING("contiguity");
	}
	return (struct finding){ NULL, NULL };
}

static struct finding check_timers(const struct nat_transport *t, char *text, size_t size)
{
	if (t->two_way_after_ns && !t->timeout_two_way_ns) {
		snprintf(text, size, "means nothing without timeout_two_way");
		return FINDING("two_way_after");
	}
	return (struct finding){ NULL, NULL };
}

static struct finding check_transport(const struct nat_transport *t, char *text, size_t size)
{
	struct finding (*const rules[])(const struct nat_transport *, char *, size_t) = {
		check_range,
		check_allocation,
		check_timers,
	};
	struct finding found = { NULL, NULL };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !found.udp_key; i++)
		found = rules[i](t, text, size);
	return found;
}

/* "Port" plays no part in ICMP queries, so neither does anything that depends on it. */
static const char *check_icmp(const struct nat_icmp *icmp, char *text, size_t size)
{
	const char *key = NULL;

	if (icmp->mapping == NAT_APD)
		key = "icmp.mapping";
	else if (icmp->filtering == NAT_APD)
		key = "icmp.filtering";
	else if (icmp->identifiers == NAT_PORTS_BLOCK ||
		 icmp->identifiers == NAT_PORTS_DETERMINISTIC)
		key = "icmp.identifiers";
	if (key)
		snprintf(text, size, "ICMP has no ports: \"%s\" means nothing",
			 icmp->mapping != NAT_APD && icmp->filtering != NAT_APD
				 ? nat_ports_word(icmp->identifiers)
				 : nat_scope_word(NAT_APD));
	return key;
}

/* Nothing is kept from passing by who passes all on; nor, to some ports, by who swaps prefixes. */
static const char *check_router(const struct nat_model *model, char *text, size_t size)
{
	const bool router = model->kind == NAT_KIND_ROUTER;
	const char *key = NULL;

	if (nat_kind_keeps_state(model->kind))
		return NULL;
	if (router && model->udp.blocked)
		key = "udp.blocked";
	else if (router && model->tcp.blocked)
		key = "tcp.blocked";
	else if (model->udp.outbound_ports[0])
		key = "udp.outbound_ports";
	else if (model->tcp.outbound_ports[0])
		key = "tcp.outbound_ports";
	if (key)
		snprintf(text, size, "kind \"%s\" forwards everything; a \"%s\" need not",
			 nat_kind_word(model->kind), nat_kind_word(NAT_KIND_FIREWALL));
	return key;
}

/* A kind that gives no ports cannot give them by destination. */
static const char *check_kind(const struct nat_model *model, char *text, size_t size)
{
	const char *key = NULL;

	if (nat_kind_gives_ports(model->kind))
		return NULL;
	if (model->udp.mapping != NAT_EI)
		key = "udp.mapping";
	else if (model->tcp.mapping != NAT_EI)
		key = "tcp.mapping";
	if (key)
		snprintf(text, size, "kind \"%s\" leaves ports alone: expected \"%s\"",
			 nat_kind_word(model->kind), nat_scope_word(NAT_EI));
	return key;
}

/* What one family alone has cannot serve the other; and without state nothing can be filtered. */
static const char *check_family(const struct nat_model *model, char *text, size_t size)
{
	bool bound = nat_kind_family(model->kind) == NAT_FAMILY_IPV6;
	const char *key = NULL;

	if (bound && model->family != NAT_FAMILY_IPV6) {
		snprintf(text, size, "kind \"%s\" is for IPv6: expected \"%s\"",
			 nat_kind_word(model->kind), nat_family_word(NAT_FAMILY_IPV6));
		return "family";
	}
	if (model->kind != NAT_KIND_NPTV6)
		return NULL;
	if (model->udp.filtering != NAT_EI)
		key = "udp.filtering";
	else if (model->tcp.filtering != NAT_EI)
		key = "tcp.filtering";
	else if (model->icmp.filtering != NAT_EI)
		key = "icmp.filtering";
	if (key)
		snprintf(text, size, "kind \"%s\" keeps no state: expected \"%s\"",
			 nat_kind_word(model->kind), nat_scope_word(NAT_EI));
	return key;
}

/* Nobody is exempt from what is done to all, nor can be in the other family. */
static const char *check_exempt(const struct nat_model *model, char *text, size_t size)
{
	bool none = model->kind == NAT_KIND_ROUTER || model->kind == NAT_KIND_FIREWALL ||
		    model->kind == NAT_KIND_NPTV6 || model->kind == NAT_KIND_NAT64;
	char prefix[IP_PREFIX_TEXT];

	for (size_t i = 0; i < nat_model_exempt_len(model); i++) {
		int version = ip_addr_is_v4(model->exempt[i].addr) ? 4 : 6;

		ip_prefix_format(model->exempt[i], prefix);
		if (none)
			snprintf(text, size, "kind \"%s\" does the same to all: %s means nothing",
				 nat_kind_word(model->kind), prefix);
		else if (!nat_model_serves(model, version))
			snprintf(text, size, "the model's family is \"%s\", and %s is of the other",
				 nat_family_word(model->family), prefix);
		else
			continue;
		return "exempt";
	}
	if (!none || !nat_model_exempts(model))
		return NULL;
	snprintf(text, size, "kind \"%s\" does the same to all ports", nat_kind_word(model->kind));
	return model->udp.exempt_ports[0] ? "udp.exempt_ports" : "tcp.exempt_ports";
}

/* What is asked at a port's mappings needs a kind that has them. */
static const char *check_shared(const struct nat_model *model, char *text, size_t size)
{
	if (!model->shared_filters || nat_kind_gives_ports(model->kind))
		return NULL;
	snprintf(text, size, "kind \"%s\" gives no ports whose filters could be shared",
		 nat_kind_word(model->kind));
	return "shared_filters";
}

static const char *check_limits(const struct nat_model *model, char *text, size_t size)
{
	if (!model->max_mappings || model->max_mappings_host <= model->max_mappings)
		return NULL;
	snprintf(text, size, "%u is above limit, %u", model->max_mappings_host,
		 model->max_mappings);
	return "limit_host";
}

static const char *check_rfc3489(const struct nat_model *model, char *text, size_t size)
{
	enum nat_rfc3489 is = model_rfc3489(model);

	if (model->rfc3489 == is)
		return NULL;
	snprintf(text, size, "\"%s\" contradicts the rest of the model, which makes it \"%s\"",
		 nat_rfc3489_word(model->rfc3489), nat_rfc3489_word(is));
	return "rfc3489";
}

const char *model_check(const struct nat_model *model, char *text, size_t size)
{
	struct finding found = check_transport(&model->udp, text, size);
	const char *key = found.udp_key;

	if (!key)
		key = check_transport(&model->tcp, text, size).tcp_key;
	if (!key)
		key = check_icmp(&model->icmp, text, size);
	if (!key)
		key = check_kind(model, text, size);
	if (!key)
		key = check_router(model, text, size);
	if (!key)
		key = check_family(model, text, size);
	if (!key)
		key = check_limits(model, text, size);
	if (!key)
		key = check_exempt(model, text, size);
	if (!key)
		key = check_shared(model, text, size);
	if (!key)
		key = check_rfc3489(model, text, size);
	return key;
}

enum nat_rfc3489 model_rfc3489(const struct nat_model *model)
{
	static const enum nat_rfc3489 cones[] = {
		[NAT_EI] = NAT_3489_FULL_CONE,
		[NAT_AD] = NAT_3489_RESTRICTED,
		[NAT_APD] = NAT_3489_PORT_RESTRICTED,
	};
	const struct nat_transport *udp = &model->udp;
	/* A mapping of its own for each destination, all with the same port, is what RFC 3489
	 * would call the same mapping: it looks at the port. */
	bool looks_ei = udp->mapping == NAT_EI || (udp->ports == NAT_PORTS_PRESERVE &&
						   udp->collision == NAT_COLLISION_OVERLOAD);

	if (udp->blocked)
		return NAT_3489_UDP_BLOCKED;
	if (model->kind == NAT_KIND_ROUTER)
		return NAT_3489_OPEN;
	if (model->kind == NAT_KIND_FIREWALL)
		return udp->filtering == NAT_APD ? NAT_3489_SYMMETRIC_FIREWALL : NAT_3489_NONE;
	if (looks_ei)
		return cones[udp->filtering];
	if (udp->mapping == NAT_APD && udp->filtering == NAT_APD)
		return NAT_3489_SYMMETRIC;
	return NAT_3489_NONE;
}
