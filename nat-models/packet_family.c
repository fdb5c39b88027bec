/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_family.h"

#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "header_fields.h"
#include "icmp_complaint.h"

enum {
	IP4_OPTIONS_END = 0,
	IP4_NO_OPERATION = 1,
	IP4_LOOSE_ROUTE = 131,
	IP4_STRICT_ROUTE = 137,
	/* RFC 7915, 5.1: what is no longer may be fragmented by IPv4 routers. */
	IP4_MAY_FRAGMENT = 1260,
	IP6_MTU_MIN = 1280,
	GSO_NONE = 0, /* VIRTIO_NET_HDR_GSO_*, virtio 1.2, 5.1.6 */
	GSO_TCP4 = 1,
	GSO_TCP6 = 4,
	GSO_UDP_L4 = 5,
	GSO_ECN = 0x80,
};

/* What of the extension headers matters to IPv4. */
struct extensions {
	bool fragment; /* there is a fragment header, if only to say so */
	bool route; /* hops that it has yet to pass */
};

static struct extensions find_extensions(const uint8_t *bytes, const struct packet_info *info)
{
	struct extensions found = { false, false };
	uint8_t next = bytes[IP6_NEXT];

	for (uint32_t at = IP6_HEADER; at < info->transport_offset;) {
		const uint8_t *header = bytes + at;

		if (next == IP6_FRAGMENT)
			found.fragment = true;
		if (next == IP6_ROUTING && header[3] != 0)
			found.route = true;
		at += next == IP6_FRAGMENT ? IP6_FRAGMENT_HEADER : (header[1] + 1U) * 8;
		next = header[0];
	}
	return found;
}

/* The flags, offset and identification of IPv4. */
static void put_fragment4(uint8_t *header, const struct packet_info *info, bool fragment,
			  uint32_t total, uint16_t id)
{
	uint16_t word = (uint16_t)(info->fragment_offset / 8);

	if (fragment) {
		id = (uint16_t)info->fragment_id;
		if (info->more_fragments)
			word |= IP4_MORE_FRAGMENTS;
	} else if (total > IP4_MAY_FRAGMENT) {
		id = 0;
		word = IP4_DONT_FRAGMENT;
	}
	put_be16(header + IP4_ID, id);
	put_be16(header + IP4_FRAGMENT, word);
}

/* The IPv6 header of the packet at @bytes, of which *len are there of the @total that it
 * announces, and its extension headers, become an IPv4 header. */
static void header_to_ip4(uint8_t *bytes, uint32_t *len, uint32_t total,
			  const struct packet_info *info, uint16_t id)
{
	struct extensions extensions = find_extensions(bytes, info);
	uint32_t cut = info->transport_offset - (uint32_t)IP4_HEADER;
	uint8_t header[IP4_HEADER] = { 0x45 };

	header[IP4_TOS] = (uint8_t)(bytes[0] << 4 | bytes[1] >> 4);
	put_be16(header + IP4_LENGTH, (uint16_t)(total - cut));
	put_fragment4(header, info, extensions.fragment, total - cut, id);
	header[IP4_TTL] = info->ttl;
	header[IP4_PROTOCOL] = info->protocol == IP_PROTO_ICMPV6 ? (uint8_t)IP_PROTO_ICMP
								 : info->protocol;
	put_addr(header + IP4_SRC, 4, info->src.addr);
	put_addr(header + IP4_DST, 4, info->dst.addr);
	put_be16(header + IP4_CHECKSUM, (uint16_t)~checksum_fold(header, IP4_HEADER, 0));
	memcpy(bytes + cut, header, IP4_HEADER);
	memmove(bytes, bytes + cut, *len - cut);
	*len -= cut;
}

static bool is_fragment(const struct packet_info *info)
{
	return info->more_fragments || info->fragment_offset;
}

static uint32_t ip6_headers(const struct packet_info *info)
{
	return IP6_HEADER + (is_fragment(info) ? (uint32_t)IP6_FRAGMENT_HEADER : 0);
}

