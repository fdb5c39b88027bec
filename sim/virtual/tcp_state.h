/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection from within, for tcp*.c alone.
 *
 * Theory of operation.  What arrives (tcp_input.c, tcp_ack.c, tcp_receive.c) and what is due
 * (tcp_timer.c) only change this state.  What is to be sent follows from the state: tcp_plan.c
 * reads it and decides, tcp_output.c notes that the decision has been carried out.  At the end of
 * each public call tcp_settle() starts or stops the one timer that the state asks for.
 *
 *      snd_una       snd_nxt        snd_max     data_seq + out.len
 *  acked  |  in flight  |  sent once,   |  not sent   |  (FIN, where fin_queued)
 *         |             |  to be again  |             |
 *
 * snd_nxt falls back to snd_una when a retransmission times out or the path's MTU shrinks.
 */
#ifndef KNOTHOLE_TCP_STATE_H
#define KNOTHOLE_TCP_STATE_H

#include "tcp.h"
#include "tcp_bytes.h"
#include "tcp_ranges.h"
#include "tcp_seq.h"

/* What the one long timer is for; the delayed ACK has its own. */
enum tcp_timer_kind {
	TCP_TIMER_NONE,
	TCP_TIMER_RETRANSMIT,
	TCP_TIMER_PERSIST, /* the peer's window is shut, or too small to be worth it */
	TCP_TIMER_LINGER, /* TIME-WAIT; FIN-WAIT-2 of a user that is gone */
};

struct tcp {
	const struct tcp_config *config;
	struct endpoint local;
	struct endpoint remote;
	int error;
	int soft_error; /* what an ICMP error said, for when it times out (RFC 9293, 3.9.2.2) */

	uint8_t state;
	uint8_t timer_kind;
	uint8_t snd_shift;
	uint8_t rcv_shift;
	bool passive; /* of a listener's, before ESTABLISHED */
	bool connected; /* was ESTABLISHED once */
	bool user_gone; /* tcp_close() */
	bool fin_queued; /* by the user */
	bool fin_acked;
	bool peer_fin; /* a FIN has come, at peer_fin_seq, in order or not */
	bool peer_closed; /* and in order */
	bool scaling;
	bool sack;

	/* What tcp_plan() is to find. */
	bool reset_pending;
	bool reset_has_ack;
	bool ack_now; /* with data, if there are any */
	bool ack_alone; /* at once, and without data: a duplicate or a challenge */
	bool probe_due;
	bool head_due; /* retransmit what stands at snd_una, whatever the windows say */

	uint8_t retries; /* retransmissions, or probes, since the peer last moved */
	uint8_t probe_backoff; /* probes, since the window was shut */
	uint8_t syn_losses;
	uint8_t dup_acks;
	bool recovering; /* fast recovery, until recover is acked */
	bool timing; /* the round trip of timed_seq */
	bool has_rtt;
	uint16_t path_mtu;
	uint16_t mss; /* what peer and path take */
	uint16_t peer_mss;

	/* RFC 9293, 3.3.1. */
	uint32_t iss, snd_una, snd_nxt, snd_max, snd_wnd, snd_wl1, snd_wl2;
	uint32_t snd_wnd_max; /* the largest that the peer ever offered */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_edge; /* right edge of the largest window offered; never goes back */
	uint32_t rcv_acked; /* rcv_nxt, as last sent */
	uint32_t peer_fin_seq;
	uint32_t rcv_mss; /* largest payload seen: what a full-sized segment is */
	uint32_t last_seq; /* start of the last segment that came out of order */
	uint32_t reset_seq;
	uint8_t sack_turn;

	/* RFC 5681, 6582, 6675. */
	uint32_t cwnd, ssthresh, cwnd_acked;
	uint32_t recover;
	uint32_t high_rxt; /* SACK: retransmitted up to here in this recovery */

	/* RFC 6298. */
	uint32_t timed_seq;
	uint64_t timed_at;
	uint64_t rto_ns; /* backed off */
	uint64_t srtt_ns, rttvar_ns;
	uint64_t sent_at; /* the last segment of data */

	uint64_t timer_at;
	uint64_t ack_at; /* of a delayed ACK; UINT64_MAX = none */
	uint64_t challenge_second;
	uint16_t challenges; /* in that second */

	struct tcp_bytes out; /* from data_seq on */
	struct tcp_bytes in; /* up to rcv_nxt, and what waits beyond */
	struct tcp_ranges ahead; /* received out of order */
	struct tcp_ranges sacked; /* the peer's word for what it has out of order */
	struct tcp_stats stats;
};

/* The sequence number of the first byte in tcp->out. */
static inline uint32_t tcp_data_seq(const struct tcp *tcp)
{
	return tcp->state <= TCP_STATE_SYN_RECEIVED ? tcp->iss + 1 : tcp->snd_una;
}

/* Where the user's data end, so far; the FIN stands here. */
static inline uint32_t tcp_stream_end(const struct tcp *tcp)
{
	return tcp_data_seq(tcp) + tcp->out.len;
}

