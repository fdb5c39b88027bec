/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes an edge, seen from a port of the test's own at the other end of its link: sizes,
 * offloads, broadcast and multicast, and that the rest is dropped.
 */
#include "live_lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/packet.h"
#include "sim/bell.h"
#include "sim/live/edge.h"

#define ALICE V4(10, 0, 0, 1)
#define PEER V4(10, 0, 0, 2)
#define GROUP V4(239, 255, 255, 250)

enum { KEPT = 8 };

struct bench {
	struct lab lab;
	struct host *alice;
	struct port *edge;
	struct link *link;
	struct port far; /* the test's own */
	struct buffer *got[KEPT];
	int got_len;
	int announced, late; /* packets: before they came, and after */
	struct bell arrived;
	int err;
	char byte;
};

static void keep_packet(struct port *port, struct buffer *buffer)
{
	struct bench *bench = port->node;

	if (bench->got_len < KEPT)
		bench->got[bench->got_len++] = buffer;
	else
		buffer_free(buffer);
	bell_ring(&bench->arrived);
}

static void note_announcement(struct port *port, const struct buffer *buffer, uint64_t burst)
{
	struct bench *bench = port->node;
	struct packet_info info;

	if (!burst || packet_parse(&buffer->packet, &info) != PACKET_OK)
		return;
	if (info.dst.port >= 5000 + bench->got_len)
		bench->announced++;
	else
		bench->late++;
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	lab_open(&bench->lab);
	bench->alice = lab_host(&bench->lab, "alice", ALICE, 24, PEER, &bench->edge);
	bench->far.receive = keep_packet;
	bench->far.expect = note_announcement;
	bench->far.node = bench;
	bench->link = lab_link(&bench->lab, bench->edge, &bench->far);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < bench->got_len; i++)
		buffer_free(bench->got[i]);
	link_free(bench->link);
	bench->alice->ops->free(bench->alice);
	lab_close(&bench->lab);
	free(bench);
	return 0;
}

static void keep(struct bench *bench, int err)
{
	if (err && !bench->err)
		bench->err = err;
}

static uint64_t soon(struct bench *bench)
{
	return host_now(bench->alice) + 3 * SEC;
}

static struct sock *udp(struct bench *bench, uint16_t port, bool broadcast)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .local.port = port, .broadcast = broadcast };
	struct sock *sock = NULL;

	keep(bench, sock_open(bench->alice, &spec, &sock));
	return sock;
}

static void await_packet(struct bench *bench)
{
	while (!bench->err && bench->got_len == 0)
		keep(bench, bell_wait(&bench->arrived, soon(bench)));
}

static struct packet_info parse(struct bench *bench, int i)
{
	struct packet_info info = { 0 };

	assert_int_equal(bench->err, 0);
	assert_true(i < bench->got_len);
	assert_int_equal(packet_parse(&bench->got[i]->packet, &info), PACKET_OK);
	return info;
}

/* From the kernel */

struct outbound {
	struct bench *bench;
	struct endpoint to;
	size_t len;
};

static void send_datagram(void *arg)
{
	struct outbound *out = arg;
	struct sock *sock = udp(out->bench, 4000, true);
	static uint8_t bytes[65536];

	if (sock)
		keep(out->bench, sock_send(sock, &out->to, bytes, out->len, soon(out->bench)));
	await_packet(out->bench);
	sock_close(sock);
}

static void a_datagram_comes_with_its_checksum_to_be_done(void **state)
{
	struct outbound out = { *state, { PEER, 5000 }, 10 };
	struct packet_info info;
	struct packet *pkt;

	lab_run(&out.bench->lab, send_datagram, &out);
	info = parse(out.bench, 0);
	assert_true(endpoint_equal(info.dst, out.to));
	assert_int_equal(info.payload_len, 10);
	pkt = &out.bench->got[0]->packet;
	packet_finish_checksums(pkt);
	assert_true(packet_checksums_ok(pkt));
}

enum { TOGETHER = 5 };

/* Nothing is read from the kernel before the fiber has to wait: some at least are read together. */
static void send_several(void *arg)
{
	struct bench *bench = arg;
	struct sock *sock = udp(bench, 4000, false);

	for (uint16_t i = 0; i < TOGETHER && sock; i++) {
		struct endpoint to = { PEER, (uint16_t)(5000 + i) };

		keep(bench, sock_send(sock, &to, "hello", 5, soon(bench)));
	}
	while (!bench->err && bench->got_len < TOGETHER)
		keep(bench, bell_wait(&bench->arrived, soon(bench)));
	sock_close(sock);
}

