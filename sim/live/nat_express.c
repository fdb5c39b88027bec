/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which models nftables can express.  Each check is a knob that the rules of nat_rules.c could
 * not obey; its clause follows "cannot be realised by the kernel: ".
 */
#include <stdio.h>

#include "live.h"
#include "nat_rules.h"

enum { WHOLE_SECOND = 1000000000, LINUX_TWO_WAY_S = 2 };

/* A knob that some model sets and nftables lacks. */
struct check {
	bool fails;
	const char *clause;
};

static const char *first_failure(const struct check *checks, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (checks[i].fails)
			return checks[i].clause;
	return NULL;
}

#define FIRST_FAILURE(checks) first_failure(checks, sizeof(checks) / sizeof(*(checks)))

/* Of any model with timers in maps or sets. */
static const char *timers(const struct nat_transport *t)
{
	const struct check checks[] = {
		{ t->refresh == NAT_REFRESH_INBOUND,
		  "its mappings are refreshed by inbound packets only" },
		{ t->refresh == NAT_REFRESH_NONE,
		  "nothing refreshes its mappings, and conntrack's entries are" },
		{ t->permission_ns, "its permissions end before its mappings" },
		{ t->timeout_ns < WHOLE_SECOND / 100,
		  "its timers are finer than the kernel's ticks" },
	};

	return FIRST_FAILURE(checks);
}

static const char *two_timers(const struct nat_transport *udp)
{
	return udp->timeout_two_way_ns && udp->timeout_two_way_ns != udp->timeout_ns
		       ? "it has a second UDP timer for two-way traffic"
		       : NULL;
}

static const char *allocation(const struct nat_transport *t)
{
	const struct check checks[] = {
		{ t->ports == NAT_PORTS_BLOCK, "inside hosts own blocks of ports" },
		{ t->ports == NAT_PORTS_SEQUENTIAL && t->step != 1,
		  "its ports go in steps other than +1" },
		{ t->parity, "it keeps the parity of ports" },
		{ t->contiguity, "it keeps neighbouring ports together" },
		{ t->collision == NAT_COLLISION_STEAL, "a newcomer takes a port from its owner" },
		{ t->collision == NAT_COLLISION_DEPENDENT,
		  "a newcomer's mappings turn dependent on the destination" },
		{ t->unsolicited == NAT_UNSOLICITED_POISON,
		  "strays take ports, as with plain masquerade only" },
		{ t->filtering == NAT_AD && t->mapping != NAT_EI &&
			  t->unsolicited != NAT_UNSOLICITED_DROP,
		  "it answers strays though its permissions span mappings" },
	};

	return FIRST_FAILURE(checks);
}

static const char *transport(const struct nat_transport *t)
{
	const char *why;

	if (t->blocked)
		return NULL;
	why = allocation(t);
	return why ? why : timers(t);
}

static const char *common(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->pool_size > 1, "it has several outside addresses" },
		{ model->max_mappings || model->max_mappings_host, "its table has a limit" },
		{ model->icmp.identifiers != NAT_PORTS_PRESERVE,
		  "it gives out echo identifiers of its own" },
	};

	return FIRST_FAILURE(checks);
}

static const char *echo_filter(const struct nat_model *model)
{
	return !model->icmp.blocked && model->icmp.filtering == NAT_EI
		       ? "anybody may send it echo replies"
		       : NULL;
}

static const char *by_knobs(const struct nat_model *model)
{
	const char *why = common(model);

	if (!why && model->hairpin == NAT_HAIRPIN_INTERNAL)
		why = "it hairpins with the sender's inside endpoint";
	if (!why)
		why = echo_filter(model);
	if (!why)
		why = transport(&model->udp);
	if (!why)
		why = two_timers(&model->udp);
	return why ? why : transport(&model->tcp);
}

