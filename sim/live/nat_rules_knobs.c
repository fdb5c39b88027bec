/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a NAT by its knobs, out of maps that the packets themselves fill.
 *
 * For each transport (here udp; tcp alike) there are, with timers of their own:
 *
 *   out     inside endpoint [. remote address [. remote port]] -> outside endpoint
 *           The mapping; how much of the remote endpoint it depends on is RFC 4787's 4.1.
 *   in      outside port -> inside endpoint
 *   taken   outside port, as a set, since nftables asks a map only for its value
 *   permit  outside port [. remote address [. remote port]]
 *           The filtering; how much of the remote endpoint is RFC 4787's 5.  Where an inside
 *           endpoint may have several mappings and the filtering is address-dependent, the
 *           inside endpoint stands for the outside port: what it sent by one mapping admits
 *           the answer to another ("the internal endpoint (X:x)" is whose permission it is).
 *
 * Outbound: conntrack allocates the outside port of a connection's first packet, by `out`
 * where the mapping exists and else as the model's `ports` say.  After that, when the packet
 * bears its outside port, `record` notes all four, on the packet's own path, so that nothing
 * that follows can come too early.
 *
 * Inbound: `gate` stands before conntrack and lets in what `permit` knows.  A datagram is then
 * rewritten by `in`, past conntrack: an answer to it is an outbound packet like any other, and
 * gets the mapping that the model says, where conntrack would answer from the port that was
 * asked.  (TCP needs conntrack to see both ways, and so does answer from there.)  Since the
 * gate drops the rest, strays leave no state.  (A permission of the inside endpoint's is asked
 * for later, in `forward`, where that endpoint is known; conntrack forgets what is dropped there.)
 *
 * Mark 2 is on what has the owner's own leave: static forwards and the DMZ.
 *
 * Hairpinning: what comes from inside to the outside address bears mark 1.  It is led in by
 * `in` and gets its outside source like any outbound packet; `record` then asks the receiver's
 * `permit`.  An answer runs back through conntrack, hence from the port that was asked.
 *
 * Not exact: where the model wants the next free port after a collision, or `random` ports,
 * the port is any that conntrack finds free; two mappings of different remotes then share one
 * in one case of 64,512.
 */
#include <stdio.h>
#include <string.h>

#include "nat_rules_writer.h"

static const char *type_of(enum nat_scope scope)
{
	switch (scope) {
	case NAT_EI:
		return "";
	case NAT_AD:
		return " . ipv4_addr";
	case NAT_APD:
		return " . ipv4_addr . inet_service";
	}
	return "";
}

/* Is the permission the inside endpoint's, not the mapping's? */
static bool permits_inside(const struct nat_rules_writer *w)
{
	return w->protocol.knobs->filtering == NAT_AD && w->protocol.knobs->mapping != NAT_EI;
}

/* Tables */

static bool is_udp(const struct nat_rules_writer *w)
{
	return w->protocol.number == IP_PROTO_UDP;
}

static void add_set(struct nat_rules_writer *w, const char *name, const char *type,
		    const char *remote)
{
	script_add(w->script, "	set %s_%s { type %s%s; flags dynamic,timeout; size 65536; }\n",
		   name, w->protocol.word, type, remote);
}

static void add_map(struct nat_rules_writer *w, const char *name, const char *key,
		    const char *value)
{
	script_add(w->script, "	map %s_%s { type %s : %s; flags dynamic,timeout; size 65536; }\n",
		   name, w->protocol.word, key, value);
}

static void add_tables(struct nat_rules_writer *w)
{
	const struct nat_transport *knobs = w->protocol.knobs;

	script_add(
		w->script,
		"	map out_%s { type ipv4_addr . inet_service%s : ipv4_addr . inet_service; "
		"flags dynamic,timeout; size 65536; }\n"
		"	map static_%s { type ipv4_addr . inet_service : ipv4_addr . inet_service; }\n"
		"	set open_%s { type inet_service; }\n",
		w->protocol.word, type_of(knobs->mapping), w->protocol.word, w->protocol.word);
	add_map(w, "in", "inet_service", "ipv4_addr . inet_service");
	if (is_udp(w)) {
		add_map(w, "in_addr", "inet_service", "ipv4_addr");
		add_map(w, "in_port", "inet_service", "inet_service");
	}
	add_set(w, "taken", "inet_service", "");
	add_set(w, "permit", permits_inside(w) ? "ipv4_addr . inet_service" : "inet_service",
		type_of(knobs->filtering));
}

