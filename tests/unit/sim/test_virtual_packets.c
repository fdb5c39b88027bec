/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a virtual host makes of packets that no host sends so: fragments in any order, odd and broken
 * ones. */
#include <errno.h>
#include <string.h>

#include "nat-models/header_fields.h"
#include "sim/virtual/icmp.h"
#include "sim/virtual/reassembly.h"
#include "virtual_lab.h"

static const struct endpoint nobody;

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
	{ "an end before what has come",
	  { { 32, 8, true, 'c', 0 }, { 24, 8, false, 'b', 0 }, { 0, 16, true, 'a', 0 } },
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
	struct sock *sock =
		lab_open_sock(wire.host, SOCK_UDP, (struct endpoint){ .port = 7 }, nobody);

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

#define ROWS(rows, function, tests)                                                                \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                \
		(tests)[i] = (struct CMUnitTest)                                                   \
		{                                                                                  \
			.name = (rows)[i].name, .test_func = (function),                           \
			.initial_state = (void *)(uintptr_t) & (rows)[i]                           \
		}

int main(void)
{
#define WIRE(f) cmocka_unit_test_setup_teardown(f, setup_wire, teardown_wire)
	const struct CMUnitTest tests[] = {
		WIRE(only_so_many_are_begun),
		WIRE(broken_checksums_are_passed_over),
	};
	struct CMUnitTest piece_tests[sizeof(fragment_rows) / sizeof(*fragment_rows)];
	struct CMUnitTest odd_tests[sizeof(odd_rows) / sizeof(*odd_rows)];

	ROWS(fragment_rows, pieces, piece_tests);
	ROWS(odd_rows, odd_packets, odd_tests);
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(piece_tests, NULL, NULL) +
	       cmocka_run_group_tests(odd_tests, NULL, NULL);
}
