/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams both ways over bad wires: no byte may be lost or wrong, and it must come to an end. */
#include "tcp_wire.h"

#include <errno.h>
#include <string.h>

enum { CHUNK = 8192 };

struct stream {
	uint64_t len;
	uint64_t sent[2];
	uint64_t received[2]; /* by that side */
};

/* What a user does who always has something to say, and always listens. */
static void serve(struct wire *wire, struct stream *stream, int side)
{
	uint8_t bytes[CHUNK];
	long n;

	while (stream->sent[side] < stream->len) {
		uint64_t left = stream->len - stream->sent[side];
		size_t len = left < CHUNK ? (size_t)left : CHUNK;

		wire_bytes(side, stream->sent[side], bytes, len);
		n = wire_send(wire, side, bytes, len);
		if (n == -EAGAIN)
			break;
		assert_true(n > 0);
		stream->sent[side] += (uint64_t)n;
		if (stream->sent[side] == stream->len)
			wire_shutdown(wire, side);
	}
	while ((n = wire_recv(wire, side, bytes, sizeof(bytes))) > 0) {
		if (!wire_bytes_ok(!side, stream->received[side], bytes, (size_t)n))
			fail_msg("side %d: wrong after byte %lu", side,
				 (unsigned long)stream->received[side]);
		stream->received[side] += (uint64_t)n;
	}
	assert_true(n == 0 || n == -EAGAIN);
}

static bool is_over(const struct wire *wire, const struct stream *stream)
{
	for (int side = 0; side < 2; side++)
		if (stream->received[side] < stream->len ||
		    tcp_state(wire->tcp[side]) < TCP_STATE_TIME_WAIT)
			return tcp_state(wire->tcp[side]) == TCP_STATE_CLOSED &&
			       stream->received[side] == stream->len;
	return true;
}

static void exchange(struct wire *wire, uint64_t len, uint64_t limit)
{
	struct stream stream = { .len = len };
	uint64_t end = wire->now + limit;
	bool over = false;

	do {
		serve(wire, &stream, 0);
		serve(wire, &stream, 1);
		over = is_over(wire, &stream);
	} while (!over && wire_step(wire, end));
	if (!over)
		print_message("at %lu ms: sent %lu, %lu; received %lu, %lu of %lu\n",
			      (unsigned long)(wire->now / MSEC), (unsigned long)stream.sent[0],
			      (unsigned long)stream.sent[1], (unsigned long)stream.received[0],
			      (unsigned long)stream.received[1], (unsigned long)len);
	assert_true(over);
	assert_int_equal(stream.received[0], len);
	assert_int_equal(stream.received[1], len);
	assert_int_equal(tcp_error(wire->tcp[0]), 0);
	assert_int_equal(tcp_error(wire->tcp[1]), 0);
}

struct row {
	const char *name;
	uint32_t loss_ppm, duplicate_ppm;
	uint64_t jitter_ns;
	bool no_sack, no_scaling;
	uint64_t len;
	uint64_t limit; /* of virtual time */
};

static const struct row rows[] = {
	{ .name = "a perfect wire", .len = 10 << 20, .limit = 20 * SEC },
	{ .name = "no window scaling", .no_scaling = true, .len = 2 << 20, .limit = 20 * SEC },
	{ .name = "reordering", .jitter_ns = 3 * MSEC, .len = 2 << 20, .limit = 200 * SEC },
	{ .name = "duplicates", .duplicate_ppm = 200000, .len = 2 << 20, .limit = 60 * SEC },
	{ .name = "5 % loss, SACK", .loss_ppm = 50000, .len = 2 << 20, .limit = 400 * SEC },
	{ .name = "5 % loss, NewReno",
	  .loss_ppm = 50000,
	  .no_sack = true,
	  .len = 2 << 20,
	  .limit = 1200 * SEC },
	{ .name = "5 % loss, reordering, duplicates, SACK",
	  .loss_ppm = 50000,
	  .duplicate_ppm = 20000,
	  .jitter_ns = 3 * MSEC,
	  .len = 10 << 20,
	  .limit = 800 * SEC },
	{ .name = "5 % loss, reordering, duplicates, NewReno",
	  .loss_ppm = 50000,
	  .duplicate_ppm = 20000,
	  .jitter_ns = 3 * MSEC,
	  .no_sack = true,
	  .len = 10 << 20,
	  .limit = 2000 * SEC },
	{ .name = "30 % loss", .loss_ppm = 300000, .len = 64 << 10, .limit = 4000 * SEC },
};

static void it_arrives_whole(void **state)
{
	const struct row *row = *state;
	static struct wire wire;
	const struct tcp_stats *stats[2];

	wire_open(&wire);
	for (int side = 0; side < 2; side++) {
		wire.config[side].no_sack = row->no_sack;
		wire.config[side].no_scaling = row->no_scaling;
		wire.config[side].data_retries = 100;
	}
	wire_handshake(&wire);
	wire.loss_ppm = row->loss_ppm;
	wire.duplicate_ppm = row->duplicate_ppm;
	wire.jitter_ns = row->jitter_ns;
	exchange(&wire, row->len, row->limit);
	for (int side = 0; side < 2; side++)
		stats[side] = tcp_stats(wire.tcp[side]);
	print_message("  %lu ms; segments %u, %u; again %u, %u; timeouts %u, %u\n",
		      (unsigned long)(wire.now / MSEC), stats[0]->segments_out,
		      stats[1]->segments_out, stats[0]->retransmitted, stats[1]->retransmitted,
		      stats[0]->timeouts, stats[1]->timeouts);
	wire_close(&wire);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = it_arrives_whole,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
