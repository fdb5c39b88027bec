/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which models nftables can express.  Each check is a knob that the rules of nat_rules.c could
 * not obey; its clause follows "cannot be realised by the kernel: ".
 */
#include <stdio.h>

#include "live.h"
#include "nat_rules.h"

enum { WHOLE_SECOND = 1000000000, LINUX_TWO_WAY_S = 2, LINUX_RESET_S = 10 };
enum { LINUX_TRANSITORY_S = 120, LINUX_FRAGMENTS_HELD = 16, LINUX_FRAGMENT_S = 30 };
enum { FIRST_PORT = 1024, LAST_PORT = 65535 };
#define ONE(id, word, text) | 1 << id
enum { LINUX_ERROR_TYPES = 0 NAT_ERROR_TYPES(ONE) };
#undef ONE

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

static uint64_t in_ns(uint64_t seconds)
{
	return seconds * WHOLE_SECOND;
}

/* What the kernel does with any packet that it forwards, whatever the rules. */
static const char *forwarding(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->too_big != NAT_TOO_BIG_TOLD,
		  "the kernel tells who sends what is too big, or cuts what may be cut" },
		{ !model->icmp.time_exceeded, "the kernel answers for a packet whose TTL ends" },
		{ model->overlap, "it reaches outside hosts of the inside network's range" },
		{ model->ip_id, "it gives out identifications of its own" },
		{ nat_model_exempts(model), "it does not translate for some destinations" },
		{ model->shared_mappings, "conntrack maps UDP and TCP each by itself" },
		{ model->shared_filters, "conntrack filters UDP and TCP each by itself" },
	};

	return FIRST_FAILURE(checks);
}

/* What comes with connection tracking: fragments are put together before it. */
static const char *fragments(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->fragments != NAT_FRAGMENTS_ANY_ORDER,
		  "conntrack takes fragments in any order" },
		{ model->fragments_held != LINUX_FRAGMENTS_HELD,
		  "the kernel's room for fragments is not counted by datagrams" },
		{ model->fragment_ns != in_ns(LINUX_FRAGMENT_S),
		  "the kernel keeps fragments for 30 s" },
		{ !model->fragments_yield,
		  "the kernel forgets the oldest fragments where they are too many" },
		{ model->refusal != NAT_REFUSAL_SILENT,
		  "the kernel drops what gets no mapping, in silence" },
		{ model->udp.refresh_refused || model->tcp.refresh_refused,
		  "what is dropped refreshes nothing" },
	};

	return FIRST_FAILURE(checks);
}

/* Errors are conntrack's "related", which has checked them and touches no timer. */
static const char *errors(const struct nat_model *model)
{
	const struct nat_icmp *icmp = &model->icmp;
	const struct check checks[] = {
		{ icmp->timeout_ns == 0 || icmp->timeout_ns % WHOLE_SECOND,
		  "conntrack's timer for ICMP counts whole seconds" },
		{ icmp->errors && !icmp->verify, "conntrack verifies ICMP errors" },
		{ icmp->errors && !icmp->quoted_options,
		  "conntrack understands IP options in quotes" },
		{ icmp->errors && icmp->quoted_checksum != NAT_QUOTED_UNCHECKED,
		  "conntrack does not look at the checksum of a quoted transport" },
		{ icmp->errors && icmp->error_types != LINUX_ERROR_TYPES,
		  "conntrack lets every type of ICMP error pass" },
		{ icmp->errors && !icmp->any_source, "conntrack takes ICMP errors from anybody" },
		{ icmp->errors && !icmp->code_kept, "conntrack leaves ICMP's codes" },
		{ icmp->errors && !icmp->sender_hidden,
		  "conntrack translates the source of ICMP errors, too" },
		{ icmp->errors && icmp->strays, "conntrack drops ICMP errors about nothing" },
		{ icmp->errors && icmp->on_error != NAT_ERROR_NOTHING,
		  "ICMP errors change nothing in conntrack" },
	};

	return icmp->blocked ? NULL : FIRST_FAILURE(checks);
}

static const char *translated_errors(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->icmp.quote != NAT_QUOTE_REWRITTEN,
		  "conntrack translates what ICMP errors quote, and its checksums" },
		{ model->hairpin != NAT_HAIRPIN_NONE && !model->icmp.hairpinned_errors,
		  "conntrack translates errors about hairpinned packets, too" },
	};

	return model->icmp.blocked || !model->icmp.errors ? NULL : FIRST_FAILURE(checks);
}

