/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The congestion window: RFC 5681, with NewReno's fast recovery (RFC 6582), limited transmit
 * (RFC 3042), and RFC 6928's initial window.  What SACK adds stands in tcp_recovery.c.
 */
#include "tcp_state.h"

enum { DUP_ACK_THRESHOLD = 3, CWND_MAX = 1 << 30 };

static uint32_t initial_window(const struct tcp *tcp)
{
	uint32_t segments = tcp->config->initial_segments;

	/* A SYN may be lost to a NAT that has not opened yet; two are congestion (RFC 6298,
	 * appendix A's reason for the short first timeout, and RFC 5681, 3.1). */
	if (tcp->syn_losses > 1 || !segments)
		segments = 1;
	return segments * tcp->mss;
}

void tcp_congestion_start(struct tcp *tcp)
{
	tcp->cwnd = initial_window(tcp);
	tcp->ssthresh = CWND_MAX;
	tcp->recover = tcp->iss;
}

/* RFC 5681, equation 4. */
static void halve(struct tcp *tcp)
{
	uint32_t half = tcp_in_flight(tcp) / 2;

	tcp->ssthresh = half > 2U * tcp->mss ? half : 2U * tcp->mss;
}

static void grow(struct tcp *tcp, uint32_t n, uint32_t flight)
{
	/* A window that was not used says nothing of the way (RFC 7661's reason). */
	if (flight < tcp->cwnd / 2 || tcp->cwnd >= CWND_MAX)
		return;
	if (tcp->cwnd < tcp->ssthresh) {
		tcp->cwnd += n < tcp->mss ? n : tcp->mss;
		return;
	}
	tcp->cwnd_acked += n;
	if (tcp->cwnd_acked >= tcp->cwnd) {
		tcp->cwnd_acked -= tcp->cwnd;
		tcp->cwnd += tcp->mss;
	}
}

static void leave_recovery(struct tcp *tcp)
{
	uint32_t flight = tcp_in_flight(tcp);

	tcp->recovering = false;
	tcp->dup_acks = 0;
	tcp->cwnd_acked = 0;
	tcp->cwnd = tcp->ssthresh;
	/* RFC 6582, 3.2, step 3: no burst after a long recovery. */
	if (!tcp->sack && flight + tcp->mss < tcp->cwnd)
		tcp->cwnd = (flight > tcp->mss ? flight : tcp->mss) + tcp->mss;
}

/* RFC 6582, 3.2: an ACK of some, but not of all that was out when recovery began. */
static void partial_ack(struct tcp *tcp, uint32_t n)
{
	if (tcp->sack) {
		tcp->high_rxt = seq_max(tcp->high_rxt, tcp->snd_una);
		return;
	}
	tcp->head_due = true;
	tcp->cwnd -= n < tcp->cwnd ? n : tcp->cwnd;
	if (n >= tcp->mss)
		tcp->cwnd += tcp->mss;
	if (tcp->cwnd < tcp->mss)
		tcp->cwnd = tcp->mss;
}

/* @n bytes were acknowledged, when @flight were in flight; snd_una has moved. */
void tcp_congestion_acked(struct tcp *tcp, uint32_t n, uint32_t flight)
{
	if (!tcp->recovering) {
		tcp->dup_acks = 0;
		grow(tcp, n, flight);
	} else if (seq_before(tcp->snd_una, tcp->recover)) {
		partial_ack(tcp, n);
	} else {
		leave_recovery(tcp);
	}
	/* It must never be 2^31 behind. */
	if (seq_before(tcp->recover, tcp->snd_una))
		tcp->recover = tcp->snd_una - 1;
}

static void enter_recovery(struct tcp *tcp)
{
	halve(tcp);
	tcp->recovering = true;
	tcp->recover = tcp->snd_max;
	tcp->high_rxt = tcp->snd_una;
	tcp->head_due = true;
	tcp->cwnd = tcp->ssthresh + (tcp->sack ? 0 : DUP_ACK_THRESHOLD * tcp->mss);
	tcp->stats.fast_recoveries++;
}

/* RFC 5681, 3.2; with SACK, RFC 6675, section 5. */
void tcp_congestion_dup_ack(struct tcp *tcp)
{
	if (tcp->recovering) {
		if (!tcp->sack && tcp->cwnd < CWND_MAX)
			tcp->cwnd += tcp->mss;
		return;
	}
	if (tcp->dup_acks < UINT8_MAX)
		tcp->dup_acks++;
	if (tcp->dup_acks < DUP_ACK_THRESHOLD && !seq_after(tcp_lost_edge(tcp), tcp->snd_una))
		return;
	/* RFC 6582, 3.2, step 2, and section 4.1: what a timeout has sent again brings
	 * duplicates of its own. */
	if (seq_after(tcp->snd_una, tcp->recover))
		enter_recovery(tcp);
}

/* RFC 5681, 3.1: to the loss window; ssthresh only when it is the segment's first timeout. */
void tcp_congestion_timeout(struct tcp *tcp)
{
	if (!tcp->retries)
		halve(tcp);
	tcp->cwnd = tcp->mss;
	tcp->cwnd_acked = 0;
	tcp->recovering = false;
	tcp->head_due = false;
	tcp->dup_acks = 0;
	tcp->recover = tcp->snd_max;
}

/* RFC 5681, 4.1: after a pause the window is not known any more. */
void tcp_congestion_idle(struct tcp *tcp, uint64_t now)
{
	uint32_t restart = initial_window(tcp);

	if (!tcp_in_flight(tcp) && now - tcp->sent_at > tcp->rto_ns && tcp->cwnd > restart)
		tcp->cwnd = restart;
}

uint32_t tcp_congestion_room(const struct tcp *tcp)
{
	uint32_t used;
	uint32_t window = tcp->cwnd;

	if (tcp->recovering && tcp->sack) {
		used = tcp_pipe(tcp);
	} else {
		used = tcp_ranges_gap(&tcp->sacked, tcp->snd_una, tcp->snd_nxt);
		/* RFC 3042: the first two duplicates each say that a segment has left. */
		if (!tcp->sack && !tcp->recovering && tcp->dup_acks < DUP_ACK_THRESHOLD)
			window += tcp->dup_acks * tcp->mss;
	}
	return window > used ? window - used : 0;
}
