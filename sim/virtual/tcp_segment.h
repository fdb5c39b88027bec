/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP segments as values (RFC 9293, 3.1), and their codec.  It knows no connection: what a
 * segment means is tcp.h's.
 */
#ifndef KNOTHOLE_TCP_SEGMENT_H
#define KNOTHOLE_TCP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"
#include "../../nat-models/packet.h"

/* Sequence numbers [start, end), compared modulo 2^32 (RFC 9293, 3.4). */
struct tcp_range {
	uint32_t start;
	uint32_t end;
};

/* As many as fit the options beside nothing else (RFC 2018, section 3). */
enum { TCP_SACK_MAX = 4 };

/* The window shift where there is no such option. */
enum { TCP_NO_SHIFT = 0xff };

/* Everything in host byte order.  The urgent pointer is not read: RFC 6093 tells new programs
 * to leave it alone. */
struct tcp_segment {
	uint32_t seq;
	uint32_t ack; /* means something where flags has TCP_ACK */
	uint8_t flags; /* TCP_FIN … of packet.h */
	uint8_t shift; /* RFC 7323, 2.2; TCP_NO_SHIFT = no such option */
	uint16_t window; /* as it stands in the header, not scaled */
	uint16_t mss; /* RFC 9293, 3.7.1; 0 = no such option */
	bool sack_permitted; /* RFC 2018, section 2 */
	uint8_t sack_len;
	struct tcp_range sack[TCP_SACK_MAX];
	const uint8_t *payload; /* of a read segment: inside the packet */
	uint32_t len; /* bytes of payload; more than 64 KiB never */
};

/* How much of the sequence space it takes: its payload, and one each for SYN and FIN. */
static inline uint32_t tcp_segment_span(const struct tcp_segment *seg)
{
	return seg->len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
}

/*
 * Read the segment in @pkt, whose headers @info is packet_parse()'s of.  False, with *ret
 * untouched, where it is no whole TCP segment with a right checksum.  Super-packets and
 * checksums left to an offload are fine.  A malformed option ends the options (RFC 9293,
 * 3.1, MUST-7), and those before it count.
 */
bool tcp_segment_read(const struct packet *pkt, const struct packet_info *info,
		      struct tcp_segment *ret);

/*
 * Write an IP packet (version 4 or 6, as the addresses are; not to be fragmented) with @seg into
 * @pkt->data, checksums done.  -ENOSPC where pkt->room is too small, -EINVAL where the addresses
 * are of two families or the packet would be longer than IP allows.
 */
int tcp_segment_write(const struct tcp_segment *seg, struct endpoint src, struct endpoint dst,
		      uint8_t ttl, struct packet *pkt);

/* Bytes of the IP and TCP header without options, to @remote's family: 40 or 60. */
static inline uint16_t tcp_headers_len(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? 40 : 60;
}

/* One line for messages: "SYN,ACK seq 5 ack 9 win 100 len 0". */
enum { TCP_SEGMENT_TEXT = 96 };
const char *tcp_segment_describe(const struct tcp_segment *seg, char buf[TCP_SEGMENT_TEXT]);

#endif
