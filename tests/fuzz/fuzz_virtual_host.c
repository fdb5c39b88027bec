/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual host under any packets: it never breaks, and whatever it sends is a packet of its own
 * with right checksums.
 *
 * The input is a row of packets, each with two bytes before it: how long it is, and how the
 * packet is mended (FUZZ_*), since a random one would seldom get past its checksum.
 */
#include <stdlib.h>
#include <string.h>

#include "nat-models/header_fields.h"
#include "sim/virtual/virtual.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FUZZ_IP_CHECKSUM = 1,
	FUZZ_OFFLOADED = 2, /* the transport's checksum is left to do */
	FUZZ_ADDRESSES = 4,
	FUZZ_PORT = 8,
	FUZZ_LATER = 16, /* time passes before it */
	OWN = 0x0b010102, /* 11.1.1.2 */
	PEER = 0x0b010202,
	PORT = 80,
	PACKETS_MAX = 64,
	SOCKS = 6,
};

static const struct ip_addr own6 = { UINT64_C(0x2b00000100010000), 2 };
static const struct ip_addr peer6 = { UINT64_C(0x2b00000100020000), 2 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_sent(struct port *port, struct buffer *buffer)
{
	struct packet_info info;
	enum packet_fault fault = packet_parse(&buffer->packet, &info);

	(void)port;
	check(fault == PACKET_OK);
	check(ip_addr_equal(info.src.addr, info.version == 4 ? ip_addr_v4(OWN) : own6));
	check(buffer->packet.len <= 1500);
	check(packet_checksums_ok(&buffer->packet));
	buffer_free(buffer);
}

static void mend6(struct packet *pkt, uint8_t how)
{
	uint8_t *ip = pkt->data;
	struct packet_info info;

	if (pkt->len < IP6_HEADER)
		return;
	if (how & FUZZ_ADDRESSES) {
		put_addr(ip + IP6_SRC, 6, peer6);
		put_addr(ip + IP6_DST, 6, own6);
	}
	if (how & FUZZ_IP_CHECKSUM) /* of which there is none, but a length as well */
		put_be16(ip + IP6_LENGTH, (uint16_t)(pkt->len - IP6_HEADER));
	if (how & FUZZ_PORT && packet_parse(pkt, &info) == PACKET_OK && info.has_ports &&
	    !info.fragment_offset)
		put_be16(ip + info.transport_offset + 2, PORT);
}

static void mend4(struct packet *pkt, uint8_t how)
{
	uint8_t *ip = pkt->data;
	uint32_t header = pkt->len ? (ip[0] & 0xfU) * 4 : 0;

	if (pkt->len < IP4_HEADER + UDP_HEADER || header < IP4_HEADER ||
	    pkt->len < header + UDP_HEADER)
		return;
	if (how & FUZZ_ADDRESSES) {
		put_addr(ip + IP4_SRC, 4, ip_addr_v4(PEER));
		put_addr(ip + IP4_DST, 4, ip_addr_v4(OWN));
	}
	if (how & FUZZ_PORT)
		put_be16(ip + header + 2, PORT);
	if (how & FUZZ_OFFLOADED && ip[IP4_PROTOCOL] == IP_PROTO_UDP)
		put_be16(ip + header + UDP_CHECKSUM, 0); /* none */
	if (how & FUZZ_IP_CHECKSUM) {
		put_be16(ip + IP4_LENGTH, (uint16_t)pkt->len);
		put_be16(ip + IP4_CHECKSUM, 0);
		put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, header, 0));
	}
}

static void mend(struct packet *pkt, uint8_t how)
{
	if (pkt->len && pkt->data[0] >> 4 == 6)
		mend6(pkt, how);
	else
		mend4(pkt, how);
}

static uint32_t checksum_at(const struct packet_info *info)
{
	uint32_t field = info->protocol == IP_PROTO_TCP ? TCP_CHECKSUM : ICMP_CHECKSUM;

	return info->transport_offset + (info->protocol == IP_PROTO_UDP ? UDP_CHECKSUM : field);
}

