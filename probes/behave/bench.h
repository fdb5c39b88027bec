/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What probes are made of: packets sent at one place until they are seen at another.  For the
 * files of this folder.
 *
 * Of which family a packet is, its endpoints say.  Where a NAT64 stands between, the inside speaks IPv6 and
 * the outside IPv4: what is sent from inside to an IPv4 endpoint goes to the address that stands for it
 * there (RFC 6052), and what arrives from such an address has the IPv4 one for its source.
 */
#ifndef KNOTHOLE_BEHAVE_BENCH_H
#define KNOTHOLE_BEHAVE_BENCH_H

#include <stdbool.h>

#include "../../nat-models/packet.h"
#include "behave.h"

enum behave_place { INSIDE, OTHER, OUTSIDE, BEHAVE_PLACES };

enum { ARRIVAL_ROOM = 2048, TOKEN = 8, TTL = 64 };

/* Transports beside those that engines know: RFC 4303, 4302, 3828, and one for trying things out (RFC 3692). */
enum { ESP = 50, AUTHENTICATION = 51, UDP_LITE = 136, ANY_TRANSPORT = 253 };

/* Every packet is sent up to so often, so far apart. */
enum { TRIES = 10 };
#define TRY_NS (80 * MSEC)

struct behave {
	const struct behave_hosts *hosts;
	struct sock *socks[BEHAVE_PLACES];
	uint64_t chance; /* tokens and sequence numbers; chance of the inside host's */
	uint16_t port; /* the last that fresh_port() gave */
	struct behave_finding *finding;
};

/* A packet as it arrived. */
struct arrival {
	struct packet pkt; /* its data are `bytes` */
	struct packet_info info; /* all zero where it is no packet that is known here */
	uint8_t bytes[ARRIVAL_ROOM];
};

/* A packet to be sent.  All but a SYN carry a token of their own first, by which they are known
 * again; a SYN is known by its sequence number. */
struct letter {
	/* IP_PROTO_UDP, _TCP or _ICMP (an echo, or where is_reply its reply), UDP_LITE; any other transport
	 * begins with the token. */
	uint8_t protocol;
	struct endpoint src, dst; /* ICMP: src.port is the identifier */
	bool is_reply;
	bool may_fragment; /* IPv4: DF is clear */
	uint16_t ip_id; /* the same: where it may */
	uint8_t ttl; /* 0 = TTL */
	struct tcp_says tcp;
	const void *text; /* after the token */
	size_t len;
};

/* Wherefrom probes speak: the hosts' endpoints at a port. */
struct endpoint here(const struct behave *b, enum behave_place place, uint16_t port);
struct endpoint there(const struct behave *b, unsigned addr,
		      uint16_t port); /* outside_addrs[addr] */
uint16_t fresh_port(struct behave *b); /* an even one that nothing has used; the next two too */
uint32_t random32(struct behave *b);

/* Send @letter at @from until it arrives at @to: does it?  @ret (may be NULL) is it as it came. */
bool deliver(struct behave *b, enum behave_place from, enum behave_place to,
	     const struct letter *letter, struct arrival *ret);

/* The bytes of @letter, and what it is known by: @ret's token begins at *ret_token, of
 * *ret_token_len bytes. */
void write_letter(struct behave *b, const struct letter *letter, struct arrival *ret,
		  size_t *ret_token, size_t *ret_token_len);

/* Send @packet as it stands, at @from. */
void throw_packet(struct behave *b, enum behave_place from, const struct packet *packet);

/* The next packet at @at that has @token in it and is, or is not, an ICMP error; false where none
 * comes until @deadline.  Others are thrown away. */
bool catch_packet(struct behave *b, enum behave_place at, const void *token, size_t token_len,
		  bool is_error, uint64_t deadline, struct arrival *ret);

/* The next packet of any kind; false where none comes until @deadline. */
bool receive_packet(struct behave *b, enum behave_place at, uint64_t deadline, struct arrival *ret);

/* What has waited from before is of another question. */
void forget_packets(struct behave *b, enum behave_place at);

/* The same of a whole packet, which has @token_len bytes at @token to be known by. */
bool deliver_packet(struct behave *b, enum behave_place from, enum behave_place to,
		    const struct arrival *packet, size_t token, size_t token_len,
		    struct arrival *ret);

/* Send @letter at @from until an ICMP error about it comes back. */
bool complained(struct behave *b, enum behave_place from, const struct letter *letter,
		struct arrival *ret);

/*
 * The error that the host at @place (from its address @from) would send about @about, which has
 * arrived there: into *ret.  deliver_error() sends it until it arrives at @to.
 */
void make_error(const struct arrival *about, struct ip_addr from, enum packet_error error,
		struct arrival *ret);
bool deliver_error(struct behave *b, enum behave_place place, enum behave_place to,
		   const struct arrival *error, struct arrival *ret);

/* A packet of @protocol from @src, at @place, to @dst, outside (TCP: a SYN): does it arrive?
 * @ret_outside (may be NULL) is where it then comes from. */
bool goes_out(struct behave *b, enum behave_place place, uint8_t protocol, struct endpoint src,
	      struct endpoint dst, struct endpoint *ret_outside);

/* The same from @src, outside, to @dst, a NAT's outside endpoint: does it arrive at @place?
 * (TCP: a SYN; ICMP: a reply.) */
bool comes_in(struct behave *b, enum behave_place place, uint8_t protocol, struct endpoint src,
	      struct endpoint dst);

/* Sleep until @after since @since. */
void rest_until(uint64_t since, uint64_t after);
uint64_t now_of(const struct behave *b);

/* A TCP connection that a host at the NAT's inside opens, segment by segment. */
struct thread {
	enum behave_place place; /* of its inside end */
	struct endpoint in, out, outside; /* the third is where `out` sees it come from */
	uint32_t seq[2]; /* of the next segment from inside, from outside */
};

/* Begin: a SYN that arrives.  Go on: its answer and the third segment, with data. */
bool thread_syn(struct behave *b, struct thread *t);
bool thread_open(struct behave *b, struct thread *t);

/* Send a segment with @flags and eight bytes of data, which count, outward or inward. */
bool thread_out(struct behave *b, struct thread *t, uint8_t flags, struct arrival *ret);
bool thread_in(struct behave *b, struct thread *t, uint8_t flags, struct arrival *ret);

/* End a probe: with what was seen, in words. */
enum behave_outcome as_required(struct behave *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum behave_outcome not_as_required(struct behave *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum behave_outcome inconclusive(struct behave *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Where nothing gets out at all. */
enum behave_outcome nothing_passes(struct behave *b);

#endif
