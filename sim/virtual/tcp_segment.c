/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |          source port          |       destination port        |
 * |                        sequence number                        |
 * |                     acknowledgement number                    |
 * | offset| zero  |C E U A P R S F|            window             |
 * |           checksum            |        urgent pointer         |
 * |                     options, padding, payload                 |
 */
#include "tcp_segment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"

enum {
	WINDOW = 14, /* the one field that no NAT looks at */

	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_SHIFT = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_SACK = 5,

	OPTIONS_MAX = 40,
	IP4_LONGEST = 65535,
	IP6_LONGEST = IP6_HEADER + 65535,
};

static void read_sack(const uint8_t *option, uint8_t len, struct tcp_segment *seg)
{
	for (uint8_t at = 2; at + 8 <= len && seg->sack_len < TCP_SACK_MAX; at += 8)
		seg->sack[seg->sack_len++] = (struct tcp_range){
			get_be32(option + at),
			get_be32(option + at + 4),
		};
}

static void read_option(const uint8_t *option, uint8_t len, struct tcp_segment *seg)
{
	bool syn = seg->flags & TCP_SYN;

	/* The first three belong into a SYN; elsewhere they are ignored (RFC 9293, 3.7.1; RFC
	 * 7323, 2.2; RFC 2018, section 2). */
	if (option[0] == OPTION_MSS && len == 4 && syn)
		seg->mss = get_be16(option + 2);
	else if (option[0] == OPTION_SHIFT && len == 3 && syn)
		seg->shift = option[2];
	else if (option[0] == OPTION_SACK_PERMITTED && len == 2 && syn)
		seg->sack_permitted = true;
	else if (option[0] == OPTION_SACK && !seg->sack_len)
		read_sack(option, len, seg);
}

