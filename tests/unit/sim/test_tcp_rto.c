/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The retransmission timeout to the nanosecond (RFC 6298), and who is given up when. */
#include "tcp_wire.h"

#include <errno.h>

/* Round trips, in ms, and the RTO that RFC 6298, section 2, computes after each: with G = 1 ns,
 * no least RTO and no delayed ACKs.  SRTT and RTTVAR by hand:
 *   100: 100, 50; 100: 100, 37.5; 180: 110, 48.125; 60: 103.75, 48.59375 */
static const struct sample {
	uint64_t rtt_ms;
	uint64_t srtt_ns, rto_ns;
} samples[] = {
	{ 100, 100000000, 300000000 },
	{ 100, 100000000, 250000000 },
	{ 180, 110000000, 302500000 },
	{ 60, 103750000, 298125000 },
};

static void set_rfc(struct wire *wire)
{
	for (int side = 0; side < 2; side++) {
		wire->config[side].rto_min_ns = 0;
		wire->config[side].rto_slack_ns = 1;
		wire->config[side].delayed_ack_ns = 0;
	}
}

static void the_formula(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	set_rfc(&wire);
	wire.delay_ns = samples[0].rtt_ms * MSEC / 2;
	wire_handshake(&wire); /* The first sample is the SYN's. */
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct tcp_view view;

		if (i) {
			wire.delay_ns = samples[i].rtt_ms * MSEC / 2;
			wire_send(&wire, 0, "x", 1);
			wire_run_for(&wire, samples[i].rtt_ms * MSEC);
		}
		view = tcp_view(wire.tcp[0]);
		assert_int_equal(view.srtt_ns, samples[i].srtt_ns);
		assert_int_equal(view.rto_ns, samples[i].rto_ns);
	}
	wire_close(&wire);
}

static const struct bounds {
	const char *name;
	uint64_t rtt_ms, min_ms, max_ms, slack_ms, want_ms;
} bounds[] = {
	{ "RFC 6298's least, 1 s", 100, 1000, 60000, 0, 1000 },
	{ "above the least", 1000, 1000, 60000, 0, 3000 },
	{ "as Linux: 200 ms above SRTT", 20, 200, 120000, 200, 220 },
	{ "the most", 3000, 200, 5000, 0, 5000 },
};

static void the_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		const struct bounds *row = &bounds[i];
		struct wire wire;

		print_message("row: %s\n", row->name);
		wire_open(&wire);
		wire.config[0].rto_initial_ns = wire.config[1].rto_initial_ns = 10 * SEC;
		wire.config[0].rto_min_ns = row->min_ms * MSEC;
		wire.config[0].rto_max_ns = row->max_ms * MSEC;
		wire.config[0].rto_slack_ns = row->slack_ms * MSEC;
		wire.delay_ns = row->rtt_ms * MSEC / 2;
		wire_handshake(&wire);
		assert_int_equal(tcp_view(wire.tcp[0]).rto_ns, row->want_ms * MSEC);
		wire_close(&wire);
	}
}

/* 5.4 to 5.6, and one nanosecond before. */
static void backing_off(void **state)
{
	struct wire wire;
	uint64_t start, due = 0;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire.config[0].data_retries = 4;
	wire.config[0].rto_max_ns = 2 * SEC;
	wire_handshake(&wire);
	wire.cut[0] = true;
	start = wire.now;
	wire_send(&wire, 0, "lost", 4);
	before = wire_count(&wire, 0);
	for (unsigned n = 0; n < 4; n++) {
		uint64_t rto = 220 * MSEC << n;

		due += rto < 2 * SEC ? rto : 2 * SEC;
		wire_run(&wire, start + due - 1);
		assert_int_equal(wire_count(&wire, 0), before + n);
		wire_run(&wire, start + due);
		assert_int_equal(wire_count(&wire, 0), before + n + 1);
		assert_int_equal(wire_last(&wire, 0, 0)->seg.len, 4);
	}
	due += 2 * SEC; /* 220 << 4, and the most is 2 s */
	wire_run(&wire, start + due - 1);
	assert_int_equal(tcp_error(wire.tcp[0]), 0);
	wire_run(&wire, start + due);
	assert_int_equal(tcp_error(wire.tcp[0]), -ETIMEDOUT);
	wire_close(&wire);
}

/* What a router said of it makes the better message. */
static void a_soft_error_is_remembered(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire.cut[0] = true;
	wire_send(&wire, 0, "lost", 4);
	tcp_unreachable(wire.tcp[0], wire_last(&wire, 0, 0)->seg.seq, -EHOSTUNREACH, true,
			wire.now);
	assert_int_equal(tcp_error(wire.tcp[0]), 0);
	assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
	wire_run_for(&wire, 10000 * SEC);
	assert_int_equal(tcp_error(wire.tcp[0]), -EHOSTUNREACH);
	wire_close(&wire);
}