static void frames_that_are_read_together_are_announced_first(void **state)
{
	struct bench *bench = *state;

	lab_run(&bench->lab, send_several, bench);
	for (int i = 0; i < TOGETHER; i++)
		assert_int_equal(parse(bench, i).dst.port, 5000 + i);
	assert_in_range(bench->announced, 2, TOGETHER);
	assert_int_equal(bench->late, 0);
}

/* The interface has the MTU; what does not fit comes in fragments, and none is longer. */
static void a_long_datagram_comes_in_fragments(void **state)
{
	struct outbound out = { *state, { PEER, 5000 }, 1473 };
	struct packet_info info;

	lab_run(&out.bench->lab, send_datagram, &out);
	info = parse(out.bench, 0);
	assert_true(info.more_fragments);
	assert_true(out.bench->got[0]->packet.len <= 1500);
}

static void a_datagram_of_the_mtu_comes_whole(void **state)
{
	struct outbound out = { *state, { PEER, 5000 }, 1472 };
	struct packet_info info;

	lab_run(&out.bench->lab, send_datagram, &out);
	info = parse(out.bench, 0);
	assert_false(info.more_fragments);
	assert_int_equal(out.bench->got[0]->packet.len, 1500);
}

static void broadcast_and_multicast_leave_the_host(void **state)
{
	const struct endpoint to[] = {
		{ V4(10, 0, 0, 255), 9 },
		{ GROUP, 1900 },
	};

	for (int i = 0; i < 2; i++) {
		struct outbound out = { *state, to[i], 1 };
		struct packet_info info;

		lab_run(&out.bench->lab, send_datagram, &out);
		info = parse(out.bench, 0);
		assert_true(endpoint_equal(info.dst, to[i]));
		buffer_free(out.bench->got[0]);
		out.bench->got_len = 0;
	}
}

/* To the kernel */

struct inbound {
	struct bench *bench;
	struct endpoint to;
	bool join;
	size_t len;
	long got;
};

static void put_datagram(struct bench *bench, struct endpoint to, size_t len, char byte)
{
	struct buffer *buffer = buffer_new(bench->lab.pool, len + 28);
	struct endpoint from = { PEER, 5000 };
	static uint8_t payload[65536];

	assert_non_null(buffer);
	payload[0] = (uint8_t)byte;
	keep(bench, buffer ? packet_make_udp(&buffer->packet, from, to, 1, payload, len) : -ENOMEM);
	if (buffer)
		port_send(&bench->far, buffer, NULL);
}

static void receive_datagram(void *arg)
{
	struct inbound *in = arg;
	struct bench *bench = in->bench;
	struct sock *sock = udp(bench, in->to.port, false);
	struct endpoint own = { ALICE, in->to.port };
	static uint8_t bytes[65536];

	if (!sock)
		return;
	if (in->join)
		keep(bench, sock_join_group(sock, in->to.addr));
	put_datagram(bench, in->to, in->len, 'x');
	put_datagram(bench, own, 1, 'e');
	in->got = sock_recv(sock, NULL, bytes, sizeof(bytes), soon(bench));
	bench->byte = (char)bytes[0];
	sock_close(sock);
}

struct row {
	const char *name;
	struct inbound in;
	char want; /* 'e': only what came after it arrived */
};

#define V4_LO(a, b, c, d)                                                                          \
	{                                                                                          \
		0, 0xffff00000000 | (a) << 24 | (b) << 16 | (c) << 8 | (d)                         \
	}

static const struct row in_rows[] = {
	{ "its own address", { .to = { V4_LO(10, 0, 0, 1), 7 }, .len = 1 }, 'x' },
	{ "the subnet's broadcast", { .to = { V4_LO(10, 0, 0, 255), 7 }, .len = 1 }, 'x' },
	{ "all hosts", { .to = { V4_LO(255ULL, 255, 255, 255), 7 }, .len = 1 }, 'x' },
	{ "a group it is in",
	  { .to = { V4_LO(239ULL, 255, 255, 250), 7 }, .join = true, .len = 1 },
	  'x' },
	{ "somebody else's address", { .to = { V4_LO(10, 0, 0, 3), 7 }, .len = 1 }, 'e' },
	{ "as long as the MTU", { .to = { V4_LO(10, 0, 0, 1), 7 }, .len = 1472 }, 'x' },
	{ "longer than the MTU", { .to = { V4_LO(10, 0, 0, 1), 7 }, .len = 1473 }, 'e' },
};

