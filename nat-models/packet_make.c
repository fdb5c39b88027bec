/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets made from nothing, and answers made out of the packet that they answer. */
#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "header_fields.h"
#include "packet.h"

enum {
	TTL_OF_ANSWERS = 64,
	TOS_INTERNETWORK_CONTROL = 0xc0, /* RFC 1812, 4.3.2.5: precedence 6 for errors */
	IP4_ERROR_MAX = 576, /* RFC 1812, 4.3.2.3 */
	IP6_ERROR_MAX = 1280, /* RFC 4443, 2.4 (c) */
	ICMPV6_UNRECOGNISED_OPTION = 2, /* code of ICMPV6_PARAMETER_PROBLEM */
};

/* An IP header without options.  Nothing that we send is to be fragmented, so the
 * identification needs no value of its own (RFC 6864, section 4). */
static void put_ip4(uint8_t *data, uint16_t len, uint8_t protocol, uint8_t ttl, struct ip_addr src,
		    struct ip_addr dst)
{
	const uint32_t first = UINT32_C(0x4500) << 16 | len;
	const uint32_t life = (uint32_t)ttl << 8 | protocol;
	/* Summed up before it is written: to load a word just after its halves were stored, the
	 * processor waits until the stores are through. */
	uint64_t sum = (uint64_t)first + IP4_DONT_FRAGMENT + life + ip_addr_to_v4(src) +
		       ip_addr_to_v4(dst);

	put_be32(data, first);
	put_be32(data + IP4_ID, IP4_DONT_FRAGMENT);
	put_be32(data + IP4_TTL, life << 16 | (uint16_t)~checksum_narrow(sum));
	put_addr(data + IP4_SRC, 4, src);
	put_addr(data + IP4_DST, 4, dst);
}

static void put_ip6(uint8_t *data, uint16_t payload_len, uint8_t next, uint8_t hops,
		    struct ip_addr src, struct ip_addr dst)
{
	memset(data, 0, IP6_HEADER);
	data[0] = 0x60;
	put_be16(data + IP6_LENGTH, payload_len);
	data[IP6_NEXT] = next;
	data[IP6_HOPS] = hops;
	put_addr(data + IP6_SRC, 6, src);
	put_addr(data + IP6_DST, 6, dst);
}

static uint8_t version_of(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? 4 : 6;
}

static uint32_t header_of(uint8_t version)
{
	return version == 4 ? IP4_HEADER : IP6_HEADER;
}

/* The IP header of @version before @len bytes of transport; nothing is left to an offload. */
static void put_ip(struct packet *pkt, uint8_t version, uint16_t len, uint8_t protocol, uint8_t ttl,
		   struct ip_addr src, struct ip_addr dst)
{
	if (version == 4)
		put_ip4(pkt->data, (uint16_t)(IP4_HEADER + len), protocol, ttl, src, dst);
	else
		put_ip6(pkt->data, len, protocol, ttl, src, dst);
	pkt->len = header_of(version) + len;
	pkt->offload = (struct packet_offload){ 0 };
	pkt->is_plain = false;
}

static void set_ttl4(uint8_t *data, uint8_t ttl)
{
	put_be16(data + IP4_CHECKSUM,
		 checksum_updated(
			 get_be16(data + IP4_CHECKSUM),
			 checksum_change((uint16_t)(data[IP4_TTL] << 8), (uint16_t)(ttl << 8))));
	data[IP4_TTL] = ttl;
}

/* Compute the checksum at @field of the transport, of @len bytes, from the pseudo-header's sum. */
static void put_checksum(uint8_t *transport, size_t len, size_t field, uint64_t pseudo)
{
	put_be16(transport + field, 0);
	put_be16(transport + field, (uint16_t)~checksum_fold(transport, len, pseudo));
}

static bool is_one_host(struct ip_addr a)
{
	return !ip_addr_is_unset(a) && !ip_addr_is_multicast(a) &&
	       !ip_addr_equal(a, ip_addr_v4(UINT32_MAX));
}

/* RFC 1122, 3.2.2: about which packets no ICMP error may be sent. */
static bool may_be_complained_about4(enum packet_fault fault, const struct packet_info *info)
{
	/* ICMP of an unknown type might be an error. */
	if (info->is_error || (fault == PACKET_UNSUPPORTED && info->protocol == IP_PROTO_ICMP))
		return false;
	return info->fragment_offset == 0 && is_one_host(info->src.addr) &&
	       is_one_host(info->dst.addr);
}

/* RFC 4443, 2.4 (e), where a later fragment is no exception, and two complaints about packets to
 * many are.  Errors are the types below 128, known or not. */
