/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probes/wire/rendezvous.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct rendezvous_message full(enum rendezvous_kind kind, const uint8_t *frame)
{
	return (struct rendezvous_message){
		.kind = kind,
		.name = "alice",
		.token = 0x123456789abcdef0,
		.attempt = 3,
		.method = METHOD_REVERSAL,
		.host_addresses = true,
		.local_port = 5060,
		.attempt_ns = 2000000000,
		.pace_ns = 20000000,
		.budget = { 8, 256, 1024, 2, 20000, 20255 },
		.outlook = OUTLOOK_STEPS,
		.step = -2,
		.mapped = { ip_addr_v4(0x0b020102), 20001 },
		.host = { ip_addr_v4(0xc0a80102), 40001 },
		.seen = { { 0x20010db800000000, 1 }, 3 },
		.refusal = RENDEZVOUS_TAKEN,
		.connected = true,
		.by = TALK_CALLEE,
		.sequence = 77,
		.frame = frame,
		.frame_len = 28,
	};
}

/* What it says twice is the same: then nothing that a kind carries was lost on the way. */
static void test_round_trip(void **state)
{
	uint8_t frame[28] = { 1, 2, 3 };

	(void)state;
	for (int kind = 0; kind < RENDEZVOUS_KIND_COUNT; kind++) {
		struct rendezvous_message msg = full((enum rendezvous_kind)kind, frame);
		uint8_t once[RENDEZVOUS_MAX], twice[RENDEZVOUS_MAX];
		size_t len = rendezvous_encode(&msg, once, sizeof(once));
		struct rendezvous_message back;

		assert_true(len > 0);
		assert_int_equal(rendezvous_body_len(once), len - RENDEZVOUS_PREFIX);
		assert_int_equal(rendezvous_decode_datagram(once, len, &back), 0);
		assert_int_equal(back.kind, kind);
		assert_int_equal(rendezvous_encode(&back, twice, sizeof(twice)), len);
		assert_memory_equal(once, twice, len);
	}
}

static void test_fields_arrive(void **state)
{
	struct rendezvous_message msg = full(RENDEZVOUS_INTRODUCE, NULL), back;
	uint8_t bytes[RENDEZVOUS_MAX];

	(void)state;
	assert_int_equal(rendezvous_decode_datagram(
				 bytes, rendezvous_encode(&msg, bytes, sizeof(bytes)), &back),
			 0);
	assert_true(back.token == msg.token);
	assert_int_equal(back.attempt, 3);
	assert_int_equal(back.method, METHOD_REVERSAL);
	assert_true(endpoint_equal(back.mapped, msg.mapped));
	assert_true(endpoint_equal(back.host, msg.host));
	assert_true(endpoint_equal(back.seen, msg.seen));
	assert_string_equal(back.name, "");
}

static void test_budget_arrives(void **state)
{
	struct rendezvous_message msg = full(RENDEZVOUS_INVITE, NULL), back;
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(&msg, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(rendezvous_decode_datagram(bytes, len, &back), 0);
	assert_int_equal(back.budget.candidates, 8);
	assert_int_equal(back.budget.holes, 256);
	assert_int_equal(back.budget.probes, 1024);
	assert_int_equal(back.budget.ttl, 2);
	assert_int_equal(back.budget.first_port, 20000);
	assert_int_equal(back.budget.last_port, 20255);
}

static void test_forecast_arrives(void **state)
{
	struct rendezvous_message msg = full(RENDEZVOUS_FORECAST, NULL), back;
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(&msg, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(rendezvous_decode_datagram(bytes, len, &back), 0);
	assert_true(endpoint_equal(back.mapped, msg.mapped));
	assert_int_equal(back.outlook, OUTLOOK_STEPS);
	assert_int_equal(back.step, -2);
	/* The outlook stands before two bytes of the step. */
	bytes[len - 3] = OUTLOOK_COUNT;
	assert_int_equal(rendezvous_decode_datagram(bytes, len, &back), -EPROTO);
}

/* Beside the wish for host addresses stands the family, in the same byte. */
static void test_family(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * FAMILY_COUNT; i++) {
		struct rendezvous_message msg = full(RENDEZVOUS_CALL, NULL), back;
		uint8_t bytes[RENDEZVOUS_MAX];
		size_t len;

		msg.family = (enum family)(i / 2);
		msg.host_addresses = i % 2;
		len = rendezvous_encode(&msg, bytes, sizeof(bytes));
		assert_int_equal(rendezvous_decode_datagram(bytes, len, &back), 0);
		assert_int_equal(back.family, msg.family);
		assert_int_equal(back.host_addresses, msg.host_addresses);
		/* It is followed by a port of two bytes, two times of eight, and a budget of 11. */
		assert_int_equal(bytes[len - 30], i);
		bytes[len - 30] = 2 * FAMILY_COUNT;
		assert_int_equal(rendezvous_decode_datagram(bytes, len, &back), -EPROTO);
	}
}

static void test_cut_or_followed(void **state)
{
	uint8_t frame[28] = { 0 };

	(void)state;
	for (int kind = 0; kind < RENDEZVOUS_KIND_COUNT; kind++) {
		struct rendezvous_message msg = full((enum rendezvous_kind)kind, frame), back;
		uint8_t bytes[RENDEZVOUS_MAX + 1] = { 0 };
		size_t len = rendezvous_encode(&msg, bytes, RENDEZVOUS_MAX);

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t small[RENDEZVOUS_MAX];

			assert_int_equal(rendezvous_decode_datagram(bytes, cut, &back), -EPROTO);
			assert_int_equal(rendezvous_encode(&msg, small, cut), 0);
			if (cut >= RENDEZVOUS_PREFIX)
				assert_int_equal(rendezvous_decode(bytes + RENDEZVOUS_PREFIX,
								   cut - RENDEZVOUS_PREFIX, &back),
						 -EPROTO);
		}
		assert_int_equal(rendezvous_decode(bytes + RENDEZVOUS_PREFIX,
						   len - RENDEZVOUS_PREFIX + 1, &back),
				 -EPROTO);
	}
}

