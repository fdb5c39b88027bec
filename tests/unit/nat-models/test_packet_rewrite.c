/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checksums, and packets that are changed in place or turned into answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat_script.h"

enum { ROOM = 2048, VIRTIO_GSO_TCP4 = 1 };

static uint8_t bytes[ROOM];
static struct packet pkt;
static struct packet_info info;

static void draft(const char *text)
{
	pkt = (struct packet){ .data = bytes, .room = ROOM };
	script_write(&pkt, text);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_true(packet_checksums_ok(&pkt));
}

#define UDP "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define TCP "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN"
#define PING "ICMP 192.168.1.2 > 11.1.1.2 echo id 7"

/* The sum of RFC 1071, section 3, and its rule for odd lengths; any alignment. */
static void folding(void **state)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t odd[8] = { 0 };

	(void)state;
	assert_int_equal(checksum_fold(example, 8, 0), 0xddf2);
	assert_int_equal(checksum_fold(example, 0, 0), 0);
	assert_int_equal(checksum_fold(example, 0, 0x12345), 0x2346);
	assert_int_equal(checksum_fold(example + 4, 4, checksum_fold(example, 4, 0)), 0xddf2);
	assert_int_equal(checksum_fold(example, 3, 0), 0xf201);
	memcpy(odd + 1, example, 7);
	assert_int_equal(checksum_fold(odd + 1, 7, 0), checksum_fold(example, 7, 0));
	assert_int_equal(checksum_fold(example, 7, 0),
			 checksum_fold("\x00\x01\xf2\x03\xf4\xf5\xf6\x00", 8, 0));
}

static uint64_t chance = 99;

static struct endpoint any_endpoint(void)
{
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (struct endpoint){ ip_addr_v4((uint32_t)(chance >> 32)), (uint16_t)(chance >> 20) };
}

/* Any rewriting leaves a packet whose checksums are right when computed from nothing. */
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
			assert_true(endpoint_equal(after.src, info.src));
			assert_true(endpoint_equal(after.dst, info.dst));
		}
	}
}

/* With the checksum left to an offload the field follows the addresses only, and finishing
 * it gives what it would have been. */
static void offloaded_checksums(void **state)
{
	static const struct {
		const char *packet;
		uint8_t protocol, field;
	} rows[] = { { UDP, IP_PROTO_UDP, 6 }, { TCP, IP_PROTO_TCP, 16 } };

	(void)state;
	for (size_t kind = 0; kind < 2; kind++) {
		for (int i = 0; i < 1000; i++) {
			struct endpoint src = any_endpoint(), dst = any_endpoint();
			uint8_t wanted[ROOM];

			draft(rows[kind].packet);
			packet_set_src(&pkt, &info, src);
			packet_set_dst(&pkt, &info, dst);
			memcpy(wanted, bytes, pkt.len);
			draft(rows[kind].packet);
			put_be16(bytes + 20 + rows[kind].field,
				 checksum_fold(bytes + 12, 8, rows[kind].protocol + pkt.len - 20));
			pkt.offload =
				(struct packet_offload){ .needs_checksum = true,
							 .gso_type = VIRTIO_GSO_TCP4,
							 .checksum_start = 20,
							 .checksum_offset = rows[kind].field };
			assert_true(packet_checksums_ok(&pkt));
			packet_set_src(&pkt, &info, src);
			assert_true(packet_checksums_ok(&pkt));
			packet_set_dst(&pkt, &info, dst);
			assert_true(packet_checksums_ok(&pkt));
			bytes[20 + rows[kind].field] ^= 1;
			assert_false(packet_checksums_ok(&pkt));
			bytes[20 + rows[kind].field] ^= 1;
			packet_finish_checksums(&pkt);
			assert_false(pkt.offload.needs_checksum);
			assert_int_equal(pkt.offload.gso_type, VIRTIO_GSO_TCP4);
			assert_memory_equal(bytes, wanted, pkt.len);
		}
	}
}

