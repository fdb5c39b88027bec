/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gso.h"

#include <string.h>

#include "../nat-models/byteorder.h"

enum {
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_CHECKSUM = 10,
	IPV6_LENGTH = 4,
	IPV6_HEADER = 40,
	TCP_SEQ = 4,
	TCP_FLAGS = 13,
	TCP_CWR = 0x80,
	UDP_LENGTH = 4
};

/* Is @p a super-packet that can be cut: TCP or UDP, and no fragment of it?  @ret is then what is to be
 * cut.  The kernel's note is not taken for it, since a raw socket may write one. */
static bool can_be_cut(const struct packet *p, struct packet_info *ret)
{
	return p->offload.gso_type && p->offload.gso_size && packet_parse(p, ret) == PACKET_OK &&
	       (ret->protocol == IP_PROTO_TCP || ret->protocol == IP_PROTO_UDP) &&
	       !ret->fragment_offset && !ret->more_fragments &&
	       ret->payload_len > p->offload.gso_size;
}

uint32_t gso_wire_len(const struct packet *packet)
{
	struct packet_info info;

	if (!can_be_cut(packet, &info))
		return packet->len;
	return (uint32_t)info.payload_offset + packet->offload.gso_size;
}

static void fit_ip4(struct packet *piece, const struct packet_info *info, uint16_t nth)
{
	uint8_t *ip = piece->data;

	put_be16(ip + IPV4_LENGTH, (uint16_t)piece->len);
	put_be16(ip + IPV4_ID, (uint16_t)(info->fragment_id + nth));
	put_be16(ip + IPV4_CHECKSUM, 0);
	put_be16(ip + IPV4_CHECKSUM, (uint16_t)~checksum_fold(ip, info->transport_offset, 0));
}

/* Make @piece's headers those of the segment that starts at byte @at of the payload. */
static void fit_headers(struct packet *piece, const struct packet_info *info, uint32_t at,
			uint32_t step, bool last)
{
	uint8_t *transport = piece->data + info->transport_offset;

	if (info->version == 4)
		fit_ip4(piece, info, (uint16_t)(at / step));
	else
		put_be16(piece->data + IPV6_LENGTH, (uint16_t)(piece->len - IPV6_HEADER));
	if (info->protocol == IP_PROTO_TCP) {
		put_be32(transport + TCP_SEQ, info->tcp_seq + at);
		if (!last)
			transport[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		if (at) /* "window reduced" is said once (RFC 3168, 6.1.2) */
			transport[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	} else {
		put_be16(transport + UDP_LENGTH, (uint16_t)(piece->len - info->transport_offset));
	}
}

/* The transport checksum over the pseudo-header (RFC 9293 3.1, RFC 768, RFC 8200 8.1), for which the
 * addresses stand side by side, and the segment. */
static void fit_checksum(struct packet *piece, const struct packet_info *info)
{
	uint32_t len = piece->len - info->transport_offset;
	uint8_t *transport = piece->data + info->transport_offset;
	uint8_t *at = transport + (info->protocol == IP_PROTO_TCP ? 16 : 6);
	const uint8_t *addrs = piece->data + (info->version == 4 ? 12 : 8);
	uint32_t sum =
		checksum_fold(addrs, info->version == 4 ? 8 : 32, (uint32_t)info->protocol + len);

	put_be16(at, 0);
	sum = (uint16_t)~checksum_fold(transport, len, sum);
	put_be16(at, sum == 0 && info->protocol == IP_PROTO_UDP ? 0xffff : (uint16_t)sum);
}

struct buffer *gso_segment(struct buffer *buffer)
{
	struct packet *whole = &buffer->packet;
	struct buffer *first = NULL;
	struct buffer **end = &first;
	uint32_t step = whole->offload.gso_size, header;
	struct packet_info info;

	if (!can_be_cut(whole, &info)) {
		whole->offload.gso_type = 0;
		packet_finish_checksums(whole);
		return buffer;
	}
	header = info.payload_offset;
	for (uint32_t at = 0; at < info.payload_len; at += step) {
		uint32_t left = info.payload_len - at;
		uint32_t len = left < step ? left : step;
		struct buffer *piece = buffer_new(buffer->pool, header + len);

		if (!piece)
			break;
		memcpy(piece->packet.data, whole->data, header);
		memcpy(piece->packet.data + header, whole->data + header + at, len);
		piece->packet.len = header + len;
		fit_headers(&piece->packet, &info, at, step, left <= step);
		fit_checksum(&piece->packet, &info);
		*end = piece;
		end = &piece->next;
	}
	buffer_free(buffer);
	return first;
}
