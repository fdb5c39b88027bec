/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing a packet's addresses, ports and TTL in place, and its checksums with them.
 *
 * Updates are incremental (RFC 1624), so that a checksum that was wrong stays wrong: a NAT
 * must not hide damage that the far end would notice.
 */
#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "header_fields.h"
#include "packet.h"

enum side { SRC, DST };

/* Where the checksum of @protocol stands in its header; 0 where it has none that we know. */
static uint16_t checksum_field(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTO_UDP:
		return UDP_CHECKSUM;
	case IP_PROTO_TCP:
		return TCP_CHECKSUM;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		return ICMP_CHECKSUM;
	default:
		return 0;
	}
}

static bool has_pseudo_header(uint8_t protocol)
{
	return protocol == IP_PROTO_UDP || protocol == IP_PROTO_TCP || protocol == IP_PROTO_ICMPV6;
}

/*
 * Put the transport checksum right after words of the pseudo-header changed by @pseudo and
 * words of the transport header by @own (see checksum_change()).
 */
static void fix_transport(uint8_t *bytes, size_t len, const struct packet_info *info, bool partial,
			  uint16_t pseudo, uint16_t own)
{
	size_t field = checksum_field(info->protocol);
	uint8_t *at = bytes + info->transport_offset + field;
	uint16_t sum;

	if (!field || info->fragment_offset || info->transport_offset + field + 2 > len)
		return;
	if (!has_pseudo_header(info->protocol))
		pseudo = 0;
	sum = get_be16(at);
	if (partial) { /* The field holds the pseudo-header's sum: whoever finishes adds the rest. */
		put_be16(at, checksum_add(sum, pseudo));
		return;
	}
	if (info->protocol == IP_PROTO_UDP && sum == 0) /* RFC 768: no checksum */
		return;
	sum = checksum_updated(sum, checksum_add(pseudo, own));
	put_be16(at, info->protocol == IP_PROTO_UDP && sum == 0 ? 0xffff : sum);
}

/* Write the address; returns the change that it is to the pseudo-header's sum. */
static uint16_t put_new_addr(uint8_t *bytes, const struct packet_info *info, enum side side,
			     struct ip_addr from, struct ip_addr to)
{
	uint16_t change = checksum_change_of_addr(from, to);

	if (info->version == 6) {
		put_addr(bytes + (side == SRC ? IP6_SRC : IP6_DST), 6, to);
		return change;
	}
	put_addr(bytes + (side == SRC ? IP4_SRC : IP4_DST), 4, to);
	put_be16(bytes + IP4_CHECKSUM, checksum_updated(get_be16(bytes + IP4_CHECKSUM), change));
	return change;
}

/* Write the port or identifier; returns the change that it is to the transport's sum. */
static uint16_t put_new_port(uint8_t *bytes, const struct packet_info *info, enum side side,
			     uint16_t from, uint16_t to)
{
	uint8_t *transport = bytes + info->transport_offset;

	if (checksum_field(info->protocol) == ICMP_CHECKSUM)
		put_be16(transport + ICMP_IDENTIFIER, to);
	else
		put_be16(transport + (side == SRC ? 0 : 2), to);
	return checksum_change(from, to);
}

static void set_endpoint(uint8_t *bytes, size_t len, struct packet_info *info, bool partial,
			 enum side side, const struct endpoint *to)
{
	struct endpoint *mine = side == SRC ? &info->src : &info->dst;
	uint16_t pseudo = 0, own = 0;

	if (!ip_addr_equal(mine->addr, to->addr))
		pseudo = put_new_addr(bytes, info, side, mine->addr, to->addr);
	if (info->has_ports && mine->port != to->port)
		own = put_new_port(bytes, info, side, mine->port, to->port);
	if (pseudo || own)
		fix_transport(bytes, len, info, partial, pseudo, own);
	mine->addr = to->addr;
	if (!info->has_ports)
		return;
	mine->port = to->port;
	if (checksum_field(info->protocol) == ICMP_CHECKSUM)
		info->src.port = info->dst.port = to->port;
}

/* Of a plain packet (see struct packet) it is known where all of that stands. */
static void change_plain(uint8_t *ip, enum side side, const struct packet_change *change)
{
	uint8_t *udp = ip + IP4_HEADER;
	uint16_t sum = checksum_updated(get_be16(udp + UDP_CHECKSUM),
					checksum_add(change->pseudo, change->own));

	put_be32(ip + (side == SRC ? IP4_SRC : IP4_DST), change->addr);
	put_be16(udp + (side == SRC ? 0 : 2), change->port);
	put_be16(ip + IP4_CHECKSUM, checksum_updated(get_be16(ip + IP4_CHECKSUM), change->pseudo));
	put_be16(udp + UDP_CHECKSUM, sum ? sum : UINT16_MAX);
}

