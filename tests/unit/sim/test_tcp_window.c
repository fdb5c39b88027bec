/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow control (RFC 9293, 3.8.6), the sizes of segments, and when to acknowledge. */
#include "tcp_wire.h"

#include <errno.h>
#include <string.h>

static uint8_t much[1 << 20];

static const struct tcp_segment *sent(const struct wire *wire, int side)
{
	return &wire_last(wire, side, 0)->seg;
}

/* Read @len bytes of what side 0 sent, letting time pass as needed. */
static void drain(struct wire *wire, size_t len)
{
	uint8_t bytes[4096];

	for (size_t got = 0; got < len;) {
		long n = wire_recv(wire, 1, bytes, sizeof(bytes));

		if (n == -EAGAIN) {
			assert_true(wire_step(wire, wire->now + 1000 * SEC));
			continue;
		}
		assert_true(n > 0);
		got += (size_t)n;
	}
}

/* The receiver reads nothing: probes at RTO, doubling, for as long as they are answered; then all
 * goes on. */
static void a_shut_window_is_probed(void **state)
{
	static const unsigned at[] = { 0, 220, 660, 1540, 3300, 6820 };
	struct wire wire;
	uint64_t start;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire.config[1].receive_max = 14600;
	wire.config[1].delayed_ack_ns = 0;
	wire_handshake(&wire);
	assert_int_equal(wire_send(&wire, 0, much, 50000), 50000);
	wire_run_for(&wire, 20 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).peer_window, 0);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 0);
	start = wire.now;
	before = wire_count(&wire, 0);
	for (size_t n = 1; n < sizeof(at) / sizeof(*at); n++) {
		wire_run(&wire, start + at[n] * MSEC - 1);
		assert_int_equal(wire_count(&wire, 0), before + n - 1);
		wire_run(&wire, start + at[n] * MSEC);
		assert_int_equal(wire_count(&wire, 0), before + n);
		assert_int_equal(sent(&wire, 0)->len, 1);
	}
	wire_run_for(&wire, 3000 * SEC);
	assert_int_equal(tcp_error(wire.tcp[0]), 0);
	assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 14600);
	drain(&wire, 50000);
	wire_close(&wire);
}

/* A window update that is lost is asked for. */
static void a_lost_update_is_no_deadlock(void **state)
{
	struct wire wire;
	uint8_t bytes[14600];

	(void)state;
	wire_open(&wire);
	wire.config[1].receive_max = 14600;
	wire_handshake(&wire);
	wire_send(&wire, 0, much, 20000);
	wire_run_for(&wire, 100 * MSEC);
	wire.cut[1] = true;
	assert_int_equal(wire_recv(&wire, 1, bytes, sizeof(bytes)), 14600);
	wire.cut[1] = false;
	drain(&wire, 20000 - 14600);
	wire_close(&wire);
}

static void nobody_probes_the_dead_for_ever(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.config[1].receive_max = 14600;
	wire_handshake(&wire);
	wire_send(&wire, 0, much, 20000);
	wire_run_for(&wire, 100 * MSEC);
	wire.cut[0] = true;
	wire_run_for(&wire, 2000 * SEC);
	assert_int_equal(tcp_stats(wire.tcp[0])->probes, 15);
	assert_int_equal(tcp_error(wire.tcp[0]), -ETIMEDOUT);
	wire_close(&wire);
}

/* RFC 9293, 3.8.6.2.2: who reads by single bytes offers no single bytes. */
static void no_silly_windows_are_offered(void **state)
{
	struct wire wire;
	uint8_t byte;
	uint32_t edge;
	size_t updates;

	(void)state;
	wire_open(&wire);
	wire.config[1].receive_max = 14600;
	wire_handshake(&wire);
	wire_send(&wire, 0, much, 50000);
	wire_run_for(&wire, 100 * MSEC);
	wire.cut[0] = true;
	edge = sent(&wire, 1)->ack + sent(&wire, 1)->window;
	updates = wire_count(&wire, 1);
	for (size_t i = 0; i < 2919; i++) {
		assert_int_equal(wire_recv(&wire, 1, &byte, 1), 1);
		assert_int_equal(wire_count(&wire, 1), updates);
	}
	assert_int_equal(wire_recv(&wire, 1, &byte, 1), 1); /* two full segments are free */
	assert_int_equal(wire_count(&wire, 1), updates + 1);
	assert_int_equal(sent(&wire, 1)->ack + sent(&wire, 1)->window - edge, 2920);
	wire_close(&wire);
}