static inline bool tcp_fin_waits(const struct tcp *tcp)
{
	return tcp->fin_queued && !tcp->fin_acked;
}

/* Is there anything in the sequence space that was never sent? */
static inline bool tcp_has_unsent(const struct tcp *tcp)
{
	return seq_before(tcp->snd_max, tcp_stream_end(tcp) + tcp_fin_waits(tcp));
}

static inline uint32_t tcp_in_flight(const struct tcp *tcp)
{
	return tcp->snd_max - tcp->snd_una;
}

/* May data and FIN be sent in this state? */
static inline bool tcp_may_send(const struct tcp *tcp)
{
	switch (tcp->state) {
	case TCP_STATE_ESTABLISHED:
	case TCP_STATE_CLOSE_WAIT:
	case TCP_STATE_FIN_WAIT_1:
	case TCP_STATE_CLOSING:
	case TCP_STATE_LAST_ACK:
		return true;
	default:
		return false;
	}
}

static inline uint64_t tcp_later(uint64_t now, uint64_t by)
{
	return by < UINT64_MAX - now ? now + by : UINT64_MAX;
}

/* tcp_life.c: changes of state. */
void tcp_established(struct tcp *tcp, uint64_t now);
void tcp_fin_in(struct tcp *tcp, uint64_t now); /* the peer's, in order */
void tcp_fin_out_acked(struct tcp *tcp, uint64_t now);
void tcp_queue_fin(struct tcp *tcp);
void tcp_end(struct tcp *tcp, int error); /* CLOSED */
void tcp_reset_peer(struct tcp *tcp, int error); /* RST, CLOSED */

/* tcp_handshake.c: what SYNs agree on. */
void tcp_take_options(struct tcp *tcp, const struct tcp_segment *syn);
void tcp_offer_options(const struct tcp *tcp, struct tcp_segment *syn);
uint8_t tcp_shift_for(uint32_t receive_max);
void tcp_update_mss(struct tcp *tcp);
void tcp_input_syn_sent(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now);

/* tcp_ack.c: an acceptable ACK of a connection that stands; false where the segment is to be
 * looked at no further. */
bool tcp_ack_in(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now);

/* tcp_receive.c: payload and FIN of an acceptable segment; it cuts off what the window does not
 * admit. */
void tcp_receive(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now);
uint32_t tcp_window(const struct tcp *tcp); /* what to offer: bytes, a multiple of the scale */
uint8_t tcp_sack_blocks(const struct tcp *tcp, struct tcp_range blocks[TCP_SACK_MAX]);

/* tcp_challenge.c */
void tcp_challenge(struct tcp *tcp, uint64_t now);

/* tcp_congestion.c */
void tcp_congestion_start(struct tcp *tcp);
void tcp_congestion_acked(struct tcp *tcp, uint32_t n, uint32_t flight);
void tcp_congestion_dup_ack(struct tcp *tcp);
void tcp_congestion_timeout(struct tcp *tcp);
void tcp_congestion_idle(struct tcp *tcp, uint64_t now);
uint32_t tcp_congestion_room(const struct tcp *tcp); /* bytes that may be sent now */

/* tcp_recovery.c: RFC 6675. */
uint32_t tcp_lost_edge(const struct tcp *tcp); /* what is not SACKed before it is lost */
uint32_t tcp_pipe(const struct tcp *tcp);
bool tcp_next_hole(const struct tcp *tcp, bool lost_only, struct tcp_range *ret);
void tcp_take_sacks(struct tcp *tcp, const struct tcp_segment *seg);

/* tcp_rto.c */
void tcp_rto_start_timing(struct tcp *tcp, uint32_t seq, uint64_t now);
void tcp_rto_acked(struct tcp *tcp, uint64_t now); /* snd_una has moved */
void tcp_rto_back_off(struct tcp *tcp);
void tcp_rto_after_handshake(struct tcp *tcp);

/* tcp_timer.c */
void tcp_arm(struct tcp *tcp, enum tcp_timer_kind kind, uint64_t at);
void tcp_settle(struct tcp *tcp, uint64_t now);
void tcp_restart_retransmit(struct tcp *tcp, uint64_t now);

/* tcp_plan.c */
enum tcp_plan_kind {
	TCP_PLAN_NOTHING,
	TCP_PLAN_RESET,
	TCP_PLAN_SYN,
	TCP_PLAN_ACK,
	TCP_PLAN_PROBE,
	TCP_PLAN_HEAD, /* what fast recovery presumes lost first */
	TCP_PLAN_HOLE, /* what it finds by SACK */
	TCP_PLAN_DATA, /* from snd_nxt on: new, or sent again after a timeout */
};
struct tcp_plan {
	enum tcp_plan_kind kind;
	struct tcp_segment seg;
};
void tcp_plan(const struct tcp *tcp, struct tcp_plan *ret);

#endif
