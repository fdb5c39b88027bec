/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The changes of state (RFC 9293, 3.3.2, figure 5) that events of both sides share.
 *
 *                    ESTABLISHED
 *         our FIN  /             \  peer's FIN
 *          FIN-WAIT-1           CLOSE-WAIT
 *   FIN acked |     \ peer's FIN     | our FIN
 *        FIN-WAIT-2  CLOSING      LAST-ACK
 *   peer's FIN \       / FIN acked   | FIN acked
 *              TIME-WAIT           CLOSED
 */
#include "tcp_state.h"

/* Our SYN has been acknowledged, and the peer's has come. */
void tcp_established(struct tcp *tcp, uint64_t now)
{
	tcp->state = TCP_STATE_ESTABLISHED;
	tcp->connected = true;
	tcp->passive = false;
	tcp->snd_una = tcp->iss + 1;
	tcp->snd_nxt = seq_max(tcp->snd_nxt, tcp->snd_una);
	tcp->retries = 0;
	tcp->soft_error = 0;
	tcp_rto_acked(tcp, now);
	tcp_rto_after_handshake(tcp);
	tcp_congestion_start(tcp);
	tcp_restart_retransmit(tcp, now);
	if (tcp->fin_queued)
		tcp->state = TCP_STATE_FIN_WAIT_1;
}

static void enter_time_wait(struct tcp *tcp, uint64_t now)
{
	if (!tcp->config->time_wait_ns) {
		tcp_end(tcp, 0);
		return;
	}
	tcp->state = TCP_STATE_TIME_WAIT;
	tcp_arm(tcp, TCP_TIMER_LINGER, tcp_later(now, tcp->config->time_wait_ns));
}

void tcp_fin_in(struct tcp *tcp, uint64_t now)
{
	tcp->peer_closed = true;
	switch (tcp->state) {
	case TCP_STATE_ESTABLISHED:
		tcp->state = TCP_STATE_CLOSE_WAIT;
		break;
	case TCP_STATE_FIN_WAIT_1:
		tcp->state = TCP_STATE_CLOSING;
		break;
	case TCP_STATE_FIN_WAIT_2:
		enter_time_wait(tcp, now);
		break;
	default:
		break;
	}
	tcp->ack_now = true;
}

void tcp_fin_out_acked(struct tcp *tcp, uint64_t now)
{
	tcp->fin_acked = true;
	switch (tcp->state) {
	case TCP_STATE_FIN_WAIT_1:
		tcp->state = TCP_STATE_FIN_WAIT_2;
		break;
	case TCP_STATE_CLOSING:
		enter_time_wait(tcp, now);
		break;
	case TCP_STATE_LAST_ACK:
		tcp_end(tcp, 0);
		break;
	default:
		break;
	}
}

void tcp_queue_fin(struct tcp *tcp)
{
	tcp->fin_queued = true;
	if (tcp->state == TCP_STATE_ESTABLISHED)
		tcp->state = TCP_STATE_FIN_WAIT_1;
	else if (tcp->state == TCP_STATE_CLOSE_WAIT)
		tcp->state = TCP_STATE_LAST_ACK;
}

/* What has been received can still be read, where there is anybody to read it. */
void tcp_end(struct tcp *tcp, int error)
{
	tcp->state = TCP_STATE_CLOSED;
	if (!tcp->error)
		tcp->error = error;
	tcp->ack_now = tcp->ack_alone = tcp->probe_due = tcp->head_due = false;
	tcp->ack_at = UINT64_MAX;
	tcp_arm(tcp, TCP_TIMER_NONE, 0);
	tcp_bytes_clear(&tcp->out);
	tcp_ranges_clear(&tcp->ahead);
	tcp_ranges_clear(&tcp->sacked);
	if (tcp->user_gone)
		tcp_bytes_clear(&tcp->in);
}

void tcp_reset_peer(struct tcp *tcp, int error)
{
	tcp->reset_pending = true;
	tcp->reset_has_ack = true;
	tcp->reset_seq = tcp->snd_max;
	tcp_end(tcp, error);
}
