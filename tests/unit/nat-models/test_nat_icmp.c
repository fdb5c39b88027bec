/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 5508: queries mapped by identifier; errors translated with the packet that they quote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat_script.h"

#define PING "ICMP 192.168.1.2 > 11.1.1.2 echo id 7"
#define PONG "ICMP 11.1.1.2 > 11.2.0.1 echo reply id 7"

static void ei(struct script_config *c)
{
	c->model.icmp.filtering = NAT_EI;
}

static void ad(struct script_config *c)
{
	c->model.icmp.mapping = NAT_AD;
}

static void sequential_identifiers(struct script_config *c)
{
	c->model.icmp.identifiers = NAT_PORTS_SEQUENTIAL;
}

static void blocked(struct script_config *c)
{
	c->model.icmp.blocked = true;
}

static void silent(struct script_config *c)
{
	c->model.icmp.ping_answered = false;
}

static void shared(struct script_config *c)
{
	c->model.icmp.mapping = NAT_AD;
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
}

static const struct script queries[] = {
	{ "an identifier maps like a port",
	  NULL,
	  { { 0, 'i', PING, "ICMP 11.2.0.1 > 11.1.1.2 echo id 7" },
	    { 0, 'o', PONG, "ICMP 11.1.1.2 > 192.168.1.2 echo reply id 7" },
	    { 0, 'i', PING, "forwarded: known mapping 192.168.1.2:7 -> 11.2.0.1:7" } } },
	{ "two hosts with one identifier",
	  NULL,
	  { { 0, 'i', PING, "ICMP 11.2.0.1 > 11.1.1.2 echo id 7" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.1.1.2 echo id 7",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 8" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo reply id 8",
	      "ICMP 11.1.1.2 > 192.168.1.3 echo reply id 7" } } },
	{ "identifier 0, and the last one",
	  NULL,
	  { { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo id 0",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 0" },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo id 65535",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 65535" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.1.1.2 echo id 65535",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 1" } } },
	{ "sequential identifiers",
	  sequential_identifiers,
	  { { 0, 'i', PING, "ICMP 11.2.0.1 > 11.1.1.2 echo id 0" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.1.1.2 echo id 7",
	      "ICMP 11.2.0.1 > 11.1.1.2 echo id 1" } } },
	{ "shared identifiers, as Linux has them",
	  shared,
	  { { 0, 'i', PING, "ICMP 11.2.0.1 > 11.1.1.2 echo id 7" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.1.2.2 echo id 7",
	      "ICMP 11.2.0.1 > 11.1.2.2 echo id 7" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.1 echo reply id 7",
	      "ICMP 11.1.2.2 > 192.168.1.3 echo reply id 7" },
	    { 0, 'o', PONG, "ICMP 11.1.1.2 > 192.168.1.2 echo reply id 7" } } },
	{ "mapping by address",
	  ad,
	  { { 0, 'i', PING, "ICMP 11.2.0.1 > 11.1.1.2 echo id 7" },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.1.2.2 echo id 7",
	      "ICMP 11.2.0.1 > 11.1.2.2 echo id 8" } } },
	{ "filtering by address",
	  NULL,
	  { { 0, 'i', PING, "ICMP 11.2.0.1" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.1 echo reply id 7",
	      "dropped: filtered, no permission for 11.1.2.2 (address-dependent)" },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.1.2.2 echo id 7", "ICMP 11.2.0.1" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.1 echo reply id 7",
	      "ICMP 11.1.2.2 > 192.168.1.2 echo reply id 7" } } },
	{ "no filtering",
	  ei,
	  { { 0, 'i', PING, "ICMP 11.2.0.1" },
	    { 0, 'o', "ICMP 11.1.2.2 > 11.2.0.1 echo reply id 7",
	      "ICMP 11.1.2.2 > 192.168.1.2 echo reply id 7" } } },
	{ "REQ-2: 60 s, refreshed either way",
	  NULL,
	  { { 0, 'i', PING, "ICMP 11.2.0.1" },
	    { 30 * SEC, 'o', PONG, "forwarded: known mapping" },
	    { 90 * SEC - 1, 'o', PONG, "forwarded: known mapping" },
	    { 150 * SEC - 1, 'o', PONG, "dropped: no mapping, for a packet of 11.1.1.2" } } },
	{ "a request from outside is no reply: the router answers it",
	  ei,
	  { { 0, 'i', PING, "ICMP 11.2.0.1" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 7", "taken: for the router itself" },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.2.0.1 echo id 9", "taken: for the router itself" } } },
	{ "or it does not",
	  silent,
	  { { 0, 'i', PING, "ICMP 11.2.0.1" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 7", "dropped: filtered" },
	    { 0, 'o', "ICMP 11.1.1.2 > 11.2.0.1 echo id 8", "dropped: no mapping" } } },
	{ "a reply from inside opens nothing",
	  NULL,
	  { { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo reply id 7", "dropped: no mapping" } } },
	{ "blocked",
	  blocked,
	  { { 0, 'i', PING, "dropped: protocol blocked" },
	    { 0, 'o', PONG, "dropped: protocol blocked" } } },
};

/*
 * A world for errors: two hosts have sent to 11.1.1.2:7 and to each other's outside endpoint.
 * Errors are made by packet_make_icmp_error() out of the packet that they are about.
 */
struct error_row {
	const char *name;
	void (*tune)(struct script_config *config);
	char from;
	const char *about; /* as whoever complains has seen it */
	const char *sender; /* who complains */
	const char *want;
};

static void ei_full(struct script_config *c)
{
	c->model.udp.filtering = NAT_EI;
}

static void symmetric(struct script_config *c)
{
	c->model.udp.mapping = NAT_APD;
}

static void overload(struct script_config *c)
{
	c->model.udp.mapping = NAT_APD;
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
}

static void no_errors(struct script_config *c)
{
	c->model.icmp.errors = false;
}

static void no_udp(struct script_config *c)
{
	c->model.udp.blocked = true;
}

static void no_hairpin(struct script_config *c)
{
	ei_full(c);
	c->model.hairpin = NAT_HAIRPIN_NONE;
}

static void firewall(struct script_config *c)
{
	c->model.kind = NAT_KIND_FIREWALL;
}

static void one_to_one(struct script_config *c)
{
	c->model.kind = NAT_KIND_ONE_TO_ONE;
	c->model.udp.filtering = NAT_EI;
	c->nat.pool_len = 2;
}

static void forward(struct script_config *c)
{
	c->nat.forwards_len = 1;
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_UDP, 53, 53, script_endpoint("192.168.1.9:5353") };
}

static void exempt_port(struct script_config *c)
{
	c->model.udp.exempt_ports[0] = 9;
}

static void shy(struct script_config *c)
{
	c->model.icmp.any_source = false;
}

static void codes_lost(struct script_config *c)
{
	c->model.icmp.code_kept = false;
}

static void sender_shown(struct script_config *c)
{
	c->model.icmp.sender_hidden = false;
}

static void strays(struct script_config *c)
{
	c->model.icmp.strays = true;
}

static void strays_firewall(struct script_config *c)
{
	firewall(c);
	strays(c);
}

static void strays_one_to_one(struct script_config *c)
{
	one_to_one(c);
	c->model.udp.filtering = NAT_APD;
	strays(c);
}

static const struct error_row errors[] = {
	{ "RFC 6888 REQ-6: from a router, about what is not translated", exempt_port, 'o',
	  "UDP 192.168.1.2:4000 > 11.1.1.2:9", "11.9.9.9",
	  "ICMP 11.9.9.9 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:9" },
	{ "RFC 6888 REQ-6: from inside, about what is not translated", exempt_port, 'i',
	  "UDP 11.1.1.2:9 > 192.168.1.2:4000", "192.168.1.2",
	  "ICMP 192.168.1.2 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:9 > 192.168.1.2:4000" },
	{ "RFC 6888 REQ-6: nor is anything else let in to an inside address", exempt_port, 'o',
	  "UDP 192.168.1.2:4000 > 11.1.1.2:7", "11.9.9.9", "dropped: no mapping" },
	{ "RFC 4787 REQ-12a broken: from a router on the way", shy, 'o',
	  "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.9.9.9", "dropped: filtered" },
	{ "RFC 4787 REQ-12a broken: the remote host itself", shy, 'o',
	  "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "REQ-4b broken: another code", codes_lost, 'o', "UDP 11.2.0.1:4000 > 11.1.1.2:7",
	  "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 net unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "REQ-5b broken: another code", codes_lost, 'i', "UDP 11.1.1.2:7 > 192.168.1.2:4000",
	  "192.168.1.2",
	  "ICMP 11.2.0.1 > 11.1.1.2 net unreachable, about UDP 11.1.1.2:7 > 11.2.0.1:4000" },
	{ "REQ-5c broken: from an inside address", sender_shown, 'i',
	  "UDP 11.1.1.2:7 > 192.168.1.2:4000", "192.168.1.2",
	  "ICMP 192.168.1.2 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:7 > 11.2.0.1:4000" },
	{ "REQ-4 broken: about nothing, where no one host has the address", strays, 'o',
	  "UDP 11.2.0.1:9 > 11.1.1.2:7", "11.1.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "REQ-4 broken: about nothing, to the host that has the address", strays_one_to_one, 'o',
	  "UDP 11.2.0.2:9 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.3 port unreachable, about UDP 11.2.0.2:9 > 11.1.1.2:7" },
	{ "REQ-4 broken: about nothing, through a firewall", strays_firewall, 'o',
	  "UDP 192.168.1.2:4009 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4009 > 11.1.1.2:7" },
	{ "REQ-5 broken: about nothing that came in", strays, 'i',
	  "UDP 11.1.1.2:7 > 192.168.1.2:4009", "192.168.1.2",
	  "ICMP 11.2.0.1 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:7 > 192.168.1.2:4009" },
	{ "REQ-4: from the remote host", NULL, 'o', "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "from a router on the way", NULL, 'o', "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.9.9.9",
	  "ICMP 11.9.9.9 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "for the other host", NULL, 'o', "UDP 11.2.0.1:4001 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.3 port unreachable, about UDP 192.168.1.3:4000 > 11.1.1.2:7" },
	{ "about a port that nobody has", NULL, 'o', "UDP 11.2.0.1:9 > 11.1.1.2:7", "11.1.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "APD: about a remote endpoint that it is not for", symmetric, 'o',
	  "UDP 11.2.0.1:4000 > 11.1.1.2:8", "11.1.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "overload: each host's own", overload, 'o', "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "overload: about a session that nobody has", overload, 'o',
	  "UDP 11.2.0.1:4000 > 11.1.1.2:8", "11.1.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "about a ping", NULL, 'o', "ICMP 11.2.0.1 > 11.1.1.2 echo id 7", "11.9.9.9",
	  "ICMP 11.9.9.9 > 192.168.1.2 port unreachable, about ICMP 192.168.1.2 > 11.1.1.2 echo" },
	{ "about a TCP segment", NULL, 'o', "TCP 11.2.0.1:4000 > 11.1.1.2:7 SYN", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about TCP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "REQ-5: from the inside host", NULL, 'i', "UDP 11.1.1.2:7 > 192.168.1.2:4000",
	  "192.168.1.2",
	  "ICMP 11.2.0.1 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:7 > 11.2.0.1:4000" },
	{ "from another NAT between it and us", NULL, 'i', "UDP 11.1.1.2:7 > 192.168.1.2:4000",
	  "192.168.1.77",
	  "ICMP 11.2.0.1 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:7 > 11.2.0.1:4000" },
	{ "from inside, about a port that has no mapping", NULL, 'i',
	  "UDP 11.1.1.2:7 > 192.168.1.2:4009", "192.168.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "from inside, about a forwarded packet", forward, 'i',
	  "UDP 11.5.5.5:7 > 192.168.1.9:5353", "192.168.1.9",
	  "ICMP 11.2.0.1 > 11.5.5.5 port unreachable, about UDP 11.5.5.5:7 > 11.2.0.1:53" },
	{ "from outside, about a forward's answer", forward, 'o', "UDP 11.2.0.1:53 > 11.5.5.5:7",
	  "11.5.5.5",
	  "ICMP 11.5.5.5 > 192.168.1.9 port unreachable, about UDP 192.168.1.9:5353 > 11.5.5.5:7" },
	{ "REQ-7: about a hairpinned packet", ei_full, 'i', "UDP 11.2.0.1:4001 > 192.168.1.2:4000",
	  "192.168.1.2",
	  "ICMP 11.2.0.1 > 192.168.1.3 port unreachable, about UDP 192.168.1.3:4000 > 11.2.0.1:4000" },
	{ "hairpinned, where that is not done", no_hairpin, 'i',
	  "UDP 11.2.0.1:4001 > 192.168.1.2:4000", "192.168.1.2", "dropped: no hairpinning" },
	{ "errors that the model does not translate", no_errors, 'o',
	  "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.1.1.2", "dropped: protocol not translated" },
	{ "about a blocked protocol", no_udp, 'o', "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.1.1.2",
	  "dropped: protocol blocked" },
	{ "through a firewall", firewall, 'o', "UDP 192.168.1.2:4000 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about UDP 192.168.1.2:4000 > 11.1.1.2:7" },
	{ "through a firewall, about nothing that went out", firewall, 'o',
	  "UDP 192.168.1.2:4009 > 11.1.1.2:7", "11.1.1.2",
	  "dropped: error about a packet of no known mapping" },
	{ "one-to-one, in", one_to_one, 'o', "UDP 11.2.0.2:1 > 11.1.1.2:7", "11.1.1.2",
	  "ICMP 11.1.1.2 > 192.168.1.3 port unreachable, about UDP 192.168.1.3:1 > 11.1.1.2:7" },
	{ "one-to-one, out", one_to_one, 'i', "UDP 11.1.1.2:7 > 192.168.1.3:1", "192.168.1.3",
	  "ICMP 11.2.0.2 > 11.1.1.2 port unreachable, about UDP 11.1.1.2:7 > 11.2.0.2:1" },
};

static const char *const beginnings[] = {
	"UDP 192.168.1.2:4000 > 11.1.1.2:7",	 "UDP 192.168.1.3:4000 > 11.1.1.2:7",
	"TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", "ICMP 192.168.1.2 > 11.1.1.2 echo id 7",
	"UDP 192.168.1.3:4000 > 11.2.0.1:4000",
};

static struct nat *begin(void (*tune)(struct script_config *config))
{
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct script_config config;
	struct nat *nat;

	script_defaults(&config);
	if (tune)
		tune(&config);
	nat = script_nat(&config);
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		script_write(&pkt, beginnings[i]);
		nat_process(nat, NAT_INSIDE, &pkt, 0);
	}
	return nat;
}

/* Is the quoted packet as right as one that was never touched?  Then so were its checksums. */
static void expect_quote_ok(const struct packet *pkt)
{
	struct packet_info info;
	struct packet quoted;

	assert_int_equal(packet_parse(pkt, &info), PACKET_OK);
	quoted =
		(struct packet){ .data = pkt->data + info.payload_offset, .len = info.payload_len };
	assert_true(packet_checksums_ok(&quoted));
}

static void error(void **state)
{
	const struct error_row *row = *state;
	struct nat *nat = begin(row->tune);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat_decision decision;
	size_t before = nat_mappings(nat, SEC, NULL, 0);
	uint64_t wake = nat_next_wake(nat);

	script_write_error(&pkt, row->about, row->sender, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE);
	decision = nat_process(nat, row->from == 'i' ? NAT_INSIDE : NAT_OUTSIDE, &pkt, SEC);
	if (decision.outcome == NAT_FORWARD) {
		assert_int_equal(decision.reason, row->tune == exempt_port ? NAT_REASON_ROUTED
									   : NAT_REASON_ICMP_ERROR);
		script_expect_packet(&pkt, row->want, row->name);
		expect_quote_ok(&pkt);
	} else {
		char text[256];

		nat_explain(nat, &decision, text, sizeof(text));
		if (strncmp(text, row->want, strlen(row->want)))
			fail_msg("want %s\n  got  %s", row->want, text);
	}
	/* REQ-6: nothing was opened, refreshed or ended. */
	assert_int_equal(nat_mappings(nat, SEC, NULL, 0), before);
	assert_true(nat_next_wake(nat) == wake);
	nat_free(nat);
}

/* A quote that was cut short after 8 bytes of transport header is translated all the same. */
static void shortest_quote(void **state)
{
	enum { SHORTEST = 20 + 8 + 20 + 8 };
	struct nat *nat = begin(NULL);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	uint32_t sum;

	(void)state;
	script_write_error(&pkt, "TCP 11.2.0.1:4000 > 11.1.1.2:7 SYN", "11.9.9.9",
			   ICMP_TIME_EXCEEDED, 0);
	for (uint32_t len = SHORTEST; len >= SHORTEST - 1; len--) {
		uint8_t cut_bytes[256];
		struct packet cut = { .data = cut_bytes, .len = len, .room = sizeof(cut_bytes) };
		struct nat_decision decision;

		memcpy(cut_bytes, bytes, len);
		cut_bytes[3] = (uint8_t)len;
		memset(cut_bytes + 10, 0, 2);
		sum = (uint16_t)~checksum_fold(cut_bytes, 20, 0);
		cut_bytes[10] = (uint8_t)(sum >> 8);
		cut_bytes[11] = (uint8_t)sum;
		memset(cut_bytes + 22, 0, 2);
		sum = (uint16_t)~checksum_fold(cut_bytes + 20, len - 20, 0);
		cut_bytes[22] = (uint8_t)(sum >> 8);
		cut_bytes[23] = (uint8_t)sum;
		decision = nat_process(nat, NAT_OUTSIDE, &cut, 0);
		if (len < SHORTEST) {
			assert_int_equal(decision.reason, NAT_REASON_QUOTE_UNKNOWN);
			continue;
		}
		assert_int_equal(decision.outcome, NAT_FORWARD);
		script_expect_packet(&cut,
				     "ICMP 11.9.9.9 > 192.168.1.2 time exceeded, about "
				     "TCP 192.168.1.2:4000 > 11.1.1.2:7",
				     "cut");
	}
	nat_free(nat);
}

/* An error goes back to whoever sent what it quotes, and to nobody else. */
static void sent_to_another(void **state)
{
	struct nat *nat = begin(one_to_one);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;

	(void)state;
	script_write_error(&pkt, "UDP 11.2.0.1:1 > 11.1.1.2:7", "11.9.9.9", ICMP_TIME_EXCEEDED, 0);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	packet_set_dst(&pkt, &info, script_endpoint("11.2.0.2:0"));
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason, NAT_REASON_QUOTE_UNKNOWN);
	packet_set_dst(&pkt, &info, script_endpoint("11.2.0.1:0"));
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason, NAT_REASON_ICMP_ERROR);
	nat_free(nat);
}

static void redirect_stays(void **state)
{
	struct nat *nat = begin(NULL);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	(void)state;
	script_write_error(&pkt, "UDP 11.2.0.1:4000 > 11.1.1.2:7", "11.9.9.9", ICMP_REDIRECT, 0);
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason, NAT_REASON_UNSUPPORTED);
	nat_free(nat);
}

int main(void)
{
	enum { ROWS = sizeof(errors) / sizeof(errors[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(shortest_quote),
		cmocka_unit_test(sent_to_another),
		cmocka_unit_test(redirect_stays),
	};
	struct CMUnitTest tests[ROWS];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = errors[i].name,
						.test_func = error,
						.initial_state = (void *)(uintptr_t)&errors[i] };
	failed = cmocka_run_group_tests_name("errors", tests, NULL, NULL);
	failed += cmocka_run_group_tests_name("errors, special", others, NULL, NULL);
	return failed + script_run_all("queries", queries, sizeof(queries) / sizeof(queries[0]));
}