/* Static forwards are elements that never die. */
static void add_forward(struct nat_rules_writer *w, unsigned int outside, const char *addr,
			unsigned int inside)
{
	const char *word = w->protocol.word;

	script_add(w->script,
		   "add element ip nat_box open_%s { %u }\n"
		   "add element ip nat_box taken_%s { %u }\n"
		   "add element ip nat_box in_%s { %u : %s . %u }\n"
		   "add element ip nat_box static_%s { %s . %u : %s . %u }\n",
		   word, outside, word, outside, word, outside, addr, inside, word, addr, inside,
		   w->outside, outside);
	if (is_udp(w))
		script_add(w->script,
			   "add element ip nat_box in_addr_udp { %u : %s }\n"
			   "add element ip nat_box in_port_udp { %u : %u }\n",
			   outside, addr, outside, inside);
}

static void add_forwards(struct nat_rules_writer *w)
{
	for (size_t i = 0; i < w->spec->forwards_len; i++) {
		const struct nat_forward *f = &w->spec->forwards[i];
		char addr[IP_ADDR_TEXT];

		if (f->protocol != w->protocol.number)
			continue;
		ip_addr_format(f->to.addr, addr);
		for (unsigned int port = f->port_first; port <= f->port_last; port++)
			add_forward(w, port, addr, f->to.port + port - f->port_first);
	}
}

/* Timers: a model whose inbound packets refresh keeps its maps, and lets the permits die. */

static const char *note_verb(const struct nat_rules_writer *w)
{
	return w->protocol.knobs->refresh == NAT_REFRESH_NONE ? "add" : "update";
}

static void add_timeout(struct nat_rules_writer *w, bool of_permit)
{
	if (of_permit || w->protocol.knobs->refresh != NAT_REFRESH_BOTH)
		script_add(w->script, " timeout %llums", nat_timeout_ms(&w->protocol));
}

/* Gate: inbound, before conntrack */

static void add_permit_key(struct nat_rules_writer *w)
{
	const char *word = w->protocol.word;

	/* Asked for after the rewriting, this is the inside endpoint. */
	script_add(w->script, permits_inside(w) ? "ip daddr . %s dport" : "%s dport", word);
	if (w->protocol.knobs->filtering != NAT_EI)
		script_add(w->script, " . ip saddr");
	if (w->protocol.knobs->filtering == NAT_APD)
		script_add(w->script, " . %s sport", word);
}

/* Go on in this rule if the packet has a permission, which it may refresh. */
static void ask_permit(struct nat_rules_writer *w)
{
	const char *word = w->protocol.word;

	add_permit_key(w);
	script_add(w->script, " @permit_%s ", word);
	if (w->protocol.knobs->refresh != NAT_REFRESH_BOTH)
		return;
	script_add(w->script, "update @permit_%s { ", word);
	add_permit_key(w);
	add_timeout(w, true);
	script_add(w->script, " } ");
}

static void add_gate(struct nat_rules_writer *w)
{
	const char *word = w->protocol.word;
	const char *enter = is_udp(w) ? "goto enter" : "accept";

	script_add(w->script, "		%s dport @open_%s meta mark set 2 %s\n		", word,
		   word, enter);
	if (permits_inside(w))
		script_add(w->script, "%s dport @taken_%s ", word, word);
	else
		ask_permit(w);
	script_add(w->script, "%s\n", enter);
	if (!ip_addr_is_unset(w->spec->dmz))
		return; /* the rest is the DMZ host's */
	if (w->protocol.knobs->unsolicited == NAT_UNSOLICITED_ICMP)
		script_add(w->script,
			   "		meta l4proto %s reject with icmp port-unreachable\n", word);
	else if (w->protocol.knobs->unsolicited == NAT_UNSOLICITED_RST && !is_udp(w))
		script_add(w->script, "		meta l4proto tcp reject with tcp reset\n");
	else
		script_add(w->script, "		meta l4proto %s drop\n", word);
}

