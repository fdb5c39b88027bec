/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP and ICMP of virtual hosts on a network: path MTU, time to live, complaints, echo. */
#include <errno.h>
#include <string.h>

#include "nat-models/header_fields.h"
#include "sim/virtual/icmp.h"
#include "sim/virtual/path_mtu.h"
#include "sim/virtual/reassembly.h"
#include "virtual_lab.h"

enum { BIG = 4000 };

static struct lab lab;
static struct host *alice, *bob;

/* On the Internet, where the way to Bob is narrow. */
static int setup(void **state)
{
	struct virtual_host_spec spec = {
		.name = "bob", .addr = NET(2), .prefix_bits = 24, .seed = 2
	};

	(void)state;
	lab_open(&lab, true);
	alice = lab_host(&lab, "alice", NET(1));
	bob = lab_add(&lab, &spec, 1000, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static const struct endpoint nobody;

struct seen {
	struct endpoint from;
	long n[8];
	int err[8];
	char bytes[BIG];
	bool whole;
};

static void fill(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 7 + i / 256);
}

/* The first long datagram finds out that the way is narrow, and is lost; the next is cut to fit,
 * and put together again. */
static void learn_the_way(void *arg)
{
	struct seen *seen = arg;
	struct sock *server = lab_open_sock(bob, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);
	struct sock *client =
		lab_open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 7 });
	char bytes[BIG];

	fill(bytes, BIG);
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[0] = sock_recv(client, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->n[1] = sock_recv(server, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[2] = sock_recv(server, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_send(client, NULL, bytes, BIG, NEVER);
	seen->n[3] = sock_recv(server, &seen->from, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->whole = memcmp(bytes, seen->bytes, BIG) == 0;
	fiber_sleep(lab_within(&lab, PATH_MTU_KEPT_NS));
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[4] = sock_recv(client, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
}

static void the_way_is_learnt_and_forgotten(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, learn_the_way, &seen);
	assert_int_equal(seen.n[0], -EMSGSIZE);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
	assert_int_equal(seen.n[2], 1400);
	assert_int_equal(seen.n[3], BIG);
	assert_true(seen.whole);
	assert_int_equal(seen.n[4], -EMSGSIZE);
}

static void send_far(void *arg)
{
	struct seen *seen = arg;
	struct sock *server = lab_open_sock(bob, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);
	struct sock *sure = lab_open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 7 });
	struct sock *loose = lab_open_sock(alice, SOCK_UDP, nobody, nobody);
	struct endpoint to = { NET(2), 7 };

	/* One router is between them. */
	seen->err[0] = sock_set_ttl(sure, 1);
	seen->err[1] = sock_set_ttl(loose, 1);
	sock_send(sure, NULL, "a", 1, NEVER);
	sock_send(loose, &to, "b", 1, NEVER);
	seen->n[0] = sock_recv(sure, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
	seen->n[1] = sock_recv(loose, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
	seen->n[2] = sock_recv(server, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
	sock_set_ttl(sure, 2);
	sock_send(sure, NULL, "c", 1, NEVER);
	seen->n[3] = sock_recv(server, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
}

static void a_ttl_that_runs_out_is_heard_of(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, send_far, &seen);
	assert_int_equal(seen.err[0] | seen.err[1], 0);
	assert_int_equal(seen.n[0], -EHOSTUNREACH);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
	assert_int_equal(seen.n[2], -ETIMEDOUT);
	assert_int_equal(seen.n[3], 1);
}

static void ping(void *arg)
{
	struct seen *seen = arg;
	struct endpoint to = { NET(2), 0 };
	struct sock *a = lab_open_sock(alice, SOCK_PING, (struct endpoint){ .port = 77 }, nobody);
	struct sock *b = lab_open_sock(alice, SOCK_PING, nobody, (struct endpoint){ NET(2), 0 });
	struct sock *own = lab_open_sock(alice, SOCK_PING, nobody, (struct endpoint){ NET(1), 0 });
	char bytes[BIG];

	fill(bytes, BIG);
	sock_send(a, &to, bytes, 56, NEVER);
	seen->n[0] = sock_recv(a, &seen->from, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->whole = memcmp(bytes, seen->bytes, 56) == 0;
	seen->n[1] = sock_recv(b, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_send(own, NULL, "me", 2, NEVER);
	seen->n[2] = sock_recv(own, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_set_ttl(b, 1);
	sock_send(b, NULL, "x", 1, NEVER);
	seen->n[3] = sock_recv(b, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	/* In fragments there, and in fragments back, by a narrower link. */
	sock_send(a, &to, bytes, BIG, NEVER);
	seen->n[4] = sock_recv(a, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->whole = seen->whole && memcmp(bytes, seen->bytes, BIG) == 0;
}

static void echo_requests_are_answered(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, ping, &seen);
	assert_int_equal(seen.n[0], 56);
	assert_true(endpoint_equal(seen.from, (struct endpoint){ NET(2), 77 }));
	assert_int_equal(seen.n[1], -ETIMEDOUT);
	assert_int_equal(seen.n[2], 2);
	assert_int_equal(seen.n[3], -EHOSTUNREACH);
	assert_int_equal(seen.n[4], BIG);
	assert_true(seen.whole);
}

/* Six complaints at once, then one a second. */
static void knock_often(void *arg)
{
	struct seen *seen = arg;
	struct sock *sure = lab_open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 9 });
	static const uint64_t pauses[] = { 0, SEC - 10 * USEC, 10 * USEC, 2 * SEC };

	for (int round = 0; round < 4; round++) {
		fiber_sleep(lab_within(&lab, pauses[round]));
		for (int i = 0; i < 9; i++) {
			sock_send(sure, NULL, "x", 1, NEVER);
			seen->n[round] += sock_recv(sure, NULL, seen->bytes, 1,
						    lab_within(&lab, 10 * USEC)) == -ECONNREFUSED;
		}
	}
}

static void complaints_are_rationed(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, knock_often, &seen);
	assert_int_equal(seen.n[0], 6);
	assert_in_range(seen.n[1] + seen.n[2], 1, 1);
	assert_int_equal(seen.n[3], 2);
}

/* What is known of the way to NET(1); 0 where nothing is. */
static uint16_t known_mtu(const struct path_mtus *paths, uint64_t now)
{
	const struct path_mtu *path = path_mtu_find(paths, NET(1), now);

	return path ? path->mtu : 0;
}

static void path_mtu_cache(void **state)
{
	const struct ip_addr six = { UINT64_C(0x2b00) << 48, 2 };
	struct path_mtus paths = { 0 };
	const struct path_mtu *path;

	(void)state;
	assert_null(path_mtu_find(&paths, NET(1), 0));
	path_mtu_learn(&paths, NET(1), 1500, 1500, 0); /* no news */
	assert_null(path_mtu_find(&paths, NET(1), 0));
	path_mtu_learn(&paths, NET(1), 1280, 1500, 0);
	path_mtu_learn(&paths, NET(1), 1400, 1500, 0); /* only ever lower */
	assert_int_equal(known_mtu(&paths, PATH_MTU_KEPT_NS - 1), 1280);
	assert_null(path_mtu_find(&paths, NET(1), PATH_MTU_KEPT_NS));
	path_mtu_learn(&paths, NET(1), 1400, 1500, PATH_MTU_KEPT_NS);
	assert_int_equal(known_mtu(&paths, PATH_MTU_KEPT_NS), 1400);
	/* RFC 8201, section 4: no IPv6 link takes less than 1280. */
	path_mtu_learn(&paths, six, 1000, 1500, 0);
	path = path_mtu_find(&paths, six, 0);
	assert_non_null(path);
	assert_int_equal(path->mtu, 1280);
	assert_false(path->fragmented);
	path_mtu_learn(&paths, NET(2), 0, 1500, 0); /* it did not say */
	path = path_mtu_find(&paths, NET(2), 0);
	assert_non_null(path);
	assert_int_equal(path->mtu, 552);
	assert_true(path->fragmented);
	for (int i = 3; i < 40; i++)
		path_mtu_learn(&paths, NET(i), 1000, 1500, 0);
	assert_null(path_mtu_find(&paths, NET(2), 0)); /* the oldest gave way */
	assert_non_null(path_mtu_find(&paths, NET(39), 0));
	path_mtu_clear(&paths);
	assert_null(path_mtu_find(&paths, NET(39), 0));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_way_is_learnt_and_forgotten), TEST(a_ttl_that_runs_out_is_heard_of),
		TEST(echo_requests_are_answered),      TEST(complaints_are_rationed),
		cmocka_unit_test(path_mtu_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
