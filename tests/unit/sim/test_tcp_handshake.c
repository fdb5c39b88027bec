/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening: RFC 9293, 3.5, from both sides, crossing, refused, unanswered. */
#include "tcp_wire.h"

#include <errno.h>

static const struct tcp_segment *sent(const struct wire *wire, int side, size_t n)
{
	return &wire_last(wire, side, n)->seg;
}

static void three_segments_open(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	assert_int_equal(wire.sent, 3);
	assert_int_equal(wire.log[0].seg.flags, TCP_SYN);
	assert_int_equal(wire.log[0].seg.mss, 1460);
	assert_int_equal(wire.log[0].seg.window, 65535);
	assert_true(wire.log[0].seg.sack_permitted);
	assert_int_equal(wire.log[0].seg.shift, 3); /* 256 KiB >> 3 fit 16 bits */
	assert_int_equal(wire.log[1].seg.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(wire.log[1].seg.ack, wire.log[0].seg.seq + 1);
	assert_int_equal(wire.log[2].seg.flags, TCP_ACK);
	assert_int_equal(wire.log[2].seg.ack, wire.log[1].seg.seq + 1);
	assert_int_equal(wire.log[2].at, 20 * MSEC);
	assert_true(tcp_ready(wire.tcp[0]) & TCP_READY_CONNECTED);
	assert_true(tcp_ready(wire.tcp[1]) & TCP_READY_CONNECTED);
	assert_int_equal(tcp_next_wake(wire.tcp[0]), NEVER);
	assert_int_equal(tcp_next_wake(wire.tcp[1]), NEVER);
	wire_close(&wire);
}

/* Options stand only where both sides offer them. */
static void options_need_two(void **state)
{
	(void)state;
	for (int lacking = 0; lacking < 2; lacking++) {
		struct wire wire;

		wire_open(&wire);
		wire.config[lacking].no_sack = wire.config[lacking].no_scaling = true;
		wire_handshake(&wire);
		assert_int_equal(wire.log[lacking].seg.shift, TCP_NO_SHIFT);
		assert_false(wire.log[lacking].seg.sack_permitted);
		assert_int_equal(wire.log[1].seg.shift, TCP_NO_SHIFT);
		assert_false(wire.log[1].seg.sack_permitted);
		assert_int_equal(tcp_view(wire.tcp[0]).peer_window, 65535);
		wire_close(&wire);
	}
}

/* RFC 9293, 3.5, figure 8: the SYNs cross, and so do the SYN,ACKs. */
static void crossing_syns_open(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_connect(&wire, 0);
	wire_connect(&wire, 1);
	wire_run(&wire, 10 * MSEC);
	assert_state(&wire, 0, TCP_STATE_SYN_RECEIVED);
	assert_state(&wire, 1, TCP_STATE_SYN_RECEIVED);
	assert_int_equal(sent(&wire, 0, 0)->flags, TCP_SYN | TCP_ACK);
	assert_int_equal(sent(&wire, 0, 0)->seq, wire.log[0].seg.seq);
	wire_run(&wire, 20 * MSEC);
	assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
	assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
	/* The window of a SYN,ACK is not scaled, even when it crosses; 65535, but for rounding. */
	assert_in_range(tcp_view(wire.tcp[0]).peer_window, 65528, 65535);
	assert_int_equal(wire_send(&wire, 0, "ping", 4), 4);
	assert_int_equal(wire_send(&wire, 1, "pong", 4), 4);
	wire_run(&wire, SEC);
	for (int side = 0; side < 2; side++) {
		char text[8];

		assert_int_equal(wire_recv(&wire, side, text, sizeof(text)), 4);
		assert_memory_equal(text, side ? "ping" : "pong", 4);
		assert_int_equal(tcp_stats(wire.tcp[side])->timeouts, 0);
	}
	wire_close(&wire);
}

/* A NAT let one SYN out and dropped the other: the one that came through must do. */
static void one_syn_of_two_is_enough(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.cut[0] = true;
	wire_connect(&wire, 0);
	wire.cut[0] = false;
	wire_connect(&wire, 1);
	wire_run(&wire, 30 * MSEC);
	assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
	assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
	wire_close(&wire);
}

/* Whichever of the segments of a simultaneous open are lost, it ends well. */
static void any_loss_while_crossing_is_mended(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 64; mask++) {
		struct wire wire;

		wire_open(&wire);
		for (int side = 0; side < 2; side++) {
			wire.cut[side] = mask & (1U << side);
			wire_connect(&wire, side);
		}
		for (unsigned step = 1; step < 3; step++) {
			wire.cut[0] = mask & (1U << 2 * step);
			wire.cut[1] = mask & (2U << 2 * step);
			wire_run(&wire, step * 10 * MSEC);
		}
		wire.cut[0] = wire.cut[1] = false;
		wire_run(&wire, 10 * SEC);
		if (tcp_state(wire.tcp[0]) != TCP_STATE_ESTABLISHED ||
		    tcp_state(wire.tcp[1]) != TCP_STATE_ESTABLISHED)
			print_message("losses: %#x\n", mask);
		assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
		assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
		wire_close(&wire);
	}
}

