/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two live hosts on one wire: sockets of each kind, and the errors that they must give. */
#include "live_lab.h"

#include <errno.h>
#include <string.h>

#define ALICE V4(10, 0, 0, 1)
#define BOB V4(10, 0, 0, 2)

struct pair {
	struct lab lab;
	struct host *alice;
	struct host *bob;
	struct link *link;
};

static int set_up(void **state)
{
	static struct pair pair;
	struct port *a, *b;

	lab_open(&pair.lab);
	pair.alice = lab_host(&pair.lab, "alice", ALICE, 24, (struct ip_addr){ 0 }, &a);
	pair.bob = lab_host(&pair.lab, "bob", BOB, 24, (struct ip_addr){ 0 }, &b);
	pair.link = lab_link(&pair.lab, a, b);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	link_free(pair->link);
	pair->alice->ops->free(pair->alice);
	pair->bob->ops->free(pair->bob);
	lab_close(&pair->lab);
	return 0;
}

struct seen {
	struct pair *pair;
	int err;
	long n;
	char text[64];
	struct endpoint from;
};

static uint64_t soon(struct pair *pair)
{
	return host_now(pair->alice) + 5 * SEC;
}

static void udp_actor(void *arg)
{
	struct seen *seen = arg;
	struct pair *pair = seen->pair;
	struct sock_spec at_bob = { .kind = SOCK_UDP, .local = { BOB, 5000 } };
	struct sock_spec at_alice = { .kind = SOCK_UDP, .local = { .port = 4000 } };
	struct endpoint to = { BOB, 5000 };
	struct sock *a = NULL, *b = NULL;

	seen->err = sock_open(pair->bob, &at_bob, &b);
	if (!seen->err)
		seen->err = sock_open(pair->alice, &at_alice, &a);
	if (!seen->err)
		seen->err = sock_send(a, &to, "hello", 5, soon(pair));
	if (!seen->err)
		seen->n = sock_recv(b, &seen->from, seen->text, sizeof(seen->text), soon(pair));
	sock_close(a);
	sock_close(b);
}

static void udp_crosses(void **state)
{
	struct pair *pair = *state;
	struct seen seen = { .pair = pair };
	struct endpoint want = { ALICE, 4000 };

	lab_run(&pair->lab, udp_actor, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.n, 5);
	assert_string_equal(seen.text, "hello");
	assert_true(endpoint_equal(seen.from, want));
}

static void refused_actor(void *arg)
{
	struct seen *seen = arg;
	struct pair *pair = seen->pair;
	struct sock_spec spec = { .kind = SOCK_UDP, .remote = { BOB, 9 } };
	struct sock *a;

	seen->err = sock_open(pair->alice, &spec, &a);
	if (seen->err)
		return;
	seen->err = sock_send(a, NULL, "x", 1, soon(pair));
	seen->n = sock_recv(a, NULL, seen->text, sizeof(seen->text), soon(pair));
	sock_close(a);
}

static void udp_learns_of_a_closed_port(void **state)
{
	struct pair *pair = *state;
	struct seen seen = { .pair = pair };

	lab_run(&pair->lab, refused_actor, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.n, -ECONNREFUSED);
}

static void silent_actor(void *arg)
{
	struct seen *seen = arg;
	struct pair *pair = seen->pair;
	struct sock_spec spec = { .kind = SOCK_UDP };
	uint64_t deadline = host_now(pair->alice) + 20 * MSEC;
	struct sock *a;

	seen->err = sock_open(pair->alice, &spec, &a);
	if (seen->err)
		return;
	seen->n = sock_recv(a, NULL, seen->text, sizeof(seen->text), deadline);
	seen->err = host_now(pair->alice) < deadline ? -ERANGE : 0;
	sock_close(a);
}

static void recv_times_out_and_not_before(void **state)
{
	struct pair *pair = *state;
	struct seen seen = { .pair = pair };

	lab_run(&pair->lab, silent_actor, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.n, -ETIMEDOUT);
}

struct closed {
	struct seen seen;
	struct sock *sock;
};

static void blocked_actor(void *arg)
{
	struct closed *closed = arg;

	closed->seen.n =
		sock_recv(closed->sock, NULL, closed->seen.text, sizeof(closed->seen.text), NEVER);
}

static void closing_actor(void *arg)
{
	struct closed *closed = arg;
	struct pair *pair = closed->seen.pair;
	struct sock_spec spec = { .kind = SOCK_UDP };
	struct fiber *blocked;

	closed->seen.err = sock_open(pair->alice, &spec, &closed->sock);
	if (closed->seen.err)
		return;
	closed->seen.err = fiber_spawn(pair->lab.loop, "blocked", blocked_actor, closed, &blocked);
	if (closed->seen.err)
		return;
	fiber_sleep(host_now(pair->alice) + MSEC);
	sock_close(closed->sock);
	fiber_join(blocked, NEVER);
}

