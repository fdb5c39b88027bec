/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NAT models as nftables rulesets: text, from a model and the addresses round it.
 *
 * Pure: it loads nothing.  live_nat_expressible() (nat_express.c) says of which models the
 * text does what they say; for others it must not be asked for.
 */
#ifndef KNOTHOLE_LIVE_NAT_RULES_H
#define KNOTHOLE_LIVE_NAT_RULES_H

#include "live.h"
#include "script.h"

/* The two interfaces of the box. */
#define NAT_LAN "lan"
#define NAT_WAN "wan"

/* Which generator a model's `kernel` word asks for. */
enum nat_ruleset {
	NAT_RULES_UNKNOWN, /* no such word */
	NAT_RULES_BY_KNOBS, /* nat_rules_knobs(): whatever the model's knobs say */
	NAT_RULES_MASQUERADE, /* nat_rules_masquerade(): what Linux itself does */
	NAT_RULES_FIREWALL,
	NAT_RULES_ONE_TO_ONE,
	NAT_RULES_ROUTER,
};
enum nat_ruleset nat_ruleset_of(const struct nat_model *model);

/* The whole ruleset of @spec->model. */
void nat_rules(const struct live_nat_spec *spec, struct script *script);

void nat_rules_knobs(const struct live_nat_spec *spec, struct script *script);
void nat_rules_masquerade(const struct live_nat_spec *spec, struct script *script);
void nat_rules_firewall(const struct live_nat_spec *spec, struct script *script);
void nat_rules_one_to_one(const struct live_nat_spec *spec, struct script *script);
void nat_rules_router(const struct live_nat_spec *spec, struct script *script);

/* Parts that several have: what the box itself accepts, and protocols that are blocked. */
void nat_rules_input(const struct live_nat_spec *spec, struct script *script);
void nat_rules_blocked(const struct nat_model *model, struct script *script);

/* The transports of a model, by nft's words. */
struct nat_protocol {
	const char *word; /* "udp", "tcp" */
	uint8_t number;
	const struct nat_transport *knobs;
};
void nat_protocols(const struct nat_model *model, struct nat_protocol ret[2]);

/* Idle time of a mapping in whole milliseconds, rounded up: TCP's is that of established
 * connections, since a map cannot tell states apart. */
unsigned long long nat_timeout_ms(const struct nat_protocol *protocol);

#endif
