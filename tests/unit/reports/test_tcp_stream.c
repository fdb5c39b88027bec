/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames inside TCP, however the stream was cut: through a whole verdict, for what matters
 * is that none is missed or counted twice.
 */
#include "forge.h"

#include "reports/tcp_stream.h"

enum { PREFIX = 9, FRAMES = 40, PADDING = 132, ISN = -70 }; /* sequence numbers wrap on the way */

/* A stream as a relay sends it: a few bytes of its own before each frame. */
static size_t make_stream(uint8_t *bytes, size_t room)
{
	static const uint8_t prefix[PREFIX] = { 0, 0xa0, 'H', 'E', 'L', 'H', 'V', 'O', 'I' };
	size_t len = 0;

	for (uint32_t i = 0; i < FRAMES; i++) {
		const struct talk frame = { .kind = TALK_VOICE,
					    .token = 7,
					    .method = METHOD_RELAY,
					    .padding = PADDING,
					    .sequence = i };

		memcpy(bytes + len, prefix, sizeof(prefix));
		len += sizeof(prefix);
		len += talk_encode(&frame, bytes + len, room - len);
	}
	return len;
}

struct seen {
	unsigned count;
	bool in_order;
};

static int see(void *arg, const struct talk *frame)
{
	struct seen *seen = arg;

	if (frame->sequence != seen->count)
		seen->in_order = false;
	seen->count++;
	return 0;
}

struct feed {
	struct tcp_streams *streams;
	const uint8_t *bytes;
	struct seen seen;
};

static void feed_segment(struct feed *feed, size_t from, size_t len, uint8_t flags)
{
	struct packet pkt = { .data = (uint8_t *)feed->bytes + from };
	const struct packet_info info = {
		.protocol = IP_PROTO_TCP,
		.tcp_flags = flags,
		.payload_len = (uint32_t)len,
		.tcp_seq = (uint32_t)ISN + 1 + (uint32_t)from - (flags & TCP_SYN ? 1 : 0),
		.src = { ip_addr_v4(1), 1 },
		.dst = { ip_addr_v4(2), 2 },
	};

	assert_int_equal(tcp_streams_segment(feed->streams, 0, PCAPNG_OUTBOUND, &pkt, &info, see,
					     &feed->seen),
			 0);
}

static const struct row {
	const char *name;
	size_t segment; /* bytes of each */
	bool swap; /* every second one first */
	bool again; /* each sent twice, the second time with its neighbour */
	bool late; /* the capture began after the SYN */
	bool syn_again; /* the SYN is sent again in the middle */
} rows[] = {
	{ .name = "a byte a segment", .segment = 1 },
	{ .name = "a frame cut in each header", .segment = 27 },
	{ .name = "just a message a segment", .segment = PREFIX + TALK_HEADER + PADDING },
	{ .name = "a message and a byte", .segment = PREFIX + TALK_HEADER + PADDING + 1 },
	{ .name = "a whole stream in one super-packet", .segment = 60000 },
	{ .name = "out of order", .segment = 100, .swap = true },
	{ .name = "sent again", .segment = 100, .again = true },
	{ .name = "out of order and sent again", .segment = 77, .swap = true, .again = true },
	{ .name = "no SYN seen", .segment = 500, .late = true },
	{ .name = "a SYN twice", .segment = 500, .syn_again = true },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	static uint8_t bytes[FRAMES * (PREFIX + TALK_HEADER + PADDING)];
	struct feed feed = { .bytes = bytes, .seen.in_order = true };
	size_t len = make_stream(bytes, sizeof(bytes));
	size_t step = row->swap ? 2 * row->segment : row->segment;

	assert_int_equal(len, sizeof(bytes));
	assert_int_equal(tcp_streams_new(&feed.streams), 0);
	if (!row->late)
		feed_segment(&feed, 0, 0, TCP_SYN);
	for (size_t at = 0; at < len; at += step) {
		size_t first = len - at < row->segment ? len - at : row->segment;
		size_t both = len - at < 2 * row->segment ? len - at : 2 * row->segment;

		if (row->swap && both > first)
			feed_segment(&feed, at + first, both - first, TCP_ACK);
		feed_segment(&feed, at, first, TCP_ACK);
		if (row->again)
			feed_segment(&feed, at, both, TCP_ACK);
		if (row->syn_again)
			feed_segment(&feed, 0, 0, TCP_SYN | TCP_ACK);
	}
	assert_int_equal(feed.seen.count, FRAMES);
	assert_true(feed.seen.in_order);
	tcp_streams_free(feed.streams);
}

