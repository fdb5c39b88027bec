/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 6146: a NAT64 told apart from outside the engine, by packets in and out. */
#include "nat64_script.h"

#include <errno.h>

#define LATER "UDP 11.1.1.2:8 > 11.2.0.1:4000"
#define STRANGER "UDP 11.1.1.9:9 > 11.2.0.1:4000"

static void other_prefix(struct script_config *c)
{
	nat64(c);
	assert_int_equal(ip_prefix_parse("2b00:3:1:64::/64", &c->nat.nat64_prefix), 0);
}

static void dependent(struct script_config *c)
{
	nat64(c);
	c->model.udp.mapping = NAT_APD;
}

static void hold(struct script_config *c)
{
	nat64(c);
	c->model.tcp.unsolicited = NAT_UNSOLICITED_HOLD;
}

static void icmp(struct script_config *c)
{
	nat64(c);
	c->model.udp.unsolicited = NAT_UNSOLICITED_ICMP;
	c->model.icmp.ping_answered = false;
}

static void hasty(struct script_config *c)
{
	nat64(c);
	c->model.udp.timeout_ns = 30 * SEC;
}

static void no_hairpin(struct script_config *c)
{
	nat64(c);
	c->model.hairpin = NAT_HAIRPIN_NONE;
}

static void parity(struct script_config *c)
{
	nat64(c);
	c->model.udp.parity = true;
}

static void told(struct script_config *c)
{
	nat64(c);
	c->model.refusal = NAT_REFUSAL_PROHIBITED;
	c->model.max_mappings = 1;
}

static void some_ports_only(struct script_config *c)
{
	nat64(c);
	c->model.udp.outbound_ports[0] = 53;
	c->model.udp.outbound_ports[1] = 8;
}

