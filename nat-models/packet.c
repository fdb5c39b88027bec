/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading headers.  Every length is checked before what it covers is read; where two lengths
 * contradict each other the packet is malformed, and nobody guesses which of them was meant.
 */
#include "packet.h"

#include <assert.h>
#include <string.h>

#include "checksum.h"
#include "header_fields.h"

/* Offsets are 16 bits wide: extension headers may not fill a packet to its brim. */
enum { IP6_EXTENSIONS_END = 0xff00 };

const char *packet_fault_text(enum packet_fault fault)
{
	static const char *const texts[] = {
#define X(id, text) text,
		PACKET_FAULTS(X)
#undef X
	};

	return texts[fault];
}

/*
 * What is being read: @len bytes that are there, of the @total that the IP header announces.
 * They differ only for a packet that an error quotes, which may be cut short.
 */
struct reading {
	const uint8_t *bytes;
	uint32_t len;
	uint32_t total;
	bool quoted;
};

/* Nearly every header has no options. */
static bool checksum_ip4_ok(const uint8_t *header, uint32_t len)
{
	if (len != IP4_HEADER)
		return checksum_fold(header, len, 0) == 0xffff;
	return checksum_of_ip4(header) == 0xffff;
}

static enum packet_fault read_ip4(struct reading *r, struct packet_info *info)
{
	uint32_t header;
	uint16_t fragment;

	if (r->len < IP4_HEADER)
		return PACKET_TOO_SHORT;
	header = (r->bytes[0] & 0xfU) * 4;
	if (header < IP4_HEADER)
		return PACKET_BAD_LENGTH;
	if (header > r->len)
		return PACKET_TOO_SHORT;
	r->total = get_be16(r->bytes + IP4_LENGTH);
	if (r->total < header || (!r->quoted && r->total > r->len))
		return PACKET_BAD_LENGTH;
	/* RFC 1812, 5.2.2.  What an error quotes may have been changed on its way. */
	if (!r->quoted && !checksum_ip4_ok(r->bytes, header))
		return PACKET_BAD_CHECKSUM;
	fragment = get_be16(r->bytes + IP4_FRAGMENT);
	info->protocol = r->bytes[IP4_PROTOCOL];
	info->ttl = r->bytes[IP4_TTL];
	info->dont_fragment = fragment & IP4_DONT_FRAGMENT;
	info->more_fragments = fragment & IP4_MORE_FRAGMENTS;
	info->fragment_offset = (uint16_t)((fragment & IP4_FRAGMENT_OFFSET) * 8);
	info->fragment_id = get_be16(r->bytes + IP4_ID);
	info->transport_offset = (uint16_t)header;
	info->src.addr = get_addr(r->bytes + IP4_SRC, 4);
	info->dst.addr = get_addr(r->bytes + IP4_DST, 4);
	return PACKET_OK;
}

static bool is_extension(uint8_t next)
{
	return next == IP6_HOP_BY_HOP || next == IP6_ROUTING || next == IP6_DESTINATION ||
	       next == IP6_FRAGMENT;
}

/* Returns the header's length. */
static uint32_t read_fragment_header(const uint8_t *header, struct packet_info *info)
{
	uint16_t fragment = get_be16(header + IP6_FRAGMENT_OFFSET);

	info->more_fragments = fragment & 1;
	info->fragment_offset = fragment & 0xfff8;
	info->fragment_id = get_be32(header + IP6_FRAGMENT_ID);
	return IP6_FRAGMENT_HEADER;
}

/*
 * Walk the extension headers from @next at byte @at to the transport.  RFC 8200, 4.1: options for
 * each hop stand first or nowhere, and a packet is a fragment once.  Behind the fragment header of
 * a later fragment stands what is in the middle of something.
 */
static enum packet_fault read_extensions(const struct reading *r, struct packet_info *info,
					 uint8_t next, uint32_t at)
{
	bool fragmented = false;

	while (is_extension(next) && !info->fragment_offset) {
		const uint8_t *header = r->bytes + at;

		if (at + 8 > r->len)
			return PACKET_TOO_SHORT;
		if (at + 8 > r->total)
			return PACKET_BAD_LENGTH;
		if ((next == IP6_HOP_BY_HOP && at != IP6_HEADER) ||
		    (next == IP6_FRAGMENT && fragmented))
			return PACKET_BAD_EXTENSION;
		fragmented = fragmented || next == IP6_FRAGMENT;
		at += next == IP6_FRAGMENT ? read_fragment_header(header, info)
					   : (header[1] + 1U) * 8;
		next = header[0];
	}
	if (at > r->len)
		return PACKET_TOO_SHORT;
	if (at > r->total || at > IP6_EXTENSIONS_END)
		return PACKET_BAD_LENGTH;
	info->protocol = next;
	info->transport_offset = (uint16_t)at;
	return PACKET_OK;
}

