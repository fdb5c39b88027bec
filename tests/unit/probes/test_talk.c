/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probes/wire/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct talk hello = {
	.kind = TALK_HELLO,
	.token = 0x0102030405060708,
	.method = METHOD_PUNCH,
	.role = TALK_CALLEE,
	.padding = 3,
	.sequence = 0x0a0b0c0d,
	.sent_at = 0x1112131415161718,
};

/* The diagram in talk.h, byte by byte. */
static const uint8_t hello_bytes[] = {
	'H',  'E',  'L',  'O',	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x02, 0x01, 0x00, 0x03, 0x0a, 0x0b, 0x0c, 0x0d, 0x11, 0x12,
	0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x00, 0x00, 0x00,
};

static void test_the_diagram(void **state)
{
	uint8_t bytes[sizeof(hello_bytes) + 1];
	struct talk back;

	(void)state;
	assert_int_equal(talk_encode(&hello, bytes, sizeof(bytes)), sizeof(hello_bytes));
	assert_memory_equal(bytes, hello_bytes, sizeof(hello_bytes));
	assert_int_equal(talk_decode(hello_bytes, sizeof(hello_bytes), &back), sizeof(hello_bytes));
	assert_int_equal(back.kind, hello.kind);
	assert_true(back.token == hello.token);
	assert_int_equal(back.method, hello.method);
	assert_int_equal(back.role, hello.role);
	assert_int_equal(back.padding, hello.padding);
	assert_int_equal(back.sequence, hello.sequence);
	assert_true(back.sent_at == hello.sent_at);
}

static void test_cut_anywhere(void **state)
{
	uint8_t bytes[sizeof(hello_bytes)];
	struct talk back = { .sequence = 77 };

	(void)state;
	for (size_t len = 0; len < sizeof(hello_bytes); len++) {
		assert_int_equal(talk_decode(hello_bytes, len, &back), 0);
		assert_int_equal(talk_encode(&hello, bytes, len), 0);
	}
	assert_int_equal(back.sequence, 77);
}

/* The family is the method's highest bit, and IPv4's frames are what they were without it. */
static void test_family(void **state)
{
	struct talk six = hello, back;
	uint8_t bytes[sizeof(hello_bytes)];

	(void)state;
	six.family = FAMILY_IPV6;
	assert_int_equal(talk_encode(&six, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(bytes[12], 0x80 | METHOD_PUNCH);
	assert_int_equal(talk_decode(bytes, sizeof(bytes), &back), sizeof(bytes));
	assert_int_equal(back.family, FAMILY_IPV6);
	assert_int_equal(back.method, METHOD_PUNCH);
	assert_int_equal(talk_decode(hello_bytes, sizeof(hello_bytes), &back), sizeof(bytes));
	assert_int_equal(back.family, FAMILY_IPV4);
}

/* A frame stands in a stream with more behind it. */
static void test_more_behind_it(void **state)
{
	uint8_t bytes[2 * sizeof(hello_bytes)];
	struct talk back;

	(void)state;
	memcpy(bytes, hello_bytes, sizeof(hello_bytes));
	memcpy(bytes + sizeof(hello_bytes), hello_bytes, sizeof(hello_bytes));
	assert_int_equal(talk_decode(bytes, sizeof(bytes), &back), sizeof(hello_bytes));
}

static void test_no_frame(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = { { 0, 'h' },  { 3, 'P' }, { 12, METHOD_COUNT }, { 12, 0x80 | METHOD_COUNT },
		     { 12, 255 }, { 13, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[sizeof(hello_bytes)];
		struct talk back;

		memcpy(bytes, hello_bytes, sizeof(bytes));
		bytes[rows[i].at] = rows[i].value;
		assert_int_equal(talk_decode(bytes, sizeof(bytes), &back), 0);
	}
}

static void test_the_longest(void **state)
{
	uint8_t bytes[TALK_MAX + 1] = { 0 };
	struct talk frame = hello;

	(void)state;
	frame.padding = TALK_MAX - TALK_HEADER;
	assert_int_equal(talk_encode(&frame, bytes, sizeof(bytes)), TALK_MAX);
	assert_int_equal(talk_decode(bytes, TALK_MAX, &frame), TALK_MAX);
	frame.padding++;
	assert_int_equal(talk_encode(&frame, bytes, sizeof(bytes)), 0);
	bytes[15]++;
	assert_int_equal(talk_decode(bytes, TALK_MAX + 1, &frame), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_diagram),  cmocka_unit_test(test_family),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_more_behind_it),
		cmocka_unit_test(test_no_frame),     cmocka_unit_test(test_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