static void add_gates(struct nat_rules_writer w[2])
{
	struct script *script = w->script;

	script_add(script,
		   "	chain enter {\n"
		   "		ip daddr set udp dport map @in_addr_udp\n"
		   "		udp dport set udp dport map @in_port_udp notrack accept\n"
		   "		drop\n"
		   "	}\n"
		   "	chain gate_wan {\n"
		   "		ip daddr != %s meta l4proto { tcp, udp } drop\n",
		   w->outside);
	add_gate(&w[0]);
	add_gate(&w[1]);
	script_add(script, "	}\n"
			   "	chain gate {\n"
			   "		type filter hook prerouting priority raw; policy accept;\n"
			   "		iifname \"" NAT_WAN "\" goto gate_wan\n");
	if (w->spec->model->hairpin == NAT_HAIRPIN_NONE)
		script_add(script,
			   "		iifname \"" NAT_LAN
			   "\" ip daddr %s meta l4proto { tcp, udp } "
			   "drop\n",
			   w->outside);
	else
		script_add(script,
			   "		iifname \"" NAT_LAN
			   "\" ip daddr %s meta l4proto { tcp, udp } "
			   "meta mark set 1\n",
			   w->outside);
	script_add(script, "	}\n");
}

static void add_dnat(struct nat_rules_writer w[2])
{
	char dmz[IP_ADDR_TEXT];

	script_add(w->script,
		   "	chain prerouting {\n"
		   "		type nat hook prerouting priority dstnat;\n"
		   "		meta mark 1 dnat ip to udp dport map @in_udp\n"
		   "		meta mark 1 dnat ip to tcp dport map @in_tcp\n"
		   "		iifname \"" NAT_WAN "\" dnat ip to tcp dport map @in_tcp\n");
	if (!ip_addr_is_unset(w->spec->dmz))
		script_add(w->script,
			   "		iifname \"" NAT_WAN
			   "\" meta l4proto { tcp, udp } meta mark set 2 dnat to %s\n",
			   ip_addr_format(w->spec->dmz, dmz));
	script_add(w->script, "	}\n");
}

/* What the gate had to leave open. */
static void add_inside_permit(struct nat_rules_writer *w)
{
	const char *word = w->protocol.word;

	if (!permits_inside(w))
		return;
	script_add(w->script, "		iifname \"" NAT_WAN "\" ");
	ask_permit(w);
	script_add(w->script, "accept\n		iifname \"" NAT_WAN "\" meta l4proto %s drop\n",
		   word);
}

static void add_forward_chain(struct nat_rules_writer w[2])
{
	script_add(w->script, "	chain forward {\n"
			      "		type filter hook forward priority 0; policy drop;\n");
	nat_rules_blocked(w->spec->model, w->script);
	script_add(w->script, "		ct state invalid drop\n"
			      "		meta mark 2 accept\n");
	add_inside_permit(&w[0]);
	add_inside_permit(&w[1]);
	script_add(w->script, "		iifname \"" NAT_LAN "\" oifname \"" NAT_WAN "\" accept\n"
			      "		ct state established,related,untracked accept\n"
			      "		ct status dnat accept\n"
			      "	}\n");
}

/* Record: outbound, with the outside port in place */

static void note(struct nat_rules_writer *w, const char *dir, const char *table, const char *key,
		 const char *value)
{
	script_add(w->script, "		meta l4proto %s ct direction %s %s @%s_%s { %s",
		   w->protocol.word, dir, note_verb(w), table, w->protocol.word, key);
	add_timeout(w, !strcmp(table, "permit"));
	script_add(w->script, "%s%s }\n", value[0] ? " : " : "", value);
}

