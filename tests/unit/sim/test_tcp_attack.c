/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blind attacks and mere confusion: RFC 5961, and what RFC 9293 says of strays. */
#include "tcp_wire.h"

static const struct tcp_segment *sent(const struct wire *wire, int side)
{
	return &wire_last(wire, side, 0)->seg;
}

/* Into a connection of which side 1 has read and answered 100 bytes. */
static const struct forged_row {
	const char *name;
	uint8_t flags;
	uint32_t seq, ack; /* from what side 1 expects next, and has unacknowledged */
	bool challenged;
} forged[] = {
	{ "a SYN in the window (4.2)", TCP_SYN, 10, 0, true },
	{ "a SYN elsewhere", TCP_SYN, UINT32_C(0x40000000), 0, true },
	{ "a SYN with the first number", TCP_SYN, (uint32_t)-101, 0, true },
	{ "a SYN,ACK in the window", TCP_SYN | TCP_ACK, 10, 0, true },
	{ "the SYN,ACK again", TCP_SYN | TCP_ACK, (uint32_t)-101, 0, true },
	{ "an ACK of what was not sent (5.2)", TCP_ACK, 0, 1000, true },
	{ "an ACK from long ago (5.2)", TCP_ACK, 0, (uint32_t)-20000000, true },
	{ "an ACK from lately", TCP_ACK, 0, (uint32_t)-50, false },
	{ "an ACK before the window", TCP_ACK, (uint32_t)-5, 0, true },
	{ "no ACK at all", 0, 0, 0, false },
	{ "a FIN without ACK", TCP_FIN, 0, 0, false },
};

static void forgeries_change_nothing(void **state)
{
	static uint8_t text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(*forged); i++) {
		struct tcp_segment seg = { .flags = forged[i].flags,
					   .window = 65535,
					   .shift = TCP_NO_SHIFT };
		struct wire wire;
		size_t before;

		print_message("row: %s\n", forged[i].name);
		wire_open(&wire);
		wire_handshake(&wire);
		wire_send(&wire, 0, text, 100);
		wire_send(&wire, 1, text, 100);
		wire_run_for(&wire, SEC);
		assert_int_equal(wire_recv(&wire, 1, text, 100), 100);
		before = wire_count(&wire, 1);
		seg.seq = sent(&wire, 1)->ack + forged[i].seq;
		seg.ack = sent(&wire, 0)->ack + forged[i].ack;
		assert_int_equal(wire_forge(&wire, 1, seg), TCP_TAKEN);
		assert_state(&wire, 1, TCP_STATE_ESTABLISHED);
		assert_int_equal(wire_count(&wire, 1), before + forged[i].challenged);
		assert_int_equal(tcp_stats(wire.tcp[1])->challenges, forged[i].challenged);
		if (forged[i].challenged) {
			assert_int_equal(sent(&wire, 1)->flags, TCP_ACK);
			assert_int_equal(sent(&wire, 1)->ack, wire_last(&wire, 1, 1)->seg.ack);
		}
		/* The real ones notice nothing. */
		wire_send(&wire, 0, text, 100);
		wire_run_for(&wire, SEC);
		assert_int_equal(wire_recv(&wire, 1, text, 100), 100);
		wire_close(&wire);
	}
}

/* Section 7: ten a second, and ten more in the next. */
static void challenges_are_limited(void **state)
{
	struct wire wire;
	struct tcp_segment syn = { .flags = TCP_SYN, .shift = TCP_NO_SHIFT };
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire.now = 5 * SEC;
	before = wire_count(&wire, 1);
	for (int i = 0; i < 100; i++)
		wire_forge(&wire, 1, syn);
	assert_int_equal(wire_count(&wire, 1), before + 10);
	wire.now = 6 * SEC - 1;
	wire_forge(&wire, 1, syn);
	assert_int_equal(wire_count(&wire, 1), before + 10);
	wire.now = 6 * SEC;
	wire_forge(&wire, 1, syn);
	assert_int_equal(wire_count(&wire, 1), before + 11);
	wire_close(&wire);
}

/* Two that have lost each other must not answer each other's ACKs for ever. */
static void no_war_of_acks(void **state)
{
	struct wire wire;
	size_t before;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	before = wire.sent;
	for (int side = 0; side < 2; side++) {
		struct tcp_segment stray = { .flags = TCP_ACK,
					     .seq = sent(&wire, side)->ack - 1000,
					     .ack = sent(&wire, !side)->ack };

		wire_forge(&wire, side, stray);
	}
	wire_run_for(&wire, 10 * SEC);
	assert_true(wire.sent - before <= 4);
	wire_close(&wire);
}

/* RFC 9293, 3.8.4: what a keepalive of the peer's looks like. */
static void a_keepalive_is_answered(void **state)
{
	struct wire wire;
	struct tcp_segment alive = { .flags = TCP_ACK, .window = 65535 };

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	wire_run_for(&wire, 7200 * SEC);
	alive.seq = sent(&wire, 0)->seq - 1;
	alive.ack = sent(&wire, 0)->ack;
	wire_forge(&wire, 1, alive);
	assert_int_equal(wire_last(&wire, 1, 0)->at, wire.now);
	assert_int_equal(sent(&wire, 1)->ack, sent(&wire, 0)->seq);
	wire_close(&wire);
}

/* A peer that SACKs and then forgets (RFC 2018, section 8) still gets everything. */
static void a_peer_that_reneges(void **state)
{
	static uint8_t much[14600];
	struct tcp_segment ack = { .flags = TCP_ACK, .window = 8192 };
	struct wire wire;
	uint32_t first;

	(void)state;
	wire_open(&wire);
	wire_handshake(&wire);
	first = sent(&wire, 0)->seq;
	ack.seq = sent(&wire, 0)->ack;
	wire.cut[0] = true;
	wire_send(&wire, 0, much, sizeof(much));
	wire.cut[0] = false;
	ack.ack = first;
	ack.sack_len = 1;
	ack.sack[0] = (struct tcp_range){ first + 1460, first + 14600 };
	wire_forge(&wire, 0, ack); /* The first segment goes again, and no other. */
	assert_int_equal(sent(&wire, 0)->seq, first);
	wire_run_for(&wire, 100 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 13140);
	wire_run_for(&wire, 10 * SEC);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 0);
	assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, sizeof(much));
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgeries_change_nothing),
		cmocka_unit_test(challenges_are_limited),
		cmocka_unit_test(no_war_of_acks),
		cmocka_unit_test(a_keepalive_is_answered),
		cmocka_unit_test(a_peer_that_reneges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
