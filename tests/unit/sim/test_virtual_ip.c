/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP and ICMP of virtual hosts: fragments, path MTU, time to live, complaints, echo. */
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

static uint64_t within(uint64_t ns)
{
	return loop_now(lab.loop) + ns;
}

static struct sock *open_sock(struct host *host, enum sock_kind kind, struct endpoint local,
			      struct endpoint remote)
{
	struct sock_spec spec = { .kind = kind, .local = local, .remote = remote };
	struct sock *sock = NULL;

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	return sock;
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
	struct sock *server = open_sock(bob, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);
	struct sock *client = open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 7 });
	char bytes[BIG];

	fill(bytes, BIG);
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[0] = sock_recv(client, NULL, seen->bytes, BIG, within(MSEC));
	seen->n[1] = sock_recv(server, NULL, seen->bytes, BIG, within(MSEC));
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[2] = sock_recv(server, NULL, seen->bytes, BIG, within(MSEC));
	sock_send(client, NULL, bytes, BIG, NEVER);
	seen->n[3] = sock_recv(server, &seen->from, seen->bytes, BIG, within(MSEC));
	seen->whole = memcmp(bytes, seen->bytes, BIG) == 0;
	fiber_sleep(within(PATH_MTU_KEPT_NS));
	sock_send(client, NULL, bytes, 1400, NEVER);
	seen->n[4] = sock_recv(client, NULL, seen->bytes, BIG, within(MSEC));
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
	struct sock *server = open_sock(bob, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);
	struct sock *sure = open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 7 });
	struct sock *loose = open_sock(alice, SOCK_UDP, nobody, nobody);
	struct endpoint to = { NET(2), 7 };

	/* One router is between them. */
	seen->err[0] = sock_set_ttl(sure, 1);
	seen->err[1] = sock_set_ttl(loose, 1);
	sock_send(sure, NULL, "a", 1, NEVER);
	sock_send(loose, &to, "b", 1, NEVER);
	seen->n[0] = sock_recv(sure, NULL, seen->bytes, 1, within(MSEC));
	seen->n[1] = sock_recv(loose, NULL, seen->bytes, 1, within(MSEC));
	seen->n[2] = sock_recv(server, NULL, seen->bytes, 1, within(MSEC));
	sock_set_ttl(sure, 2);
	sock_send(sure, NULL, "c", 1, NEVER);
	seen->n[3] = sock_recv(server, NULL, seen->bytes, 1, within(MSEC));
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
	struct sock *a = open_sock(alice, SOCK_PING, (struct endpoint){ .port = 77 }, nobody);
	struct sock *b = open_sock(alice, SOCK_PING, nobody, (struct endpoint){ NET(2), 0 });
	struct sock *own = open_sock(alice, SOCK_PING, nobody, (struct endpoint){ NET(1), 0 });
	char bytes[BIG];

	fill(bytes, BIG);
	sock_send(a, &to, bytes, 56, NEVER);
	seen->n[0] = sock_recv(a, &seen->from, seen->bytes, BIG, within(MSEC));
	seen->whole = memcmp(bytes, seen->bytes, 56) == 0;
	seen->n[1] = sock_recv(b, NULL, seen->bytes, BIG, within(MSEC));
	sock_send(own, NULL, "me", 2, NEVER);
	seen->n[2] = sock_recv(own, NULL, seen->bytes, BIG, within(MSEC));
	sock_set_ttl(b, 1);
	sock_send(b, NULL, "x", 1, NEVER);
	seen->n[3] = sock_recv(b, NULL, seen->bytes, BIG, within(MSEC));
	/* In fragments there, and in fragments back, by a narrower link. */
	sock_send(a, &to, bytes, BIG, NEVER);
	seen->n[4] = sock_recv(a, NULL, seen->bytes, BIG, within(MSEC));
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
	struct sock *sure = open_sock(alice, SOCK_UDP, nobody, (struct endpoint){ NET(2), 9 });
	static const uint64_t pauses[] = { 0, SEC - 10 * USEC, 10 * USEC, 2 * SEC };

	for (int round = 0; round < 4; round++) {
		fiber_sleep(within(pauses[round]));
		for (int i = 0; i < 9; i++) {
			sock_send(sure, NULL, "x", 1, NEVER);
			seen->n[round] += sock_recv(sure, NULL, seen->bytes, 1,
						    within(10 * USEC)) == -ECONNREFUSED;
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

/* A wire in place of a network: what the host sends is kept, and anything can be sent to it. */
struct wire {
	struct lab lab;
	struct host *host;
	struct port *port, end;
	struct link *link;
	uint8_t sent[8][2000];
	uint32_t sent_len[8];
	unsigned sent_count;
};

static struct wire wire;

static void keep(struct port *port, struct buffer *buffer)
{
	(void)port;
	if (wire.sent_count < 8) {
		memcpy(wire.sent[wire.sent_count], buffer->packet.data, buffer->packet.len);
		wire.sent_len[wire.sent_count++] = buffer->packet.len;
	}
	buffer_free(buffer);
}

static int setup_wire(void **state)
{
	struct virtual_host_spec spec = {
		.name = "carol", .addr = NET(3), .prefix_bits = 24, .seed = 3
	};
	struct link_spec link = { .name = "carol" };

	(void)state;
	memset(&wire, 0, sizeof(wire));
	lab_open(&wire.lab, true);
	wire.end.receive = keep;
	return virtual_host_new(wire.lab.loop, wire.lab.pool, &spec, &wire.host, &wire.port) ||
	       link_new(wire.lab.loop, &link, wire.port, &wire.end, &wire.link);
}

static int teardown_wire(void **state)
{
	(void)state;
	link_free(wire.link);
	wire.host->ops->free(wire.host);
	lab_close(&wire.lab);
	return 0;
}

/* A fragment of a UDP datagram from NET(1):5 to the host's port 7. */
struct fragment {
	uint16_t at, len; /* of the datagram with its header */
	bool more;
	char fill;
	uint64_t later; /* than the one before */
};

static void send_fragment(const struct fragment *f)
{
	struct buffer *buffer = buffer_new(wire.lab.pool, 1500);
	uint8_t *ip;
	uint16_t word = (uint16_t)(f->at / 8 | (f->more ? IP4_MORE_FRAGMENTS : 0));

	assert_non_null(buffer);
	ip = buffer->packet.data;
	memset(ip, 0, IP4_HEADER);
	ip[0] = 0x45;
	put_be16(ip + IP4_LENGTH, (uint16_t)(IP4_HEADER + f->len));
	put_be16(ip + IP4_ID, 99);
	put_be16(ip + IP4_FRAGMENT, word);
	ip[IP4_TTL] = 64;
	ip[IP4_PROTOCOL] = IP_PROTO_UDP;
	put_addr(ip + IP4_SRC, 4, NET(1));
	put_addr(ip + IP4_DST, 4, NET(3));
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, IP4_HEADER, 0));
	memset(ip + IP4_HEADER, f->fill, f->len);
	if (f->at == 0) { /* no checksum, so that any pieces may make a datagram */
		put_be16(ip + IP4_HEADER, 5);
		put_be16(ip + IP4_HEADER + 2, 7);
		put_be16(ip + IP4_HEADER + UDP_LENGTH, 32);
		put_be16(ip + IP4_HEADER + UDP_CHECKSUM, 0);
	}
	buffer->packet.len = IP4_HEADER + f->len;
	port_send(&wire.end, buffer, NULL);
}

