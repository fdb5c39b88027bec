/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sockets of virtual hosts, as a program meets them; the machine itself has tests of its own. */
#include <errno.h>
#include <string.h>

#include "virtual_lab.h"

enum { LONG = 1 << 20 };

static struct lab lab;
static struct host *alice, *bob;

static int setup(void **state)
{
	struct virtual_host_spec spec = {
		.name = "bob", .addr = NET(2), .prefix_bits = 24, .seed = 2
	};

	(void)state;
	lab_open(&lab, true);
	alice = lab_host(&lab, "alice", NET(1));
	bob = lab_add(&lab, &spec, 0, 10 * MSEC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static struct sock *listen_on(struct host *host, uint16_t port, bool share)
{
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN,
				  .local = { .port = port },
				  .share = share };
	struct sock *sock = NULL;

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	return sock;
}

static struct sock_spec to(struct ip_addr addr, uint16_t port)
{
	return (struct sock_spec){ .kind = SOCK_TCP, .remote = { addr, port } };
}

struct seen {
	struct sock *sock[4];
	struct endpoint end[4];
	long n[8];
	int err[8];
	uint64_t at[4];
	char text[64];
	bool done;
};

static char sent[LONG], received[LONG];

static void serve_one(void *arg)
{
	struct seen *seen = arg;
	struct sock *visitor = NULL;

	seen->err[0] = sock_accept(seen->sock[0], NEVER, &visitor);
	seen->end[0] = sock_local(visitor);
	seen->end[1] = sock_remote(visitor);
	seen->n[0] = sock_recv(visitor, &seen->end[2], seen->text, sizeof(seen->text), NEVER);
	seen->err[1] = sock_send(visitor, NULL, "world", 5, NEVER);
	seen->n[1] = sock_recv(visitor, NULL, seen->text, sizeof(seen->text), NEVER);
	sock_close(visitor);
	seen->done = true;
}

static void visit(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = to(NET(2), 80);
	struct sock *sock = NULL;

	seen->sock[0] = listen_on(bob, 80, false);
	assert_int_equal(fiber_spawn(lab.loop, "server", serve_one, seen, NULL), 0);
	seen->err[2] = sock_open(alice, &spec, &sock);
	seen->at[0] = loop_now(lab.loop);
	seen->end[3] = sock_local(sock);
	seen->err[3] = sock_send(sock, NULL, "hello", 5, NEVER);
	seen->n[2] = sock_recv_exact(sock, received, 5, NEVER);
	seen->n[3] = sock_recv(sock, NULL, received, 1, lab_within(&lab, MSEC));
	sock_close(sock);
	while (!seen->done)
		fiber_sleep(lab_within(&lab, MSEC));
}

static void a_visit(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, visit, &seen);
	assert_int_equal(seen.err[0] | seen.err[1] | seen.err[2] | seen.err[3], 0);
	assert_in_range(seen.at[0], 20 * MSEC, 20 * MSEC + 10 * USEC);
	assert_int_equal(seen.n[0], 5);
	assert_memory_equal(seen.text, "hello", 5);
	assert_int_equal(seen.n[1], 0); /* the visitor closed */
	assert_int_equal(seen.n[2], 0);
	assert_memory_equal(received, "world", 5);
	assert_int_equal(seen.n[3], -ETIMEDOUT);
	assert_true(endpoint_equal(seen.end[0], (struct endpoint){ NET(2), 80 }));
	assert_true(endpoint_equal(seen.end[1], seen.end[3]));
	assert_true(endpoint_equal(seen.end[2], seen.end[3]));
	assert_true(ip_addr_equal(seen.end[3].addr, NET(1)));
	assert_in_range(seen.end[3].port, 32768, 60999);
}

static void call_in_vain(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = to(NET(2), 81);
	struct sock *sock;

	seen->err[0] = sock_open(alice, &spec, &sock);
	seen->at[0] = loop_now(lab.loop);
	spec = to(NET(9), 80); /* nobody has that address, and nobody says so */
	spec.deadline = lab_within(&lab, SEC);
	seen->err[1] = sock_open(alice, &spec, &sock);
	seen->at[1] = loop_now(lab.loop) - seen->at[0];
	spec.deadline = 0;
	seen->err[2] = sock_open(alice, &spec, &sock);
	seen->at[2] = loop_now(lab.loop) - seen->at[1] - seen->at[0];
	spec = to(V4(11, 1, 1, 255), 80);
	seen->err[3] = sock_open(alice, &spec, &sock);
	spec = to(NET(2), 80);
	spec.local = (struct endpoint){ NET(2), 0 };
	seen->err[4] = sock_open(alice, &spec, &sock);
}

