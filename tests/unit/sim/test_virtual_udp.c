/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP of virtual hosts, as a program meets it: what live hosts' sockets do, these must do. */
#include <errno.h>
#include <string.h>

#include "virtual_lab.h"

static struct lab lab;
static struct host *alice, *bob;

static int setup(void **state)
{
	(void)state;
	lab_open(&lab, false);
	alice = lab_host(&lab, "alice", LAN(2));
	bob = lab_host(&lab, "bob", LAN(3));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static struct sock *udp(struct host *host, uint16_t port)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .local = { .port = port } };
	struct sock *sock = NULL;

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	return sock;
}

static struct sock *connected(struct host *host, struct endpoint to)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .remote = to };
	struct sock *sock = NULL;

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	return sock;
}

static int opened(struct host *host, struct sock_spec spec)
{
	struct sock *sock;

	return sock_open(host, &spec, &sock);
}

/* What one exchange came to. */
struct seen {
	struct endpoint from, local;
	char text[32];
	long n[10];
	int err[10];
};

static void ask_and_answer(void *arg)
{
	struct seen *seen = arg;
	struct sock *server = udp(bob, 7);
	struct sock *client = udp(alice, 0);
	struct endpoint to = { LAN(3), 7 };

	seen->err[0] = sock_send(client, &to, "hello", 5, NEVER);
	seen->n[0] = sock_recv(server, &seen->from, seen->text, sizeof(seen->text), NEVER);
	seen->local = sock_local(client);
	seen->err[1] = sock_send(server, &seen->from, "world!", 6, NEVER);
	seen->n[1] = sock_recv(client, &seen->from, seen->text, 5, NEVER); /* cut */
	seen->n[2] = sock_recv(client, NULL, seen->text, 5, lab_within(&lab, MSEC));
	seen->n[3] = sock_recv(client, NULL, seen->text, 5, 0);
}

static void a_datagram_and_its_answer(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, ask_and_answer, &seen);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[0], 5);
	assert_int_equal(seen.n[1], 5);
	assert_memory_equal(seen.text, "world", 5);
	assert_true(endpoint_equal(seen.from, (struct endpoint){ LAN(3), 7 }));
	assert_true(ip_addr_is_unset(seen.local.addr));
	assert_in_range(seen.local.port, 32768, 60999);
	assert_int_equal(seen.n[2], -ETIMEDOUT);
	assert_int_equal(seen.n[3], -ETIMEDOUT);
	assert_in_range(loop_now(lab.loop), MSEC, MSEC + 10 * USEC);
}

static void send_nonsense(void *arg)
{
	static const char big[65508];
	struct seen *seen = arg;
	struct sock *sock = udp(alice, 0);

	seen->err[0] = sock_send(sock, NULL, "x", 1, NEVER);
	seen->err[1] = sock_send(sock, &(struct endpoint){ LAN(3), 0 }, "x", 1, NEVER);
	seen->err[2] = sock_send(sock, &(struct endpoint){ LAN(3), 7 }, big, sizeof(big), NEVER);
	seen->err[3] = sock_send(sock, &(struct endpoint){ LAN(255), 7 }, "x", 1, NEVER);
	seen->err[4] = opened(alice, (struct sock_spec){ .local = { LAN(3), 0 } });
	seen->err[5] = opened(alice, (struct sock_spec){ .remote = { LAN(255), 9 } });
	seen->err[6] = sock_set_ttl(sock, 0);
	seen->err[7] = sock_join_group(sock, LAN(3));
	seen->err[8] = sock_join_group(sock, V4(239, 0, 0, 1));
	seen->err[9] = sock_join_group(sock, V4(239, 0, 0, 1));
}