static void add_notes(struct nat_rules_writer *w, const char *dir)
{
	const struct nat_transport *knobs = w->protocol.knobs;
	char port[16], permit[160], out[160], addr[32], number[32], inside[72], outside[32];

	snprintf(port, sizeof(port), "%s sport", w->protocol.word);
	snprintf(outside, sizeof(outside), "ip saddr . %s", port);
	/* A reply's inside endpoint is where conntrack sends what comes in. */
	snprintf(addr, sizeof(addr), "ct %s ip saddr", dir);
	snprintf(number, sizeof(number), "ct %s proto-src", dir);
	snprintf(inside, sizeof(inside), "%s . %s", addr, number);
	snprintf(permit, sizeof(permit), "%s%s", permits_inside(w) ? inside : port,
		 nat_rules_remote(knobs->filtering, dir));
	snprintf(out, sizeof(out), "%s%s", inside, nat_rules_remote(knobs->mapping, dir));
	/* The permit first: it is then the first to die, and never leads to nothing. */
	note(w, dir, "permit", permit, "");
	note(w, dir, "in", port, inside);
	if (is_udp(w)) {
		note(w, dir, "in_addr", port, addr);
		note(w, dir, "in_port", port, number);
	}
	note(w, dir, "taken", port, "");
	note(w, dir, "out", out, outside);
}

/* A hairpinned packet meets the filter of the mapping that it was sent to. */
static void add_hairpin_filter(struct nat_rules_writer *w, const char *dir)
{
	const char *word = w->protocol.word;

	script_add(
		w->script,
		"		meta mark 1 meta l4proto %s ct direction %s ct %s proto-dst @open_%s "
		"accept\n",
		word, dir, dir, word);
	script_add(w->script, "		meta mark 1 meta l4proto %s ct direction %s ", word, dir);
	if (permits_inside(w))
		script_add(w->script, "ip daddr . %s dport", word);
	else
		script_add(w->script, "ct %s proto-dst", dir);
	if (w->protocol.knobs->filtering != NAT_EI)
		script_add(w->script, " . ip saddr");
	if (w->protocol.knobs->filtering == NAT_APD)
		script_add(w->script, " . %s sport", word);
	script_add(w->script, " @permit_%s accept\n", word);
}

static void add_record(struct nat_rules_writer *w)
{
	script_add(w->script, "	chain record_%s {\n", w->protocol.word);
	add_notes(w, "original");
	add_notes(w, "reply");
	add_hairpin_filter(w, "original");
	add_hairpin_filter(w, "reply");
	script_add(w->script, "		meta mark 1 drop\n	}\n");
}

/* Base chain @name at @priority sends outbound and hairpinned packets to @to_udp, @to_tcp. */
static void add_outbound(struct script *script, const char *type, const char *name,
			 const char *priority, const char *to)
{
	script_add(script,
		   "	chain %s {\n"
		   "		type %s hook postrouting priority %s;\n"
		   "		oifname \"" NAT_WAN "\" meta l4proto udp goto %s_udp\n"
		   "		oifname \"" NAT_WAN "\" meta l4proto tcp goto %s_tcp\n"
		   "		meta mark 1 meta l4proto udp goto %s_udp\n"
		   "		meta mark 1 meta l4proto tcp goto %s_tcp\n",
		   name, type, priority, to, to, to, to);
}

static struct nat_rules_writer writer_of(const struct live_nat_spec *spec, struct script *script,
					 const struct nat_protocol *protocol)
{
	struct nat_rules_writer w = { .script = script, .spec = spec, .protocol = *protocol };

	ip_addr_format(spec->pool[0], w.outside);
	return w;
}

void nat_rules_knobs(const struct live_nat_spec *spec, struct script *script)
{
	struct nat_protocol protocols[2];
	struct nat_rules_writer w[2];

	nat_protocols(spec->model, protocols);
	for (int i = 0; i < 2; i++)
		w[i] = writer_of(spec, script, &protocols[i]);
	script_add(script, "table ip nat_box {\n");
	for (int i = 0; i < 2; i++) {
		add_tables(&w[i]);
		nat_rules_allocation(&w[i]);
		add_record(&w[i]);
	}
	add_gates(w);
	add_dnat(w);
	add_forward_chain(w);
	nat_rules_input(spec, script);
	add_outbound(script, "nat", "postrouting", "srcnat", "allocate");
	script_add(script, "		oifname \"" NAT_WAN "\" snat to %s\n	}\n", w->outside);
	/* After srcnat, which is at 100. */
	add_outbound(script, "filter", "record", "300", "record");
	script_add(script, "	}\n}\n");
	add_forwards(&w[0]);
	add_forwards(&w[1]);
}