/* Make the transport's checksum right, as its sender would have. */
static void sign(struct packet *pkt)
{
	struct packet_info info;
	uint32_t at;

	if (packet_parse(pkt, &info) != PACKET_OK ||
	    (info.version == 4 && info.protocol == IP_PROTO_UDP))
		return;
	at = checksum_at(&info);
	if (at + 2 > pkt->len || info.fragment_offset)
		return;
	put_be16(pkt->data + at, 0);
	/* The pseudo-header, which in IPv4 ICMP has none of. */
	if (info.version == 6 || info.protocol == IP_PROTO_TCP)
		put_be16(pkt->data + at,
			 checksum_fold(pkt->data + (info.version == 4 ? IP4_SRC : IP6_SRC),
				       info.version == 4 ? 8 : 32,
				       (uint32_t)(pkt->len - info.transport_offset) +
					       info.protocol));
	pkt->offload = (struct packet_offload){
		.needs_checksum = true,
		.checksum_start = info.transport_offset,
		.checksum_offset = (uint16_t)(at - info.transport_offset),
	};
	packet_finish_checksums(pkt);
}

struct bench {
	struct loop *loop;
	struct pool *pool;
	struct host *host;
	struct port *port, wire;
	struct link *link;
	struct sock *socks[SOCKS];
	struct event stop;
	bool stopped;
};

static struct bench bench;

static void stop(struct event *event)
{
	(void)event;
	bench.stopped = true;
}

static void pass_time(uint64_t ns)
{
	bench.stopped = false;
	bench.stop.fire = stop;
	loop_schedule(bench.loop, &bench.stop, loop_now(bench.loop) + ns);
	check(loop_run(bench.loop, &bench.stopped) == 0);
}

static void open_socks(void)
{
	const struct sock_spec specs[] = {
		{ .kind = SOCK_UDP, .local = { .port = PORT } },
		{ .kind = SOCK_TCP_LISTEN, .local = { .port = PORT } },
		{ .kind = SOCK_PING, .local = { .port = PORT } },
		{ .kind = SOCK_UDP,
		  .local = { .port = PORT + 1 },
		  .remote = { ip_addr_v4(PEER), PORT } },
		{ .kind = SOCK_PING, .local = { own6, PORT + 1 } },
		{ .kind = SOCK_UDP, .local = { .port = PORT + 2 }, .remote = { peer6, PORT } },
	};

	for (size_t i = 0; i < SOCKS; i++)
		check(sock_open(bench.host, &specs[i], &bench.socks[i]) == 0);
}

/* Take what has come, and answer it. */
static void serve(void)
{
	struct sock *visitor;
	uint8_t bytes[2048];
	struct endpoint from;
	long n;

	for (int i = 0; i < SOCKS; i++) {
		if (i == 1)
			continue;
		while ((n = sock_recv(bench.socks[i], &from, bytes, sizeof(bytes), 0)) >= 0)
			sock_send(bench.socks[i], &from, bytes, (size_t)n, 0);
	}
	while (sock_accept(bench.socks[1], 0, &visitor) == 0) {
		n = sock_recv(visitor, NULL, bytes, sizeof(bytes), 0);
		if (n > 0)
			sock_send(visitor, NULL, bytes, (size_t)n, 0);
		sock_close(visitor);
	}
}

static void deliver(const uint8_t *bytes, size_t len, uint8_t how)
{
	struct buffer *buffer = buffer_new(bench.pool, len);

	check(buffer != NULL);
	memcpy(buffer->packet.data, bytes, len);
	buffer->packet.len = (uint32_t)len;
	mend(&buffer->packet, how);
	if (how & FUZZ_OFFLOADED)
		sign(&buffer->packet);
	port_send(&bench.wire, buffer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtual_host_spec spec = {
		.name = "fuzzed",
		.addr = ip_addr_v4(OWN),
		.addr6 = own6,
		.prefix_bits = 24,
		.seed = 1,
	};
	struct link_spec link = { .name = "fuzzed" };

	bench = (struct bench){ .pool = pool_new() };
	bench.wire.receive = check_sent;
	check(loop_new(LOOP_VIRTUAL, &bench.loop) == 0);
	check(virtual_host_new(bench.loop, bench.pool, &spec, &bench.host, &bench.port) == 0);
	check(link_new(bench.loop, &link, bench.port, &bench.wire, &bench.link) == 0);
	open_socks();
	for (int i = 0; i < PACKETS_MAX && size >= 2; i++) {
		size_t len = data[0] < size - 2 ? data[0] : size - 2;
		uint8_t how = data[1];

		pass_time(how & FUZZ_LATER ? 7 * SEC : 10 * USEC);
		deliver(data + 2, len, how);
		serve();
		data += 2 + len;
		size -= 2 + len;
	}
	pass_time(300 * SEC);
	link_free(bench.link);
	bench.host->ops->free(bench.host);
	loop_free(bench.loop);
	pool_free(bench.pool);
	return 0;
}
