/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 of virtual hosts: both families on one socket, fragments, path MTU, hop limit, complaints,
 * echo, TCP. */
#include <errno.h>
#include <string.h>

#include "nat-models/header_fields.h"
#include "virtual_lab.h"

enum { BIG = 4000, LONG = 1 << 18, NARROW = 1280 };

static struct lab lab;
static struct host *alice, *bob, *old;

#define HOME6(n) ((struct ip_addr){ UINT64_C(0x2b00000100000000) | (uint64_t)(n) << 16, 2 })

/* On the Internet, where the way to Bob is narrow; a third one has no IPv6. */
static int setup(void **state)
{
	struct virtual_host_spec spec = {
		.name = "alice", .addr = NET(1), .addr6 = HOME6(1), .prefix_bits = 24, .seed = 1
	};

	(void)state;
	lab_open(&lab, true);
	alice = lab_add(&lab, &spec, 0, 0);
	spec = (struct virtual_host_spec){
		.name = "bob", .addr = NET(2), .addr6 = HOME6(2), .prefix_bits = 24, .seed = 2
	};
	bob = lab_add(&lab, &spec, NARROW, 0);
	old = lab_host(&lab, "old", NET(3));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static const struct endpoint nobody;

static int opened(struct host *host, struct sock_spec spec)
{
	struct sock *sock;

	return sock_open(host, &spec, &sock);
}

static struct endpoint at(struct ip_addr addr, uint16_t port)
{
	return (struct endpoint){ addr, port };
}

struct seen {
	struct endpoint from[4];
	long n[8];
	int err[8];
	char bytes[BIG];
	bool whole;
};

static void speak_both(void *arg)
{
	struct seen *seen = arg;
	struct sock *server = lab_open_sock(bob, SOCK_UDP, at(nobody.addr, 7), nobody);
	struct sock *client = lab_open_sock(alice, SOCK_UDP, nobody, nobody);
	struct endpoint six = at(HOME6(2), 7), four = at(NET(2), 7);

	seen->err[0] = sock_send(client, &six, "six", 3, NEVER);
	seen->n[0] = sock_recv(server, &seen->from[0], seen->bytes, BIG, lab_within(&lab, SEC));
	seen->err[1] = sock_send(server, &seen->from[0], "back", 4, NEVER);
	seen->n[1] = sock_recv(client, &seen->from[1], seen->bytes, BIG, lab_within(&lab, SEC));
	seen->err[2] = sock_send(client, &four, "four!", 5, NEVER);
	seen->n[2] = sock_recv(server, &seen->from[2], seen->bytes, BIG, lab_within(&lab, SEC));
	seen->from[3] = sock_local(client);
}

static void one_socket_speaks_both_families(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, speak_both, &seen);
	for (int i = 0; i < 3; i++)
		assert_int_equal(seen.err[i], 0);
	assert_int_equal(seen.n[0], 3);
	assert_int_equal(seen.n[1], 4);
	assert_int_equal(seen.n[2], 5);
	assert_true(ip_addr_equal(seen.from[0].addr, HOME6(1)));
	assert_true(endpoint_equal(seen.from[1], at(HOME6(2), 7)));
	assert_true(ip_addr_equal(seen.from[2].addr, NET(1)));
	assert_true(ip_addr_equal(seen.from[3].addr, nobody.addr));
}

