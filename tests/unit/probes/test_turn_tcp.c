/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP allocations (RFC 6062): whose connections to peers are, how many there are, and for how long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "turn_fixture.h"

enum { LINKS = 16, OWN_SOCKS = 3, LISTENING = 7000, SILENT = 7001 };

/* A client with its TCP allocation, which permits the peer. */
struct caller {
	struct sock *control;
	struct endpoint relayed;
};

static struct caller allocate(struct turn_fixture *f)
{
	struct caller c = { .control = turn_dial(f, STUN_PORT) };

	f->net.silent_port = SILENT;
	f->login.challenged = false;
	turn_log_in(f);
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_TCP << 24);
	assert_int_equal(turn_ask_over(f, c.control), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &c.relayed));
	turn_begin(f, TURN_CREATE_PERMISSION);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER, 0));
	assert_int_equal(turn_ask_over(f, c.control), 0);
	return c;
}

static struct sock *listen_at_peer(struct turn_fixture *f)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local.port = LISTENING };
	struct sock *listener = NULL;

	assert_int_equal(sock_open(f->peer, &spec, &listener), 0);
	return listener;
}

/* From the peer to the relayed address. */
static struct sock *call_in(struct turn_fixture *f, const struct caller *c)
{
	const struct sock_spec spec = { .kind = SOCK_TCP, .remote = c->relayed };
	struct sock *sock = NULL;

	assert_int_equal(sock_open(f->peer, &spec, &sock), 0);
	return sock;
}

/* The number of the connection that the client is told of. */
static uint32_t hear_attempt(struct turn_fixture *f, const struct caller *c)
{
	turn_hear_over(f, c->control);
	assert_int_equal(f->msg.class, STUN_INDICATION);
	assert_int_equal(f->msg.method, TURN_CONNECTION_ATTEMPT);
	return turn_u32_of(f, STUN_CONNECTION_ID);
}

static void begin_connect(struct turn_fixture *f, uint16_t port)
{
	turn_begin(f, TURN_CONNECT);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER, port));
}

static unsigned connect_out(struct turn_fixture *f, const struct caller *c, uint16_t port)
{
	begin_connect(f, port);
	return turn_ask_over(f, c->control);
}

static unsigned bind_to(struct turn_fixture *f, struct sock *tcp, uint32_t id)
{
	turn_begin(f, TURN_CONNECTION_BIND);
	stun_add_u32(&f->w, STUN_CONNECTION_ID, id);
	return turn_ask_over(f, tcp);
}

static void pass(struct sock *from, struct sock *to, const char *text)
{
	uint8_t bytes[16];

	assert_int_equal(sock_send(from, NULL, text, strlen(text), NEVER), 0);
	assert_int_equal(sock_recv_exact(to, bytes, strlen(text), NEVER), 0);
	assert_memory_equal(bytes, text, strlen(text));
}

/* Whose a connection is */

/* Another user, who has guessed a connection's number, is refused; so is who binds it twice. */
static void steal(struct turn_fixture *f)
{
	struct caller alice = allocate(f);
	struct sock *peer = call_in(f, &alice);
	uint32_t id = hear_attempt(f, &alice);
	struct sock *thief = turn_dial(f, STUN_PORT), *data = turn_dial(f, STUN_PORT);
	struct stun_login login = f->login;

	assert_int_equal(stun_login_init(&f->login, "bob", "b"), 0);
	turn_log_in(f);
	assert_int_equal(bind_to(f, thief, id), 400);
	f->login = login;
	assert_int_equal(bind_to(f, data, id + 1), 400);
	assert_int_equal(bind_to(f, data, 0), 400);
	/* A connection that has an allocation cannot be one's data's, too. */
	assert_int_equal(bind_to(f, alice.control, id), 400);
	assert_int_equal(bind_to(f, data, id), 0);
	pass(peer, data, "from peer");
	pass(data, peer, "to peer");
	assert_int_equal(bind_to(f, thief, id), 400);
	sock_close(peer);
	assert_true(turn_is_ended(data, SEC));
	sock_close(data);
	sock_close(thief);
	sock_close(alice.control);
}

static void test_another_users_connection(void **state)
{
	const struct turn_options two = {
		.users = { { TURN_ANYBODY, TURN_ANYBODY }, { "bob", "b" } },
		.users_len = 2,
	};

	(void)state;
	turn_run(&two, steal);
}

/* How long it waits */