static enum packet_fault read_ip6(struct reading *r, struct packet_info *info)
{
	if (r->len < IP6_HEADER)
		return PACKET_TOO_SHORT;
	r->total = IP6_HEADER + get_be16(r->bytes + IP6_LENGTH);
	if (!r->quoted && r->total > r->len)
		return PACKET_BAD_LENGTH;
	info->ttl = r->bytes[IP6_HOPS];
	info->dont_fragment = true; /* Routers never fragment IPv6 (RFC 8200, section 5). */
	info->src.addr = get_addr(r->bytes + IP6_SRC, 6);
	info->dst.addr = get_addr(r->bytes + IP6_DST, 6);
	return read_extensions(r, info, r->bytes[IP6_NEXT], IP6_HEADER);
}

/* May @header bytes of transport header be read?  Of a quoted one only the first 8 must be
 * there (RFC 792: "64 bits of the original data datagram"). */
static enum packet_fault want_header(const struct reading *r, const struct packet_info *info,
				     uint32_t header)
{
	uint32_t end = info->transport_offset + header;

	if (end > r->total)
		return PACKET_TOO_SHORT;
	if (r->quoted)
		end = info->transport_offset + 8U;
	return end > r->len ? PACKET_TOO_SHORT : PACKET_OK;
}

static void set_payload(const struct reading *r, struct packet_info *info, uint32_t header)
{
	uint32_t at = info->transport_offset + header;

	info->payload_offset = (uint16_t)at;
	info->payload_len = r->total > at ? r->total - at : 0;
}

static void read_ports(const struct reading *r, struct packet_info *info)
{
	const uint8_t *transport = r->bytes + info->transport_offset;

	info->src.port = get_be16(transport);
	info->dst.port = get_be16(transport + 2);
	info->has_ports = true;
}

static enum packet_fault read_udp(const struct reading *r, struct packet_info *info)
{
	enum packet_fault fault = want_header(r, info, UDP_HEADER);
	uint32_t room = r->total - info->transport_offset;
	uint32_t len;

	if (fault)
		return fault;
	len = get_be16(r->bytes + info->transport_offset + UDP_LENGTH);
	/* A first fragment's length is that of the whole datagram. */
	if (len < UDP_HEADER || (len > room && !info->more_fragments && !r->quoted))
		return PACKET_BAD_LENGTH;
	read_ports(r, info);
	set_payload(r, info, UDP_HEADER);
	if (len < room)
		info->payload_len = len - UDP_HEADER;
	return PACKET_OK;
}

static enum packet_fault read_tcp(const struct reading *r, struct packet_info *info)
{
	const uint8_t *transport = r->bytes + info->transport_offset;
	enum packet_fault fault = want_header(r, info, TCP_HEADER);
	uint32_t header = TCP_HEADER;

	if (fault)
		return fault;
	read_ports(r, info);
	info->tcp_seq = get_be32(transport + TCP_SEQ);
	/* Of a quoted segment nothing after the sequence number need be there. */
	if (info->transport_offset + (uint32_t)TCP_HEADER <= r->len) {
		header = (transport[TCP_OFFSET] >> 4) * 4U;
		info->tcp_ack = get_be32(transport + TCP_ACKNOWLEDGED);
		info->tcp_flags = transport[TCP_FLAGS] & 0x3f;
	}
	if (header < TCP_HEADER || info->transport_offset + header > r->total)
		return PACKET_BAD_LENGTH;
	set_payload(r, info, header);
	return PACKET_OK;
}

enum icmp_family { ICMP_IS_QUERY, ICMP_IS_ERROR, ICMP_IS_OTHER };

/* RFC 792 and RFC 950 for IPv4: errors, and queries, which carry an identifier. */
static enum icmp_family icmp4_family(uint8_t type)
{
	switch (type) {
	case ICMP_UNREACHABLE:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM:
		return ICMP_IS_ERROR;
	case ICMP_ECHO:
	case ICMP_ECHO_REPLY:
		return ICMP_IS_QUERY;
	default: /* timestamp, information, address mask: 13 to 18 */
		return type >= 13 && type <= 18 ? ICMP_IS_QUERY : ICMP_IS_OTHER;
	}
}

static enum icmp_family icmp6_family(uint8_t type)
{
	if (type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM)
		return ICMP_IS_ERROR;
	return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY ? ICMP_IS_QUERY
									: ICMP_IS_OTHER;
}

bool packet_is_link_only(const struct packet_info *info)
{
	return info->version == 6 && info->protocol == IP_PROTO_ICMPV6 &&
	       ((info->icmp_type >= ICMPV6_LISTENER_QUERY && info->icmp_type <= ICMPV6_REDIRECT) ||
		info->icmp_type == ICMPV6_LISTENER_REPORT_2);
}

static enum packet_fault read_icmp(const struct reading *r, struct packet_info *info)
{
	const uint8_t *transport = r->bytes + info->transport_offset;
	enum packet_fault fault = want_header(r, info, ICMP_HEADER);
	enum icmp_family family;