static void calls_that_fail(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, call_in_vain, &seen);
	assert_int_equal(seen.err[0], -ECONNREFUSED);
	assert_in_range(seen.at[0], 20 * MSEC, 20 * MSEC + 10 * USEC);
	assert_int_equal(seen.err[1], -ETIMEDOUT);
	assert_int_equal(seen.at[1], SEC);
	assert_int_equal(seen.err[2], -ETIMEDOUT);
	assert_in_range(seen.at[2], 60 * SEC, 200 * SEC);
	assert_int_equal(seen.err[3], -ENETUNREACH);
	assert_int_equal(seen.err[4], -EADDRNOTAVAIL);
}

static void send_much(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = to(NET(2), 80);
	struct sock *sock = NULL;

	seen->err[0] = sock_open(alice, &spec, &sock);
	seen->err[1] = sock_send(sock, NULL, sent, LONG, NEVER);
	sock_close(sock); /* what it still keeps goes on its way */
}

static void receive_much(void *arg)
{
	struct seen *seen = arg;
	struct sock *listener = listen_on(bob, 80, false), *visitor = NULL;
	char c;

	assert_int_equal(fiber_spawn(lab.loop, "sender", send_much, seen, NULL), 0);
	seen->err[2] = sock_accept(listener, NEVER, &visitor);
	fiber_sleep(lab_within(&lab, SEC)); /* the window fills */
	seen->at[0] = seen->err[1] == 1;
	seen->at[1] = loop_now(lab.loop);
	seen->n[0] = sock_recv_exact(visitor, received, LONG, NEVER);
	seen->at[1] = loop_now(lab.loop) - seen->at[1];
	seen->n[1] = sock_recv(visitor, NULL, &c, 1, NEVER);
	seen->n[2] = sock_recv_exact(visitor, &c, 1, NEVER);
}

static void a_mebibyte_fills_the_window_and_arrives(void **state)
{
	struct seen seen = { .err = { 1, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < LONG; i++)
		sent[i] = (char)(i * 31 + i / 251);
	lab_run(&lab, receive_much, &seen);
	assert_int_equal(seen.err[0] | seen.err[1] | seen.err[2], 0);
	assert_int_equal(seen.at[0], 1);
	assert_int_equal(seen.n[0], 0);
	assert_memory_equal(sent, received, LONG);
	/* By word of the window's opening, not by probing it now and then. */
	assert_in_range(seen.at[1], 20 * MSEC, 180 * MSEC);
	assert_int_equal(seen.n[1], 0);
	assert_int_equal(seen.n[2], -ECONNRESET);
}

/* Both call at once from the ports that each calls, while both also listen there: one connection,
 * opened from both ends (RFC 9293, 3.5), and the listeners see none. */
static void call_bob(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = to(NET(2), 5000);

	spec.local.port = 5000;
	spec.share = true;
	seen->err[0] = sock_open(alice, &spec, &seen->sock[0]);
	seen->n[0] = sock_send(seen->sock[0], NULL, "from alice", 10, NEVER);
}

static void call_alice(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = to(NET(1), 5000);
	struct sock *listeners[2] = { listen_on(alice, 5000, true), listen_on(bob, 5000, true) };
	struct sock *none;

	assert_int_equal(fiber_spawn(lab.loop, "alice", call_bob, seen, NULL), 0);
	spec.local.port = 5000;
	spec.share = true;
	seen->err[1] = sock_open(bob, &spec, &seen->sock[1]);
	seen->n[1] = sock_recv(seen->sock[1], NULL, seen->text, sizeof(seen->text), NEVER);
	seen->err[2] = sock_accept(listeners[0], lab_within(&lab, SEC), &none);
	seen->err[3] = sock_accept(listeners[1], lab_within(&lab, SEC), &none);
	spec.remote.port = 5000;
	seen->err[4] = sock_open(bob, &spec, &none); /* the same pair again */
}

static void both_call_at_once(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, call_alice, &seen);
	assert_int_equal(seen.err[0] | seen.err[1], 0);
	assert_int_equal(seen.n[0], 0);
	assert_int_equal(seen.n[1], 10);
	assert_int_equal(seen.err[2], -ETIMEDOUT);
	assert_int_equal(seen.err[3], -ETIMEDOUT);
	assert_int_equal(seen.err[4], -EADDRNOTAVAIL);
}

