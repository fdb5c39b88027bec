/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is lost, overtaken, sent twice, or too large for the way. */
#include "tcp_wire.h"

#include <errno.h>
#include <string.h>

enum { MSS = 1460 };

static uint8_t much[1 << 20];

static const struct tcp_segment *sent(const struct wire *wire, int side)
{
	return &wire_last(wire, side, 0)->seg;
}

static void fill_much(void)
{
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = wire_byte(0, i);
}

/* Side 1 must have got the first @len bytes of `much`, and not more. */
static void assert_got(struct wire *wire, size_t len)
{
	static uint8_t bytes[sizeof(much)];

	if (len)
		assert_int_equal(wire_recv(wire, 1, bytes, sizeof(bytes)), len);
	assert_int_equal(wire_recv(wire, 1, bytes + len, 1), -EAGAIN);
	assert_memory_equal(bytes, much, len);
}

static const struct loss_row {
	const char *name;
	bool no_sack;
	uint32_t lost; /* a bit for each of the ten segments of the first flight */
	unsigned again, timeouts, recoveries; /* what it takes */
} losses[] = {
	{ "none", false, 0, 0, 0, 0 },
	{ "the first, SACK", false, 1, 1, 0, 1 },
	{ "the first, NewReno", true, 1, 1, 0, 1 },
	{ "three apart, SACK", false, 1 | 4 | 16, 3, 0, 1 },
	{ "three apart, NewReno", true, 1 | 4 | 16, 3, 0, 1 },
	{ "three together, SACK", false, 2 | 4 | 8, 3, 0, 1 },
	{ "three together, NewReno", true, 2 | 4 | 8, 3, 0, 1 },
	{ "the last: nothing tells", false, 512, 1, 1, 0 },
	{ "the last, NewReno", true, 512, 1, 1, 0 },
	{ "two near the end", false, 64 | 256, 2, 1, 0 },
	{ "all: nothing tells", false, 1023, 10, 1, 0 },
};

/* RFC 5681, 3.2; RFC 6582; RFC 6675: what is lost is sent again once, and nothing else. */
static void fast_recovery(void **state)
{
	(void)state;
	fill_much();
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		const struct loss_row *row = &losses[i];
		const struct tcp_stats *stats;
		struct wire wire;

		print_message("row: %s\n", row->name);
		wire_open(&wire);
		wire.config[0].no_sack = row->no_sack;
		wire_handshake(&wire);
		stats = tcp_stats(wire.tcp[0]);
		for (unsigned n = 0; n < 10; n++) {
			wire.cut[0] = row->lost & (1U << n);
			wire_send(&wire, 0, much + n * MSS, MSS);
		}
		wire.cut[0] = false;
		wire_run_for(&wire, row->timeouts ? 2 * SEC : 200 * MSEC);
		assert_got(&wire, 10 * MSS);
		assert_int_equal(stats->retransmitted, row->again);
		assert_int_equal(stats->timeouts, row->timeouts);
		assert_int_equal(stats->fast_recoveries, row->recoveries);
		/* Karn: what was sent again has told nothing of the round trip. */
		if (row->lost & 1)
			assert_int_equal(tcp_view(wire.tcp[0]).srtt_ns, 20 * MSEC);
		wire_close(&wire);
	}
}

/* A gap that is filled is told of at once, whatever may still be delayed (RFC 5681, 4.2). */
static void a_filled_gap_is_acknowledged(void **state)
{
	struct wire wire;
	uint64_t at;

	(void)state;
	fill_much();
	wire_open(&wire);
	wire_handshake(&wire);
	wire.config[1].delayed_ack_ns = 500 * MSEC;
	wire.cut[0] = true;
	wire_send(&wire, 0, much, 100);
	wire.cut[0] = false;
	wire.config[0].nodelay = true;
	wire_send(&wire, 0, much + 100, 100);
	wire_send(&wire, 0, much + 200, 1000);
	wire_run_for(&wire, 220 * MSEC); /* The first goes again; it brings the second along. */
	at = wire_last(&wire, 0, 0)->at;
	wire_run_for(&wire, 20 * MSEC);
	assert_int_equal(wire_last(&wire, 1, 0)->at, at + 10 * MSEC);
	assert_int_equal(tcp_view(wire.tcp[0]).in_flight, 0);
	wire_close(&wire);
}

