/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to send next: a reading of the state that changes nothing, so that tcp_has_output() and
 * tcp_output() can never disagree.
 */
#include "tcp_state.h"

enum {
	MSS_WORTH_SACKS = 256, /* beside smaller payloads there are none: pure ACKs carry them */
	SACK_OPTION = 4, /* and 8 for each block */
};

static uint32_t at_most(uint32_t n, uint32_t limit)
{
	return n < limit ? n : limit;
}

/* Everything after the SYN acknowledges. */
static void acknowledge(const struct tcp *tcp, struct tcp_segment *seg)
{
	seg->flags |= TCP_ACK;
	seg->ack = tcp->rcv_nxt;
	seg->window = (uint16_t)(tcp_window(tcp) >> tcp->rcv_shift);
	seg->sack_len = tcp_sack_blocks(tcp, seg->sack);
}

static void plan_reset(const struct tcp *tcp, struct tcp_segment *seg)
{
	seg->seq = tcp->reset_seq;
	seg->flags = TCP_RST;
	if (tcp->reset_has_ack) {
		seg->flags |= TCP_ACK;
		seg->ack = tcp->rcv_nxt;
	}
}

/* The window of a SYN is never scaled (RFC 7323, 2.2). */
static void plan_syn(const struct tcp *tcp, struct tcp_segment *seg)
{
	seg->seq = tcp->iss;
	seg->flags = TCP_SYN;
	if (tcp->state == TCP_STATE_SYN_RECEIVED) {
		seg->flags |= TCP_ACK;
		seg->ack = tcp->rcv_nxt;
	}
	seg->window = (uint16_t)at_most(tcp->config->receive_max, UINT16_MAX);
	tcp_offer_options(tcp, seg);
}

/* RFC 9293, 3.10.7.4: <SEQ=SND.NXT><ACK=RCV.NXT>, where SND.NXT is what the peer knows it as, and
 * within its window, or it would not look at the acknowledgement. */
static void plan_ack(const struct tcp *tcp, struct tcp_segment *seg)
{
	seg->seq = seq_min(tcp->snd_max, tcp->snd_una + tcp->snd_wnd);
	if (tcp->fin_acked || tcp->state <= TCP_STATE_SYN_RECEIVED)
		seg->seq = tcp->snd_max;
	acknowledge(tcp, seg);
}

/* Data from @start on, at most @limit, within a peer's window of @window; the FIN where it is
 * next.  How much of the sequence space that is. */
static uint32_t fill(const struct tcp *tcp, uint32_t start, uint32_t limit, uint32_t window,
		     struct tcp_segment *seg)
{
	uint32_t end = tcp_stream_end(tcp);
	uint32_t edge = tcp->snd_una + window;
	uint32_t mss = tcp->mss;

	if (seq_after(start, end) || !seq_before(start, edge))
		return 0;
	acknowledge(tcp, seg);
	if (tcp->mss < MSS_WORTH_SACKS)
		seg->sack_len = 0;
	if (seg->sack_len)
		mss -= SACK_OPTION + 8U * seg->sack_len; /* RFC 6691 */
	seg->seq = start;
	seg->len = at_most(at_most(at_most(end - start, edge - start), limit), mss);
	if (seg->len)
		seg->payload = tcp_bytes_at(&tcp->out, start - tcp_data_seq(tcp));
	if (start + seg->len != end)
		return seg->len;
	if (seg->len)
		seg->flags |= TCP_PSH;
	if (tcp_fin_waits(tcp) && seg->len < limit && seq_before(end, edge))
		seg->flags |= TCP_FIN;
	return tcp_segment_span(seg);
}

/* Up to what the peer has beyond a hole. */
static uint32_t until_sacked(const struct tcp *tcp, uint32_t start)
{
	const struct tcp_range *next = tcp_ranges_next(&tcp->sacked, start);

	return next ? next->start - start : UINT32_MAX;
}

/*
 * The sender's side of the silly window (RFC 9293, 3.8.6.2.1) and Nagle's algorithm (3.7.4): a
 * full segment; or all there is, where nothing is in flight; or half the peer's window.
 */
