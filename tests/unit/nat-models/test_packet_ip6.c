/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 in the codec: extension headers, ICMPv6, and what is made of a packet. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat_script.h"

enum { ROOM = 2048, IP6 = 40 };

static uint8_t bytes[ROOM];
static struct packet pkt;
static struct packet_info info;

#define ALICE "2001:db8:1::2"
#define BOB "2001:db8:2::2"
#define UDP "UDP [2001:db8:1::2]:4000 > [2001:db8:2::2]:7"
#define TCP "TCP [2001:db8:1::2]:4000 > [2001:db8:2::2]:7 SYN"
#define PING "ICMP 2001:db8:1::2 > 2001:db8:2::2 echo id 7"
#define ROUTER "2001:db8:9::9"

static void draft(const char *text)
{
	pkt = (struct packet){ .data = bytes, .room = ROOM };
	script_write(&pkt, text);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(info.version, 6);
	assert_true(packet_checksums_ok(&pkt));
}

/* Put the extension headers of @chain, whose first is a @first, behind the IPv6 header; the last
 * of them says by itself what follows. */
static void insert(uint8_t first, const uint8_t *chain, uint32_t len)
{
	memmove(bytes + IP6 + len, bytes + IP6, pkt.len - IP6);
	memcpy(bytes + IP6, chain, len);
	bytes[6] = first;
	pkt.len += len;
	put_be16(bytes + 4, (uint16_t)(pkt.len - IP6));
}

/* Chains in front of a UDP header (17). */
static const struct chain_row {
	const char *name;
	uint8_t first, len;
	uint8_t chain[32];
	enum packet_fault want;
	uint16_t transport; /* where it is PACKET_OK */
} chains[] = {
	{ "options for each hop", 0, 8, { 17, 0, 1, 4 }, PACKET_OK, 48 },
	{ "options for the destination, of 16 bytes", 60, 16, { 17, 1, 1, 12 }, PACKET_OK, 56 },
	{ "a routing header", 43, 8, { 17, 0, 4, 0 }, PACKET_OK, 48 },
	{ "hop, destination, routing",
	  0,
	  24,
	  { 60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 4, 0 },
	  PACKET_OK,
	  64 },
	{ "options for each hop, but not first",
	  60,
	  16,
	  { 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4 },
	  PACKET_BAD_EXTENSION,
	  0 },
	{ "an atomic fragment", 44, 8, { 17, 0, 0, 0, 1, 2, 3, 4 }, PACKET_OK, 48 },
	{ "a fragment of a fragment",
	  44,
	  16,
	  { 44, 0, 0, 1, 0, 0, 0, 9, 17, 0, 0, 1, 0, 0, 0, 9 },
	  PACKET_BAD_EXTENSION,
	  0 },
	{ "one that ends behind the packet", 60, 8, { 17, 9, 1, 4 }, PACKET_TOO_SHORT, 0 },
	{ "the Encapsulating Security Payload", 50, 8, { 0, 0, 1, 2 }, PACKET_UNSUPPORTED, 40 },
	{ "no next header", 59, 8, { 0 }, PACKET_UNSUPPORTED, 40 },
	{ "ICMP for IPv4", 1, 8, { 8 }, PACKET_UNSUPPORTED, 40 },
};

static void chain(void **state)
{
	const struct chain_row *row = *state;
	enum packet_fault fault;

	draft(UDP);
	insert(row->first, row->chain, row->len);
	fault = packet_parse(&pkt, &info);
	assert_int_equal(fault, row->want);
	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED)
		return;
	assert_int_equal(info.transport_offset, row->transport);
	if (fault == PACKET_OK)
		assert_int_equal(info.src.port, 4000);
	for (uint32_t len = pkt.len; len-- > 0;) {
		pkt.len = len;
		assert_int_not_equal(packet_parse(&pkt, &info), PACKET_OK);
	}
}

/* All 32 bits of the identification, and 13 of the offset. */
static void fragments(void **state)
{
	static const uint8_t first[8] = { 17, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef };
	static const uint8_t later[8] = { 17, 0, 0xff, 0xf8, 0xde, 0xad, 0xbe, 0xef };
	static const uint8_t inside[8] = { 60, 0, 0, 0x10, 0, 0, 0, 1 };

	(void)state;
	draft(UDP);
	insert(44, first, 8);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_true(info.more_fragments && info.has_ports);
	assert_int_equal(info.fragment_id, 0xdeadbeef);
	memcpy(bytes + IP6, later, 8);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_false(info.more_fragments || info.has_ports);
	assert_int_equal(info.fragment_offset, 0xfff8);
	/* What stands in the middle of options is not read as some. */
	memcpy(bytes + IP6, inside, 8);
	bytes[IP6 + 8] = 0;
	bytes[IP6 + 9] = 255;
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(info.protocol, 60);
	assert_int_equal(info.transport_offset, IP6 + 8);
}

static void be_icmp(uint8_t type, uint8_t code)
{
	uint8_t *icmp = bytes + IP6;
	uint32_t len;

	draft(PING);
	len = pkt.len - IP6;
	icmp[0] = type;
	icmp[1] = code;
	put_be16(icmp + 2, 0);
	put_be16(icmp + 2,
		 (uint16_t)~checksum_fold(icmp, len, checksum_fold(bytes + 8, 32, 58 + len)));
}

