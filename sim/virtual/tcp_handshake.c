/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SYNs agree on, and a segment that arrives in SYN-SENT (RFC 9293, 3.10.7.3). */
#include <errno.h>

#include "tcp_state.h"

enum {
	DEFAULT_MSS4 = 536, /* RFC 9293, 3.7.1 */
	DEFAULT_MSS6 = 1220,
	SMALLEST_MSS = 28, /* what an MTU of 68 leaves */
	SHIFT_MAX = 14, /* RFC 7323, 2.3 */
};

uint8_t tcp_shift_for(uint32_t receive_max)
{
	uint8_t shift = 0;

	while (shift < SHIFT_MAX && receive_max >> shift > UINT16_MAX)
		shift++;
	return shift;
}

static uint16_t mss_of_path(const struct tcp *tcp)
{
	return (uint16_t)(tcp->path_mtu - tcp_headers_len(tcp->remote.addr));
}

void tcp_update_mss(struct tcp *tcp)
{
	uint16_t peer = tcp->peer_mss;
	uint16_t path = mss_of_path(tcp);

	if (!peer)
		peer = ip_addr_is_v4(tcp->remote.addr) ? DEFAULT_MSS4 : DEFAULT_MSS6;
	if (peer < SMALLEST_MSS)
		peer = SMALLEST_MSS;
	tcp->mss = peer < path ? peer : path;
	if (tcp->cwnd < tcp->mss)
		tcp->cwnd = tcp->mss;
}

/* An option of the peer's stands only where ours does, so both must have sent it (RFC 7323, 2.2;
 * RFC 2018, section 2). */
void tcp_take_options(struct tcp *tcp, const struct tcp_segment *syn)
{
	const struct tcp_config *config = tcp->config;

	tcp->peer_mss = syn->mss;
	tcp_update_mss(tcp);
	tcp->sack = syn->sack_permitted && !config->no_sack;
	tcp->scaling = syn->shift != TCP_NO_SHIFT && !config->no_scaling;
	tcp->snd_shift = tcp->rcv_shift = 0;
	if (!tcp->scaling)
		return;
	tcp->snd_shift = syn->shift < SHIFT_MAX ? syn->shift : SHIFT_MAX;
	tcp->rcv_shift = tcp_shift_for(config->receive_max);
}

void tcp_offer_options(const struct tcp *tcp, struct tcp_segment *syn)
{
	bool first = tcp->state == TCP_STATE_SYN_SENT;

	syn->mss = mss_of_path(tcp);
	syn->sack_permitted = first ? !tcp->config->no_sack : tcp->sack;
	if (first ? !tcp->config->no_scaling : tcp->scaling)
		syn->shift = tcp_shift_for(tcp->config->receive_max);
}

/* <SEQ=SEG.ACK><CTL=RST>, as for a connection that the peer remembers and we do not (3.5.1). */
static void refuse(struct tcp *tcp, uint32_t seq)
{
	tcp->reset_pending = true;
	tcp->reset_has_ack = false;
	tcp->reset_seq = seq;
}

static void take_syn(struct tcp *tcp, const struct tcp_segment *seg)
{
	uint32_t window = tcp->config->receive_max;

	tcp->irs = seg->seq;
	tcp->rcv_nxt = tcp->rcv_acked = seg->seq + 1;
	tcp->rcv_edge = tcp->rcv_nxt + (window < UINT16_MAX ? window : UINT16_MAX);
	tcp_take_options(tcp, seg);
	/* A SYN's window is not scaled (RFC 7323, 2.2). */
	tcp->snd_wnd = tcp->snd_wnd_max = seg->window;
	tcp->snd_wl1 = seg->seq;
	tcp->snd_wl2 = seg->flags & TCP_ACK ? seg->ack : tcp->iss;
}

void tcp_input_syn_sent(struct tcp *tcp, const struct tcp_segment *seg, uint64_t now)
{
	bool acks_syn = seg->flags & TCP_ACK && seg->ack == tcp->iss + 1 &&
			tcp->snd_max == seg->ack;

	if (seg->flags & TCP_ACK && !acks_syn) {
		if (!(seg->flags & TCP_RST))
			refuse(tcp, seg->ack);
		return;
	}
	if (seg->flags & TCP_RST) {
		/* Without an ACK it may be anybody's (RFC 9293, 3.10.7.3, second). */
		if (acks_syn)
			tcp_end(tcp, -ECONNREFUSED);
		return;
	}
	if (!(seg->flags & TCP_SYN))
		return;
	take_syn(tcp, seg);
	if (!acks_syn) {
		/* Simultaneous open (3.5, figure 8): our SYN, now with an ACK, goes again.  Data
		 * that came with the peer's will come again. */
		tcp->state = TCP_STATE_SYN_RECEIVED;
		tcp->snd_nxt = tcp->iss;
		return;
	}
	tcp_established(tcp, now);
	tcp->ack_now = true;
	if (seg->len || seg->flags & TCP_FIN) {
		struct tcp_segment rest = *seg;

		rest.seq++;
		tcp_receive(tcp, &rest, now);
	}
}

static int accept_syn(struct tcp *tcp, const struct tcp_segment *syn)
{
	if ((syn->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return -EINVAL;
	take_syn(tcp, syn);
	tcp->state = TCP_STATE_SYN_RECEIVED;
	tcp->passive = true;
	return 0;
}

int tcp_accept(const struct tcp_config *config, struct endpoint local, struct endpoint remote,
	       uint16_t mtu, const struct tcp_segment *syn, uint64_t now, struct tcp **ret)
{
	struct tcp *tcp;
	int err = tcp_connect(config, local, remote, mtu, now, &tcp);

	if (err)
		return err;
	err = accept_syn(tcp, syn);
	if (err) {
		tcp_free(tcp);
		return err;
	}
	*ret = tcp;
	return 0;
}
