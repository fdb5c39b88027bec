/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_pps_1k: the engine alone, packets out and their answers in, over 1,000 flows.
 *
 * Each flow has one packet, which goes out, is turned round, comes in as its own answer, and is turned
 * round again: then it is what it was.  So nothing is copied, and since its two ends only change
 * places its checksums stay as right as the engine leaves them.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/nat.h"

enum { FLOWS = 1000, PAYLOAD = 160, ROOM = 256, SLICES = 5, SRC_AT = 12, PORTS_AT = 20 };

#define SLICE_NS (400 * MSEC)
#define POOL UINT32_C(0x0b020102)

static const struct endpoint server = { { 0, 0xffff0b010102 }, 3478 };

struct flow {
	uint8_t bytes[ROOM];
	struct packet packet;
};

struct bench_flows {
	struct nat *nat;
	struct flow flows[FLOWS];
	uint64_t now;
};

/* Write flow @n's packet. */
static int make_packet(struct bench_flows *bench, size_t n)
{
	static const uint8_t payload[PAYLOAD];
	struct flow *flow = &bench->flows[n];
	const struct endpoint inside = { ip_addr_v4(0xc0a80102), (uint16_t)(10000 + n) };

	flow->packet = (struct packet){ .data = flow->bytes, .room = ROOM };
	return packet_make_udp(&flow->packet, inside, server, 64, payload, sizeof(payload));
}

/* Source and destination change places, addresses and ports both. */
static void turn_round(uint8_t *bytes)
{
	uint32_t src, dst;
	uint16_t src_port, dst_port;

	memcpy(&src, bytes + SRC_AT, 4);
	memcpy(&dst, bytes + SRC_AT + 4, 4);
	memcpy(bytes + SRC_AT, &dst, 4);
	memcpy(bytes + SRC_AT + 4, &src, 4);
	memcpy(&src_port, bytes + PORTS_AT, 2);
	memcpy(&dst_port, bytes + PORTS_AT + 2, 2);
	memcpy(bytes + PORTS_AT, &dst_port, 2);
	memcpy(bytes + PORTS_AT + 2, &src_port, 2);
}

/* One packet of every flow, all of them on @side. */
static int pass_all(struct bench_flows *bench, enum nat_side side)
{
	for (size_t n = 0; n < FLOWS; n++) {
		struct flow *flow = &bench->flows[n];

		bench->now += 1000;
		if (nat_process(bench->nat, side, &flow->packet, bench->now).outcome != NAT_FORWARD)
			return -EIO;
		turn_round(flow->bytes);
	}
	return 0;
}

static int round_trip(struct bench_flows *bench)
{
	int err = pass_all(bench, NAT_INSIDE);

	return err ? err : pass_all(bench, NAT_OUTSIDE);
}

/* What no NAT can do without: each packet is read, gets another source, and a right checksum. */
static int rewrite_all(struct bench_flows *bench, struct ip_addr source)
{
	for (size_t n = 0; n < FLOWS; n++) {
		struct flow *flow = &bench->flows[n];
		struct packet_info info;

		if (packet_parse(&flow->packet, &info) != PACKET_OK)
			return -EIO;
		packet_set_src(&flow->packet, &info, (struct endpoint){ source, info.src.port });
		turn_round(flow->bytes);
	}
	return 0;
}

static int rewrite_round(struct bench_flows *bench)
{
	int err = rewrite_all(bench, ip_addr_v4(POOL));

	return err ? err : rewrite_all(bench, server.addr);
}

/* What the measure itself costs. */
static int turn_round_only(struct bench_flows *bench)
{
	for (size_t n = 0; n < 2 * FLOWS; n++)
		turn_round(bench->flows[n % FLOWS].bytes);
	return 0;
}

/* After all that each packet must be what it was, and right. */
static int check_all(struct bench_flows *bench)
{
	for (size_t n = 0; n < FLOWS; n++) {
		const struct packet *packet = &bench->flows[n].packet;
		struct packet_info info;

		if (!packet_checksums_ok(packet) || packet_parse(packet, &info) != PACKET_OK ||
		    info.src.port != 10000 + n)
			return -EIO;
	}
	return 0;
}

/* ns a packet of some rounds, the median of SLICES times. */
static int time_rounds(struct bench_flows *bench, int (*round)(struct bench_flows *bench),
		       double *ret_ns)
{
	double ns[SLICES];
	int err = 0;

	for (int i = 0; i < SLICES; i++) {
		uint64_t began = bench_cpu(), took = 0, rounds = 0;

		while (!err && took < SLICE_NS) {
			err = round(bench);
			rounds++;
			took = bench_cpu() - began;
		}
		ns[i] = (double)took / (double)(rounds * 2 * FLOWS);
	}
	*ret_ns = bench_median(ns, SLICES);
	return err;
}

static int measure(struct bench_flows *bench, struct bench_result *result)
{
	double ns, rewriting_ns = 0, turning_ns = 0;
	int err = 0;

	for (size_t n = 0; n < FLOWS && !err; n++)
		err = make_packet(bench, n);
	if (!err)
		err = time_rounds(bench, round_trip, &ns);
	if (!err)
		err = check_all(bench);
	if (!err)
		err = time_rounds(bench, rewrite_round, &rewriting_ns);
	if (!err)
		err = check_all(bench);
	if (!err)
		err = time_rounds(bench, turn_round_only, &turning_ns);
	if (err) {
		snprintf(result->note, sizeof(result->note),
			 "the engine dropped a packet, or spoilt one");
		return err;
	}
	result->value = (double)SEC / ns;
	snprintf(result->note, sizeof(result->note),
		 "per second of processor time, one core, median of %d; UDP, %d bytes of payload, "
		 "half out and half in",
		 SLICES, PAYLOAD);
	snprintf(result->limit, sizeof(result->limit),
		 "%.1f ns a packet, of which %.1f to turn it round, which is the measure's own, "
		 "and %.1f to read it and rewrite an address, without any table; the rest finds "
		 "its mapping, asks the filter and restarts the timer",
		 ns, turning_ns, rewriting_ns - turning_ns);
	return 0;
}

int bench_engine_pps(struct bench_result *result)
{
	struct bench_flows *bench = calloc(1, sizeof(*bench));
	const struct ip_addr pool = ip_addr_v4(POOL);
	const struct nat_config config = {
		.inside = { ip_addr_v4(0xc0a80100), 120 },
		.inside_addr = ip_addr_v4(0xc0a80101),
		.pool = &pool,
		.pool_len = 1,
		.seed = 1,
	};
	struct nat_model model;
	int err;

	if (!bench)
		return -ENOMEM;
	nat_model_defaults(&model);
	err = nat_new(&model, &config, &bench->nat);
	if (!err)
		err = measure(bench, result);
	nat_free(bench->nat);
	free(bench);
	return err;
}
