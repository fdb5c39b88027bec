/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures that never happened: a small pcapng writer, and a lab's taps to write them at, so
 * that tests can show a verdict whatever truth or lie they like.
 *
 *	alice - [lan] home_a [wan] - Internet - [wan] home_b [lan] - bob
 *	                                |
 *	                            supernode
 */
#ifndef KNOTHOLE_TEST_FORGE_H
#define KNOTHOLE_TEST_FORGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nat-models/packet.h"
#include "probes/wire/stun.h"
#include "probes/wire/talk.h"
#include "probes/wire/turn.h"
#include "reports/pcapng.h"

enum { FORGE_ROOM = 1 << 19, LINK_RAW_IP = 101 };
enum { ALICE, HOME_A_LAN, HOME_A_WAN, SUPERNODE, HOME_B_WAN, HOME_B_LAN, BOB, TAPS };

struct forge {
	uint8_t bytes[FORGE_ROOM];
	size_t len;
	bool big_endian;
	uint64_t now; /* of the next packet, ns */
	enum family says; /* the family that frames name */
	unsigned ipv6; /* at taps whose bit (1 << tap) is set, packets are of IPv6 */
	char path[64]; /* once written */
};

static inline void forge_put(struct forge *forge, const void *bytes, size_t len)
{
	assert_true(forge->len + len <= sizeof(forge->bytes));
	if (len > 0)
		memcpy(forge->bytes + forge->len, bytes, len);
	forge->len += len;
}

static inline void forge_number(struct forge *forge, uint32_t v, size_t size)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < size; i++)
		bytes[forge->big_endian ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
	forge_put(forge, bytes, size);
}

static inline void forge_padded(struct forge *forge, const void *bytes, size_t len)
{
	static const uint8_t zeroes[4];

	forge_put(forge, bytes, len);
	forge_put(forge, zeroes, (4 - len % 4) % 4);
}

static inline void forge_option(struct forge *forge, uint16_t code, const void *value, size_t len)
{
	forge_number(forge, code, 2);
	forge_number(forge, (uint32_t)len, 2);
	forge_padded(forge, value, len);
}

/* Begin a block; its length is filled in by forge_end(). */
static inline size_t forge_begin(struct forge *forge, uint32_t type)
{
	size_t at = forge->len;

	forge_number(forge, type, 4);
	forge_number(forge, 0, 4);
	return at;
}

static inline void forge_end(struct forge *forge, size_t at)
{
	uint32_t total = (uint32_t)(forge->len + 4 - at);
	size_t end = forge->len;

	forge->len = at + 4;
	forge_number(forge, total, 4);
	forge->len = end;
	forge_number(forge, total, 4);
}

static inline void forge_section(struct forge *forge, const char *comment)
{
	size_t at = forge_begin(forge, 0x0a0d0d0a);

	forge_number(forge, 0x1a2b3c4d, 4);
	forge_number(forge, 1, 2);
	forge_number(forge, 0, 2);
	forge_number(forge, UINT32_MAX, 4);
	forge_number(forge, UINT32_MAX, 4);
	if (comment)
		forge_option(forge, 1, comment, strlen(comment));
	forge_end(forge, at);
}

/* @resolution: if_tsresol; -1 leaves it out.  Texts may be NULL. */
static inline void forge_tap(struct forge *forge, const char *name, const char *about,
			     uint16_t link_type, int resolution)
{
	size_t at = forge_begin(forge, 1);
	uint8_t code = (uint8_t)resolution;

	forge_number(forge, link_type, 2);
	forge_number(forge, 0, 2);
	forge_number(forge, 0, 4);
	if (name)
		forge_option(forge, 2, name, strlen(name));
	if (about)
		forge_option(forge, 3, about, strlen(about));
	if (resolution >= 0)
		forge_option(forge, 9, &code, 1);
	forge_option(forge, 0, NULL, 0);
	forge_end(forge, at);
}

static inline void forge_bytes(struct forge *forge, uint32_t tap, enum pcapng_direction direction,
			       const void *bytes, size_t len, const char *comment)
{
	size_t at = forge_begin(forge, 6);

	forge_number(forge, tap, 4);
	forge_number(forge, (uint32_t)(forge->now >> 32), 4);
	forge_number(forge, (uint32_t)forge->now, 4);
	forge_number(forge, (uint32_t)len, 4);
	forge_number(forge, (uint32_t)len, 4);
	forge_padded(forge, bytes, len);
	if (direction != PCAPNG_UNKNOWN) {
		forge_number(forge, 2, 2);
		forge_number(forge, 4, 2);
		forge_number(forge, direction, 4);
	}
	if (comment)
		forge_option(forge, 1, comment, strlen(comment));
	forge_end(forge, at);
	forge->now += 1000000;
}

