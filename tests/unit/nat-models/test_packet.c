/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading headers: what a packet says of itself, and why bytes are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat_script.h"

/* A packet in the making: 100 bytes of room, and what is written into it. */
struct draft {
	uint8_t bytes[100];
	struct packet pkt;
};

static void draft(struct draft *d, const char *text)
{
	d->pkt = (struct packet){ .data = d->bytes, .room = sizeof(d->bytes) };
	script_write(&d->pkt, text);
}

static void fix_header(struct draft *d)
{
	size_t len = (d->bytes[0] & 15) * 4U;

	put_be16(d->bytes + 10, 0);
	put_be16(d->bytes + 10, (uint16_t)~checksum_fold(d->bytes, len, 0));
}

#define UDP "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define TCP "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN"
#define PING "ICMP 192.168.1.2 > 11.1.1.2 echo id 7"

static void what_it_says(void **state)
{
	struct packet_info info;
	struct draft d = { 0 };

	(void)state;
	draft(&d, UDP);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.version, 4);
	assert_int_equal(info.protocol, IP_PROTO_UDP);
	assert_int_equal(info.ttl, 64);
	assert_true(info.dont_fragment && !info.more_fragments && info.has_ports);
	assert_int_equal(info.transport_offset, 20);
	assert_int_equal(info.payload_offset, 28);
	assert_int_equal(info.payload_len, 8);
	assert_true(endpoint_equal(info.src, script_endpoint("192.168.1.2:4000")));
	assert_true(endpoint_equal(info.dst, script_endpoint("11.1.1.2:7")));
	draft(&d, TCP);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.tcp_flags, TCP_SYN);
	assert_int_equal(info.tcp_seq, 1000);
	assert_int_equal(info.payload_offset, 40);
	assert_int_equal(info.payload_len, 0);
	draft(&d, PING);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.icmp_type, ICMP_ECHO);
	assert_int_equal(info.src.port, 7);
	assert_int_equal(info.dst.port, 7);
	assert_false(info.is_error);
	packet_make_icmp_error(&d.pkt, script_addr("1.2.3.4"), ICMP_UNREACHABLE,
			       ICMP_PORT_UNREACHABLE, 0);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_true(info.is_error && !info.has_ports);
	assert_int_equal(info.src.port, 0);
	assert_int_equal(info.payload_offset, 28);
	assert_int_equal(info.payload_len, 36);
}

/* One byte changed, with the header's checksum put right unless that is the point. */
static const struct fault_row {
	const char *name;
	const char *packet;
	int at; /* the byte; -1: none */
	uint8_t value;
	uint32_t len; /* how much of it is there; 0 = all */
	bool keep_checksum;
	enum packet_fault want;
} faults[] = {
	{ "whole", UDP, -1, 0, 0, false, PACKET_OK },
	{ "with an Ethernet frame's padding", UDP, -1, 0, 60, false, PACKET_OK },
	{ "shorter than an IP header", UDP, -1, 0, 19, false, PACKET_TOO_SHORT },
	{ "one byte short", UDP, -1, 0, 35, false, PACKET_BAD_LENGTH },
	{ "version 5", UDP, 0, 0x55, 0, false, PACKET_BAD_VERSION },
	{ "an IP header of 16 bytes", UDP, 0, 0x44, 0, true, PACKET_BAD_LENGTH },
	{ "an IP header that ends behind the packet", UDP, 0, 0x4f, 0, true, PACKET_TOO_SHORT },
	{ "a total length of 10", UDP, 3, 10, 0, false, PACKET_BAD_LENGTH },
	{ "a wrong checksum", UDP, 8, 63, 0, true, PACKET_BAD_CHECKSUM },
	{ "a protocol not known here", UDP, 9, 47, 0, false, PACKET_UNSUPPORTED },
	{ "ICMPv6 over IPv4", UDP, 9, 58, 0, false, PACKET_UNSUPPORTED },
	{ "UDP that announces less than its header", UDP, 25, 7, 0, false, PACKET_BAD_LENGTH },
	{ "UDP that announces more than there is", UDP, 25, 17, 0, false, PACKET_BAD_LENGTH },
	{ "UDP with something behind it", UDP, 25, 15, 0, false, PACKET_OK },
	{ "UDP cut within its header", UDP, 3, 27, 0, false, PACKET_TOO_SHORT },
	{ "TCP cut within its header", TCP, 3, 39, 0, false, PACKET_TOO_SHORT },
	{ "TCP with a header of 16 bytes", TCP, 32, 0x40, 0, false, PACKET_BAD_LENGTH },
	{ "TCP with options behind the packet", TCP, 32, 0x60, 0, false, PACKET_BAD_LENGTH },
	{ "ICMP cut within its header", PING, 3, 27, 0, false, PACKET_TOO_SHORT },
	{ "a router solicitation", PING, 20, 10, 0, false, PACKET_UNSUPPORTED },
	{ "a timestamp request", PING, 20, 13, 0, false, PACKET_OK },
};

static void fault(void **state)
{
	const struct fault_row *row = *state;
	struct packet_info info = { .version = 99 };
	struct draft d = { 0 };

	memset(&d, 0, sizeof(d));
	draft(&d, row->packet);
	if (row->at >= 0)
		d.bytes[row->at] = row->value;
	if (!row->keep_checksum)
		fix_header(&d);
	if (row->len)
		d.pkt.len = row->len;
	assert_int_equal(packet_parse(&d.pkt, &info), row->want);
	assert_int_equal(info.version == 0, /* all zero where it is no packet */
			 row->want != PACKET_OK && row->want != PACKET_UNSUPPORTED);
	assert_non_null(packet_fault_text(row->want));
}

