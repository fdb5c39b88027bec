/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that the TURN server keeps for the second of two allocations (RFC 8656, 7.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "turn_fixture.h"

/* Allocate with a port that is kept for another one; the token for it goes to @ret. */
static struct endpoint reserve_next(struct turn_fixture *f, uint8_t ret[8])
{
	struct stun_value token;
	struct endpoint even;

	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	stun_add(&f->w, STUN_EVEN_PORT, "\x80", 1);
	assert_int_equal(turn_ask(f), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &even));
	assert_int_equal(even.port % 2, 0);
	assert_true(stun_find(&f->msg, STUN_RESERVATION_TOKEN, &token));
	memcpy(ret, token.bytes, 8);
	return even;
}

static unsigned let_go(struct turn_fixture *f)
{
	turn_begin(f, TURN_REFRESH);
	stun_add_u32(&f->w, STUN_LIFETIME, 0);
	return turn_ask(f);
}

/* Take what @token stands for. */
static unsigned take_reserved(struct turn_fixture *f, const uint8_t token[8])
{
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	stun_add(&f->w, STUN_RESERVATION_TOKEN, token, 8);
	return turn_ask(f);
}

static void reserve(struct turn_fixture *f)
{
	struct endpoint even, odd;
	struct stun_value token;
	uint8_t kept[8];

	turn_log_in(f);
	even = reserve_next(f, kept);
	/* The very same request, as where the response was lost: so is what it was told. */
	assert_int_equal(turn_send_as_is(f), 0);
	assert_true(stun_find(&f->msg, STUN_RESERVATION_TOKEN, &token));
	assert_memory_equal(token.bytes, kept, 8);
	assert_int_equal(let_go(f), 0);
	for (int i = 0; i < 2; i++) {
		turn_begin(f, TURN_ALLOCATE);
		stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
		stun_add(&f->w, STUN_RESERVATION_TOKEN, kept, 8);
		if (i == 1)
			stun_add(&f->w, STUN_EVEN_PORT, "\x80", 1);
		assert_int_equal(turn_ask(f), i ? 437 : 0);
		if (i == 0) {
			assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &odd));
			assert_int_equal(odd.port, even.port + 1);
			assert_false(stun_find(&f->msg, STUN_RESERVATION_TOKEN, &token));
		}
	}
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 0);
	assert_int_equal(let_go(f), 0);
	/* A token is good once. */
	assert_int_equal(take_reserved(f, kept), 508);
}

static void test_reservation(void **state)
{
	(void)state;
	turn_run(NULL, reserve);
}

/* A port is kept for 30 s (RFC 8656, 7.2), from one delay before the client hears of it. */
static void reserve_for_long(struct turn_fixture *f)
{
	static const struct {
		uint64_t after;
		unsigned want;
	} rows[] = { { 30 * SEC - 1, 0 }, { 30 * SEC, 508 } };

	turn_log_in(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t token[8];
		uint64_t heard;

		reserve_next(f, token);
		heard = host_now(f->client);
		assert_int_equal(let_go(f), 0);
		fiber_sleep(heard - 2 * f->net.delay_ns + rows[i].after);
		assert_int_equal(take_reserved(f, token), rows[i].want);
		assert_int_equal(let_go(f), 0);
	}
}

static void test_reservation_expires(void **state)
{
	(void)state;
	turn_run(NULL, reserve_for_long);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reservation),
		cmocka_unit_test(test_reservation_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