enum { PIECES = 4 };

/* A datagram of 8 bytes of header and 24 of text. */
static const struct fragment_row {
	const char *name;
	struct fragment pieces[PIECES];
	const char *want; /* NULL = nothing arrives */
	unsigned complaints;
} fragment_rows[] = {
	{ "in order",
	  { { 0, 16, true, 'a', 0 }, { 16, 16, false, 'b', 0 } },
	  "aaaaaaaabbbbbbbbbbbbbbbb",
	  0 },
	{ "out of order",
	  { { 24, 8, false, 'c', 0 }, { 0, 16, true, 'a', 0 }, { 16, 8, true, 'b', 0 } },
	  "aaaaaaaabbbbbbbbcccccccc",
	  0 },
	{ "one twice",
	  { { 0, 16, true, 'a', 0 }, { 0, 16, true, 'x', 0 }, { 16, 16, false, 'b', 0 } },
	  "aaaaaaaabbbbbbbbbbbbbbbb",
	  0 },
	{ "an overlap condemns all",
	  { { 0, 16, true, 'a', 0 }, { 8, 16, true, 'x', 0 }, { 16, 16, false, 'b', 0 } },
	  NULL,
	  0 },
	{ "an overlap that hides a hole",
	  { { 0, 16, true, 'a', 0 }, { 8, 8, true, 'x', 0 }, { 24, 8, false, 'c', 0 } },
	  NULL,
	  0 },
	{ "two ends that differ",
	  { { 0, 16, true, 'a', 0 }, { 24, 8, false, 'c', 0 }, { 16, 24, false, 'b', 0 } },
	  NULL,
	  0 },
	{ "beyond the end",
	  { { 16, 16, false, 'b', 0 }, { 32, 8, true, 'c', 0 }, { 0, 16, true, 'a', 0 } },
	  NULL,
	  0 },
	{ "a middle that is no multiple of eight goes, with what it belongs to",
	  { { 0, 12, true, 'x', 0 }, { 0, 16, true, 'a', 0 }, { 16, 16, false, 'b', 0 } },
	  "aaaaaaaabbbbbbbbbbbbbbbb",
	  0 },
	{ "1 ns before its time is up",
	  { { 0, 16, true, 'a', 0 }, { 16, 16, false, 'b', REASSEMBLY_NS - 1 } },
	  "aaaaaaaabbbbbbbbbbbbbbbb",
	  0 },
	{ "when its time is up",
	  { { 0, 16, true, 'a', 0 }, { 16, 16, false, 'b', REASSEMBLY_NS } },
	  NULL,
	  1 },
	{ "time is up without the first: nobody is told",
	  { { 16, 16, false, 'b', 0 }, { 0, 16, true, 'a', REASSEMBLY_NS } },
	  NULL,
	  0 },
};