	if (fault)
		return fault;
	info->icmp_type = transport[ICMP_TYPE];
	info->icmp_code = transport[ICMP_CODE];
	set_payload(r, info, ICMP_HEADER);
	family = info->version == 4 ? icmp4_family(info->icmp_type) : icmp6_family(info->icmp_type);
	if (family == ICMP_IS_OTHER)
		return PACKET_UNSUPPORTED;
	if (family == ICMP_IS_ERROR) {
		info->is_error = true;
		return PACKET_OK;
	}
	info->src.port = get_be16(transport + ICMP_IDENTIFIER);
	info->dst.port = info->src.port;
	info->has_ports = true;
	return PACKET_OK;
}

static enum packet_fault read_transport(const struct reading *r, struct packet_info *info)
{
	set_payload(r, info, 0);
	if (info->fragment_offset)
		return PACKET_OK;
	switch (info->protocol) {
	case IP_PROTO_UDP:
		return read_udp(r, info);
	case IP_PROTO_TCP:
		return read_tcp(r, info);
	case IP_PROTO_ICMP:
		return info->version == 4 ? read_icmp(r, info) : PACKET_UNSUPPORTED;
	case IP_PROTO_ICMPV6:
		return info->version == 6 ? read_icmp(r, info) : PACKET_UNSUPPORTED;
	default:
		return PACKET_UNSUPPORTED;
	}
}

/* Into *ret at once: to copy it whole, just after it was written in parts, takes half as long as
 * all the rest. */
static enum packet_fault read_packet(struct reading *r, struct packet_info *ret)
{
	enum packet_fault fault;

	memset(ret, 0, sizeof(*ret));
	if (r->len < 1)
		return PACKET_TOO_SHORT;
	ret->version = r->bytes[0] >> 4;
	if (ret->version == 4)
		fault = read_ip4(r, ret);
	else if (ret->version == 6)
		fault = read_ip6(r, ret);
	else
		fault = PACKET_BAD_VERSION;
	if (!fault)
		fault = read_transport(r, ret);
	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED)
		memset(ret, 0, sizeof(*ret));
	return fault;
}

#ifndef NDEBUG
/* Is it what the flag says, and does it say what @info says? */
static bool is_read_so(const struct packet *pkt, const struct packet_info *info)
{
	struct reading r = { .bytes = pkt->data, .len = pkt->len };
	struct packet_info read;

	return read_packet(&r, &read) == PACKET_OK && read.version == info->version &&
	       read.protocol == info->protocol && read.ttl == info->ttl && !read.more_fragments &&
	       read.dont_fragment == info->dont_fragment && !read.fragment_offset &&
	       read.fragment_id == info->fragment_id && read.has_ports == info->has_ports &&
	       read.transport_offset == info->transport_offset &&
	       read.payload_offset == info->payload_offset &&
	       read.payload_len == info->payload_len && endpoint_equal(read.src, info->src) &&
	       endpoint_equal(read.dst, info->dst);
}
#endif

/* A packet whose headers are known to be well formed (see struct packet). */
static enum packet_fault read_plain(const struct packet *pkt, struct packet_info *ret)
{
	const uint8_t *ip = pkt->data, *udp = ip + IP4_HEADER;

	*ret = (struct packet_info){
		.version = 4,
		.protocol = IP_PROTO_UDP,
		.ttl = ip[IP4_TTL],
		.dont_fragment = get_be16(ip + IP4_FRAGMENT) & IP4_DONT_FRAGMENT,
		.has_ports = true,
		.fragment_id = get_be16(ip + IP4_ID),
		.transport_offset = IP4_HEADER,
		.payload_offset = IP4_HEADER + UDP_HEADER,
		.payload_len = get_be16(udp + UDP_LENGTH) - (uint32_t)UDP_HEADER,
		.src = { ip_addr_v4(get_be32(ip + IP4_SRC)), get_be16(udp) },
		.dst = { ip_addr_v4(get_be32(ip + IP4_DST)), get_be16(udp + 2) },
	};
	assert(is_read_so(pkt, ret));
	return PACKET_OK;
}

static enum packet_fault read_any(const struct packet *pkt, struct packet_info *ret)
{
	struct reading r = { .bytes = pkt->data, .len = pkt->len };

	return read_packet(&r, ret);
}

enum packet_fault packet_parse(const struct packet *pkt, struct packet_info *ret)
{
	return pkt->is_plain ? read_plain(pkt, ret) : read_any(pkt, ret);
}

enum packet_fault packet_parse_quoted(const uint8_t *bytes, size_t len, struct packet_info *ret)
{
	struct reading r = { .bytes = bytes, .quoted = true };

	r.len = len > UINT16_MAX ? UINT16_MAX : (uint32_t)len;
	return read_packet(&r, ret);
}