static const char *tracked(const struct nat_model *model)
{
	const char *why = fragments(model);

	return why ? why : errors(model);
}

/* TCP as maps and sets follow it: by packets either way.  conntrack beside them lets pass what is
 * out of turn, and loses nothing that a map does not bring back. */
static const char *connections(const struct nat_transport *tcp)
{
	const struct check checks[] = {
		{ tcp->tracking != NAT_TRACKING_LENIENT,
		  "conntrack follows TCP's connections, and is lenient" },
		{ !tcp->simultaneous_open, "conntrack lets SYNs cross" },
		{ !tcp->syn_refreshes, "a SYN that is sent again refreshes its maps" },
		{ tcp->rst != NAT_RST_KEEP, "a RST ends nothing in its maps, and passes" },
		{ tcp->closing_ns, "its maps have no timer for connections that close" },
		{ tcp->reset_ns, "its maps have no timer for connections that were reset" },
	};

	return tcp->blocked ? NULL : FIRST_FAILURE(checks);
}

/* TCP as conntrack alone follows it, whose timers but one stay as they come. */
static const char *conntrack_connections(const struct nat_transport *tcp)
{
	const struct check checks[] = {
		{ tcp->tracking != NAT_TRACKING_LENIENT,
		  "conntrack follows TCP's connections, and is lenient" },
		{ !tcp->simultaneous_open, "conntrack lets SYNs cross" },
		{ tcp->syn_refreshes, "a SYN that is sent again refreshes nothing in conntrack" },
		{ tcp->rst != NAT_RST_END_UNANSWERED,
		  "a RST ends conntrack's entry where nothing had answered" },
		{ tcp->timeout_ns != in_ns(LINUX_TRANSITORY_S),
		  "conntrack gives TCP 120 s to open and to close" },
		{ tcp->closing_ns && tcp->closing_ns != in_ns(LINUX_TRANSITORY_S),
		  "conntrack gives TCP 120 s to open and to close" },
		{ tcp->reset_ns != in_ns(LINUX_RESET_S),
		  "conntrack's entries outlive a RST by 10 s" },
	};

	return tcp->blocked ? NULL : FIRST_FAILURE(checks);
}

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

static bool has_whole_range(const struct nat_transport *t)
{
	return t->port_min == FIRST_PORT && t->port_max == LAST_PORT;
}

/* Are ports that conntrack cannot keep its own to replace, by its own ranges? */
static bool leaves_ports_to_conntrack(const struct nat_transport *t)
{
	return t->ports == NAT_PORTS_PRESERVE && t->collision == NAT_COLLISION_OVERLOAD &&
	       has_whole_range(t);
}

static const char *allocation(const struct nat_transport *t)
{
	const struct check checks[] = {
		{ t->ports == NAT_PORTS_BLOCK || t->ports == NAT_PORTS_DETERMINISTIC,
		  "inside hosts own blocks of ports" },
		{ t->keep_low && !leaves_ports_to_conntrack(t),
		  "it keeps ports below 512 among their own" },
		{ t->reuse_ns, "ports that were given back rest" },
		{ t->ports == NAT_PORTS_SEQUENTIAL && t->step != 1,
		  "its ports go in steps other than +1" },
		{ t->parity, "it keeps the parity of ports" },
		{ t->contiguity, "it keeps neighbouring ports together" },
		{ t->collision == NAT_COLLISION_STEAL, "a newcomer takes a port from its owner" },
		{ t->collision == NAT_COLLISION_DEPENDENT,
		  "a newcomer's mappings turn dependent on the destination" },
		{ t->unsolicited == NAT_UNSOLICITED_POISON,
		  "strays take ports, as with plain masquerade only" },
		{ t->unsolicited == NAT_UNSOLICITED_HOLD, "it holds SYNs that nobody asked for" },
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

static bool is_limited(const struct nat_model *model)
{
	return model->max_mappings || model->max_mappings_host || model->rate_host;
}

static const char *common(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->pool_size > 1, "it has several outside addresses" },
		{ is_limited(model), "its table has a limit" },
		{ model->icmp.identifiers != NAT_PORTS_PRESERVE,
		  "it gives out echo identifiers of its own" },
	};
	const char *why = FIRST_FAILURE(checks);

	return why ? why : translated_errors(model);
}

static const char *echo_filter(const struct nat_model *model)
{
	return !model->icmp.blocked && model->icmp.filtering == NAT_EI
		       ? "anybody may send it echo replies"
		       : NULL;
}