struct pieced {
	const struct fragment_row *row;
	long n;
	char text[64];
};

static void send_pieces(void *arg)
{
	struct pieced *pieced = arg;
	struct sock *sock = open_sock(wire.host, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);

	for (int i = 0; i < PIECES && pieced->row->pieces[i].len; i++) {
		fiber_sleep(loop_now(wire.lab.loop) + pieced->row->pieces[i].later);
		send_fragment(&pieced->row->pieces[i]);
	}
	pieced->n = sock_recv(sock, NULL, pieced->text, sizeof(pieced->text),
			      loop_now(wire.lab.loop) + MSEC);
}

static void pieces(void **state)
{
	struct pieced pieced = { .row = *state };

	assert_int_equal(setup_wire(state), 0);
	lab_run(&wire.lab, send_pieces, &pieced);
	if (pieced.row->want) {
		assert_int_equal(pieced.n, strlen(pieced.row->want));
		assert_memory_equal(pieced.text, pieced.row->want, strlen(pieced.row->want));
	} else {
		assert_int_equal(pieced.n, -ETIMEDOUT);
	}
	assert_int_equal(wire.sent_count, pieced.row->complaints);
	if (pieced.row->complaints) {
		assert_int_equal(wire.sent[0][IP4_HEADER], ICMP_TIME_EXCEEDED);
		assert_int_equal(wire.sent[0][IP4_HEADER + 1], 1); /* in reassembly (RFC 792) */
	}
	teardown_wire(state);
}

/* More datagrams begin than may: the first of them gives way, the last are kept. */
static void begin_many(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i <= REASSEMBLY_DATAGRAMS; i++) {
		struct buffer *buffer = buffer_new(wire.lab.pool, 100);
		uint8_t *ip;

		assert_non_null(buffer);
		ip = buffer->packet.data;
		packet_make_udp(&buffer->packet, (struct endpoint){ NET(1), 5 },
				(struct endpoint){ NET(3), 7 }, 64, "12345678", 8);
		put_be16(ip + IP4_ID, (uint16_t)i);
		put_be16(ip + IP4_FRAGMENT, IP4_MORE_FRAGMENTS);
		put_be16(ip + IP4_CHECKSUM, 0);
		put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, IP4_HEADER, 0));
		port_send(&wire.end, buffer, NULL);
	}
	fiber_sleep(loop_now(wire.lab.loop) + REASSEMBLY_NS + SEC);
}

static void only_so_many_are_begun(void **state)
{
	(void)state;
	lab_run(&wire.lab, begin_many, NULL);
	/* Each would be complained of, but that is rationed: six at once. */
	assert_int_equal(wire.sent_count, 6);
	assert_int_equal(get_be16(wire.sent[0] + IP4_HEADER + ICMP_HEADER + IP4_ID), 1);
}