static void the_kernel_takes_what_is_for_it(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(in_rows) / sizeof(*in_rows); i++) {
		struct inbound in = in_rows[i].in;

		in.bench = bench;
		lab_run(&bench->lab, receive_datagram, &in);
		if (bench->byte != in_rows[i].want)
			print_message("row: %s\n", in_rows[i].name);
		assert_int_equal(bench->err, 0);
		assert_int_equal(bench->byte, in_rows[i].want);
	}
	/* The long one was refused by the kernel, and counted. */
	assert_int_equal(edge_stats(bench->edge).refused, 1);
}

/* Super-packets */

struct stream {
	struct lab lab;
	struct host *alice, *bob;
	struct sock *listener;
	struct link *first, *second;
	struct port middle[2]; /* of a node that passes on and looks */
	uint32_t longest;
	uint64_t received;
	int err;
};

static void look_and_pass(struct port *port, struct buffer *buffer)
{
	struct stream *stream = port->node;
	struct port *other = &stream->middle[port == &stream->middle[0]];

	if (buffer->packet.len > stream->longest)
		stream->longest = buffer->packet.len;
	port_send(other, buffer, NULL);
}

static void drain(void *arg)
{
	struct stream *stream = arg;
	static uint8_t bytes[65536];
	struct sock *child;
	long n;

	stream->err = sock_accept(stream->listener, host_now(stream->bob) + 3 * SEC, &child);
	if (stream->err)
		return;
	while ((n = sock_recv(child, NULL, bytes, sizeof(bytes), NEVER)) > 0)
		stream->received += (uint64_t)n;
	sock_close(child);
}

enum { STREAM = 4 << 20 };

static void fill(void *arg)
{
	struct stream *stream = arg;
	struct sock_spec listener = { .kind = SOCK_TCP_LISTEN, .local.port = 80 };
	struct sock_spec spec = { .kind = SOCK_TCP, .remote = { PEER, 80 } };
	static uint8_t bytes[STREAM];
	struct fiber *reader;
	struct sock *sock;

	spec.deadline = host_now(stream->alice) + 3 * SEC;
	if (sock_open(stream->bob, &listener, &stream->listener) ||
	    fiber_spawn(stream->lab.loop, "drain", drain, stream, &reader) ||
	    sock_open(stream->alice, &spec, &sock))
		return;
	sock_send(sock, NULL, bytes, sizeof(bytes), NEVER);
	sock_close(sock);
	fiber_join(reader, NEVER);
	sock_close(stream->listener);
}

static void tcp_crosses_in_super_packets(void **state)
{
	struct stream stream = { 0 };
	struct port *a, *b;

	(void)state;
	lab_open(&stream.lab);
	stream.alice = lab_host(&stream.lab, "alice", ALICE, 24, (struct ip_addr){ 0 }, &a);
	stream.bob = lab_host(&stream.lab, "bob", PEER, 24, (struct ip_addr){ 0 }, &b);
	for (int i = 0; i < 2; i++)
		stream.middle[i] = (struct port){ .receive = look_and_pass, .node = &stream };
	stream.first = lab_link(&stream.lab, a, &stream.middle[0]);
	stream.second = lab_link(&stream.lab, b, &stream.middle[1]);
	lab_run(&stream.lab, fill, &stream);
	link_free(stream.first);
	link_free(stream.second);
	stream.alice->ops->free(stream.alice);
	stream.bob->ops->free(stream.bob);
	lab_close(&stream.lab);
	assert_int_equal(stream.err, 0);
	assert_int_equal(stream.received, STREAM);
	/* Without offloads, none would be longer than 1500. */
	assert_true(stream.longest > 15000);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int tests(void *arg)
{
	const struct CMUnitTest all[] = {
		ROW(a_datagram_comes_with_its_checksum_to_be_done),
		ROW(a_long_datagram_comes_in_fragments),
		ROW(frames_that_are_read_together_are_announced_first),
		ROW(a_datagram_of_the_mtu_comes_whole),
		ROW(broadcast_and_multicast_leave_the_host),
		ROW(the_kernel_takes_what_is_for_it),
		cmocka_unit_test(tcp_crosses_in_super_packets),
	};

	(void)arg;
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
