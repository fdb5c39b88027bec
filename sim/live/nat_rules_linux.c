/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Linux does by itself: masquerade, a stateful firewall, and basic NAT.  Here the state is
 * conntrack's alone.
 */
#include "nat_rules.h"

#include <string.h>

static void add_addr(struct script *script, struct ip_addr addr)
{
	char text[IP_ADDR_TEXT];

	script_add(script, "%s", ip_addr_format(addr, text));
}

/* Static forwards and the DMZ host, which only packets without a connection meet. */
static void add_dnat(const struct live_nat_spec *spec, struct script *script)
{
	script_add(script, "	chain prerouting {\n"
			   "		type nat hook prerouting priority dstnat;\n");
	for (size_t i = 0; i < spec->forwards_len; i++) {
		const struct nat_forward *f = &spec->forwards[i];
		const char *word = f->protocol == IP_PROTO_TCP ? "tcp" : "udp";

		for (unsigned int port = f->port_first; port <= f->port_last; port++) {
			script_add(script,
				   "		iifname \"" NAT_WAN "\" %s dport %u dnat to ", word,
				   port);
			add_addr(script, f->to.addr);
			script_add(script, ":%u\n", f->to.port + port - f->port_first);
		}
	}
	if (!ip_addr_is_unset(spec->dmz)) {
		script_add(script,
			   "		iifname \"" NAT_WAN "\" fib daddr type local dnat to ");
		add_addr(script, spec->dmz);
		script_add(script, "\n");
	}
	script_add(script, "	}\n");
}

/* Forwarded: whatever comes from inside, its answers, and what a forward leads in. */
static void add_forward(const struct live_nat_spec *spec, struct script *script)
{
	script_add(script, "	chain forward {\n"
			   "		type filter hook forward priority 0; policy drop;\n");
	nat_rules_blocked(spec->model, script);
	script_add(script, "		ct state invalid drop\n"
			   "		iifname \"" NAT_LAN "\" oifname \"" NAT_WAN "\" accept\n"
			   "		ct state established,related accept\n"
			   "		ct status dnat accept\n"
			   "	}\n");
}

/*
 * A home router that is one rule.  conntrack keeps the inside port where it can, for each
 * connection anew, and lets in only what belongs to one.
 *
 * With INPUT open a stray that is for the box leaves a connection of its own, which takes the
 * port from the one that comes later from inside: so it is, and that model says it.
 */
void nat_rules_masquerade(const struct live_nat_spec *spec, struct script *script)
{
	bool random = spec->model->udp.ports == NAT_PORTS_RANDOM;
	bool open = spec->model->udp.unsolicited == NAT_UNSOLICITED_POISON;

	script_add(script, "table ip nat_box {\n");
	add_dnat(spec, script);
	add_forward(spec, script);
	script_add(script,
		   "	chain postrouting {\n"
		   "		type nat hook postrouting priority srcnat;\n"
		   "		oifname \"" NAT_WAN "\" masquerade%s\n	}\n",
		   random ? " fully-random" : "");
	if (!open) {
		nat_rules_input(spec, script);
	} else {
		/* From inside nothing hairpins, not even as far as an answer by the box. */
		script_add(script,
			   "	chain input {\n"
			   "		type filter hook input priority 0; policy accept;\n"
			   "		iifname \"" NAT_LAN "\" meta l4proto { tcp, udp } drop\n%s"
			   "	}\n",
			   spec->model->icmp.ping_answered
				   ? ""
				   : "		icmp type echo-request drop\n");
	}
	script_add(script, "}\n");
}

/* Who was spoken to may answer; who counts as "who" is the filtering's to say.  Sets with timers
 * instead of conntrack, whose timers inbound packets restart whatever the model says. */
static void add_firewall_sets(const struct nat_model *model, struct script *script)
{
	struct nat_protocol protocols[2];

	nat_protocols(model, protocols);
	for (int i = 0; i < 2; i++) {
		static const char *const types[] = {
			[NAT_EI] = "",
			[NAT_AD] = " . ipv4_addr",
			[NAT_APD] = " . ipv4_addr . inet_service",
		};

		script_add(script,
			   "	set permit_%s { type ipv4_addr . inet_service%s; "
			   "flags dynamic,timeout; size 65536; timeout %llums; }\n",
			   protocols[i].word, types[protocols[i].knobs->filtering],
			   nat_timeout_ms(&protocols[i]));
	}
}