static void fragments(void **state)
{
	struct packet_info info;
	struct draft d = { 0 };

	(void)state;
	draft(&d, UDP);
	put_be16(d.bytes + 4, 0xabcd);
	put_be16(d.bytes + 6, 0x2000);
	put_be16(d.bytes + 24, 4000); /* a first fragment announces the whole datagram */
	fix_header(&d);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_true(info.more_fragments && info.has_ports && !info.dont_fragment);
	assert_int_equal(info.fragment_id, 0xabcd);
	assert_int_equal(info.fragment_offset, 0);
	put_be16(d.bytes + 6, 0x1fff);
	fix_header(&d);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_true(!info.more_fragments && !info.has_ports);
	assert_int_equal(info.fragment_offset, 65528);
	assert_int_equal(info.payload_offset, 20);
	assert_int_equal(info.src.port, 0);
}

static void options(void **state)
{
	struct packet_info info;
	struct draft d = { 0 };

	(void)state;
	draft(&d, UDP);
	memmove(d.bytes + 24, d.bytes + 20, 16);
	memset(d.bytes + 20, 1, 4); /* four no-operations (RFC 791, 3.1) */
	d.bytes[0] = 0x46;
	d.bytes[3] = 40;
	d.pkt.len = 40;
	fix_header(&d);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.transport_offset, 24);
	assert_int_equal(info.src.port, 4000);
	assert_int_equal(info.payload_len, 8);
	assert_true(packet_checksums_ok(&d.pkt));
}

/* IPv6: a UDP packet of 4 bytes behind the extension headers in @chain. */
static void write_ip6(struct draft *d, const uint8_t *chain, uint8_t chain_len, uint8_t first)
{
	uint8_t *udp = d->bytes + 40 + chain_len;

	memset(d, 0, sizeof(*d));
	d->pkt = (struct packet){ .data = d->bytes, .len = 52U + chain_len, .room = 100 };
	d->bytes[0] = 0x60;
	d->bytes[5] = (uint8_t)(12 + chain_len);
	d->bytes[6] = first;
	d->bytes[7] = 64;
	put_be16(d->bytes + 8, 0x2001);
	d->bytes[23] = 1;
	put_be16(d->bytes + 24, 0x2001);
	d->bytes[39] = 2;
	if (chain_len)
		memcpy(d->bytes + 40, chain, chain_len);
	put_be16(udp, 4000);
	put_be16(udp + 2, 7);
	put_be16(udp + 4, 12);
	put_be16(udp + 6,
		 (uint16_t)~checksum_fold(udp, 12, checksum_fold(d->bytes + 8, 32, 17 + 12)));
}

static void ip6(void **state)
{
	static const uint8_t hop_by_hop[16] = { 60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4 };
	static const uint8_t fragment[8] = { 17, 0, 0, 0x11, 0, 0, 0, 9 };
	struct packet_info info;
	struct draft d = { 0 };

	(void)state;
	write_ip6(&d, NULL, 0, IP_PROTO_UDP);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.version, 6);
	assert_true(endpoint_equal(info.src, script_endpoint("[2001::1]:4000")));
	assert_true(packet_checksums_ok(&d.pkt));
	packet_set_src(&d.pkt, &info, script_endpoint("[2001:db8:1:2:3:4:5:6]:4711"));
	packet_set_dst(&d.pkt, &info, script_endpoint("[fd00::9]:9"));
	assert_true(packet_checksums_ok(&d.pkt));
	assert_true(packet_decrement_ttl(&d.pkt));
	assert_int_equal(d.bytes[7], 63);
	write_ip6(&d, hop_by_hop, 16, 0);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.transport_offset, 56);
	assert_int_equal(info.src.port, 4000);
	write_ip6(&d, fragment, 8, 44);
	assert_int_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	assert_int_equal(info.fragment_offset, 16);
	assert_int_equal(info.fragment_id, 9);
	assert_true(info.more_fragments && !info.has_ports);
	for (uint32_t len = 0; len < 60; len++) {
		d.pkt.len = len;
		assert_int_not_equal(packet_parse(&d.pkt, &info), PACKET_OK);
	}
}

static void described(void **state)
{
	char text[160], brief[12];
	struct draft d = { 0 };

	(void)state;
	draft(&d, UDP);
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)), UDP ", 8 bytes");
	packet_describe(&d.pkt, brief, sizeof(brief));
	assert_string_equal(brief, "UDP 192.168");
	draft(&d, TCP);
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)), TCP ", 0 bytes");
	draft(&d, PING);
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)), PING ", 8 bytes");
	packet_make_icmp_error(&d.pkt, script_addr("11.9.9.9"), ICMP_TIME_EXCEEDED, 0, 0);
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)),
			    "ICMP 11.9.9.9 > 192.168.1.2 time exceeded, about "
			    "ICMP 192.168.1.2 > 11.1.1.2 echo");
	draft(&d, UDP);
	d.bytes[9] = 47;
	fix_header(&d);
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)),
			    "IP protocol 47 192.168.1.2 > 11.1.1.2, 16 bytes");
	d.pkt.len = 3;
	assert_string_equal(packet_describe(&d.pkt, text, sizeof(text)),
			    "malformed, shorter than its header");
}

int main(void)
{
	enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(what_it_says), cmocka_unit_test(fragments),
		cmocka_unit_test(options),	cmocka_unit_test(ip6),
		cmocka_unit_test(described),
	};
	struct CMUnitTest tests[FAULTS];

	for (size_t i = 0; i < FAULTS; i++)
		tests[i] = (struct CMUnitTest){ .name = faults[i].name,
						.test_func = fault,
						.initial_state = (void *)(uintptr_t)&faults[i] };
	return cmocka_run_group_tests_name("packet faults", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("packet", others, NULL, NULL);
}