static bool may_be_complained_about6(const struct packet_info *info, uint8_t type, uint8_t code)
{
	bool exempt = type == ICMPV6_TOO_BIG ||
		      (type == ICMPV6_PARAMETER_PROBLEM && code == ICMPV6_UNRECOGNISED_OPTION);

	if (info->protocol == IP_PROTO_ICMPV6 && info->fragment_offset == 0 &&
	    (info->icmp_type < ICMPV6_ECHO_REQUEST || info->icmp_type == ICMPV6_REDIRECT))
		return false;
	return is_one_host(info->src.addr) && (exempt || is_one_host(info->dst.addr));
}

/* The bytes that are quoted of a packet whose IP header announces so many. */
static uint32_t quotable(const struct packet *pkt, uint8_t version)
{
	uint32_t len = version == 4 ? get_be16(pkt->data + IP4_LENGTH)
				    : IP6_HEADER + get_be16(pkt->data + IP6_LENGTH);
	uint32_t most = version == 4 ? IP4_ERROR_MAX : IP6_ERROR_MAX;

	most -= header_of(version) + ICMP_HEADER;
	return len < most ? len : most;
}

static bool carries_mtu(uint8_t version, uint8_t type, uint8_t code)
{
	if (version == 6)
		return type == ICMPV6_TOO_BIG;
	return type == ICMP_UNREACHABLE && code == ICMP_FRAGMENTATION_NEEDED;
}

static void put_error_header(uint8_t *icmp, uint8_t version, uint8_t type, uint8_t code,
			     uint16_t mtu)
{
	memset(icmp, 0, ICMP_HEADER);
	icmp[ICMP_TYPE] = type;
	icmp[ICMP_CODE] = code;
	if (carries_mtu(version, type, code))
		put_be16(icmp + ICMP_MTU, mtu);
}

static void set_precedence4(uint8_t *data)
{
	data[IP4_TOS] = TOS_INTERNETWORK_CONTROL;
	put_be16(data + IP4_CHECKSUM, 0);
	put_be16(data + IP4_CHECKSUM, (uint16_t)~checksum_fold(data, IP4_HEADER, 0));
}

int packet_make_icmp_error(struct packet *pkt, struct ip_addr from, uint8_t type, uint8_t code,
			   uint16_t mtu)
{
	struct packet_info info;
	enum packet_fault fault = packet_parse(pkt, &info);
	uint32_t headers, quote;
	uint64_t pseudo = 0;
	uint8_t *icmp;

	if ((fault != PACKET_OK && fault != PACKET_UNSUPPORTED) ||
	    info.version != version_of(from) ||
	    !(info.version == 4 ? may_be_complained_about4(fault, &info)
				: may_be_complained_about6(&info, type, code)))
		return -EINVAL;
	headers = header_of(info.version) + ICMP_HEADER;
	quote = quotable(pkt, info.version);
	if (headers + quote > pkt->room)
		return -ENOSPC;
	packet_finish_checksums(pkt); /* The quote must be what a wire would have carried. */
	memmove(pkt->data + headers, pkt->data, quote);
	icmp = pkt->data + headers - ICMP_HEADER;
	put_error_header(icmp, info.version, type, code, mtu);
	if (info.version == 6)
		pseudo = checksum_of_pseudo(IP_PROTO_ICMPV6, (uint16_t)(ICMP_HEADER + quote), from,
					    info.src.addr);
	put_checksum(icmp, ICMP_HEADER + quote, ICMP_CHECKSUM, pseudo);
	put_ip(pkt, info.version, (uint16_t)(ICMP_HEADER + quote),
	       info.version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6, TTL_OF_ANSWERS, from,
	       info.src.addr);
	if (info.version == 4)
		set_precedence4(pkt->data);
	return 0;
}

static const struct {
	uint8_t type4, code4, type6, code6;
} error_words[] = {
	[PACKET_ERROR_NO_ROUTE] = { ICMP_UNREACHABLE, ICMP_NET_UNREACHABLE, ICMPV6_UNREACHABLE,
				    ICMPV6_NO_ROUTE },
	[PACKET_ERROR_HOST] = { ICMP_UNREACHABLE, ICMP_HOST_UNREACHABLE, ICMPV6_UNREACHABLE,
				ICMPV6_ADDRESS_UNREACHABLE },
	[PACKET_ERROR_PORT] = { ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, ICMPV6_UNREACHABLE,
				ICMPV6_PORT_UNREACHABLE },
	[PACKET_ERROR_PROHIBITED] = { ICMP_UNREACHABLE, ICMP_ADMIN_PROHIBITED, ICMPV6_UNREACHABLE,
				      ICMPV6_ADMIN_PROHIBITED },
	[PACKET_ERROR_TOO_BIG] = { ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, ICMPV6_TOO_BIG, 0 },
	[PACKET_ERROR_TIME_EXCEEDED] = { ICMP_TIME_EXCEEDED, 0, ICMPV6_TIME_EXCEEDED, 0 },
};