/* Nor does an ACK that goes anyway carry one, nor does rounding let it creep. */
static void acks_offer_no_silly_windows(void **state)
{
	struct wire wire;
	uint32_t edge;

	(void)state;
	wire_open(&wire);
	wire.config[1].receive_max = 100000; /* scaled by 1 */
	wire.config[1].delayed_ack_ns = 0;
	wire.config[0].nodelay = true;
	wire_handshake(&wire);
	wire_send(&wire, 0, much, 99001);
	wire_run_for(&wire, 2 * SEC);
	edge = sent(&wire, 1)->ack + 2U * sent(&wire, 1)->window;
	for (int i = 0; i < 100; i++) {
		uint8_t bytes[10];

		assert_int_equal(wire_recv(&wire, 1, bytes, sizeof(bytes)), sizeof(bytes));
		wire_send(&wire, 0, much, 1);
		wire_run_for(&wire, 20 * MSEC);
		assert_in_range(sent(&wire, 1)->ack + 2U * sent(&wire, 1)->window - (edge - 1), 0,
				2);
	}
	wire_close(&wire);
}

/* RFC 9293, 3.10.7.4, first: a peer that has filled our window acknowledges from its very edge; and
 * where the window is shut, what probes it carries ACKs too. */
static void full_windows_take_acks(void **state)
{
	struct wire wire;
	struct tcp_segment seg = { .flags = TCP_ACK, .window = 8192, .payload = much };

	(void)state;
	for (uint32_t left = 0; left < 2; left++) {
		wire_open(&wire);
		wire.config[1].receive_max = 14600;
		wire_handshake(&wire);
		wire_send(&wire, 0, much, 14600 - left * 1000);
		wire_run_for(&wire, SEC);
		seg.seq = sent(&wire, 1)->ack + sent(&wire, 1)->window;
		seg.len = !left; /* a probe, where it is shut */
		assert_int_equal(sent(&wire, 1)->window, left * 1000);
		wire_send(&wire, 1, "answer", 6);
		assert_int_equal(tcp_view(wire.tcp[1]).in_flight, 6);
		seg.ack = sent(&wire, 1)->seq + 6;
		wire_forge(&wire, 1, seg);
		assert_int_equal(tcp_view(wire.tcp[1]).in_flight, 0);
		assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 14600 - left * 1000);
		wire_close(&wire);
	}
}

/* 3.8.6.2.1: a small window is not worth a small segment, until a timeout says so. */
static void no_silly_segments_are_sent(void **state)
{
	struct tcp_segment ack = { .flags = TCP_ACK, .window = 100 };
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire.config[0].no_scaling = true;
	wire_handshake(&wire);
	wire.cut[0] = true;
	ack.seq = sent(&wire, 0)->ack;
	ack.ack = sent(&wire, 0)->seq;
	wire_forge(&wire, 0, ack);
	before = wire_count(&wire, 0);
	wire_send(&wire, 0, much, 5000);
	assert_int_equal(wire_count(&wire, 0), before);
	wire_run_for(&wire, 220 * MSEC - 1);
	assert_int_equal(wire_count(&wire, 0), before);
	wire_run_for(&wire, 1);
	assert_int_equal(wire_count(&wire, 0), before + 1);
	assert_int_equal(sent(&wire, 0)->len, 100);
	wire_close(&wire);
}

/* RFC 7323: the offered window is what the receiver has room for, at each scale. */
static void scales(void **state)
{
	static const struct {
		uint32_t receive_max;
		uint8_t shift;
	} rows[] = {
		{ 65535, 0 },  { 65536, 1 },   { 131070, 1 },
		{ 131072, 2 }, { 1 << 20, 5 }, { 1 << 30, 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct wire wire;
		uint32_t most = UINT32_C(65535) << rows[i].shift;
		uint32_t want = rows[i].receive_max < most ? rows[i].receive_max : most;

		print_message("row: %u\n", rows[i].receive_max);
		wire_open(&wire);
		wire.config[1].receive_max = rows[i].receive_max;
		wire_handshake(&wire);
		assert_int_equal(wire_last(&wire, 1, 0)->seg.shift, rows[i].shift);
		wire_send(&wire, 0, "x", 1);
		wire_run_for(&wire, 100 * MSEC);
		drain(&wire, 1);
		/* But for the scale's rounding. */
		assert_in_range(tcp_view(wire.tcp[0]).peer_window, want - (1U << rows[i].shift),
				want);
		wire_close(&wire);
	}
}

/* A window beyond 64 KiB is really used. */
static void a_long_fat_way_is_filled(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.config[0].send_max = 1 << 20;
	wire.config[1].receive_max = 2 << 20;
	wire_handshake(&wire);
	assert_int_equal(wire_send(&wire, 0, much, sizeof(much)), sizeof(much));
	wire_run_for(&wire, 400 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, sizeof(much));
	wire_close(&wire);
}

/* 3.7.4: small things wait for the ACK of what is in flight. */
static void nagle(void **state)
{
	(void)state;
	for (int nodelay = 0; nodelay < 2; nodelay++) {
		struct wire wire;
		size_t before;

		wire_open(&wire);
		wire.config[0].nodelay = nodelay;
		wire_handshake(&wire);
		before = wire_count(&wire, 0);
		for (int i = 0; i < 10; i++)
			wire_send(&wire, 0, "x", 1);
		assert_int_equal(wire_count(&wire, 0), before + (nodelay ? 10 : 1));
		wire_run_for(&wire, 100 * MSEC);
		assert_int_equal(wire_count(&wire, 0), before + (nodelay ? 10 : 2));
		if (!nodelay)
			assert_int_equal(sent(&wire, 0)->len, 9);
		assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 10);
		wire_close(&wire);
	}
}

