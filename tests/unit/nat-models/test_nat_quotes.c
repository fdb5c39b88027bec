/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 5508, REQ-3c, REQ-3d and REQ-10, in either family: which ICMP errors pass by their type, and by the
 * transport checksum of what they quote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat-models/checksum.h"
#include "nat_script.h"

enum { ROOM = 512, TTL = 64, CHECKSUM_UDP = 6, CHECKSUM_TCP = 16, EXTENSION = 12 };

static uint8_t bytes[ROOM];
static struct packet pkt;
static struct packet_info info;

/* What is changed of the error, after it was made. */
enum change { NOTHING, SPOIL, NO_CHECKSUM, EXTEND, CUT_SHORT };

static const struct row {
	const char *name;
	enum change change;
	bool passes[3]; /* by enum nat_quoted_checksum */
} rows[] = {
	{ "whole and right", NOTHING, { true, true, true } },
	{ "whole and wrong", SPOIL, { true, false, false } },
	{ "whole and right, with extensions", EXTEND, { true, true, false } },
	{ "cut short", CUT_SHORT, { true, true, true } },
};

static struct nat *make(bool ip6, enum nat_quoted_checksum how, uint8_t types)
{
	struct script_config config;

	script_defaults(&config);
	if (ip6)
		script_ip6(&config);
	config.model.icmp.quoted_checksum = how;
	config.model.icmp.error_types = types;
	return script_nat(&config);
}

static struct endpoint inside(bool ip6)
{
	return script_endpoint(ip6 ? "[fd00:0:1::2]:4000" : "192.168.1.2:4000");
}

static struct endpoint outside(bool ip6)
{
	return script_endpoint(ip6 ? "[2b00:1:1::2]:7" : "11.1.1.2:7");
}

/* It goes out; what it is then stands in `pkt`. */
static void go_out(struct nat *nat, bool ip6, uint8_t protocol)
{
	struct tcp_says syn = { 1, 0, TCP_SYN, 8192 };

	pkt = (struct packet){ .data = bytes, .room = ROOM };
	if (protocol == IP_PROTO_UDP)
		assert_int_equal(packet_make_udp(&pkt, inside(ip6), outside(ip6), TTL, "knot", 4),
				 0);
	else if (protocol == IP_PROTO_TCP)
		assert_int_equal(packet_make_tcp(&pkt, inside(ip6), outside(ip6), TTL, &syn, "", 0),
				 0);
	else
		assert_int_equal(
			packet_make_echo(&pkt, inside(ip6), outside(ip6), TTL, false, "knot", 4),
			0);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome, NAT_FORWARD);
}

/* The error's lengths and own checksum, anew. */
static void seal(bool ip6)
{
	uint8_t *icmp = bytes + info.transport_offset;
	uint32_t len = pkt.len - info.transport_offset;
	uint16_t pseudo = 0;

	put_be16(icmp + 2, 0);
	if (ip6) {
		put_be16(bytes + 4, (uint16_t)len);
		pseudo = checksum_fold(bytes + 8, 32, IP_PROTO_ICMPV6 + len);
	} else {
		put_be16(bytes + 2, (uint16_t)pkt.len);
		put_be16(bytes + 10, 0);
		put_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 20, 0));
	}
	put_be16(icmp + 2, (uint16_t)~checksum_fold(icmp, len, pseudo));
}

static void complain(bool ip6, uint8_t type, enum change change)
{
	static const uint8_t extension[EXTENSION] = { 0x20, 0, 0, 0, 0, 8, 0xf7, 0, 1, 2, 3, 4 };
	struct packet_info quoted;
	uint8_t *transport;

	assert_int_equal(packet_make_icmp_error(&pkt, outside(ip6).addr, type, 0, 0), 0);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(
		packet_parse_quoted(bytes + info.payload_offset, info.payload_len, &quoted),
		PACKET_OK);
	transport = bytes + info.payload_offset + quoted.transport_offset;
	if (change == SPOIL)
		transport[quoted.protocol == IP_PROTO_UDP   ? CHECKSUM_UDP
			  : quoted.protocol == IP_PROTO_TCP ? CHECKSUM_TCP
							    : 2] ^= 0x55;
	if (change == NO_CHECKSUM)
		put_be16(transport + CHECKSUM_UDP, 0);
	if (change == EXTEND) {
		memcpy(bytes + pkt.len, extension, EXTENSION);
		pkt.len += EXTENSION;
	}
	if (change == CUT_SHORT)
		pkt.len = (uint32_t)(transport - bytes) + 8;
	seal(ip6);
}

