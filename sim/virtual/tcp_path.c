/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ICMP says of the way: its MTU (RFC 1191, 8201), and that there is none (RFC 5927). */
#include "tcp_state.h"

enum { SMALLEST_MTU4 = 68, SMALLEST_MTU6 = 1280 };

/* RFC 5927, section 4: an error that quotes nothing that is in flight is late, or a forgery. */
static bool is_in_flight(const struct tcp *tcp, uint32_t seq)
{
	return seq_within(seq, tcp->snd_una, tcp->snd_max);
}

void tcp_unreachable(struct tcp *tcp, uint32_t seq, int err, bool hard, uint64_t now)
{
	bool connecting = tcp->state == TCP_STATE_SYN_SENT || tcp->state == TCP_STATE_SYN_RECEIVED;

	if (tcp->state == TCP_STATE_CLOSED || !is_in_flight(tcp, seq))
		return;
	/* RFC 5927, section 5: in synchronized states hard errors are soft. */
	if (connecting && (hard || !tcp->config->patient))
		tcp_end(tcp, err);
	else
		tcp->soft_error = err;
	tcp_settle(tcp, now);
}

/* Where the router does not say, the next lower of the values that links really have (RFC 1191,
 * section 7.1). */
static uint16_t plateau_below(uint16_t mtu)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002,
					     1492,  1006,  508,	 296,  SMALLEST_MTU4 };

	for (size_t i = 0; i < sizeof(plateaus) / sizeof(*plateaus); i++)
		if (plateaus[i] < mtu)
			return plateaus[i];
	return SMALLEST_MTU4;
}

void tcp_set_path_mtu(struct tcp *tcp, uint32_t seq, uint16_t mtu, uint64_t now)
{
	uint16_t smallest = ip_addr_is_v4(tcp->remote.addr) ? SMALLEST_MTU4 : SMALLEST_MTU6;
	uint16_t before = tcp->mss;

	if (tcp->state == TCP_STATE_CLOSED || !is_in_flight(tcp, seq))
		return;
	if (!mtu)
		mtu = plateau_below(tcp->path_mtu);
	if (mtu < smallest)
		mtu = smallest;
	if (mtu >= tcp->path_mtu)
		return;
	tcp->path_mtu = mtu;
	tcp_update_mss(tcp);
	if (tcp->mss == before)
		return;
	/* RFC 1191, 6.5: what is in flight goes again, in smaller pieces, and at once: nothing
	 * says that the way is congested. */
	tcp->snd_nxt = tcp->snd_una;
	tcp->recover = tcp->snd_max;
	tcp->recovering = tcp->head_due = tcp->timing = false;
	tcp->dup_acks = 0;
	tcp_settle(tcp, now);
}
