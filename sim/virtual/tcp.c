/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's side of a connection. */
#include "tcp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../nat-models/chance.h"
#include "tcp_state.h"

#define MSEC UINT64_C(1000000)
#define SEC UINT64_C(1000000000)

static_assert(sizeof(struct tcp) < 1024, "worlds have millions of connections");

enum { SMALLEST_MTU4 = 68, SMALLEST_MTU6 = 1280 };

const struct tcp_config tcp_default_config = {
	.rto_initial_ns = SEC,
	.rto_min_ns = 200 * MSEC,
	.rto_max_ns = 120 * SEC,
	.rto_slack_ns = 200 * MSEC,
	.syn_retries = 6,
	.syn_ack_retries = 5,
	.data_retries = 15,
	.delayed_ack_ns = 40 * MSEC,
	.time_wait_ns = 60 * SEC,
	.fin_wait2_ns = 60 * SEC,
	.send_max = 256 * 1024,
	.receive_max = 256 * 1024,
	.initial_segments = 10,
	.challenge_acks = 10,
};

const char *tcp_state_text(enum tcp_state state)
{
	static const char *const texts[] = {
#define X(id, text) [id] = text,
		TCP_STATES(X)
#undef X
	};

	return texts[state];
}

/* RFC 6528, section 3: a clock, plus a hash of the connection and the host's secret. */
static uint32_t initial_sequence(const struct tcp_config *config, struct endpoint local,
				 struct endpoint remote, uint64_t now)
{
	uint64_t hash = hash_mix(0, config->isn_secret);

	hash = hash_mix(hash, local.addr.hi);
	hash = hash_mix(hash, local.addr.lo);
	hash = hash_mix(hash, remote.addr.hi);
	hash = hash_mix(hash, remote.addr.lo);
	hash = hash_mix(hash, (uint64_t)local.port << 16 | remote.port);
	return (uint32_t)(chance_scramble(hash) + now / TCP_ISN_TICK_NS);
}

int tcp_connect(const struct tcp_config *config, struct endpoint local, struct endpoint remote,
		uint16_t mtu, uint64_t now, struct tcp **ret)
{
	bool v4 = ip_addr_is_v4(local.addr);
	uint16_t smallest = v4 ? SMALLEST_MTU4 : SMALLEST_MTU6;
	struct tcp *tcp;

	if (v4 != ip_addr_is_v4(remote.addr))
		return -EINVAL;
	tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return -ENOMEM;
	tcp->config = config;
	tcp->local = local;
	tcp->remote = remote;
	tcp->state = TCP_STATE_SYN_SENT;
	tcp->path_mtu = mtu > smallest ? mtu : smallest;
	tcp->iss = initial_sequence(config, local, remote, now);
	tcp->snd_una = tcp->snd_nxt = tcp->snd_max = tcp->recover = tcp->iss;
	tcp->rto_ns = config->rto_initial_ns;
	tcp->timer_at = tcp->ack_at = UINT64_MAX;
	tcp_update_mss(tcp);
	*ret = tcp;
	return 0;
}

void tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;
	tcp_bytes_clear(&tcp->out);
	tcp_bytes_clear(&tcp->in);
	tcp_ranges_clear(&tcp->ahead);
	tcp_ranges_clear(&tcp->sacked);
	free(tcp);
}

long tcp_send(struct tcp *tcp, const void *bytes, size_t len, uint64_t now)
{
	uint32_t room = tcp->config->send_max > tcp->out.len ? tcp->config->send_max - tcp->out.len
							     : 0;
	uint32_t n = len < room ? (uint32_t)len : room;
	int err;

	if (tcp->error)
		return tcp->error;
	if (tcp->fin_queued || tcp->user_gone || tcp->state == TCP_STATE_CLOSED)
		return -EPIPE;
	if (!n)
		return len ? -EAGAIN : 0;
	err = tcp_bytes_write(&tcp->out, tcp->out.len, bytes, n);
	if (err)
		return err;
	tcp_bytes_extend(&tcp->out, n);
	tcp_settle(tcp, now);
	return (long)n;
}

/* RFC 9293, 3.8.6.2.2: tell of a window that has grown by half the buffer, or by two segments, as
 * much as an ACK would have been sent for. */
static void offer_window(struct tcp *tcp)
{
	uint32_t half = tcp->config->receive_max / 2;
	uint32_t step = half < 2U * tcp->mss ? half : 2U * tcp->mss;
	uint32_t offered = tcp->rcv_edge - tcp->rcv_nxt;
	uint32_t window = tcp_window(tcp);

	if (tcp->connected && tcp->state != TCP_STATE_CLOSED && !tcp->peer_closed &&
	    window > offered && window - offered >= step)
		tcp->ack_now = true;
}