struct schedule {
	const char *name;
	uint8_t linear, retries;
	uint64_t rto;
	unsigned at[10]; /* in s */
	unsigned end;
};

static const struct schedule schedules[] = {
	{ "as Linux had it", 0, 6, SEC, { 0, 1, 3, 7, 15, 31, 63 }, 127 },
	{ "as Linux 6.5 has it", 4, 6, SEC, { 0, 1, 2, 3, 4, 5, 7 }, 11 },
	{ "none again", 0, 0, SEC, { 0 }, 1 },
	{ "RFC 2988's start", 0, 3, 3 * SEC, { 0, 3, 9, 21 }, 45 },
	{ "no longer than the longest", 0, 8, SEC, { 0, 1, 3, 7, 15, 31, 63, 127, 247 }, 367 },
};

static void syns_keep_their_schedule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(schedules) / sizeof(*schedules); i++) {
		const struct schedule *s = &schedules[i];
		struct wire wire;

		print_message("row: %s\n", s->name);
		wire_open(&wire);
		wire.config[0].syn_linear = s->linear;
		wire.config[0].syn_retries = s->retries;
		wire.config[0].rto_initial_ns = s->rto;
		wire.cut[0] = true;
		wire_connect(&wire, 0);
		wire_run(&wire, s->end * SEC - 1);
		assert_int_equal(wire.sent, s->retries + 1);
		for (size_t n = 0; n < wire.sent; n++) {
			assert_int_equal(wire.log[n].at, s->at[n] * SEC);
			assert_int_equal(wire.log[n].seg.flags, TCP_SYN);
			assert_int_equal(wire.log[n].seg.seq, wire.log[0].seg.seq);
		}
		assert_int_equal(tcp_error(wire.tcp[0]), 0);
		wire_run(&wire, s->end * SEC);
		assert_int_equal(tcp_error(wire.tcp[0]), -ETIMEDOUT);
		assert_true(tcp_ready(wire.tcp[0]) & TCP_READY_DONE);
		wire_close(&wire);
	}
}

static void syn_acks_are_repeated_and_given_up(void **state)
{
	static const unsigned at[] = { 0, 1, 3, 7, 15, 31 };
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire.listening[1] = true;
	wire.cut[1] = true;
	wire_connect(&wire, 0);
	wire_run(&wire, 10 * MSEC);
	wire.cut[0] = true;
	before = wire_count(&wire, 1);
	assert_int_equal(before, 1);
	wire_run(&wire, 63 * SEC + 10 * MSEC - 1);
	assert_int_equal(wire_count(&wire, 1), 6);
	for (size_t n = 0; n < 6; n++)
		assert_int_equal(wire_last(&wire, 1, 5 - n)->at, at[n] * SEC + 10 * MSEC);
	assert_state(&wire, 1, TCP_STATE_SYN_RECEIVED);
	wire_run(&wire, 63 * SEC + 10 * MSEC);
	assert_state(&wire, 1, TCP_STATE_CLOSED);
	wire_close(&wire);
}

