/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One model twice, as a kernel's box and as the engine: UDP packets are given to either, and what
 * comes out at the other side is looked at.
 *
 * That the kernel drops a packet is told by a second one of a flow that always passes, the marker,
 * which follows it on the same way from the same processor.
 */
#ifndef KNOTHOLE_TESTS_MASQUERADE_BENCH_H
#define KNOTHOLE_TESTS_MASQUERADE_BENCH_H

#include "live_lab.h"

#include <errno.h>

#include "nat-models/catalog.h"
#include "nat-models/nat.h"
#include "sim/bell.h"

#define OUTSIDE V4(11, 2, 1, 2)
#define GATEWAY V4(10, 0, 0, 1)
#define MARKER_FAR V4(11, 9, 9, 9)

enum { MARKER_PORT = 9, TTL = 64 };

/* What became of a packet on one of the two ways. */
struct fate {
	bool passed;
	struct endpoint src, dst;
};

struct bench {
	struct lab lab;
	struct nat_model model;
	struct live_nat *box;
	struct nat *nat;
	struct port ports[2]; /* the test's own, in the hosts' places: inside, outside */
	struct link *links[2];
	struct bell arrived;
	struct fate seen; /* by the kernel's way: what came out at the other side */
	bool marked; /* … and the marker after it */
	uint64_t chance;
	int err;
	int packets, passed, begun, moved, strays, by_luck, remembered;
	char trouble[256]; /* the first difference */
};

static inline void take(struct port *port, struct buffer *buffer)
{
	struct bench *bench = port->node;
	struct packet_info info;

	/* The box itself answers strays by ICMP, which is the gateway's part and not the NAT's. */
	if (packet_parse(&buffer->packet, &info) == PACKET_OK && info.protocol == IP_PROTO_UDP) {
		if (info.src.port == MARKER_PORT && info.dst.port == MARKER_PORT)
			bench->marked = true;
		else
			bench->seen = (struct fate){ true, info.src, info.dst };
	}
	buffer_free(buffer);
	bell_ring(&bench->arrived);
}

static inline void open_box(struct bench *bench, struct port *ret_ports[2])
{
	const struct ip_addr pool[] = { OUTSIDE };
	struct live_nat_spec spec = {
		.name = "box",
		.model = &bench->model,
		.inside = { V4(10, 0, 0, 0), 120 },
		.inside_addr = GATEWAY,
		.pool = pool,
		.pool_len = 1,
		.outside_bits = 24,
		.outside_gateway = V4(11, 2, 1, 1),
	};
	struct nat_config config = {
		.inside = spec.inside,
		.inside_addr = GATEWAY,
		.pool = pool,
		.pool_len = 1,
		.seed = 1,
	};
	struct plan_error error = { "" };
	int err = live_nat_new(bench->lab.live, &spec, &bench->box, &ret_ports[0], &ret_ports[1],
			       &error);

	if (err)
		print_message("%s\n", error.text);
	assert_int_equal(err, 0);
	assert_int_equal(nat_new(&bench->model, &config, &bench->nat), 0);
}

static inline void open_bench(struct bench *bench, const char *model, uint64_t timeout_ns)
{
	struct model_error error;
	struct port *box[2];

	assert_int_equal(nat_model_find(model, &bench->model, &error), 0);
	if (timeout_ns) {
		bench->model.udp.timeout_ns = timeout_ns;
		bench->model.udp.timeout_two_way_ns = 4 * timeout_ns;
	}
	bench->chance = 1;
	lab_open(&bench->lab);
	open_box(bench, box);
	for (int side = 0; side < 2; side++) {
		bench->ports[side] = (struct port){ .receive = take, .node = bench };
		bench->links[side] = lab_link(&bench->lab, box[side], &bench->ports[side]);
	}
}

static inline void close_bench(struct bench *bench)
{
	for (int side = 0; side < 2; side++)
		link_free(bench->links[side]);
	nat_free(bench->nat);
	live_nat_free(bench->box);
	lab_close(&bench->lab);
}

static inline void keep(struct bench *bench, int err)
{
	if (err && !bench->err)
		bench->err = err;
}

static inline void send_packet(struct bench *bench, enum nat_side side, struct endpoint src,
			       struct endpoint dst)
{
	struct buffer *buffer = buffer_new(bench->lab.pool, 64);

	assert_non_null(buffer);
	if (!buffer || packet_make_udp(&buffer->packet, src, dst, TTL, "x", 1)) {
		keep(bench, -ENOMEM);
		buffer_free(buffer);
		return;
	}
	port_send(&bench->ports[side], buffer, NULL);
}

static inline void send_marker(struct bench *bench, enum nat_side side)
{
	struct endpoint inside = { V4(10, 0, 0, 200), MARKER_PORT };
	struct endpoint outside = { OUTSIDE, MARKER_PORT };
	struct endpoint far = { MARKER_FAR, MARKER_PORT };

	if (side == NAT_INSIDE)
		send_packet(bench, side, inside, far);
	else
		send_packet(bench, side, far, outside);
}

static inline void await_marker(struct bench *bench)
{
	uint64_t deadline = loop_now(bench->lab.loop) + 3 * SEC;

	while (!bench->err && !bench->marked)
		keep(bench, bell_wait(&bench->arrived, deadline));
	bench->marked = false;
}

static inline struct fate by_kernel(struct bench *bench, enum nat_side side, struct endpoint src,
				    struct endpoint dst)
{
	bench->seen.passed = false;
	send_packet(bench, side, src, dst);
	send_marker(bench, side);
	await_marker(bench);
	return bench->seen;
}

static inline struct fate by_engine(struct bench *bench, enum nat_side side, struct endpoint src,
				    struct endpoint dst)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat_decision decision;
	struct packet_info info;

	keep(bench, packet_make_udp(&pkt, src, dst, TTL, "x", 1));
	decision = nat_process(bench->nat, side, &pkt, loop_now(bench->lab.loop));
	if (decision.outcome != NAT_FORWARD || packet_parse(&pkt, &info) != PACKET_OK)
		return (struct fate){ .passed = false };
	return (struct fate){ true, info.src, info.dst };
}

#endif
