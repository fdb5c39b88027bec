/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in a stream (RFC 4571), there and back, and cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "probes/wire/framed.h"

static void test_round_trip(void **state)
{
	static const size_t lens[] = { 0, 1, 255, 256, 1500, FRAMED_MAX };
	static uint8_t in[FRAMED_MAX], out[FRAMED_PREFIX + FRAMED_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const uint8_t *back;
		size_t len;

		assert_int_equal(framed_encode(in, lens[i], out, sizeof(out)),
				 lens[i] + FRAMED_PREFIX);
		assert_int_equal(out[0] << 8 | out[1], lens[i]);
		assert_int_equal(framed_decode(out, sizeof(out), &back, &len),
				 lens[i] + FRAMED_PREFIX);
		assert_int_equal(len, lens[i]);
		assert_memory_equal(back, in, len);
		for (size_t cut = 0; cut < lens[i] + FRAMED_PREFIX; cut++)
			assert_int_equal(framed_decode(out, cut, &back, &len), 0);
	}
}

static void test_no_room(void **state)
{
	static uint8_t in[FRAMED_MAX + 1], out[FRAMED_PREFIX + FRAMED_MAX + 1];

	(void)state;
	assert_int_equal(framed_encode(in, FRAMED_MAX + 1, out, sizeof(out)), 0);
	for (size_t room = 0; room < FRAMED_PREFIX + 5; room++)
		assert_int_equal(framed_encode(in, 5, out, room), 0);
	assert_int_equal(framed_encode(in, 5, out, FRAMED_PREFIX + 5), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