/* Whoever lacks a family cannot reach it, and does not hear it. */
static void mismatch(void *arg)
{
	struct seen *seen = arg;
	struct sock *four = lab_open_sock(alice, SOCK_UDP, at(ip_addr_v4(0), 7), nobody);
	struct sock *both = lab_open_sock(bob, SOCK_UDP, nobody, nobody);
	struct sock *lone = lab_open_sock(old, SOCK_UDP, nobody, nobody);
	struct endpoint six = at(HOME6(2), 7), to_four = at(HOME6(1), 7);

	seen->err[0] = sock_send(lone, &six, "x", 1, NEVER);
	seen->err[1] = sock_send(four, &six, "x", 1, NEVER);
	seen->err[2] = opened(old, (struct sock_spec){ .remote = six });
	seen->err[3] = opened(old, (struct sock_spec){ .kind = SOCK_TCP, .remote = six });
	seen->err[4] = opened(alice, (struct sock_spec){ .local = at(NET(1), 0), .remote = six });
	seen->err[5] = opened(old, (struct sock_spec){ .local = at(HOME6(3), 0) });
	seen->err[6] = sock_send(both, &to_four, "x", 1, NEVER);
	seen->n[0] = sock_recv(four, NULL, seen->bytes, BIG, lab_within(&lab, SEC));
	seen->err[7] = opened(alice, (struct sock_spec){ .local = at(HOME6(1), 7) });
	seen->n[1] = opened(alice, (struct sock_spec){ .local = at(nobody.addr, 7) });
}

