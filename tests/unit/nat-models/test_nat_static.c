/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does not come of an inside host's packets: static forwards and the DMZ host; what
 * unsolicited packets meet; a careless router's poisoned ports; kinds other than NAPT.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define A_OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define STRAY "UDP 11.1.2.2:9 > 11.2.0.1:4000"

static void forwards(struct script_config *c)
{
	c->nat.forwards_len = 2;
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_TCP, 80, 80, script_endpoint("192.168.1.2:8080") };
	c->forwards[1] = (struct nat_forward){ IP_PROTO_UDP, 6000, 6010,
					       script_endpoint("192.168.1.3:7000") };
}

static void dmz(struct script_config *c)
{
	c->nat.dmz = script_addr("192.168.1.7");
	c->model.icmp.ping_answered = false;
}

static void dmz_random(struct script_config *c)
{
	dmz(c);
	c->model.udp.ports = NAT_PORTS_RANDOM;
	c->model.udp.port_min = 9000;
	c->model.udp.port_max = 9000;
}

static void dmz_apd(struct script_config *c)
{
	dmz_random(c);
	c->model.udp.mapping = NAT_APD;
}

static void answer_icmp(struct script_config *c)
{
	c->model.udp.unsolicited = c->model.tcp.unsolicited = NAT_UNSOLICITED_ICMP;
}

static void answer_rst(struct script_config *c)
{
	c->model.udp.unsolicited = c->model.tcp.unsolicited = NAT_UNSOLICITED_RST;
}

static void like_linux(struct script_config *c)
{
	struct nat_transport *udp = &c->model.udp;

	udp->mapping = udp->filtering = NAT_APD;
	udp->collision = NAT_COLLISION_OVERLOAD;
	udp->refresh = NAT_REFRESH_BOTH;
	udp->timeout_ns = 30 * SEC;
	udp->timeout_two_way_ns = 120 * SEC;
	udp->two_way_after_ns = 2 * SEC;
	udp->unsolicited = NAT_UNSOLICITED_POISON;
	/* So that the test knows which port a collision leads to. */
	udp->port_min = 4000;
	udp->port_max = 4001;
}

/* A careless router that does not share ports. */
static void poison_ei(struct script_config *c)
{
	c->model.udp.unsolicited = NAT_UNSOLICITED_POISON;
	c->model.udp.timeout_ns = 30 * SEC;
}

static void one_to_one(struct script_config *c)
{
	c->model.kind = NAT_KIND_ONE_TO_ONE;
	c->model.udp.filtering = c->model.tcp.filtering = c->model.icmp.filtering = NAT_EI;
	c->nat.pool_len = 2;
}

static void one_to_one_apd(struct script_config *c)
{
	one_to_one(c);
	c->model.udp.filtering = NAT_APD;
}

static void one_to_one_forwards(struct script_config *c)
{
	one_to_one(c);
	forwards(c);
}

static void firewall(struct script_config *c)
{
	c->model.kind = NAT_KIND_FIREWALL;
}

static void firewall_ad(struct script_config *c)
{
	firewall(c);
	c->model.udp.filtering = NAT_AD;
}

static void firewall_ei(struct script_config *c)
{
	firewall(c);
	c->model.udp.filtering = NAT_EI;
}

static void firewall_open(struct script_config *c)
{
	firewall(c);
	forwards(c);
	c->nat.dmz = script_addr("192.168.1.7");
}

static void router(struct script_config *c)
{
	c->model.kind = NAT_KIND_ROUTER;
}

static void udp_blocked(struct script_config *c)
{
	c->model.udp.blocked = true;
}

/* Who looks at every segment has to have seen the first, and not to have begun with an answer. */
static void dmz_strict(struct script_config *c)
{
	dmz(c);
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
	c->model.tcp.out_of_window = false;
}

static void firewall_strict(struct script_config *c)
{
	firewall_open(c);
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
}

static void one_to_one_strict(struct script_config *c)
{
	dmz_strict(c);
	c->model.kind = NAT_KIND_ONE_TO_ONE;
}