/* There is nothing after a FIN, even where it came before what is before it. */
static void nothing_comes_after_a_fin(void **state)
{
	struct wire wire;
	struct tcp_segment seg = { .flags = TCP_ACK, .window = 65535 };
	uint32_t first;

	(void)state;
	fill_much();
	wire_open(&wire);
	wire_handshake(&wire);
	first = sent(&wire, 0)->seq;
	seg.ack = sent(&wire, 0)->ack;
	seg.seq = first + 100;
	seg.flags = TCP_ACK | TCP_FIN;
	wire_forge(&wire, 1, seg);
	seg.flags = TCP_ACK;
	seg.payload = much;
	seg.len = 150;
	seg.seq = first;
	wire_forge(&wire, 1, seg);
	assert_state(&wire, 1, TCP_STATE_CLOSE_WAIT);
	assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 100);
	assert_int_equal(sent(&wire, 1)->ack, first + 101);
	wire_close(&wire);
}

/* Pieces in any order, overlapping, some twice: side 1 gets them from us, one by one. */
static void reassembly(void **state)
{
	static const struct {
		unsigned from, to; /* in units of 100 bytes */
		unsigned next; /* what is acknowledged then */
		unsigned blocks; /* SACKed */
	} rows[] = {
		{ 10, 20, 0, 1 }, { 30, 40, 0, 2 },  { 50, 60, 0, 3 },	{ 70, 80, 0, 4 },
		{ 90, 99, 0, 4 }, { 15, 35, 0, 4 },  { 10, 20, 0, 4 },	{ 0, 5, 5, 4 },
		{ 0, 12, 40, 3 }, { 39, 51, 60, 2 }, { 20, 60, 60, 2 }, { 60, 95, 99, 0 },
	};
	struct wire wire;
	uint32_t first;

	(void)state;
	fill_much();
	wire_open(&wire);
	wire_handshake(&wire);
	first = sent(&wire, 0)->seq;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcp_segment seg = {
			.flags = TCP_ACK,
			.seq = first + rows[i].from * 100,
			.ack = sent(&wire, 0)->ack,
			.window = 65535,
			.payload = much + rows[i].from * 100,
			.len = (rows[i].to - rows[i].from) * 100,
		};

		wire_forge(&wire, 1, seg);
		wire_run_for(&wire, 50 * MSEC); /* where the ACK is delayed */
		assert_int_equal(sent(&wire, 1)->ack, first + rows[i].next * 100);
		assert_int_equal(sent(&wire, 1)->sack_len, rows[i].blocks);
		/* RFC 2018, section 4: the first tells of what has just come. */
		if (rows[i].blocks && rows[i].from > rows[i].next)
			assert_true(sent(&wire, 1)->sack[0].start - first <= rows[i].from * 100 &&
				    sent(&wire, 1)->sack[0].end - first >= rows[i].to * 100);
	}
	assert_got(&wire, 9900);
	wire_close(&wire);
}

/* Every other byte: no more is kept of them than is good. */
static void reassembly_is_bounded(void **state)
{
	struct wire wire;
	uint32_t first;

	(void)state;
	fill_much();
	wire_open(&wire);
	wire_handshake(&wire);
	first = sent(&wire, 0)->seq;
	for (unsigned i = 4000; i > 0; i -= 2) {
		struct tcp_segment seg = { .flags = TCP_ACK,
					   .seq = first + i,
					   .ack = sent(&wire, 0)->ack,
					   .window = 65535,
					   .payload = much + i,
					   .len = 1 };

		wire_forge(&wire, 1, seg);
	}
	assert_true(tcp_view(wire.tcp[1]).memory < 16 * 1024);
	wire_send(&wire, 0, much, 8000);
	wire_run_for(&wire, 10 * SEC);
	assert_got(&wire, 8000);
	wire_close(&wire);
}

/* What lies outside of the window is not taken, and is answered (RFC 9293, 3.10.7.4). */
static void old_duplicates_and_strays(void **state)
{
	static const struct {
		const char *name;
		uint32_t off, len;
		size_t kept;
	} rows[] = {
		{ "old", (uint32_t)-100, 100, 0 },
		{ "older than the window is wide", (uint32_t)-1000000, 100, 0 },
		{ "half the sequence space away", UINT32_C(0x80000000), 100, 0 },
		{ "from the window's edge on", 262144, 100, 0 },
		{ "partly old", (uint32_t)-40, 100, 60 },
	};

	(void)state;
	fill_much();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcp_segment seg = { .flags = TCP_ACK, .window = 65535, .len = rows[i].len };
		struct wire wire;
		size_t before;

		print_message("row: %s\n", rows[i].name);
		wire_open(&wire);
		wire_handshake(&wire);
		wire_send(&wire, 0, much, 100);
		wire_run_for(&wire, 100 * MSEC);
		assert_got(&wire, 100);
		before = wire_count(&wire, 1);
		seg.seq = sent(&wire, 1)->ack + rows[i].off;
		seg.ack = sent(&wire, 0)->ack;
		seg.payload = much;
		wire_forge(&wire, 1, seg);
		assert_int_equal(wire_count(&wire, 1), before + 1);
		assert_int_equal(sent(&wire, 1)->flags, TCP_ACK);
		assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, rows[i].kept);
		wire_close(&wire);
	}
}

