/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 6092: what a home router's IPv6 firewall lets through.  Each recommendation that an engine can
 * follow, with a firewall that follows it and one that does not, where there is a knob; those
 * about services of the router itself (REC-8, 9, 48 to 50) are not the engine's; the transports of
 * REC-20 and REC-38 to 47 are to it what any other is (REC-11, 12).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat-models/catalog.h"
#include "nat_script.h"

static void model(struct script_config *c, const char *name)
{
	struct model_error error;

	if (nat_model_find(name, &c->model, &error))
		fail_msg("%s", error.text);
	assert_int_equal(ip_prefix_parse("2b00:3:1::/48", &c->nat.inside), 0);
	c->nat.inside_addr = script_addr("2b00:3:1::1");
	c->pool[0] = script_addr("2b00:2:1::2");
}

static void firewall(struct script_config *c)
{
	model(c, "ipv6-firewall");
}

static void open_firewall(struct script_config *c)
{
	model(c, "ipv6-firewall-open");
}

static void strict(struct script_config *c)
{
	model(c, "ipv6-firewall-strict");
}

static void router(struct script_config *c)
{
	model(c, "ipv6-router");
}

static void careless(struct script_config *c)
{
	firewall(c);
	c->model.simple_security = 0;
}

static void at_once(struct script_config *c)
{
	firewall(c);
	c->model.tcp.unsolicited = NAT_UNSOLICITED_ICMP;
}

static void outbound_refresh(struct script_config *c)
{
	firewall(c);
	c->model.udp.refresh = NAT_REFRESH_INBOUND;
}

static void no_crossing(struct script_config *c)
{
	firewall(c);
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
	c->model.tcp.simultaneous_open = false;
}

static void hasty_tcp(struct script_config *c)
{
	firewall(c);
	c->model.tcp.timeout_two_way_ns = 600 * SEC;
}

static void documented(struct script_config *c)
{
	firewall(c);
	assert_int_equal(ip_prefix_parse("2001:db8:1::/48", &c->nat.inside), 0);
}

#define A "[2b00:3:1::2]:4000"
#define R "[2b00:1:1::2]:7"
#define OUT "UDP " A " > " R
#define IN "UDP " R " > " A
#define LATER "UDP [2b00:1:1::2]:8 > " A
#define STRANGER "UDP [2b00:1:9::9]:9 > " A
#define SYN "TCP " A " > " R " SYN"
#define SYN_IN "TCP " R " > " A " SYN"
#define BOGON "dropped: an address that may not pass here"

