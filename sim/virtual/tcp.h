/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP connection after RFC 9293, as a pure machine: segments and times go in, segments and the
 * next time to wake come out.  It has no socket, no clock and no globals.  Congestion control is
 * RFC 5681 with NewReno (RFC 6582) or, where the peer does it too, SACK (RFC 2018, 6675);
 * retransmission RFC 6298, window scaling RFC 7323, blind attacks RFC 5961 and 5927.
 *
 * Not here: finding the connection that a segment is for, listening (a backlog is the caller's;
 * tcp_accept() makes a connection of a SYN), answering segments that are for nobody
 * (packet_make_tcp_rst() does), parking fibers.
 *
 * The caller's part, after every call that takes a `now`, and after tcp_send(), tcp_recv(),
 * tcp_shutdown(), tcp_close() and tcp_abort():
 *
 *     while (tcp_has_output(tcp)) {
 *             buffer = buffer_new(pool, tcp_path_mtu(tcp));
 *             tcp_output(tcp, buffer ? &buffer->packet : NULL, ttl, now);
 *             send it
 *     }
 *     wake whom tcp_ready(tcp) is good news for
 *     schedule tcp_timer() for tcp_next_wake(tcp)
 *     if (tcp_ready(tcp) & TCP_READY_DONE) and the user has closed it: tcp_free(tcp)
 *
 * Several connections may share a local port, and a listener may have it too: nothing here
 * knows.  A SYN that meets a connection in SYN-SENT is a simultaneous open (RFC 9293, 3.5).
 */
#ifndef KNOTHOLE_TCP_H
#define KNOTHOLE_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tcp_segment.h"

struct tcp;

/*
 * The clock that initial sequence numbers follow ticks as often as Linux's.  RFC 9293, 3.4.1 has it tick
 * "roughly" each 4 us; but how far apart the numbers of two connections in a row are decides what a
 * NAT that looks at windows makes of the second, and hosts here are to fare as those of a live world.
 */
enum { TCP_ISN_TICK_NS = 64 };

/* What a host's connections have in common.  It must outlive them. */
struct tcp_config {
	uint64_t isn_secret; /* the host's own: initial sequence numbers, as RFC 6528 has them */

	uint64_t rto_initial_ns; /* RFC 6298, 2.1; the first SYN waits so long */
	uint64_t rto_min_ns; /* 2.4 */
	uint64_t rto_max_ns; /* 2.5 */
	uint64_t rto_slack_ns; /* 2.3's G: what RTO has over SRTT at the least */
	uint8_t syn_linear; /* so many SYNs are retried without doubling (Linux 6.5: 4) */
	uint8_t syn_retries; /* then one more wait, then -ETIMEDOUT */
	uint8_t syn_ack_retries;
	uint8_t data_retries; /* and window probes without any answer */

	uint64_t delayed_ack_ns; /* RFC 9293, 3.8.6.3: 500 ms at most; 0 = none is delayed */
	uint64_t time_wait_ns; /* 2 MSL; 0 = none */
	uint64_t fin_wait2_ns; /* how long a closed user's connection waits for a FIN */

	uint32_t send_max; /* bytes not acknowledged, or not sent, that are kept */
	uint32_t receive_max; /* bytes not read that are kept: the window; up to 1 GiB */
	uint16_t initial_segments; /* RFC 6928: 10 */
	uint16_t challenge_acks; /* a connection, a second (RFC 5961, section 7) */
	bool nodelay; /* no Nagle algorithm (RFC 9293, 3.7.4) */
	bool no_scaling; /* of windows */
	bool no_sack;
	bool patient; /* RFC 9293, 3.9.2.2: a soft ICMP error ends no attempt to connect. Linux
			 ends it at any "unreachable", and so does the default. */
};

/* As Debian's kernel has it, where that is no breach of an RFC: SYNs after 1, 3, 7, 15, 31, 63 s,
 * given up at 127 s; RTO from 200 ms to 120 s; TIME-WAIT 60 s.  isn_secret is 0. */