static void what_cannot_be_done_is_said(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, send_nonsense, &seen);
	assert_int_equal(seen.err[0], -EDESTADDRREQ);
	assert_int_equal(seen.err[1], -EINVAL);
	assert_int_equal(seen.err[2], -EMSGSIZE);
	assert_int_equal(seen.err[3], -EACCES);
	assert_int_equal(seen.err[4], -EADDRNOTAVAIL);
	assert_int_equal(seen.err[5], -EACCES);
	assert_int_equal(seen.err[6], -EINVAL);
	assert_int_equal(seen.err[7], -EINVAL);
	assert_int_equal(seen.err[8], 0);
	assert_int_equal(seen.err[9], -EADDRINUSE);
}

/* Only who is connected hears that nobody was there, once, and a send does not. */
static void knock(void *arg)
{
	struct seen *seen = arg;
	struct endpoint to = { LAN(3), 9 };
	struct sock *sure = connected(alice, to), *loose = udp(alice, 0);

	sock_send(sure, NULL, "a", 1, NEVER);
	sock_send(sure, NULL, "b", 1, NEVER);
	sock_send(loose, &to, "c", 1, NEVER);
	fiber_sleep(lab_within(&lab, MSEC));
	seen->err[0] = sock_send(sure, NULL, "d", 1, NEVER);
	seen->n[0] = sock_recv(sure, NULL, seen->text, 1, lab_within(&lab, 0));
	seen->n[1] = sock_recv(sure, NULL, seen->text, 1, lab_within(&lab, MSEC)); /* about "d" */
	seen->n[2] = sock_recv(sure, NULL, seen->text, 1, lab_within(&lab, MSEC));
	seen->n[3] = sock_recv(loose, NULL, seen->text, 1, lab_within(&lab, MSEC));
	seen->local = sock_local(sure);
}

static void a_closed_port_is_heard_of_where_connected(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, knock, &seen);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[0], -ECONNREFUSED);
	assert_int_equal(seen.n[1], -ECONNREFUSED);
	assert_int_equal(seen.n[2], -ETIMEDOUT);
	assert_int_equal(seen.n[3], -ETIMEDOUT);
	assert_true(ip_addr_equal(seen.local.addr, LAN(2)));
}

static void listen_to_one(void *arg)
{
	struct seen *seen = arg;
	struct sock *sock = connected(alice, (struct endpoint){ LAN(3), 7 });
	struct sock *right = udp(bob, 7), *wrong = udp(bob, 8);
	struct endpoint to = { LAN(2), sock_local(sock).port };

	sock_send(wrong, &to, "wrong", 5, NEVER);
	sock_send(right, &to, "right", 5, NEVER);
	seen->n[0] = sock_recv(sock, &seen->from, seen->text, 32, lab_within(&lab, MSEC));
	seen->n[1] = sock_recv(sock, NULL, seen->text, 32, lab_within(&lab, MSEC));
}

static void a_connected_socket_hears_its_peer_only(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, listen_to_one, &seen);
	assert_int_equal(seen.n[0], 5);
	assert_int_equal(seen.from.port, 7);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
}

struct waiter {
	struct sock *sock;
	long n;
	bool ended;
};

static void wait_for_ever(void *arg)
{
	struct waiter *waiter = arg;
	char c;

	waiter->n = sock_recv(waiter->sock, NULL, &c, 1, NEVER);
	waiter->ended = true;
}

static void close_under_them(void *arg)
{
	struct waiter *waiters = arg;

	fiber_sleep(lab_within(&lab, MSEC));
	sock_close(waiters[0].sock);
	while (!waiters[0].ended || !waiters[1].ended)
		fiber_sleep(lab_within(&lab, MSEC));
	sock_close(NULL);
}

static void closing_wakes_who_waits(void **state)
{
	struct waiter waiters[2] = { 0 };

	(void)state;
	waiters[0].sock = waiters[1].sock = udp(alice, 5);
	lab_spawn(&lab, wait_for_ever, &waiters[0]);
	lab_spawn(&lab, wait_for_ever, &waiters[1]);
	lab_run(&lab, close_under_them, waiters);
	assert_int_equal(waiters[0].n, -ECANCELED);
	assert_int_equal(waiters[1].n, -ECANCELED);
	assert_non_null(udp(alice, 5)); /* the port is free again */
}

