/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The retransmission timeout: RFC 6298, with the timing of one segment at a time. */
#include "tcp_state.h"

/* RFC 6298, 5.7: what a connection starts with whose SYN was lost. */
static const uint64_t RTO_AFTER_LOST_SYN = UINT64_C(3000000000);

static uint64_t clamp(const struct tcp *tcp, uint64_t rto)
{
	if (rto < tcp->config->rto_min_ns)
		rto = tcp->config->rto_min_ns;
	return rto > tcp->config->rto_max_ns ? tcp->config->rto_max_ns : rto;
}

void tcp_rto_start_timing(struct tcp *tcp, uint32_t seq, uint64_t now)
{
	if (tcp->timing)
		return;
	tcp->timing = true;
	tcp->timed_seq = seq;
	tcp->timed_at = now;
}

/* RFC 6298, 2.2 and 2.3: alpha = 1/8, beta = 1/4, K = 4. */
static void take_sample(struct tcp *tcp, uint64_t rtt)
{
	uint64_t over;

	if (!tcp->has_rtt) {
		tcp->srtt_ns = rtt;
		tcp->rttvar_ns = rtt / 2;
		tcp->has_rtt = true;
	} else {
		uint64_t off = tcp->srtt_ns > rtt ? tcp->srtt_ns - rtt : rtt - tcp->srtt_ns;

		tcp->rttvar_ns = (3 * tcp->rttvar_ns + off) / 4;
		tcp->srtt_ns = (7 * tcp->srtt_ns + rtt) / 8;
	}
	over = 4 * tcp->rttvar_ns;
	if (over < tcp->config->rto_slack_ns)
		over = tcp->config->rto_slack_ns;
	tcp->rto_ns = clamp(tcp, tcp->srtt_ns + over);
}

void tcp_rto_acked(struct tcp *tcp, uint64_t now)
{
	if (!tcp->timing || !seq_after(tcp->snd_una, tcp->timed_seq))
		return;
	tcp->timing = false;
	take_sample(tcp, now - tcp->timed_at);
}

/* 5.5; the timeout stays backed off until there is a new sample (Karn's algorithm). */
void tcp_rto_back_off(struct tcp *tcp)
{
	uint64_t max = tcp->config->rto_max_ns;

	tcp->rto_ns = tcp->rto_ns > max / 2 ? max : 2 * tcp->rto_ns;
}

void tcp_rto_after_handshake(struct tcp *tcp)
{
	if (!tcp->syn_losses || tcp->has_rtt)
		return;
	tcp->rto_ns = tcp->config->rto_initial_ns;
	if (tcp->rto_ns < RTO_AFTER_LOST_SYN)
		tcp->rto_ns = clamp(tcp, RTO_AFTER_LOST_SYN);
}