static const struct script scripts[] = {
	{ "REC-1: multicast sources",
	  firewall,
	  { { 0, 'o', "UDP [ff0e::1]:7 > " A, BOGON },
	    { 0, 'i', "UDP [ff0e::1]:7 > " R, BOGON } } },
	{ "REC-1 holds for routers, too", router, { { 0, 'o', "UDP [ff0e::1]:7 > " A, BOGON } } },
	{ "REC-2: multicast is not forwarded",
	  firewall,
	  { { 0, 'i', "UDP " A " > [ff05::2]:7", "taken: for the router itself" },
	    { 0, 'o', "UDP " R " > [ff08::2]:7", "taken: for the router itself" } } },
	{ "REC-3: addresses that the Internet never sees",
	  firewall,
	  { { 0, 'o', "UDP [fec0::1]:7 > " A, BOGON },
	    { 0, 'o', "UDP [::11.1.1.2]:7 > " A, BOGON },
	    { 0, 'o', "UDP [2001:db8::1]:7 > " A, BOGON },
	    { 0, 'o', "UDP [3fff:abc::1]:7 > " A, BOGON },
	    { 0, 'o', "UDP [2001:10::1]:7 > " A, BOGON },
	    { 0, 'i', "UDP " A " > [2001:1f::1]:7", BOGON },
	    { 0, 'i', "UDP " A " > [fec0::1]:7", BOGON },
	    { 0, 'i', "UDP " A " > [2001:20::1]:7", "UDP " A " > [2001:20::1]:7" } } },
	{ "REC-3, broken",
	  careless,
	  { { 0, 'i', "UDP " A " > [fec0::1]:7", "UDP " A " > [fec0::1]:7" },
	    { 0, 'o', "UDP [fec0::1]:7 > " A, "UDP [fec0::1]:7 > " A } } },
	{ "documentation addresses, where the network is one of them",
	  documented,
	  { { 0, 'i', "UDP [2001:db8:1::2]:4000 > [2001:db8:2::2]:7",
	      "UDP [2001:db8:1::2]:4000 > [2001:db8:2::2]:7" } } },
	{ "REC-5: no source but an inside one leaves",
	  firewall,
	  { { 0, 'i', "UDP [2b00:3:2::2]:1 > " R, "dropped: source is not an inside address" } } },
	{ "REC-5, broken",
	  careless,
	  { { 0, 'i', "UDP [2b00:3:2::2]:1 > " R, "UDP [2b00:3:2::2]:1 > " R } } },
	{ "REC-6: no inside source comes in",
	  open_firewall,
	  { { 0, 'i', OUT, OUT }, { 0, 'o', "UDP [2b00:3:1::9]:9 > " A, BOGON } } },
	{ "REC-7: unique local addresses stay where they are",
	  firewall,
	  { { 0, 'i', "UDP " A " > [fd00::1]:7", BOGON },
	    { 0, 'o', "UDP [fd00::1]:7 > " A, BOGON } } },
	{ "REC-7, broken",
	  careless,
	  { { 0, 'i', "UDP " A " > [fd00::1]:7", "UDP " A " > [fd00::1]:7" } } },
	{ "REC-14: five minutes for UDP",
	  firewall,
	  { { 0, 'i', OUT, OUT },
	    { 300 * SEC - 1, 'o', IN, IN },
	    { 600 * SEC - 1, 'o', IN, "dropped: no mapping" } } },
	{ "REC-14, broken",
	  strict,
	  { { 0, 'i', OUT, OUT }, { 30 * SEC, 'o', IN, "dropped: no mapping" } } },
	{ "REC-16: outbound packets refresh",
	  firewall,
	  { { 0, 'i', OUT, OUT }, { 299 * SEC, 'i', OUT, OUT }, { 598 * SEC, 'o', IN, IN } } },
	{ "REC-16, broken",
	  outbound_refresh,
	  { { 0, 'i', OUT, OUT },
	    { 299 * SEC, 'i', OUT, OUT },
	    { 598 * SEC, 'o', IN, "dropped: no mapping" } } },
	{ "REC-17: address-dependent filtering",
	  firewall,
	  { { 0, 'o', IN, "dropped: no mapping" },
	    { 0, 'i', OUT, OUT },
	    { 0, 'o', LATER, LATER },
	    { 0, 'o', STRANGER, "dropped: filtered" } } },
	{ "REC-17: endpoint-independent filtering",
	  open_firewall,
	  { { 0, 'o', STRANGER, "dropped: no mapping" },
	    { 0, 'i', OUT, OUT },
	    { 0, 'o', STRANGER, STRANGER },
	    { 0, 'o', "UDP [2b00:1:9::9]:9 > [2b00:3:1::2]:4001", "dropped: no mapping" } } },
	{ "REC-17, neither",
	  strict,
	  { { 0, 'i', OUT, OUT }, { 0, 'o', IN, IN }, { 0, 'o', LATER, "dropped: filtered" } } },
	{ "REC-24: IKE comes in unasked",
	  firewall,
	  { { 0, 'o', "UDP [2b00:1:1::2]:500 > [2b00:3:1::2]:500",
	      "UDP [2b00:1:1::2]:500 > [2b00:3:1::2]:500" },
	    { 0, 'o', "UDP [2b00:1:1::2]:500 > [2b00:3:1::2]:501", "dropped: no mapping" } } },
	{ "REC-24, broken",
	  strict,
	  { { 0, 'o', "UDP [2b00:1:1::2]:500 > [2b00:3:1::2]:500", "dropped: no mapping" } } },
	{ "REC-31: the three-way handshake",
	  firewall,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', "TCP " R " > " A " SYN ACK ack 1001", "TCP " R " > " A " SYN ACK" },
	    { 0, 'i', "TCP " A " > " R " ACK seq 1001 ack 1001", "TCP " A " > " R " ACK" } } },
	{ "REC-31: simultaneous open",
	  firewall,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', SYN_IN, SYN_IN },
	    { 0, 'i', "TCP " A " > " R " SYN ACK ack 1001", "TCP " A " > " R " SYN ACK" } } },
	{ "REC-31, broken",
	  no_crossing,
	  { { 0, 'i', SYN, SYN }, { 0, 'o', SYN_IN, "dropped: out of turn" } } },
	{ "REC-33: strangers, by address or not at all",
	  firewall,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', "TCP [2b00:1:9::9]:9 > " A " SYN", "held: unsolicited SYN" } } },
	{ "REC-33: endpoint-independent filtering",
	  open_firewall,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', "TCP [2b00:1:9::9]:9 > " A " SYN", "TCP [2b00:1:9::9]:9 > " A " SYN" } } },
	{ "REC-34: an unsolicited SYN is refused after six seconds",
	  firewall,
	  { { 0, 'o', SYN_IN, "held: unsolicited SYN" },
	    { 6 * SEC - 1, 'p', "", "nothing" },
	    { 6 * SEC, 'p', "",
	      "ICMP 2b00:2:1::2 > 2b00:1:1::2 administratively prohibited, about TCP " R
	      " > " A } } },
	{ "REC-34: unless one crosses it",
	  firewall,
	  { { 0, 'o', SYN_IN, "held: unsolicited SYN" },
	    { SEC, 'i', SYN, SYN },
	    { 6 * SEC, 'p', "", "nothing" },
	    { 6 * SEC, 'o', SYN_IN, SYN_IN } } },
	{ "REC-34, broken: at once",
	  at_once,
	  { { 0, 'o', SYN_IN, "ICMP 2b00:2:1::2 > 2b00:1:1::2 administratively prohibited" } } },
	{ "REC-34, broken: never",
	  strict,
	  { { 0, 'o', SYN_IN, "dropped: no mapping" }, { 6 * SEC, 'p', "", "nothing" } } },
	{ "REC-35: 2 h 4 min for what stands",
	  firewall,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', "TCP " R " > " A " SYN ACK ack 1001", "TCP " R " > " A " SYN ACK" },
	    { 0, 'i', "TCP " A " > " R " ACK seq 1001 ack 1001", "TCP " A " > " R " ACK" },
	    { 7440 * SEC - 1, 'o', "TCP " R " > " A " ACK seq 1001 ack 1001",
	      "TCP " R " > " A " ACK" } } },
	{ "REC-35, broken",
	  hasty_tcp,
	  { { 0, 'i', SYN, SYN },
	    { 0, 'o', "TCP " R " > " A " SYN ACK ack 1001", "TCP " R " > " A " SYN ACK" },
	    { 0, 'i', "TCP " A " > " R " ACK seq 1001 ack 1001", "TCP " A " > " R " ACK" },
	    { 600 * SEC, 'o', "TCP " R " > " A " ACK seq 1001 ack 1001",
	      "dropped: no mapping" } } },
	{ "echoes are filtered by address",
	  firewall,
	  { { 0, 'i', "ICMP 2b00:3:1::2 > 2b00:1:1::2 echo id 5",
	      "ICMP 2b00:3:1::2 > 2b00:1:1::2 echo id 5" },
	    { 0, 'o', "ICMP 2b00:1:1::2 > 2b00:3:1::2 echo reply id 5",
	      "ICMP 2b00:1:1::2 > 2b00:3:1::2 echo reply id 5" },
	    { 0, 'o', "ICMP 2b00:1:9::9 > 2b00:3:1::2 echo reply id 5", "dropped: filtered" },
	    { 0, 'o', "ICMP 2b00:1:9::9 > 2b00:3:1::2 echo id 5", "dropped: no mapping" } } },
	{ "link-local and loopback addresses stay on the link, behind any router",
	  router,
	  { { 0, 'i', "UDP [fe80::2]:1 > " R, BOGON },
	    { 0, 'i', "UDP " A " > [fe80::2]:1", "taken: for the router itself" },
	    { 0, 'o', "UDP [::1]:1 > " A, BOGON },
	    { 0, 'o', "UDP " R " > [::1]:1", BOGON },
	    { 0, 'i', "UDP [::]:1 > " R, BOGON },
	    { 0, 'i', OUT, OUT },
	    { 0, 'o', STRANGER, STRANGER } } },
};

