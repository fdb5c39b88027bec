/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A segment arrives: RFC 9293, 3.10.7, in its order, with RFC 5961's care. */
#include <errno.h>

#include "tcp_state.h"

/* 3.10.7.4, first.  Two allowances: an ACK right at the edge is what a peer sends that has filled
 * our window; and where the window is shut, what begins at its start may still carry an ACK. */
static bool is_acceptable(const struct tcp *tcp, const struct tcp_segment *seg)
{
	uint32_t span = tcp_segment_span(seg);

	if (!span)
		return !seq_before(seg->seq, tcp->rcv_nxt) && !seq_after(seg->seq, tcp->rcv_edge);
	if (tcp->rcv_edge == tcp->rcv_nxt)
		return seg->seq == tcp->rcv_nxt;
	return seq_before(seg->seq, tcp->rcv_edge) && seq_after(seg->seq + span, tcp->rcv_nxt);
}

/* A segment with something in it is repeated because its ACK was lost; one with nothing in it might
 * answer ours with the same for ever. */
static void answer_unacceptable(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	if (seg->flags & TCP_RST)
		return;
	if (seg->len || seg->flags & TCP_FIN)
		tcp->ack_alone = true;
	else
		tcp_challenge(tcp, now);
	/* Eighth, TIME-WAIT: the FIN again means that our ACK did not arrive. */
	if (tcp->state == TCP_STATE_TIME_WAIT && seg->flags & TCP_FIN) {
		tcp_arm(tcp, TCP_TIMER_LINGER, tcp_later(now, tcp->config->time_wait_ns));
	}
}

static void reset_by_peer(struct tcp *tcp)
{
	switch (tcp->state) {
	case TCP_STATE_SYN_RECEIVED:
		tcp_end(tcp, tcp->passive ? -ECONNRESET : -ECONNREFUSED);
		break;
	case TCP_STATE_CLOSING:
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_TIME_WAIT:
		tcp_end(tcp, 0);
		break;
	default:
		tcp_end(tcp, -ECONNRESET);
		break;
	}
}

/*
 * SYN-RECEIVED, and a SYN with the number that we know: the peer's again, or, crossing ours, its
 * SYN,ACK (3.5, figure 8, line 7).  True where the segment, its SYN taken off, is to be looked
 * at further.
 */
static bool known_syn(struct tcp *tcp, struct tcp_segment *seg)
{
	if (!(seg->flags & TCP_ACK)) {
		tcp->snd_nxt = tcp->iss; /* Then our SYN,ACK did not arrive. */
		return false;
	}
	seg->seq++;
	seg->flags &= (uint8_t)~TCP_SYN;
	seg->window = (uint16_t)(seg->window >> tcp->snd_shift); /* A SYN's is not scaled. */
	/* Some stacks want an ACK without SYN for theirs; to the others it does no harm. */
	tcp->ack_now = true;
	return true;
}

/* Fifth, SYN-RECEIVED.  False where the ACK is of no SYN of ours. */
static bool ack_of_syn(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	if (seg->ack != tcp->iss + 1 || tcp->snd_max != seg->ack) {
		tcp->reset_pending = true;
		tcp->reset_has_ack = false;
		tcp->reset_seq = seg->ack;
		return false;
	}
	tcp_established(tcp, now);
	return true;
}

static void input_acceptable(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	/* Second; RFC 5961, 3.2. */
	if (seg->flags & TCP_RST) {
		if (seg->seq == tcp->rcv_nxt)
			reset_by_peer(tcp);
		else
			tcp_challenge(tcp, now);
		return;
	}
	/* Fourth; RFC 5961, 4.2. */
	if (seg->flags & TCP_SYN) {
		tcp_challenge(tcp, now);
		return;
	}
	if (!(seg->flags & TCP_ACK))
		return;
	if (tcp->state == TCP_STATE_SYN_RECEIVED && !ack_of_syn(tcp, seg, now))
		return;
	if (tcp_ack_in(tcp, seg, now) && tcp_segment_span(seg))
		tcp_receive(tcp, seg, now);
}

static enum tcp_taken input_synchronized(struct tcp *tcp, const struct tcp_segment *arrived,
					 uint64_t now)
{
	struct tcp_segment seg = *arrived;
	bool fresh_syn = (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (tcp->state == TCP_STATE_SYN_RECEIVED && seg.flags & TCP_SYN && !(seg.flags & TCP_RST) &&
	    seg.seq == tcp->irs) {
		if (!known_syn(tcp, &seg))
			return TCP_TAKEN;
	} else if (tcp->state == TCP_STATE_SYN_RECEIVED && tcp->passive && fresh_syn &&
		   is_acceptable(tcp, &seg)) {
		return TCP_REOPENS; /* Fourth: back to LISTEN. */
	} else if (tcp->state == TCP_STATE_TIME_WAIT && fresh_syn &&
		   seq_after(seg.seq, tcp->rcv_nxt)) {
		return TCP_REOPENS; /* Fourth, TIME-WAIT: RFC 6191's case without timestamps. */
	}
	/* Fourth goes before first: a challenge answers a SYN wherever its number is. */
	if (fresh_syn && tcp->state > TCP_STATE_SYN_RECEIVED)
		tcp_challenge(tcp, now);
	else if (!is_acceptable(tcp, &seg))
		answer_unacceptable(tcp, &seg, now);
	else
		input_acceptable(tcp, &seg, now);
	return TCP_TAKEN;
}

enum tcp_taken tcp_input(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	enum tcp_taken taken = TCP_TAKEN;

	tcp->stats.segments_in++;
	if (tcp->state == TCP_STATE_CLOSED) {
		if (seg->flags & TCP_RST)
			return TCP_TAKEN;
		return (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? TCP_REOPENS : TCP_NOT_MINE;
	}
	if (tcp->state == TCP_STATE_SYN_SENT)
		tcp_input_syn_sent(tcp, seg, now);
	else
		taken = input_synchronized(tcp, seg, now);
	tcp_settle(tcp, now);
	return taken;
}