/* A segment that no tap saw costs the frames that it held, and no more. */
static void test_gap_is_given_up(void **state)
{
	enum { BIG = 4 << 20, LAST = 300 };
	uint8_t *bytes = calloc(1, BIG);
	struct feed feed = { .bytes = bytes };
	const struct talk frame = { .kind = TALK_HELLO, .token = 7, .method = METHOD_RELAY };

	(void)state;
	assert_non_null(bytes);
	talk_encode(&frame, bytes + BIG - LAST, LAST);
	assert_int_equal(tcp_streams_new(&feed.streams), 0);
	feed_segment(&feed, 0, 0, TCP_SYN);
	for (size_t at = 1000; at < BIG; at += 50000)
		feed_segment(&feed, at, BIG - at < 50000 ? BIG - at : 50000, TCP_ACK);
	assert_int_equal(feed.seen.count, 1);
	tcp_streams_free(feed.streams);
	free(bytes);
}

/* A new connection between the same endpoints starts over. */
static void test_new_connection(void **state)
{
	uint8_t bytes[64];
	struct feed feed = { .bytes = bytes };
	const struct talk frame = { .kind = TALK_HELLO, .token = 7, .method = METHOD_RELAY };
	struct packet pkt = { .data = bytes };
	struct packet_info info = { .tcp_flags = TCP_SYN, .tcp_seq = 5000000 };
	size_t len = talk_encode(&frame, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(tcp_streams_new(&feed.streams), 0);
	feed_segment(&feed, 0, 0, TCP_SYN);
	feed_segment(&feed, 0, 20, TCP_ACK);
	info.src = (struct endpoint){ ip_addr_v4(1), 1 };
	info.dst = (struct endpoint){ ip_addr_v4(2), 2 };
	assert_int_equal(
		tcp_streams_segment(feed.streams, 0, PCAPNG_OUTBOUND, &pkt, &info, see, &feed.seen),
		0);
	info.tcp_flags = TCP_ACK;
	info.tcp_seq++;
	info.payload_len = (uint32_t)len;
	assert_int_equal(
		tcp_streams_segment(feed.streams, 0, PCAPNG_OUTBOUND, &pkt, &info, see, &feed.seen),
		0);
	assert_int_equal(feed.seen.count, 1);
	tcp_streams_free(feed.streams);
}

/* A second SYN with another number, as where two paths end at one endpoint, ends nothing: the first
 * connection goes on. */
static void test_two_syns(void **state)
{
	uint8_t bytes[TALK_MAX];
	struct feed feed = { .bytes = bytes };
	const struct talk frame = { .kind = TALK_HELLO, .token = 7, .method = METHOD_TCP_DIRECT };
	struct packet pkt = { .data = bytes };
	const struct packet_info other = {
		.protocol = IP_PROTO_TCP,
		.tcp_flags = TCP_SYN,
		.tcp_seq = 5000000,
		.src = { ip_addr_v4(1), 1 },
		.dst = { ip_addr_v4(2), 2 },
	};
	size_t len = talk_encode(&frame, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(tcp_streams_new(&feed.streams), 0);
	feed_segment(&feed, 0, 0, TCP_SYN);
	assert_int_equal(tcp_streams_segment(feed.streams, 0, PCAPNG_OUTBOUND, &pkt, &other, see,
					     &feed.seen),
			 0);
	feed_segment(&feed, 0, len, TCP_ACK);
	assert_int_equal(feed.seen.count, 1);
	tcp_streams_free(feed.streams);
}

int main(void)
{
	enum { FIXED = 3, ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[FIXED + ROWS] = {
		cmocka_unit_test(test_gap_is_given_up),
		cmocka_unit_test(test_new_connection),
		cmocka_unit_test(test_two_syns),
	};

	for (size_t i = 0; i < ROWS; i++)
		tests[FIXED + i] = (struct CMUnitTest){ .name = rows[i].name,
							.test_func = test_row,
							.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
