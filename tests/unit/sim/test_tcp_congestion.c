/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The congestion window: RFC 5681, 6582, 6675, 3042. */
#include "tcp_wire.h"

enum { MSS = 1460 };

static uint8_t much[1 << 20];

/* RFC 5681, 3.1: half of what was in flight, and one segment after a timeout. */
static void the_window_shrinks(void **state)
{
	(void)state;
	for (int all = 0; all < 2; all++) {
		struct tcp_view view;
		struct wire wire;

		wire_open(&wire);
		wire_handshake(&wire);
		wire.cut[0] = true;
		wire_send(&wire, 0, much, MSS);
		wire.cut[0] = all;
		wire_send(&wire, 0, much, 9 * MSS);
		assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 10 * MSS);
		wire.cut[0] = true;
		wire_run_for(&wire, all ? 220 * MSEC : 60 * MSEC);
		view = tcp_view(wire.tcp[0]);
		assert_int_equal(view.slow_start_threshold, 5 * MSS);
		assert_int_equal(view.congestion_window, all ? MSS : 5 * MSS);
		wire_close(&wire);
	}
}

/* Slow start doubles, a window a round trip at most; then one segment a round trip. */
static void the_window_grows(void **state)
{
	struct wire wire;
	uint32_t before;

	(void)state;
	wire_open(&wire);
	wire.config[1].delayed_ack_ns = 0;
	wire.config[0].send_max = 1 << 20;
	wire_handshake(&wire);
	before = tcp_view(wire.tcp[0]).congestion_window;
	assert_int_equal(before, 10 * MSS);
	wire_send(&wire, 0, much, sizeof(much));
	wire_run_for(&wire, 20 * MSEC);
	assert_in_range(tcp_view(wire.tcp[0]).congestion_window, before + 5 * MSS, 2 * before);
	wire_close(&wire);
}

/* RFC 5681, 4.1. */
static void an_idle_window_is_forgotten(void **state)
{
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_send(&wire, 0, much, 200000);
	wire_run_for(&wire, 10 * SEC);
	assert_true(tcp_view(wire.tcp[0]).congestion_window > 20 * MSS);
	wire_recv(&wire, 1, much, sizeof(much));
	wire_run_for(&wire, SEC);
	before = tcp_stats(wire.tcp[0])->segments_out;
	wire_send(&wire, 0, much, 100000);
	assert_int_equal(tcp_stats(wire.tcp[0])->segments_out, before + 10);
	wire_close(&wire);
}

/* RFC 7661's reason: a window that is not used must not grow. */
static void an_unused_window_stays(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	for (int i = 0; i < 50; i++) {
		wire_send(&wire, 0, much, MSS);
		wire_run_for(&wire, 100 * MSEC);
	}
	assert_int_equal(tcp_view(wire.tcp[0]).congestion_window, 10 * MSS);
	wire_close(&wire);
}

/* Side 0 with @n segments in flight, none of which arrives; what acknowledges them. */
static struct tcp_segment in_flight(struct wire *wire, unsigned n, bool no_sack)
{
	struct tcp_segment ack = { .flags = TCP_ACK, .window = 32768 };

	wire_open(wire);
	wire->config[0].no_sack = no_sack;
	wire_handshake(wire);
	ack.seq = wire_last(wire, 0, 0)->seg.ack;
	ack.ack = wire_last(wire, 0, 0)->seg.seq;
	wire_forge(wire, 0, ack);
	wire->cut[0] = true;
	wire_send(wire, 0, much, n * MSS);
	return ack;
}