static const struct icmp_row {
	uint8_t type, code;
	enum packet_fault want;
	bool is_error, link_only;
	const char *text; /* how it is described after the addresses */
} icmps[] = {
	{ 1, 0, PACKET_OK, true, false, "no route" },
	{ 1, 1, PACKET_OK, true, false, "administratively prohibited" },
	{ 1, 3, PACKET_OK, true, false, "address unreachable" },
	{ 1, 4, PACKET_OK, true, false, "port unreachable" },
	{ 1, 6, PACKET_OK, true, false, "unreachable" },
	{ 2, 0, PACKET_OK, true, false, "packet too big" },
	{ 3, 0, PACKET_OK, true, false, "time exceeded" },
	{ 4, 1, PACKET_OK, true, false, "parameter problem" },
	{ 5, 0, PACKET_UNSUPPORTED, false, false, "message" },
	{ 100, 0, PACKET_UNSUPPORTED, false, false, "message" },
	{ 128, 0, PACKET_OK, false, false, "echo id 7" },
	{ 129, 0, PACKET_OK, false, false, "echo reply id 7" },
	{ 130, 0, PACKET_UNSUPPORTED, false, true, "multicast listener" },
	{ 133, 0, PACKET_UNSUPPORTED, false, true, "router solicitation" },
	{ 134, 0, PACKET_UNSUPPORTED, false, true, "router advertisement" },
	{ 135, 0, PACKET_UNSUPPORTED, false, true, "neighbour solicitation" },
	{ 136, 0, PACKET_UNSUPPORTED, false, true, "neighbour advertisement" },
	{ 137, 0, PACKET_UNSUPPORTED, false, true, "redirect" },
	{ 138, 0, PACKET_UNSUPPORTED, false, false, "message" },
	{ 143, 0, PACKET_UNSUPPORTED, false, true, "multicast listener" },
};

static void icmp_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(icmps) / sizeof(icmps[0]); i++) {
		const struct icmp_row *row = &icmps[i];
		char want[120];

		be_icmp(row->type, row->code);
		assert_int_equal(packet_parse(&pkt, &info), row->want);
		assert_int_equal(info.is_error, row->is_error);
		assert_int_equal(packet_is_link_only(&info), row->link_only);
		snprintf(want, sizeof(want), "ICMP " ALICE " > " BOB " %s", row->text);
		script_expect_packet(&pkt, want, row->text);
	}
}

static uint64_t chance = 7;

static struct endpoint any_endpoint(void)
{
	struct endpoint e;

	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
	e.addr.hi = UINT64_C(0x20010db8) << 32 | chance >> 32;
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
	e.addr.lo = chance;
	e.port = (uint16_t)(chance >> 40);
	return e;
}

/* Addresses count for the checksum of ICMPv6, too (RFC 4443, 2.3). */
static void rewriting_keeps_checksums_right(void **state)
{
	static const char *const kinds[] = { UDP, TCP, PING };

	(void)state;
	for (size_t kind = 0; kind < 3; kind++) {
		draft(kinds[kind]);
		for (int i = 0; i < 3000; i++) {
			struct endpoint to = any_endpoint();
			struct packet_info after;

			if (i % 2)
				packet_set_src(&pkt, &info, to);
			else
				packet_set_dst(&pkt, &info, to);
			assert_true(packet_checksums_ok(&pkt));
			assert_int_equal(packet_parse(&pkt, &after), PACKET_OK);
			assert_true(endpoint_equal(i % 2 ? after.src : after.dst, to));
		}
	}
}

static void offloaded_checksums(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		draft(TCP);
		put_be16(bytes + IP6 + 16, checksum_fold(bytes + 8, 32, 6 + pkt.len - IP6));
		pkt.offload = (struct packet_offload){ .needs_checksum = true,
						       .checksum_start = IP6,
						       .checksum_offset = 16 };
		packet_set_src(&pkt, &info, any_endpoint());
		packet_set_dst(&pkt, &info, any_endpoint());
		assert_true(packet_checksums_ok(&pkt));
		packet_finish_checksums(&pkt);
		assert_true(packet_checksums_ok(&pkt));
	}
}

static void quoted_packets(void **state)
{
	static const char *const kinds[] = { UDP, TCP, PING };

	(void)state;
	for (size_t kind = 0; kind < 3; kind++) {
		struct packet_info quoted;
		struct packet inner;

		draft(kinds[kind]);
		assert_int_equal(packet_make_error(&pkt, script_addr(ROUTER), PACKET_ERROR_HOST, 0),
				 0);
		assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
		assert_int_equal(
			packet_parse_quoted(bytes + info.payload_offset, info.payload_len, &quoted),
			PACKET_OK);
		for (int i = 0; i < 1000; i++) {
			packet_set_quoted_src(&pkt, &info, &quoted, any_endpoint());
			packet_set_quoted_dst(&pkt, &info, &quoted, any_endpoint());
			assert_true(packet_checksums_ok(&pkt));
		}
		inner = (struct packet){ .data = bytes + info.payload_offset,
					 .len = info.payload_len };
		assert_true(packet_checksums_ok(&inner));
	}
}