/* Who may have a port beside whom.  The first socket stands; the second is tried. */
static const struct bind_row {
	const char *name;
	struct sock_spec first, second;
	int want;
} bind_rows[] = {
	{ "the same port twice",
	  { .local = { .port = 5 } },
	  { .local = { .port = 5 } },
	  -EADDRINUSE },
	{ "both share",
	  { .local = { .port = 5 }, .share = true },
	  { .local = { .port = 5 }, .share = true },
	  0 },
	{ "one shares",
	  { .local = { .port = 5 }, .share = true },
	  { .local = { .port = 5 } },
	  -EADDRINUSE },
	{ "two addresses",
	  { .local = { V4_INIT(192, 168, 1, 4), 5 } },
	  { .local = { V4_INIT(127, 0, 0, 1), 5 } },
	  0 },
	{ "one address and all",
	  { .local = { V4_INIT(192, 168, 1, 4), 5 } },
	  { .local = { .port = 5 } },
	  -EADDRINUSE },
	{ "TCP beside UDP",
	  { .local = { .port = 5 } },
	  { .kind = SOCK_TCP_LISTEN, .local = { .port = 5 } },
	  0 },
	{ "two listeners",
	  { .kind = SOCK_TCP_LISTEN, .local = { .port = 5 } },
	  { .kind = SOCK_TCP_LISTEN, .local = { .port = 5 } },
	  -EADDRINUSE },
	{ "two listeners that share",
	  { .kind = SOCK_TCP_LISTEN, .local = { .port = 5 }, .share = true },
	  { .kind = SOCK_TCP_LISTEN, .local = { .port = 5 }, .share = true },
	  0 },
	{ "two pings of one identifier",
	  { .kind = SOCK_PING, .local = { .port = 5 } },
	  { .kind = SOCK_PING, .local = { .port = 5 } },
	  -EADDRINUSE },
	{ "a ping beside UDP",
	  { .kind = SOCK_PING, .local = { .port = 5 } },
	  { .local = { .port = 5 } },
	  0 },
	{ "a group's address",
	  { .local = { .port = 6 } },
	  { .local = { V4_INIT(239, 0, 0, 1), 5 } },
	  0 },
	{ "a listener at a group's address",
	  { .local = { .port = 6 } },
	  { .kind = SOCK_TCP_LISTEN, .local = { V4_INIT(239, 0, 0, 1), 5 } },
	  -EADDRNOTAVAIL },
};

static void binding(void **state)
{
	const struct bind_row *row = *state;
	struct host *host;

	lab_open(&lab, false);
	host = lab_host(&lab, "carol", LAN(4));
	assert_int_equal(opened(host, row->first), 0);
	assert_int_equal(opened(host, row->second), row->want);
	lab_close(&lab);
}

/* Who would share a port is given one that it shares with nobody, the last that is left. */
static void a_port_that_was_not_asked_for(void **state)
{
	enum { FIRST = 32768, LAST = 60999, LEFT = 40000 };
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .share = true };
	struct sock *sock;
	struct host *host;

	(void)state;
	lab_open(&lab, false);
	host = lab_host(&lab, "carol", LAN(4));
	for (int port = FIRST; port <= LAST; port++) {
		spec.local.port = (uint16_t)port;
		if (port != LEFT)
			assert_int_equal(sock_open(host, &spec, &sock), 0);
	}
	spec.local.port = 0;
	assert_int_equal(sock_open(host, &spec, &sock), 0);
	assert_int_equal(sock_local(sock).port, LEFT);
	assert_int_equal(sock_open(host, &spec, &sock), -EADDRINUSE);
	lab_close(&lab);
}

enum { STRANGERS = 64, FRIENDS = 8 };