static bool is_worth_sending(const struct tcp *tcp, const struct tcp_segment *seg)
{
	uint32_t options = seg->sack_len ? SACK_OPTION + 8U * seg->sack_len : 0;

	if (seq_before(seg->seq, tcp->snd_max) || seg->flags & TCP_FIN)
		return true;
	if (seg->len + options >= tcp->mss)
		return true;
	if (seg->flags & TCP_PSH && (tcp->config->nodelay || !tcp_in_flight(tcp)))
		return true;
	return seg->len >= tcp->snd_wnd_max / 2;
}

static bool plan_data(const struct tcp *tcp, uint32_t room, struct tcp_segment *seg)
{
	const struct tcp_range *next = tcp_ranges_next(&tcp->sacked, tcp->snd_nxt);
	uint32_t start = tcp->snd_nxt;
	uint32_t limit;

	/* What is sent again after a timeout leaves out what the peer has. */
	if (next && !seq_after(next->start, start))
		start = next->end;
	limit = at_most(until_sacked(tcp, start), room);
	return limit && fill(tcp, start, limit, tcp->snd_wnd, seg) && is_worth_sending(tcp, seg);
}

static bool plan_hole(const struct tcp *tcp, bool lost_only, uint32_t room, struct tcp_segment *seg)
{
	struct tcp_range hole;

	if (room < tcp->mss || !tcp_next_hole(tcp, lost_only, &hole))
		return false;
	return fill(tcp, hole.start, hole.end - hole.start, tcp->snd_wnd, seg) > 0;
}

/* A probe ignores the window by one (RFC 9293, 3.8.6.1), and takes what a small one has to
 * offer (3.8.6.2.1's override timeout). */
static bool plan_probe(const struct tcp *tcp, struct tcp_segment *seg)
{
	uint32_t window = tcp->snd_wnd ? tcp->snd_wnd : 1;

	return fill(tcp, tcp->snd_una, until_sacked(tcp, tcp->snd_una), window, seg) > 0;
}

static bool plan_head(const struct tcp *tcp, struct tcp_segment *seg)
{
	return tcp_in_flight(tcp) &&
	       fill(tcp, tcp->snd_una, until_sacked(tcp, tcp->snd_una), tcp->snd_wnd, seg) > 0;
}

static enum tcp_plan_kind plan_stream(const struct tcp *tcp, struct tcp_segment *seg)
{
	bool by_sack = tcp->recovering && tcp->sack;
	uint32_t room;

	if (!tcp_may_send(tcp))
		return TCP_PLAN_NOTHING;
	if (tcp->probe_due && plan_probe(tcp, seg))
		return TCP_PLAN_PROBE;
	if (tcp->head_due && plan_head(tcp, seg))
		return TCP_PLAN_HEAD;
	if (!by_sack && tcp->snd_nxt == tcp->snd_max && !tcp_has_unsent(tcp))
		return TCP_PLAN_NOTHING;
	room = tcp_congestion_room(tcp);
	/* RFC 6675, NextSeg(): the lost, the new, the perhaps lost. */
	if (by_sack && plan_hole(tcp, true, room, seg))
		return TCP_PLAN_HOLE;
	if (plan_data(tcp, room, seg))
		return TCP_PLAN_DATA;
	*seg = (struct tcp_segment){ .shift = TCP_NO_SHIFT };
	return by_sack && plan_hole(tcp, false, room, seg) ? TCP_PLAN_HOLE : TCP_PLAN_NOTHING;
}

void tcp_plan(const struct tcp *tcp, struct tcp_plan *ret)
{
	struct tcp_segment *seg = &ret->seg;

	*seg = (struct tcp_segment){ .shift = TCP_NO_SHIFT };
	ret->kind = TCP_PLAN_NOTHING;
	if (tcp->reset_pending) {
		ret->kind = TCP_PLAN_RESET;
		plan_reset(tcp, seg);
		return;
	}
	if (tcp->state == TCP_STATE_SYN_SENT || tcp->state == TCP_STATE_SYN_RECEIVED) {
		if (tcp->snd_nxt == tcp->iss) {
			ret->kind = TCP_PLAN_SYN;
			plan_syn(tcp, seg);
			return;
		}
	}
	if (!tcp->ack_alone)
		ret->kind = plan_stream(tcp, seg);
	if (ret->kind != TCP_PLAN_NOTHING || !(tcp->ack_alone || tcp->ack_now))
		return;
	*seg = (struct tcp_segment){ .shift = TCP_NO_SHIFT };
	ret->kind = TCP_PLAN_ACK;
	plan_ack(tcp, seg);
}