static const struct script scripts[] = {
	{ "outbound ports: nothing goes out to others",
	  some_ports_only,
	  { { 0, 'i', OUT, "dropped: nothing goes out to this port" },
	    { 0, 'i', "UDP " A " > [64:ff9b::b01:102]:8", "UDP 11.2.0.1:4000 > 11.1.1.2:8" },
	    { 0, 'i', OUT, "dropped: nothing goes out to this port" } } },
	{ "3.5.1: UDP out and back", nat64, { { 0, 'i', OUT, SENT }, { 0, 'o', IN, GOT } } },
	{ "3.5.2: TCP out and back",
	  nat64,
	  { { 0, 'i', SYN6, "TCP 11.2.0.1:4000 > " R " SYN" },
	    { 0, 'o', "TCP " R " > 11.2.0.1:4000 SYN ACK ack 1001", "TCP " R6 " > " A " SYN ACK" },
	    { 0, 'i', "TCP " A " > " R6, "TCP 11.2.0.1:4000 > " R } } },
	{ "3.5.3: echoes, by their identifier",
	  nat64,
	  { { 0, 'i', "ICMP 2b00:3:1::2 > 64:ff9b::b01:102 echo id 5",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 5" },
	    { 0, 'i', "ICMP 2b00:3:1::3 > 64:ff9b::b01:102 echo id 5",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 6" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo reply id 6",
	      "ICMP 64:ff9b::b01:102 > 2b00:3:1::3 echo reply id 5" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo reply id 5",
	      "ICMP 64:ff9b::b01:102 > 2b00:3:1::2 echo reply id 5" } } },
	{ "3.2: endpoint-independent mapping",
	  nat64,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP " A " > [64:ff9b::b01:109]:9", "UDP 11.2.0.1:4000 > 11.1.1.9:9" } } },
	{ "broken: a mapping for each destination",
	  dependent,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP " A " > [64:ff9b::b01:109]:9", "UDP 11.2.0.1:4001 > 11.1.1.9:9" } } },
	{ "3.5.1.1: two inside endpoints get two ports",
	  nat64,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [2b00:3:1::3]:4000 > " R6, "UDP 11.2.0.1:4001 > " R } } },
	{ "3.5.1.1: parity is preserved",
	  parity,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [2b00:3:1::3]:4000 > " R6, "UDP 11.2.0.1:4002 > " R } } },
	{ "3.5.1: address-dependent filtering",
	  nat64,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'o', LATER, "UDP [64:ff9b::b01:102]:8 > " A },
	    { 0, 'o', STRANGER, "dropped: filtered" } } },
	{ "3.5.1: endpoint-independent filtering",
	  open_filter,
	  { { 0, 'i', OUT, SENT }, { 0, 'o', STRANGER, "UDP [64:ff9b::b01:109]:9 > " A } } },
	{ "3.5.1: no binding, no packet", nat64, { { 0, 'o', IN, "dropped: no mapping" } } },
	{ "3.5.1: the stranger may hear of it, in IPv4",
	  icmp,
	  { { 0, 'o', IN, "ICMP 11.2.0.1 > 11.1.1.2 port unreachable, about " IN },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 5", "dropped: no mapping" } } },
	{ "4: UDP idles for two minutes at least, five by default",
	  nat64,
	  { { 0, 'i', OUT, SENT },
	    { 300 * SEC - 1, 'o', IN, GOT },
	    { 300 * SEC, 'o', IN, "dropped: no mapping" } } },
	{ "broken: gone after 30 s",
	  hasty,
	  { { 0, 'i', OUT, SENT }, { 30 * SEC, 'o', IN, "dropped: no mapping" } } },
	{ "3.5.2.2: an unsolicited SYN waits six seconds for its answer",
	  hold,
	  { { 0, 'o', "TCP " R " > 11.2.0.1:4000 SYN", "held: unsolicited SYN" },
	    { 6 * SEC - 1, 'p', "", "nothing" },
	    { 6 * SEC, 'p', "", "ICMP 11.2.0.1 > 11.1.1.2 port unreachable" } } },
	{ "3.5.2.2: one that crosses it makes the connection",
	  hold,
	  { { 0, 'o', "TCP " R " > 11.2.0.1:4000 SYN", "held: unsolicited SYN" },
	    { SEC, 'i', SYN6, "TCP 11.2.0.1:4000 > " R " SYN" },
	    { 6 * SEC, 'p', "", "nothing" },
	    { 7 * SEC, 'o', "TCP " R " > 11.2.0.1:4000 SYN", "TCP " R6 " > " A " SYN" } } },
	{ "3.8: hairpinning, from the outside endpoint",
	  open_filter,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP " B " > [64:ff9b::b02:1]:4000", "UDP [64:ff9b::b02:1]:5000 > " A },
	    { 0, 'i', "UDP " A " > [64:ff9b::b02:1]:5000", "UDP [64:ff9b::b02:1]:4000 > " B } } },
	{ "broken: none",
	  no_hairpin,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP " B " > [64:ff9b::b02:1]:4000", "dropped: no hairpinning" } } },
	{ "3.5: nothing from behind the prefix",
	  nat64,
	  { { 0, 'i', "UDP [64:ff9b::b01:103]:1 > " R6, "dropped: an address" } } },
	{ "RFC 6052, 3.1: the well-known prefix is not for private addresses",
	  nat64,
	  { { 0, 'i', "UDP " A " > [64:ff9b::a00:1]:7", "dropped: an address" },
	    { 0, 'i', "UDP " A " > [64:ff9b::e000:1]:7", "dropped: an address" } } },
	{ "RFC 6052, 2.2: another prefix, which is for them",
	  other_prefix,
	  { { 0, 'i', "UDP " A " > [2b00:3:1:64:b:101:200:0]:7", SENT },
	    { 0, 'o', IN, "UDP [2b00:3:1:64:b:101:200:0]:7 > " A },
	    { 0, 'i', "UDP " A " > [2b00:3:1:64:a:0:100:0]:7",
	      "UDP 11.2.0.1:4000 > 10.0.0.1:7" } } },
	{ "what is not behind the prefix is left alone",
	  nat64,
	  { { 0, 'i', "UDP " A " > [2b00:1:1::2]:7", "UDP " A " > [2b00:1:1::2]:7" },
	    { 0, 'o', "UDP [2b00:1:1::2]:7 > " A, "UDP [2b00:1:1::2]:7 > " A } } },
	{ "IPv4 inside is nobody's",
	  nat64,
	  { { 0, 'i', "UDP 10.0.0.2:1 > " R, "dropped: protocol" } } },
	{ "full: the host hears of it in IPv6",
	  told,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP " B " > " R6,
	      "ICMP 2b00:3:1::1 > 2b00:3:1::3 administratively prohibited" } } },
};

static void configurations(void **state)
{
	struct script_config c;
	struct nat *nat;

	(void)state;
	script_defaults(&c);
	nat64(&c);
	c.nat.pool = c.pool;
	assert_int_equal(ip_prefix_parse("2b00::/33", &c.nat.nat64_prefix), 0);
	assert_int_equal(nat_new(&c.model, &c.nat, &nat), -EINVAL);
	c.nat.nat64_prefix.bits = 32;
	c.pool[0] = script_addr("2b00::1");
	assert_int_equal(nat_new(&c.model, &c.nat, &nat), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations),
	};
	int failed = script_run_all("RFC 6146", scripts, sizeof(scripts) / sizeof(scripts[0]));

	return failed + cmocka_run_group_tests_name("RFC 6146, 5", tests, NULL, NULL);
}