/* The SYN again means that the SYN,ACK was lost: it goes at once, not when its timer says. */
static void a_repeated_syn_is_answered(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.listening[1] = true;
	wire.cut[1] = true;
	wire_connect(&wire, 0);
	wire_run(&wire, 500 * MSEC);
	wire.cut[1] = false;
	wire_forge(&wire, 1, wire.log[0].seg);
	assert_int_equal(wire_last(&wire, 1, 0)->at, 500 * MSEC);
	wire_run(&wire, 530 * MSEC);
	assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
	wire_close(&wire);
}

static void a_closed_port_refuses(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_connect(&wire, 0);
	wire_run(&wire, 20 * MSEC - 1);
	assert_int_equal(tcp_error(wire.tcp[0]), 0);
	wire_run(&wire, 20 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[0]), -ECONNREFUSED);
	assert_int_equal(tcp_ready(wire.tcp[0]),
			 TCP_READY_READ | TCP_READY_WRITE | TCP_READY_FAILED | TCP_READY_DONE);
	assert_int_equal(tcp_send(wire.tcp[0], "x", 1, wire.now), -ECONNREFUSED);
	wire_close(&wire);
}

struct answer {
	const char *name;
	struct tcp_segment seg; /* ack is added to the ISS */
	enum tcp_state want;
	int error;
	int reply; /* flags of the segment that goes out; 0 = none */
};

static const struct answer answers[] = {
	{ "a RST with the right ACK",
	  { .flags = TCP_RST | TCP_ACK, .ack = 1 },
	  TCP_STATE_CLOSED,
	  -ECONNREFUSED,
	  0 },
	{ "a RST with an old ACK",
	  { .flags = TCP_RST | TCP_ACK, .ack = 0 },
	  TCP_STATE_SYN_SENT,
	  0,
	  0 },
	{ "a RST with an ACK too far",
	  { .flags = TCP_RST | TCP_ACK, .ack = 2 },
	  TCP_STATE_SYN_SENT,
	  0,
	  0 },
	{ "a RST without ACK", { .flags = TCP_RST }, TCP_STATE_SYN_SENT, 0, 0 },
	{ "an ACK of the right SYN, alone",
	  { .flags = TCP_ACK, .ack = 1 },
	  TCP_STATE_SYN_SENT,
	  0,
	  0 },
	{ "an ACK of something else",
	  { .flags = TCP_ACK, .ack = 77 },
	  TCP_STATE_SYN_SENT,
	  0,
	  TCP_RST },
	{ "a SYN,ACK of something else",
	  { .flags = TCP_SYN | TCP_ACK, .ack = 0 },
	  TCP_STATE_SYN_SENT,
	  0,
	  TCP_RST },
	{ "a SYN,ACK",
	  { .flags = TCP_SYN | TCP_ACK, .ack = 1, .seq = 5, .shift = TCP_NO_SHIFT },
	  TCP_STATE_ESTABLISHED,
	  0,
	  TCP_ACK },
	{ "a SYN",
	  { .flags = TCP_SYN, .seq = 5, .shift = TCP_NO_SHIFT },
	  TCP_STATE_SYN_RECEIVED,
	  0,
	  TCP_SYN | TCP_ACK },
	{ "a FIN", { .flags = TCP_FIN, .seq = 5 }, TCP_STATE_SYN_SENT, 0, 0 },
};

