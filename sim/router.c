/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "router.h"

#include <string.h>

#include "../nat-models/byteorder.h"
#include "gso.h"

enum { FLAGS_AT = 6, DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff };

void router_answer(struct port *port, struct buffer *buffer, struct ip_addr self,
		   enum packet_error error, uint16_t mtu, const char *comment)
{
	if (packet_make_error(&buffer->packet, self, error, mtu))
		buffer_free(buffer);
	else
		port_send(port, buffer, comment);
}

bool router_hop(struct port *in, struct buffer *buffer, struct ip_addr self)
{
	if (packet_decrement_ttl(&buffer->packet))
		return true;
	router_answer(in, buffer, self, PACKET_ERROR_TIME_EXCEEDED, 0, "its time to live ran out");
	return false;
}

uint32_t router_broadcast(struct ip_prefix lan)
{
	if (lan.bits == 128 || !ip_addr_is_v4(lan.addr))
		return UINT32_MAX;
	return ip_addr_to_v4(lan.addr) | (uint32_t)((UINT64_C(1) << (128 - lan.bits)) - 1);
}

bool router_forbids_fragments(const struct packet *packet)
{
	return packet->len >= FLAGS_AT + 2 &&
	       (packet->data[0] >> 4 == 6 || get_be16(packet->data + FLAGS_AT) & DONT_FRAGMENT);
}

bool router_longer_than(const struct packet *packet, uint16_t mtu)
{
	return gso_wire_len(packet) > mtu && router_forbids_fragments(packet);
}

/* One fragment: @header bytes of header and @len of payload from byte @at of it. */
static struct buffer *cut(const struct buffer *whole, uint32_t header, uint32_t at, uint32_t len,
			  bool last)
{
	struct buffer *piece = buffer_new(whole->pool, header + len);
	uint16_t flags;
	uint8_t *ip;

	if (!piece)
		return NULL;
	ip = piece->packet.data;
	memcpy(ip, whole->packet.data, header);
	memcpy(ip + header, whole->packet.data + header + at, len);
	piece->packet.len = header + len;
	/* A fragment may itself be cut again: offsets add up, and only the last keeps the flag. */
	flags = get_be16(ip + FLAGS_AT);
	flags = (uint16_t)((flags & ~OFFSET_MASK) | ((flags & OFFSET_MASK) + at / 8));
	if (!last)
		flags |= MORE_FRAGMENTS;
	put_be16(ip + FLAGS_AT, flags);
	put_be16(ip + 2, (uint16_t)piece->packet.len);
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~checksum_fold(ip, header, 0));
	return piece;
}

struct buffer *router_fragment(struct buffer *whole, uint16_t mtu)
{
	struct buffer *first = NULL;
	struct buffer **end = &first;
	uint32_t header, payload, step;

	packet_finish_checksums(&whole->packet);
	header = (whole->packet.data[0] & 0x0fU) * 4;
	payload = whole->packet.len - header;
	step = (mtu - header) & ~7U;
	for (uint32_t at = 0; at < payload; at += step) {
		bool last = payload - at <= step;
		struct buffer *piece = cut(whole, header, at, last ? payload - at : step, last);

		if (!piece)
			continue;
		*end = piece;
		end = &piece->next;
	}
	buffer_free(whole);
	return first;
}

static struct buffer *reversed(struct buffer *list)
{
	struct buffer *ret = NULL, *next;

	for (; list; list = next) {
		next = list->next;
		list->next = ret;
		ret = list;
	}
	return ret;
}

static void send_each(struct port *out, struct buffer *list, const char *comment)
{
	for (struct buffer *next; list; list = next) {
		next = list->next;
		list->next = NULL;
		port_send(out, list, comment);
	}
}

void router_send_backwards(struct port *out, struct buffer *buffer)
{
	if (gso_wire_len(&buffer->packet) <= out->mtu || buffer->packet.data[0] >> 4 == 6)
		router_send(out, buffer, NULL);
	else
		send_each(out, reversed(router_fragment(buffer, out->mtu)), NULL);
}

void router_send_long(struct port *out, struct buffer *buffer, const char *comment)
{
	uint16_t mtu = out->mtu;

	if (gso_wire_len(&buffer->packet) <= mtu) {
		port_send(out, buffer, comment);
		return;
	}
	if (buffer->packet.data[0] >> 4 == 6) {
		buffer_free(buffer);
		return;
	}
	send_each(out, router_fragment(buffer, mtu), comment);
}