extern const struct tcp_config tcp_default_config;

/* RFC 9293, 3.3.2.  LISTEN is the caller's; CLOSED is where a dead connection is. */
#define TCP_STATES(X)                                                                              \
	X(TCP_STATE_CLOSED, "CLOSED")                                                              \
	X(TCP_STATE_SYN_SENT, "SYN-SENT")                                                          \
	X(TCP_STATE_SYN_RECEIVED, "SYN-RECEIVED")                                                  \
	X(TCP_STATE_ESTABLISHED, "ESTABLISHED")                                                    \
	X(TCP_STATE_FIN_WAIT_1, "FIN-WAIT-1")                                                      \
	X(TCP_STATE_FIN_WAIT_2, "FIN-WAIT-2")                                                      \
	X(TCP_STATE_CLOSE_WAIT, "CLOSE-WAIT")                                                      \
	X(TCP_STATE_CLOSING, "CLOSING")                                                            \
	X(TCP_STATE_LAST_ACK, "LAST-ACK")                                                          \
	X(TCP_STATE_TIME_WAIT, "TIME-WAIT")

enum tcp_state {
#define X(id, text) id,
	TCP_STATES(X)
#undef X
};

const char *tcp_state_text(enum tcp_state state);

/*
 * Open actively: SYN-SENT.  @mtu is that of the first link on the way, at least 68 (IPv4) or 1280
 * (IPv6).  0, -EINVAL where the two addresses are of two families, or -ENOMEM.  The caller owns
 * *ret.
 */
int tcp_connect(const struct tcp_config *config, struct endpoint local, struct endpoint remote,
		uint16_t mtu, uint64_t now, struct tcp **ret);

/* Open passively, for the @syn (SYN, no ACK, no RST: -EINVAL for others) that reached a listener:
 * SYN-RECEIVED.  It is the user's when TCP_READY_CONNECTED; where it ends before (a RST, no
 * answer), nobody need hear of it. */
int tcp_accept(const struct tcp_config *config, struct endpoint local, struct endpoint remote,
	       uint16_t mtu, const struct tcp_segment *syn, uint64_t now, struct tcp **ret);

void tcp_free(struct tcp *tcp); /* in any state, sending nothing; NULL is fine */

/* A segment for this connection arrived. */
enum tcp_taken {
	TCP_TAKEN,
	/* A SYN that may open this pair of endpoints anew, which is in TIME-WAIT, or done (RFC
	 * 9293, 3.10.7.4).  Nothing has changed: where there is a listener, free this
	 * connection and tcp_accept() it; else answer RST, and leave it be. */
	TCP_REOPENS,
	/* The connection is done: the segment is for nobody (RST, as for a closed port). */
	TCP_NOT_MINE,
};
enum tcp_taken tcp_input(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now);

/* Do what is due at @now.  To call it early does no harm. */
void tcp_timer(struct tcp *tcp, uint64_t now);
uint64_t tcp_next_wake(const struct tcp *tcp); /* UINT64_MAX where nothing will be due */

/* Is there a segment to send now? */
bool tcp_has_output(const struct tcp *tcp);

/*
 * The next segment, as an IP packet with @ttl in pkt->data, pkt->len set: true; false where there
 * is none.  pkt->room of tcp_path_mtu() is always enough; where it is not, or @pkt is NULL, the
 * segment is lost as on a bad wire, and mended as there.
 */
bool tcp_output(struct tcp *tcp, struct packet *pkt, uint8_t ttl, uint64_t now);

/* Take some of @bytes for sending: how many (up to @len); -EAGAIN where no more can be kept now;
 * -EPIPE after tcp_shutdown(); -ENOMEM; tcp_error()'s.  Before the connection stands they are
 * kept. */
long tcp_send(struct tcp *tcp, const void *bytes, size_t len, uint64_t now);