/* A new forgery, with the lab's taps. */
static inline struct forge *forge_lab(void)
{
	static const struct {
		const char *name, *node, *side;
	} taps[TAPS] = {
		[ALICE] = { "alice", "alice", "host" },
		[HOME_A_LAN] = { "home_a lan", "home_a", "lan" },
		[HOME_A_WAN] = { "home_a wan", "home_a", "wan" },
		[SUPERNODE] = { "supernode", "supernode", "host" },
		[HOME_B_WAN] = { "home_b wan", "home_b", "wan" },
		[HOME_B_LAN] = { "home_b lan", "home_b", "lan" },
		[BOB] = { "bob", "bob", "host" },
	};
	struct forge *forge = calloc(1, sizeof(*forge));
	char about[128];

	assert_non_null(forge);
	forge_section(forge, "{\"scenario\": \"forged\"}");
	for (size_t i = 0; i < TAPS; i++) {
		snprintf(about, sizeof(about), "{\"node\": \"%s\", \"side\": \"%s\"}", taps[i].node,
			 taps[i].side);
		forge_tap(forge, taps[i].name, about, LINK_RAW_IP, 9);
	}
	return forge;
}

/* Write it to a file of its own, whose path is returned. */
static inline const char *forge_write(struct forge *forge)
{
	int fd;

	snprintf(forge->path, sizeof(forge->path), "/tmp/knothole-forged-XXXXXX");
	fd = mkstemp(forge->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, forge->bytes, forge->len), (long)forge->len);
	close(fd);
	return forge->path;
}

static inline void forge_free(struct forge *forge)
{
	if (forge->path[0] != '\0')
		unlink(forge->path);
	free(forge);
}

static inline struct endpoint forge_endpoint(uint32_t addr, uint16_t port)
{
	return (struct endpoint){ ip_addr_v4(addr), port };
}

/* As a client and its TURN server say it: in a channel, or every other time in an indication. */
static inline size_t forge_turn(const uint8_t *payload, size_t len, bool indication, uint8_t *ret,
				size_t room)
{
	const struct turn_channel_data data = { TURN_CHANNEL_FIRST, (uint16_t)len, payload };
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	if (!indication)
		return turn_channel_encode(&data, false, ret, room);
	stun_transaction(1, 2, transaction);
	stun_begin(&w, ret, room, STUN_INDICATION, TURN_SEND, transaction);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, forge_endpoint(0x0b020202, 4000));
	stun_add(&w, STUN_DATA, payload, len);
	return stun_end(&w);
}

/* 2b00::@host at 4000, or for a tap of IPv4 11.2.@host.2. */
static inline struct endpoint forge_host(const struct forge *forge, uint32_t tap, uint32_t host)
{
	if (forge->ipv6 & 1U << tap)
		return (struct endpoint){ { UINT64_C(0x2b00) << 48, host }, 4000 };
	return forge_endpoint(0x0b020002 | host << 8, 4000);
}

/* One frame in one datagram, at one tap. */
static inline void forge_frame(struct forge *forge, uint32_t tap, enum pcapng_direction direction,
			       const struct talk *frame, const char *comment)
{
	uint8_t payload[TALK_MAX], wrapped[TALK_MAX + 64], bytes[2048];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	size_t len = talk_encode(frame, payload, sizeof(payload));

	if (frame->method == METHOD_TURN) {
		len = forge_turn(payload, len, frame->sequence % 2, wrapped, sizeof(wrapped));
		memcpy(payload, wrapped, len);
	}
	assert_true(len > 0);
	assert_int_equal(packet_make_udp(&pkt, forge_host(forge, tap, 1), forge_host(forge, tap, 2),
					 64, payload, len),
			 0);
	forge_bytes(forge, tap, direction, pkt.data, pkt.len, comment);
}

struct forge_segment {
	uint32_t tap;
	enum pcapng_direction direction;
	uint32_t from, to; /* addresses; ports are 5000 and 33033 */
	uint32_t seq;
	uint8_t flags;
};

static inline void forge_be16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void forge_be32(uint8_t *at, uint32_t v)
{
	forge_be16(at, v >> 16);
	forge_be16(at + 2, v & 0xffff);
}

/* A TCP segment; its checksum stays 0, for a verdict reads what was said, not how well. */
static inline void forge_tcp(struct forge *forge, const struct forge_segment *segment,
			     const void *payload, size_t len)
{
	static uint8_t bytes[65536];

	memset(bytes, 0, 40);
	bytes[0] = 0x45;
	forge_be16(bytes + 2, (uint32_t)(40 + len));
	bytes[8] = 64;
	bytes[9] = IP_PROTO_TCP;
	forge_be32(bytes + 12, segment->from);
	forge_be32(bytes + 16, segment->to);
	forge_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 20, 0));
	forge_be16(bytes + 20, 5000);
	forge_be16(bytes + 22, 33033);
	forge_be32(bytes + 24, segment->seq);
	bytes[32] = 0x50;
	bytes[33] = segment->flags;
	if (len > 0)
		memcpy(bytes + 40, payload, len);
	forge_bytes(forge, segment->tap, segment->direction, bytes, 40 + len, NULL);
}

#endif