/* RFC 768: no checksum stays none; one that comes out as zero is written as ones. */
static void udp_zero(void **state)
{
	(void)state;
	draft(UDP);
	put_be16(bytes + 26, 0);
	packet_set_src(&pkt, &info, script_endpoint("1.2.3.4:5"));
	assert_int_equal(get_be16(bytes + 26), 0);
	assert_true(packet_checksums_ok(&pkt));
	/* Moving what the sum lacks into the port makes the checksum zero. */
	draft(UDP);
	for (uint32_t port = 0; port < 65536; port++) {
		packet_set_src(&pkt, &info, (struct endpoint){ info.src.addr, (uint16_t)port });
		assert_int_not_equal(get_be16(bytes + 26), 0);
		assert_true(packet_checksums_ok(&pkt));
	}
}

/* A NAT hides no damage: what was wrong before is wrong after. */
static void damage_stays(void **state)
{
	(void)state;
	draft(UDP);
	bytes[30] ^= 1;
	packet_set_src(&pkt, &info, script_endpoint("1.2.3.4:5"));
	assert_false(packet_checksums_ok(&pkt));
	bytes[30] ^= 1;
	assert_true(packet_checksums_ok(&pkt));
	bytes[10] ^= 1;
	assert_false(packet_checksums_ok(&pkt));
}

static void ttl(void **state)
{
	(void)state;
	draft(UDP);
	for (int left = 63; left >= 1; left--) {
		assert_true(packet_decrement_ttl(&pkt));
		assert_int_equal(bytes[8], left);
		assert_true(packet_checksums_ok(&pkt));
	}
	assert_false(packet_decrement_ttl(&pkt));
	assert_int_equal(bytes[8], 1);
	pkt.len = 8;
	assert_false(packet_decrement_ttl(&pkt));
}

static void made_udp(void **state)
{
	static uint8_t payload[70000];
	struct endpoint a = script_endpoint("1.2.3.4:5"), b = script_endpoint("6.7.8.9:10");

	(void)state;
	pkt = (struct packet){ .data = bytes, .room = 28 + 100 };
	assert_int_equal(packet_make_udp(&pkt, a, b, 9, payload, 101), -ENOSPC);
	assert_int_equal(pkt.len, 0);
	assert_int_equal(packet_make_udp(&pkt, a, b, 9, payload, 100), 0);
	assert_int_equal(pkt.len, 128);
	assert_int_equal(bytes[8], 9);
	assert_true(packet_checksums_ok(&pkt));
	for (size_t len = 0; len < 20; len++) {
		payload[len] = (uint8_t)(len * 37);
		assert_int_equal(packet_make_udp(&pkt, a, b, 9, payload, len), 0);
		assert_true(packet_checksums_ok(&pkt));
	}
	pkt = (struct packet){ .data = payload, .room = sizeof(payload) };
	assert_int_equal(packet_make_udp(&pkt, a, b, 9, bytes, 65536 - 28), -ENOSPC);
}

static void icmp_errors(void **state)
{
	static uint8_t payload[1400];
	struct ip_addr router = script_addr("11.9.9.9");
	struct packet_info quoted;

	(void)state;
	draft(UDP);
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE,
						ICMP_FRAGMENTATION_NEEDED, 1280),
			 0);
	script_expect_packet(&pkt, "ICMP 11.9.9.9 > 192.168.1.2 fragmentation needed, about " UDP,
			     "error");
	assert_int_equal(get_be16(bytes + 26), 1280);
	assert_int_equal(pkt.len, 28 + 36);
	/* None about an error. */
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -EINVAL);
	/* The quote ends where the error would exceed 576 bytes. */
	pkt = (struct packet){ .data = bytes, .room = ROOM };
	packet_make_udp(&pkt, script_endpoint("1.2.3.4:5"), script_endpoint("6.7.8.9:10"), 9,
			payload, sizeof(payload));
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_TIME_EXCEEDED, 0, 0), 0);
	assert_int_equal(pkt.len, 576);
	assert_true(packet_checksums_ok(&pkt));
	assert_int_equal(packet_parse_quoted(bytes + 28, 548, &quoted), PACKET_OK);
	assert_int_equal(quoted.src.port, 5);
	assert_int_equal(quoted.payload_len, 1400);
	/* No room to grow. */
	draft(UDP);
	pkt.room = pkt.len + 27;
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -ENOSPC);
	pkt.room = pkt.len + 28;
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), 0);
	/* None about multicast or broadcast, nor to nobody, nor about a later fragment. */
	draft("UDP 192.168.1.2:4000 > 239.255.255.250:1900");
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -EINVAL);
	draft("UDP 192.168.1.2:4000 > 255.255.255.255:67");
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -EINVAL);
	draft("UDP 0.0.0.0:68 > 11.1.1.2:67");
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -EINVAL);
	draft(UDP);
	put_be16(bytes + 6, 1);
	put_be16(bytes + 10, 0);
	put_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 20, 0));
	assert_int_equal(packet_make_icmp_error(&pkt, router, ICMP_UNREACHABLE, 0, 0), -EINVAL);
}