/* conntrack behaves in one way only; its timers count whole seconds. */
static const char *as_conntrack(const struct nat_transport *t)
{
	const struct check checks[] = {
		{ t->mapping != NAT_APD, "conntrack maps each connection by itself" },
		{ t->filtering != NAT_APD, "conntrack lets in only what belongs to a connection" },
		{ t->refresh != NAT_REFRESH_BOTH, "conntrack's timers restart both ways" },
		{ t->collision != NAT_COLLISION_OVERLOAD,
		  "conntrack shares ports among connections" },
		{ t->ports != NAT_PORTS_PRESERVE && t->ports != NAT_PORTS_RANDOM,
		  "masquerade keeps ports or makes them random" },
		{ t->timeout_ns % WHOLE_SECOND || t->timeout_two_way_ns % WHOLE_SECOND,
		  "conntrack's timers count whole seconds" },
		{ t->timeout_ns == 0, "conntrack's timers cannot be 0" },
		{ t->permission_ns, "conntrack has one timer for a mapping and its permission" },
	};

	return t->blocked ? NULL : FIRST_FAILURE(checks);
}

/* Its INPUT drops all strays; or takes them in, where UDP leaves state behind and TCP is answered. */
static bool takes_strays_as_linux(const struct nat_model *model)
{
	if (model->udp.unsolicited == NAT_UNSOLICITED_DROP)
		return model->tcp.unsolicited == NAT_UNSOLICITED_DROP;
	return model->udp.unsolicited == NAT_UNSOLICITED_POISON &&
	       model->tcp.unsolicited == NAT_UNSOLICITED_RST;
}

static const char *masquerade(const struct nat_model *model)
{
	const struct nat_transport *udp = &model->udp;
	const struct check checks[] = {
		{ udp->timeout_two_way_ns && udp->timeout_two_way_ns != udp->timeout_ns &&
			  udp->two_way_after_ns != LINUX_TWO_WAY_S * UINT64_C(1000000000),
		  "conntrack takes traffic for two-way after 2 s" },
		{ udp->ports != model->tcp.ports, "masquerade treats UDP and TCP alike" },
		{ !takes_strays_as_linux(model),
		  "its box drops strays, or takes them in and answers TCP by RST" },
		{ model->hairpin != NAT_HAIRPIN_NONE, "plain masquerade does not hairpin" },
	};
	const char *why = common(model);

	if (!why)
		why = as_conntrack(udp);
	if (!why)
		why = as_conntrack(&model->tcp);
	return why ? why : FIRST_FAILURE(checks);
}

static const char *firewall(const struct nat_model *model)
{
	const char *why = echo_filter(model);

	if (!why && (model->udp.unsolicited != NAT_UNSOLICITED_DROP ||
		     model->tcp.unsolicited != NAT_UNSOLICITED_DROP))
		why = "its firewall answers strays";
	if (!why && !model->udp.blocked)
		why = timers(&model->udp);
	if (!why)
		why = two_timers(&model->udp);
	return why || model->tcp.blocked ? why : timers(&model->tcp);
}

static const char *one_to_one(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->udp.filtering != NAT_EI || model->tcp.filtering != NAT_EI ||
			  model->icmp.filtering != NAT_EI,
		  "its one-to-one NAT filters" },
	};
	const char *why = common(model);

	return why ? why : FIRST_FAILURE(checks);
}

static const char *why_not(const struct nat_model *model)
{
	if (!nat_model_serves(model, 4))
		return "it is for IPv6, which only the engine serves";
	if (model->udp.outbound_ports[0] || model->tcp.outbound_ports[0])
		return "it looks at the ports of what goes out";
	if (model->algs)
		return "it changes payloads";
	switch (nat_ruleset_of(model)) {
	case NAT_RULES_BY_KNOBS:
		return by_knobs(model);
	case NAT_RULES_MASQUERADE:
		return masquerade(model);
	case NAT_RULES_FIREWALL:
		return firewall(model);
	case NAT_RULES_ONE_TO_ONE:
		return one_to_one(model);
	case NAT_RULES_ROUTER:
		return NULL;
	case NAT_RULES_UNKNOWN:
		break;
	}
	return "its `kernel` is no ruleset that is known here";
}

bool live_nat_expressible(const struct nat_model *model, char *why, size_t size)
{
	const char *clause = why_not(model);

	if (clause && size)
		snprintf(why, size, "%s", clause);
	return !clause;
}

bool live_nat6_expressible(const struct nat_model *model, char *why, size_t size)
{
	if (model && size)
		snprintf(why, size, "a kernel's NAT is for IPv4 alone here, and it is nat6");
	return !model;
}
