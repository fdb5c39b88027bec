/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS whose every byte waits in virtual time: both ways at once, in pieces, and broken. */
#include "probes/services/conduit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

enum { PORT = 4433, LENGTH = 1000000 };

/* One end: what it sends is told apart from the other's by its salt. */
struct end {
	struct fixture *f;
	struct sock *sock;
	struct conduit *conduit;
	uint8_t salt;
	int opened; /* conduit_secure()'s */
	size_t received;
	bool right; /* all that was received is what the other sent */
	int ended; /* the last conduit_recv()'s */
	struct fiber *sender;
};

struct fixture {
	struct fake_net net;
	struct host *hosts[2];
	struct conduit_identity *identity;
	struct end ends[2]; /* the server, the client */
	void (*test)(struct fixture *f);
};

static uint8_t byte_at(size_t i, uint8_t salt)
{
	return (uint8_t)(i * 7 + i / 251 + salt);
}

static void send_all(void *arg)
{
	struct end *end = arg;
	uint8_t piece[5000];

	for (size_t at = 0; at < LENGTH; at += sizeof(piece)) {
		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = byte_at(at + i, end->salt);
		if (conduit_send(end->conduit, piece, sizeof(piece), NEVER))
			return;
	}
	conduit_end(end->conduit, NEVER);
}

static void receive_all(struct end *end, uint8_t salt)
{
	uint8_t piece[3001]; /* no divisor of a record's length */
	long n;

	end->right = true;
	while ((n = conduit_recv(end->conduit, piece, sizeof(piece), NEVER)) > 0)
		for (long i = 0; i < n; i++)
			end->right &= piece[i] == byte_at(end->received++, salt);
	end->ended = (int)n;
}

static void serve(void *arg)
{
	struct end *end = arg;
	struct fixture *f = end->f;
	struct sock_spec listen = { .kind = SOCK_TCP_LISTEN, .local.port = PORT };
	struct sock *listener;

	assert_int_equal(sock_open(f->hosts[0], &listen, &listener), 0);
	assert_int_equal(sock_accept(listener, NEVER, &end->sock), 0);
	sock_close(listener);
	assert_int_equal(conduit_new(end->sock, &end->conduit), 0);
	end->opened = conduit_secure(end->conduit, f->identity, host_now(f->hosts[0]) + 5 * SEC);
	if (end->opened)
		return;
	assert_int_equal(fiber_spawn(f->net.loop, "sender", send_all, end, &end->sender), 0);
	receive_all(end, f->ends[1].salt);
	fiber_join(end->sender, NEVER);
}

static struct sock *dial(struct fixture *f)
{
	const struct sock_spec tcp = {
		.kind = SOCK_TCP,
		.remote = { host_addr(f->hosts[0]), PORT },
		.deadline = host_now(f->hosts[1]) + 5 * SEC,
	};
	struct sock *sock = NULL;

	assert_int_equal(sock_open(f->hosts[1], &tcp, &sock), 0);
	return sock;
}

static void run_served(void *arg)
{
	struct fixture *f = arg;
	struct fiber *server;

	assert_int_equal(conduit_identity_new(f->hosts[0], &f->identity), 0);
	assert_int_equal(fiber_spawn(f->net.loop, "server", serve, &f->ends[0], &server), 0);
	fiber_sleep(host_now(f->hosts[1]) + MSEC);
	f->test(f);
	assert_int_equal(fiber_join(server, NEVER), 0);
	conduit_free(f->ends[0].conduit);
	conduit_identity_free(f->identity);
}

static void run(struct fixture *f, void (*test)(struct fixture *f))
{
	memset(f, 0, sizeof(*f));
	fake_net_init(&f->net);
	f->hosts[0] = fake_host_add(&f->net, "server", "11.1.1.2", NULL);
	f->hosts[1] = fake_host_add(&f->net, "client", "11.1.2.2", NULL);
	for (int i = 0; i < 2; i++) {
		f->ends[i].f = f;
		f->ends[i].salt = (uint8_t)(100 * i);
	}
	f->test = test;
	fake_net_run(&f->net, run_served, f);
	fake_net_free(&f->net);
}

static void exchange(struct fixture *f)
{
	struct end *end = &f->ends[1];

	end->sock = dial(f);
	assert_int_equal(conduit_new(end->sock, &end->conduit), 0);
	end->opened = conduit_secure(end->conduit, NULL, NEVER);
	assert_int_equal(end->opened, 0);
	assert_int_equal(fiber_spawn(f->net.loop, "sender", send_all, end, &end->sender), 0);
	receive_all(end, f->ends[0].salt);
	fiber_join(end->sender, NEVER);
	conduit_free(end->conduit);
}

static void test_both_ways_at_once(void **state)
{
	struct fixture f;

	(void)state;
	run(&f, exchange);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(f.ends[i].received, LENGTH);
		assert_true(f.ends[i].right);
		assert_int_equal(f.ends[i].ended, 0);
	}
}

static void say_something_else(struct fixture *f)
{
	struct sock *sock = dial(f);

	assert_int_equal(sock_send(sock, NULL, "SSH-2.0-OpenSSH_9.2\r\n", 21, NEVER), 0);
	fiber_sleep(host_now(f->hosts[1]) + 10 * SEC);
	sock_close(sock);
}

static void test_no_tls(void **state)
{
	struct fixture f;

	(void)state;
	run(&f, say_something_else);
	assert_int_equal(f.ends[0].opened, -EPROTO);
}

static void say_nothing(struct fixture *f)
{
	struct sock *sock = dial(f);

	fiber_sleep(host_now(f->hosts[1]) + 10 * SEC);
	sock_close(sock);
}

static void test_silence(void **state)
{
	struct fixture f;

	(void)state;
	run(&f, say_nothing);
	assert_int_equal(f.ends[0].opened, -ETIMEDOUT);
}

/* Cut off without a word, which is not how a TLS stream ends. */
static void hang_up(struct fixture *f)
{
	struct end *end = &f->ends[1];

	end->sock = dial(f);
	assert_int_equal(conduit_new(end->sock, &end->conduit), 0);
	assert_int_equal(conduit_secure(end->conduit, NULL, NEVER), 0);
	assert_int_equal(conduit_send(end->conduit, "hello", 5, NEVER), 0);
	conduit_close(end->conduit);
	assert_int_equal(conduit_send(end->conduit, "hello", 5, NEVER), -ECANCELED);
	conduit_free(end->conduit);
}

static void test_cut_off(void **state)
{
	struct fixture f;

	(void)state;
	run(&f, hang_up);
	assert_int_equal(f.ends[0].opened, 0);
	assert_true(f.ends[0].ended < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways_at_once),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
