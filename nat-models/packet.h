/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet: real bytes that begin with an IP header, and what can be read from them.
 *
 * Holds the codec of the IP, UDP, TCP and ICMP headers, and checksums.  It owns no
 * memory, keeps no queue and knows no wire: buffers and Ethernet belong to sim/.
 */
#ifndef KNOTHOLE_PACKET_H
#define KNOTHOLE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * What a kernel left for the "hardware" to do (the virtio-net header's meaning).
 * With needs_checksum the transport checksum field holds the folded sum of the
 * pseudo-header only, not inverted: rewriting an address must correct it, rewriting
 * a port must not.
 */
struct packet_offload {
	bool needs_checksum;
	uint8_t gso_type; /* VIRTIO_NET_HDR_GSO_*; 0 = not a super-packet */
	uint16_t gso_size; /* bytes of payload a segment */
	uint16_t header_len; /* IP + transport headers; 0 where unknown */
	uint16_t checksum_start; /* from data[0] */
	uint16_t checksum_offset; /* from checksum_start */
};

struct packet {
	uint8_t *data; /* the IP header's first byte */
	uint32_t len; /* bytes that are there */
	uint32_t room; /* bytes that could be: an answer made in place may grow to this */
	struct packet_offload offload;
	/*
	 * Is it known to be a whole datagram of UDP over IPv4, without options, all of whose
	 * lengths and checksums are right, UDP's being there?  Then none of that is checked again.
	 * Who makes it may say so; what is here keeps it right; who changes it otherwise takes it
	 * back.
	 */
	bool is_plain;
};

enum { IP_PROTO_ICMP = 1, IP_PROTO_TCP = 6, IP_PROTO_UDP = 17, IP_PROTO_ICMPV6 = 58 };

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

/* RFC 4443, RFC 4861 (neighbour discovery), RFC 2710 and RFC 9777 (multicast listeners). */
enum {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_LISTENER_QUERY = 130,
	ICMPV6_LISTENER_REPORT = 131,
	ICMPV6_LISTENER_DONE = 132,
	ICMPV6_ROUTER_SOLICITATION = 133,
	ICMPV6_ROUTER_ADVERTISEMENT = 134,
	ICMPV6_NEIGHBOUR_SOLICITATION = 135,
	ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136,
	ICMPV6_REDIRECT = 137,
	ICMPV6_LISTENER_REPORT_2 = 143,
};

enum { /* codes of ICMPV6_UNREACHABLE */
       ICMPV6_NO_ROUTE = 0,
       ICMPV6_ADMIN_PROHIBITED = 1,
       ICMPV6_ADDRESS_UNREACHABLE = 3,
       ICMPV6_PORT_UNREACHABLE = 4,
};

enum { /* codes of ICMP_UNREACHABLE */
       ICMP_NET_UNREACHABLE = 0,
       ICMP_HOST_UNREACHABLE = 1,
       ICMP_PORT_UNREACHABLE = 3,
       ICMP_FRAGMENTATION_NEEDED = 4,
       ICMP_ADMIN_PROHIBITED = 13,
};

/* Why bytes are no packet; the first is "they are one". */
#define PACKET_FAULTS(X)                                                                           \
	X(PACKET_OK, "well formed")                                                                \
	X(PACKET_TOO_SHORT, "shorter than its header")                                             \
	X(PACKET_BAD_VERSION, "neither IPv4 nor IPv6")                                             \
	X(PACKET_BAD_LENGTH, "lengths contradict each other")                                      \
	X(PACKET_BAD_CHECKSUM, "wrong header checksum")                                            \
	X(PACKET_BAD_EXTENSION, "an extension header out of its place")                            \
	X(PACKET_UNSUPPORTED, "protocol not known here")

enum packet_fault {
#define X(id, text) id,
	PACKET_FAULTS(X)
#undef X
};

const char *packet_fault_text(enum packet_fault fault);

/*
 * What a packet says of itself.  Offsets are from data[0]; those of the transport are
 * valid only where the packet is no later fragment (fragment_offset == 0).
 * For an ICMP query (echo, timestamp, …), src.port and dst.port both hold its identifier;
 * for an ICMP error, is_error is set, the ports are 0, and the packet it quotes starts at
 * payload_offset.
 */