/* RFC 9293, 3.10.7.3. */
static void syn_sent_minds_what_it_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct answer *row = &answers[i];
		struct tcp_segment seg = row->seg;
		struct wire wire;

		print_message("row: %s\n", row->name);
		wire_open(&wire);
		wire_connect(&wire, 0);
		seg.ack += wire.log[0].seg.seq;
		assert_int_equal(wire_forge(&wire, 0, seg), TCP_TAKEN);
		assert_state(&wire, 0, row->want);
		assert_int_equal(tcp_error(wire.tcp[0]), row->error);
		assert_int_equal(wire.sent, row->reply ? 2 : 1);
		assert_int_equal(sent(&wire, 0, 0)->flags, row->reply ? row->reply : TCP_SYN);
		if (row->reply == TCP_RST)
			assert_int_equal(sent(&wire, 0, 0)->seq, seg.ack);
		wire_close(&wire);
	}
}

/* 3.5.1: one side has forgotten all; its new SYN finds that out. */
static void half_open_is_detected(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	tcp_free(wire.tcp[0]);
	wire.now += 5 * SEC;
	wire_connect(&wire, 0);
	wire.listening[1] = true;
	wire_run_for(&wire, 20 * MSEC);
	assert_int_equal(sent(&wire, 0, 0)->flags, TCP_RST);
	assert_int_equal(sent(&wire, 0, 0)->seq, sent(&wire, 1, 0)->ack);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[1]), -ECONNRESET);
	wire_run_for(&wire, SEC); /* until the SYN comes again */
	assert_state(&wire, 0, TCP_STATE_ESTABLISHED);
	assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
	wire_close(&wire);
}

/* And the other finds out by sending. */
static void the_half_that_remembers_is_reset(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	tcp_free(wire.tcp[0]);
	wire.tcp[0] = NULL;
	assert_int_equal(wire_send(&wire, 1, "hello?", 6), 6);
	wire_run_for(&wire, 20 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[1]), -ECONNRESET);
	wire_close(&wire);
}

struct icmp {
	const char *name;
	bool hard, patient;
	uint32_t off; /* of the quoted sequence number, from the ISS */
	int want; /* error at once */
	int at_last; /* and when it is given up */
};

static const struct icmp icmps[] = {
	{ "hard", true, true, 0, -ECONNREFUSED, -ECONNREFUSED },
	{ "soft, as Linux takes it", false, false, 0, -ECONNREFUSED, -ECONNREFUSED },
	{ "soft, as the RFC takes it", false, true, 0, 0, -ECONNREFUSED },
	{ "forged, one after", true, false, 1, 0, -ETIMEDOUT },
	{ "forged, one before", true, false, UINT32_MAX, 0, -ETIMEDOUT },
};

static void icmp_errors_end_attempts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(icmps) / sizeof(*icmps); i++) {
		const struct icmp *row = &icmps[i];
		struct wire wire;

		print_message("row: %s\n", row->name);
		wire_open(&wire);
		wire.config[0].patient = row->patient;
		wire.cut[0] = true;
		wire_connect(&wire, 0);
		tcp_unreachable(wire.tcp[0], wire.log[0].seg.seq + row->off, -ECONNREFUSED,
				row->hard, wire.now);
		assert_int_equal(tcp_error(wire.tcp[0]), row->want);
		wire_run(&wire, 127 * SEC);
		assert_int_equal(tcp_error(wire.tcp[0]), row->at_last);
		wire_close(&wire);
	}
}

/* What is said before the connection stands is kept, and a close that early still says FIN. */
static void data_and_close_may_come_early(void **state)
{
	struct wire wire;
	char text[8];

	(void)state;
	wire_open(&wire);
	wire_connect(&wire, 0);
	wire_connect(&wire, 1);
	assert_int_equal(wire_send(&wire, 0, "early", 5), 5);
	wire_run(&wire, 10 * MSEC);
	assert_state(&wire, 0, TCP_STATE_SYN_RECEIVED);
	wire_shutdown(&wire, 0);
	assert_state(&wire, 0, TCP_STATE_SYN_RECEIVED);
	wire_run(&wire, SEC);
	assert_state(&wire, 0, TCP_STATE_FIN_WAIT_2);
	assert_state(&wire, 1, TCP_STATE_CLOSE_WAIT);
	assert_int_equal(wire_recv(&wire, 1, text, sizeof(text)), 5);
	assert_memory_equal(text, "early", 5);
	assert_int_equal(wire_recv(&wire, 1, text, sizeof(text)), 0);
	wire_close(&wire);
}

