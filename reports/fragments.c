/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fragments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* PENDING: datagrams under way at once.  Offsets count units of 8 bytes, in 13 bits. */
enum { PENDING = 64, UNIT = 8, UNITS = 8192, DATAGRAM_ROOM = UNIT * UNITS };

struct datagram {
	bool used;
	uint64_t age; /* the least is the oldest */
	size_t tap;
	int direction;
	uint8_t protocol;
	uint32_t id;
	struct ip_addr src, dst;
	size_t total; /* bytes; 0 until the last fragment has come */
	size_t units; /* that are there */
	uint8_t have[UNITS / 8];
	uint8_t bytes[DATAGRAM_ROOM];
};

struct fragments {
	uint64_t age;
	struct datagram *pending[PENDING];
};

int fragments_new(struct fragments **ret)
{
	struct fragments *fragments = calloc(1, sizeof(*fragments));

	if (!fragments)
		return -ENOMEM;
	*ret = fragments;
	return 0;
}

void fragments_free(struct fragments *fragments)
{
	for (size_t i = 0; fragments && i < PENDING; i++)
		free(fragments->pending[i]);
	free(fragments);
}

/* RFC 791: identification, source, destination and protocol name a datagram; RFC 8200, 4.5: in IPv6
 * the protocol does not count.  (Only the first fragment tells it, behind more headers.) */
static bool datagram_is(const struct datagram *datagram, size_t tap, int direction,
			const struct packet_info *info)
{
	return datagram && datagram->used && datagram->tap == tap &&
	       datagram->direction == direction &&
	       (info->version == 6 || datagram->protocol == info->protocol) &&
	       datagram->id == info->fragment_id && ip_addr_equal(datagram->src, info->src.addr) &&
	       ip_addr_equal(datagram->dst, info->dst.addr);
}

/* A place for a new datagram: a free one, or the oldest's. */
static struct datagram *claim(struct fragments *fragments)
{
	struct datagram **oldest = &fragments->pending[0];

	for (size_t i = 0; i < PENDING; i++) {
		struct datagram **place = &fragments->pending[i];

		if (!*place)
			*place = calloc(1, sizeof(**place));
		if (!*place || !(*place)->used)
			return *place;
		if ((*place)->age < (*oldest)->age)
			oldest = place;
	}
	return *oldest;
}

static struct datagram *find(struct fragments *fragments, size_t tap, int direction,
			     const struct packet_info *info)
{
	struct datagram *datagram;

	for (size_t i = 0; i < PENDING; i++) {
		if (datagram_is(fragments->pending[i], tap, direction, info))
			return fragments->pending[i];
	}
	datagram = claim(fragments);
	if (!datagram)
		return NULL;
	/* Not by a compound literal: 64 KiB are too much for a fiber's stack. */
	memset(datagram, 0, sizeof(*datagram));
	datagram->used = true;
	datagram->age = fragments->age++;
	datagram->tap = tap;
	datagram->direction = direction;
	datagram->protocol = info->protocol;
	datagram->id = info->fragment_id;
	datagram->src = info->src.addr;
	datagram->dst = info->dst.addr;
	return datagram;
}

static void mark(struct datagram *datagram, size_t offset, size_t len)
{
	for (size_t unit = offset / UNIT; unit < (offset + len + UNIT - 1) / UNIT; unit++) {
		uint8_t bit = (uint8_t)(1U << unit % 8);

		datagram->units += !(datagram->have[unit / 8] & bit);
		datagram->have[unit / 8] |= bit;
	}
}

static bool complete(const struct datagram *datagram)
{
	return datagram->total > 0 && datagram->units == (datagram->total + UNIT - 1) / UNIT;
}

/*
 * Where the datagram's own bytes begin.  In IPv6 that is behind the fragment header; headers that
 * follow that one in the first fragment, before the transport's, no host here sends.
 */
static size_t header_len(const struct packet *pkt, const struct packet_info *info)
{
	return info->version == 4 ? (size_t)(pkt->data[0] & 15) * 4 : info->transport_offset;
}

int fragments_add(struct fragments *fragments, size_t tap, int direction, const struct packet *pkt,
		  const struct packet_info *info, const uint8_t **ret, size_t *ret_len)
{
	size_t header = header_len(pkt, info);
	size_t offset = info->fragment_offset;
	struct datagram *datagram;
	size_t len;

	if (pkt->len <= header)
		return 0;
	len = pkt->len - header;
	if (offset + len > DATAGRAM_ROOM || (info->more_fragments && len % UNIT != 0))
		return 0;
	datagram = find(fragments, tap, direction, info);
	if (!datagram)
		return -ENOMEM;
	memcpy(datagram->bytes + offset, pkt->data + header, len);
	mark(datagram, offset, len);
	if (!info->more_fragments)
		datagram->total = offset + len;
	if (!complete(datagram))
		return 0;
	datagram->used = false;
	*ret = datagram->bytes;
	*ret_len = datagram->total;
	return 1;
}
