/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets made from nothing, and answers made out of the packet that they answer.  IPv4. */
#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "header_fields.h"
#include "packet.h"

enum {
	TTL_OF_ANSWERS = 64,
	TOS_INTERNETWORK_CONTROL = 0xc0, /* RFC 1812, 4.3.2.5: precedence 6 for errors */
	ERROR_MAX = 576, /* RFC 1812, 4.3.2.3 */
};

/* An IP header without options.  Nothing that we send is to be fragmented, so the
 * identification needs no value of its own (RFC 6864, section 4). */
static void put_ip4(uint8_t *data, uint16_t len, uint8_t protocol, uint8_t ttl, struct ip_addr src,
		    struct ip_addr dst)
{
	memset(data, 0, IP4_HEADER);
	data[0] = 0x45;
	put_be16(data + IP4_LENGTH, len);
	put_be16(data + IP4_FRAGMENT, IP4_DONT_FRAGMENT);
	data[IP4_TTL] = ttl;
	data[IP4_PROTOCOL] = protocol;
	put_addr(data + IP4_SRC, 4, src);
	put_addr(data + IP4_DST, 4, dst);
	put_be16(data + IP4_CHECKSUM, (uint16_t)~checksum_fold(data, IP4_HEADER, 0));
}

static uint16_t pseudo4(uint8_t protocol, uint16_t len, struct ip_addr src, struct ip_addr dst)
{
	uint16_t sum = checksum_add(protocol, len);

	sum = checksum_add(sum, checksum_of_addr(src));
	return checksum_add(sum, checksum_of_addr(dst));
}

static bool is_one_host(struct ip_addr a)
{
	return !ip_addr_is_unset(a) && !ip_addr_is_multicast(a) &&
	       !ip_addr_equal(a, ip_addr_v4(UINT32_MAX));
}

/* RFC 1122, 3.2.2: about which packets no ICMP error may be sent. */
static bool may_be_complained_about(enum packet_fault fault, const struct packet_info *info)
{
	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED)
		return false;
	/* ICMP of an unknown type might be an error. */
	if (info->is_error || (fault == PACKET_UNSUPPORTED && info->protocol == IP_PROTO_ICMP))
		return false;
	return info->version == 4 && info->fragment_offset == 0 && is_one_host(info->src.addr) &&
	       is_one_host(info->dst.addr);
}

int packet_make_icmp_error(struct packet *pkt, struct ip_addr from, uint8_t type, uint8_t code,
			   uint16_t mtu)
{
	const uint32_t headers = IP4_HEADER + ICMP_HEADER;
	uint8_t *icmp = pkt->data + IP4_HEADER;
	struct packet_info info;
	enum packet_fault fault = packet_parse(pkt, &info);
	uint32_t quote;

	if (!may_be_complained_about(fault, &info))
		return -EINVAL;
	quote = get_be16(pkt->data + IP4_LENGTH);
	if (quote > ERROR_MAX - headers)
		quote = ERROR_MAX - headers;
	if (headers + quote > pkt->room)
		return -ENOSPC;
	packet_finish_checksums(pkt); /* The quote must be what a wire would have carried. */
	pkt->offload = (struct packet_offload){ 0 };
	memmove(pkt->data + headers, pkt->data, quote);
	memset(icmp, 0, ICMP_HEADER);
	icmp[ICMP_TYPE] = type;
	icmp[ICMP_CODE] = code;
	if (type == ICMP_UNREACHABLE && code == ICMP_FRAGMENTATION_NEEDED)
		put_be16(icmp + ICMP_MTU, mtu);
	put_be16(icmp + ICMP_CHECKSUM, (uint16_t)~checksum_fold(icmp, ICMP_HEADER + quote, 0));
	put_ip4(pkt->data, (uint16_t)(headers + quote), IP_PROTO_ICMP, TTL_OF_ANSWERS, from,
		info.src.addr);
	pkt->data[IP4_TOS] = TOS_INTERNETWORK_CONTROL;
	put_be16(pkt->data + IP4_CHECKSUM, 0);
	put_be16(pkt->data + IP4_CHECKSUM, (uint16_t)~checksum_fold(pkt->data, IP4_HEADER, 0));
	pkt->len = headers + quote;
	return 0;
}