static const char *hairpinning(const struct nat_model *model)
{
	if (model->hairpin == NAT_HAIRPIN_INTERNAL)
		return "it hairpins with the sender's inside endpoint";
	if (model->hairpin == NAT_HAIRPIN_EXTERNAL && (!model->udp.hairpin || !model->tcp.hairpin))
		return "it hairpins some transports only";
	return NULL;
}

static const char *by_knobs(const struct nat_model *model)
{
	const char *why = common(model);

	if (!why)
		why = hairpinning(model);
	if (!why)
		why = echo_filter(model);
	if (!why)
		why = transport(&model->udp);
	if (!why)
		why = two_timers(&model->udp);
	if (!why)
		why = connections(&model->tcp);
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
		{ !t->keep_low, "masquerade keeps ports below 512 among their own" },
		{ !has_whole_range(t), "masquerade gives ports from 1024 to 65535" },
		{ t->reuse_ns, "conntrack's ports do not rest" },
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
			  udp->two_way_after_ns != in_ns(LINUX_TWO_WAY_S),
		  "conntrack takes traffic for two-way after 2 s" },
		{ udp->ports != model->tcp.ports, "masquerade treats UDP and TCP alike" },
		{ !takes_strays_as_linux(model),
		  "its box drops strays, or takes them in and answers TCP by RST" },
		{ model->hairpin != NAT_HAIRPIN_NONE, "plain masquerade does not hairpin" },
	};
	const char *why = common(model);

	if (!why)
		why = echo_filter(model);
	if (!why)
		why = as_conntrack(udp);
	if (!why)
		why = conntrack_connections(&model->tcp);
	if (!why)
		why = as_conntrack(&model->tcp);
	return why ? why : FIRST_FAILURE(checks);
}

static const char *firewall(const struct nat_model *model)
{
	const char *why = echo_filter(model);

	if (!why && is_limited(model))
		why = "its table has a limit";
	if (!why && (model->udp.unsolicited != NAT_UNSOLICITED_DROP ||
		     model->tcp.unsolicited != NAT_UNSOLICITED_DROP))
		why = "its firewall answers strays";
	if (!why && !model->udp.blocked)
		why = timers(&model->udp);
	if (!why)
		why = two_timers(&model->udp);
	if (!why && !model->tcp.out_of_window && !model->tcp.blocked)
		why = "its firewall looks at no windows";
	if (!why)
		why = connections(&model->tcp);
	return why || model->tcp.blocked ? why : timers(&model->tcp);
}

static const char *one_to_one(const struct nat_model *model)
{
	const struct check checks[] = {
		{ model->udp.filtering != NAT_EI || model->tcp.filtering != NAT_EI ||
			  model->icmp.filtering != NAT_EI,
		  "its one-to-one NAT filters" },
		{ model->udp.unsolicited != NAT_UNSOLICITED_DROP ||
			  model->tcp.unsolicited != NAT_UNSOLICITED_DROP,
		  "its one-to-one NAT answers strays" },
	};
	const char *why = common(model);

	if (!why)
		why = connections(&model->tcp);
	return why ? why : FIRST_FAILURE(checks);
}

static const char *by_ruleset(const struct nat_model *model)
{
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
		return model->icmp.ping_answered ? NULL : "a router answers pings";
	case NAT_RULES_UNKNOWN:
		break;
	}
	return "its `kernel` is no ruleset that is known here";
}

static const char *why_not(const struct nat_model *model)
{
	const char *why;

	if (!nat_model_serves(model, 4))
		return "it is for IPv6, which only the engine serves";
	if (model->udp.outbound_ports[0] || model->tcp.outbound_ports[0])
		return "it looks at the ports of what goes out";
	if (model->algs)
		return "it changes payloads";
	why = forwarding(model);
	if (!why && nat_ruleset_of(model) != NAT_RULES_ROUTER)
		why = tracked(model);
	return why ? why : by_ruleset(model);
}

/*
 * A connection that a stranger opens is conntrack's, which translates its answers back to the port
 * that was asked.  By a mapping that depends on the destination they have another (RFC 4787, 4.1).
 */
bool live_nat_connects(const struct nat_model *model, char *why, size_t size)
{
	const struct nat_transport *tcp = &model->tcp;

	if (tcp->blocked || nat_ruleset_of(model) != NAT_RULES_BY_KNOBS || tcp->mapping == NAT_EI ||
	    tcp->filtering == NAT_APD)
		return true;
	if (size)
		snprintf(why, size, "conntrack answers TCP from the port that was asked");
	return false;
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
