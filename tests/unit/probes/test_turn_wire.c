/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probes/wire/stun.h"
#include "probes/wire/turn.h"

/* Copied to where nothing stands behind it, so that a sanitizer sees reading over its end. */
static uint8_t *exactly(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	return copy;
}

static void test_channel_data_comes_back(void **state)
{
	static const uint8_t text[] = "0123456789";

	(void)state;
	for (uint16_t len = 0; len <= 10; len++) {
		for (int padded = 0; padded < 2; padded++) {
			struct turn_channel_data data = { 0x4abc, len, text }, back;
			uint8_t out[32];
			size_t n = turn_channel_encode(&data, padded, out, sizeof(out));

			assert_int_equal(n, padded ? 4 + (len + 3) / 4 * 4 : 4 + len);
			assert_int_equal(turn_channel_decode(out, n, &back), 0);
			assert_int_equal(back.channel, 0x4abc);
			assert_int_equal(back.len, len);
			assert_memory_equal(back.bytes, text, len);
			if (padded)
				assert_int_equal(turn_stream_len(out), n);
			assert_int_equal(turn_channel_encode(&data, padded, out, n - 1), 0);
		}
	}
}

static void test_channel_numbers(void **state)
{
	static const struct {
		uint16_t channel;
		bool ok;
	} rows[] = { { 0x3fff, false }, { 0x4000, true },  { 0x7fff, true },
		     { 0x8000, false }, { 0xffff, false }, { 0, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct turn_channel_data data = { rows[i].channel, 0, NULL };
		uint8_t out[4] = { (uint8_t)(rows[i].channel >> 8), (uint8_t)rows[i].channel };

		assert_int_equal(turn_channel_decode(out, 4, &data), rows[i].ok ? 0 : -ENOMSG);
		assert_int_equal(turn_channel_encode(&data, false, out, 4), rows[i].ok ? 4 : 0);
	}
}

static void test_channel_data_cut(void **state)
{
	const uint8_t whole[] = { 0x40, 0x00, 0x00, 0x05, 'v', 'o', 'i', 'c', 'e' };

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		uint8_t *cut = exactly(whole, len);
		struct turn_channel_data data = { .channel = 7 };

		assert_int_equal(turn_channel_decode(cut, len, &data), len < 4 ? -ENOMSG : -EPROTO);
		assert_int_equal(data.channel, 7);
		free(cut);
	}
}

static void test_stream_lengths(void **state)
{
	static const struct {
		uint8_t header[4];
		size_t want;
	} rows[] = {
		{ { 0x00, 0x03, 0x00, 0x00 }, 20 },
		{ { 0x01, 0x13, 0x00, 0x64 }, 120 },
		{ { 0x3f, 0xff, 0xff, 0xfc }, 20 + 65532 },
		{ { 0x00, 0x03, 0x00, 0x02 }, 0 }, /* not a multiple of 4 */
		{ { 0x40, 0x00, 0x00, 0x00 }, 4 },
		{ { 0x4f, 0xff, 0x00, 0x01 }, 8 },
		{ { 0x40, 0x00, 0xff, 0xff }, 4 + 65536 },
		{ { 0x7f, 0xff, 0x00, 0x04 }, 8 },
		{ { 0x80, 0x00, 0x00, 0x04 }, 0 }, /* RTP, perhaps */
		{ { 'G', 'E', 'T', ' ' }, 4 + 0x5420 }, /* as channel 0x4745 it has to be taken */
		{ { 0x16, 0x03, 0x01, 0x02 }, 0 }, /* TLS */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(turn_stream_len(rows[i].header), rows[i].want);
		assert_true(rows[i].want <= TURN_MESSAGE_MAX);
	}
}

static size_t indication(enum stun_class class, uint16_t method, bool data, uint8_t out[128])
{
	const struct endpoint peer = { { 0, 0xffff0b010302 }, 7 };
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(1, 2, transaction);
	stun_begin(&w, out, 128, class, method, transaction);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, peer);
	if (data)
		stun_add(&w, STUN_DATA, "voice", 5);
	return stun_end(&w);
}

static void test_payload_is_found(void **state)
{
	static const struct {
		enum stun_class class;
		uint16_t method;
		bool data, want;
	} rows[] = {
		{ STUN_INDICATION, TURN_SEND, true, true },
		{ STUN_INDICATION, TURN_DATA, true, true },
		{ STUN_INDICATION, TURN_DATA, false, false },
		{ STUN_REQUEST, TURN_SEND, true, false },
		{ STUN_INDICATION, STUN_BINDING, true, false },
	};
	uint8_t out[128];
	const uint8_t *found;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = indication(rows[i].class, rows[i].method, rows[i].data, out);

		assert_int_equal(turn_payload(out, n, &found, &len), rows[i].want);
		if (!rows[i].want)
			continue;
		assert_int_equal(len, 5);
		assert_memory_equal(found, "voice", 5);
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *copy = exactly(out, cut);

			assert_false(turn_payload(copy, cut, &found, &len));
			free(copy);
		}
	}
}

/* Addresses of TURN's are masked as XOR-MAPPED-ADDRESS is. */
static void test_addresses_are_masked(void **state)
{
	static const uint16_t types[] = { STUN_XOR_PEER_ADDRESS, STUN_XOR_RELAYED_ADDRESS };
	const struct endpoint want = { { 0, 0xffff0b010302 }, 50000 };
	uint8_t transaction[STUN_TRANSACTION], out[64];

	(void)state;
	stun_transaction(1, 2, transaction);
	for (int i = 0; i < 2; i++) {
		struct stun_message msg;
		struct stun_writer w;
		struct stun_value v;
		struct endpoint back;

		stun_begin(&w, out, sizeof(out), STUN_SUCCESS, TURN_ALLOCATE, transaction);
		stun_add_address(&w, types[i], want);
		assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
		assert_true(stun_get_address(&msg, types[i], &back));
		assert_true(endpoint_equal(back, want));
		assert_true(stun_find(&msg, types[i], &v));
		assert_memory_equal(v.bytes, "\x00\x01\xe2\x42\x2a\x13\xa7\x40", 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channel_data_comes_back),
		cmocka_unit_test(test_channel_numbers),
		cmocka_unit_test(test_channel_data_cut),
		cmocka_unit_test(test_stream_lengths),
		cmocka_unit_test(test_payload_is_found),
		cmocka_unit_test(test_addresses_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
