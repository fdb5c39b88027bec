/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "sim/gso.h"

enum { HEADERS = 40, STEP = 1460, CWR = 0x80 };

/* A TCP super-packet as a kernel hands it over: its checksum is the pseudo-header's sum only. */
static struct buffer *super_packet(struct pool *pool, uint32_t payload)
{
	struct buffer *buffer = buffer_new(pool, HEADERS + payload);
	uint8_t *ip;

	assert_non_null(buffer);
	ip = buffer->packet.data;
	memset(ip, 0, HEADERS);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(HEADERS + payload));
	put_be16(ip + 4, 100); /* identification */
	ip[8] = 64;
	ip[9] = IP_PROTO_TCP;
	put_be32(ip + 12, 0xc0a80102);
	put_be32(ip + 16, 0x0b010102);
	put_be16(ip + 10, (uint16_t)~checksum_fold(ip, 20, 0));
	put_be16(ip + 20, 4000);
	put_be16(ip + 22, 80);
	put_be32(ip + 24, 0xfffffff0); /* the sequence number wraps on the way */
	ip[32] = 0x50;
	ip[33] = TCP_ACK | TCP_PSH | TCP_FIN;
	put_be16(ip + 36, checksum_fold(ip + 12, 8, IP_PROTO_TCP + 20 + payload));
	for (uint32_t i = 0; i < payload; i++)
		ip[HEADERS + i] = (uint8_t)(i * 7);
	buffer->packet.len = HEADERS + payload;
	buffer->packet.offload = (struct packet_offload){
		.needs_checksum = true,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = STEP,
		.header_len = HEADERS,
		.checksum_start = 20,
		.checksum_offset = 16,
	};
	return buffer;
}

static void segments_add_up(void **state)
{
	static const uint32_t sizes[] = { 1, STEP, STEP + 1, 3 * STEP, 3 * STEP + 17, 44 * STEP };
	struct pool *pool = pool_new();

	assert_non_null(pool);
	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct buffer *list = gso_segment(super_packet(pool, sizes[s]));
		uint32_t at = 0, n = 0;

		while (list) {
			struct buffer *piece = list;
			struct packet_info info;
			bool last = at + STEP >= sizes[s];

			list = piece->next;
			assert_int_equal(packet_parse(&piece->packet, &info), PACKET_OK);
			assert_true(packet_checksums_ok(&piece->packet));
			assert_int_equal(piece->packet.offload.gso_type, 0);
			assert_int_equal(info.tcp_seq, 0xfffffff0 + at);
			assert_int_equal(info.fragment_id, 100 + n++);
			assert_int_equal(info.tcp_flags,
					 last ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK);
			assert_int_equal(info.payload_len, last ? sizes[s] - at : STEP);
			for (uint32_t i = 0; i < info.payload_len; i++)
				assert_int_equal(piece->packet.data[HEADERS + i],
						 (uint8_t)((at + i) * 7));
			at += info.payload_len;
			buffer_free(piece);
		}
		assert_int_equal(at, sizes[s]);
	}
	pool_free(pool);
}

static void the_wires_length_is_a_segments(void **state)
{
	struct pool *pool = pool_new();
	struct buffer *buffer;

	assert_non_null(pool);
	buffer = super_packet(pool, 10 * STEP);
	(void)state;
	assert_int_equal(gso_wire_len(&buffer->packet), HEADERS + STEP);
	buffer->packet.offload.header_len = 4; /* whatever a raw socket's owner wrote */
	assert_int_equal(gso_wire_len(&buffer->packet), HEADERS + STEP);
	buffer->packet.offload.gso_type = 0;
	assert_int_equal(gso_wire_len(&buffer->packet), HEADERS + 10 * STEP);
	buffer_free(buffer);
	pool_free(pool);
}

/* A link with any impairment must carry single packets, so that its loss is a wire's. */
static unsigned arrived;

static void count(struct port *port, struct buffer *buffer)
{
	(void)port;
	arrived++;
	buffer_free(buffer);
}

static void an_impaired_link_carries_single_packets(void **state)
{
	struct link_spec spec = { .name = "x", .up = { .duplicate_ppm = 1 }, .seed = 1 };
	struct port node = { .receive = count }, uplink = { .receive = count };
	struct pool *pool = pool_new();
	struct link *link;
	struct loop *loop;

	assert_non_null(pool);
	(void)state;
	assert_int_equal(loop_new(LOOP_VIRTUAL, &loop), 0);
	assert_int_equal(link_new(loop, &spec, &node, &uplink, &link), 0);
	port_send(&node, super_packet(pool, 10 * STEP), NULL);
	assert_int_equal(arrived, 10);
	port_send(&uplink, super_packet(pool, 10 * STEP), NULL);
	assert_int_equal(arrived, 11);
	link_free(link);
	pool_free(pool);
	loop_free(loop);
}

/* Each kind that there is: @ip6, @protocol, and the bytes of its headers. */
struct kind {
	const char *label;
	bool ip6;
	uint8_t protocol;
	uint16_t ip, transport,
		checksum; /* lengths, and where in the transport the checksum stands */
};

static const struct kind kinds[] = {
	{ "TCP over IPv4", false, IP_PROTO_TCP, 20, 20, 16 },
	{ "TCP over IPv6", true, IP_PROTO_TCP, 40, 20, 16 },
	{ "UDP over IPv4", false, IP_PROTO_UDP, 20, 8, 6 },
	{ "UDP over IPv6", true, IP_PROTO_UDP, 40, 8, 6 },
};