static void close_cancels_receivers(void **state)
{
	struct closed closed = { .seen.pair = *state };

	lab_run(&closed.seen.pair->lab, closing_actor, &closed);
	assert_int_equal(closed.seen.err, 0);
	assert_int_equal(closed.seen.n, -ECANCELED);
}

/* More than any socket buffer holds, so that both sides must wait for each other. */
enum { STREAM = 24 << 20, CHUNK = 32768 };

struct stream {
	struct seen seen;
	struct sock *listener;
	uint64_t received;
	bool ordered;
	struct endpoint accepted_from;
};

static void stream_server(void *arg)
{
	struct stream *stream = arg;
	uint64_t deadline = soon(stream->seen.pair);
	uint8_t bytes[4096];
	struct sock *child;

	stream->ordered = true;
	if (sock_accept(stream->listener, deadline, &child))
		return;
	stream->accepted_from = sock_remote(child);
	for (;;) {
		long n = sock_recv(child, NULL, bytes, sizeof(bytes), deadline);

		if (n <= 0)
			break;
		for (long i = 0; i < n; i++)
			if (bytes[i] != (uint8_t)((stream->received + (uint64_t)i) % 251))
				stream->ordered = false;
		stream->received += (uint64_t)n;
	}
	sock_close(child);
}

static void stream_client(struct stream *stream)
{
	struct pair *pair = stream->seen.pair;
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .local = { .port = 4001 },
				  .remote = { BOB, 80 },
				  .deadline = soon(pair) };
	static uint8_t bytes[CHUNK];
	struct sock *sock;

	stream->seen.err = sock_open(pair->alice, &spec, &sock);
	if (stream->seen.err)
		return;
	for (uint64_t sent = 0; sent < STREAM && !stream->seen.err; sent += CHUNK) {
		for (size_t i = 0; i < CHUNK; i++)
			bytes[i] = (uint8_t)((sent + i) % 251);
		stream->seen.err = sock_send(sock, NULL, bytes, CHUNK, soon(pair));
	}
	sock_close(sock);
}

static void stream_actor(void *arg)
{
	struct stream *stream = arg;
	struct pair *pair = stream->seen.pair;
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local = { .port = 80 } };
	struct fiber *server;

	stream->seen.err = sock_open(pair->bob, &spec, &stream->listener);
	if (stream->seen.err)
		return;
	stream->seen.err = fiber_spawn(pair->lab.loop, "server", stream_server, stream, &server);
	if (stream->seen.err)
		return;
	stream_client(stream);
	fiber_join(server, NEVER);
	sock_close(stream->listener);
}

static void tcp_carries_a_long_stream(void **state)
{
	struct stream stream = { .seen.pair = *state };
	struct endpoint want = { ALICE, 4001 };

	lab_run(&stream.seen.pair->lab, stream_actor, &stream);
	assert_int_equal(stream.seen.err, 0);
	assert_int_equal(stream.received, STREAM);
	assert_true(stream.ordered);
	assert_true(endpoint_equal(stream.accepted_from, want));
}

static void tcp_refused_actor(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .remote = { BOB, 81 },
				  .deadline = soon(seen->pair) };
	struct sock *sock = NULL;

	seen->err = sock_open(seen->pair->alice, &spec, &sock);
	sock_close(sock);
}

static void tcp_is_refused_by_a_closed_port(void **state)
{
	struct seen seen = { .pair = *state };

	lab_run(&seen.pair->lab, tcp_refused_actor, &seen);
	assert_int_equal(seen.err, -ECONNREFUSED);
}

static void tcp_timeout_actor(void *arg)
{
	struct seen *seen = arg;
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .remote = { V4(10, 0, 0, 77), 80 },
				  .deadline = host_now(seen->pair->alice) + 20 * MSEC };
	struct sock *sock = NULL;

	seen->err = sock_open(seen->pair->alice, &spec, &sock);
	sock_close(sock);
}

/* Everybody's address is answered for; that nobody is there shows by silence. */
static void tcp_connect_times_out(void **state)
{
	struct seen seen = { .pair = *state };

	lab_run(&seen.pair->lab, tcp_timeout_actor, &seen);
	assert_int_equal(seen.err, -ETIMEDOUT);
}

static void calling_actor(void *arg)
{
	struct closed *closed = arg;
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .remote = { V4(10, 0, 0, 77), 80 },
				  .opening = &closed->sock };
	struct sock *sock = NULL;

	closed->seen.n = sock_open(closed->seen.pair->alice, &spec, &sock);
}