static enum nat_outcome come_in(struct nat *nat)
{
	struct nat_decision d = nat_process(nat, NAT_OUTSIDE, &pkt, 0);

	if (d.outcome == NAT_FORWARD)
		assert_true(packet_checksums_ok(&pkt));
	return d.outcome;
}

static void try_row(const struct row *row, bool ip6, uint8_t protocol, enum nat_quoted_checksum how)
{
	struct nat *nat = make(ip6, how, UINT8_MAX);
	enum nat_outcome want = row->passes[how] ? NAT_FORWARD : NAT_DROP;

	go_out(nat, ip6, protocol);
	complain(ip6, ip6 ? ICMPV6_UNREACHABLE : ICMP_UNREACHABLE, row->change);
	if (come_in(nat) != want)
		fail_msg("%s, IPv%d, protocol %u, %s", row->name, ip6 ? 6 : 4, protocol,
			 nat_quoted_checksum_word(how));
	nat_free(nat);
}

static void quoted_checksums(void **state)
{
	static const uint8_t protocols[] = { IP_PROTO_UDP, IP_PROTO_TCP, IP_PROTO_ICMP };

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
		for (size_t p = 0; p < sizeof(protocols); p++)
			for (int how = NAT_QUOTED_UNCHECKED; how <= NAT_QUOTED_CHECKED_ALL; how++)
				for (int ip6 = 0; ip6 < 2; ip6++)
					try_row(&rows[r], ip6, protocols[p],
						(enum nat_quoted_checksum)how);
}

/* Over IPv4, UDP may have none (RFC 768). */
static void none_to_check(void **state)
{
	struct nat *nat = make(false, NAT_QUOTED_CHECKED, UINT8_MAX);

	(void)state;
	go_out(nat, false, IP_PROTO_UDP);
	complain(false, ICMP_UNREACHABLE, NO_CHECKSUM);
	assert_int_equal(come_in(nat), NAT_FORWARD);
	nat_free(nat);
}

static void types(void **state)
{
	static const struct {
		bool ip6;
		uint8_t type;
		enum nat_error_type is;
	} all[] = {
		{ false, ICMP_UNREACHABLE, NAT_ERROR_TYPE_UNREACHABLE },
		{ false, ICMP_SOURCE_QUENCH, NAT_ERROR_TYPE_QUENCH },
		{ false, ICMP_TIME_EXCEEDED, NAT_ERROR_TYPE_TIME },
		{ false, ICMP_PARAMETER_PROBLEM, NAT_ERROR_TYPE_PARAMETER },
		{ true, ICMPV6_UNREACHABLE, NAT_ERROR_TYPE_UNREACHABLE },
		{ true, ICMPV6_TOO_BIG, NAT_ERROR_TYPE_UNREACHABLE },
		{ true, ICMPV6_TIME_EXCEEDED, NAT_ERROR_TYPE_TIME },
		{ true, ICMPV6_PARAMETER_PROBLEM, NAT_ERROR_TYPE_PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (int with = 0; with < 2; with++) {
			uint8_t bit = (uint8_t)(1U << all[i].is);
			struct nat *nat =
				make(all[i].ip6, NAT_QUOTED_UNCHECKED, with ? bit : (uint8_t)~bit);

			go_out(nat, all[i].ip6, IP_PROTO_UDP);
			complain(all[i].ip6, all[i].type, NOTHING);
			assert_int_equal(come_in(nat), with ? NAT_FORWARD : NAT_DROP);
			nat_free(nat);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_checksums),
		cmocka_unit_test(none_to_check),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests_name("quotes", tests, NULL, NULL);
}