/* RFC 6528: other numbers for other connections, and the pace of the clock for the same. */
static void initial_numbers(void **state)
{
	struct wire wire;
	uint32_t first, later;

	(void)state;
	wire_open(&wire);
	wire_connect(&wire, 0);
	first = wire.log[0].seg.seq;
	tcp_free(wire.tcp[0]);
	wire.now = SEC;
	wire_connect(&wire, 0);
	later = sent(&wire, 0, 0)->seq;
	assert_int_equal(later - first, SEC / TCP_ISN_TICK_NS);
	tcp_free(wire.tcp[0]);
	wire.at[0].port++;
	wire_connect(&wire, 0);
	assert_int_not_equal(sent(&wire, 0, 0)->seq, later);
	tcp_free(wire.tcp[0]);
	wire.at[0].port--;
	wire.config[0].isn_secret++;
	wire_connect(&wire, 0);
	assert_int_not_equal(sent(&wire, 0, 0)->seq, later);
	wire_close(&wire);
}

static void only_syns_are_accepted(void **state)
{
	static const uint8_t flags[] = { 0, TCP_ACK, TCP_SYN | TCP_ACK, TCP_SYN | TCP_RST,
					 TCP_FIN };
	struct wire wire;
	struct endpoint six = { .addr = { 0xfd00ULL << 48, 1 }, .port = 1 };

	(void)state;
	wire_open(&wire);
	for (size_t i = 0; i < sizeof(flags); i++) {
		struct tcp_segment seg = { .flags = flags[i], .shift = TCP_NO_SHIFT };
		struct tcp *tcp = NULL;

		assert_int_equal(
			tcp_accept(&wire.config[0], wire.at[0], wire.at[1], 1500, &seg, 0, &tcp),
			-EINVAL);
		assert_null(tcp);
	}
	assert_int_equal(tcp_connect(&wire.config[0], wire.at[0], six, 1500, 0, &wire.tcp[0]),
			 -EINVAL);
	wire_close(&wire);
}

static void ipv6_opens_too(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	for (int side = 0; side < 2; side++)
		wire.at[side].addr = (struct ip_addr){ 0xfd00ULL << 48, 1 + (uint64_t)side };
	wire_handshake(&wire);
	assert_int_equal(wire.log[0].seg.mss, 1440);
	assert_int_equal(tcp_view(wire.tcp[1]).mss, 1440);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_segments_open),
		cmocka_unit_test(options_need_two),
		cmocka_unit_test(crossing_syns_open),
		cmocka_unit_test(one_syn_of_two_is_enough),
		cmocka_unit_test(any_loss_while_crossing_is_mended),
		cmocka_unit_test(syns_keep_their_schedule),
		cmocka_unit_test(syn_acks_are_repeated_and_given_up),
		cmocka_unit_test(a_repeated_syn_is_answered),
		cmocka_unit_test(a_closed_port_refuses),
		cmocka_unit_test(syn_sent_minds_what_it_is_told),
		cmocka_unit_test(half_open_is_detected),
		cmocka_unit_test(the_half_that_remembers_is_reset),
		cmocka_unit_test(icmp_errors_end_attempts),
		cmocka_unit_test(data_and_close_may_come_early),
		cmocka_unit_test(initial_numbers),
		cmocka_unit_test(only_syns_are_accepted),
		cmocka_unit_test(ipv6_opens_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
