/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rendezvous and the echo service do with clients that behave badly. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "probes/services/channel.h"
#include "probes/services/service.h"
#include "probes/wire/rendezvous.h"

struct fixture {
	struct fake_net net;
	struct host *host, *server;
	const char *name;
	void (*test)(struct fixture *f);
};

static void run_served(void *arg)
{
	struct fixture *f = arg;
	struct service_spec spec = { .name = f->name, .host = f->server };
	struct service *service;

	assert_int_equal(service_start(&spec, &service), 0);
	f->test(f);
	service_stop(service);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), 0);
}

static void run(const char *service, void (*test)(struct fixture *f))
{
	struct fixture f = { .name = service, .test = test };

	fake_net_init(&f.net);
	f.host = fake_host_add(&f.net, "client", "11.1.3.2", NULL);
	f.server = fake_host_add(&f.net, "server", "11.1.1.2", NULL);
	fake_net_run(&f.net, run_served, &f);
	fake_net_free(&f.net);
}

static struct sock *dial(struct fixture *f, uint16_t port)
{
	struct sock_spec tcp = { .kind = SOCK_TCP, .remote = { host_addr(f->server), port } };
	struct sock *sock;

	assert_int_equal(sock_open(f->host, &tcp, &sock), 0);
	return sock;
}

static void say(struct sock *sock, const struct rendezvous_message *msg)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(msg, bytes, sizeof(bytes));

	assert_true(len > 0);
	assert_int_equal(sock_send(sock, NULL, bytes, len, NEVER), 0);
}

static struct rendezvous_message hear(struct sock *sock)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	struct rendezvous_message msg;

	assert_int_equal(sock_recv_exact(sock, bytes, 2, NEVER), 0);
	assert_int_equal(sock_recv_exact(sock, bytes + 2, rendezvous_body_len(bytes), NEVER), 0);
	assert_int_equal(rendezvous_decode(bytes + 2, rendezvous_body_len(bytes), &msg), 0);
	return msg;
}

static struct sock *log_in(struct fixture *f, const char *name)
{
	struct rendezvous_message msg = { .kind = RENDEZVOUS_LOGIN };
	struct sock *sock = dial(f, RENDEZVOUS_PORT);

	snprintf(msg.name, sizeof(msg.name), "%s", name);
	say(sock, &msg);
	assert_int_equal(hear(sock).kind, RENDEZVOUS_WELCOME);
	return sock;
}

/* The server has closed it: at once, or when a time is over. */
static bool is_closed(struct fixture *f, struct sock *sock, uint64_t within)
{
	uint8_t bytes[256];
	long n;

	do
		n = sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(f->host) + within);
	while (n > 0);
	return n != -ETIMEDOUT;
}

/* Each closes its own connection; the one that behaves is served all the time. */
static void send_nonsense(struct fixture *f)
{
	static const struct {
		const char *what;
		uint8_t bytes[8];
		size_t len;
	} rows[] = {
		{ "an HTTP request", "GET / H", 7 },
		{ "a length of nothing", { 0, 0 }, 2 },
		{ "a length beyond the longest", { 0xff, 0xff }, 2 },
		{ "another version", { 0, 4, 9, RENDEZVOUS_LOGIN, 1, 'a' }, 6 },
		{ "a message of the server's own", { 0, 4, 1, RENDEZVOUS_WELCOME, 1, 'a' }, 6 },
	};
	struct sock *good = log_in(f, "good");
	struct rendezvous_message call = { .kind = RENDEZVOUS_CALL, .name = "nobody", .token = 1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sock *bad = dial(f, RENDEZVOUS_PORT);
		struct sock *known = log_in(f, "known");

		sock_send(bad, NULL, rows[i].bytes, rows[i].len, NEVER);
		sock_send(known, NULL, rows[i].bytes, rows[i].len, NEVER);
		if (!is_closed(f, bad, SEC) || !is_closed(f, known, SEC))
			fail_msg("%s was taken", rows[i].what);
		sock_close(bad);
		sock_close(known);
		say(good, &call);
		assert_int_equal(hear(good).kind, RENDEZVOUS_REFUSED);
	}
	sock_close(good);
}

