/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers: retransmission (RFC 6298), persistence (RFC 9293, 3.8.6.1), lingering, delayed ACKs. */
#include <errno.h>

#include "tcp_state.h"

void tcp_arm(struct tcp *tcp, enum tcp_timer_kind kind, uint64_t at)
{
	tcp->timer_kind = (uint8_t)kind;
	tcp->timer_at = kind == TCP_TIMER_NONE ? UINT64_MAX : at;
}

static enum tcp_timer_kind wanted(const struct tcp *tcp)
{
	if (tcp->state == TCP_STATE_TIME_WAIT ||
	    (tcp->state == TCP_STATE_FIN_WAIT_2 && tcp->user_gone))
		return TCP_TIMER_LINGER;
	if (tcp->state == TCP_STATE_CLOSED)
		return TCP_TIMER_NONE;
	if (tcp_in_flight(tcp)) {
		bool shut = !tcp->snd_wnd && tcp->state > TCP_STATE_SYN_RECEIVED;

		return shut ? TCP_TIMER_PERSIST : TCP_TIMER_RETRANSMIT;
	}
	if (tcp_may_send(tcp) && tcp_has_unsent(tcp) && (tcp->probe_due || !tcp_has_output(tcp)))
		return TCP_TIMER_PERSIST;
	return TCP_TIMER_NONE;
}

void tcp_settle(struct tcp *tcp, uint64_t now)
{
	enum tcp_timer_kind kind = wanted(tcp);

	if (kind == tcp->timer_kind)
		return;
	if (kind == TCP_TIMER_PERSIST || tcp->timer_kind == TCP_TIMER_PERSIST) {
		tcp->retries = tcp->probe_backoff = 0;
		tcp->probe_due = false;
	}
	if (kind == TCP_TIMER_LINGER)
		tcp_arm(tcp, kind, tcp_later(now, tcp->config->fin_wait2_ns));
	else
		tcp_arm(tcp, kind, tcp_later(now, tcp->rto_ns));
}

/* RFC 6298, 5.2 and 5.3. */
void tcp_restart_retransmit(struct tcp *tcp, uint64_t now)
{
	if (tcp->timer_kind != TCP_TIMER_RETRANSMIT)
		return;
	if (tcp_in_flight(tcp))
		tcp_arm(tcp, TCP_TIMER_RETRANSMIT, tcp_later(now, tcp->rto_ns));
	else
		tcp_arm(tcp, TCP_TIMER_NONE, 0);
}

static uint8_t retries_allowed(const struct tcp *tcp)
{
	if (tcp->state == TCP_STATE_SYN_SENT)
		return tcp->config->syn_retries;
	if (tcp->state == TCP_STATE_SYN_RECEIVED)
		return tcp->passive ? tcp->config->syn_ack_retries : tcp->config->syn_retries;
	return tcp->config->data_retries;
}

static bool gave_up(struct tcp *tcp, uint8_t allowed)
{
	if (tcp->retries < allowed)
		return false;
	/* RFC 9293, 3.9.2.2: what a router said of it makes the better message. */
	tcp_end(tcp, tcp->soft_error ? tcp->soft_error : -ETIMEDOUT);
	return true;
}

/* RFC 6298, 5.4 to 5.6. */
static void retransmit(struct tcp *tcp, uint64_t now)
{
	bool linear = false;

	if (gave_up(tcp, retries_allowed(tcp)))
		return;
	tcp->stats.timeouts++;
	if (tcp->state <= TCP_STATE_SYN_RECEIVED) {
		if (tcp->syn_losses < UINT8_MAX)
			tcp->syn_losses++;
		linear = tcp->retries < tcp->config->syn_linear;
	} else {
		tcp_congestion_timeout(tcp);
	}
	tcp->retries++;
	if (!linear)
		tcp_rto_back_off(tcp);
	/* RFC 2018, section 8: a peer that lacks what it has SACKed has reneged. */
	if (tcp->sacked.len && tcp->sacked.at[0].start == tcp->snd_una)
		tcp_ranges_clear(&tcp->sacked);
	tcp->snd_nxt = tcp->snd_una;
	tcp_arm(tcp, TCP_TIMER_RETRANSMIT, tcp_later(now, tcp->rto_ns));
}

static uint64_t probe_interval(const struct tcp *tcp)
{
	uint64_t interval = tcp->rto_ns;

	for (uint8_t i = 0; i < tcp->probe_backoff && interval < tcp->config->rto_max_ns; i++)
		interval *= 2;
	return interval < tcp->config->rto_max_ns ? interval : tcp->config->rto_max_ns;
}

/* A peer that answers with a shut window may do so for ever; one that is silent is given up. */
static void probe(struct tcp *tcp, uint64_t now)
{
	if (gave_up(tcp, tcp->config->data_retries))
		return;
	tcp->retries++;
	if (tcp->probe_backoff < UINT8_MAX)
		tcp->probe_backoff++;
	tcp->stats.probes++;
	tcp->probe_due = true;
	tcp_arm(tcp, TCP_TIMER_PERSIST, tcp_later(now, probe_interval(tcp)));
}

void tcp_timer(struct tcp *tcp, uint64_t now)
{
	if (tcp->ack_at <= now) {
		tcp->ack_at = UINT64_MAX;
		tcp->ack_now = true;
	}
	if (tcp->timer_at <= now) {
		if (tcp->timer_kind == TCP_TIMER_RETRANSMIT)
			retransmit(tcp, now);
		else if (tcp->timer_kind == TCP_TIMER_PERSIST)
			probe(tcp, now);
		else
			tcp_end(tcp, 0);
	}
	tcp_settle(tcp, now);
}

uint64_t tcp_next_wake(const struct tcp *tcp)
{
	return tcp->ack_at < tcp->timer_at ? tcp->ack_at : tcp->timer_at;
}
