/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual host's half-close, as a program meets it; the kernel's is beside it in test_live_mixed.c. */
#include <errno.h>
#include <string.h>

#include "virtual_lab.h"

static struct lab lab;
static struct host *alice, *bob;

struct seen {
	int err[4];
	long n[4];
	char heard[2][8];
};

static int open_sock(struct host *host, enum sock_kind kind, uint16_t port, struct endpoint remote,
		     struct sock **ret)
{
	struct sock_spec spec = { .kind = kind, .local = { .port = port }, .remote = remote };

	return sock_open(host, &spec, ret);
}

/* Bob hears Alice's end, and only then answers. */
static void half_close(void *arg)
{
	static const struct endpoint nobody;
	const struct endpoint door = { NET(2), 80 };
	struct seen *seen = arg;
	struct sock *listener = NULL, *visitor = NULL, *sock = NULL;
	char c;

	seen->err[0] = open_sock(bob, SOCK_TCP_LISTEN, 80, nobody, &listener);
	if (!seen->err[0])
		seen->err[0] = open_sock(alice, SOCK_TCP, 0, door, &sock);
	if (!seen->err[0])
		seen->err[0] = sock_accept(listener, NEVER, &visitor);
	if (!seen->err[0]) {
		seen->err[1] = sock_send(sock, NULL, "ask", 3, NEVER);
		seen->err[2] = sock_shutdown(sock);
		seen->err[3] = sock_send(sock, NULL, "more", 4, NEVER);
		seen->n[0] = sock_recv(visitor, NULL, seen->heard[0], 8, NEVER);
		seen->n[1] = sock_recv(visitor, NULL, &c, 1, NEVER);
		sock_send(visitor, NULL, "answer", 6, NEVER);
		seen->n[2] = sock_recv_exact(sock, seen->heard[1], 6, NEVER);
		sock_close(visitor);
		seen->n[3] = sock_recv(sock, NULL, &c, 1, NEVER);
	}
	sock_close(sock);
	sock_close(listener);
}

static void who_has_ended_still_hears(void **state)
{
	struct seen seen = { .n = { 9, 9, 9, 9 } };

	(void)state;
	lab_run(&lab, half_close, &seen);
	assert_int_equal(seen.err[0] | seen.err[1] | seen.err[2], 0);
	assert_int_equal(seen.err[3], -EPIPE);
	assert_int_equal(seen.n[0], 3);
	assert_int_equal(seen.n[1], 0);
	assert_int_equal(seen.n[2], 0);
	assert_int_equal(seen.n[3], 0);
	assert_string_equal(seen.heard[0], "ask");
	assert_string_equal(seen.heard[1], "answer");
}

static void in_vain(void *arg)
{
	static const enum sock_kind kinds[] = { SOCK_UDP, SOCK_TCP_LISTEN };
	static const struct endpoint nobody;
	struct seen *seen = arg;

	for (int i = 0; i < 2; i++) {
		struct sock *sock = NULL;

		seen->err[2 * i] = open_sock(alice, kinds[i], 7, nobody, &sock);
		if (sock)
			seen->err[2 * i + 1] = sock_shutdown(sock);
		sock_close(sock);
	}
}

static void others_have_no_half(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, in_vain, &seen);
	assert_int_equal(seen.err[0] | seen.err[2], 0);
	assert_int_equal(seen.err[1], -ENOTCONN);
	assert_int_equal(seen.err[3], -ENOTCONN);
}

static int setup(void **state)
{
	(void)state;
	lab_open(&lab, true);
	alice = lab_host(&lab, "alice", NET(1));
	bob = lab_host(&lab, "bob", NET(2));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_has_ended_still_hears, setup, teardown),
		cmocka_unit_test_setup_teardown(others_have_no_half, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
