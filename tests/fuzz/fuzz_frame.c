/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet socket hands over, any bytes: the kernel's note of what it left undone, the Ethernet
 * header, and ARP or IP.  A program with a raw socket of its own may write the note, too.
 *
 * Super-packets are cut: no piece is longer than gso_wire_len() says, all are whole, and every checksum is right.
 */
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gso.h"
#include "sim/live/arp.h"
#include "sim/live/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not inlined, so that the stack trace tells which. */
__attribute__((noinline)) static void require(bool condition)
{
	if (!condition)
		abort();
}

static void resolve(const uint8_t *bytes, size_t len)
{
	static const uint8_t mac[MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	const struct ip_addr own[] = { ip_addr_v4(0xc0a80102) };
	uint8_t answer[ARP_LEN];

	if (!arp_wants_answer(bytes, len, own, 1))
		return;
	arp_answer(bytes, mac, answer);
	/* An answer is none that is answered. */
	require(!arp_wants_answer(answer, sizeof(answer), own, 1));
	require(memcmp(answer + 14, bytes + 24, 4) == 0 && memcmp(answer + 24, bytes + 14, 4) == 0);
}

/* Cut as for a link that takes single packets, and counted. */
static void cut(struct buffer *whole)
{
	const uint32_t wire = gso_wire_len(&whole->packet);
	struct buffer *next;

	for (struct buffer *piece = gso_segment(whole); piece; piece = next) {
		next = piece->next;
		require(!piece->packet.offload.gso_type && piece->packet.len <= wire);
		/* What stays whole has its checksum where the note says, if that is in a header. */
		require(piece == whole || packet_checksums_ok(&piece->packet));
		buffer_free(piece);
	}
}

static void receive(const uint8_t *prefix, const uint8_t *bytes, size_t len)
{
	struct pool *pool = pool_new();
	struct buffer *buffer = pool ? buffer_new(pool, len) : NULL;

	if (buffer) {
		memcpy(buffer->packet.data, bytes, len);
		buffer->packet.len = (uint32_t)len;
		frame_read_offload(prefix, &buffer->packet);
		cut(buffer);
	}
	pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size < FRAME_PREFIX || size > 70000)
		return 0;
	/* Just the bytes that may be touched, so that a sanitizer sees any other. */
	bytes = malloc(size - FRAME_PREFIX + 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data + FRAME_PREFIX, size - FRAME_PREFIX);
	if (frame_type(data) == ETH_P_ARP)
		resolve(bytes, size - FRAME_PREFIX);
	else
		receive(data, bytes, size - FRAME_PREFIX);
	free(bytes);
	return 0;
}
