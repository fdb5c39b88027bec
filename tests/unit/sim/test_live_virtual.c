/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual hosts against a kernel's: each on a link of a segment, in real time.  What one sends the
 * other must take, and take in the same way.
 */
#include "mixed_lab.h"

enum { BIG = 20000, WIDE = 1400, NARROW = 1000, NARROW6 = 1300 };

/* Every test is run for each. */
struct addressing {
	const char *name;
	bool ipv6;
	uint16_t narrow;
};
static const struct addressing families[] = { { "IPv4", false, NARROW },
					      { "IPv6", true, NARROW6 } };

static uint64_t soon(const struct net *net)
{
	return loop_now(net->lab.loop) + 2 * SEC;
}

/* What a pair of hosts, one of each kind in either role, did. */
struct seen {
	struct net *net;
	struct host *client, *server;
	long echoed[3], refused, pinged, expired, blocked, later;
	bool whole;
};

static void fill(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 13 + i / 256);
}

/* One datagram there and back: how many bytes came. */
static long echo(struct seen *seen, struct sock *client, struct sock *server, size_t len)
{
	static char out[BIG], in[BIG + 1];
	struct endpoint from;
	long n;

	fill(out, len);
	sock_send(client, NULL, out, len, NEVER);
	n = sock_recv(server, &from, in, sizeof(in), soon(seen->net));
	if (n < 0)
		return n;
	sock_send(server, &from, in, (size_t)n, NEVER);
	memset(in, 0, sizeof(in));
	n = sock_recv(client, NULL, in, sizeof(in), soon(seen->net));
	seen->whole = seen->whole && n == (long)len && memcmp(in, out, len) == 0;
	return n;
}

static void meet(void *arg)
{
	static const struct endpoint nobody;
	struct seen *seen = arg;
	const struct net *net = seen->net;
	struct sock *server = open_sock(seen->server, SOCK_UDP, 7, nobody);
	struct sock *client = open_sock(seen->client, SOCK_UDP, 0, at(net, seen->server, 7));
	struct sock *vain = open_sock(seen->client, SOCK_UDP, 0, at(net, seen->server, 9));
	struct sock *ping = open_sock(seen->client, SOCK_PING, 0, at(net, seen->server, 0));
	struct sock *far = open_sock(seen->client, SOCK_UDP, 0, at(net, seen->server, 7));
	char bytes[BIG];

	seen->whole = true;
	seen->echoed[0] = echo(seen, client, server, 5);
	seen->echoed[1] = echo(seen, client, server, WIDE);
	seen->echoed[2] = echo(seen, client, server, BIG); /* in fragments, both ways */
	sock_send(vain, NULL, "x", 1, NEVER);
	seen->refused = sock_recv(vain, NULL, bytes, 1, soon(seen->net));
	fill(bytes, BIG);
	sock_send(ping, NULL, bytes, BIG, NEVER);
	seen->pinged = sock_recv(ping, NULL, bytes, BIG, soon(seen->net));
	sock_set_ttl(far, 1);
	sock_send(far, NULL, "x", 1, NEVER);
	seen->expired = sock_recv(far, NULL, bytes, 1, soon(seen->net));
	sock_close(far);
	sock_close(ping);
	sock_close(vain);
	sock_close(client);
	sock_close(server);
}

static void check_meeting(const struct addressing *family, bool kernel_asks)
{
	const struct link_spec perfect = { 0 };
	struct net net;
	struct seen seen = { .net = &net };

	set_up(&net, family->ipv6, &perfect);
	seen.client = kernel_asks ? net.kernel : net.ours;
	seen.server = kernel_asks ? net.ours : net.kernel;
	lab_run(&net.lab, meet, &seen);
	assert_int_equal(seen.echoed[0], 5);
	assert_int_equal(seen.echoed[1], WIDE);
	assert_int_equal(seen.echoed[2], BIG);
	assert_true(seen.whole);
	assert_int_equal(seen.refused, -ECONNREFUSED);
	assert_int_equal(seen.pinged, BIG);
	assert_int_equal(seen.expired, -EHOSTUNREACH);
	tear_down(&net);
}

static void the_kernel_asks(void **state)
{
	check_meeting(*state, true);
}

static void the_kernel_is_asked(void **state)
{
	check_meeting(*state, false);
}