static inline void replace(struct packet *pkt, struct packet_info *info, enum side side,
			   const struct endpoint *to)
{
	struct endpoint *mine = side == SRC ? &info->src : &info->dst;

	if (pkt->is_plain) {
		const struct packet_change change = packet_change_of(mine, to);

		change_plain(pkt->data, side, &change);
		mine->addr = to->addr;
		mine->port = to->port;
	} else {
		set_endpoint(pkt->data, pkt->len, info, pkt->offload.needs_checksum, side, to);
	}
}

void packet_replace_src(struct packet *pkt, struct packet_info *info, const struct endpoint *to)
{
	replace(pkt, info, SRC, to);
}

void packet_replace_dst(struct packet *pkt, struct packet_info *info, const struct endpoint *to)
{
	replace(pkt, info, DST, to);
}

struct packet_change packet_change_of(const struct endpoint *from, const struct endpoint *to)
{
	return (struct packet_change){
		.addr = ip_addr_to_v4(to->addr),
		.port = to->port,
		.pseudo = checksum_narrow((uint64_t)~ip_addr_to_v4(from->addr) +
					  ip_addr_to_v4(to->addr)),
		.own = checksum_change(from->port, to->port),
	};
}

void packet_apply_change(struct packet *pkt, const struct packet_info *info, bool source,
			 const struct packet_change *change)
{
	uint8_t *bytes = pkt->data, *transport = bytes + info->transport_offset;

	if (pkt->is_plain) {
		change_plain(bytes, source ? SRC : DST, change);
		return;
	}
	put_be32(bytes + (source ? IP4_SRC : IP4_DST), change->addr);
	put_be16(transport + (source ? 0 : 2), change->port);
	put_be16(bytes + IP4_CHECKSUM,
		 checksum_updated(get_be16(bytes + IP4_CHECKSUM), change->pseudo));
	fix_transport(bytes, pkt->len, info, pkt->offload.needs_checksum, change->pseudo,
		      change->own);
}

/* Change the quoted packet, and the error's checksum by as much as its bytes have changed. */
static void set_quoted(struct packet *pkt, const struct packet_info *info,
		       struct packet_info *quoted, enum side side, struct endpoint to)
{
	uint8_t *bytes = pkt->data + info->payload_offset;
	uint32_t len = info->payload_len;
	uint32_t headers = quoted->transport_offset + (uint32_t)TCP_HEADER;
	uint16_t before, after;

	if (headers > len)
		headers = len;
	before = checksum_fold(bytes, headers, 0);
	set_endpoint(bytes, len, quoted, false, side, &to);
	after = checksum_fold(bytes, headers, 0);
	fix_transport(pkt->data, pkt->len, info, pkt->offload.needs_checksum, 0,
		      checksum_change(before, after));
}

void packet_set_quoted_src(struct packet *pkt, const struct packet_info *info,
			   struct packet_info *quoted, struct endpoint to)
{
	set_quoted(pkt, info, quoted, SRC, to);
}

void packet_set_quoted_dst(struct packet *pkt, const struct packet_info *info,
			   struct packet_info *quoted, struct endpoint to)
{
	set_quoted(pkt, info, quoted, DST, to);
}

void packet_set_id(struct packet *pkt, struct packet_info *info, uint16_t id)
{
	uint8_t *ip = pkt->data;

	put_be16(ip + IP4_CHECKSUM, checksum_updated(get_be16(ip + IP4_CHECKSUM),
						     checksum_change(get_be16(ip + IP4_ID), id)));
	put_be16(ip + IP4_ID, id);
	info->fragment_id = id;
}

bool packet_decrement_ttl(struct packet *pkt)
{
	uint8_t *data = pkt->data;

	if (!pkt->is_plain && pkt->len >= IP6_HEADER && data[0] >> 4 == 6) {
		if (data[IP6_HOPS] <= 1)
			return false;
		data[IP6_HOPS]--;
		return true;
	}
	if (!pkt->is_plain && (pkt->len < IP4_HEADER || data[0] >> 4 != 4))
		return false;
	if (data[IP4_TTL] <= 1)
		return false;
	data[IP4_TTL]--;
	/* The TTL is the high byte of its word: one less is 0x0100 less. */
	put_be16(data + IP4_CHECKSUM,
		 checksum_updated(get_be16(data + IP4_CHECKSUM), checksum_change(0x0100, 0)));
	return true;
}

/* The bytes that the IP header announces; no more than are there. */
static uint32_t ip_len(const struct packet *pkt)
{
	uint32_t len = pkt->len;

	if (len >= IP4_HEADER && pkt->data[0] >> 4 == 4)
		len = get_be16(pkt->data + IP4_LENGTH);
	else if (len >= IP6_HEADER && pkt->data[0] >> 4 == 6)
		len = IP6_HEADER + get_be16(pkt->data + IP6_LENGTH);
	return len < pkt->len ? len : pkt->len;
}

