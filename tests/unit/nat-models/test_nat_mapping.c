/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 4787, 4.1: to which destinations an inside endpoint keeps its outside endpoint, for every
 * mapping and every filtering; pooling; and a deeper network's addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define I2 "UDP 192.168.1.2:4000"
#define O "11.2.0.1"

static void mapping(struct script_config *c, enum nat_scope scope)
{
	c->model.udp.mapping = scope;
	c->model.tcp.mapping = scope;
	c->model.udp.filtering = NAT_EI;
	c->model.tcp.filtering = NAT_EI;
}

static void ei(struct script_config *c)
{
	mapping(c, NAT_EI);
}

static void ad(struct script_config *c)
{
	mapping(c, NAT_AD);
}

static void apd(struct script_config *c)
{
	mapping(c, NAT_APD);
}

static void apd_apd(struct script_config *c)
{
	mapping(c, NAT_APD);
	c->model.udp.filtering = NAT_APD;
}

static void ei_apd(struct script_config *c)
{
	mapping(c, NAT_EI);
	c->model.udp.filtering = NAT_APD;
}

static void paired(struct script_config *c)
{
	c->nat.pool_len = 4;
	c->model.pool_size = 4;
}

static const struct script scripts[] = {
	{ "EI: one outside endpoint for all",
	  ei,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', I2 " > 11.1.1.2:8", "UDP " O ":4000 > 11.1.1.2:8" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP " O ":4000 > 11.1.2.2:7" },
	    { 0, 'i', I2 " > 11.1.2.2:7",
	      "forwarded: known mapping 192.168.1.2:4000 -> " O ":4000" } } },
	{ "AD: one for each remote address",
	  ad,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', I2 " > 11.1.1.2:8", "UDP " O ":4000 > 11.1.1.2:8" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP " O ":4001 > 11.1.2.2:7" },
	    { 0, 'i', I2 " > 11.1.2.2:9", "UDP " O ":4001 > 11.1.2.2:9" } } },
	{ "APD: one for each remote endpoint",
	  apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', I2 " > 11.1.1.2:8", "UDP " O ":4001 > 11.1.1.2:8" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP " O ":4002 > 11.1.2.2:7" },
	    { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" } } },
	{ "another inside port, another host: mappings of their own",
	  ei,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.2:4001 > 11.1.1.2:7", "UDP " O ":4001 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP " O ":4002 > 11.1.1.2:7" } } },
	{ "replies reach each its own",
	  apd_apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP " O ":4001 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > " O ":4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.1.2:7 > " O ":4001", "UDP 11.1.1.2:7 > 192.168.1.3:4000" } } },
	{ "TCP and UDP keep their ports apart",
	  ei_apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'i', "TCP 192.168.1.3:4000 > 11.1.1.2:7 SYN", "TCP " O ":4000 > 11.1.1.2:7 SYN" },
	    { 0, 'o', "TCP 11.1.1.2:7 > " O ":4000", "TCP 11.1.1.2:7 > 192.168.1.3:4000" } } },
	{ "a host behind another NAT is as good as one on the LAN",
	  ei,
	  { { 0, 'i', "UDP 100.64.0.7:4000 > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > " O ":4000", "UDP 11.1.1.2:7 > 100.64.0.7:4000" } } },
	{ "paired: a host keeps its address, neighbours have others",
	  paired,
	  { { 0, 'i', "UDP 192.168.1.4:1 > 11.1.1.2:7", "UDP 11.2.0.1:1 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.5:1 > 11.1.1.2:7", "UDP 11.2.0.2:1 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.4:2 > 11.1.1.2:8", "UDP 11.2.0.1:2 > 11.1.1.2:8" },
	    { 0, 'i', "TCP 192.168.1.5:2 > 11.1.1.2:8 SYN", "TCP 11.2.0.2:2 > 11.1.1.2:8 SYN" } } },
	{ "nobody sends from the outside's own address",
	  ei,
	  { { 0, 'i', "UDP 11.2.0.1:4000 > 11.1.1.2:7",
	      "dropped: source is not an inside address" },
	    { 0, 'i', "UDP 224.0.0.1:4000 > 11.1.1.2:7",
	      "dropped: source is not an inside address" },
	    { 0, 'i', "UDP 0.0.0.0:68 > 11.1.1.2:7",
	      "dropped: source is not an inside address" } } },
	{ "for the router itself, and for everybody on the link",
	  ei,
	  { { 0, 'i', I2 " > 192.168.1.1:53", "taken: for the router itself" },
	    { 0, 'i', I2 " > 239.255.255.250:1900", "taken: for the router itself" },
	    { 0, 'i', I2 " > 255.255.255.255:67", "taken: for the router itself" },
	    { 0, 'i', I2 " > 192.168.1.255:137", "taken: for the router itself" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 224.0.0.251:5353", "taken: for the router itself" } } },
	{ "what is for another inside host stays inside",
	  ei,
	  { { 0, 'i', I2 " > 192.168.1.3:53", "forwarded: routed as it is" },
	    { 0, 'i', I2 " > 192.168.1.3:53", I2 " > 192.168.1.3:53" } } },
	{ "an inside address is nobody's on the outside",
	  ei,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP " O ":4000 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 192.168.1.2:4000", "dropped: no mapping" } } },
};

int main(void)
{
	return script_run_all("mapping", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