int packet_make_error(struct packet *pkt, struct ip_addr from, enum packet_error error,
		      uint16_t mtu)
{
	/* Of the other family it would be refused anyway. */
	if (ip_addr_is_v4(from))
		return packet_make_icmp_error(pkt, from, error_words[error].type4,
					      error_words[error].code4, mtu);
	return packet_make_icmp_error(pkt, from, error_words[error].type6, error_words[error].code6,
				      mtu);
}

bool packet_is_error(const struct packet_info *info, enum packet_error error)
{
	uint8_t type = error_words[error].type4, code = error_words[error].code4;

	if (info->version == 6) {
		type = error_words[error].type6;
		code = error_words[error].code6;
	}
	return info->is_error && info->icmp_type == type && info->icmp_code == code;
}

int packet_make_tcp_rst(struct packet *pkt)
{
	struct packet_info info;
	uint32_t seq = 0, ack = 0;
	uint8_t flags = TCP_RST;
	uint8_t *tcp;

	if (packet_parse(pkt, &info) != PACKET_OK || info.protocol != IP_PROTO_TCP ||
	    info.fragment_offset || info.more_fragments || info.tcp_flags & TCP_RST)
		return -EINVAL;
	if (info.tcp_flags & TCP_ACK) {
		seq = info.tcp_ack;
	} else {
		flags |= TCP_ACK;
		ack = info.tcp_seq + info.payload_len + !!(info.tcp_flags & TCP_SYN) +
		      !!(info.tcp_flags & TCP_FIN);
	}
	put_ip(pkt, info.version, TCP_HEADER, IP_PROTO_TCP, TTL_OF_ANSWERS, info.dst.addr,
	       info.src.addr);
	tcp = pkt->data + header_of(info.version);
	memset(tcp, 0, TCP_HEADER);
	put_be16(tcp, info.dst.port);
	put_be16(tcp + 2, info.src.port);
	put_be32(tcp + TCP_SEQ, seq);
	put_be32(tcp + TCP_ACKNOWLEDGED, ack);
	tcp[TCP_OFFSET] = TCP_HEADER / 4 << 4;
	tcp[TCP_FLAGS] = flags;
	put_checksum(tcp, TCP_HEADER, TCP_CHECKSUM,
		     checksum_of_pseudo(IP_PROTO_TCP, TCP_HEADER, info.dst.addr, info.src.addr));
	return 0;
}

/* Its type changes, and its checksum by as much.  The addresses change places in the
 * pseudo-header, which changes nothing. */
static void answer_echo(uint8_t *icmp, uint8_t request, uint8_t reply)
{
	icmp[ICMP_TYPE] = reply;
	put_be16(icmp + ICMP_CHECKSUM, checksum_updated(get_be16(icmp + ICMP_CHECKSUM),
							checksum_change((uint16_t)(request << 8),
									(uint16_t)(reply << 8))));
}

static void answer_echo4(struct packet *pkt, const struct packet_info *info)
{
	uint8_t *icmp = pkt->data + info->transport_offset;

	answer_echo(icmp, ICMP_ECHO, ICMP_ECHO_REPLY);
	/* The one message whose two zeroes are not the same: it is nothing but zeroes. */
	if (checksum_fold(icmp, ICMP_HEADER + info->payload_len, 0) == 0)
		put_be16(icmp + ICMP_CHECKSUM, UINT16_MAX);
	put_addr(pkt->data + IP4_SRC, 4, info->dst.addr);
	put_addr(pkt->data + IP4_DST, 4, info->src.addr);
	set_ttl4(pkt->data, TTL_OF_ANSWERS);
}

static void answer_echo6(struct packet *pkt, const struct packet_info *info)
{
	uint16_t len = (uint16_t)(ICMP_HEADER + info->payload_len);

	answer_echo(pkt->data + info->transport_offset, ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY);
	memmove(pkt->data + IP6_HEADER, pkt->data + info->transport_offset, len);
	put_ip(pkt, 6, len, IP_PROTO_ICMPV6, TTL_OF_ANSWERS, info->dst.addr, info->src.addr);
}

int packet_make_echo_reply(struct packet *pkt)
{
	struct packet_info info;

	if (packet_parse(pkt, &info) != PACKET_OK || !info.has_ports || info.more_fragments)
		return -EINVAL;
	if (info.protocol == IP_PROTO_ICMP && info.icmp_type == ICMP_ECHO) {
		packet_finish_checksums(pkt);
		answer_echo4(pkt, &info);
		return 0;
	}
	if (info.protocol == IP_PROTO_ICMPV6 && info.icmp_type == ICMPV6_ECHO_REQUEST) {
		packet_finish_checksums(pkt);
		answer_echo6(pkt, &info);
		return 0;
	}
	return -EINVAL;
}