void packet_finish_checksums(struct packet *pkt)
{
	const struct packet_offload offload = pkt->offload;
	uint32_t field = (uint32_t)offload.checksum_start + offload.checksum_offset;
	uint32_t end = ip_len(pkt);
	uint16_t sum;

	pkt->offload.needs_checksum = false;
	pkt->offload.checksum_start = 0;
	pkt->offload.checksum_offset = 0;
	if (!offload.needs_checksum || field + 2 > end)
		return;
	sum = (uint16_t)~checksum_fold(pkt->data + offload.checksum_start,
				       end - offload.checksum_start, 0);
	/* RFC 768: zero would say that there is none, and its other form means the same. */
	if (sum == 0 && offload.checksum_offset == UDP_CHECKSUM)
		sum = 0xffff;
	put_be16(pkt->data + field, sum);
}

static bool transport_sum_ok(const struct packet *pkt, const struct packet_info *info)
{
	const uint8_t *transport = pkt->data + info->transport_offset;
	uint32_t len = ip_len(pkt) - info->transport_offset;
	uint64_t pseudo = 0;
	uint16_t held;

	if (info->protocol == IP_PROTO_UDP)
		len = info->payload_len + UDP_HEADER;
	if (has_pseudo_header(info->protocol))
		pseudo = checksum_of_pseudo(info->protocol, len, info->src.addr, info->dst.addr);
	held = get_be16(transport + checksum_field(info->protocol));
	if (pkt->offload.needs_checksum)
		return checksum_same(held, checksum_narrow(pseudo));
	if (info->protocol == IP_PROTO_UDP && held == 0 && info->version == 4)
		return true;
	return checksum_fold(transport, len, pseudo) == 0xffff;
}

bool packet_transport_ok(const struct packet *pkt, const struct packet_info *info)
{
	return pkt->is_plain || info->fragment_offset || info->more_fragments ||
	       transport_sum_ok(pkt, info);
}

bool packet_checksums_ok(const struct packet *pkt)
{
	struct packet_info info;
	enum packet_fault fault = packet_parse(pkt, &info);

	if (fault == PACKET_UNSUPPORTED)
		return true;
	/* A wrong IP header checksum is a fault of its own. */
	return fault == PACKET_OK && packet_transport_ok(pkt, &info);
}

/* The IP packet's length becomes @total; returns the change to the transport's length. */
static uint16_t put_new_length(struct packet *pkt, const struct packet_info *info, uint32_t total)
{
	uint16_t before, header = info->transport_offset, change;

	if (info->version == 6) {
		before = get_be16(pkt->data + IP6_LENGTH);
		put_be16(pkt->data + IP6_LENGTH, (uint16_t)(total - IP6_HEADER));
		return checksum_change(before, (uint16_t)(total - IP6_HEADER));
	}
	before = get_be16(pkt->data + IP4_LENGTH);
	change = checksum_change(before, (uint16_t)total);
	put_be16(pkt->data + IP4_LENGTH, (uint16_t)total);
	put_be16(pkt->data + IP4_CHECKSUM,
		 checksum_updated(get_be16(pkt->data + IP4_CHECKSUM), change));
	return checksum_change((uint16_t)(before - header), (uint16_t)(total - header));
}

int packet_set_payload(struct packet *pkt, struct packet_info *info, const void *payload,
		       size_t len)
{
	uint8_t *at = pkt->data + info->payload_offset;
	uint32_t total = info->payload_offset + (uint32_t)len;
	uint16_t before, own, pseudo = 0;

	if (info->fragment_offset || pkt->offload.gso_type ||
	    (info->protocol != IP_PROTO_UDP && info->protocol != IP_PROTO_TCP) ||
	    (info->more_fragments && len != info->payload_len))
		return -EINVAL;
	if (len > UINT16_MAX || total > pkt->room || total > UINT16_MAX)
		return -ENOSPC;
	before = checksum_fold(at, info->payload_len, 0);
	memcpy(at, payload, len);
	own = checksum_change(before, checksum_fold(at, len, 0));
	if (len != info->payload_len) {
		pseudo = put_new_length(pkt, info, total);
		pkt->len = total;
		if (info->protocol == IP_PROTO_UDP) {
			put_be16(pkt->data + info->transport_offset + UDP_LENGTH,
				 (uint16_t)(len + UDP_HEADER));
			own = checksum_add(own, pseudo); /* It stands there twice. */
		}
		info->payload_len = (uint32_t)len;
	}
	fix_transport(pkt->data, pkt->len, info, pkt->offload.needs_checksum, pseudo, own);
	return 0;
}

void packet_set_tcp_word(struct packet *pkt, struct packet_info *info, uint16_t at, uint32_t word)
{
	uint8_t *bytes = pkt->data + info->transport_offset + at;
	uint16_t before = checksum_fold(bytes, sizeof(word), 0), own;

	put_be32(bytes, word);
	own = checksum_change(before, checksum_fold(bytes, sizeof(word), 0));
	if (at % 2) /* RFC 1071, 2 (B): bytes in the other halves of their words */
		own = (uint16_t)(own << 8 | own >> 8);
	fix_transport(pkt->data, pkt->len, info, pkt->offload.needs_checksum, 0, own);
	if (at == TCP_SEQ)
		info->tcp_seq = word;
	if (at == TCP_ACKNOWLEDGED)
		info->tcp_ack = word;
}
