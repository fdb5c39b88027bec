/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 4787, UDP: each requirement with an engine that meets it and one that does not, to the
 * nanosecond; from outside they are told apart by probes/behave.  Fragments, ICMP and gateways have tests of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define SENT "UDP 11.2.0.1:4000 > 11.1.1.2:7"
#define IN "UDP 11.1.1.2:7 > 11.2.0.1:4000"
#define GOT "UDP 11.1.1.2:7 > 192.168.1.2:4000"
#define STRANGER "UDP 11.1.1.9:9 > 11.2.0.1:4000"
#define GONE "dropped: no mapping"

static void dependent(struct script_config *c)
{
	c->model.udp.mapping = NAT_APD;
}

static void open_filter(struct script_config *c)
{
	c->model.udp.filtering = NAT_EI;
}

static void by_address(struct script_config *c)
{
	c->model.udp.filtering = NAT_AD;
}

static void overload(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
}

static void any_port(struct script_config *c)
{
	c->model.udp.keep_well_known = false;
	c->model.udp.port_min = 1024;
}

static void parity(struct script_config *c)
{
	c->model.udp.parity = true;
}

static void hasty(struct script_config *c)
{
	c->model.udp.timeout_ns = 30 * SEC;
}

static void refused_refresh(struct script_config *c)
{
	c->model.udp.refresh = NAT_REFRESH_BOTH;
	c->model.udp.refresh_refused = true;
}

static void inbound_refresh(struct script_config *c)
{
	c->model.udp.refresh = NAT_REFRESH_INBOUND;
}

static void no_hairpin(struct script_config *c)
{
	open_filter(c);
	c->model.hairpin = NAT_HAIRPIN_NONE;
}

static void internal_hairpin(struct script_config *c)
{
	open_filter(c);
	c->model.hairpin = NAT_HAIRPIN_INTERNAL;
}

static const struct script scripts[] = {
	{ "REQ-1: one mapping for every destination",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:8", "UDP 11.2.0.1:4000 > 11.1.1.2:8" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.9:7", "UDP 11.2.0.1:4000 > 11.1.1.9:7" } } },
	{ "REQ-1 broken: one for each",
	  dependent,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:8", "UDP 11.2.0.1:4001 > 11.1.1.2:8" } } },
	{ "REQ-3: a port is one host's",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.9:7", "UDP 11.2.0.1:4001 > 11.1.1.9:7" } } },
	{ "REQ-3 broken: two hosts share one",
	  overload,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.9:7", "UDP 11.2.0.1:4000 > 11.1.1.9:7" } } },
	{ "REQ-3a: well-known ports stay so",
	  NULL,
	  { { 0, 'i', "UDP 192.168.1.2:123 > 11.1.1.2:7", "UDP 11.2.0.1:123 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.3:123 > 11.1.1.2:7", "UDP 11.2.0.1:124 > 11.1.1.2:7" } } },
	{ "REQ-3a broken: they do not",
	  any_port,
	  { { 0, 'i', "UDP 192.168.1.2:123 > 11.1.1.2:7", "UDP 11.2.0.1:1024 > 11.1.1.2:7" } } },
	{ "REQ-4: parity is kept",
	  parity,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP 11.2.0.1:4002 > 11.1.1.2:7" } } },
	{ "REQ-4 broken: it is not",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP 11.2.0.1:4001 > 11.1.1.2:7" } } },
	{ "REQ-5c: 5 min", NULL, { { 0, 'i', OUT, SENT }, { 300 * SEC - 1, 'o', IN, GOT } } },
	{ "REQ-5c: and no longer", NULL, { { 0, 'i', OUT, SENT }, { 300 * SEC, 'o', IN, GONE } } },
	{ "REQ-5 broken: gone before 2 min",
	  hasty,
	  { { 0, 'i', OUT, SENT }, { 119 * SEC, 'o', IN, GONE } } },
	{ "REQ-6: outbound packets refresh",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 200 * SEC, 'i', OUT, SENT },
	    { 500 * SEC - 1, 'o', IN, GOT } } },
	{ "REQ-6 broken: they do not",
	  inbound_refresh,
	  { { 0, 'i', OUT, SENT }, { 200 * SEC, 'i', OUT, SENT }, { 300 * SEC, 'o', IN, GONE } } },
	{ "RFC 7857, 7, broken: what is kept out refreshes",
	  refused_refresh,
	  { { 0, 'i', OUT, SENT },
	    { 200 * SEC, 'o', STRANGER, "dropped: filtered" },
	    { 500 * SEC - 1, 'o', IN, GOT },
	    { 800 * SEC - 1, 'o', IN, GONE } } },
	{ "REQ-8: filtering endpoint-independent",
	  open_filter,
	  { { 0, 'i', OUT, SENT }, { 0, 'o', STRANGER, "UDP 11.1.1.9:9 > 192.168.1.2:4000" } } },
	{ "REQ-8: filtering address-dependent",
	  by_address,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'o', "UDP 11.1.1.2:9 > 11.2.0.1:4000", "UDP 11.1.1.2:9 > 192.168.1.2:4000" },
	    { 0, 'o', STRANGER, "dropped: filtered" } } },
	{ "REQ-8 broken: filtering by port",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'o', "UDP 11.1.1.2:9 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "REQ-9a: hairpinned, from the outside endpoint",
	  open_filter,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
	      "UDP 11.2.0.1:5000 > 192.168.1.2:4000" } } },
	{ "REQ-9a broken: from the inside endpoint",
	  internal_hairpin,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
	      "UDP 192.168.1.3:5000 > 192.168.1.2:4000" } } },
	{ "REQ-9 broken: not hairpinned",
	  no_hairpin,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000", "dropped: no hairpinning" } } },
};

int main(void)
{
	return script_run_all("conformance, UDP", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