/* The virtual host's link is narrow, which the kernel finds out by our router's word. */
static void squeeze(void *arg)
{
	static const struct endpoint nobody;
	struct seen *seen = arg;
	struct sock *server = open_sock(seen->server, SOCK_UDP, 7, nobody);
	struct sock *client = open_sock(seen->client, SOCK_UDP, 0, at(seen->net, seen->server, 7));
	char bytes[WIDE];

	seen->whole = true;
	fill(bytes, WIDE);
	sock_send(client, NULL, bytes, WIDE, NEVER);
	seen->blocked = sock_recv(client, NULL, bytes, WIDE, soon(seen->net));
	seen->later = echo(seen, client, server, WIDE);
	sock_close(client);
	sock_close(server);
}

static void a_narrow_way_is_found_out(void **state)
{
	const struct addressing *family = *state;
	const struct link_spec wire = { .mtu = family->narrow };
	struct net net;
	struct seen seen = { .net = &net };

	set_up(&net, family->ipv6, &wire);
	seen.client = net.kernel;
	seen.server = net.ours;
	lab_run(&net.lab, squeeze, &seen);
	assert_int_equal(seen.blocked, -EMSGSIZE);
	assert_int_equal(seen.later, WIDE);
	assert_true(seen.whole);
	tear_down(&net);
}

struct stream {
	struct net *net;
	struct host *client, *server;
	size_t len;
	int err;
	bool whole, ended;
	long last;
};

enum { STREAM = 3 << 20 };

static char sent[STREAM], received[STREAM];

/* Losses take time. */
static uint64_t at_last(const struct stream *stream)
{
	return loop_now(stream->net->lab.loop) + 60 * SEC;
}

static void push(void *arg)
{
	struct stream *stream = arg;
	struct sock *sock =
		open_sock(stream->client, SOCK_TCP, 0, at(stream->net, stream->server, 80));

	stream->err = sock ? sock_send(sock, NULL, sent, stream->len, at_last(stream)) : -EIO;
	sock_close(sock);
	stream->ended = true;
}

/* One way through sockets of either kind; the kernel's bursts arrive whole. */
static void pull(void *arg)
{
	static const struct endpoint nobody;
	struct stream *stream = arg;
	struct sock *listener = open_sock(stream->server, SOCK_TCP_LISTEN, 80, nobody);
	struct sock *visitor = NULL;
	char c;

	assert_int_equal(fiber_spawn(stream->net->lab.loop, "push", push, stream, NULL), 0);
	if (sock_accept(listener, soon(stream->net), &visitor) == 0) {
		stream->whole = sock_recv_exact(visitor, received, stream->len, at_last(stream)) ==
					0 &&
				memcmp(sent, received, stream->len) == 0;
		stream->last = sock_recv(visitor, NULL, &c, 1, at_last(stream));
	}
	sock_close(visitor);
	sock_close(listener);
	while (!stream->ended)
		fiber_sleep(loop_now(stream->net->lab.loop) + MSEC);
}

static void check_stream(const struct addressing *family, bool kernel_sends, size_t len,
			 const struct link_spec *wire)
{
	struct net net;
	struct stream stream = { .net = &net, .len = len, .last = 1 };

	set_up(&net, family->ipv6, wire);
	stream.client = kernel_sends ? net.kernel : net.ours;
	stream.server = kernel_sends ? net.ours : net.kernel;
	fill(sent, STREAM);
	memset(received, 0, STREAM);
	lab_run(&net.lab, pull, &stream);
	assert_int_equal(stream.err, 0);
	assert_true(stream.whole);
	assert_int_equal(stream.last, 0);
	tear_down(&net);
}

static void the_kernel_sends_a_stream(void **state)
{
	check_stream(*state, true, STREAM, &(struct link_spec){ 0 });
}

static void the_kernel_is_sent_a_stream(void **state)
{
	check_stream(*state, false, STREAM, &(struct link_spec){ 0 });
}

static const struct CMUnitTest all[] = {
	cmocka_unit_test(the_kernel_asks),
	cmocka_unit_test(the_kernel_is_asked),
	cmocka_unit_test(a_narrow_way_is_found_out),
	cmocka_unit_test(the_kernel_sends_a_stream),
	cmocka_unit_test(the_kernel_is_sent_a_stream),
};

enum { TESTS = sizeof(all) / sizeof(*all), FAMILIES = sizeof(families) / sizeof(*families) };

static int tests(void *arg)
{
	static char names[FAMILIES * TESTS][80];
	struct CMUnitTest each[FAMILIES * TESTS];

	(void)arg;
	for (size_t i = 0; i < FAMILIES * TESTS; i++) {
		const struct addressing *family = &families[i / TESTS];

		each[i] = all[i % TESTS];
		snprintf(names[i], sizeof(names[i]), "%s: %s", family->name, each[i].name);
		each[i].name = names[i];
		each[i].initial_state = (void *)(uintptr_t)family;
	}
	return cmocka_run_group_tests(each, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