/* @near, @far: "s" or "d", the inside's and the outside's place in the packet. */
static void add_firewall_key(const struct nat_protocol *p, const char *near, const char *far,
			     struct script *script)
{
	script_add(script, "ip %saddr . %s %sport", near, p->word, near);
	if (p->knobs->filtering != NAT_EI)
		script_add(script, " . ip %saddr", far);
	if (p->knobs->filtering == NAT_APD)
		script_add(script, " . %s %sport", p->word, far);
}

static void add_firewall_rules(const struct nat_protocol *p, struct script *script)
{
	bool refreshed = p->knobs->refresh == NAT_REFRESH_BOTH;

	script_add(script, "		iifname \"" NAT_LAN "\" %s @permit_%s { ",
		   p->knobs->refresh == NAT_REFRESH_NONE ? "add" : "update", p->word);
	add_firewall_key(p, "s", "d", script);
	script_add(script, " } accept\n		iifname \"" NAT_WAN "\" ");
	add_firewall_key(p, "d", "s", script);
	script_add(script, " @permit_%s ", p->word);
	if (refreshed) {
		script_add(script, "update @permit_%s { ", p->word);
		add_firewall_key(p, "d", "s", script);
		script_add(script, " } ");
	}
	script_add(script, "accept\n");
}

void nat_rules_firewall(const struct live_nat_spec *spec, struct script *script)
{
	struct nat_protocol protocols[2];

	nat_protocols(spec->model, protocols);
	script_add(script, "table ip nat_box {\n");
	add_firewall_sets(spec->model, script);
	script_add(script, "	chain forward {\n"
			   "		type filter hook forward priority 0; policy drop;\n");
	nat_rules_blocked(spec->model, script);
	add_firewall_rules(&protocols[0], script);
	add_firewall_rules(&protocols[1], script);
	script_add(script, "		meta l4proto { tcp, udp } drop\n"
			   "		iifname \"" NAT_LAN "\" accept\n"
			   "		ct state established,related accept\n"
			   "	}\n");
	nat_rules_input(spec, script);
	script_add(script, "}\n");
}

/* One inside host, the first that speaks, has the one outside address, for good: a set with room
 * for one element is what a second one fails at. */
void nat_rules_one_to_one(const struct live_nat_spec *spec, struct script *script)
{
	char outside[IP_ADDR_TEXT];

	ip_addr_format(spec->pool[0], outside);
	script_add(script, "table ip nat_box {\n"
			   "	set owners { type ipv4_addr; flags dynamic; size 1; }\n"
			   "	map owner { type ipv4_addr : ipv4_addr; flags dynamic; size 1; }\n"
			   "	chain prerouting {\n"
			   "		type nat hook prerouting priority dstnat;\n"
			   "		iifname \"" NAT_WAN "\" dnat to ip daddr map @owner\n"
			   "	}\n"
			   "	chain forward {\n"
			   "		type filter hook forward priority 0; policy drop;\n");
	nat_rules_blocked(spec->model, script);
	script_add(script,
		   "		ct state invalid drop\n"
		   "		iifname \"" NAT_LAN "\" oifname \"" NAT_WAN "\" "
		   "ct state established,related accept\n"
		   "		iifname \"" NAT_LAN "\" oifname \"" NAT_WAN "\" "
		   "add @owners { ip saddr } accept\n"
		   "		iifname \"" NAT_WAN "\" ct state established,related accept\n"
		   "		iifname \"" NAT_WAN "\" ct status dnat accept\n"
		   "	}\n"
		   "	chain postrouting {\n"
		   "		type nat hook postrouting priority srcnat;\n"
		   "		oifname \"" NAT_WAN "\" snat to %s\n"
		   "	}\n"
		   "	chain record {\n"
		   "		type filter hook postrouting priority 300;\n"
		   "		oifname \"" NAT_WAN "\" ct direction original "
		   "add @owner { ip saddr : ct original ip saddr }\n"
		   "	}\n",
		   outside);
	nat_rules_input(spec, script);
	script_add(script, "}\n");
}
