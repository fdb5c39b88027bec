/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 4787, 6: an inside host sends to another's outside endpoint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define A_OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define B_OUT "UDP 192.168.1.3:5000 > 11.1.1.2:7"
#define A_TO_B "UDP 192.168.1.2:4000 > 11.2.0.1:5000"
#define B_TO_A "UDP 192.168.1.3:5000 > 11.2.0.1:4000"

static void hairpin(struct script_config *c, enum nat_hairpin how, enum nat_scope filtering)
{
	c->model.hairpin = how;
	c->model.udp.filtering = filtering;
}

static void none(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_NONE, NAT_EI);
}

static void internal(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_INTERNAL, NAT_EI);
}

static void internal_apd(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_INTERNAL, NAT_APD);
}

static void external(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_EXTERNAL, NAT_EI);
}

static void external_apd(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_EXTERNAL, NAT_APD);
}

static void symmetric(struct script_config *c)
{
	hairpin(c, NAT_HAIRPIN_EXTERNAL, NAT_APD);
	c->model.udp.mapping = NAT_APD;
	c->model.udp.port_min = 6000;
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
}

static void icmp_answer(struct script_config *c)
{
	external_apd(c);
	c->model.udp.unsolicited = NAT_UNSOLICITED_ICMP;
}

static void forward(struct script_config *c)
{
	external_apd(c);
	c->nat.forwards_len = 1;
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_UDP, 53, 53, script_endpoint("192.168.1.9:5353") };
}

static void two_addresses(struct script_config *c)
{
	external_apd(c);
	c->nat.pool_len = c->model.pool_size = 2;
}

static const struct script scripts[] = {
	{ "none: dropped",
	  none,
	  { { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 0, 'i', A_TO_B, "dropped: no hairpinning, on the way to 11.2.0.1:5000" } } },
	{ "external source: from the sender's outside endpoint",
	  external,
	  { { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 0, 'i', A_TO_B, "UDP 11.2.0.1:4000 > 192.168.1.3:5000" },
	    { 0, 'i', A_TO_B, "forwarded: hairpinned" },
	    { 0, 'i', B_TO_A, "UDP 11.2.0.1:5000 > 192.168.1.2:4000" } } },
	{ "internal source: from the sender's inside endpoint",
	  internal,
	  { { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 0, 'i', A_TO_B, "UDP 192.168.1.2:4000 > 192.168.1.3:5000" } } },
	{ "filtered like any packet from outside",
	  external_apd,
	  { { 0, 'i', A_OUT, "forwarded: new mapping" },
	    { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 0, 'i', A_TO_B,
	      "dropped: filtered, no permission for 11.2.0.1:4000 (address-and-port-dependent)" },
	    /* It has opened A's filter for B, though. */
	    { 0, 'i', B_TO_A, "UDP 11.2.0.1:5000 > 192.168.1.2:4000" },
	    { 0, 'i', A_TO_B, "UDP 11.2.0.1:4000 > 192.168.1.3:5000" } } },
	{ "internal source: the filter asks for the outside endpoint too",
	  internal_apd,
	  { { 0, 'i', A_OUT, "forwarded: new mapping" },
	    { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 0, 'i', A_TO_B, "dropped: filtered, no permission for 11.2.0.1:4000" },
	    { 0, 'i', B_TO_A, "UDP 192.168.1.3:5000 > 192.168.1.2:4000" } } },
	{ "symmetric: each is filtered by the other's new port",
	  symmetric,
	  { { 0, 'i', A_OUT, "UDP 11.2.0.1:6000" },
	    { 0, 'i', B_OUT, "UDP 11.2.0.1:6001" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.1:6001",
	      "dropped: filtered, no permission for 11.2.0.1:6002" },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:6000",
	      "dropped: filtered, no permission for 11.2.0.1:6003" } } },
	{ "to oneself",
	  external_apd,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.1:4000",
	      "UDP 11.2.0.1:4000 > 192.168.1.2:4000" } } },
	{ "to a port that nobody has",
	  external_apd,
	  { { 0, 'i', A_TO_B, "dropped: no mapping, for a packet of 11.2.0.1:4000" } } },
	{ "to a port that nobody has, answered",
	  icmp_answer,
	  { { 0, 'i', A_TO_B,
	      "ICMP 11.2.0.1 > 192.168.1.2 port unreachable, about UDP "
	      "192.168.1.2:4000 > 11.2.0.1:5000" } } },
	{ "to a static forward",
	  forward,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.1:53",
	      "UDP 11.2.0.1:4000 > 192.168.1.9:5353" },
	    { 0, 'i', "UDP 192.168.1.9:5353 > 11.2.0.1:4000",
	      "UDP 11.2.0.1:53 > 192.168.1.2:4000" } } },
	{ "between two outside addresses",
	  two_addresses,
	  { { 0, 'i', A_OUT, "UDP 11.2.0.1:4000" },
	    { 0, 'i', B_OUT, "UDP 11.2.0.2:5000" },
	    { 0, 'i', B_TO_A, "dropped: filtered, no permission for 11.2.0.2:5000" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.2:5000",
	      "UDP 11.2.0.1:4000 > 192.168.1.3:5000" } } },
	{ "inbound refreshing counts what is hairpinned in",
	  external,
	  { { 0, 'i', B_OUT, "forwarded: new mapping" },
	    { 299 * SEC, 'i', A_TO_B, "forwarded: hairpinned" },
	    /* The default refreshes by outbound packets only. */
	    { 300 * SEC, 'i', A_TO_B, "dropped: no mapping" },
	    { 598 * SEC, 'i', B_TO_A, "forwarded: hairpinned" } } },
};

int main(void)
{
	return script_run_all("hairpin", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
