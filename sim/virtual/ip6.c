/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *  0        1        2                 4                                  8
 *  +--------+--------+--------------+--+----------------------------------+
 *  | next   | 0      | offset       |0M| identification                   |
 *  +--------+--------+--------------+--+----------------------------------+
 */
#include "ip6.h"

#include <string.h>

#include "../../nat-models/header_fields.h"

/* That the headers are whole was seen by whoever parsed them. */
struct ip6_fragment ip6_find_fragment(const struct packet *packet)
{
	const uint8_t *ip = packet->data;
	struct ip6_fragment found = { .at = IP6_HEADER, .next_at = IP6_NEXT };
	uint8_t next = ip[IP6_NEXT];

	while (next == IP6_HOP_BY_HOP || next == IP6_ROUTING || next == IP6_DESTINATION) {
		if (found.at + 2 > packet->len)
			return (struct ip6_fragment){ 0 };
		next = ip[found.at];
		found.next_at = found.at;
		found.at += (ip[found.at + 1] + 1U) * 8;
	}
	if (next != IP6_FRAGMENT || found.at + IP6_FRAGMENT_HEADER > packet->len)
		return (struct ip6_fragment){ 0 };
	return found;
}

static struct buffer *cut(const struct buffer *whole, uint32_t at, uint32_t len, bool last,
			  uint32_t id)
{
	const uint32_t headers = IP6_HEADER + IP6_FRAGMENT_HEADER;
	struct buffer *piece = buffer_new(whole->pool, headers + len);
	uint8_t *ip, *fragment;

	if (!piece)
		return NULL;
	ip = piece->packet.data;
	fragment = ip + IP6_HEADER;
	memcpy(ip, whole->packet.data, IP6_HEADER);
	memcpy(ip + headers, whole->packet.data + IP6_HEADER + at, len);
	memset(fragment, 0, IP6_FRAGMENT_HEADER);
	fragment[0] = ip[IP6_NEXT];
	put_be16(fragment + IP6_FRAGMENT_OFFSET, (uint16_t)(at | !last));
	put_be32(fragment + IP6_FRAGMENT_ID, id);
	ip[IP6_NEXT] = IP6_FRAGMENT;
	put_be16(ip + IP6_LENGTH, (uint16_t)(IP6_FRAGMENT_HEADER + len));
	piece->packet.len = headers + len;
	return piece;
}

struct buffer *ip6_fragment(struct buffer *whole, uint16_t mtu, uint32_t id)
{
	uint32_t step = (mtu - (uint32_t)IP6_HEADER - IP6_FRAGMENT_HEADER) & ~7U;
	uint32_t payload = whole->packet.len - IP6_HEADER;
	struct buffer *first = NULL;
	struct buffer **end = &first;

	for (uint32_t at = 0; at < payload; at += step) {
		bool last = payload - at <= step;
		struct buffer *piece = cut(whole, at, last ? payload - at : step, last, id);

		if (!piece)
			continue;
		*end = piece;
		end = &piece->next;
	}
	buffer_free(whole);
	return first;
}