struct waiter {
	struct sock *sock;
	bool accepts;
	long n;
	bool ended;
};

static void wait_for_ever(void *arg)
{
	struct waiter *waiter = arg;
	struct sock *sock;
	char c;

	waiter->n = waiter->accepts ? sock_accept(waiter->sock, NEVER, &sock)
				    : sock_recv(waiter->sock, NULL, &c, 1, NEVER);
	waiter->ended = true;
}

static void close_all(void *arg)
{
	struct waiter *waiters = arg;
	struct sock_spec spec = to(NET(2), 80);

	waiters[0] = (struct waiter){ .sock = listen_on(bob, 80, false), .accepts = true };
	assert_int_equal(fiber_spawn(lab.loop, "acceptor", wait_for_ever, &waiters[0], NULL), 0);
	assert_int_equal(sock_open(alice, &spec, &waiters[1].sock),
			 0); /* accepted, and left alone */
	waiters[2] = (struct waiter){ .sock = listen_on(bob, 81, false), .accepts = true };
	spec.remote.port = 81;
	assert_int_equal(sock_open(alice, &spec, &waiters[3].sock),
			 0); /* stands, but nobody accepts it */
	for (int i = 1; i < 4; i += 2)
		assert_int_equal(fiber_spawn(lab.loop, "reader", wait_for_ever, &waiters[i], NULL),
				 0);
	fiber_sleep(lab_within(&lab, SEC));
	sock_close(waiters[2].sock);
	fiber_sleep(lab_within(&lab, SEC));
	sock_close(waiters[1].sock);
	fiber_sleep(lab_within(&lab, SEC));
}

static void closing_wakes_and_resets(void **state)
{
	struct waiter waiters[4] = { 0 };

	(void)state;
	lab_run(&lab, close_all, waiters);
	assert_int_equal(waiters[0].n, 0);
	assert_int_equal(waiters[1].n, -ECANCELED);
	assert_true(waiters[3].ended);
	assert_int_equal(waiters[3].n, -ECONNRESET);
}

struct caller {
	struct sock *opening, *sock;
	struct ip_addr to;
	uint64_t ended;
	int err;
};

static void call_for_ever(void *arg)
{
	struct caller *caller = arg;
	struct sock_spec spec = to(caller->to, 80);

	spec.local.port = 4000;
	spec.opening = &caller->opening;
	caller->err = sock_open(alice, &spec, &caller->sock);
	caller->ended = loop_now(lab.loop);
}

static void give_up(void *arg)
{
	struct caller *callers = arg;

	callers[0].to = NET(9);
	callers[1].to = NET(2);
	listen_on(bob, 80, false);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fiber_spawn(lab.loop, "caller", call_for_ever, &callers[i], NULL),
				 0);
		fiber_sleep(lab_within(&lab, SEC));
		callers[2 + i].sock = callers[i].opening;
		sock_give_up(&callers[i].opening);
		fiber_sleep(lab_within(&lab, SEC));
	}
}

/* One is given up while it hears nothing.  The other, from the same port, stands by then. */
static void a_call_is_given_up(void **state)
{
	struct caller callers[4] = { 0 };

	(void)state;
	lab_run(&lab, give_up, callers);
	assert_int_equal(callers[0].err, -ECANCELED);
	assert_int_equal(callers[0].ended, SEC);
	assert_null(callers[0].sock);
	assert_non_null(callers[2].sock);
	assert_int_equal(callers[1].err, 0);
	assert_non_null(callers[1].sock);
	assert_null(callers[3].sock);
}

/* How long a reader rests after each error before it goes on. */
static const struct {
	int err;
	bool on;
	uint64_t rest;
} errors[] = {
	{ -ECONNREFUSED, true, 0 }, { -EHOSTUNREACH, true, 0 },	  { -ENETUNREACH, true, 0 },
	{ -EMSGSIZE, true, 0 },	    { -EMFILE, true, 10 * MSEC }, { -ENOMEM, true, 10 * MSEC },
	{ -ECANCELED, false, 0 },
};

enum { ERRORS = sizeof(errors) / sizeof(*errors) };

static void read_on(void *arg)
{
	struct caller *seen = arg;

	for (int i = 0; i < ERRORS; i++) {
		uint64_t before = loop_now(lab.loop);

		seen[i].err = sock_read_on(alice, errors[i].err);
		seen[i].ended = loop_now(lab.loop) - before;
	}
}