static uint8_t bytes[2048];
static struct packet pkt;

static struct nat *make(void (*how)(struct script_config *))
{
	struct script_config config;

	script_defaults(&config);
	how(&config);
	return script_nat(&config);
}

static void draft(const char *text)
{
	pkt = (struct packet){ .data = bytes, .room = sizeof(bytes) };
	script_write(&pkt, text);
}

/* REC-4: routing headers of type 0, wherever they stand; not of others. */
static void deprecated_headers(void **state)
{
	static const struct {
		uint8_t first, chain[16];
		bool is_deprecated;
	} rows[] = {
		{ 43, { 60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 1, 4 }, true },
		{ 60, { 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0 }, true },
		{ 43, { 60, 0, 4, 0, 0, 0, 0, 0, 17, 0, 1, 4 }, false },
	};

	(void)state;
	for (int simple = 0; simple < 2; simple++) {
		struct nat *nat = make(simple ? firewall : careless);

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			bool dropped = simple && rows[i].is_deprecated;

			draft(OUT);
			memmove(bytes + 56, bytes + 40, pkt.len - 40);
			memcpy(bytes + 40, rows[i].chain, 16);
			bytes[6] = rows[i].first;
			bytes[5] = (uint8_t)(bytes[5] + 16);
			pkt.len += 16;
			assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome,
					 dropped ? NAT_DROP : NAT_FORWARD);
		}
		nat_free(nat);
	}
}