struct packet_info {
	uint8_t version; /* 4 or 6 */
	uint8_t protocol;
	uint8_t ttl;
	bool dont_fragment;
	bool more_fragments;
	bool is_error; /* ICMP error, which quotes a packet */
	bool has_ports; /* src.port and dst.port mean something: UDP, TCP, ICMP queries */
	uint8_t tcp_flags;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint16_t fragment_offset; /* bytes */
	uint32_t fragment_id; /* 16 bits in IPv4, 32 in IPv6 */
	uint16_t transport_offset;
	uint16_t payload_offset;
	uint32_t payload_len;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	struct endpoint src;
	struct endpoint dst;
};

/* Is it what hosts and routers on one IPv6 link say to each other only: neighbour discovery (RFC 4861),
 * multicast listeners (RFC 2710)?  No router forwards it; to packet_parse() it is
 * PACKET_UNSUPPORTED. */
bool packet_is_link_only(const struct packet_info *info);

/* Read @pkt's headers.  *ret is valid on PACKET_OK and PACKET_UNSUPPORTED (then its ports are 0),
 * else all zero.  Total: any bytes may be passed. */
enum packet_fault packet_parse(const struct packet *pkt, struct packet_info *ret);

/* The same for the packet that an ICMP error quotes, which may be cut short after 8
 * bytes of transport header (RFC 792, RFC 1812 4.3.2.3): @bytes to @len. */
enum packet_fault packet_parse_quoted(const uint8_t *bytes, size_t len, struct packet_info *ret);

/*
 * Replace an endpoint, in place, with incremental checksum updates (RFC 1624) that
 * honour offloads; a UDP checksum of 0 stays 0 (RFC 768).  For ICMP queries the
 * identifier is replaced.  @info must be packet_parse()'s of this packet and is kept up
 * to date.
 */
void packet_replace_src(struct packet *pkt, struct packet_info *info, const struct endpoint *to);
void packet_replace_dst(struct packet *pkt, struct packet_info *info, const struct endpoint *to);

/* The same for an endpoint that may be in *info, or nowhere yet.  It is copied, which takes long where
 * it was just written. */
static inline void packet_set_src(struct packet *pkt, struct packet_info *info, struct endpoint to)
{
	packet_replace_src(pkt, info, &to);
}

static inline void packet_set_dst(struct packet *pkt, struct packet_info *info, struct endpoint to)
{
	packet_replace_dst(pkt, info, &to);
}

/* One endpoint of an IPv4 packet of UDP or TCP replaced by another, reckoned once for all packets
 * that have it. */
struct packet_change {
	uint32_t addr;
	uint16_t port;
	uint16_t pseudo, own; /* changes to the sums of the pseudo-header and the ports */
};

struct packet_change packet_change_of(const struct endpoint *from, const struct endpoint *to);

/* What packet_set_src() (with @source) or packet_set_dst() would do; @info is left as it is. */
void packet_apply_change(struct packet *pkt, const struct packet_info *info, bool source,
			 const struct packet_change *change);

/*
 * The same inside an ICMP error, for the packet that it quotes: @info is packet_parse()'s of the
 * error, @quoted packet_parse_quoted()'s of what stands at its payload_offset, kept up to date.
 * The error's own checksum follows.  Checksum fields that were cut off are not missed.
 */
void packet_set_quoted_src(struct packet *pkt, const struct packet_info *info,
			   struct packet_info *quoted, struct endpoint to);
void packet_set_quoted_dst(struct packet *pkt, const struct packet_info *info,
			   struct packet_info *quoted, struct endpoint to);

/*
 * Replace the payload of a UDP packet by @payload, of @len bytes, with its lengths and checksums; or
 * that of a TCP segment, whose sequence numbers are the caller's concern.  No fragment unless
 * @len is what it was, no super-packet.  @info is kept up to date.  -EINVAL, -ENOSPC.
 */
int packet_set_payload(struct packet *pkt, struct packet_info *info, const void *payload,
		       size_t len);

/* Replace the 32-bit word at @at of the TCP header, its options included, and keep @info up to date:
 * a sequence or acknowledgement number, or one in an option.  The packet is a TCP segment. */
void packet_set_tcp_word(struct packet *pkt, struct packet_info *info, uint16_t at, uint32_t word);

/* Give an IPv4 packet the identification @id, with its checksum.  @info is kept up to date. */
void packet_set_id(struct packet *pkt, struct packet_info *info, uint16_t id);

/* Decrement the TTL.  False, and nothing changed, where it would reach 0. */
bool packet_decrement_ttl(struct packet *pkt);

