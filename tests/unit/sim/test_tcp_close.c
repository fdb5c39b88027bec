/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing: RFC 9293, 3.6, and RSTs in each state. */
#include "tcp_wire.h"

#include <errno.h>

static const struct tcp_segment *sent(const struct wire *wire, int side)
{
	return &wire_last(wire, side, 0)->seg;
}

/* 3.6, figure 12. */
static void one_side_closes_then_the_other(void **state)
{
	char byte;

	(void)state;
	for (int first = 0; first < 2; first++) {
		struct wire wire;

		wire_open(&wire);
		wire_handshake(&wire);
		wire_user_close(&wire, first);
		assert_state(&wire, first, TCP_STATE_FIN_WAIT_1);
		assert_int_equal(sent(&wire, first)->flags, TCP_FIN | TCP_ACK);
		wire_run_for(&wire, 10 * MSEC);
		assert_state(&wire, !first, TCP_STATE_CLOSE_WAIT);
		assert_int_equal(wire_recv(&wire, !first, &byte, 1), 0);
		wire_run_for(&wire, 10 * MSEC);
		assert_state(&wire, first, TCP_STATE_FIN_WAIT_2);
		wire_user_close(&wire, !first);
		assert_state(&wire, !first, TCP_STATE_LAST_ACK);
		wire_run_for(&wire, 10 * MSEC);
		assert_state(&wire, first, TCP_STATE_TIME_WAIT);
		wire_run_for(&wire, 10 * MSEC);
		assert_state(&wire, !first, TCP_STATE_CLOSED);
		assert_int_equal(tcp_error(wire.tcp[!first]), 0);
		wire_run_for(&wire, 60 * SEC - 10 * MSEC - 1);
		assert_state(&wire, first, TCP_STATE_TIME_WAIT);
		wire_run_for(&wire, 1);
		assert_state(&wire, first, TCP_STATE_CLOSED);
		assert_true(tcp_ready(wire.tcp[first]) & TCP_READY_DONE);
		wire_close(&wire);
	}
}

/* 3.6, figure 13. */
static void both_close_at_once(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_user_close(&wire, 0);
	wire_user_close(&wire, 1);
	wire_run_for(&wire, 10 * MSEC);
	assert_state(&wire, 0, TCP_STATE_CLOSING);
	assert_state(&wire, 1, TCP_STATE_CLOSING);
	wire_run_for(&wire, 10 * MSEC);
	assert_state(&wire, 0, TCP_STATE_TIME_WAIT);
	assert_state(&wire, 1, TCP_STATE_TIME_WAIT);
	wire_run_for(&wire, 60 * SEC);
	assert_state(&wire, 0, TCP_STATE_CLOSED);
	assert_state(&wire, 1, TCP_STATE_CLOSED);
	wire_close(&wire);
}

/* Who has said all still listens. */
static void a_half_closed_connection_carries_data(void **state)
{
	char text[32];

	(void)state;
	for (int closed = 0; closed < 2; closed++) {
		struct wire wire;

		wire_open(&wire);
		wire_handshake(&wire);
		assert_int_equal(wire_send(&wire, closed, "that is all", 11), 11);
		wire_shutdown(&wire, closed);
		assert_int_equal(wire_send(&wire, closed, "x", 1), -EPIPE);
		wire_run_for(&wire, SEC);
		assert_int_equal(wire_recv(&wire, !closed, text, sizeof(text)), 11);
		assert_int_equal(wire_recv(&wire, !closed, text, sizeof(text)), 0);
		assert_int_equal(wire_send(&wire, !closed, "not for me", 10), 10);
		wire_run_for(&wire, 100 * SEC);
		assert_int_equal(wire_recv(&wire, closed, text, sizeof(text)), 10);
		assert_int_equal(wire_recv(&wire, closed, text, sizeof(text)), -EAGAIN);
		assert_state(&wire, closed, TCP_STATE_FIN_WAIT_2);
		wire_shutdown(&wire, !closed);
		wire_run_for(&wire, SEC);
		assert_int_equal(wire_recv(&wire, closed, text, sizeof(text)), 0);
		assert_state(&wire, closed, TCP_STATE_TIME_WAIT);
		assert_state(&wire, !closed, TCP_STATE_CLOSED);
		wire_close(&wire);
	}
}

