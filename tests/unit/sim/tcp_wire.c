/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stream.h"

struct flying {
	struct flying *next;
	uint64_t at;
	uint64_t sequence;
	int to;
	uint32_t len;
	uint8_t bytes[WIRE_MTU];
};

void wire_open(struct wire *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->seed = 1;
	wire->delay_ns = 10 * MSEC;
	for (int side = 0; side < 2; side++) {
		wire->config[side] = tcp_default_config;
		wire->config[side].isn_secret = 7 + (uint64_t)side;
		wire->at[side].addr = ip_addr_v4(0x0a000001U + (uint32_t)side);
		wire->at[side].port = (uint16_t)(1000 + side);
	}
}

void wire_drop_flying(struct wire *wire)
{
	while (wire->flying) {
		struct flying *gone = wire->flying;

		wire->flying = gone->next;
		free(gone);
	}
}

void wire_close(struct wire *wire)
{
	wire_drop_flying(wire);
	for (int side = 0; side < 2; side++) {
		tcp_free(wire->tcp[side]);
		wire->tcp[side] = NULL;
	}
}

static bool happens(struct wire *wire, uint32_t ppm)
{
	return ppm && stream_below(&wire->seed, 1000000) < ppm;
}

static void fly(struct wire *wire, int to, const struct packet *pkt)
{
	struct flying *flying = malloc(sizeof(*flying));
	struct flying **place = &wire->flying;

	if (!flying)
		return; /* lost, as a queue without memory does */
	flying->at = wire->now + wire->delay_ns;
	if (wire->jitter_ns)
		flying->at += stream_below(&wire->seed, wire->jitter_ns);
	flying->sequence = wire->sequence++;
	flying->to = to;
	flying->len = pkt->len;
	memcpy(flying->bytes, pkt->data, pkt->len);
	while (*place && (*place)->at <= flying->at)
		place = &(*place)->next;
	flying->next = *place;
	*place = flying;
}

static void log_sent(struct wire *wire, int side, const struct packet *pkt)
{
	struct wire_sent *sent = &wire->log[wire->sent++ % WIRE_LOG];
	struct packet_info info;

	assert_int_equal(packet_parse(pkt, &info), PACKET_OK);
	assert_true(tcp_segment_read(pkt, &info, &sent->seg));
	assert_true(endpoint_equal(info.src, wire->at[side]));
	assert_true(endpoint_equal(info.dst, wire->at[!side]));
	sent->seg.payload = NULL;
	sent->at = wire->now;
	sent->side = side;
}

static void leave(struct wire *wire, int side, const struct packet *pkt)
{
	log_sent(wire, side, pkt);
	if (wire->mtu[side] && pkt->len > wire->mtu[side]) {
		if (wire->tcp[side])
			tcp_set_path_mtu(wire->tcp[side],
					 wire->log[(wire->sent - 1) % WIRE_LOG].seg.seq,
					 wire->mtu[side], wire->now);
		return;
	}
	if (wire->cut[side] || happens(wire, wire->loss_ppm))
		return;
	fly(wire, !side, pkt);
	if (happens(wire, wire->duplicate_ppm))
		fly(wire, !side, pkt);
}

void wire_pump(struct wire *wire, int side)
{
	uint8_t bytes[WIRE_MTU];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	bool had = wire->tcp[side] && tcp_has_output(wire->tcp[side]);

	while (wire->tcp[side] && tcp_output(wire->tcp[side], &pkt, 64, wire->now)) {
		assert_true(had);
		leave(wire, side, &pkt);
		had = tcp_has_output(wire->tcp[side]);
	}
	assert_false(had);
}

static void answer_reset(struct wire *wire, int side, struct packet *pkt)
{
	if (!packet_make_tcp_rst(pkt))
		leave(wire, side, pkt);
}

static void open_again(struct wire *wire, int side, const struct tcp_segment *seg,
		       struct packet *pkt)
{
	if (!wire->listening[side]) {
		answer_reset(wire, side, pkt);
		return;
	}
	tcp_free(wire->tcp[side]);
	wire->tcp[side] = NULL;
	if (tcp_accept(&wire->config[side], wire->at[side], wire->at[!side], WIRE_MTU, seg,
		       wire->now, &wire->tcp[side]))
		answer_reset(wire, side, pkt);
}