/* Compute what offloading left undone, so that every checksum is right and no offload is
 * left but gso.  Safe on any packet. */
void packet_finish_checksums(struct packet *pkt);

/* Are the IP header's and the transport's checksum right?  Where it is left to an offload, the
 * transport's must be the pseudo-header's sum.  Fragments and quoted packets are taken on
 * trust; what is no packet is not right. */
bool packet_checksums_ok(const struct packet *pkt);

/* The same for whoever has parsed it already, and found it well formed: the IP header's is right
 * then.  @info is packet_parse()'s of this packet. */
bool packet_transport_ok(const struct packet *pkt, const struct packet_info *info);

/* The Internet checksum (RFC 1071) of @len bytes, started from @sum, folded, not inverted. */
uint16_t checksum_fold(const void *bytes, size_t len, uint64_t sum);

/*
 * Turn @pkt into the ICMP error that a router at @from would send about it, back to its
 * source; @type and @code are ICMP's or ICMPv6's, as the packet is.  -EINVAL where none may be sent:
 * about an ICMP error, where either address is no single host's, about a later fragment of
 * IPv4 (RFC 1122, 3.2.2; RFC 4443, 2.4 (e), with its exception for what is too big), or where
 * @from is of the other family.  -ENOSPC where it does not fit.
 * @mtu is for "fragmentation needed" and "packet too big".  It quotes as much as 576 bytes hold
 * (RFC 1812, 4.3.2.3), or 1280 in IPv6 (RFC 4443, 2.4 (c)); no offload is left.
 */
int packet_make_icmp_error(struct packet *pkt, struct ip_addr from, uint8_t type, uint8_t code,
			   uint16_t mtu);

/* What there can be to complain of, in either family's words. */
enum packet_error {
	PACKET_ERROR_NO_ROUTE, /* net unreachable; no route */
	PACKET_ERROR_HOST, /* host unreachable; address unreachable */
	PACKET_ERROR_PORT,
	PACKET_ERROR_PROHIBITED,
	PACKET_ERROR_TOO_BIG, /* fragmentation needed; packet too big */
	PACKET_ERROR_TIME_EXCEEDED,
};

/* packet_make_icmp_error() with the type and code that @error has in the packet's own family. */
int packet_make_error(struct packet *pkt, struct ip_addr from, enum packet_error error,
		      uint16_t mtu);

/* Is it an ICMP error, with the type and code that @error has in its own family? */
bool packet_is_error(const struct packet_info *info, enum packet_error error);

/* Turn a TCP segment into the RST that answers it (RFC 9293, 3.5.2).  -EINVAL for others, for
 * fragments, and for a RST, which nothing answers. */
int packet_make_tcp_rst(struct packet *pkt);

/* Turn an echo request into its reply; extension headers stay behind.  -EINVAL for others and for
 * fragments. */
int packet_make_echo_reply(struct packet *pkt);

/* Write a whole UDP packet into @pkt->data; -ENOSPC where it does not fit, -EINVAL where @src and
 * @dst are of different families. */
int packet_put_udp(struct packet *pkt, const struct endpoint *src, const struct endpoint *dst,
		   uint8_t ttl, const void *payload, size_t len);

static inline int packet_make_udp(struct packet *pkt, struct endpoint src, struct endpoint dst,
				  uint8_t ttl, const void *payload, size_t len)
{
	return packet_put_udp(pkt, &src, &dst, ttl, payload, len);
}

/* What a TCP segment says beside its endpoints. */
struct tcp_says {
	uint32_t seq, ack;
	uint8_t flags; /* TCP_SYN … */
	uint16_t window;
};

/* The same for a TCP segment without options, and for an ICMP echo request, or its reply: src.port
 * is the identifier, dst.port the sequence number. */
int packet_make_tcp(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
		    const struct tcp_says *says, const void *payload, size_t len);
int packet_make_echo(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
		     bool reply, const void *payload, size_t len);

/* The same for a transport that is not known here, whose header is the first of @bytes; its checksum, where
 * it has one, is the caller's. */
int packet_make_other(struct packet *pkt, uint8_t protocol, struct ip_addr src, struct ip_addr dst,
		      uint8_t ttl, const void *bytes, size_t len);

/* One line in the manner of tcpdump: "UDP 10.0.0.1:5 > 1.2.3.4:6, 12 bytes". */
const char *packet_describe(const struct packet *pkt, char *buf, size_t size);

#endif
