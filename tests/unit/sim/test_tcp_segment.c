/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codec of segments: what is written is read, what is broken is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "sim/virtual/tcp_segment.h"

enum { ROOM = 70000, DATA_OFFSET = 20 + 12 };

static const struct endpoint four[2] = { { { 0, 0xffff0a000001 }, 1000 },
					 { { 0, 0xffff0a000002 }, 2000 } };
static const struct endpoint six[2] = { { { 0xfd00000000000000, 1 }, 1000 },
					{ { 0xfd00000000000000, 2 }, 2000 } };

static uint8_t memory[ROOM];

static struct packet packet(void)
{
	return (struct packet){ .data = memory, .room = sizeof(memory) };
}

static bool read_back(const struct packet *pkt, struct tcp_segment *ret)
{
	struct packet_info info;

	assert_int_equal(packet_parse(pkt, &info), PACKET_OK);
	return tcp_segment_read(pkt, &info, ret);
}

static const struct tcp_segment segments[] = {
	{ .flags = TCP_SYN,
	  .seq = 1,
	  .mss = 1460,
	  .shift = 7,
	  .sack_permitted = true,
	  .window = 65535 },
	{ .flags = TCP_SYN, .seq = 2, .mss = 536, .shift = 0 },
	{ .flags = TCP_SYN | TCP_ACK,
	  .seq = 3,
	  .ack = 4,
	  .sack_permitted = true,
	  .shift = TCP_NO_SHIFT },
	{ .flags = TCP_ACK, .seq = UINT32_MAX, .ack = 1, .shift = TCP_NO_SHIFT, .window = 1 },
	{ .flags = TCP_ACK | TCP_PSH | TCP_FIN,
	  .seq = 5,
	  .ack = 6,
	  .shift = TCP_NO_SHIFT,
	  .payload = (const uint8_t *)"seven b",
	  .len = 7 },
	{ .flags = TCP_ACK,
	  .seq = 8,
	  .ack = 9,
	  .shift = TCP_NO_SHIFT,
	  .sack_len = 4,
	  .sack = { { 10, 11 }, { 12, 13 }, { 14, 15 }, { UINT32_MAX, 3 } } },
	{ .flags = TCP_RST, .seq = 16, .shift = TCP_NO_SHIFT },
};

static void assert_same(const struct tcp_segment *got, const struct tcp_segment *want)
{
	assert_int_equal(got->seq, want->seq);
	assert_int_equal(got->ack, want->ack);
	assert_int_equal(got->flags, want->flags);
	assert_int_equal(got->window, want->window);
	assert_int_equal(got->mss, want->mss);
	assert_int_equal(got->shift, want->shift);
	assert_int_equal(got->sack_permitted, want->sack_permitted);
	assert_int_equal(got->sack_len, want->sack_len);
	for (uint8_t i = 0; i < want->sack_len; i++) {
		assert_int_equal(got->sack[i].start, want->sack[i].start);
		assert_int_equal(got->sack[i].end, want->sack[i].end);
	}
	assert_int_equal(got->len, want->len);
	if (want->len)
		assert_memory_equal(got->payload, want->payload, want->len);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(segments) / sizeof(*segments); i++) {
		const struct tcp_segment *want = &segments[i / 2];
		const struct endpoint *ends = i % 2 ? six : four;
		struct packet pkt = packet();
		struct packet_info info;
		struct tcp_segment got;

		assert_int_equal(tcp_segment_write(want, ends[0], ends[1], 33, &pkt), 0);
		assert_true(packet_checksums_ok(&pkt));
		assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
		assert_int_equal(info.ttl, 33);
		assert_true(endpoint_equal(info.src, ends[0]));
		assert_true(endpoint_equal(info.dst, ends[1]));
		if (info.version == 4)
			assert_true(info.dont_fragment);
		assert_true(tcp_segment_read(&pkt, &info, &got));
		assert_same(&got, want);
	}
}

static void what_does_not_fit_is_not_written(void **state)
{
	struct tcp_segment seg = { .flags = TCP_ACK, .shift = TCP_NO_SHIFT, .payload = memory };
	struct packet pkt = packet();

	(void)state;
	seg.len = 100;
	pkt.room = 139;
	assert_int_equal(tcp_segment_write(&seg, four[0], four[1], 64, &pkt), -ENOSPC);
	pkt.room = 140;
	seg.payload = (const uint8_t *)calloc(1, 100);
	assert_non_null(seg.payload);
	assert_int_equal(tcp_segment_write(&seg, four[0], four[1], 64, &pkt), 0);
	assert_int_equal(pkt.len, 140);
	assert_int_equal(tcp_segment_write(&seg, four[0], six[1], 64, &pkt), -EINVAL);
	free((void *)(uintptr_t)seg.payload);
	pkt.room = sizeof(memory);
	seg.len = 65535 - 40 + 1;
	assert_int_equal(tcp_segment_write(&seg, four[0], four[1], 64, &pkt), -EINVAL);
}

