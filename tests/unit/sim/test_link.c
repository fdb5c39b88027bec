/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/port.h"

enum { PACKETS = 20000, LEN = 1000 };

static struct loop *loop;
static struct pool *pool;
static struct link *a_link;
static struct port node, uplink;

/* What the uplink got: the packets' numbers and times. */
static unsigned got[2 * PACKETS];
static uint64_t when[2 * PACKETS];
static unsigned got_len;

static void collect(struct port *port, struct buffer *buffer)
{
	(void)port;
	assert_true(got_len < 2 * PACKETS);
	memcpy(&got[got_len], buffer->packet.data, sizeof(got[0]));
	when[got_len++] = loop_now(loop);
	buffer_free(buffer);
}

static int setup(void **state)
{
	(void)state;
	got_len = 0;
	node = uplink = (struct port){ .receive = collect };
	pool = pool_new();
	assert_non_null(pool);
	return loop_new(LOOP_VIRTUAL, &loop);
}

static int teardown(void **state)
{
	(void)state;
	link_free(a_link);
	pool_free(pool);
	loop_free(loop);
	return 0;
}

static void make(struct impairment up)
{
	struct link_spec spec = { .name = "alice", .up = up, .seed = 42 };

	assert_int_equal(link_new(loop, &spec, &node, &uplink, &a_link), 0);
}

static void send(unsigned number)
{
	struct buffer *buffer = buffer_new(pool, LEN);

	assert_non_null(buffer);
	memset(buffer->packet.data, 0, LEN);
	memcpy(buffer->packet.data, &number, sizeof(number));
	buffer->packet.len = LEN;
	port_send(&node, buffer, NULL);
}

static void end(struct event *event)
{
	(void)event;
}

/* Let everything arrive that is on its way. */
static void drain(void)
{
	struct event last = { .fire = end };
	const bool never = false;

	loop_schedule(loop, &last, loop_now(loop) + 1000 * SEC);
	loop_run(loop, &never);
}

static void a_perfect_link_delivers_at_once(void **state)
{
	(void)state;
	make((struct impairment){ 0 });
	send(7);
	assert_int_equal(got_len, 1);
	assert_int_equal(got[0], 7);
}

static void delay_is_exact(void **state)
{
	(void)state;
	make((struct impairment){ .delay_ns = 20 * MSEC });
	send(0);
	assert_int_equal(got_len, 0);
	drain();
	assert_int_equal(got_len, 1);
	assert_int_equal(when[0], 20 * MSEC);
}

static void jitter_keeps_the_order_and_its_bounds(void **state)
{
	uint64_t least = NEVER, most = 0;

	(void)state;
	make((struct impairment){ .delay_ns = 20 * MSEC, .jitter_ns = 5 * MSEC });
	for (unsigned i = 0; i < 1000; i++)
		send(i);
	drain();
	assert_int_equal(got_len, 1000);
	for (unsigned i = 0; i < got_len; i++) {
		assert_int_equal(got[i], i);
		least = when[i] < least ? when[i] : least;
		most = when[i] > most ? when[i] : most;
	}
	assert_in_range(least, 15 * MSEC, 25 * MSEC);
	assert_in_range(most, 24 * MSEC, 25 * MSEC);
}

/* 20,000 draws at 5 %: the deviation is 31 packets; six of them are allowed. */
static void loss_is_as_told(void **state)
{
	(void)state;
	make((struct impairment){ .loss_ppm = 50000 });
	for (unsigned i = 0; i < PACKETS; i++)
		send(i);
	assert_in_range(got_len, 19000 - 186, 19000 + 186);
	assert_int_equal(link_stats(a_link).lost[LINK_NODE], PACKETS - got_len);
}

static void the_same_seed_loses_the_same(void **state)
{
	static unsigned first[2 * PACKETS];
	unsigned first_len;

	(void)state;
	make((struct impairment){ .loss_ppm = 500000 });
	for (unsigned i = 0; i < 100; i++)
		send(i);
	first_len = got_len;
	memcpy(first, got, sizeof(first));
	link_free(a_link);
	got_len = 0;
	make((struct impairment){ .loss_ppm = 500000 });
	for (unsigned i = 0; i < 100; i++)
		send(i);
	assert_int_equal(got_len, first_len);
	assert_memory_equal(got, first, first_len * sizeof(got[0]));
}

static void duplicates_come_twice(void **state)
{
	(void)state;
	make((struct impairment){ .duplicate_ppm = 1000000 });
	for (unsigned i = 0; i < 10; i++)
		send(i);
	assert_int_equal(got_len, 20);
	assert_int_equal(got[18], 9);
	assert_int_equal(got[19], 9);
}

static void reordered_packets_overtake(void **state)
{
	unsigned swaps = 0;

	(void)state;
	make((struct impairment){ .delay_ns = 10 * MSEC, .reorder_ppm = 100000 });
	for (unsigned i = 0; i < 1000; i++)
		send(i);
	drain();
	assert_int_equal(got_len, 1000);
	for (unsigned i = 1; i < got_len; i++)
		swaps += got[i] < got[i - 1];
	assert_true(swaps > 0);
	assert_in_range(link_stats(a_link).reordered[LINK_NODE], 50, 150);
}

/* 1,000 bytes at 8 Mbit/s take 1 ms each. */
static void the_rate_spaces_packets(void **state)
{
	(void)state;
	make((struct impairment){ .rate_bps = 8000000 });
	for (unsigned i = 0; i < 10; i++)
		send(i);
	drain();
	assert_int_equal(got_len, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(when[i], (i + 1) * MSEC);
}

static void the_queue_is_bounded(void **state)
{
	(void)state;
	make((struct impairment){ .rate_bps = 8000000, .queue_bytes = 5000 });
	for (unsigned i = 0; i < 100; i++)
		send(i);
	drain();
	assert_int_equal(got_len, 5);
	assert_int_equal(link_stats(a_link).queue_full[LINK_NODE], 95);
}

static void the_way_back_is_not_impaired(void **state)
{
	struct buffer *buffer;

	(void)state;
	make((struct impairment){ .loss_ppm = 1000000 });
	buffer = buffer_new(pool, LEN);
	assert_non_null(buffer);
	memset(buffer->packet.data, 0, LEN);
	buffer->packet.len = LEN;
	port_send(&uplink, buffer, NULL);
	assert_int_equal(got_len, 1);
}

static void what_flies_when_the_link_ends_is_freed(void **state)
{
	(void)state;
	make((struct impairment){ .delay_ns = SEC });
	for (unsigned i = 0; i < 10; i++)
		send(i);
	/* teardown() frees link and pool; the address sanitizer sees what is left. */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_perfect_link_delivers_at_once),
		TEST(delay_is_exact),
		TEST(jitter_keeps_the_order_and_its_bounds),
		TEST(loss_is_as_told),
		TEST(the_same_seed_loses_the_same),
		TEST(duplicates_come_twice),
		TEST(reordered_packets_overtake),
		TEST(the_rate_spaces_packets),
		TEST(the_queue_is_bounded),
		TEST(the_way_back_is_not_impaired),
		TEST(what_flies_when_the_link_ends_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