static const struct script forwarding[] = {
	{ "a forward leads in, for anybody, and back out",
	  forwards,
	  { { 0, 'o', "TCP 11.1.1.2:7 > 11.2.0.1:80 SYN", "TCP 11.1.1.2:7 > 192.168.1.2:8080 SYN" },
	    { 0, 'o', "TCP 11.1.1.2:7 > 11.2.0.1:80 SYN",
	      "forwarded: static forward 192.168.1.2:8080 -> 11.2.0.1:80" },
	    { 0, 'i', "TCP 192.168.1.2:8080 > 11.1.1.2:7", "TCP 11.2.0.1:80 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:80", "dropped: no mapping" } } },
	{ "the inside port moves along with the outside one",
	  forwards,
	  { { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:6000", "UDP 11.1.1.2:7 > 192.168.1.3:7000" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:6010", "UDP 11.1.1.2:7 > 192.168.1.3:7010" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:6011", "dropped: no mapping" },
	    { 0, 'i', "UDP 192.168.1.3:7010 > 11.9.9.9:1", "UDP 11.2.0.1:6010 > 11.9.9.9:1" },
	    { 0, 'i', "UDP 192.168.1.3:7011 > 11.9.9.9:1", "UDP 11.2.0.1:7011 > 11.9.9.9:1" } } },
	{ "no mapping gets a forward's port",
	  forwards,
	  { { 0, 'i', "UDP 192.168.1.2:6000 > 11.1.1.2:7", "UDP 11.2.0.1:6011 > 11.1.1.2:7" },
	    { 0, 'i', "TCP 192.168.1.2:6000 > 11.1.1.2:7", "TCP 11.2.0.1:6000 > 11.1.1.2:7" } } },
	{ "the DMZ host gets what nobody else does, and answers from there",
	  dmz,
	  { { 0, 'o', STRAY, "UDP 11.1.2.2:9 > 192.168.1.7:4000" },
	    { 0, 'o', STRAY, "forwarded: DMZ host 192.168.1.7:4000 -> 11.2.0.1:4000" },
	    { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4000 > 11.1.2.2:9" },
	    { 0, 'o', "UDP 11.1.3.2:1 > 11.2.0.1:4000", "UDP 11.1.3.2:1 > 192.168.1.7:4000" } } },
	{ "the DMZ host gets what a mapping's filter stops",
	  dmz,
	  { { 0, 'i', A_OUT, "UDP 11.2.0.1:4000" },
	    { 0, 'o', STRAY, "UDP 11.1.2.2:9 > 192.168.1.7:4000" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" },
	    { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4000 > 11.1.2.2:9" } } },
	{ "the DMZ host's own mapping is another",
	  dmz_random,
	  { { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.1.2:7", "UDP 11.2.0.1:9000 > 11.1.1.2:7" },
	    { 0, 'o', STRAY, "UDP 11.1.2.2:9 > 192.168.1.7:4000" },
	    { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4000 > 11.1.2.2:9" },
	    { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.1.2:7", "UDP 11.2.0.1:9000 > 11.1.1.2:7" },
	    { 300 * SEC, 'i', "UDP 192.168.1.7:4000 > 11.1.2.2:9", "UDP 11.2.0.1:9000" } } },
	{ "the DMZ host's word to a remote endpoint is not crossed by that one's stray",
	  dmz_apd,
	  { { 0, 'i', "UDP 192.168.1.7:4000 > 11.1.2.2:9", "UDP 11.2.0.1:9000 > 11.1.2.2:9" },
	    { 0, 'o', STRAY, "dropped: port in use" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:9000", "UDP 11.1.2.2:9 > 192.168.1.7:4000" } } },
	{ "a connection to the DMZ host is one, whatever else its port is for",
	  dmz_strict,
	  { { 0, 'i', "TCP 192.168.1.7:4000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:4000 SYN seq 5 win 1000",
	      "TCP 11.1.2.2:9 > 192.168.1.7:4000 SYN" },
	    { 0, 'i', "TCP 192.168.1.7:4000 > 11.1.2.2:9 SYN ACK seq 8 ack 6 win 1000",
	      "TCP 11.2.0.1:4000 > 11.1.2.2:9 SYN ACK" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:4000 ACK seq 6 ack 9 win 1000",
	      "TCP 11.1.2.2:9 > 192.168.1.7:4000 ACK" } } },
	{ "a firewall's DMZ host and forwards answer",
	  firewall_strict,
	  { { 0, 'o', "TCP 11.1.2.2:9 > 192.168.1.7:80 SYN",
	      "TCP 11.1.2.2:9 > 192.168.1.7:80 SYN" },
	    { 0, 'i', "TCP 192.168.1.7:80 > 11.1.2.2:9 SYN ACK",
	      "TCP 192.168.1.7:80 > 11.1.2.2:9 SYN ACK" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 192.168.1.2:8080 SYN",
	      "TCP 11.1.2.2:9 > 192.168.1.2:8080 SYN" },
	    { 0, 'i', "TCP 192.168.1.2:8080 > 11.1.2.2:9 SYN ACK",
	      "TCP 192.168.1.2:8080 > 11.1.2.2:9 SYN ACK" },
	    { 0, 'i', "TCP 192.168.1.3:80 > 11.1.2.2:9 SYN ACK", "dropped: out of turn" } } },
	{ "and so does that of a NAT that keeps ports",
	  one_to_one_strict,
	  { { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:80 SYN", "TCP 11.1.2.2:9 > 192.168.1.7:80 SYN" },
	    { 0, 'i', "TCP 192.168.1.7:80 > 11.1.2.2:9 SYN ACK",
	      "TCP 11.2.0.1:80 > 11.1.2.2:9 SYN ACK" } } },
	{ "the DMZ host can be pinged",
	  dmz,
	  { { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 7",
	      "ICMP 11.1.1.2 > 192.168.1.7 echo id 7" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 7", "forwarded: DMZ host" },
	    { 0, 'i', "ICMP 192.168.1.7 > 11.1.1.2 echo reply id 7",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo reply id 7" } } },
};

static const struct script unsolicited[] = {
	{ "drop",
	  NULL,
	  { { 0, 'o', STRAY, "dropped: no mapping, for a packet of 11.1.2.2:9" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:80 SYN", "dropped: no mapping" } } },
	{ "icmp: port unreachable",
	  answer_icmp,
	  { { 0, 'o', STRAY,
	      "ICMP 11.2.0.1 > 11.1.2.2 port unreachable, about UDP 11.1.2.2:9 > 11.2.0.1:4000" },
	    { 0, 'o', STRAY, "answered: no mapping, for a packet of 11.1.2.2:9" },
	    { 0, 'i', A_OUT, "UDP 11.2.0.1:4000" },
	    { 0, 'o', STRAY, "answered: filtered, no permission for 11.1.2.2:9" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.1 echo reply id 7", "dropped: no mapping" } } },
	{ "rst: TCP is reset, the rest dropped",
	  answer_rst,
	  { { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:80 SYN", "TCP 11.2.0.1:80 > 11.1.2.2:9 RST ACK" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.1:80", "TCP 11.2.0.1:80 > 11.1.2.2:9 RST" },
	    { 0, 'o', STRAY, "dropped: no mapping" } } },
	{ "poison: a stray takes the port, toward its own endpoint",
	  like_linux,
	  { { 0, 'o', STRAY, "taken: taken by the router itself, whose state now holds the port" },
	    { 0, 'i', A_OUT, "UDP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4001 > 11.1.2.2:9" },
	    { 0, 'o', STRAY, "taken: taken by the router itself" } } },
	{ "poison: a mapping that was there first stays",
	  like_linux,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4000 > 11.1.2.2:9" },
	    { 0, 'o', STRAY, "UDP 11.1.2.2:9 > 192.168.1.2:4000" } } },
	{ "poison: strays while there is a mapping toward others",
	  like_linux,
	  { { 0, 'i', A_OUT, "UDP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 0, 'o', STRAY, "taken: taken by the router itself" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4001 > 11.1.2.2:9" } } },
	{ "poison: the port is free again 30 s after the last stray",
	  like_linux,
	  { { 0, 'o', STRAY, "taken: taken by the router itself" },
	    { 10 * SEC, 'o', STRAY, "taken: taken by the router itself" },
	    { 40 * SEC - 1, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4001" },
	    { 40 * SEC - 1, 'o', STRAY, "taken: taken by the router itself" },
	    { 70 * SEC - 1, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "UDP 11.2.0.1:4000" } } },
	{ "poison: not by what comes from inside",
	  poison_ei,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.1:5000", "dropped: no mapping" },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.1.1.2:7", "UDP 11.2.0.1:5000 > 11.1.1.2:7" } } },
	{ "poison without sharing: the port is nobody else's",
	  poison_ei,
	  { { 0, 'o', STRAY, "taken: taken by the router itself" },
	    { 0, 'i', A_OUT, "UDP 11.2.0.1:4001 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4001", "dropped: filtered" },
	    { 30 * SEC - 1, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP 11.2.0.1:4002" },
	    { 30 * SEC, 'i', "UDP 192.168.1.4:4000 > 11.1.1.2:7", "UDP 11.2.0.1:4000" } } },
};

static const struct script kinds[] = {
	{ "one-to-one: an address for each host, ports stay, anybody may send",
	  one_to_one,
	  { { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:53", "dropped: no mapping" },
	    { 0, 'i', A_OUT, "UDP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP 11.2.0.2:4000 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:53", "UDP 11.1.2.2:9 > 192.168.1.2:53" },
	    { 0, 'o', "TCP 11.1.2.2:9 > 11.2.0.2:80 SYN", "TCP 11.1.2.2:9 > 192.168.1.3:80 SYN" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.2 echo id 5",
	      "ICMP 11.1.2.2 > 192.168.1.3 echo id 5" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.1.2.2 echo reply id 5",
	      "ICMP 11.2.0.2 > 11.1.2.2 echo reply id 5" },
	    { 0, 'i', "UDP 192.168.1.4:4000 > 11.1.1.2:7", "dropped: no free port" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.2:5",
	      "UDP 11.2.0.1:4000 > 192.168.1.3:5" } } },
	{ "one-to-one with a filter",
	  one_to_one_apd,
	  { { 0, 'i', A_OUT, "UDP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.1.2:8 > 11.2.0.1:4000", "dropped: filtered" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4001", "dropped: no mapping" },
	    { 300 * SEC, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "dropped: no mapping" },
	    /* The address is the host's for good. */
	    { 300 * SEC, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "UDP 11.2.0.2:4000" } } },
	{ "one-to-one: a port that is forwarded to another is nobody else's",
	  one_to_one_forwards,
	  { { 0, 'i', "UDP 192.168.1.2:5999 > 11.1.1.2:7", "UDP 11.2.0.1:5999 > 11.1.1.2:7" },
	    { 0, 'i', "UDP 192.168.1.2:6000 > 11.1.1.2:7", "dropped: port in use" },
	    { 0, 'i', "UDP 192.168.1.2:6010 > 11.1.1.2:7", "dropped: port in use" },
	    { 0, 'i', "TCP 192.168.1.2:6000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:6000 > 11.1.1.2:7" },
	    /* Only the first address is forwarded from. */
	    { 0, 'i', "UDP 192.168.1.4:6000 > 11.1.1.2:7", "UDP 11.2.0.2:6000 > 11.1.1.2:7" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:6000", "UDP 11.1.1.2:7 > 192.168.1.3:7000" } } },
	{ "firewall: nothing is translated, strangers are stopped",
	  firewall,
	  { { 0, 'i', A_OUT, A_OUT },
	    { 0, 'o', "UDP 11.1.1.2:7 > 192.168.1.2:4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.1.2:8 > 192.168.1.2:4000",
	      "dropped: filtered, no permission for 11.1.1.2:8 (address-and-port-dependent)" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 192.168.1.3:4000", "dropped: no mapping" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "taken: for the router itself" },
	    { 300 * SEC - 1, 'o', "UDP 11.1.1.2:7 > 192.168.1.2:4000", "forwarded: known mapping" },
	    { 300 * SEC, 'o', "UDP 11.1.1.2:7 > 192.168.1.2:4000", "dropped: no mapping" } } },
	{ "firewall by address",
	  firewall_ad,
	  { { 0, 'i', A_OUT, A_OUT },
	    { 0, 'o', "UDP 11.1.1.2:8 > 192.168.1.2:4000", "forwarded: known mapping" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 192.168.1.2:4000", "dropped: filtered" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.2:9", "forwarded: known mapping" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 192.168.1.2:4000", "forwarded: known mapping" } } },
	{ "firewall that stops nobody, once the inside has spoken (RFC 6092, REC-17)",
	  firewall_ei,
	  { { 0, 'o', "UDP 11.1.3.2:9 > 192.168.1.2:4000", "dropped: no mapping" },
	    { 0, 'i', A_OUT, A_OUT },
	    { 0, 'o', "UDP 11.1.3.2:9 > 192.168.1.2:4000", "UDP 11.1.3.2:9 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.3.2:9 > 192.168.1.2:4001", "dropped: no mapping" } } },
	{ "firewall with an open port, and an open host",
	  firewall_open,
	  { { 0, 'o', "TCP 11.1.1.2:7 > 192.168.1.2:8080 SYN", "forwarded: static forward" },
	    { 0, 'o', "TCP 11.1.1.2:7 > 192.168.1.2:8081 SYN", "dropped: no mapping" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 192.168.1.7:1", "forwarded: DMZ host" } } },
	{ "router: everything as it is",
	  router,
	  { { 0, 'i', A_OUT, A_OUT },
	    { 0, 'o', "UDP 11.1.2.2:9 > 192.168.1.2:4000", "forwarded: routed as it is" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "taken: for the router itself" },
	    { 0, 'i', "UDP 192.168.1.2:1 > 192.168.1.3:2", "forwarded: routed as it is" } } },
	{ "a blocked protocol passes neither way",
	  udp_blocked,
	  { { 0, 'i', A_OUT, "dropped: protocol blocked" },
	    { 0, 'o', STRAY, "dropped: protocol blocked" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN",
	      "TCP 11.2.0.1:4000 > 11.1.1.2:7 SYN" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 192.168.1.1:53", "taken: for the router itself" } } },
};

static void expect_refused(const struct script_config *config)
{
	struct nat_config nat = config->nat;
	struct nat *ret = NULL;

	nat.pool = config->pool;
	nat.forwards = config->forwards;
	assert_int_equal(nat_new(&config->model, &nat, &ret), -EINVAL);
	assert_null(ret);
}

static void contradictions(void **state)
{
	struct script_config c;

	(void)state;
	script_defaults(&c);
	c.nat.pool_len = 0;
	expect_refused(&c);
	script_defaults(&c);
	c.model.pool_size = 2;
	expect_refused(&c);
	script_defaults(&c);
	c.nat.pool_len = 2;
	c.pool[1] = c.pool[0];
	expect_refused(&c);
	script_defaults(&c);
	c.model.udp.port_min = 2;
	c.model.udp.port_max = 1;
	expect_refused(&c);
	script_defaults(&c);
	c.model.udp.timeout_ns = 0;
	expect_refused(&c);
	script_defaults(&c);
	c.model.tcp.ports = NAT_PORTS_SEQUENTIAL;
	c.model.tcp.step = 0;
	expect_refused(&c);
	script_defaults(&c);
	c.model.udp.ports = NAT_PORTS_BLOCK;
	c.model.udp.block_size = 0;
	expect_refused(&c);
	script_defaults(&c);
	forwards(&c);
	c.forwards[1] = c.forwards[0];
	expect_refused(&c);
	forwards(&c);
	c.forwards[1].to.port = 65530; /* and eleven ports on */
	expect_refused(&c);
	forwards(&c);
	c.forwards[0].protocol = IP_PROTO_ICMP;
	expect_refused(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(contradictions) };

	return cmocka_run_group_tests_name("configuration", tests, NULL, NULL) +
	       script_run_all("forwards", forwarding, sizeof(forwarding) / sizeof(*forwarding)) +
	       script_run_all("unsolicited", unsolicited,
			      sizeof(unsolicited) / sizeof(*unsolicited)) +
	       script_run_all("kinds", kinds, sizeof(kinds) / sizeof(*kinds));
}