static void families_do_not_mix(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, mismatch, &seen);
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen.err[i], -ENETUNREACH);
	assert_int_equal(seen.err[5], -EADDRNOTAVAIL);
	assert_int_equal(seen.err[6], 0);
	assert_int_equal(seen.n[0], -ETIMEDOUT);
	assert_int_equal(seen.err[7], 0); /* beside 0.0.0.0, which is IPv4 alone */
	assert_int_equal(seen.n[1], -EADDRINUSE); /* :: is both */
}

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
	struct sock *server = lab_open_sock(bob, SOCK_UDP, at(nobody.addr, 7), nobody);
	struct sock *client = lab_open_sock(alice, SOCK_UDP, nobody, at(HOME6(2), 7));
	char bytes[BIG];

	fill(bytes, BIG);
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[0] = sock_recv(client, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->n[1] = sock_recv(server, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[2] = sock_recv(server, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	sock_send(client, NULL, bytes, BIG, NEVER);
	seen->n[3] = sock_recv(server, &seen->from[0], seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->whole = memcmp(bytes, seen->bytes, BIG) == 0;
}

static void the_way_is_learnt(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, learn_the_way, &seen);
	assert_int_equal(seen.n[0], -EMSGSIZE);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
	assert_int_equal(seen.n[2], 1400);
	assert_int_equal(seen.n[3], BIG);
	assert_true(seen.whole);
}

static void meet_errors(void *arg)
{
	struct seen *seen = arg;
	struct sock *lost = lab_open_sock(alice, SOCK_UDP, nobody, at(HOME6(2), 9));
	struct sock *near = lab_open_sock(alice, SOCK_UDP, nobody, at(HOME6(2), 7));
	struct sock *ping = lab_open_sock(alice, SOCK_PING, at(HOME6(1), 0), nobody);
	struct endpoint six = at(HOME6(2), 0);

	sock_send(lost, NULL, "x", 1, NEVER);
	seen->n[0] = sock_recv(lost, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
	sock_set_ttl(near, 1); /* one router is between them */
	sock_send(near, NULL, "x", 1, NEVER);
	seen->n[1] = sock_recv(near, NULL, seen->bytes, 1, lab_within(&lab, MSEC));
	seen->err[0] = sock_send(ping, &six, "echo", 4, NEVER);
	seen->n[2] = sock_recv(ping, &seen->from[0], seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->err[1] =
		opened(alice, (struct sock_spec){ .kind = SOCK_TCP, .remote = at(HOME6(2), 80) });
}

static void errors_and_echoes_arrive(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, meet_errors, &seen);
	assert_int_equal(seen.n[0], -ECONNREFUSED);
	assert_int_equal(seen.n[1], -EHOSTUNREACH);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[2], 4);
	assert_memory_equal(seen.bytes, "echo", 4);
	assert_true(ip_addr_equal(seen.from[0].addr, HOME6(2)));
	assert_int_equal(seen.err[1], -ECONNREFUSED);
}

static char sent[LONG], received[LONG];

static void serve(void *arg)
{
	struct seen *seen = arg;
	struct sock *listener = lab_open_sock(bob, SOCK_TCP_LISTEN, at(nobody.addr, 80), nobody);
	struct sock *visitor = NULL;

	seen->err[0] = sock_accept(listener, NEVER, &visitor);
	seen->from[0] = sock_remote(visitor);
	seen->err[1] = sock_recv_exact(visitor, received, LONG, NEVER);
	seen->err[2] = sock_send(visitor, NULL, received, LONG, NEVER);
	sock_close(visitor);
}

static void visit(void *arg)
{
	struct seen *seen = arg;
	struct sock *sock;

	fill(sent, LONG);
	fiber_spawn(lab.loop, "server", serve, seen, NULL);
	fiber_sleep(lab_within(&lab, MSEC));
	sock = lab_open_sock(alice, SOCK_TCP, nobody, at(HOME6(2), 80));
	seen->err[3] = sock_send(sock, NULL, sent, LONG, NEVER);
	memset(received, 0, LONG / 2);
	seen->err[4] = sock_recv_exact(sock, sent, LONG, NEVER);
	seen->n[0] = sock_recv(sock, NULL, sent, 1, NEVER);
}

static void a_stream_both_ways(void **state)
{
	struct seen seen = { 0 };
	static char want[LONG];

	(void)state;
	fill(want, LONG);
	lab_run(&lab, visit, &seen);
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen.err[i], 0);
	assert_true(ip_addr_equal(seen.from[0].addr, HOME6(1)));
	assert_int_equal(seen.n[0], 0);
	assert_memory_equal(sent, want, LONG);
}

/* Fragments from the wire, as no host of ours would send them. */

struct piece {
	uint16_t at, len;
	bool more;
};

static const struct row {
	const char *name;
	struct piece pieces[4];
	bool before; /* a destination options header stands before the fragment header */
	long want;
} rows[] = {
	{ "in order", { { 0, 16, true }, { 16, 16, false } }, false, 24 },
	{ "out of order", { { 24, 8, false }, { 0, 16, true }, { 16, 8, true } }, false, 24 },
	{ "one twice", { { 0, 16, true }, { 0, 16, true }, { 16, 16, false } }, false, 24 },
	{ "behind another header", { { 16, 16, false }, { 0, 16, true } }, true, 24 },
	{ "alone, a fragment by name only", { { 0, 32, false } }, false, 24 },
	{ "an overlap condemns all (RFC 5722)",
	  { { 0, 16, true }, { 8, 16, true }, { 16, 16, false } },
	  false,
	  -ETIMEDOUT },
	{ "an end within another", { { 0, 32, true }, { 16, 16, false } }, false, -ETIMEDOUT },
};

static void send_piece(struct port *from, const struct piece *p, bool before)
{
	struct buffer *buffer = buffer_new(lab.pool, 200);
	uint8_t whole[UDP_HEADER + 24], *ip, *next;
	struct packet udp = { .data = (uint8_t[200]){ 0 }, .room = 200 };

	assert_non_null(buffer);
	ip = buffer->packet.data;
	next = ip + IP6_HEADER;
	memset(whole, 'a', sizeof(whole));
	packet_make_udp(&udp, at(HOME6(9), 5), at(HOME6(2), 7), 64, whole, 24);
	memcpy(ip, udp.data, IP6_HEADER);
	ip[IP6_NEXT] = before ? IP6_DESTINATION : IP6_FRAGMENT;
	if (before) {
		memcpy(next, (uint8_t[]){ IP6_FRAGMENT, 0, 1, 4, 0, 0, 0, 0 }, 8);
		next += 8;
	}
	memset(next, 0, IP6_FRAGMENT_HEADER);
	next[0] = IP_PROTO_UDP;
	put_be16(next + IP6_FRAGMENT_OFFSET, (uint16_t)(p->at | p->more));
	put_be32(next + IP6_FRAGMENT_ID, 0x12345678);
	next += IP6_FRAGMENT_HEADER;
	memcpy(next, udp.data + IP6_HEADER + p->at, p->len);
	buffer->packet.len = (uint32_t)(next + p->len - ip);
	put_be16(ip + IP6_LENGTH, (uint16_t)(buffer->packet.len - IP6_HEADER));
	port_send(from, buffer, NULL);
}

struct wired {
	const struct row *row;
	struct port *port;
	struct seen seen;
};

static void send_pieces(void *arg)
{
	struct wired *wired = arg;
	struct sock *server = lab_open_sock(bob, SOCK_UDP, at(nobody.addr, 7), nobody);

	for (int i = 0; i < 4 && wired->row->pieces[i].len; i++)
		send_piece(wired->port, &wired->row->pieces[i], wired->row->before);
	wired->seen.n[0] = sock_recv(server, &wired->seen.from[0], wired->seen.bytes, BIG,
				     lab_within(&lab, MSEC));
}

static void test_pieces(void **state)
{
	struct wired wired = { .row = *state, .port = lab.ports[0] };

	lab_run(&lab, send_pieces, &wired);
	assert_int_equal(wired.seen.n[0], wired.row->want);
	if (wired.row->want > 0)
		assert_true(endpoint_equal(wired.seen.from[0], at(HOME6(9), 5)));
}

/* A LAN, for what is for everybody. */

static int setup_lan(void **state)
{
	struct virtual_host_spec spec = { .name = "alice", .addr6 = HOME6(1), .seed = 1 };

	(void)state;
	lab_open(&lab, false);
	alice = lab_add(&lab, &spec, 0, 0);
	spec = (struct virtual_host_spec){ .name = "bob", .addr6 = HOME6(2), .seed = 2 };
	bob = lab_add(&lab, &spec, 0, 0);
	return 0;
}

static void join_and_speak(void *arg)
{
	struct seen *seen = arg;
	struct ip_addr group = { UINT64_C(0xff02) << 48, 0x99 };
	struct sock *server = lab_open_sock(bob, SOCK_UDP, at(nobody.addr, 7), nobody);
	struct sock *client = lab_open_sock(alice, SOCK_UDP, nobody, nobody);
	struct endpoint to = at(group, 7), four = at(NET(1), 7);

	sock_send(client, &to, "early", 5, NEVER);
	seen->n[0] = sock_recv(server, NULL, seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->err[0] = sock_join_group(server, group);
	sock_send(client, &to, "late", 4, NEVER);
	seen->n[1] = sock_recv(server, &seen->from[0], seen->bytes, BIG, lab_within(&lab, MSEC));
	seen->err[1] = sock_send(client, &four, "x", 1, NEVER);
	seen->err[2] = opened(alice, (struct sock_spec){ .kind = SOCK_TCP, .remote = four });
}

static void a_group_and_no_ipv4(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, join_and_speak, &seen);
	assert_int_equal(seen.n[0], -ETIMEDOUT);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[1], 4);
	assert_true(ip_addr_equal(seen.from[0].addr, HOME6(1)));
	assert_int_equal(seen.err[1], -ENETUNREACH);
	assert_int_equal(seen.err[2], -ENETUNREACH);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

enum { ROWS = sizeof(rows) / sizeof(*rows) };

int main(void)
{
	const struct CMUnitTest plain[] = {
		TEST(one_socket_speaks_both_families),
		TEST(families_do_not_mix),
		TEST(the_way_is_learnt),
		TEST(errors_and_echoes_arrive),
		TEST(a_stream_both_ways),
		cmocka_unit_test_setup_teardown(a_group_and_no_ipv4, setup_lan, teardown),
	};
	enum { PLAIN = sizeof(plain) / sizeof(*plain) };
	struct CMUnitTest tests[PLAIN + ROWS];

	memcpy(tests, plain, sizeof(plain));
	for (int i = 0; i < ROWS; i++)
		tests[PLAIN + i] = (struct CMUnitTest){
			rows[i].name, test_pieces, setup, teardown, (void *)(uintptr_t)&rows[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
