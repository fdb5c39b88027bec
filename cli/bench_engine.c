/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_pps_1k: the engine alone, a packet out and its answer in, over 1,000 flows. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/nat.h"

enum { FLOWS = 1000, PAYLOAD = 160, ROOM = 256, ROUNDS_MAX = 100000 };

struct flow {
	uint8_t out[ROOM], in[ROOM]; /* as they arrive at the NAT */
	uint32_t len;
};

struct bench_flows {
	struct nat *nat;
	struct flow flows[FLOWS];
	uint64_t now;
};

/* One packet through the engine, which writes over a copy of it; the copy is part of the cost, as
 * it is in no real use, so the figure errs on the low side. */
static struct nat_decision pass(struct bench_flows *bench, enum nat_side side, const uint8_t *bytes,
				uint32_t len, uint8_t work[ROOM])
{
	struct packet packet = { .data = work, .len = len, .room = ROOM };

	memcpy(work, bytes, len);
	bench->now += 1000;
	return nat_process(bench->nat, side, &packet, bench->now);
}

/* Open flow @n, and make the answer to it from what came out. */
static int open_flow(struct bench_flows *bench, size_t n)
{
	static const uint8_t payload[PAYLOAD];
	struct flow *flow = &bench->flows[n];
	const struct endpoint inside = { ip_addr_v4(0xc0a80102), (uint16_t)(10000 + n) };
	const struct endpoint outside = { ip_addr_v4(0x0b010102), 3478 };
	struct packet packet = { .data = flow->out, .room = ROOM };
	struct packet_info info;
	uint8_t work[ROOM];
	int err = packet_make_udp(&packet, inside, outside, 64, payload, sizeof(payload));

	if (err)
		return err;
	flow->len = packet.len;
	if (pass(bench, NAT_INSIDE, flow->out, flow->len, work).outcome != NAT_FORWARD)
		return -EIO;
	packet = (struct packet){ .data = work, .len = flow->len, .room = ROOM };
	if (packet_parse(&packet, &info) != PACKET_OK)
		return -EIO;
	packet = (struct packet){ .data = flow->in, .room = ROOM };
	return packet_make_udp(&packet, outside, info.src, 64, payload, sizeof(payload));
}

static int round_trip(struct bench_flows *bench)
{
	uint8_t work[ROOM];

	for (size_t n = 0; n < FLOWS; n++) {
		const struct flow *flow = &bench->flows[n];

		if (pass(bench, NAT_INSIDE, flow->out, flow->len, work).outcome != NAT_FORWARD ||
		    pass(bench, NAT_OUTSIDE, flow->in, flow->len, work).outcome != NAT_FORWARD)
			return -EIO;
	}
	return 0;
}

static int measure(struct bench_flows *bench, struct bench_result *result)
{
	uint64_t began, took = 0, rounds = 0;
	int err = 0;

	for (size_t n = 0; n < FLOWS && !err; n++)
		err = open_flow(bench, n);
	began = bench_cpu();
	while (!err && took < SEC && rounds < ROUNDS_MAX) {
		err = round_trip(bench);
		rounds++;
		took = bench_cpu() - began;
	}
	if (err) {
		snprintf(result->note, sizeof(result->note), "the engine dropped a packet");
		return err;
	}
	result->value = (double)(rounds * 2 * FLOWS) / ((double)took / (double)SEC);
	snprintf(result->note, sizeof(result->note),
		 "per second of processor time, one core; UDP, %d bytes of payload, half out and "
		 "half in",
		 PAYLOAD);
	return 0;
}

int bench_engine_pps(struct bench_result *result)
{
	struct bench_flows *bench = calloc(1, sizeof(*bench));
	const struct ip_addr pool = ip_addr_v4(0x0b020102);
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