static void test_nonsense_closes_its_own_connection_only(void **state)
{
	(void)state;
	run("rendezvous", send_nonsense);
}

/* Nobody may stay without saying who it is, nor stop in the middle of a message. */
static void be_slow(struct fixture *f)
{
	struct sock *silent = dial(f, RENDEZVOUS_PORT);
	struct sock *halfway = log_in(f, "halfway");
	struct sock *patient = log_in(f, "patient");
	uint64_t began = host_now(f->host);

	sock_send(halfway, NULL, "\0", 1, NEVER);
	assert_true(is_closed(f, silent, 20 * SEC));
	assert_true(is_closed(f, halfway, 20 * SEC));
	assert_true(host_now(f->host) - began < 12 * SEC);
	assert_false(is_closed(f, patient, 3600 * SEC));
	sock_close(silent);
	sock_close(halfway);
	sock_close(patient);
}

static void test_slow_clients(void **state)
{
	(void)state;
	run("rendezvous", be_slow);
}

static void open_many(struct fixture *f)
{
	enum { MANY = 300 };
	struct sock *socks[MANY];
	unsigned closed = 0;

	for (int i = 0; i < MANY; i++)
		socks[i] = dial(f, RENDEZVOUS_PORT);
	fiber_sleep(host_now(f->host) + SEC);
	assert_true(fake_host_open_socks(&f->net, f->server) <= 256 + 2);
	for (int i = 0; i < MANY; i++)
		closed += is_closed(f, socks[i], 1);
	assert_int_equal(closed, MANY - 256);
	for (int i = 0; i < MANY; i++)
		sock_close(socks[i]);
	/* They make room again. */
	fiber_sleep(host_now(f->host) + SEC);
	sock_close(log_in(f, "late"));
}

static void test_a_flood_of_connections(void **state)
{
	(void)state;
	run("rendezvous", open_many);
}

/* Bob does not read.  What Alice sends him is dropped once his queue is full, and a client
 * who has nothing to do with it is served meanwhile. */
static void never_read(struct fixture *f)
{
	struct sock *alice = log_in(f, "alice"), *bob = log_in(f, "bob"), *eve = log_in(f, "eve");
	struct rendezvous_message call = {
		.kind = RENDEZVOUS_CALL, .name = "bob", .token = 7, .method = METHOD_RELAY
	};
	uint8_t frame[TALK_MAX] = { 0 };
	struct rendezvous_message relay = { .kind = RENDEZVOUS_RELAY,
					    .token = 7,
					    .method = METHOD_RELAY,
					    .frame = frame,
					    .frame_len = sizeof(frame) };
	struct rendezvous_message nobody = { .kind = RENDEZVOUS_CALL, .name = "nobody" };
	unsigned arrived = 0;

	say(alice, &call);
	assert_int_equal(hear(alice).kind, RENDEZVOUS_INTRODUCE);
	for (int i = 0; i < 2000; i++)
		say(alice, &relay);
	say(eve, &nobody);
	assert_int_equal(hear(eve).kind, RENDEZVOUS_REFUSED);
	assert_int_equal(hear(bob).kind, RENDEZVOUS_INVITE);
	assert_int_equal(hear(bob).kind, RENDEZVOUS_INTRODUCE);
	/* What was kept for him: a window on the way, and the queue. */
	relay.kind = RENDEZVOUS_HANGUP;
	say(alice, &relay);
	while (hear(bob).kind == RENDEZVOUS_RELAY)
		arrived++;
	assert_true(arrived >= CHANNEL_QUEUE_BYTES / RENDEZVOUS_MAX);
	assert_true(arrived <= (CHANNEL_QUEUE_BYTES + 3 * 65536) / TALK_MAX);
	sock_close(alice);
	sock_close(bob);
	sock_close(eve);
}

static void test_a_client_that_does_not_read(void **state)
{
	(void)state;
	run("rendezvous", never_read);
}