/* Any of the closing segments may be lost, either way. */
static void losses_while_closing_are_mended(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 64; mask++) {
		struct wire wire;

		wire_open(&wire);
		wire_handshake(&wire);
		for (unsigned step = 0; step < 3; step++) {
			wire.cut[0] = mask & (1U << 2 * step);
			wire.cut[1] = mask & (2U << 2 * step);
			if (step < 2)
				wire_user_close(&wire, (int)step);
			wire_run_for(&wire, 10 * MSEC);
		}
		wire.cut[0] = wire.cut[1] = false;
		wire_run_for(&wire, 130 * SEC);
		assert_state(&wire, 0, TCP_STATE_CLOSED);
		assert_state(&wire, 1, TCP_STATE_CLOSED);
		assert_int_equal(tcp_error(wire.tcp[0]), 0);
		assert_int_equal(tcp_error(wire.tcp[1]), 0);
		wire_close(&wire);
	}
}

/* The ACK of the last FIN was lost: TIME-WAIT is there to give it again, and starts anew. */
static void time_wait_answers_the_fin_again(void **state)
{
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_user_close(&wire, 0);
	wire_run_for(&wire, 20 * MSEC);
	wire.cut[0] = true; /* from here on */
	wire_user_close(&wire, 1);
	wire_run_for(&wire, 10 * MSEC);
	assert_state(&wire, 0, TCP_STATE_TIME_WAIT);
	before = wire_count(&wire, 0);
	wire_run_for(&wire, 220 * MSEC); /* SRTT + 200 ms, and the way */
	assert_int_equal(wire_count(&wire, 0), before + 1);
	assert_int_equal(sent(&wire, 0)->flags, TCP_ACK);
	assert_int_equal(tcp_next_wake(wire.tcp[0]), wire_last(&wire, 0, 0)->at + 60 * SEC);
	wire_close(&wire);
}

static void time_wait_gives_way_to_a_new_syn(void **state)
{
	struct wire wire;
	uint32_t next;
	struct tcp_segment syn = { .flags = TCP_SYN, .shift = TCP_NO_SHIFT };

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_user_close(&wire, 0);
	wire_run_for(&wire, 20 * MSEC);
	wire_user_close(&wire, 1);
	wire_run_for(&wire, 20 * MSEC);
	assert_state(&wire, 0, TCP_STATE_TIME_WAIT);
	next = sent(&wire, 0)->ack;
	syn.seq = next;
	assert_int_equal(wire_forge(&wire, 0, syn), TCP_TAKEN); /* not after what has been */
	assert_int_equal(sent(&wire, 0)->flags, TCP_ACK);
	syn.seq = next + 1;
	assert_int_equal(wire_forge(&wire, 0, syn), TCP_REOPENS);
	assert_state(&wire, 0, TCP_STATE_TIME_WAIT);
	wire_close(&wire);
}

static void no_time_wait_where_none_is_wanted(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.config[0].time_wait_ns = 0;
	wire_handshake(&wire);
	wire_user_close(&wire, 0);
	wire_run_for(&wire, 20 * MSEC);
	wire_user_close(&wire, 1);
	wire_run_for(&wire, 20 * MSEC);
	assert_state(&wire, 0, TCP_STATE_CLOSED);
	assert_state(&wire, 1, TCP_STATE_CLOSED); /* The last ACK went out all the same. */
	assert_int_equal(tcp_stats(wire.tcp[1])->timeouts, 0);
	wire_close(&wire);
}

