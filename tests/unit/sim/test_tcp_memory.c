/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails: no crash, no leak, no byte wrong; and once there is memory again all
 * goes on.  The C library's allocator is wrapped, which AddressSanitizer has done before us: under
 * it nothing fails here, and the run is a run like any other.
 */
#include "tcp_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 30000, IN_A_ROW = 2 };

static long until_failure = -1; /* < 0 = none fails */
static long live; /* allocations that are not freed yet */
static long failed;

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
/* glibc's names for its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static bool fails(void)
{
	if (until_failure < 0)
		return false;
	if (until_failure >= IN_A_ROW) {
		until_failure--;
		return false;
	}
	until_failure--;
	failed++;
	return true;
}

void *malloc(size_t size)
{
	if (fails())
		return NULL;
	live++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (fails())
		return NULL;
	live++;
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	live += !old;
	return __libc_realloc(old, size);
}

void free(void *old)
{
	live -= old != NULL;
	__libc_free(old);
}
#endif

static uint8_t bytes[2][LEN]; /* of the stream that each side sends */
static uint8_t got[LEN];

/* Connect side 0, as often as it takes. */
static void open_somehow(struct wire *wire)
{
	wire->listening[1] = true;
	for (int attempt = 0; attempt < 5; attempt++) {
		int err = tcp_connect(&wire->config[0], wire->at[0], wire->at[1], WIRE_MTU,
				      wire->now, &wire->tcp[0]);

		assert_true(err == 0 || err == -ENOMEM);
		if (err)
			continue;
		wire_pump(wire, 0);
		wire_run_for(wire, 10 * SEC);
		if (tcp_state(wire->tcp[0]) == TCP_STATE_ESTABLISHED)
			return;
		/* There was no memory to accept it. */
		assert_int_equal(tcp_error(wire->tcp[0]), -ECONNREFUSED);
		tcp_free(wire->tcp[0]);
		wire->tcp[0] = NULL;
	}
	fail_msg("it never stood");
}

static void send_all(struct wire *wire, int side)
{
	size_t sent = 0;

	for (int attempt = 0; attempt < 100 && sent < LEN; attempt++) {
		long n = wire_send(wire, side, bytes[side] + sent, LEN - sent);

		assert_true(n > 0 || n == -ENOMEM);
		if (n > 0)
			sent += (size_t)n;
	}
	assert_int_equal(sent, LEN);
	wire_shutdown(wire, side);
}

/* Everything that a connection allocates for: both directions, gaps, SACKs. */
static void a_whole_life(uint64_t seed)
{
	static struct wire wire;

	wire_open(&wire);
	open_somehow(&wire);
	wire.seed = seed;
	wire.loss_ppm = 100000;
	wire.jitter_ns = 5 * MSEC;
	send_all(&wire, 0);
	send_all(&wire, 1);
	wire_run_for(&wire, 400 * SEC);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(wire_recv(&wire, side, got, LEN), LEN);
		assert_memory_equal(got, bytes[!side], LEN);
		assert_int_equal(wire_recv(&wire, side, got, 1), 0);
		assert_int_equal(tcp_error(wire.tcp[side]), 0);
	}
	wire_close(&wire);
}

static void any_allocation_may_fail(void **state)
{
	long n = 0, before;

	(void)state;
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < LEN; i++)
			bytes[side][i] = wire_byte(side, i);
	do {
		before = live;
		failed = 0;
		until_failure = IN_A_ROW - 1 + ++n;
		a_whole_life(3);
		until_failure = -1;
		assert_int_equal(live, before);
	} while (failed);
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
	assert_true(n > 20);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