static void speak_to_the_shared(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = { .local = { LAN(3), 7 }, .share = true };
	struct endpoint to = { LAN(3), 7 };
	struct sock *twins[2] = { NULL }, *theirs[FRIENDS] = { NULL };
	char c;

	assert_int_equal(sock_open(bob, &spec, &twins[0]), 0);
	assert_int_equal(sock_open(bob, &spec, &twins[1]), 0);
	for (int i = 0; i < FRIENDS; i++) {
		spec.remote = (struct endpoint){ LAN(2), (uint16_t)(1000 + i) };
		assert_int_equal(sock_open(bob, &spec, &theirs[i]), 0);
	}
	for (unsigned int i = 0; i < STRANGERS; i++) {
		struct sock *stranger = udp(alice, (uint16_t)(1000 + i));

		sock_send(stranger, &to, "x", 1, NEVER);
		sock_send(stranger, &to, "y", 1, NEVER);
	}
	fiber_sleep(lab_within(&lab, MSEC));
	for (int i = 0; i < FRIENDS; i++)
		while (sock_recv(theirs[i], NULL, &c, 1, 0) == 1)
			seen->n[2]++;
	for (int i = 0; i < 2; i++)
		while (sock_recv(twins[i], NULL, &c, 1, 0) == 1)
			seen->n[i]++;
}

static void shared_ports_share_the_senders(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, speak_to_the_shared, &seen);
	assert_int_equal(seen.n[2], 2 * FRIENDS); /* who is connected comes first */
	assert_int_equal(seen.n[0] + seen.n[1], 2 * (STRANGERS - FRIENDS));
	assert_int_equal(seen.n[0] % 2, 0); /* a sender stays with one */
	assert_in_range(seen.n[0], 2, 2 * (STRANGERS - FRIENDS) - 2);
}

static void shout(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = { .local = { .port = 7 }, .broadcast = true };
	struct sock *loud = NULL, *heard = udp(bob, 7);

	assert_int_equal(sock_open(alice, &spec, &loud), 0);
	seen->err[0] = sock_send(loud, &(struct endpoint){ LAN(255), 7 }, "a", 1, NEVER);
	seen->err[1] =
		sock_send(loud, &(struct endpoint){ V4(255, 255, 255, 255), 7 }, "b", 1, NEVER);
	fiber_sleep(lab_within(&lab, MSEC));
	for (int i = 0; i < 3; i++) {
		seen->n[i] = sock_recv(heard, &seen->from, seen->text, 1, 0);
		seen->n[3 + i] = sock_recv(loud, NULL, seen->text, 1, 0);
	}
}

static void a_broadcast_reaches_all_and_oneself(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, shout, &seen);
	assert_int_equal(seen.err[0] | seen.err[1], 0);
	assert_int_equal(seen.n[0], 1);
	assert_int_equal(seen.n[1], 1);
	assert_int_equal(seen.n[2], -ETIMEDOUT);
	assert_int_equal(seen.n[3], 1);
	assert_int_equal(seen.n[4], 1);
	assert_int_equal(seen.n[5], -ETIMEDOUT);
	assert_true(ip_addr_equal(seen.from.addr, LAN(2)));
}

static void speak_to_a_group(void *arg)
{
	struct seen *seen = arg;
	struct sock *speaker = udp(alice, 0), *member = udp(bob, 7), *other = udp(bob, 8);
	struct sock *deaf = udp(alice, 7);
	struct ip_addr group = V4(239, 1, 2, 3);

	sock_send(speaker, &(struct endpoint){ group, 7 }, "early", 5, NEVER);
	fiber_sleep(lab_within(&lab, MSEC));
	seen->err[0] = sock_join_group(member, group);
	sock_send(speaker, &(struct endpoint){ group, 7 }, "a", 1, NEVER);
	sock_send(speaker, &(struct endpoint){ group, 8 }, "b", 1, NEVER);
	fiber_sleep(lab_within(&lab, MSEC));
	seen->n[0] = sock_recv(member, NULL, seen->text, 5, 0);
	seen->n[1] = sock_recv(member, NULL, seen->text, 5, 0);
	seen->n[2] = sock_recv(other, NULL, seen->text, 5, 0);
	seen->n[3] = sock_recv(deaf, NULL, seen->text, 5, 0);
}