/* RFC 9293, 3.1 and MUST-7: options of any kind, in any order, whole or not. */
static const struct option_row {
	const char *name;
	uint8_t flags;
	uint8_t options[12];
	uint16_t mss;
	uint8_t shift;
	bool sack_permitted;
	uint8_t sack_len;
} options[] = {
	{ "none", TCP_SYN, { 0 }, 0, TCP_NO_SHIFT, false, 0 },
	{ "an MSS", TCP_SYN, { 2, 4, 1, 2 }, 258, TCP_NO_SHIFT, false, 0 },
	{ "not in a SYN", TCP_ACK, { 2, 4, 1, 2, 3, 3, 5, 4, 2 }, 0, TCP_NO_SHIFT, false, 0 },
	{ "an unknown one first", TCP_SYN, { 99, 4, 1, 2, 3, 3, 5 }, 0, 5, false, 0 },
	{ "behind the end", TCP_SYN, { 0, 2, 4, 1, 2 }, 0, TCP_NO_SHIFT, false, 0 },
	{ "NOPs", TCP_SYN, { 1, 1, 1, 2, 4, 1, 2 }, 258, TCP_NO_SHIFT, false, 0 },
	{ "of length 0", TCP_SYN, { 4, 2, 99, 0, 2, 4, 1, 2 }, 0, TCP_NO_SHIFT, true, 0 },
	{ "of length 1", TCP_SYN, { 4, 2, 99, 1, 2, 4, 1, 2 }, 0, TCP_NO_SHIFT, true, 0 },
	{ "an MSS of the wrong length", TCP_SYN, { 2, 3, 1, 4, 2 }, 0, TCP_NO_SHIFT, true, 0 },
	{ "beyond the header",
	  TCP_SYN,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4 },
	  0,
	  TCP_NO_SHIFT,
	  false,
	  0 },
	{ "cut after its kind",
	  TCP_SYN,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 },
	  0,
	  TCP_NO_SHIFT,
	  false,
	  0 },
	{ "half a SACK block", TCP_ACK, { 5, 6, 1, 2, 3, 4 }, 0, TCP_NO_SHIFT, false, 0 },
	{ "a SACK block", TCP_ACK, { 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 0, TCP_NO_SHIFT, false, 1 },
};

static void options_are_read_with_care(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option_row *row = &options[i];
		struct tcp_segment seg = { .flags = row->flags,
					   .shift = TCP_NO_SHIFT,
					   .len = 12,
					   .payload = row->options };
		struct packet pkt = packet();
		struct tcp_segment got;

		print_message("row: %s\n", row->name);
		/* The payload becomes options when the header is said to be longer. */
		assert_int_equal(tcp_segment_write(&seg, four[0], four[1], 64, &pkt), 0);
		memory[DATA_OFFSET] = 8 << 4;
		put_be16(memory + 20 + 16, 0);
		put_be16(memory + 20 + 16,
			 (uint16_t)~checksum_fold(memory + 20, 32,
						  6 + 32 + 0x0a00 + 1 + 0x0a00 + 2));
		assert_true(read_back(&pkt, &got));
		assert_int_equal(got.len, 0);
		assert_int_equal(got.mss, row->mss);
		assert_int_equal(got.shift, row->shift);
		assert_int_equal(got.sack_permitted, row->sack_permitted);
		assert_int_equal(got.sack_len, row->sack_len);
	}
}

static void broken_ones_are_not_read(void **state)
{
	struct tcp_segment seg = { .flags = TCP_ACK, .shift = TCP_NO_SHIFT };
	struct packet pkt = packet();
	struct tcp_segment got;
	struct packet_info info;

	(void)state;
	assert_int_equal(tcp_segment_write(&seg, four[0], four[1], 64, &pkt), 0);
	assert_true(read_back(&pkt, &got));
	memory[20 + 14] ^= 1; /* the window */
	assert_false(read_back(&pkt, &got));
	assert_int_equal(packet_make_udp(&pkt, four[0], four[1], 64, "x", 1), 0);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_false(tcp_segment_read(&pkt, &info, &got));
}

static void they_can_be_described(void **state)
{
	char text[TCP_SEGMENT_TEXT];
	struct tcp_segment seg = { .flags = TCP_SYN | TCP_ACK, .seq = 5, .ack = 9, .window = 100 };

	(void)state;
	assert_string_equal(tcp_segment_describe(&seg, text), "SYN,ACK seq 5 ack 9 win 100 len 0");
	seg = (struct tcp_segment){ .flags = 0xff,
				    .seq = UINT32_MAX,
				    .ack = UINT32_MAX,
				    .window = UINT16_MAX,
				    .len = UINT32_MAX };
	assert_string_equal(tcp_segment_describe(&seg, text),
			    "SYN,FIN,RST,PSH,URG,ACK seq 4294967295 ack 4294967295 win 65535 "
			    "len 4294967295");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(options_are_read_with_care),
		cmocka_unit_test(broken_ones_are_not_read),
		cmocka_unit_test(they_can_be_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