/* RFC 3042: each of the first two duplicates lets a new segment out; the third, the lost one. */
static void limited_transmit(void **state)
{
	struct wire wire;
	struct tcp_segment ack = in_flight(&wire, 20, true);
	size_t before = wire_count(&wire, 0);

	(void)state;
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 10 * MSS);
	ack.window = 65535;
	wire_forge(&wire, 0, ack); /* a larger window, no duplicate */
	assert_int_equal(wire_count(&wire, 0), before);
	for (unsigned n = 1; n <= 2; n++) {
		wire_forge(&wire, 0, ack);
		assert_int_equal(wire_count(&wire, 0), before + n);
		assert_int_equal(wire_last(&wire, 0, 0)->seg.seq, ack.ack + (9 + n) * MSS);
	}
	wire_forge(&wire, 0, ack);
	assert_int_equal(wire_count(&wire, 0), before + 3);
	assert_int_equal(wire_last(&wire, 0, 0)->seg.seq, ack.ack);
	wire_close(&wire);
}

/* RFC 6675: six of ten are lost; half a window of them goes again, no more at once. */
static void a_pipe_has_a_size(void **state)
{
	struct wire wire;
	struct tcp_segment ack = in_flight(&wire, 10, false);
	size_t before = wire_count(&wire, 0);

	(void)state;
	ack.sack_len = 1;
	ack.sack[0] = (struct tcp_range){ ack.ack + 6 * MSS, ack.ack + 10 * MSS };
	wire_forge(&wire, 0, ack);
	assert_int_equal(wire_count(&wire, 0), before + 5);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(wire_last(&wire, 0, 4 - n)->seg.seq, ack.ack + n * MSS);
	wire_close(&wire);
}

/* RFC 6582, 3.2: the duplicates that a timeout's own retransmissions bring are no news. */
static void a_timeout_brings_no_recovery(void **state)
{
	struct wire wire;
	struct tcp_segment ack = in_flight(&wire, 10, true);

	(void)state;
	wire_run_for(&wire, 220 * MSEC);
	assert_int_equal(tcp_stats(wire.tcp[0])->timeouts, 1);
	ack.ack += MSS;
	for (int i = 0; i < 6; i++)
		wire_forge(&wire, 0, ack);
	assert_int_equal(tcp_stats(wire.tcp[0])->fast_recoveries, 0);
	wire_close(&wire);
}

/* RFC 5681, 3.1: up to ssthresh, five segments here, each ACK gives one more; from there on only as
 * many ACKs as the window has segments do. */
static void congestion_is_avoided(void **state)
{
	static const uint8_t segments[] = { 2, 3, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7 };
	struct wire wire;
	struct tcp_segment ack = in_flight(&wire, 20, true);

	(void)state;
	wire_run_for(&wire, 220 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).slow_start_threshold, 5 * MSS);
	for (size_t i = 0; i < sizeof(segments); i++) {
		ack.ack += MSS;
		wire_forge(&wire, 0, ack);
		assert_int_equal(tcp_view(wire.tcp[0]).congestion_window, segments[i] * MSS);
	}
	wire_close(&wire);
}

/* RFC 5681, 3.1: a segment's second timeout says nothing new of the way; nor of ssthresh, which two
 * small segments would make less. */
static void ssthresh_is_halved_once(void **state)
{
	enum { SMALL_MTU = 576 };
	struct wire wire;
	struct tcp_segment ack = in_flight(&wire, 2, false);

	(void)state;
	wire_run_for(&wire, 220 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).slow_start_threshold, 2 * MSS);
	tcp_set_path_mtu(wire.tcp[0], ack.ack, SMALL_MTU, wire.now);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 2 * MSS);
	wire_run_for(&wire, 10 * SEC);
	assert_true(tcp_stats(wire.tcp[0])->timeouts > 3);
	assert_int_equal(tcp_view(wire.tcp[0]).slow_start_threshold, 2 * MSS);
	assert_int_equal(tcp_view(wire.tcp[0]).congestion_window, SMALL_MTU - 40);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_shrinks),
		cmocka_unit_test(the_window_grows),
		cmocka_unit_test(an_idle_window_is_forgotten),
		cmocka_unit_test(an_unused_window_stays),
		cmocka_unit_test(limited_transmit),
		cmocka_unit_test(a_pipe_has_a_size),
		cmocka_unit_test(a_timeout_brings_no_recovery),
		cmocka_unit_test(congestion_is_avoided),
		cmocka_unit_test(ssthresh_is_halved_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