static void the_sequence_space_is_round(void **state)
{
	static const uint32_t starts[] = { 0xffffff00, 0xffffffff, 0x7fffff00, 0x80000000, 0 };

	(void)state;
	fill_much();
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct wire wire;

		wire_open(&wire);
		wire_connect(&wire, 0);
		/* Until the clock that initial numbers follow has come to this one. */
		wire_drop_flying(&wire);
		tcp_free(wire.tcp[0]);
		wire.now += TCP_ISN_TICK_NS * (uint64_t)(uint32_t)(starts[i] - wire.log[0].seg.seq);
		wire_handshake(&wire);
		assert_int_equal(wire.log[1].seg.seq, starts[i]);
		wire.seed = i;
		wire.loss_ppm = 50000;
		wire.jitter_ns = 5 * MSEC;
		assert_int_equal(wire_send(&wire, 0, much, 200000), 200000);
		wire_shutdown(&wire, 0);
		wire_run_for(&wire, 200 * SEC);
		assert_state(&wire, 0, TCP_STATE_FIN_WAIT_2);
		assert_int_equal(tcp_view(wire.tcp[1]).buffered_in, 200000);
		wire_close(&wire);
	}
}

/* RFC 1191: a narrower way is found out in the middle of a transfer, and nothing is lost by it. */
static void a_narrower_way(void **state)
{
	static const struct {
		const char *name;
		uint16_t mtu, mss;
	} rows[] = { { "576", 576, 536 }, { "1280", 1280, 1240 }, { "68", 68, 28 } };

	(void)state;
	fill_much();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct wire wire;

		print_message("row: %s\n", rows[i].name);
		wire_open(&wire);
		wire_handshake(&wire);
		assert_int_equal(wire_send(&wire, 0, much, 200000), 200000);
		wire_run_for(&wire, 35 * MSEC);
		wire.mtu[0] = rows[i].mtu;
		wire_run_for(&wire, 2 * SEC);
		assert_int_equal(tcp_path_mtu(wire.tcp[0]), rows[i].mtu);
		assert_int_equal(tcp_view(wire.tcp[0]).mss, rows[i].mss);
		assert_int_equal(tcp_stats(wire.tcp[0])->timeouts, 0);
		assert_got(&wire, 200000);
		wire_close(&wire);
	}
}

static const struct mtu_row {
	const char *name;
	uint32_t off; /* of the quoted sequence number, from what is in flight */
	uint16_t mtu, want;
} mtus[] = {
	{ "as told", 0, 1000, 1000 },
	{ "a router that does not say", 0, 0, 1492 },
	{ "no wider than before", 0, 9000, 1500 },
	{ "less than IP allows", 0, 20, 68 },
	{ "forged: what was acknowledged", UINT32_MAX, 1000, 1500 },
	{ "forged: what was not sent", 1460, 1000, 1500 },
};

static void path_mtu_is_minded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mtus) / sizeof(*mtus); i++) {
		struct wire wire;

		print_message("row: %s\n", mtus[i].name);
		wire_open(&wire);
		wire_handshake(&wire);
		wire_send(&wire, 0, much, 1460);
		tcp_set_path_mtu(wire.tcp[0], sent(&wire, 0)->seq + mtus[i].off, mtus[i].mtu,
				 wire.now);
		assert_int_equal(tcp_path_mtu(wire.tcp[0]), mtus[i].want);
		wire_pump(&wire, 0);
		wire_close(&wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fast_recovery),
		cmocka_unit_test(a_filled_gap_is_acknowledged),
		cmocka_unit_test(nothing_comes_after_a_fin),
		cmocka_unit_test(reassembly),
		cmocka_unit_test(reassembly_is_bounded),
		cmocka_unit_test(old_duplicates_and_strays),
		cmocka_unit_test(the_sequence_space_is_round),
		cmocka_unit_test(a_narrower_way),
		cmocka_unit_test(path_mtu_is_minded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
