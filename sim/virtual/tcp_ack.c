/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acknowledgements and the peer's window: RFC 9293, 3.10.7.4, fifth. */
#include "tcp_state.h"

static void take_window(struct tcp *tcp, const struct tcp_segment *seg)
{
	if (!seq_before(tcp->snd_wl1, seg->seq) &&
	    !(tcp->snd_wl1 == seg->seq && !seq_after(tcp->snd_wl2, seg->ack)))
		return;
	tcp->snd_wnd = (uint32_t)seg->window << tcp->snd_shift;
	tcp->snd_wl1 = seg->seq;
	tcp->snd_wl2 = seg->ack;
	if (tcp->snd_wnd > tcp->snd_wnd_max)
		tcp->snd_wnd_max = tcp->snd_wnd;
}

/* RFC 5681, section 2; with SACK, RFC 6675, section 2: it must bring news. */
static bool is_duplicate(const struct tcp *tcp, const struct tcp_segment *seg, uint32_t window,
			 uint32_t had)
{
	if (!tcp_in_flight(tcp) || seg->ack != tcp->snd_una)
		return false;
	if (tcp->sack)
		return tcp_ranges_gap(&tcp->sacked, tcp->snd_una, tcp->snd_max) < had;
	return !seg->len && !(seg->flags & TCP_FIN) && window == tcp->snd_wnd;
}

/* @n of the sequence space are the peer's. */
static void advance(struct tcp *tcp, uint32_t n, uint64_t now)
{
	uint32_t data = n < tcp->out.len ? n : tcp->out.len;

	tcp->snd_una += n;
	if (data)
		tcp_bytes_drop(&tcp->out, data);
	tcp_ranges_drop_before(&tcp->sacked, tcp->snd_una);
	tcp->snd_nxt = seq_max(tcp->snd_nxt, tcp->snd_una);
	tcp->probe_due = tcp->head_due = false;
	tcp->soft_error = 0;
	if (n > data)
		tcp_fin_out_acked(tcp, now);
}

static void new_ack(struct tcp *tcp, uint32_t n, uint64_t now)
{
	uint32_t flight = tcp_in_flight(tcp);

	advance(tcp, n, now);
	if (tcp->state == TCP_STATE_CLOSED)
		return;
	tcp_rto_acked(tcp, now);
	tcp_congestion_acked(tcp, n, flight);
	tcp->retries = 0;
	tcp_restart_retransmit(tcp, now);
}

bool tcp_ack_in(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	uint32_t window = tcp->snd_wnd;
	uint32_t had;

	/* RFC 5961, 5.2: MAX.SND.WND is as far back as an honest ACK can be. */
	if (seq_after(seg->ack, tcp->snd_max) ||
	    seq_before(seg->ack, tcp->snd_una - tcp->snd_wnd_max)) {
		tcp_challenge(tcp, now);
		return false;
	}
	/* An old one says nothing of now, but what it carries may be new. */
	if (seq_before(seg->ack, tcp->snd_una))
		return true;
	had = tcp_ranges_gap(&tcp->sacked, tcp->snd_una, tcp->snd_max);
	if (tcp->timer_kind == TCP_TIMER_PERSIST)
		tcp->retries = 0; /* An answer to a probe: it lives. */
	take_window(tcp, seg);
	if (seg->ack != tcp->snd_una) {
		new_ack(tcp, seg->ack - tcp->snd_una, now);
		tcp_take_sacks(tcp, seg);
		return tcp->state != TCP_STATE_CLOSED;
	}
	tcp_take_sacks(tcp, seg);
	if (is_duplicate(tcp, seg, window, had))
		tcp_congestion_dup_ack(tcp);
	return true;
}