/* @segments of STEP bytes, all 0. */
static struct buffer *super_of(struct pool *pool, const struct kind *kind, uint32_t segments)
{
	const uint32_t headers = (uint32_t)kind->ip + kind->transport,
		       len = headers + segments * STEP;
	struct buffer *buffer = buffer_new(pool, len);
	uint8_t *ip, *transport;

	assert_non_null(buffer);
	ip = buffer->packet.data;
	transport = ip + kind->ip;
	memset(ip, 0, len);
	if (kind->ip6) {
		ip[0] = 0x60;
		put_be16(ip + 4, (uint16_t)(len - 40));
		ip[6] = kind->protocol;
		ip[7] = 64;
		ip[8] = 0xfd;
		ip[24] = 0x20;
	} else {
		ip[0] = 0x45;
		put_be16(ip + 2, (uint16_t)len);
		ip[8] = 64;
		ip[9] = kind->protocol;
		put_be32(ip + 12, 0xc0a80102);
		put_be32(ip + 16, 0x0b010102);
		put_be16(ip + 10, (uint16_t)~checksum_fold(ip, 20, 0));
	}
	put_be16(transport, 4000);
	put_be16(transport + 2, 53);
	if (kind->protocol == IP_PROTO_TCP) {
		transport[12] = 0x50;
		transport[13] = TCP_ACK | CWR;
	} else {
		put_be16(transport + 4, (uint16_t)(len - kind->ip));
	}
	buffer->packet.len = len;
	buffer->packet.offload = (struct packet_offload){
		.needs_checksum = true,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, /* any will do */
		.gso_size = STEP,
		.checksum_start = kind->ip,
		.checksum_offset = kind->checksum,
	};
	return buffer;
}

/* Its lengths, its checksum, and who says that the window was reduced. */
static void check_segment(const struct kind *kind, const struct packet *piece, bool first)
{
	const uint8_t *transport = piece->data + kind->ip;
	struct packet_info info;

	assert_int_equal(packet_parse(piece, &info), PACKET_OK);
	assert_int_equal(piece->len, kind->ip + kind->transport + STEP);
	assert_int_equal(get_be16(piece->data + (kind->ip6 ? 4 : 2)),
			 kind->ip6 ? piece->len - 40 : piece->len);
	assert_int_equal(info.payload_len, STEP);
	assert_true(packet_checksums_ok(piece));
	if (kind->protocol == IP_PROTO_TCP) {
		assert_int_equal(transport[13] & CWR, first ? CWR : 0);
	} else {
		assert_int_equal(get_be16(transport + 4), 8 + STEP);
		assert_int_not_equal(get_be16(transport + 6), 0); /* it would say: none (RFC 768) */
	}
}

static void each_kind_is_cut(void **state)
{
	const struct kind *kind = *state;
	struct pool *pool = pool_new();
	struct buffer *whole, *list, *next;
	uint16_t sum;
	int n = 0;

	assert_non_null(pool);
	whole = super_of(pool, kind, 3);
	/* All that a segment sums, but for its first word of payload, which makes that nothing. */
	list = gso_segment(super_of(pool, kind, 3));
	assert_non_null(list);
	sum = get_be16(list->packet.data + kind->ip + kind->checksum);
	for (; list; list = next) {
		next = list->next;
		buffer_free(list);
	}
	put_be16(whole->packet.data + kind->ip + kind->transport, sum);
	for (list = gso_segment(whole); list; list = next) {
		next = list->next;
		check_segment(kind, &list->packet, n++ == 0);
		buffer_free(list);
	}
	assert_int_equal(n, 3);
	pool_free(pool);
}

/* A kernel makes none, but who has a raw socket may: its first bytes are no TCP header. */
static void a_fragment_stays_whole(void **state)
{
	struct pool *pool = pool_new();
	struct buffer *buffer, *same;
	uint8_t *ip;

	assert_non_null(pool);
	(void)state;
	buffer = super_packet(pool, 3 * STEP);
	ip = buffer->packet.data;
	put_be16(ip + 6, 0x2005);
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~checksum_fold(ip, 20, 0));
	assert_int_equal(gso_wire_len(&buffer->packet), HEADERS + 3 * STEP);
	same = gso_segment(buffer);
	assert_ptr_equal(same, buffer);
	assert_null(same->next);
	buffer_free(same);
	pool_free(pool);
}

/* Bytes behind the packet, as a card pads short frames, are no payload. */
static void padding_is_not_sent_on(void **state)
{
	struct pool *pool = pool_new();
	struct buffer *list, *next;
	uint32_t bytes = 0;

	assert_non_null(pool);
	(void)state;
	list = super_packet(pool, 2 * STEP + 10);
	put_be16(list->packet.data + 2, HEADERS + 2 * STEP);
	put_be16(list->packet.data + 10, 0);
	put_be16(list->packet.data + 10, (uint16_t)~checksum_fold(list->packet.data, 20, 0));
	for (list = gso_segment(list); list; list = next) {
		next = list->next;
		bytes += list->packet.len - HEADERS;
		buffer_free(list);
	}
	assert_int_equal(bytes, 2 * STEP);
	pool_free(pool);
}

int main(void)
{
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct CMUnitTest tests[KINDS + 5] = {
		cmocka_unit_test(segments_add_up),
		cmocka_unit_test(the_wires_length_is_a_segments),
		cmocka_unit_test(a_fragment_stays_whole),
		cmocka_unit_test(padding_is_not_sent_on),
		cmocka_unit_test(an_impaired_link_carries_single_packets),
	};

	for (size_t i = 0; i < KINDS; i++)
		tests[5 + i] = (struct CMUnitTest){ kinds[i].label, each_kind_is_cut, NULL, NULL,
						    (void *)(uintptr_t)&kinds[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