/* The IP header for @len bytes of transport of @protocol, which go to *ret. -EINVAL where the two
 * are not of one family, -ENOSPC. */
static int begin(struct packet *pkt, uint8_t protocol, struct ip_addr src, struct ip_addr dst,
		 uint8_t ttl, size_t len, uint8_t **ret)
{
	uint8_t version = version_of(dst);
	size_t most = version == 4 ? UINT16_MAX - IP4_HEADER : UINT16_MAX;

	if (version != version_of(src))
		return -EINVAL;
	if (len > most || header_of(version) + len > pkt->room)
		return -ENOSPC;
	put_ip(pkt, version, (uint16_t)len, protocol, ttl, src, dst);
	*ret = pkt->data + header_of(version);
	return 0;
}

int packet_put_udp(struct packet *pkt, const struct endpoint *src, const struct endpoint *dst,
		   uint8_t ttl, const void *payload, size_t len)
{
	size_t total = UDP_HEADER + len;
	uint8_t *udp;
	/* Taken out before bytes are written, which might be theirs for all that the compiler knows. */
	const struct ip_addr from = src->addr, to = dst->addr;
	const uint32_t ports = (uint32_t)src->port << 16 | dst->port;
	/* The length counts twice. */
	const uint64_t sum =
		checksum_of_pseudo(IP_PROTO_UDP, (uint16_t)total, from, to) + ports + total;
	int err = begin(pkt, IP_PROTO_UDP, from, to, ttl, total, &udp);

	if (err)
		return err;
	if (len)
		memcpy(udp + UDP_HEADER, payload, len);
	put_be32(udp, ports);
	put_be32(udp + UDP_LENGTH,
		 (uint32_t)total << 16 | (uint16_t)~checksum_fold(payload, len, sum));
	if (get_be16(udp + UDP_CHECKSUM) == 0)
		put_be16(udp + UDP_CHECKSUM, UINT16_MAX);
	return 0;
}

int packet_make_tcp(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
		    const struct tcp_says *says, const void *payload, size_t len)
{
	size_t total = TCP_HEADER + len;
	uint8_t *tcp;
	int err = begin(pkt, IP_PROTO_TCP, src.addr, dst.addr, ttl, total, &tcp);

	if (err)
		return err;
	memset(tcp, 0, TCP_HEADER);
	put_be16(tcp, src.port);
	put_be16(tcp + 2, dst.port);
	put_be32(tcp + TCP_SEQ, says->seq);
	put_be32(tcp + TCP_ACKNOWLEDGED, says->ack);
	tcp[TCP_OFFSET] = TCP_HEADER / 4 << 4;
	tcp[TCP_FLAGS] = says->flags;
	put_be16(tcp + TCP_WINDOW, says->window);
	if (len)
		memcpy(tcp + TCP_HEADER, payload, len);
	put_checksum(tcp, total, TCP_CHECKSUM,
		     checksum_of_pseudo(IP_PROTO_TCP, (uint16_t)total, src.addr, dst.addr));
	return 0;
}

int packet_make_echo(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
		     bool reply, const void *payload, size_t len)
{
	bool v6 = version_of(dst.addr) == 6;
	uint8_t protocol = v6 ? IP_PROTO_ICMPV6 : IP_PROTO_ICMP;
	size_t total = ICMP_HEADER + len;
	uint8_t *icmp;
	int err = begin(pkt, protocol, src.addr, dst.addr, ttl, total, &icmp);

	if (err)
		return err;
	memset(icmp, 0, ICMP_HEADER);
	if (v6)
		icmp[ICMP_TYPE] = reply ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST;
	else
		icmp[ICMP_TYPE] = reply ? ICMP_ECHO_REPLY : ICMP_ECHO;
	put_be16(icmp + ICMP_IDENTIFIER, src.port);
	put_be16(icmp + ICMP_SEQUENCE, dst.port);
	if (len)
		memcpy(icmp + ICMP_HEADER, payload, len);
	put_checksum(icmp, total, ICMP_CHECKSUM,
		     v6 ? checksum_of_pseudo(protocol, (uint16_t)total, src.addr, dst.addr) : 0);
	return 0;
}

int packet_make_other(struct packet *pkt, uint8_t protocol, struct ip_addr src, struct ip_addr dst,
		      uint8_t ttl, const void *bytes, size_t len)
{
	uint8_t *transport;
	int err = begin(pkt, protocol, src, dst, ttl, len, &transport);

	if (!err && len)
		memcpy(transport, bytes, len);
	return err;
}