/* A user that is gone does not wait for the peer's FIN for ever; one that listens does. */
static void fin_wait_2_ends(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_shutdown(&wire, 0);
	wire_run_for(&wire, 1000 * SEC);
	assert_state(&wire, 0, TCP_STATE_FIN_WAIT_2);
	wire_user_close(&wire, 0);
	wire_run_for(&wire, 60 * SEC - 1);
	assert_state(&wire, 0, TCP_STATE_FIN_WAIT_2);
	wire_run_for(&wire, 1);
	assert_state(&wire, 0, TCP_STATE_CLOSED);
	wire_close(&wire);
}

static void what_is_not_read_is_reset(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_send(&wire, 0, "unread", 6);
	wire_run_for(&wire, 10 * MSEC);
	wire_user_close(&wire, 1);
	assert_int_equal(sent(&wire, 1)->flags, TCP_RST | TCP_ACK);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[0]), -ECONNRESET);
	wire_close(&wire);
}

static void what_comes_too_late_is_reset(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_user_close(&wire, 1);
	wire_run_for(&wire, 20 * MSEC);
	wire_send(&wire, 0, "too late", 8);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(sent(&wire, 1)->flags & TCP_RST, TCP_RST);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[0]), -ECONNRESET);
	wire_close(&wire);
}

/* What had arrived before the RST can still be read. */
static void data_outlive_a_reset(void **state)
{
	struct wire wire;
	char text[8];

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_send(&wire, 0, "last", 4);
	wire_run_for(&wire, 10 * MSEC);
	wire_abort(&wire, 0);
	wire_run_for(&wire, 10 * MSEC);
	assert_int_equal(tcp_error(wire.tcp[1]), -ECONNRESET);
	assert_int_equal(wire_recv(&wire, 1, text, sizeof(text)), 4);
	assert_int_equal(wire_recv(&wire, 1, text, sizeof(text)), -ECONNRESET);
	assert_int_equal(wire_send(&wire, 1, "x", 1), -ECONNRESET);
	wire_close(&wire);
}

/* Bring side 0 into @want, the peer knowing of it. */
static void reach(struct wire *wire, enum tcp_state want)
{
	if (want == TCP_STATE_SYN_SENT) {
		wire_connect(wire, 0);
		return;
	}
	if (want == TCP_STATE_SYN_RECEIVED) {
		wire_connect(wire, 0);
		wire_connect(wire, 1);
		wire_run_for(wire, 10 * MSEC);
		return;
	}
	wire_handshake(wire);
	if (want == TCP_STATE_CLOSE_WAIT || want == TCP_STATE_LAST_ACK)
		wire_shutdown(wire, 1);
	if (want == TCP_STATE_CLOSING)
		wire_shutdown(wire, 1);
	if (want == TCP_STATE_FIN_WAIT_1 || want == TCP_STATE_CLOSING)
		wire_shutdown(wire, 0);
	if (want == TCP_STATE_FIN_WAIT_2 || want == TCP_STATE_TIME_WAIT) {
		wire_shutdown(wire, 0);
		wire_run_for(wire, 20 * MSEC);
	}
	if (want == TCP_STATE_TIME_WAIT)
		wire_shutdown(wire, 1);
	if (want != TCP_STATE_FIN_WAIT_1)
		wire_run_for(wire, 10 * MSEC);
	if (want == TCP_STATE_LAST_ACK)
		wire_shutdown(wire, 0);
}

static const struct reset_row {
	enum tcp_state at;
	int error; /* of a RST that is right */
	bool tells; /* does tcp_abort() send one? */
} resets[] = {
	{ TCP_STATE_SYN_RECEIVED, -ECONNREFUSED, true },
	{ TCP_STATE_ESTABLISHED, -ECONNRESET, true },
	{ TCP_STATE_FIN_WAIT_1, -ECONNRESET, true },
	{ TCP_STATE_FIN_WAIT_2, -ECONNRESET, true },
	{ TCP_STATE_CLOSE_WAIT, -ECONNRESET, true },
	{ TCP_STATE_CLOSING, 0, false },
	{ TCP_STATE_LAST_ACK, 0, false },
	{ TCP_STATE_TIME_WAIT, 0, false },
};

