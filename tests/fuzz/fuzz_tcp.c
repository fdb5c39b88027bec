/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any segments, times and user calls into a connection.  The input is a script, one opcode and
 * its operands after the other; numbers in segments are mostly relative to the state, or nothing
 * would ever be accepted.  Bytes of payload are a function of their sequence numbers, in both
 * directions, so that what is received and sent can be checked.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "sim/virtual/tcp_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MSEC UINT64_C(1000000)

enum { MTU = 1500, PAYLOAD_MAX = 4096, OUTPUTS_MAX = 4096 };

struct script {
	const uint8_t *at;
	const uint8_t *end;
	struct tcp_config config;
	struct tcp *tcp;
	uint64_t now;
	uint32_t next_sent; /* sequence number of the next byte that the user sends */
	uint32_t next_read; /* and of the next that it reads */
	bool reading; /* next_read means something */
	struct tcp before;
};

#define require(what)                                                                              \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static uint8_t byte_of(uint32_t seq)
{
	return (uint8_t)(seq * UINT32_C(2654435761) >> 24);
}

static uint32_t take(struct script *s, size_t n)
{
	uint32_t value = 0;

	while (n--)
		value = value << 8 | (s->at < s->end ? *s->at++ : 0);
	return value;
}

static uint32_t signed16(struct script *s)
{
	return (uint32_t)(int32_t)(int16_t)take(s, 2);
}

/* What must be true after every step. */
static void check_state(struct script *s)
{
	const struct tcp *tcp = s->tcp;
	struct tcp_view view = tcp_view(tcp);
	uint64_t kept = s->config.send_max + (uint64_t)s->config.receive_max + PAYLOAD_MAX;

	require(!seq_before(tcp->snd_una, s->before.snd_una));
	require(!seq_before(tcp->snd_max, s->before.snd_max));
	require(s->before.state <= TCP_STATE_SYN_SENT ||
		!seq_before(tcp->rcv_nxt, s->before.rcv_nxt));
	require(!seq_after(tcp->snd_una, tcp->snd_nxt));
	require(!seq_after(tcp->snd_nxt, tcp->snd_max));
	require(tcp->state == TCP_STATE_CLOSED ||
		!seq_after(tcp->snd_max, tcp_stream_end(tcp) + tcp_fin_waits(tcp)));
	require(view.buffered_out <= s->config.send_max);
	require(tcp->in.len <= s->config.receive_max);
	require(view.memory <= sizeof(*tcp) + 4 * kept + 256 * sizeof(struct tcp_range));
	require(tcp->error || !s->before.error);
	require(tcp->cwnd >= tcp->mss || tcp->state <= TCP_STATE_SYN_RECEIVED);
	require(!(tcp_ready(tcp) & TCP_READY_DONE) || tcp_next_wake(tcp) == UINT64_MAX);
}

static void check_sent(struct script *s, const struct tcp_segment *seg)
{
	const struct tcp *was = &s->before;
	uint32_t end = seg->seq + tcp_segment_span(seg);
	uint32_t window = was->snd_wnd ? was->snd_wnd : 1; /* a probe has one */

	if (seg->flags & TCP_RST)
		return;
	for (uint32_t i = 0; i < seg->len; i++)
		require(seg->payload[i] == byte_of(seg->seq + i));
	if (tcp_segment_span(seg) && !(seg->flags & TCP_SYN)) {
		require(!seq_before(seg->seq, was->snd_una));
		require(!seq_after(end, was->snd_una + window));
		require(!seq_after(seg->seq, was->snd_max));
		require(seg->len <= was->mss);
	}
	if (seg->flags & TCP_ACK)
		require(seg->ack == was->rcv_nxt);
}

static void output(struct script *s, bool lose)
{
	uint8_t bytes[MTU];
	unsigned n = 0;

	for (;;) {
		struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
		bool has = tcp_has_output(s->tcp);
		struct packet_info info;
		struct tcp_segment seg;

		s->before = *s->tcp;
		require(tcp_output(s->tcp, lose ? NULL : &pkt, 64, s->now) == has);
		if (!has)
			break;
		require(++n < OUTPUTS_MAX);
		check_state(s);
		if (lose)
			continue;
		require(pkt.len <= s->before.path_mtu);
		require(packet_parse(&pkt, &info) == PACKET_OK);
		require(tcp_segment_read(&pkt, &info, &seg));
		check_sent(s, &seg);
	}
}

static void input(struct script *s, struct tcp_segment *seg)
{
	uint8_t *payload = malloc(seg->len ? seg->len : 1); /* its ends guarded by ASan */

	if (!payload)
		return;
	for (uint32_t i = 0; i < seg->len; i++)
		payload[i] = byte_of(seg->seq + !!(seg->flags & TCP_SYN) + i);
	seg->payload = payload;
	(void)tcp_input(s->tcp, seg, s->now);
	free(payload);
	if (!s->reading && s->tcp->state > TCP_STATE_SYN_SENT) {
		s->reading = true;
		s->next_read = s->tcp->irs + 1;
	}
}