/* The other way.  There is room. */
static void header_to_ip6(uint8_t *bytes, uint32_t *len, uint32_t total,
			  const struct packet_info *info)
{
	uint32_t headers = ip6_headers(info), old = info->transport_offset;
	uint8_t protocol = info->protocol == IP_PROTO_ICMP ? (uint8_t)IP_PROTO_ICMPV6
							   : info->protocol;
	uint8_t tos = bytes[IP4_TOS];

	memmove(bytes + headers, bytes + old, *len - old);
	memset(bytes, 0, headers);
	bytes[0] = (uint8_t)(0x60 | tos >> 4);
	bytes[1] = (uint8_t)(tos << 4);
	put_be16(bytes + IP6_LENGTH, (uint16_t)(total - old + headers - IP6_HEADER));
	bytes[IP6_NEXT] = is_fragment(info) ? (uint8_t)IP6_FRAGMENT : protocol;
	bytes[IP6_HOPS] = info->ttl;
	put_addr(bytes + IP6_SRC, 6, info->src.addr);
	put_addr(bytes + IP6_DST, 6, info->dst.addr);
	if (is_fragment(info)) {
		uint8_t *fragment = bytes + IP6_HEADER;

		fragment[0] = protocol;
		put_be16(fragment + IP6_FRAGMENT_OFFSET,
			 (uint16_t)(info->fragment_offset | (info->more_fragments ? 1 : 0)));
		put_be32(fragment + IP6_FRAGMENT_ID, info->fragment_id);
	}
	*len = *len - old + headers;
}

static uint32_t total_of(const uint8_t *bytes)
{
	if (bytes[0] >> 4 == 4)
		return get_be16(bytes + IP4_LENGTH);
	return IP6_HEADER + (uint32_t)get_be16(bytes + IP6_LENGTH);
}

/* RFC 7915, 4.1: a source route that has not run out has no counterpart. */
static bool has_route4(const uint8_t *bytes, uint32_t header)
{
	for (uint32_t at = IP4_HEADER; at < header && bytes[at] != IP4_OPTIONS_END;) {
		if (bytes[at] == IP4_NO_OPERATION) {
			at++;
			continue;
		}
		if (at + 2 >= header || bytes[at + 1] < 2)
			return false;
		if ((bytes[at] == IP4_LOOSE_ROUTE || bytes[at] == IP4_STRICT_ROUTE) &&
		    bytes[at + 2] <= bytes[at + 1])
			return true;
		at += bytes[at + 1];
	}
	return false;
}

static uint8_t other_query(uint8_t type)
{
	switch (type) {
	case ICMP_ECHO:
		return ICMPV6_ECHO_REQUEST;
	case ICMP_ECHO_REPLY:
		return ICMPV6_ECHO_REPLY;
	case ICMPV6_ECHO_REQUEST:
		return ICMP_ECHO;
	default:
		return ICMP_ECHO_REPLY;
	}
}

/* Only the echo is there in both (RFC 7915, 4.2 and 5.2); and a checksum that covers the length of
 * the whole cannot be had from a part. */
static bool query_has_counterpart(const struct packet_info *info)
{
	if (info->protocol != IP_PROTO_ICMP && info->protocol != IP_PROTO_ICMPV6)
		return true;
	if (is_fragment(info) || !info->has_ports)
		return false;
	return info->version == 6 || info->icmp_type == ICMP_ECHO ||
	       info->icmp_type == ICMP_ECHO_REPLY;
}

/* What the pseudo-header adds to the checksum of ICMPv6 and not to ICMP's, between the mapped
 * addresses of @info. */
static uint16_t icmp6_pseudo(const struct packet_info *info, uint32_t len)
{
	uint16_t sum = checksum_narrow((uint64_t)len + IP_PROTO_ICMPV6);

	sum = checksum_add(sum, checksum_of_addr(info->src.addr));
	return checksum_add(sum, checksum_of_addr(info->dst.addr));
}

/* An ICMP query of @len bytes in all, whose header stands at @icmp, becomes the other family's.
 * What was wrong stays wrong. */
static void turn_query(uint8_t *icmp, const struct packet_info *info, uint32_t len)
{
	uint16_t pseudo = icmp6_pseudo(info, len);
	uint8_t type = other_query(icmp[ICMP_TYPE]);
	uint16_t change = checksum_change((uint16_t)(icmp[ICMP_TYPE] << 8), (uint16_t)(type << 8));

	change = checksum_add(change, info->version == 6 ? checksum_change(pseudo, 0) : pseudo);
	icmp[ICMP_TYPE] = type;
	put_be16(icmp + ICMP_CHECKSUM, checksum_updated(get_be16(icmp + ICMP_CHECKSUM), change));
}