/* RFC 5961, 3.2: exactly right, within the window, outside of it. */
static void resets_in_each_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(resets) / sizeof(*resets); i++) {
		const struct reset_row *row = &resets[i];
		struct tcp_segment rst = { .flags = TCP_RST };
		struct wire wire;
		uint32_t next;
		size_t before;

		print_message("row: %s\n", tcp_state_text(row->at));
		wire_open(&wire);
		reach(&wire, row->at);
		assert_state(&wire, 0, row->at);
		next = sent(&wire, 0)->ack;
		before = wire_count(&wire, 0);
		rst.seq = next - 1;
		wire_forge(&wire, 0, rst);
		rst.seq = next + 65536 * 8; /* beyond any window */
		wire_forge(&wire, 0, rst);
		assert_state(&wire, 0, row->at);
		assert_int_equal(wire_count(&wire, 0), before);
		rst.seq = next + 1;
		wire_forge(&wire, 0, rst);
		assert_state(&wire, 0, row->at);
		assert_int_equal(wire_count(&wire, 0), before + 1);
		assert_int_equal(sent(&wire, 0)->flags, TCP_ACK);
		assert_int_equal(sent(&wire, 0)->ack, next);
		rst.seq = next;
		wire_forge(&wire, 0, rst);
		assert_state(&wire, 0, TCP_STATE_CLOSED);
		assert_int_equal(tcp_error(wire.tcp[0]), row->error);
		assert_int_equal(wire_count(&wire, 0), before + 1);
		assert_true(tcp_ready(wire.tcp[0]) & TCP_READY_DONE);
		wire_close(&wire);
	}
}

static void aborts_in_each_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(resets) / sizeof(*resets); i++) {
		const struct reset_row *row = &resets[i];
		struct wire wire;
		size_t before;

		print_message("row: %s\n", tcp_state_text(row->at));
		wire_open(&wire);
		reach(&wire, row->at);
		before = wire_count(&wire, 0);
		wire_abort(&wire, 0);
		assert_state(&wire, 0, TCP_STATE_CLOSED);
		assert_int_equal(tcp_error(wire.tcp[0]), -ECONNABORTED);
		assert_int_equal(wire_count(&wire, 0), before + row->tells);
		if (row->tells)
			assert_int_equal(sent(&wire, 0)->flags, TCP_RST | TCP_ACK);
		wire_close(&wire);
	}
}

/* Before it stands there is nobody to tell. */
static void an_attempt_ends_in_silence(void **state)
{
	struct wire wire;

	(void)state;
	for (int how = 0; how < 2; how++) {
		wire_open(&wire);
		wire_connect(&wire, 0);
		if (how)
			wire_user_close(&wire, 0);
		else
			wire_abort(&wire, 0);
		assert_int_equal(wire.sent, 1);
		assert_true(tcp_ready(wire.tcp[0]) & TCP_READY_DONE);
		assert_int_equal(tcp_next_wake(wire.tcp[0]), NEVER);
		wire_close(&wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_side_closes_then_the_other),
		cmocka_unit_test(both_close_at_once),
		cmocka_unit_test(a_half_closed_connection_carries_data),
		cmocka_unit_test(losses_while_closing_are_mended),
		cmocka_unit_test(time_wait_answers_the_fin_again),
		cmocka_unit_test(time_wait_gives_way_to_a_new_syn),
		cmocka_unit_test(no_time_wait_where_none_is_wanted),
		cmocka_unit_test(fin_wait_2_ends),
		cmocka_unit_test(what_is_not_read_is_reset),
		cmocka_unit_test(what_comes_too_late_is_reset),
		cmocka_unit_test(data_outlive_a_reset),
		cmocka_unit_test(resets_in_each_state),
		cmocka_unit_test(aborts_in_each_state),
		cmocka_unit_test(an_attempt_ends_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