long tcp_recv(struct tcp *tcp, void *bytes, size_t room, uint64_t now)
{
	uint32_t n = room < tcp->in.len ? (uint32_t)room : tcp->in.len;

	if (n) {
		memcpy(bytes, tcp_bytes_at(&tcp->in, 0), n);
		tcp_bytes_drop(&tcp->in, n);
		offer_window(tcp);
		tcp_settle(tcp, now);
		return (long)n;
	}
	if (tcp->in.len || tcp->peer_closed)
		return 0;
	if (tcp->error)
		return tcp->error;
	return tcp->state == TCP_STATE_CLOSED ? 0 : -EAGAIN;
}

int tcp_shutdown(struct tcp *tcp, uint64_t now)
{
	if (tcp->state == TCP_STATE_CLOSED || tcp->state == TCP_STATE_SYN_SENT)
		return -ENOTCONN;
	if (!tcp->fin_queued)
		tcp_queue_fin(tcp);
	tcp_settle(tcp, now);
	return 0;
}

void tcp_close(struct tcp *tcp, uint64_t now)
{
	bool unread = tcp->in.len > 0;

	if (tcp->user_gone)
		return;
	tcp->user_gone = true;
	if (tcp->state == TCP_STATE_CLOSED || tcp->state == TCP_STATE_SYN_SENT) {
		tcp_end(tcp, 0);
	} else if (unread && tcp->state != TCP_STATE_TIME_WAIT) {
		tcp_reset_peer(tcp, -ECONNABORTED);
	} else {
		tcp_bytes_clear(&tcp->in);
		tcp_ranges_clear(&tcp->ahead);
		if (!tcp->fin_queued)
			tcp_queue_fin(tcp);
	}
	tcp_settle(tcp, now);
}

void tcp_abort(struct tcp *tcp, uint64_t now)
{
	/* RFC 9293, 3.10.5: in CLOSING, LAST-ACK and TIME-WAIT both sides have said all. */
	switch (tcp->state) {
	case TCP_STATE_CLOSED:
		return;
	case TCP_STATE_SYN_SENT:
	case TCP_STATE_CLOSING:
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_TIME_WAIT:
		tcp_end(tcp, -ECONNABORTED);
		break;
	default:
		tcp_reset_peer(tcp, -ECONNABORTED);
		break;
	}
	tcp_settle(tcp, now);
}

unsigned tcp_ready(const struct tcp *tcp)
{
	bool over = tcp->error || tcp->state == TCP_STATE_CLOSED;
	unsigned ready = tcp->connected ? TCP_READY_CONNECTED : 0;

	if (over || tcp->in.len || tcp->peer_closed)
		ready |= TCP_READY_READ;
	if (over || tcp->fin_queued || tcp->out.len < tcp->config->send_max)
		ready |= TCP_READY_WRITE;
	if (tcp->error)
		ready |= TCP_READY_FAILED;
	if (tcp->state == TCP_STATE_CLOSED && !tcp_has_output(tcp))
		ready |= TCP_READY_DONE;
	return ready;
}

int tcp_error(const struct tcp *tcp)
{
	return tcp->error;
}

uint16_t tcp_path_mtu(const struct tcp *tcp)
{
	return tcp->path_mtu;
}

enum tcp_state tcp_state(const struct tcp *tcp)
{
	return (enum tcp_state)tcp->state;
}

struct endpoint tcp_local(const struct tcp *tcp)
{
	return tcp->local;
}

struct endpoint tcp_remote(const struct tcp *tcp)
{
	return tcp->remote;
}

const struct tcp_stats *tcp_stats(const struct tcp *tcp)
{
	return &tcp->stats;
}

struct tcp_view tcp_view(const struct tcp *tcp)
{
	return (struct tcp_view){
		.mss = tcp->mss,
		.congestion_window = tcp->cwnd,
		.slow_start_threshold = tcp->ssthresh,
		.peer_window = tcp->snd_wnd,
		.in_flight = tcp_in_flight(tcp),
		.buffered_out = tcp->out.len,
		.buffered_in = tcp->in.extent,
		.rto_ns = tcp->rto_ns,
		.srtt_ns = tcp->srtt_ns,
		.memory = sizeof(*tcp) + tcp->out.capacity + tcp->in.capacity +
			  (tcp->ahead.room + tcp->sacked.room) * sizeof(struct tcp_range),
	};
}
