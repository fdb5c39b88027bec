/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiving half: reassembly, the window to offer, when to acknowledge.
 *
 * Data that come out of order are written where they belong, ahead of the end of tcp->in, and
 * tcp->ahead remembers where; nothing is moved when the gap is filled.
 */
#include <errno.h>

#include "tcp_state.h"

uint32_t tcp_window(const struct tcp *tcp)
{
	uint32_t limit = tcp->config->receive_max;
	uint32_t unit = 1U << tcp->rcv_shift;
	uint32_t most = (uint32_t)UINT16_MAX << tcp->rcv_shift;
	uint32_t offered = tcp->rcv_edge - tcp->rcv_nxt;
	uint32_t window = limit > tcp->in.len ? limit - tcp->in.len : 0;
	uint32_t step = limit / 2 < tcp->mss ? limit / 2 : tcp->mss;

	/* RFC 9293, 3.8.6.2.2: the right edge moves in steps that are worth it, or not at all; back
	 * it goes by the scale's rounding only (RFC 7323, 2.4). */
	if (window < offered || window - offered < step)
		window = offered;
	if (window > most)
		window = most;
	return window & ~(unit - 1);
}

/* RFC 2018, section 4: the block with the last segment first, then others, in turn, so that the
 * loss of an ACK or three leaves none untold. */
uint8_t tcp_sack_blocks(const struct tcp *tcp, struct tcp_range blocks[TCP_SACK_MAX])
{
	const struct tcp_ranges *ahead = &tcp->ahead;
	const struct tcp_range *last;
	uint8_t n = 0;

	if (!tcp->sack || !ahead->len)
		return 0;
	last = tcp_ranges_next(ahead, tcp->last_seq);
	if (last)
		blocks[n++] = *last;
	for (uint8_t i = 0; i < ahead->len && n < TCP_SACK_MAX; i++) {
		const struct tcp_range *range = &ahead->at[(tcp->sack_turn + i) % ahead->len];

		if (range != last)
			blocks[n++] = *range;
	}
	return n;
}

/* RFC 9293, 3.8.6.3: for every second full-sized segment at once, else not too late. */
static void schedule_ack(struct tcp *tcp, uint64_t now)
{
	uint64_t delay = tcp->config->delayed_ack_ns;

	if (!delay || tcp->rcv_nxt - tcp->rcv_acked >= 2 * tcp->rcv_mss)
		tcp->ack_now = true;
	else if (tcp->ack_at == UINT64_MAX)
		tcp->ack_at = tcp_later(now, delay);
}

/* Cut @seg to what is new and within the window. */
static void trim(const struct tcp *tcp, struct tcp_segment *seg)
{
	if (seq_before(seg->seq, tcp->rcv_nxt)) {
		uint32_t old = tcp->rcv_nxt - seg->seq;

		old = old < seg->len ? old : seg->len;
		seg->seq += old;
		if (old)
			seg->payload += old;
		seg->len -= old;
	}
	if (seq_after(seg->seq + tcp_segment_span(seg), tcp->rcv_edge)) {
		uint32_t room = tcp->rcv_edge - seg->seq;

		if (seq_before(tcp->rcv_edge, seg->seq))
			room = 0;
		if (room < seg->len + 1)
			seg->flags &= (uint8_t)~TCP_FIN;
		seg->len = room < seg->len ? room : seg->len;
	}
	if (tcp->peer_fin && seq_after(seg->seq + seg->len, tcp->peer_fin_seq)) {
		bool past = !seq_before(seg->seq, tcp->peer_fin_seq);

		seg->len = past ? 0 : tcp->peer_fin_seq - seg->seq;
	}
}

/* @n bytes that were next are in their place; so is, now, what waited right behind them. */
static void advance(struct tcp *tcp, uint32_t n)
{
	uint32_t next = tcp->rcv_nxt + n;
	const struct tcp_range *ahead = tcp_ranges_next(&tcp->ahead, next);

	if (ahead && !seq_after(ahead->start, next))
		next = ahead->end;
	tcp_bytes_extend(&tcp->in, next - tcp->rcv_nxt);
	tcp->rcv_nxt = next;
	tcp_ranges_drop_before(&tcp->ahead, next);
}

static void take_payload(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	uint32_t offset = seg->seq - tcp->rcv_nxt;
	struct tcp_range range = { seg->seq, seg->seq + seg->len };

	if (seg->len > tcp->rcv_mss)
		tcp->rcv_mss = seg->len < tcp->mss ? seg->len : tcp->mss;
	/* Without memory the segment never came. */
	if (tcp_bytes_write(&tcp->in, tcp->in.len + offset, seg->payload, seg->len))
		return;
	if (!offset) {
		bool filled = tcp->ahead.len > 0;

		advance(tcp, seg->len);
		schedule_ack(tcp, now);
		tcp->ack_now |= filled; /* RFC 5681, 4.2 */
		return;
	}
	tcp->stats.out_of_order++;
	tcp->last_seq = seg->seq;
	tcp->ack_alone = true;
	/* A refused range never came either: its bytes will be written over. */
	(void)tcp_ranges_add(&tcp->ahead, range);
}

static bool takes_data(const struct tcp *tcp)
{
	return tcp->state == TCP_STATE_ESTABLISHED || tcp->state == TCP_STATE_FIN_WAIT_1 ||
	       tcp->state == TCP_STATE_FIN_WAIT_2;
}

void tcp_receive(struct tcp *tcp, const struct tcp_segment *arrived, uint64_t now)
{
	struct tcp_segment seg = *arrived;
	uint32_t before;

	if (!takes_data(tcp))
		return;
	seg.flags &= TCP_FIN;
	before = tcp_segment_span(&seg);
	trim(tcp, &seg);
	if (tcp_segment_span(&seg) < before)
		tcp->ack_now = true;
	/* RFC 9293, 3.6.1: what nobody will read must not seem to have been read. */
	if (seg.len && tcp->user_gone) {
		tcp_reset_peer(tcp, -ECONNABORTED);
		return;
	}
	if (seg.len)
		take_payload(tcp, &seg, now);
	if (seg.flags & TCP_FIN && !tcp->peer_fin) {
		tcp->peer_fin = true;
		tcp->peer_fin_seq = seg.seq + seg.len;
		tcp->ack_now = true;
	}
	if (tcp->peer_fin && tcp->rcv_nxt == tcp->peer_fin_seq && !tcp->peer_closed) {
		tcp->rcv_nxt++;
		tcp_fin_in(tcp, now);
	}
}