/* REC-21, 22: AH and ESP either way, unasked, to legitimate addresses; nothing else that has no ports. */
static void ipsec(void **state)
{
	(void)state;
	for (int follows = 0; follows < 2; follows++) {
		struct nat *nat = make(follows ? firewall : strict);

		for (unsigned protocol = 47; protocol <= 51; protocol++) {
			bool passes = follows && protocol >= 50;

			draft(IN);
			bytes[6] = (uint8_t)protocol;
			assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome,
					 passes ? NAT_FORWARD : NAT_DROP);
			draft("UDP [fd00::1]:7 > " A);
			bytes[6] = (uint8_t)protocol;
			assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_DROP);
		}
		nat_free(nat);
	}
}

static void no_others(struct script_config *c)
{
	firewall(c);
	c->model.others = false;
}

static enum nat_outcome other(struct nat *nat, enum nat_side side, const char *text,
			      unsigned protocol, uint64_t at)
{
	draft(text);
	bytes[6] = (uint8_t)protocol;
	return nat_process(nat, side, &pkt, at).outcome;
}

/* REC-11, 12, 20, 38 to 47: any other transport, by its addresses, for as long as UDP. */
static void other_transports(void **state)
{
	static const unsigned protocols[] = { 4, 33, 47, 89, 132, 136, 140, 253 };
	static const struct {
		void (*how)(struct script_config *);
		enum nat_outcome outward, strangers;
	} rows[] = { { firewall, NAT_FORWARD, NAT_DROP },
		     { open_firewall, NAT_FORWARD, NAT_FORWARD },
		     { no_others, NAT_DROP, NAT_DROP } };

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		enum nat_outcome back = rows[r].outward;
		struct nat *nat = make(rows[r].how);

		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
			unsigned it = protocols[i];

			assert_int_equal(other(nat, NAT_OUTSIDE, IN, it, 0), NAT_DROP);
			assert_int_equal(other(nat, NAT_INSIDE, OUT, it, 0), back);
			packet_make_error(&pkt, script_addr("2b00:5::5"), PACKET_ERROR_TOO_BIG,
					  1280);
			assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, back);
		}
		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
			unsigned it = protocols[i];

			assert_int_equal(other(nat, NAT_OUTSIDE, IN, it, 300 * SEC - 1), back);
			assert_int_equal(other(nat, NAT_OUTSIDE, STRANGER, it, 300 * SEC - 1),
					 rows[r].strangers);
			assert_int_equal(other(nat, NAT_OUTSIDE, "UDP " R " > [2b00:3:1::3]:9", it,
					       300 * SEC - 1),
					 NAT_DROP);
		}
		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
			assert_int_equal(other(nat, NAT_OUTSIDE, IN, protocols[i], 600 * SEC - 1),
					 NAT_DROP);
		nat_free(nat);
	}
}

/* A flood of them costs a table, and the oldest its record. */
static void many_transports(void **state)
{
	struct nat *nat = make(firewall);

	(void)state;
	for (unsigned i = 0; i <= 256; i++) {
		char text[100];

		snprintf(text, sizeof(text), "UDP [2b00:3:1::%x]:1 > " R, i + 2);
		assert_int_equal(other(nat, NAT_INSIDE, text, 47, i), NAT_FORWARD);
	}
	assert_int_equal(other(nat, NAT_OUTSIDE, "UDP " R " > [2b00:3:1::2]:1", 47, 300), NAT_DROP);
	assert_int_equal(other(nat, NAT_OUTSIDE, "UDP " R " > [2b00:3:1::3]:1", 47, 300),
			 NAT_FORWARD);
	nat_reboot(nat, 301);
	assert_int_equal(other(nat, NAT_OUTSIDE, "UDP " R " > [2b00:3:1::3]:1", 47, 302), NAT_DROP);
	nat_free(nat);
}