/* Up to @room bytes that have come: how many; 0 where the peer has closed and all is read;
 * -EAGAIN; after the last byte, tcp_error()'s. */
long tcp_recv(struct tcp *tcp, void *bytes, size_t room, uint64_t now);

/* No more will be sent: FIN, after what is still kept. Receiving goes on (RFC 9293, 3.6).  0, or
 * -ENOTCONN where it never stood. */
int tcp_shutdown(struct tcp *tcp, uint64_t now);

/*
 * The user is gone: what is kept is still sent, then FIN; what comes is thrown away.  Data that is
 * not read, or that comes later, makes a RST of it, so that the peer does not think it was read
 * (RFC 9293, 3.6.1).  Keep feeding the connection until TCP_READY_DONE.
 */
void tcp_close(struct tcp *tcp, uint64_t now);

/* RST, where the peer could know of the connection; CLOSED, tcp_error() is -ECONNABORTED. */
void tcp_abort(struct tcp *tcp, uint64_t now);

/* What a user may do now without waiting; a fiber that found none of what it wants parks. */
enum tcp_ready {
	TCP_READY_CONNECTED = 1, /* the handshake is over; stays */
	TCP_READY_READ = 2, /* tcp_recv() gives no -EAGAIN: data, end of stream, error */
	TCP_READY_WRITE = 4, /* tcp_send() gives no -EAGAIN: room, shut down, error */
	TCP_READY_FAILED = 8, /* tcp_error() is not 0 */
	TCP_READY_DONE = 16, /* CLOSED, and nothing more to send: it may be freed */
};
unsigned tcp_ready(const struct tcp *tcp);

/* Why it failed: -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, -ECONNABORTED, or what an ICMP error
 * said; 0 = it did not. */
int tcp_error(const struct tcp *tcp);

/*
 * An ICMP error (not about the MTU) quotes a segment of this connection that began at @seq.  @err
 * is what a user would be told (-ECONNREFUSED, -EHOSTUNREACH …), @hard whether RFC 9293, 3.9.2.2
 * calls it so (port or protocol unreachable …).  It ends an attempt to connect at most, never a
 * connection that stands (RFC 5927); @seq outside of what is in flight makes it a forgery.
 */
void tcp_unreachable(struct tcp *tcp, uint32_t seq, int err, bool hard, uint64_t now);

/* "Fragmentation needed" or "packet too big" quotes a segment that began at @seq: the way takes
 * @mtu bytes; 0 where the router said nothing of it (RFC 1191, section 7). */
void tcp_set_path_mtu(struct tcp *tcp, uint32_t seq, uint16_t mtu, uint64_t now);
uint16_t tcp_path_mtu(const struct tcp *tcp);

enum tcp_state tcp_state(const struct tcp *tcp);
struct endpoint tcp_local(const struct tcp *tcp);
struct endpoint tcp_remote(const struct tcp *tcp);

/* For tests and those who want to see it work. */
struct tcp_stats {
	uint32_t segments_in, segments_out;
	uint32_t retransmitted; /* segments */
	uint32_t timeouts; /* of retransmission */
	uint32_t fast_recoveries;
	uint32_t out_of_order; /* segments received before their turn */
	uint32_t challenges; /* challenge ACKs sent */
	uint32_t probes; /* of a zero window */
};
const struct tcp_stats *tcp_stats(const struct tcp *tcp);

/* What it knows of the way now, in bytes and ns. */
struct tcp_view {
	uint32_t mss; /* largest payload it would send */
	uint32_t congestion_window, slow_start_threshold;
	uint32_t peer_window; /* scaled */
	uint32_t in_flight;
	uint32_t buffered_out, buffered_in; /* bytes, those out of order included in the latter */
	uint64_t rto_ns, srtt_ns;
	size_t memory; /* heap bytes that it holds */
};
struct tcp_view tcp_view(const struct tcp *tcp);

#endif
