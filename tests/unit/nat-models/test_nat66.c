/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A NAPT between IPv6 addresses: what it does to IPv4, it does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

static void symmetric(struct script_config *c)
{
	script_ip6(c);
	c->model.udp.mapping = NAT_APD;
}

static void one_to_one(struct script_config *c)
{
	script_ip6(c);
	c->model.kind = NAT_KIND_ONE_TO_ONE;
	c->model.udp.filtering = NAT_EI;
	c->nat.pool_len = 2;
}

static void answering(struct script_config *c)
{
	script_ip6(c);
	c->model.icmp.ping_answered = true;
	c->model.udp.unsolicited = NAT_UNSOLICITED_ICMP;
	c->model.tcp.unsolicited = NAT_UNSOLICITED_RST;
}

static void exempting(struct script_config *c)
{
	script_ip6(c);
	assert_int_equal(ip_prefix_parse("2b00:1:2::/48", &c->model.exempt[0]), 0);
	assert_int_equal(ip_prefix_parse("2b00:1:3::5/128", &c->model.exempt[1]), 0);
}

static void forwards(struct script_config *c)
{
	script_ip6(c);
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_TCP, 80, 80, script_endpoint("[fd00:0:1::2]:8080") };
	c->nat.forwards_len = 1;
	c->nat.dmz = script_addr("fd00:0:1::7");
}

#define OUT "UDP [fd00:0:1::2]:4000 > [2b00:1:1::2]:7"
#define SENT "UDP [2b00:2:1::2]:4000 > [2b00:1:1::2]:7"
#define IN "UDP [2b00:1:1::2]:7 > [2b00:2:1::2]:4000"
#define GOT "UDP [2b00:1:1::2]:7 > [fd00:0:1::2]:4000"

static const struct script scripts[] = {
	{ "out, back, and no further",
	  script_ip6,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'o', IN, GOT },
	    { 0, 'o', "UDP [2b00:1:1::2]:8 > [2b00:2:1::2]:4000", "dropped: filtered" },
	    { 0, 'i', "UDP [fd00:0:1::3]:4000 > [2b00:1:1::2]:7",
	      "UDP [2b00:2:1::2]:4001 > [2b00:1:1::2]:7" } } },
	{ "addresses that differ in their upper half only are two",
	  script_ip6,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [fd00:0:1:5::2]:4000 > [2b00:1:1::2]:7",
	      "UDP [2b00:2:1::2]:4001 > [2b00:1:1::2]:7" },
	    { 0, 'o', "UDP [2b00:1:2::2]:7 > [2b00:2:1::2]:4000", "dropped: filtered" } } },
	{ "a port for each destination",
	  symmetric,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [fd00:0:1::2]:4000 > [2b00:1:2::2]:7",
	      "UDP [2b00:2:1::2]:4001 > [2b00:1:2::2]:7" } } },
	{ "hairpinning",
	  script_ip6,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [fd00:0:1::3]:5000 > [2b00:2:1::2]:4000", "dropped: filtered" },
	    { 0, 'i', "UDP [fd00:0:1::2]:4000 > [2b00:2:1::2]:5000",
	      "UDP [2b00:2:1::2]:4000 > [fd00:0:1::3]:5000" } } },
	{ "one-to-one",
	  one_to_one,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [fd00:0:1::3]:4000 > [2b00:1:1::2]:7",
	      "UDP [2b00:2:1::3]:4000 > [2b00:1:1::2]:7" },
	    { 0, 'o', "UDP [2b00:1:9::9]:9 > [2b00:2:1::3]:1",
	      "UDP [2b00:1:9::9]:9 > [fd00:0:1::3]:1" } } },
	{ "a forward and a DMZ host",
	  forwards,
	  { { 0, 'o', "TCP [2b00:1:1::2]:7 > [2b00:2:1::2]:80 SYN",
	      "TCP [2b00:1:1::2]:7 > [fd00:0:1::2]:8080 SYN" },
	    { 0, 'o', IN, "UDP [2b00:1:1::2]:7 > [fd00:0:1::7]:4000" } } },
	{ "RFC 6888 REQ-6: destinations that are not translated for",
	  exempting,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP [fd00:0:1::2]:4000 > [2b00:1:2::2]:7",
	      "UDP [fd00:0:1::2]:4000 > [2b00:1:2::2]:7" },
	    { 0, 'i', "UDP [fd00:0:1::2]:4000 > [2b00:1:3::5]:7",
	      "UDP [fd00:0:1::2]:4000 > [2b00:1:3::5]:7" },
	    { 0, 'o', "UDP [2b00:1:2::2]:9 > [fd00:0:1::3]:5",
	      "UDP [2b00:1:2::2]:9 > [fd00:0:1::3]:5" },
	    { 0, 'o', "UDP [2b00:1:3::6]:9 > [fd00:0:1::3]:5", "dropped: no mapping" } } },
	{ "the router answers: pings itself, strangers as the model says",
	  answering,
	  { { 0, 'o', "ICMP 2b00:1:1::2 > 2b00:2:1::2 echo id 5", "taken: for the router itself" },
	    { 0, 'i', "ICMP fd00:0:1::2 > 2b00:2:1::2 echo id 5", "taken: for the router itself" },
	    { 0, 'o', IN, "ICMP 2b00:2:1::2 > 2b00:1:1::2 port unreachable, about UDP" },
	    { 0, 'o', "TCP [2b00:1:1::2]:7 > [2b00:2:1::2]:9 SYN",
	      "TCP [2b00:2:1::2]:9 > [2b00:1:1::2]:7 RST ACK" } } },
	{ "echoes have identifiers",
	  script_ip6,
	  { { 0, 'i', "ICMP fd00:0:1::2 > 2b00:1:1::2 echo id 5",
	      "ICMP 2b00:2:1::2 > 2b00:1:1::2 echo id 5" },
	    { 0, 'i', "ICMP fd00:0:1::3 > 2b00:1:1::2 echo id 5",
	      "ICMP 2b00:2:1::2 > 2b00:1:1::2 echo id 6" },
	    { 0, 'o', "ICMP 2b00:1:1::2 > 2b00:2:1::2 echo reply id 6",
	      "ICMP 2b00:1:1::2 > fd00:0:1::3 echo reply id 5" } } },
	{ "IPv4 is not its concern",
	  script_ip6,
	  { { 0, 'i', "UDP 192.168.1.2:1 > 11.1.1.2:7", "dropped: protocol not translated" } } },
};

int main(void)
{
	return script_run_all("NAT66", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