/* 3.8.6.3: one ACK for two full segments; for less, not later than the delay. */
static void acks_are_delayed(void **state)
{
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	before = wire_count(&wire, 1);
	wire_send(&wire, 0, much, 2920);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(wire_count(&wire, 1), before + 1);
	wire_run_for(&wire, 10 * MSEC);
	wire_send(&wire, 0, "x", 1);
	wire_run_for(&wire, 10 * MSEC + 40 * MSEC - 1);
	assert_int_equal(wire_count(&wire, 1), before + 1);
	wire_run_for(&wire, 1);
	assert_int_equal(wire_count(&wire, 1), before + 2);
	wire_close(&wire);
}

/* And an answer takes it along. */
static void acks_ride_on_data(void **state)
{
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	before = wire_count(&wire, 1);
	wire_send(&wire, 0, "ping", 4);
	wire_run_for(&wire, 10 * MSEC);
	wire_send(&wire, 1, "pong", 4);
	wire_run_for(&wire, SEC);
	assert_int_equal(wire_count(&wire, 1), before + 1);
	assert_int_equal(sent(&wire, 1)->ack, sent(&wire, 0)->seq);
	wire_close(&wire);
}

/* RFC 9293, 3.7.1, and what is assumed where nothing is said. */
static void segment_sizes(void **state)
{
	static const struct {
		uint16_t peer, want;
	} rows[] = { { 1460, 1460 }, { 9000, 1460 }, { 1000, 1000 }, { 0, 536 }, { 1, 28 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcp_segment syn_ack = { .flags = TCP_SYN | TCP_ACK,
					       .mss = rows[i].peer,
					       .window = 65535,
					       .shift = TCP_NO_SHIFT };
		struct wire wire;

		wire_open(&wire);
		wire_connect(&wire, 0);
		syn_ack.ack = wire.log[0].seg.seq + 1;
		wire_forge(&wire, 0, syn_ack);
		wire_send(&wire, 0, much, 20000);
		assert_int_equal(wire.log[2].seg.len, rows[i].want);
		assert_int_equal(wire.sent, 2 + 10); /* RFC 6928 */
		wire_close(&wire);
	}
}

/* Buffers take what they are told to, and no more; they are free when empty. */
static void buffers_are_bounded(void **state)
{
	struct wire wire;
	size_t idle;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	idle = tcp_view(wire.tcp[0]).memory;
	assert_true(idle < 1024);
	assert_int_equal(wire_send(&wire, 0, much, sizeof(much)), 256 * 1024);
	assert_int_equal(wire_send(&wire, 0, much, 1), -EAGAIN);
	assert_false(tcp_ready(wire.tcp[0]) & TCP_READY_WRITE);
	wire_run_for(&wire, 100 * SEC);
	assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 256 * 1024);
	assert_true(tcp_view(wire.tcp[1]).memory <= idle + 512 * 1024);
	assert_true(tcp_ready(wire.tcp[0]) & TCP_READY_WRITE);
	drain(&wire, 256 * 1024);
	wire_run_for(&wire, SEC);
	assert_int_equal(tcp_view(wire.tcp[0]).memory, idle);
	assert_int_equal(tcp_view(wire.tcp[1]).memory, idle);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shut_window_is_probed),
		cmocka_unit_test(a_lost_update_is_no_deadlock),
		cmocka_unit_test(nobody_probes_the_dead_for_ever),
		cmocka_unit_test(no_silly_windows_are_offered),
		cmocka_unit_test(acks_offer_no_silly_windows),
		cmocka_unit_test(full_windows_take_acks),
		cmocka_unit_test(no_silly_segments_are_sent),
		cmocka_unit_test(scales),
		cmocka_unit_test(a_long_fat_way_is_filled),
		cmocka_unit_test(nagle),
		cmocka_unit_test(acks_are_delayed),
		cmocka_unit_test(acks_ride_on_data),
		cmocka_unit_test(segment_sizes),
		cmocka_unit_test(buffers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