/* REC-10, 18, 36: errors about a flow pass, others do not; REC-19, 37: none ends it.  REC-23: about ESP. */
static void errors(void **state)
{
	static const enum packet_error kinds[] = {
		PACKET_ERROR_NO_ROUTE,	 PACKET_ERROR_HOST,    PACKET_ERROR_PORT,
		PACKET_ERROR_PROHIBITED, PACKET_ERROR_TOO_BIG, PACKET_ERROR_TIME_EXCEEDED
	};
	static const char *const flows[] = { OUT, SYN };
	struct nat *nat = make(firewall);

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			draft(flows[f]);
			assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome,
					 NAT_FORWARD);
			packet_make_error(&pkt, script_addr("2b00:5::5"), kinds[i], 1280);
			assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome,
					 NAT_FORWARD);
			assert_true(packet_checksums_ok(&pkt));
			draft("UDP [2b00:3:1::2]:4001 > " R);
			packet_make_error(&pkt, script_addr("2b00:5::5"), kinds[i], 1280);
			assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason,
					 NAT_REASON_QUOTE_UNKNOWN);
		}
	}
	draft(IN);
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
	draft("TCP " R " > " A " SYN ACK ack 1001");
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
	draft(OUT);
	bytes[6] = 50;
	packet_make_error(&pkt, script_addr("2b00:5::5"), PACKET_ERROR_TOO_BIG, 1280);
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
	draft(OUT); /* a damaged one */
	packet_make_error(&pkt, script_addr("2b00:5::5"), PACKET_ERROR_TOO_BIG, 1280);
	bytes[60] ^= 1;
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason, NAT_REASON_MALFORMED);
	nat_free(nat);
}

/* Neighbour discovery is between neighbours, whatever the model. */
static void neighbours(void **state)
{
	static void (*const models[])(struct script_config *) = { firewall, open_firewall, strict,
								  router };

	(void)state;
	for (size_t m = 0; m < sizeof(models) / sizeof(models[0]); m++) {
		struct nat *nat = make(models[m]);

		for (unsigned type = 130; type <= 137; type++) {
			for (int side = 0; side < 2; side++) {
				draft(side ? "ICMP 2b00:1:1::2 > 2b00:3:1::2 echo id 5"
					   : "ICMP 2b00:3:1::2 > 2b00:1:1::2 echo id 5");
				bytes[40] = (uint8_t)type;
				assert_int_equal(
					nat_process(nat, (enum nat_side)side, &pkt, 0).outcome,
					NAT_TO_SELF);
			}
		}
		nat_free(nat);
	}
}

/* An IPv4-mapped address would be taken for IPv4's own. */
static void mapped_addresses(void **state)
{
	struct nat *nat = make(router);

	(void)state;
	for (int at = 8; at <= 24; at += 16) {
		draft(OUT);
		memset(bytes + at, 0, 10);
		memset(bytes + at + 10, 0xff, 2);
		assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).reason, NAT_REASON_BOGON);
	}
	nat_free(nat);
}

/* Which models a net may have for which family. */
static void families(void **state)
{
	static const struct {
		const char *name;
		bool ip4, ip6;
	} rows[] = {
		{ "no-nat", true, true },
		{ "symmetric-firewall", true, true },
		{ "full-cone", true, false },
		{ "one-to-one", true, false },
		{ "linux-masquerade", true, false },
		{ "ipv6-router", false, true },
		{ "ipv6-firewall", false, true },
		{ "nptv6", false, true },
		{ "nat66", false, true },
		{ "nat64", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nat_model m;
		struct model_error error;

		assert_int_equal(nat_model_find(rows[i].name, &m, &error), 0);
		assert_int_equal(nat_model_serves(&m, 4), rows[i].ip4);
		assert_int_equal(nat_model_serves(&m, 6), rows[i].ip6);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(deprecated_headers),
		cmocka_unit_test(ipsec),
		cmocka_unit_test(other_transports),
		cmocka_unit_test(many_transports),
		cmocka_unit_test(errors),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(mapped_addresses),
		cmocka_unit_test(families),
	};
	int failed = script_run_all("RFC 6092", scripts, sizeof(scripts) / sizeof(scripts[0]));

	return failed + cmocka_run_group_tests_name("RFC 6092, headers", tests, NULL, NULL);
}