/* What must not be answered, or believed. */
static const struct odd_row {
	const char *name;
	struct ip_addr src, dst;
	uint8_t protocol;
	unsigned answers;
} odd_rows[] = {
	{ "a closed port", V4_INIT(11, 1, 1, 2), V4_INIT(11, 1, 3, 2), IP_PROTO_UDP, 1 },
	{ "a protocol that nobody speaks", V4_INIT(11, 1, 1, 2), V4_INIT(11, 1, 3, 2), 99, 1 },
	{ "from a group", V4_INIT(239, 0, 0, 1), V4_INIT(11, 1, 3, 2), IP_PROTO_UDP, 0 },
	{ "from itself", V4_INIT(11, 1, 3, 2), V4_INIT(11, 1, 3, 2), IP_PROTO_UDP, 0 },
	{ "from loopback", V4_INIT(127, 0, 0, 1), V4_INIT(11, 1, 3, 2), IP_PROTO_UDP, 0 },
	{ "to loopback", V4_INIT(11, 1, 1, 2), V4_INIT(127, 0, 0, 1), IP_PROTO_UDP, 0 },
	{ "to somebody else", V4_INIT(11, 1, 1, 2), V4_INIT(11, 1, 4, 2), IP_PROTO_UDP, 0 },
	{ "to everybody", V4_INIT(11, 1, 1, 2), V4_INIT(11, 1, 3, 255), IP_PROTO_UDP, 0 },
	{ "an unknown protocol to everybody", V4_INIT(11, 1, 1, 2), V4_INIT(11, 1, 3, 255), 99, 0 },
};

static void send_odd(void *arg)
{
	const struct odd_row *row = arg;
	struct buffer *buffer = buffer_new(wire.lab.pool, 100);
	uint8_t *ip;

	assert_non_null(buffer);
	ip = buffer->packet.data;
	packet_make_udp(&buffer->packet, (struct endpoint){ row->src, 5 },
			(struct endpoint){ row->dst, 7 }, 64, "x", 1);
	ip[IP4_PROTOCOL] = row->protocol;
	put_be16(ip + IP4_CHECKSUM, 0);
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, IP4_HEADER, 0));
	port_send(&wire.end, buffer, NULL);
	fiber_sleep(loop_now(wire.lab.loop) + MSEC);
}

static void odd_packets(void **state)
{
	const struct odd_row *row = *state;

	assert_int_equal(setup_wire(state), 0);
	lab_run(&wire.lab, send_odd, (void *)(uintptr_t)row);
	assert_int_equal(wire.sent_count, row->answers);
	if (row->answers)
		assert_int_equal(wire.sent[0][IP4_HEADER], ICMP_UNREACHABLE);
	teardown_wire(state);
}

/* A checksum that is wrong, and one that is left to an offload that nobody has here. */
static void send_broken(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2; i++) {
		struct buffer *buffer = buffer_new(wire.lab.pool, 100);

		assert_non_null(buffer);
		packet_make_udp(&buffer->packet, (struct endpoint){ NET(1), 5 },
				(struct endpoint){ NET(3), 7 }, 64, "x", 1);
		if (i == 0)
			buffer->packet.data[IP4_HEADER + UDP_HEADER] ^= 1;
		else
			buffer->packet.data[IP4_TTL] ^= 1;
		port_send(&wire.end, buffer, NULL);
	}
	fiber_sleep(loop_now(wire.lab.loop) + MSEC);
}

static void broken_checksums_are_passed_over(void **state)
{
	(void)state;
	lab_run(&wire.lab, send_broken, NULL);
	assert_int_equal(wire.sent_count, 0);
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

#define ROWS(rows, function, tests)                                                                \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                \
		(tests)[i] = (struct CMUnitTest)                                                   \
		{                                                                                  \
			.name = (rows)[i].name, .test_func = (function),                           \
			.initial_state = (void *)(uintptr_t) & (rows)[i]                           \
		}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define WIRE(f) cmocka_unit_test_setup_teardown(f, setup_wire, teardown_wire)
	const struct CMUnitTest tests[] = {
		TEST(the_way_is_learnt_and_forgotten), TEST(a_ttl_that_runs_out_is_heard_of),
		TEST(echo_requests_are_answered),      TEST(complaints_are_rationed),
		WIRE(only_so_many_are_begun),	       WIRE(broken_checksums_are_passed_over),
		cmocka_unit_test(path_mtu_cache),
	};
	struct CMUnitTest piece_tests[sizeof(fragment_rows) / sizeof(*fragment_rows)];
	struct CMUnitTest odd_tests[sizeof(odd_rows) / sizeof(*odd_rows)];

	ROWS(fragment_rows, pieces, piece_tests);
	ROWS(odd_rows, odd_packets, odd_tests);
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(piece_tests, NULL, NULL) +
	       cmocka_run_group_tests(odd_tests, NULL, NULL);
}