static void a_group_is_heard_where_it_was_joined(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, speak_to_a_group, &seen);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[0], 1);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
	assert_int_equal(seen.n[2], 1); /* the host is a member, which is enough in Linux */
	assert_int_equal(seen.n[3], -ETIMEDOUT);
}

static void talk_to_oneself(void *arg)
{
	static const struct ip_addr extra[] = { { 0, 0xffffc0a80105 } }; /* 192.168.1.5 */
	struct virtual_host_spec spec = {
		.name = "carol", .addr = LAN(4), .extra = extra, .extra_len = 1, .prefix_bits = 24
	};
	struct seen *seen = arg;
	struct host *carol = lab_add(&lab, &spec, 0, 0);
	struct sock *server = udp(carol, 7), *client = udp(carol, 0), *visitor = udp(alice, 0);

	sock_send(client, &(struct endpoint){ V4(127, 0, 0, 1), 7 }, "a", 1, NEVER);
	seen->n[0] = sock_recv(server, &seen->from, seen->text, 1, lab_within(&lab, MSEC));
	seen->err[0] = ip_addr_equal(seen->from.addr, V4(127, 0, 0, 1));
	sock_send(client, &(struct endpoint){ LAN(5), 7 }, "b", 1, NEVER);
	seen->n[1] = sock_recv(server, &seen->from, seen->text, 1, lab_within(&lab, MSEC));
	seen->err[1] = ip_addr_equal(seen->from.addr, LAN(5));
	sock_send(visitor, &(struct endpoint){ LAN(5), 7 }, "c", 1, NEVER);
	seen->n[2] = sock_recv(server, &seen->from, seen->text, 1, lab_within(&lab, MSEC));
	seen->err[2] = ip_addr_equal(seen->from.addr, LAN(2));
	seen->n[3] = (long)link_stats(lab.links[2]).packets[LINK_NODE];
}

static void a_host_reaches_itself_without_the_wire(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, talk_to_oneself, &seen);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seen.n[i], 1);
		assert_true(seen.err[i]);
	}
	assert_int_equal(seen.n[3], 0);
}

static void flood(void *arg)
{
	struct seen *seen = arg;
	struct sock *slow = udp(bob, 7), *fast = udp(alice, 0);
	char c;

	for (int i = 0; i < 1000; i++)
		sock_send(fast, &(struct endpoint){ LAN(3), 7 }, "x", 1, NEVER);
	fiber_sleep(lab_within(&lab, MSEC));
	while (sock_recv(slow, NULL, &c, 1, 0) == 1)
		seen->n[0]++;
	sock_send(fast, &(struct endpoint){ LAN(3), 7 }, "x", 1, NEVER);
	seen->n[1] = sock_recv(slow, NULL, &c, 1, lab_within(&lab, MSEC));
}

static void a_full_queue_loses_what_comes(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, flood, &seen);
	assert_in_range(seen.n[0], 200, 400);
	assert_int_equal(seen.n[1], 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_datagram_and_its_answer),
		TEST(what_cannot_be_done_is_said),
		TEST(a_closed_port_is_heard_of_where_connected),
		TEST(a_connected_socket_hears_its_peer_only),
		TEST(closing_wakes_who_waits),
		TEST(shared_ports_share_the_senders),
		TEST(a_broadcast_reaches_all_and_oneself),
		TEST(a_group_is_heard_where_it_was_joined),
		TEST(a_host_reaches_itself_without_the_wire),
		TEST(a_full_queue_loses_what_comes),
		cmocka_unit_test(a_port_that_was_not_asked_for),
	};
	struct CMUnitTest binds[sizeof(bind_rows) / sizeof(*bind_rows)];

	for (size_t i = 0; i < sizeof(bind_rows) / sizeof(*bind_rows); i++)
		binds[i] = (struct CMUnitTest){ .name = bind_rows[i].name,
						.test_func = binding,
						.initial_state = (void *)(uintptr_t)&bind_rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(binds, NULL, NULL);
}