/*
 * A connection waits 30 s to be bound (RFC 6062, 5.2 and 5.3).  The server has it one delay before
 * the client hears of it, and hears what the client asks one delay after it was sent.
 */
static const struct wait {
	const char *name;
	bool connect; /* rather than be told of it */
	uint64_t bound_after;
	unsigned want;
} waits[] = {
	{ "connected, bound 1 ns before its time is over", true, 30 * SEC - 1, 0 },
	{ "connected, bound when its time is over", true, 30 * SEC, 400 },
	{ "told of, bound 1 ns before its time is over", false, 30 * SEC - 1, 0 },
	{ "told of, bound when its time is over", false, 30 * SEC, 400 },
};

static const struct wait *waiting;

static void leave_unbound(struct turn_fixture *f)
{
	struct caller c = allocate(f);
	struct sock *listener = listen_at_peer(f), *peer = NULL, *data;
	unsigned lines = f->lines;
	bool late = waiting->want != 0;
	uint64_t heard;
	uint32_t id;

	if (waiting->connect) {
		assert_int_equal(connect_out(f, &c, LISTENING), 0);
		id = turn_u32_of(f, STUN_CONNECTION_ID);
		assert_int_equal(sock_accept(listener, NEVER, &peer), 0);
	} else {
		peer = call_in(f, &c);
		id = hear_attempt(f, &c);
	}
	heard = host_now(f->client);
	fiber_sleep(heard + 29 * SEC);
	data = turn_dial(f, STUN_PORT);
	fiber_sleep(heard - 2 * f->net.delay_ns + waiting->bound_after);
	assert_int_equal(bind_to(f, data, id), waiting->want);
	assert_int_equal(turn_is_ended(peer, SEC), late);
	assert_int_equal(f->lines - lines, late);
	if (late) {
		assert_non_null(strstr(f->line, "server: turn: 11.1.3.2:"));
		assert_non_null(
			strstr(f->line, " leaves a connection to a peer unbound (1 so far)"));
	}
	sock_close(data);
	sock_close(peer);
	sock_close(listener);
	sock_close(c.control);
}

static void test_wait(void **state)
{
	waiting = *state;
	turn_run(NULL, leave_unbound);
}

/* An allocation that ends before that closes what it has, and nobody is to blame. */
static void end_early(struct turn_fixture *f)
{
	struct caller c = allocate(f);
	struct sock *peer = call_in(f, &c);
	unsigned lines = f->lines;

	hear_attempt(f, &c);
	turn_begin(f, TURN_REFRESH);
	stun_add_u32(&f->w, STUN_LIFETIME, 0);
	assert_int_equal(turn_ask_over(f, c.control), 0);
	assert_true(turn_is_ended(peer, SEC));
	fiber_sleep(host_now(f->client) + 31 * SEC);
	assert_int_equal(f->lines, lines + 1); /* of the control connection, which was idle then */
	assert_non_null(strstr(f->line, "connected, and then said nothing of use"));
	sock_close(peer);
	sock_close(c.control);
}

static void test_allocation_ends_early(void **state)
{
	(void)state;
	turn_run(NULL, end_early);
}

/* Connecting to peers */

/* A second connection to a peer is refused, also while the first is still being made; that fails
 * when the peer has not answered for 30 s. */
static void connect_twice(struct turn_fixture *f)
{
	struct caller c = allocate(f);
	struct sock *listener = listen_at_peer(f);
	uint8_t first[STUN_TRANSACTION];
	struct stun_value reason;
	unsigned code = 0;
	uint64_t began;

	assert_int_equal(connect_out(f, &c, LISTENING), 0);
	assert_int_equal(connect_out(f, &c, LISTENING), 446);
	assert_int_equal(connect_out(f, &c, LISTENING + 9), 447); /* nobody listens there */
	began = host_now(f->client);
	begin_connect(f, SILENT);
	stun_login_add(&f->login, &f->w);
	assert_int_equal(sock_send(c.control, NULL, f->request, stun_end(&f->w), NEVER), 0);
	memcpy(first, f->transaction, sizeof(first));
	assert_int_equal(connect_out(f, &c, SILENT), 446);
	turn_hear_over(f, c.control);
	assert_memory_equal(f->msg.transaction, first, sizeof(first));
	assert_true(stun_get_error(&f->msg, &code, &reason));
	assert_int_equal(code, 447);
	assert_int_equal(host_now(f->client) - began, 30 * SEC + 2 * f->net.delay_ns);
	/* That one is over: it may be asked for again. */
	f->net.silent_port = 0;
	assert_int_equal(connect_out(f, &c, SILENT), 447);
	sock_close(listener);
	sock_close(c.control);
}

