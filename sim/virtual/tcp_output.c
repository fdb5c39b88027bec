/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan is carried out: its segment is written, and the state knows that it has left. */
#include "tcp_state.h"

bool tcp_has_output(const struct tcp *tcp)
{
	struct tcp_plan plan;

	tcp_plan(tcp, &plan);
	return plan.kind != TCP_PLAN_NOTHING;
}

static void note_ack(struct tcp *tcp, const struct tcp_segment *seg)
{
	uint32_t edge = tcp->rcv_nxt + ((uint32_t)seg->window << tcp->rcv_shift);

	tcp->ack_now = tcp->ack_alone = false;
	tcp->ack_at = UINT64_MAX;
	tcp->rcv_acked = tcp->rcv_nxt;
	if (!(seg->flags & (TCP_SYN | TCP_RST)))
		tcp->rcv_edge = seq_max(tcp->rcv_edge, edge);
	if (seg->sack_len)
		tcp->sack_turn++;
}

/* Part of the sequence space has left, again or for the first time. */
static void note_sent(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	uint32_t end = seg->seq + tcp_segment_span(seg);

	if (seq_before(seg->seq, tcp->snd_max)) {
		tcp->stats.retransmitted++;
		tcp->timing = false; /* Karn: whose ACK it will be cannot be told. */
	} else {
		tcp_rto_start_timing(tcp, seg->seq, now);
	}
	tcp->snd_max = seq_max(tcp->snd_max, end);
	tcp->sent_at = now;
}

static void carry_out(struct tcp *tcp, const struct tcp_plan *plan, uint64_t now)
{
	uint32_t end = plan->seg.seq + tcp_segment_span(&plan->seg);

	switch (plan->kind) {
	case TCP_PLAN_RESET:
		tcp->reset_pending = false;
		return;
	case TCP_PLAN_SYN:
	case TCP_PLAN_DATA:
		note_sent(tcp, &plan->seg, now);
		tcp->snd_nxt = end;
		break;
	case TCP_PLAN_PROBE:
		tcp->probe_due = false;
		note_sent(tcp, &plan->seg, now);
		/* What went beyond the window most likely has to go again. */
		if (tcp->snd_wnd)
			tcp->snd_nxt = seq_max(tcp->snd_nxt, end);
		break;
	case TCP_PLAN_HEAD:
		tcp->head_due = false;
		note_sent(tcp, &plan->seg, now);
		tcp->high_rxt = seq_max(tcp->high_rxt, end);
		tcp->snd_nxt = seq_max(tcp->snd_nxt, end);
		break;
	case TCP_PLAN_HOLE:
		note_sent(tcp, &plan->seg, now);
		tcp->high_rxt = end;
		break;
	case TCP_PLAN_ACK:
	case TCP_PLAN_NOTHING:
		break;
	}
	if (plan->seg.flags & TCP_ACK)
		note_ack(tcp, &plan->seg);
}

bool tcp_output(struct tcp *tcp, struct packet *pkt, uint8_t ttl, uint64_t now)
{
	struct tcp_plan plan;

	if (tcp_may_send(tcp))
		tcp_congestion_idle(tcp, now);
	tcp_plan(tcp, &plan);
	if (plan.kind == TCP_PLAN_NOTHING)
		return false;
	tcp->stats.segments_out++;
	/* The bytes must be copied before they are counted as sent; a packet that is too small
	 * loses them. */
	if (pkt && tcp_segment_write(&plan.seg, tcp->local, tcp->remote, ttl, pkt))
		pkt->len = 0;
	carry_out(tcp, &plan, now);
	tcp_settle(tcp, now);
	return true;
}