static void payloads(void **state)
{
	(void)state;
	draft(UDP);
	for (size_t len = 0; len < 1200; len += 37) {
		static uint8_t payload[1200];

		memset(payload, (int)len, len);
		assert_int_equal(packet_set_payload(&pkt, &info, payload, len), 0);
		assert_true(packet_checksums_ok(&pkt));
		assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
		assert_int_equal(info.payload_len, len);
	}
}

static void errors(void **state)
{
	static uint8_t payload[1400];
	struct ip_addr router = script_addr(ROUTER);

	(void)state;
	draft(UDP);
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_TOO_BIG, 1280), 0);
	script_expect_packet(&pkt, "ICMP " ROUTER " > " ALICE " packet too big, about " UDP, "");
	assert_int_equal(get_be32(bytes + IP6 + 4), 1280);
	assert_int_equal(pkt.len, 48 + 56);
	/* None about an error, whether its type is known or not; nor about a redirect. */
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -EINVAL);
	be_icmp(100, 0);
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -EINVAL);
	be_icmp(137, 0);
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -EINVAL);
	/* RFC 4443, 2.4 (c): as much as fits into 1280 bytes. */
	pkt = (struct packet){ .data = bytes, .room = ROOM };
	packet_make_udp(&pkt, script_endpoint("[" ALICE "]:5"), script_endpoint("[" BOB "]:6"), 9,
			payload, sizeof(payload));
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_TIME_EXCEEDED, 0), 0);
	assert_int_equal(pkt.len, 1280);
	assert_true(packet_checksums_ok(&pkt));
	/* To many, only what is too big is answered; from nobody, nothing is. */
	draft("UDP [" ALICE "]:5 > [ff0e::1]:6");
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -EINVAL);
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_TOO_BIG, 1280), 0);
	draft("UDP [::]:5 > [" BOB "]:6");
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -EINVAL);
	/* One of IPv4 does not speak of IPv6. */
	draft(UDP);
	assert_int_equal(packet_make_error(&pkt, script_addr("11.9.9.9"), PACKET_ERROR_PORT, 0),
			 -EINVAL);
	pkt.room = pkt.len + 47;
	assert_int_equal(packet_make_error(&pkt, router, PACKET_ERROR_PORT, 0), -ENOSPC);
}

static void answers(void **state)
{
	static const uint8_t options[8] = { 6, 0, 1, 4 };
	static const uint8_t options_of_ping[8] = { 58, 0, 1, 4 };

	(void)state;
	draft(TCP);
	insert(60, options, 8);
	assert_int_equal(packet_make_tcp_rst(&pkt), 0);
	script_expect_packet(&pkt, "TCP [" BOB "]:7 > [" ALICE "]:4000 RST ACK, 0 bytes", "SYN");
	assert_int_equal(packet_make_tcp_rst(&pkt), -EINVAL);
	draft(PING);
	insert(0, options_of_ping, 8);
	bytes[7] = 3;
	assert_int_equal(packet_make_echo_reply(&pkt), 0);
	script_expect_packet(&pkt, "ICMP " BOB " > " ALICE " echo reply id 7, 8 bytes", "pong");
	assert_int_equal(bytes[7], 64);
	assert_int_equal(packet_make_echo_reply(&pkt), -EINVAL);
}

static void made_udp(void **state)
{
	static uint8_t payload[66000], large[66000];
	struct endpoint a = script_endpoint("[" ALICE "]:5"), b = script_endpoint("[" BOB "]:6");

	(void)state;
	pkt = (struct packet){ .data = large, .room = sizeof(large) };
	assert_int_equal(packet_make_udp(&pkt, a, b, 9, payload, 65536 - 8), -ENOSPC);
	assert_int_equal(packet_make_udp(&pkt, a, b, 9, payload, 65535 - 8), 0);
	assert_int_equal(pkt.len, 65535 + 40);
	assert_true(packet_checksums_ok(&pkt));
	assert_int_equal(large[7], 9);
	assert_int_equal(packet_make_udp(&pkt, a, script_endpoint("1.2.3.4:5"), 9, "", 0), -EINVAL);
}

int main(void)
{
	static struct CMUnitTest tests[sizeof(chains) / sizeof(chains[0]) + 10];
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(fragments),
		cmocka_unit_test(icmp_types),
		cmocka_unit_test(rewriting_keeps_checksums_right),
		cmocka_unit_test(offloaded_checksums),
		cmocka_unit_test(quoted_packets),
		cmocka_unit_test(payloads),
		cmocka_unit_test(errors),
		cmocka_unit_test(answers),
		cmocka_unit_test(made_udp),
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		tests[n++] = (struct CMUnitTest){ .name = chains[i].name,
						  .test_func = chain,
						  .initial_state = (void *)(uintptr_t)&chains[i] };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		tests[n++] = others[i];
	return _cmocka_run_group_tests("IPv6 packets", tests, n, NULL, NULL);
}