/* What an error quotes is what a wire would have carried, not what an offload left. */
static void icmp_error_about_offloaded(void **state)
{
	struct packet quoted;

	(void)state;
	draft(UDP);
	put_be16(bytes + 26, checksum_fold(bytes + 12, 8, IP_PROTO_UDP + 16));
	pkt.offload = (struct packet_offload){ .needs_checksum = true,
					       .checksum_start = 20,
					       .checksum_offset = 6 };
	assert_int_equal(packet_make_icmp_error(&pkt, script_addr("11.9.9.9"), ICMP_UNREACHABLE,
						ICMP_PORT_UNREACHABLE, 0),
			 0);
	assert_false(pkt.offload.needs_checksum);
	assert_true(packet_checksums_ok(&pkt));
	quoted = (struct packet){ .data = bytes + 28, .len = 36 };
	assert_true(packet_checksums_ok(&quoted));
}

/* RFC 9293, 3.5.2: with an ACK the reset takes its sequence number; without, it acknowledges. */
static void resets(void **state)
{
	(void)state;
	draft(TCP);
	assert_int_equal(packet_make_tcp_rst(&pkt), 0);
	script_expect_packet(&pkt, "TCP 11.1.1.2:7 > 192.168.1.2:4000 RST ACK, 0 bytes", "SYN");
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(info.tcp_seq, 0);
	assert_int_equal(info.tcp_ack, 1001);
	assert_int_equal(packet_make_tcp_rst(&pkt), -EINVAL);
	draft("TCP 192.168.1.2:4000 > 11.1.1.2:7");
	put_be32(bytes + 28, 777);
	assert_int_equal(packet_make_tcp_rst(&pkt), 0);
	script_expect_packet(&pkt, "TCP 11.1.1.2:7 > 192.168.1.2:4000 RST, 0 bytes", "ACK");
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(info.tcp_seq, 777);
	draft(UDP);
	assert_int_equal(packet_make_tcp_rst(&pkt), -EINVAL);
}

static void echo_replies(void **state)
{
	(void)state;
	draft(PING);
	bytes[8] = 3;
	put_be16(bytes + 10, 0);
	put_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 20, 0));
	assert_int_equal(packet_make_echo_reply(&pkt), 0);
	script_expect_packet(&pkt, "ICMP 11.1.1.2 > 192.168.1.2 echo reply id 7, 8 bytes", "pong");
	assert_int_equal(bytes[8], 64);
	assert_int_equal(packet_make_echo_reply(&pkt), -EINVAL);
	draft(UDP);
	assert_int_equal(packet_make_echo_reply(&pkt), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(folding),
		cmocka_unit_test(rewriting_keeps_checksums_right),
		cmocka_unit_test(offloaded_checksums),
		cmocka_unit_test(udp_zero),
		cmocka_unit_test(damage_stays),
		cmocka_unit_test(ttl),
		cmocka_unit_test(made_udp),
		cmocka_unit_test(icmp_errors),
		cmocka_unit_test(icmp_error_about_offloaded),
		cmocka_unit_test(resets),
		cmocka_unit_test(echo_replies),
	};

	return cmocka_run_group_tests_name("packet rewriting", tests, NULL, NULL);
}