static void test_connecting_twice(void **state)
{
	(void)state;
	turn_run(NULL, connect_twice);
}

/* Peers take all the connections that an allocation may have; then neither they nor the client get
 * another one, until those have not been bound in time. */
static void crowd_in(struct turn_fixture *f)
{
	struct caller c = allocate(f);
	struct sock *peers[LINKS], *more;

	for (int i = 0; i < LINKS; i++) {
		peers[i] = call_in(f, &c);
		hear_attempt(f, &c);
	}
	for (unsigned i = 1; i <= 64; i++) {
		more = call_in(f, &c);
		assert_true(turn_is_ended(more, SEC));
		sock_close(more);
	}
	assert_non_null(strstr(f->line, "server: turn: 11.1.2.2:"));
	assert_non_null(strstr(f->line, " finds all of an allocation's connections to peers taken "
					"(64 so far)"));
	assert_int_equal(f->lines, 7); /* 1, 2, 4, … 64 */
	f->line[0] = '\0';
	for (unsigned i = 65; i <= 128; i++)
		assert_int_equal(connect_out(f, &c, LISTENING), 508);
	assert_non_null(strstr(f->line, "server: turn: 11.1.3.2:"));
	assert_non_null(strstr(f->line, "connections to peers taken (128 so far)"));
	/* The listener and the client's connection besides. */
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS + 2 + LINKS);
	for (int i = 0; i < LINKS; i++) {
		assert_true(turn_is_ended(peers[i], 31 * SEC));
		sock_close(peers[i]);
	}
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS + 2);
	more = call_in(f, &c);
	hear_attempt(f, &c);
	assert_false(turn_is_ended(more, SEC));
	sock_close(more);
	sock_close(c.control);
}

static void test_too_many_peers(void **state)
{
	(void)state;
	turn_run(NULL, crowd_in);
}

/* Passing bytes on */

/* Say more than there is room for on the way, until nothing has passed for a second; when it was
 * that the last of it passed. */
static uint64_t flood(struct sock *sock)
{
	static const uint8_t bytes[1000];
	struct host *host = sock_host(sock);
	uint64_t last;

	do
		last = host_now(host);
	while (!sock_send(sock, NULL, bytes, sizeof(bytes), last + SEC));
	return last;
}

/* Who does not read what is passed on loses the connection after a minute, whichever side. */
static void stall(struct turn_fixture *f)
{
	for (int from_peer = 0; from_peer < 2; from_peer++) {
		struct caller c = allocate(f);
		struct sock *peer = call_in(f, &c), *data;
		uint32_t id = hear_attempt(f, &c);
		uint64_t last;

		data = turn_dial(f, STUN_PORT);
		assert_int_equal(bind_to(f, data, id), 0);
		f->line[0] = '\0';
		last = flood(from_peer ? peer : data);
		fiber_sleep(last + 59 * SEC);
		assert_string_equal(f->line, "");
		assert_false(turn_is_ended(from_peer ? peer : data, 500 * MSEC));
		assert_true(turn_is_ended(from_peer ? peer : data, SEC));
		assert_non_null(strstr(f->line, from_peer ? "11.1.3.2:" : "11.1.2.2:"));
		assert_non_null(strstr(f->line, "does not read what is relayed to it"));
		sock_close(peer);
		sock_close(data);
		sock_close(c.control);
		fiber_sleep(host_now(f->client) + 2 * SEC);
		assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS);
	}
}

static void test_stalled(void **state)
{
	(void)state;
	turn_run(NULL, stall);
}

int main(void)
{
	enum { WAITS = sizeof(waits) / sizeof(waits[0]) };
	struct CMUnitTest tests[WAITS + 5] = {
		cmocka_unit_test(test_another_users_connection),
		cmocka_unit_test(test_allocation_ends_early),
		cmocka_unit_test(test_connecting_twice),
		cmocka_unit_test(test_too_many_peers),
		cmocka_unit_test(test_stalled),
	};

	for (size_t i = 0; i < WAITS; i++) {
		tests[5 + i].name = waits[i].name;
		tests[5 + i].test_func = test_wait;
		tests[5 + i].initial_state = (void *)(uintptr_t)&waits[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
