/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat_rules.h"

#include <string.h>

/* (the word of a model file, its generator) */
static const struct {
	const char *word;
	enum nat_ruleset ruleset;
} words[] = {
	{ "", NAT_RULES_BY_KNOBS },
	{ "full-cone", NAT_RULES_BY_KNOBS },
	{ "restricted-cone", NAT_RULES_BY_KNOBS },
	{ "port-restricted-cone", NAT_RULES_BY_KNOBS },
	{ "symmetric", NAT_RULES_BY_KNOBS },
	{ "udp-blocked", NAT_RULES_BY_KNOBS },
	{ "masquerade", NAT_RULES_MASQUERADE },
	{ "masquerade-input-accept", NAT_RULES_MASQUERADE },
	{ "masquerade-random", NAT_RULES_MASQUERADE },
	{ "firewall", NAT_RULES_FIREWALL },
	{ "one-to-one", NAT_RULES_ONE_TO_ONE },
	{ "router", NAT_RULES_ROUTER },
};

/* Without a word, a kind that is not NAPT has but one ruleset. */
static enum nat_ruleset ruleset_of_kind(enum nat_kind kind)
{
	switch (kind) {
	case NAT_KIND_NAPT:
		return NAT_RULES_BY_KNOBS;
	case NAT_KIND_ONE_TO_ONE:
		return NAT_RULES_ONE_TO_ONE;
	case NAT_KIND_FIREWALL:
		return NAT_RULES_FIREWALL;
	case NAT_KIND_ROUTER:
		return NAT_RULES_ROUTER;
	case NAT_KIND_NPTV6: /* nftables' prefix translation changes checksums */
	case NAT_KIND_NAT64:
		break;
	}
	return NAT_RULES_UNKNOWN;
}

enum nat_ruleset nat_ruleset_of(const struct nat_model *model)
{
	if (!model->kernel[0])
		return ruleset_of_kind(model->kind);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].word, model->kernel))
			return words[i].ruleset;
	return NAT_RULES_UNKNOWN;
}

void nat_protocols(const struct nat_model *model, struct nat_protocol ret[2])
{
	ret[0] = (struct nat_protocol){ "udp", IP_PROTO_UDP, &model->udp };
	ret[1] = (struct nat_protocol){ "tcp", IP_PROTO_TCP, &model->tcp };
}

unsigned long long nat_timeout_ms(const struct nat_protocol *protocol)
{
	uint64_t ns = protocol->knobs->timeout_ns;

	if (protocol->number == IP_PROTO_TCP && protocol->knobs->timeout_two_way_ns > ns)
		ns = protocol->knobs->timeout_two_way_ns;
	return (ns + 999999) / 1000000;
}

/* Nothing that is for the box itself has an answer but a ping; so nothing that comes from
 * outside can leave state that takes a port (DESIGN: conntrack poisoning). */
void nat_rules_input(const struct live_nat_spec *spec, struct script *script)
{
	script_add(script, "	chain input {\n"
			   "		type filter hook input priority 0; policy drop;\n"
			   "		iifname \"" NAT_LAN "\" icmp type echo-request accept\n");
	if (spec->model->icmp.ping_answered && !spec->model->icmp.blocked)
		script_add(script, "		icmp type echo-request accept\n");
	script_add(script, "	}\n");
}

void nat_rules_blocked(const struct nat_model *model, struct script *script)
{
	if (model->udp.blocked)
		script_add(script, "		meta l4proto udp drop\n");
	if (model->tcp.blocked)
		script_add(script, "		meta l4proto tcp drop\n");
	if (model->icmp.blocked)
		script_add(script, "		meta l4proto icmp drop\n");
	else if (!model->icmp.errors)
		script_add(script,
			   "		icmp type { destination-unreachable, source-quench, "
			   "time-exceeded, parameter-problem } drop\n");
}

void nat_rules_router(const struct live_nat_spec *spec, struct script *script)
{
	script_add(script, "table ip nat_box {\n"
			   "	chain forward {\n"
			   "		type filter hook forward priority 0; policy accept;\n");
	nat_rules_blocked(spec->model, script);
	script_add(script, "	}\n}\n");
}

void nat_rules(const struct live_nat_spec *spec, struct script *script)
{
	switch (nat_ruleset_of(spec->model)) {
	case NAT_RULES_BY_KNOBS:
		nat_rules_knobs(spec, script);
		break;
	case NAT_RULES_MASQUERADE:
		nat_rules_masquerade(spec, script);
		break;
	case NAT_RULES_FIREWALL:
		nat_rules_firewall(spec, script);
		break;
	case NAT_RULES_ONE_TO_ONE:
		nat_rules_one_to_one(spec, script);
		break;
	case NAT_RULES_ROUTER:
		nat_rules_router(spec, script);
		break;
	case NAT_RULES_UNKNOWN:
		break;
	}
}