static void segment(struct script *s, bool wild)
{
	struct tcp_segment seg = { .flags = (uint8_t)take(s, 1) };
	uint8_t options = (uint8_t)take(s, 1);

	seg.seq = wild ? take(s, 4) : s->tcp->rcv_nxt + signed16(s);
	if (wild)
		seg.ack = take(s, 4);
	else
		seg.ack = (options & 0x80 ? s->tcp->snd_max : s->tcp->snd_una) + signed16(s);
	seg.window = (uint16_t)take(s, 2);
	seg.len = take(s, 2) % PAYLOAD_MAX;
	seg.shift = options & 1 ? options >> 1 & 15 : TCP_NO_SHIFT;
	seg.sack_permitted = options & 32;
	seg.mss = options & 64 ? (uint16_t)take(s, 2) : 0;
	for (; options & 16 && seg.sack_len < TCP_SACK_MAX && s->at < s->end; seg.sack_len++) {
		uint32_t start = s->tcp->snd_una + take(s, 2);

		seg.sack[seg.sack_len] = (struct tcp_range){ start, start + signed16(s) };
	}
	input(s, &seg);
}

/* What a well-behaved peer might say next: all is acknowledged, and more comes, in order. */
static void fair_segment(struct script *s)
{
	struct tcp_segment seg = {
		.flags = TCP_ACK,
		.seq = s->tcp->rcv_nxt,
		.ack = s->tcp->snd_max,
		.window = (uint16_t)take(s, 2),
		.len = take(s, 2) % PAYLOAD_MAX,
		.shift = TCP_NO_SHIFT,
	};

	if (s->tcp->state == TCP_STATE_SYN_SENT) {
		seg.flags |= TCP_SYN;
		seg.shift = 7;
		seg.mss = 1460;
		seg.sack_permitted = true;
	}
	input(s, &seg);
}

static void user_sends(struct script *s)
{
	size_t len = take(s, 2);
	uint8_t *bytes = malloc(len ? len : 1);
	long n;

	if (!bytes)
		return;
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_of(s->next_sent + (uint32_t)i);
	n = tcp_send(s->tcp, bytes, len, s->now);
	require(n <= (long)len);
	if (n > 0)
		s->next_sent += (uint32_t)n;
	free(bytes);
}

static void user_reads(struct script *s)
{
	size_t room = take(s, 2);
	uint8_t *bytes = malloc(room ? room : 1);
	long n = bytes ? tcp_recv(s->tcp, bytes, room, s->now) : 0;

	require(n <= (long)room);
	for (long i = 0; i < n; i++)
		require(bytes[i] == byte_of(s->next_read++));
	free(bytes);
}

static void wake(struct script *s)
{
	uint64_t at = tcp_next_wake(s->tcp);

	if (at == UINT64_MAX)
		return;
	if (at > s->now)
		s->now = at;
	tcp_timer(s->tcp, s->now);
	/* Else its caller would spin. */
	require(tcp_next_wake(s->tcp) > s->now);
}

static void step(struct script *s)
{
	uint8_t op = (uint8_t)take(s, 1);

	s->before = *s->tcp;
	switch (op % 13) {
	case 0:
		segment(s, false);
		break;
	case 1:
		segment(s, true);
		break;
	case 2:
		fair_segment(s);
		break;
	case 3:
		s->now += take(s, 2) * MSEC;
		tcp_timer(s->tcp, s->now);
		break;
	case 4:
		wake(s);
		break;
	case 5:
		user_sends(s);
		break;
	case 6:
		user_reads(s);
		break;
	case 7:
		tcp_shutdown(s->tcp, s->now);
		break;
	case 8:
		tcp_close(s->tcp, s->now);
		break;
	case 9:
		tcp_abort(s->tcp, s->now);
		break;
	case 10:
		tcp_set_path_mtu(s->tcp, s->tcp->snd_una + signed16(s), (uint16_t)take(s, 2),
				 s->now);
		break;
	case 11:
		tcp_unreachable(s->tcp, s->tcp->snd_una + signed16(s), -113, op & 0x80, s->now);
		break;
	default:
		break; /* only the output, lost */
	}
	check_state(s);
	output(s, op % 13 == 12 || op & 0x40);
}

static int open_one(struct script *s, uint8_t how)
{
	struct endpoint local = { ip_addr_v4(0x0a000001), 1 },
			remote = { ip_addr_v4(0x0a000002), 2 };
	struct tcp_segment syn = { .flags = TCP_SYN, .shift = 7, .window = 1000 };

	s->config = tcp_default_config;
	s->config.no_sack = how & 1;
	s->config.nodelay = how & 2;
	if (how & 4)
		s->config.send_max = s->config.receive_max = 3000;
	if (!(how & 8))
		return tcp_connect(&s->config, local, remote, MTU, 0, &s->tcp);
	syn.seq = take(s, 4);
	syn.sack_permitted = true;
	syn.mss = (uint16_t)take(s, 2);
	s->reading = true;
	s->next_read = syn.seq + 1;
	return tcp_accept(&s->config, local, remote, MTU, &syn, 0, &s->tcp);
}

/* As if the initial sequence number had come out so. */
static void start_at(struct tcp *tcp, uint32_t iss)
{
	tcp->iss = tcp->snd_una = tcp->snd_nxt = tcp->snd_max = tcp->recover = iss;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { .at = data, .end = data + size };

	uint8_t how = (uint8_t)take(&script, 1);

	if (!size || open_one(&script, how) || !script.tcp)
		return 0;
	if (how & 16)
		start_at(script.tcp, UINT32_MAX - 1000);
	script.next_sent = script.tcp->iss + 1;
	output(&script, false);
	while (script.at < script.end)
		step(&script);
	tcp_free(script.tcp);
	return 0;
}