/* Karn: the timeout stays backed off until something is acknowledged that was sent once. */
static void backed_off_until_a_new_sample(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire.cut[0] = true;
	wire_send(&wire, 0, "lost", 4);
	wire_run_for(&wire, 230 * MSEC);
	wire.cut[0] = false;
	wire_run_for(&wire, 440 * MSEC);
	wire_run_for(&wire, 100 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 0);
	assert_int_equal(tcp_view(wire.tcp[0]).rto_ns, 880 * MSEC);
	wire_send(&wire, 0, "new", 3);
	wire_run_for(&wire, 100 * MSEC);
	assert_true(tcp_view(wire.tcp[0]).rto_ns < 300 * MSEC);
	wire_close(&wire);
}

/* Karn: once a segment has gone again, after a timeout or after duplicates, its ACK is no sample. */
static void what_goes_again_is_no_sample(void **state)
{
	(void)state;
	for (int duplicates = 0; duplicates < 2; duplicates++) {
		struct tcp_segment ack = { .flags = TCP_ACK, .window = 32768 };
		struct wire wire;

		wire_open(&wire);
		wire.config[0].nodelay = wire.config[0].no_sack = true;
		wire_handshake(&wire);
		wire.cut[0] = true;
		ack.seq = wire_last(&wire, 0, 0)->seg.ack;
		ack.ack = wire_last(&wire, 0, 0)->seg.seq;
		wire_forge(&wire, 0, ack);
		wire_send(&wire, 0, "again", 5);
		wire_run_for(&wire, duplicates ? 100 * MSEC : 220 * MSEC);
		for (int i = 0; duplicates && i < 3; i++)
			wire_forge(&wire, 0, ack);
		assert_int_equal(tcp_stats(wire.tcp[0])->fast_recoveries, duplicates);
		assert_int_equal(tcp_stats(wire.tcp[0])->timeouts, !duplicates);
		wire_run_for(&wire, 50 * MSEC);
		ack.ack += 5;
		wire_forge(&wire, 0, ack);
		assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 0);
		assert_int_equal(tcp_view(wire.tcp[0]).srtt_ns, 20 * MSEC);
		wire_close(&wire);
	}
}

/* 5.7: a connection whose SYN was lost starts with 3 s; one whose second was, with one segment
 * too. */
static void after_a_lost_syn(void **state)
{
	static const uint8_t bytes[14600];

	(void)state;
	for (unsigned lost = 0; lost < 3; lost++) {
		struct wire wire;
		size_t before;

		wire_open(&wire);
		wire.cut[0] = lost > 0;
		wire.listening[1] = true;
		wire_connect(&wire, 0);
		if (lost > 1)
			wire_run(&wire, 2 * SEC);
		wire.cut[0] = false;
		wire_run(&wire, 4 * SEC);
		assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
		assert_int_equal(tcp_view(wire.tcp[0]).rto_ns, lost ? 3 * SEC : 220 * MSEC);
		before = wire_count(&wire, 0);
		wire_send(&wire, 0, bytes, sizeof(bytes));
		assert_int_equal(wire_count(&wire, 0) - before, lost > 1 ? 1 : 10);
		wire_close(&wire);
	}
}

/* 5.3: each new ACK starts the timer again. */
static void an_ack_restarts_the_timer(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.config[1].delayed_ack_ns = 0;
	wire.config[0].nodelay = true;
	wire_handshake(&wire);
	wire_send(&wire, 0, "one", 3);
	wire_run_for(&wire, 5 * MSEC);
	wire.cut[0] = true;
	wire_send(&wire, 0, "two", 3);
	assert_int_equal(tcp_next_wake(wire.tcp[0]), wire.now - 5 * MSEC + 220 * MSEC);
	wire_run_for(&wire, 15 * MSEC);
	assert_int_equal(tcp_next_wake(wire.tcp[0]), wire.now + tcp_view(wire.tcp[0]).rto_ns);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_formula),
		cmocka_unit_test(the_bounds),
		cmocka_unit_test(backing_off),
		cmocka_unit_test(a_soft_error_is_remembered),
		cmocka_unit_test(backed_off_until_a_new_sample),
		cmocka_unit_test(what_goes_again_is_no_sample),
		cmocka_unit_test(after_a_lost_syn),
		cmocka_unit_test(an_ack_restarts_the_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