static void read_options(const uint8_t *options, size_t len, struct tcp_segment *seg)
{
	for (size_t at = 0; at < len && options[at] != OPTION_END;) {
		if (options[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 2 > len || options[at + 1] < 2 || at + options[at + 1] > len)
			return;
		read_option(options + at, options[at + 1], seg);
		at += options[at + 1];
	}
}

bool tcp_segment_read(const struct packet *pkt, const struct packet_info *info,
		      struct tcp_segment *ret)
{
	const uint8_t *tcp = pkt->data + info->transport_offset;

	if (info->protocol != IP_PROTO_TCP || info->fragment_offset || info->more_fragments)
		return false;
	if (info->payload_offset < info->transport_offset + TCP_HEADER ||
	    info->payload_offset + info->payload_len > pkt->len || !packet_checksums_ok(pkt))
		return false;
	*ret = (struct tcp_segment){
		.seq = info->tcp_seq,
		.ack = info->tcp_ack,
		.flags = info->tcp_flags,
		.shift = TCP_NO_SHIFT,
		.window = get_be16(tcp + WINDOW),
		.payload = pkt->data + info->payload_offset,
		.len = info->payload_len,
	};
	read_options(tcp + TCP_HEADER,
		     (size_t)(info->payload_offset - info->transport_offset - TCP_HEADER), ret);
	return true;
}

/* A multiple of four bytes, which it returns. */
static uint8_t write_options(const struct tcp_segment *seg, uint8_t options[OPTIONS_MAX])
{
	uint8_t at = 0;

	if (seg->mss) {
		options[at] = OPTION_MSS;
		options[at + 1] = 4;
		put_be16(options + at + 2, seg->mss);
		at += 4;
	}
	if (seg->shift != TCP_NO_SHIFT) {
		memcpy(options + at, (uint8_t[]){ OPTION_NOP, OPTION_SHIFT, 3, seg->shift }, 4);
		at += 4;
	}
	if (seg->sack_permitted) {
		memcpy(options + at,
		       (uint8_t[]){ OPTION_NOP, OPTION_NOP, OPTION_SACK_PERMITTED, 2 }, 4);
		at += 4;
	}
	if (!seg->sack_len || at + 4 + 8 * seg->sack_len > OPTIONS_MAX)
		return at;
	memcpy(options + at,
	       (uint8_t[]){ OPTION_NOP, OPTION_NOP, OPTION_SACK, (uint8_t)(2 + 8 * seg->sack_len) },
	       4);
	at += 4;
	for (uint8_t i = 0; i < seg->sack_len; i++, at += 8) {
		put_be32(options + at, seg->sack[i].start);
		put_be32(options + at + 4, seg->sack[i].end);
	}
	return at;
}

/* An IP header without options; not to be fragmented, so that its identification needs no value
 * of its own (RFC 6864, section 4). */
static void write_ip(uint8_t *data, uint32_t len, uint8_t ttl, struct ip_addr src,
		     struct ip_addr dst)
{
	if (!ip_addr_is_v4(src)) {
		put_be32(data, 6U << 28);
		put_be16(data + IP6_LENGTH, (uint16_t)(len - IP6_HEADER));
		data[IP6_NEXT] = IP_PROTO_TCP;
		data[IP6_HOPS] = ttl;
		put_addr(data + IP6_SRC, 6, src);
		put_addr(data + IP6_DST, 6, dst);
		return;
	}
	memset(data, 0, IP4_HEADER);
	data[0] = 0x45;
	put_be16(data + IP4_LENGTH, (uint16_t)len);
	put_be16(data + IP4_FRAGMENT, IP4_DONT_FRAGMENT);
	data[IP4_TTL] = ttl;
	data[IP4_PROTOCOL] = IP_PROTO_TCP;
	put_addr(data + IP4_SRC, 4, src);
	put_addr(data + IP4_DST, 4, dst);
	put_be16(data + IP4_CHECKSUM, (uint16_t)~checksum_fold(data, IP4_HEADER, 0));
}

static void write_tcp(uint8_t *tcp, uint32_t header, const struct tcp_segment *seg,
		      struct endpoint src, struct endpoint dst)
{
	uint16_t sum = checksum_add(IP_PROTO_TCP, (uint16_t)(header + seg->len));

	put_be16(tcp, src.port);
	put_be16(tcp + 2, dst.port);
	put_be32(tcp + TCP_SEQ, seg->seq);
	put_be32(tcp + TCP_ACKNOWLEDGED, seg->flags & TCP_ACK ? seg->ack : 0);
	tcp[TCP_OFFSET] = (uint8_t)(header / 4 << 4);
	tcp[TCP_FLAGS] = seg->flags;
	put_be16(tcp + WINDOW, seg->window);
	memset(tcp + TCP_CHECKSUM, 0, 4);
	if (seg->len)
		memcpy(tcp + header, seg->payload, seg->len);
	sum = checksum_add(sum, checksum_of_addr(src.addr));
	sum = checksum_add(sum, checksum_of_addr(dst.addr));
	put_be16(tcp + TCP_CHECKSUM, (uint16_t)~checksum_fold(tcp, header + seg->len, sum));
}

int tcp_segment_write(const struct tcp_segment *seg, struct endpoint src, struct endpoint dst,
		      uint8_t ttl, struct packet *pkt)
{
	bool v4 = ip_addr_is_v4(src.addr);
	uint32_t ip = v4 ? IP4_HEADER : IP6_HEADER;
	uint8_t options[OPTIONS_MAX];
	uint32_t header = TCP_HEADER + write_options(seg, options);
	uint32_t len = ip + header + seg->len;

	if (v4 != ip_addr_is_v4(dst.addr) || len > (v4 ? IP4_LONGEST : IP6_LONGEST))
		return -EINVAL;
	if (len > pkt->room)
		return -ENOSPC;
	write_ip(pkt->data, len, ttl, src.addr, dst.addr);
	memcpy(pkt->data + ip + TCP_HEADER, options, header - TCP_HEADER);
	write_tcp(pkt->data + ip, header, seg, src, dst);
	pkt->len = len;
	pkt->offload = (struct packet_offload){ 0 };
	return 0;
}

const char *tcp_segment_describe(const struct tcp_segment *seg, char buf[TCP_SEGMENT_TEXT])
{
	static const struct {
		uint8_t flag;
		const char *name;
	} flags[] = {
		{ TCP_SYN, "SYN," }, { TCP_FIN, "FIN," }, { TCP_RST, "RST," },
		{ TCP_PSH, "PSH," }, { TCP_URG, "URG," }, { TCP_ACK, "ACK," },
	};
	int at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (seg->flags & flags[i].flag)
			at += snprintf(buf + at, TCP_SEGMENT_TEXT - (size_t)at, "%s",
				       flags[i].name);
	if (at)
		at--;
	snprintf(buf + at, TCP_SEGMENT_TEXT - (size_t)at, " seq %u ack %u win %u len %u", seg->seq,
		 seg->ack, seg->window, seg->len);
	return buf;
}