static bool is_icmp(const struct packet_info *info)
{
	return info->protocol == IP_PROTO_ICMP || info->protocol == IP_PROTO_ICMPV6;
}

/* The one message whose two zeroes are not the same: it is nothing but zeroes. */
static void mend_zero(uint8_t *icmp, uint32_t len)
{
	if (checksum_fold(icmp, len, 0) == 0)
		put_be16(icmp + ICMP_CHECKSUM, UINT16_MAX);
}

/* Is there a counterpart to what an offload is to do? */
static bool offload_has_counterpart(const struct packet_offload *offload)
{
	uint8_t type = offload->gso_type & (uint8_t)~GSO_ECN;

	return type == GSO_NONE || type == GSO_TCP4 || type == GSO_TCP6 || type == GSO_UDP_L4;
}

/* The transport header has moved from @from to @to. */
static void move_offload(struct packet_offload *offload, uint32_t from, uint32_t to)
{
	uint8_t type = offload->gso_type & (uint8_t)~GSO_ECN;
	uint8_t flags = offload->gso_type & GSO_ECN;
	int delta = (int)to - (int)from;

	if (type == GSO_TCP4)
		offload->gso_type = GSO_TCP6 | flags;
	else if (type == GSO_TCP6)
		offload->gso_type = GSO_TCP4 | flags;
	if (offload->needs_checksum)
		offload->checksum_start = (uint16_t)(offload->checksum_start + delta);
	if (offload->header_len)
		offload->header_len = (uint16_t)(offload->header_len + delta);
}

static int read_again(const struct packet *pkt, struct packet_info *info)
{
	return packet_parse(pkt, info) == PACKET_OK ? 0 : -EINVAL;
}

int packet_to_ip4(struct packet *pkt, struct packet_info *info, uint16_t id)
{
	uint32_t total = total_of(pkt->data), old = info->transport_offset;

	if (find_extensions(pkt->data, info).route || !query_has_counterpart(info) ||
	    !offload_has_counterpart(&pkt->offload) || total - old + IP4_HEADER > UINT16_MAX)
		return -EINVAL;
	if (is_icmp(info)) {
		packet_finish_checksums(pkt);
		turn_query(pkt->data + old, info, total - old);
		mend_zero(pkt->data + old, total - old);
	}
	pkt->len = total; /* Padding is no part of it. */
	header_to_ip4(pkt->data, &pkt->len, total, info, id);
	move_offload(&pkt->offload, old, IP4_HEADER);
	return read_again(pkt, info);
}

/* RFC 7915, 4.5: IPv6 wants a checksum.  Between mapped addresses it is what IPv4's would be. */
static void put_missing_checksum(struct packet *pkt, const struct packet_info *info)
{
	uint8_t *udp = pkt->data + info->transport_offset;
	uint32_t len = UDP_HEADER + info->payload_len;
	uint16_t sum = checksum_narrow((uint64_t)len + IP_PROTO_UDP);

	sum = checksum_add(sum, checksum_of_addr(info->src.addr));
	sum = checksum_add(sum, checksum_of_addr(info->dst.addr));
	sum = (uint16_t)~checksum_fold(udp, len, sum);
	put_be16(udp + UDP_CHECKSUM, sum ? sum : UINT16_MAX);
}

static bool lacks_checksum(const struct packet *pkt, const struct packet_info *info)
{
	return info->protocol == IP_PROTO_UDP && info->has_ports && !pkt->offload.needs_checksum &&
	       get_be16(pkt->data + info->transport_offset + UDP_CHECKSUM) == 0;
}

int packet_to_ip6(struct packet *pkt, struct packet_info *info)
{
	uint32_t total = total_of(pkt->data), old = info->transport_offset;
	uint32_t headers = ip6_headers(info);

	pkt->is_plain = false;
	if (has_route4(pkt->data, old) || !query_has_counterpart(info) ||
	    !offload_has_counterpart(&pkt->offload) ||
	    total - old + headers - IP6_HEADER > UINT16_MAX ||
	    (lacks_checksum(pkt, info) && is_fragment(info)))
		return -EINVAL;
	if (total - old + headers > pkt->room)
		return -ENOSPC;
	if (lacks_checksum(pkt, info))
		put_missing_checksum(pkt, info);
	if (is_icmp(info)) {
		packet_finish_checksums(pkt);
		turn_query(pkt->data + old, info, total - old);
	}
	pkt->len = total;
	header_to_ip6(pkt->data, &pkt->len, total, info);
	move_offload(&pkt->offload, old, headers);
	return read_again(pkt, info);
}