static void readers_rest_after_what_lasts(void **state)
{
	struct caller seen[ERRORS] = { 0 };

	(void)state;
	lab_run(&lab, read_on, seen);
	for (int i = 0; i < ERRORS; i++) {
		assert_int_equal(seen[i].err, errors[i].on);
		assert_int_equal(seen[i].ended, errors[i].rest);
	}
}

/* A port that a connection was opened from is its own until TIME-WAIT is over (RFC 9293, 3.6.1),
 * but for those who share; a listener may come back at once. */
static void come_back(void *arg)
{
	struct seen *seen = arg;
	struct sock *listener = listen_on(bob, 80, false), *visitor = NULL, *sock = NULL;
	struct sock_spec spec = to(NET(2), 80);

	spec.local.port = 4000;
	seen->err[0] = sock_open(alice, &spec, &sock);
	seen->err[1] = sock_accept(listener, NEVER, &visitor);
	sock_close(sock); /* first, so that it keeps TIME-WAIT */
	fiber_sleep(lab_within(&lab, SEC));
	sock_close(visitor);
	sock_close(listener);
	fiber_sleep(lab_within(&lab, SEC));
	listener = listen_on(bob, 80, false);
	seen->sock[0] = listener;
	seen->err[2] = sock_open(alice, &spec, &sock);
	fiber_sleep(lab_within(&lab, 61 * SEC));
	seen->err[3] = sock_open(alice, &spec, &sock);
}

static void ports_in_time_wait(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, come_back, &seen);
	assert_int_equal(seen.err[0] | seen.err[1], 0);
	assert_non_null(seen.sock[0]);
	assert_int_equal(seen.err[2], -EADDRINUSE);
	assert_int_equal(seen.err[3], 0);
}

static void talk_to_oneself(void *arg)
{
	struct seen *seen = arg;
	struct sock *listener = listen_on(alice, 80, false), *visitor = NULL, *sock = NULL;
	struct sock_spec spec = to(V4(127, 0, 0, 1), 80);

	seen->err[0] = sock_open(alice, &spec, &sock);
	seen->err[1] = sock_accept(listener, lab_within(&lab, SEC), &visitor);
	seen->end[0] = sock_remote(visitor);
	seen->err[2] = sock_send(sock, NULL, sent, 100000, NEVER);
	seen->n[0] = sock_recv_exact(visitor, received, 100000, lab_within(&lab, SEC));
}

static void a_host_calls_itself(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, talk_to_oneself, &seen);
	assert_int_equal(seen.err[0] | seen.err[1] | seen.err[2], 0);
	assert_true(ip_addr_equal(seen.end[0].addr, V4(127, 0, 0, 1)));
	assert_int_equal(seen.n[0], 0);
	assert_int_equal(link_stats(lab.links[0]).packets[LINK_NODE], 0);
}

enum { MANY = 300 };

static void call_many_times(void *arg)
{
	struct seen *seen = arg;
	struct sock *listener = listen_on(bob, 80, false);
	static struct sock *calls[MANY];
	struct sock_spec spec = to(NET(2), 80);

	for (int i = 0; i < MANY; i++) {
		struct sock *visitor = NULL;
		uint16_t port = 0;

		seen->err[0] |= sock_open(alice, &spec, &calls[i]);
		seen->err[0] |= sock_accept(listener, NEVER, &visitor);
		seen->err[0] |= sock_send(calls[i], NULL, &i, sizeof(i), NEVER);
		seen->err[0] |= sock_recv_exact(visitor, &port, 2, NEVER);
		seen->n[0] += port == i;
	}
	for (int i = 0; i < MANY; i++)
		for (int k = 0; k < i; k++)
			seen->n[1] += sock_local(calls[i]).port == sock_local(calls[k]).port;
}

static void many_calls_keep_apart(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, call_many_times, &seen);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[0], MANY);
	assert_int_equal(seen.n[1], 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_visit),
		TEST(calls_that_fail),
		TEST(a_mebibyte_fills_the_window_and_arrives),
		TEST(both_call_at_once),
		TEST(closing_wakes_and_resets),
		TEST(a_call_is_given_up),
		TEST(readers_rest_after_what_lasts),
		TEST(ports_in_time_wait),
		TEST(a_host_calls_itself),
		TEST(many_calls_keep_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