static void test_what_cannot_be_said(void **state)
{
	uint8_t frame[TALK_MAX + 1] = { 0 }, bytes[RENDEZVOUS_MAX + 64];
	struct rendezvous_message msg = full(RENDEZVOUS_RELAY, frame);

	(void)state;
	msg.frame_len = TALK_MAX;
	assert_int_equal(rendezvous_encode(&msg, bytes, sizeof(bytes)), RENDEZVOUS_MAX);
	msg.frame_len = TALK_MAX + 1;
	assert_int_equal(rendezvous_encode(&msg, bytes, sizeof(bytes)), 0);
	msg.frame_len = 0;
	assert_int_equal(rendezvous_encode(&msg, bytes, sizeof(bytes)), 0);
	msg = full(RENDEZVOUS_LOGIN, NULL);
	msg.name[0] = '\0';
	assert_int_equal(rendezvous_encode(&msg, bytes, sizeof(bytes)), 0);
	memset(msg.name, 'a', sizeof(msg.name));
	assert_int_equal(rendezvous_encode(&msg, bytes, sizeof(bytes)), 0);
}

static void test_lengths(void **state)
{
	static const struct {
		uint8_t prefix[2];
		size_t len;
	} rows[] = {
		{ { 0, 0 }, 0 },
		{ { 0, 1 }, 0 },
		{ { 0, 2 }, 2 },
		{ { RENDEZVOUS_BODY_MAX >> 8, RENDEZVOUS_BODY_MAX & 255 }, RENDEZVOUS_BODY_MAX },
		{ { (RENDEZVOUS_BODY_MAX + 1) >> 8, (RENDEZVOUS_BODY_MAX + 1) & 255 }, 0 },
		{ { 255, 255 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rendezvous_body_len(rows[i].prefix), rows[i].len);
}

/* A body, as bytes, that is wrong in one place. */
static void test_nonsense(void **state)
{
	static const struct {
		const char *what;
		uint8_t body[16];
		size_t len;
	} rows[] = {
		{ "another version", { 2, RENDEZVOUS_LOGIN, 1, 'a' }, 4 },
		{ "no such kind", { 1, RENDEZVOUS_KIND_COUNT, 1, 'a' }, 4 },
		{ "an empty name", { 1, RENDEZVOUS_LOGIN, 0 }, 3 },
		{ "a blank in the name", { 1, RENDEZVOUS_LOGIN, 1, ' ' }, 4 },
		{ "a NUL in the name", { 1, RENDEZVOUS_LOGIN, 2, 'a', 0 }, 5 },
		{ "a name longer than what is there", { 1, RENDEZVOUS_LOGIN, 31, 'a' }, 4 },
		{ "no such method",
		  { 1, RENDEZVOUS_HANGUP, 0, 0, 0, 0, 0, 0, 0, 1, 0, METHOD_COUNT },
		  12 },
	};
	struct rendezvous_message back;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rendezvous_decode(rows[i].body, rows[i].len, &back) != -EPROTO)
			fail_msg("%s was taken", rows[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_fields_arrive),
		cmocka_unit_test(test_budget_arrives),
		cmocka_unit_test(test_forecast_arrives),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_cut_or_followed),
		cmocka_unit_test(test_what_cannot_be_said),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