static struct icmp_complaint read_complaint(const uint8_t *icmp)
{
	return (struct icmp_complaint){ icmp[ICMP_TYPE], icmp[ICMP_CODE], get_be32(icmp + 4) };
}

/* Write the error's header, and its checksum anew: it was right before. */
static void put_complaint(uint8_t *icmp, uint32_t len, const struct icmp_complaint *c,
			  uint16_t pseudo)
{
	icmp[ICMP_TYPE] = c->type;
	icmp[ICMP_CODE] = c->code;
	put_be16(icmp + ICMP_CHECKSUM, 0);
	put_be32(icmp + 4, c->rest);
	put_be16(icmp + ICMP_CHECKSUM, (uint16_t)~checksum_fold(icmp, len, pseudo));
}

/* A quoted query's type and checksum, as far as they are there. */
static int turn_quoted_query(uint8_t *quote, uint32_t len, const struct packet_info *quoted)
{
	uint32_t at = quoted->transport_offset;

	if (!is_icmp(quoted))
		return 0;
	if (!query_has_counterpart(quoted) || at + 4 > len)
		return -EINVAL;
	turn_query(quote + at, quoted, total_of(quote) - at);
	return 0;
}

/* Both headers of an error, and what it says, are to be those of the other family. */
static int finish_error(struct packet *pkt, struct packet_info *info, struct packet_info *quoted)
{
	enum packet_fault fault;

	if (read_again(pkt, info))
		return -EINVAL;
	fault = packet_parse_quoted(pkt->data + info->payload_offset, info->payload_len, quoted);
	return fault == PACKET_OK ? 0 : -EINVAL;
}

int packet_error_to_ip4(struct packet *pkt, struct packet_info *info, struct packet_info *quoted)
{
	uint8_t *quote = pkt->data + info->payload_offset;
	uint32_t quote_len = info->payload_len, len;
	struct icmp_complaint complaint = read_complaint(pkt->data + info->transport_offset);

	if (is_fragment(info) || icmp_complaint_to_ip4(&complaint) ||
	    total_of(quote) - quoted->transport_offset + IP4_HEADER > UINT16_MAX ||
	    turn_quoted_query(quote, quote_len, quoted))
		return -EINVAL;
	packet_finish_checksums(pkt);
	header_to_ip4(quote, &quote_len, total_of(quote), quoted, 0);
	len = ICMP_HEADER + quote_len;
	pkt->len = info->transport_offset + len;
	put_complaint(pkt->data + info->transport_offset, len, &complaint, 0);
	header_to_ip4(pkt->data, &pkt->len, pkt->len, info, 0);
	return finish_error(pkt, info, quoted);
}

int packet_error_to_ip6(struct packet *pkt, struct packet_info *info, struct packet_info *quoted)
{
	const uint32_t headers = IP6_HEADER + ICMP_HEADER;
	uint8_t *quote = pkt->data + info->payload_offset;
	uint32_t quote_len = info->payload_len, len;
	struct icmp_complaint complaint = read_complaint(pkt->data + info->transport_offset);

	if (is_fragment(info) || icmp_complaint_to_ip6(&complaint, total_of(quote)) ||
	    total_of(quote) - quoted->transport_offset + ip6_headers(quoted) - IP6_HEADER >
		    UINT16_MAX ||
	    turn_quoted_query(quote, quote_len, quoted))
		return -EINVAL;
	if (headers + PACKET_FAMILY_GROWTH + quote_len > pkt->room)
		return -ENOSPC;
	packet_finish_checksums(pkt);
	header_to_ip6(quote, &quote_len, total_of(quote), quoted);
	if (quote_len > IP6_MTU_MIN - headers)
		quote_len = IP6_MTU_MIN - headers;
	len = ICMP_HEADER + quote_len;
	put_complaint(pkt->data + info->transport_offset, len, &complaint, icmp6_pseudo(info, len));
	pkt->len = info->transport_offset + len;
	header_to_ip6(pkt->data, &pkt->len, pkt->len, info);
	return finish_error(pkt, info, quoted);
}