int packet_make_tcp_rst(struct packet *pkt)
{
	uint8_t *tcp = pkt->data + IP4_HEADER;
	struct packet_info info;
	uint32_t seq = 0, ack = 0;
	uint8_t flags = TCP_RST;

	if (packet_parse(pkt, &info) != PACKET_OK || info.version != 4 ||
	    info.protocol != IP_PROTO_TCP || info.fragment_offset || info.more_fragments ||
	    info.tcp_flags & TCP_RST)
		return -EINVAL;
	if (info.tcp_flags & TCP_ACK) {
		seq = info.tcp_ack;
	} else {
		flags |= TCP_ACK;
		ack = info.tcp_seq + info.payload_len + !!(info.tcp_flags & TCP_SYN) +
		      !!(info.tcp_flags & TCP_FIN);
	}
	put_ip4(pkt->data, IP4_HEADER + TCP_HEADER, IP_PROTO_TCP, TTL_OF_ANSWERS, info.dst.addr,
		info.src.addr);
	memset(tcp, 0, TCP_HEADER);
	put_be16(tcp, info.dst.port);
	put_be16(tcp + 2, info.src.port);
	put_be32(tcp + TCP_SEQ, seq);
	put_be32(tcp + TCP_ACKNOWLEDGED, ack);
	tcp[TCP_OFFSET] = TCP_HEADER / 4 << 4;
	tcp[TCP_FLAGS] = flags;
	put_be16(tcp + TCP_CHECKSUM,
		 (uint16_t)~checksum_fold(
			 tcp, TCP_HEADER,
			 pseudo4(IP_PROTO_TCP, TCP_HEADER, info.dst.addr, info.src.addr)));
	pkt->len = IP4_HEADER + TCP_HEADER;
	pkt->offload = (struct packet_offload){ 0 };
	return 0;
}

int packet_make_echo_reply(struct packet *pkt)
{
	struct packet_info info;
	uint8_t *icmp;

	if (packet_parse(pkt, &info) != PACKET_OK || info.protocol != IP_PROTO_ICMP ||
	    info.fragment_offset || info.more_fragments || info.icmp_type != ICMP_ECHO)
		return -EINVAL;
	packet_finish_checksums(pkt);
	icmp = pkt->data + info.transport_offset;
	icmp[ICMP_TYPE] = ICMP_ECHO_REPLY;
	put_be16(icmp + ICMP_CHECKSUM,
		 checksum_updated(get_be16(icmp + ICMP_CHECKSUM),
				  checksum_change(ICMP_ECHO << 8, ICMP_ECHO_REPLY << 8)));
	/* The one message whose two zeroes are not the same: it is nothing but zeroes. */
	if (checksum_fold(icmp, ICMP_HEADER + info.payload_len, 0) == 0)
		put_be16(icmp + ICMP_CHECKSUM, UINT16_MAX);
	/* The addresses change places, which leaves the header's sum as it is. */
	put_addr(pkt->data + IP4_SRC, 4, info.dst.addr);
	put_addr(pkt->data + IP4_DST, 4, info.src.addr);
	put_be16(pkt->data + IP4_CHECKSUM,
		 checksum_updated(get_be16(pkt->data + IP4_CHECKSUM),
				  checksum_change((uint16_t)(info.ttl << 8), TTL_OF_ANSWERS << 8)));
	pkt->data[IP4_TTL] = TTL_OF_ANSWERS;
	return 0;
}

int packet_make_udp(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
		    const void *payload, size_t len)
{
	uint8_t *udp = pkt->data + IP4_HEADER;
	size_t total = IP4_HEADER + UDP_HEADER + len;
	uint16_t udp_len, sum;

	if (total > pkt->room || total > UINT16_MAX)
		return -ENOSPC;
	udp_len = (uint16_t)(UDP_HEADER + len);
	put_ip4(pkt->data, (uint16_t)total, IP_PROTO_UDP, ttl, src.addr, dst.addr);
	put_be16(udp, src.port);
	put_be16(udp + 2, dst.port);
	put_be16(udp + UDP_LENGTH, udp_len);
	put_be16(udp + UDP_CHECKSUM, 0);
	if (len)
		memcpy(udp + UDP_HEADER, payload, len);
	sum = (uint16_t)~checksum_fold(udp, udp_len,
				       pseudo4(IP_PROTO_UDP, udp_len, src.addr, dst.addr));
	put_be16(udp + UDP_CHECKSUM, sum ? sum : 0xffff);
	pkt->len = (uint32_t)total;
	pkt->offload = (struct packet_offload){ 0 };
	return 0;
}