static void arrive(struct wire *wire, int side, struct packet *pkt)
{
	enum tcp_taken taken;
	struct packet_info info;
	struct tcp_segment seg;

	assert_int_equal(packet_parse(pkt, &info), PACKET_OK);
	assert_true(tcp_segment_read(pkt, &info, &seg));
	if (!wire->tcp[side])
		taken = (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN ? TCP_REOPENS
									       : TCP_NOT_MINE;
	else
		taken = tcp_input(wire->tcp[side], &seg, wire->now);
	if (taken == TCP_REOPENS)
		open_again(wire, side, &seg, pkt);
	else if (taken == TCP_NOT_MINE)
		answer_reset(wire, side, pkt);
	wire_pump(wire, side);
}

static void land(struct wire *wire)
{
	struct flying *flying = wire->flying;
	struct packet pkt = { .data = flying->bytes,
			      .len = flying->len,
			      .room = sizeof(flying->bytes) };

	wire->flying = flying->next;
	arrive(wire, flying->to, &pkt);
	free(flying);
}

static uint64_t wake_of(const struct wire *wire, int side)
{
	return wire->tcp[side] ? tcp_next_wake(wire->tcp[side]) : NEVER;
}

bool wire_step(struct wire *wire, uint64_t until)
{
	uint64_t landing = wire->flying ? wire->flying->at : NEVER;
	int side = wake_of(wire, 1) < wake_of(wire, 0);
	uint64_t wake = wake_of(wire, side);

	if (landing <= wake && landing <= until && landing != NEVER) {
		wire->now = landing;
		land(wire);
		return true;
	}
	if (wake > until || wake == NEVER)
		return false;
	if (wake > wire->now)
		wire->now = wake;
	tcp_timer(wire->tcp[side], wire->now);
	wire_pump(wire, side);
	return true;
}

void wire_run(struct wire *wire, uint64_t until)
{
	while (wire_step(wire, until))
		;
	wire->now = until;
}

void wire_run_for(struct wire *wire, uint64_t time)
{
	wire_run(wire, wire->now + time);
}

void wire_connect(struct wire *wire, int side)
{
	assert_int_equal(tcp_connect(&wire->config[side], wire->at[side], wire->at[!side], WIRE_MTU,
				     wire->now, &wire->tcp[side]),
			 0);
	wire_pump(wire, side);
}

void wire_handshake(struct wire *wire)
{
	wire->listening[1] = true;
	wire_connect(wire, 0);
	wire_run_for(wire, 3 * wire->delay_ns);
	wire->listening[1] = false;
	assert_state(wire, 0, TCP_STATE_ESTABLISHED);
	assert_state(wire, 1, TCP_STATE_ESTABLISHED);
}

enum tcp_taken wire_forge(struct wire *wire, int side, struct tcp_segment seg)
{
	enum tcp_taken taken;

	if (!(seg.flags & TCP_SYN) && !seg.shift)
		seg.shift = TCP_NO_SHIFT;
	assert_non_null(wire->tcp[side]);
	taken = tcp_input(wire->tcp[side], &seg, wire->now);
	wire_pump(wire, side);
	return taken;
}

const struct wire_sent *wire_last(const struct wire *wire, int side, size_t n)
{
	for (size_t i = wire->sent; i > 0 && i + WIRE_LOG > wire->sent; i--) {
		const struct wire_sent *sent = &wire->log[(i - 1) % WIRE_LOG];

		if (sent->side == side && n-- == 0)
			return sent;
	}
	fail_msg("side %d has not sent so many segments", side);
	return NULL;
}

size_t wire_count(const struct wire *wire, int side)
{
	size_t count = 0;

	assert_true(wire->sent <= WIRE_LOG);
	for (size_t i = 0; i < wire->sent; i++)
		count += wire->log[i].side == side;
	return count;
}

long wire_send(struct wire *wire, int side, const void *bytes, size_t len)
{
	long n = tcp_send(wire->tcp[side], bytes, len, wire->now);

	wire_pump(wire, side);
	return n;
}

long wire_recv(struct wire *wire, int side, void *bytes, size_t room)
{
	long n = tcp_recv(wire->tcp[side], bytes, room, wire->now);

	wire_pump(wire, side);
	return n;
}

void wire_shutdown(struct wire *wire, int side)
{
	assert_int_equal(tcp_shutdown(wire->tcp[side], wire->now), 0);
	wire_pump(wire, side);
}

void wire_user_close(struct wire *wire, int side)
{
	tcp_close(wire->tcp[side], wire->now);
	wire_pump(wire, side);
}

void wire_abort(struct wire *wire, int side)
{
	tcp_abort(wire->tcp[side], wire->now);
	wire_pump(wire, side);
}

/* Eight bytes, from a multiple of eight on. */
static uint64_t word_at(int side, uint64_t place)
{
	uint64_t state = (place >> 3) * 2 + (uint64_t)side;

	return stream_next(&state);
}

uint8_t wire_byte(int side, uint64_t place)
{
	return (uint8_t)(word_at(side, place) >> (8 * (place & 7)));
}

void wire_bytes(int side, uint64_t place, uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++, place++) {
		if (!i || !(place & 7))
			word = word_at(side, place);
		bytes[i] = (uint8_t)(word >> (8 * (place & 7)));
	}
}

bool wire_bytes_ok(int side, uint64_t place, const uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++, place++) {
		if (!i || !(place & 7))
			word = word_at(side, place);
		if (bytes[i] != (uint8_t)(word >> (8 * (place & 7))))
			return false;
	}
	return true;
}