/* A stranger cannot speak in a call that is not its own, nor take its token. */
static void meddle(struct fixture *f)
{
	struct sock *alice = log_in(f, "alice"), *bob = log_in(f, "bob"), *eve = log_in(f, "eve");
	struct rendezvous_message call = {
		.kind = RENDEZVOUS_CALL, .name = "bob", .token = 7, .method = METHOD_RELAY
	};
	struct rendezvous_message msg = { .kind = RENDEZVOUS_HANGUP, .token = 7 };

	say(alice, &call);
	assert_int_equal(hear(alice).kind, RENDEZVOUS_INTRODUCE);
	assert_int_equal(hear(bob).kind, RENDEZVOUS_INVITE);
	assert_int_equal(hear(bob).kind, RENDEZVOUS_INTRODUCE);
	say(eve, &msg);
	say(eve, &call);
	msg = hear(eve);
	assert_int_equal(msg.kind, RENDEZVOUS_REFUSED);
	assert_int_equal(msg.refusal, RENDEZVOUS_TAKEN);
	assert_true(!is_closed(f, bob, SEC));
	/* Alice goes, and Bob is told. */
	sock_close(alice);
	assert_int_equal(hear(bob).kind, RENDEZVOUS_HANGUP);
	sock_close(bob);
	sock_close(eve);
}

static void test_a_meddler(void **state)
{
	(void)state;
	run("rendezvous", meddle);
}

static void flood_registrations(struct fixture *f)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct endpoint to = { host_addr(f->server), RENDEZVOUS_PORT };
	struct rendezvous_message msg = { .kind = RENDEZVOUS_REGISTER, .name = "alice" };
	uint8_t bytes[RENDEZVOUS_MAX];
	struct sock *sock, *alice;

	assert_int_equal(sock_open(f->host, &udp, &sock), 0);
	for (uint64_t token = 0; token < 5000; token++) {
		msg.token = token;
		sock_send(sock, &to, bytes, rendezvous_encode(&msg, bytes, sizeof(bytes)), NEVER);
		sock_send(sock, &to, bytes, token % 40, NEVER);
		if (token % 100 == 0)
			fiber_sleep(host_now(f->host) + MSEC);
	}
	/* Who is not in a call gets no answer. */
	assert_int_equal(sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(f->host) + SEC),
			 -ETIMEDOUT);
	alice = log_in(f, "alice");
	sock_close(alice);
	sock_close(sock);
}

static void test_a_flood_of_registrations(void **state)
{
	(void)state;
	run("rendezvous", flood_registrations);
}

static void echo(struct fixture *f)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct endpoint to = { host_addr(f->server), ECHO_PORT };
	struct sock *stream = dial(f, ECHO_PORT), *silent = dial(f, ECHO_PORT);
	struct sock *datagrams;
	uint8_t bytes[8];

	assert_int_equal(sock_open(f->host, &udp, &datagrams), 0);
	assert_int_equal(sock_send(datagrams, &to, "hello", 5, NEVER), 0);
	assert_int_equal(sock_recv(datagrams, NULL, bytes, sizeof(bytes), NEVER), 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(sock_send(stream, NULL, "hello", 5, NEVER), 0);
	assert_int_equal(sock_recv_exact(stream, bytes, 5, NEVER), 0);
	assert_memory_equal(bytes, "hello", 5);
	assert_true(is_closed(f, silent, 301 * SEC));
	sock_close(datagrams);
	sock_close(stream);
	sock_close(silent);
}

static void test_echo(void **state)
{
	(void)state;
	run("echo", echo);
}

static void test_names(void **state)
{
	struct service_spec spec = { .name = "sutn" };
	static const char *const want[] = { "dns", "echo", "rendezvous", "stun", "turn" };
	const char *const *names = service_names();
	struct service *service;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_string_equal(names[i], want[i]);
	assert_null(names[5]);
	assert_int_equal(service_start(&spec, &service), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonsense_closes_its_own_connection_only),
		cmocka_unit_test(test_slow_clients),
		cmocka_unit_test(test_a_flood_of_connections),
		cmocka_unit_test(test_a_client_that_does_not_read),
		cmocka_unit_test(test_a_meddler),
		cmocka_unit_test(test_a_flood_of_registrations),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