static void giving_up_actor(void *arg)
{
	struct closed *closed = arg;
	struct pair *pair = closed->seen.pair;
	struct fiber *calling;

	closed->seen.err = fiber_spawn(pair->lab.loop, "calling", calling_actor, closed, &calling);
	if (closed->seen.err)
		return;
	fiber_sleep(host_now(pair->alice) + MSEC);
	sock_give_up(&closed->sock);
	closed->seen.err = fiber_join(calling, soon(pair));
}

static void tcp_connect_is_given_up(void **state)
{
	struct closed closed = { .seen.pair = *state };

	lab_run(&closed.seen.pair->lab, giving_up_actor, &closed);
	assert_int_equal(closed.seen.err, 0);
	assert_int_equal(closed.seen.n, -ECANCELED);
}

static void ping_actor(void *arg)
{
	struct seen *seen = arg;
	struct pair *pair = seen->pair;
	struct sock_spec mine = { .kind = SOCK_PING, .local = { .port = 7 } };
	struct sock_spec other = { .kind = SOCK_PING, .local = { .port = 8 } };
	struct endpoint to = { BOB, 0 };
	struct sock *a = NULL, *b = NULL, *twin = NULL;

	seen->err = sock_open(pair->alice, &mine, &a);
	if (!seen->err)
		seen->err = sock_open(pair->alice, &other, &b);
	if (!seen->err && sock_open(pair->alice, &mine, &twin) != -EADDRINUSE)
		seen->err = -EEXIST;
	if (!seen->err)
		seen->err = sock_send(b, &to, "other", 5, soon(pair));
	if (!seen->err)
		seen->err = sock_send(a, &to, "mine!", 5, soon(pair));
	seen->n = sock_recv(a, &seen->from, seen->text, sizeof(seen->text), soon(pair));
	sock_close(twin);
	sock_close(a);
	sock_close(b);
}

static void ping_gets_its_own_reply(void **state)
{
	struct seen seen = { .pair = *state };
	struct endpoint want = { BOB, 7 };

	lab_run(&seen.pair->lab, ping_actor, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.n, 5);
	assert_string_equal(seen.text, "mine!");
	assert_true(endpoint_equal(seen.from, want));
}

struct row {
	const char *name;
	struct sock_spec first, second;
	int want;
};

static const struct row share_rows[] = {
	{ "a port in use",
	  { .kind = SOCK_UDP, .local.port = 5 },
	  { .kind = SOCK_UDP, .local.port = 5 },
	  -EADDRINUSE },
	{ "a shared port",
	  { .kind = SOCK_UDP, .local.port = 5, .share = true },
	  { .kind = SOCK_UDP, .local.port = 5, .share = true },
	  0 },
	{ "another's address",
	  { .kind = SOCK_UDP },
	  { .kind = SOCK_UDP, .local = { { 0, 0xffff0a000002 }, 5 } },
	  -EADDRNOTAVAIL },
	{ "a port that is listened on",
	  { .kind = SOCK_TCP_LISTEN, .local.port = 5 },
	  { .kind = SOCK_TCP_LISTEN, .local.port = 5 },
	  -EADDRINUSE },
};

struct share {
	struct pair *pair;
	int got[sizeof(share_rows) / sizeof(*share_rows)];
};

static void share_actor(void *arg)
{
	struct share *share = arg;

	for (size_t i = 0; i < sizeof(share_rows) / sizeof(*share_rows); i++) {
		struct sock *first = NULL, *second = NULL;

		share->got[i] = -EINVAL;
		if (!sock_open(share->pair->alice, &share_rows[i].first, &first))
			share->got[i] =
				sock_open(share->pair->alice, &share_rows[i].second, &second);
		sock_close(first);
		sock_close(second);
	}
}

static void ports_are_shared_only_where_asked(void **state)
{
	struct share share = { .pair = *state };

	lab_run(&share.pair->lab, share_actor, &share);
	for (size_t i = 0; i < sizeof(share_rows) / sizeof(*share_rows); i++) {
		if (share.got[i] != share_rows[i].want)
			print_message("row: %s\n", share_rows[i].name);
		assert_int_equal(share.got[i], share_rows[i].want);
	}
}

static int tests(void *arg)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup_teardown(udp_crosses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(udp_learns_of_a_closed_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(recv_times_out_and_not_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(close_cancels_receivers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tcp_carries_a_long_stream, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tcp_is_refused_by_a_closed_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tcp_connect_times_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tcp_connect_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ping_gets_its_own_reply, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ports_are_shared_only_where_asked, set_up,
						tear_down),
	};

	(void)arg;
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
