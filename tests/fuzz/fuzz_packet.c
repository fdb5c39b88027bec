/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet codec on any bytes: nothing is read or written outside of them, what it says of a
 * packet lies within it, and what it makes of one is a packet again.
 *
 * The first byte chooses what is done; the second says how much room there is behind the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "nat-models/packet_family.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not inlined, so that the stack trace tells which. */
__attribute__((noinline)) static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_info(const struct packet *pkt, const struct packet_info *info)
{
	require(info->version == 4 || info->version == 6);
	require(info->transport_offset <= pkt->len);
	require(info->payload_offset <= pkt->len);
	require(info->payload_offset + info->payload_len <= pkt->len);
	if (info->has_ports)
		require(info->transport_offset + 4U <= pkt->len && !info->fragment_offset);
	if (info->is_error)
		require(!info->has_ports);
}

/* Rewriting a packet whose checksums are right leaves them right. */
static void rewrite(struct packet *pkt)
{
	struct packet_info info, after;
	bool right;

	if (packet_parse(pkt, &info) != PACKET_OK)
		return;
	right = packet_checksums_ok(pkt);
	if (info.version == 4) {
		packet_set_src(pkt, &info, (struct endpoint){ ip_addr_v4(0x0b020001), 4711 });
		packet_set_dst(pkt, &info, (struct endpoint){ ip_addr_v4(0xc0a80102), 53 });
	} else {
		packet_set_src(pkt, &info, (struct endpoint){ { 1, 2 }, 4711 });
		packet_set_dst(pkt, &info, (struct endpoint){ { 3, 4 }, 53 });
	}
	require(packet_parse(pkt, &after) == PACKET_OK);
	require(endpoint_equal(after.src, info.src) && endpoint_equal(after.dst, info.dst));
	if (right)
		require(packet_checksums_ok(pkt));
	packet_decrement_ttl(pkt);
	if (right)
		require(packet_checksums_ok(pkt));
}

static void rewrite_quoted(struct packet *pkt)
{
	struct packet_info info, quoted;
	bool right;

	if (packet_parse(pkt, &info) != PACKET_OK || !info.is_error)
		return;
	if (packet_parse_quoted(pkt->data + info.payload_offset, info.payload_len, &quoted) ||
	    quoted.version != info.version)
		return;
	right = packet_checksums_ok(pkt);
	if (info.version == 6) {
		packet_set_quoted_src(pkt, &info, &quoted, (struct endpoint){ { 1, 2 }, 4711 });
		packet_set_quoted_dst(pkt, &info, &quoted, (struct endpoint){ { 3, 4 }, 53 });
		require(!right || packet_checksums_ok(pkt));
		return;
	}
	packet_set_quoted_src(pkt, &info, &quoted,
			      (struct endpoint){ ip_addr_v4(0x0b020001), 4711 });
	packet_set_quoted_dst(pkt, &info, &quoted, (struct endpoint){ ip_addr_v4(0xc0a80102), 53 });
	if (right)
		require(packet_checksums_ok(pkt));
}

static void answer(struct packet *pkt, uint8_t how)
{
	bool ip6 = pkt->len && pkt->data[0] >> 4 == 6;
	struct ip_addr from = ip6 ? (struct ip_addr){ 5, 6 } : ip_addr_v4(0x0b020001);
	int err;

	if (how % 3 == 0)
		err = packet_make_error(pkt, from, how / 3 % (PACKET_ERROR_TIME_EXCEEDED + 1),
					1280);
	else if (how % 3 == 1)
		err = packet_make_tcp_rst(pkt);
	else
		err = packet_make_echo_reply(pkt);
	require(pkt->len <= pkt->room);
	/* A reply carries over whatever checksum the request had. */
	if (!err && how % 3 != 2)
		require(packet_checksums_ok(pkt));
}

/* An error of the other family, and the packet that it quotes. */
static int cross_error(struct packet *pkt, struct packet_info *info)
{
	struct packet_info quoted;

	if (packet_parse_quoted(pkt->data + info->payload_offset, info->payload_len, &quoted) ||
	    quoted.version != info->version)
		return -1;
	if (info->version == 4)
		return packet_error_to_ip6(pkt, info, &quoted);
	packet_set_quoted_src(pkt, info, &quoted, (struct endpoint){ ip_addr_v4(0x0b020001), 9 });
	packet_set_quoted_dst(pkt, info, &quoted, (struct endpoint){ ip_addr_v4(0x0b020002), 9 });
	return packet_error_to_ip4(pkt, info, &quoted);
}

/* Into the other family, and back where it has a counterpart there, right as it was. */
static void cross(struct packet *pkt)
{
	struct packet_info info;
	bool right = packet_checksums_ok(pkt);
	int err;

	for (int i = 0; i < 2; i++) {
		if (packet_parse(pkt, &info) != PACKET_OK)
			return;
		if (info.version == 6) {
			packet_set_src(pkt, &info,
				       (struct endpoint){ ip_addr_v4(0x0b020001), info.src.port });
			packet_set_dst(pkt, &info,
				       (struct endpoint){ ip_addr_v4(0x0b020002), info.dst.port });
		}
		if (info.is_error)
			err = cross_error(pkt, &info);
		else
			err = info.version == 6 ? packet_to_ip4(pkt, &info, 7)
						: packet_to_ip6(pkt, &info);
		require(pkt->len <= pkt->room);
		if (err)
			return;
		require(!right || packet_checksums_ok(pkt));
	}
}

static void finish(struct packet *pkt, uint8_t start, uint8_t offset)
{
	pkt->offload = (struct packet_offload){ .needs_checksum = true,
						.checksum_start = start,
						.checksum_offset = offset };
	packet_checksums_ok(pkt);
	packet_finish_checksums(pkt);
	require(!pkt->offload.needs_checksum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet pkt = { 0 };
	struct packet_info info;
	enum packet_fault fault;
	char text[300];

	if (size < 2 || size > 70000)
		return 0;
	/* Just the bytes that may be touched, so that a sanitizer sees any other. */
	pkt.len = (uint32_t)(size - 2);
	pkt.room = pkt.len + data[1];
	pkt.data = malloc(pkt.room ? pkt.room : 1);
	if (!pkt.data)
		return 0;
	memcpy(pkt.data, data + 2, pkt.len);
	fault = packet_parse(&pkt, &info);
	if (fault == PACKET_OK || fault == PACKET_UNSUPPORTED)
		check_info(&pkt, &info);
	packet_parse_quoted(pkt.data, pkt.len, &info);
	packet_describe(&pkt, text, 1 + data[1]);
	if (data[0] % 8 < 3)
		answer(&pkt, data[0]);
	else if (data[0] % 8 == 3)
		finish(&pkt, data[0] / 8, data[1] % 32);
	else if (data[0] % 8 == 4)
		rewrite_quoted(&pkt);
	else if (data[0] % 8 == 7)
		cross(&pkt);
	else
		rewrite(&pkt);
	packet_describe(&pkt, text, sizeof(text));
	free(pkt.data);
	return 0;
}
