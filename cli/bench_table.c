/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_pps_1m: the engine with a million mappings that come and go.
 *
 * A mapping is used by its packets, out and in, in no order that a cache could like; one packet in
 * CHURN opens a new mapping, and the clock goes so fast that as many idle ones end.
 */
#include "bench.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_network.h"
#include "options.h"

enum {
	CHURN = 97, /* no divisor of the flows: each round begins others anew */
	STRIDE = 618033, /* no factor in common with a power of ten: a round leaves no flow out */
	VECTOR = 64, /* packets that arrive together: what the live fabric reads at once */
	BATCH = 16 * VECTOR, /* packets that are made, and then timed, in one go */
	SLICES = 5,
	FEW = 1000, /* flows: their mappings are in the cache */
};

#define ROUND_NS (250 * SEC) /* until each flow has had its turn */

/* A flow's next packet, on its way through the engine. */
struct turn {
	struct network_flow *flow;
	bool begins;
	uint8_t bytes[NETWORK_ROOM];
	struct packet packet;
};

/* What is measured, and the medians of @slices of a second each. */
struct rates {
	uint32_t flows;
	int slices;
	bool still; /* no mapping comes or goes: nobody is new, and the clock stands */
	bool unforeseen; /* packets are not known of before their turn */
	double engine, whole;
	size_t live; /* mappings at the end */
};

/* Packets that are made first, so that the engine alone is timed, and looked at afterwards. */
struct burst {
	const struct rates *rates; /* what it is for */
	uint64_t packets; /* that have had their turn */
	uint64_t vectors; /* the same */
	struct turn turns[BATCH];
	enum nat_side sides[BATCH];
	struct nat_decision decisions[BATCH];
};

static struct network_flow *flow_of(struct network *network, uint64_t n)
{
	return &network->flows[n * STRIDE % network->flows_len];
}

/* Each flow has its turn once a round, now out, now in.  What gave its place to a new one is
 * silent from then on, and ends. */
static void take_turn(struct network *network, struct burst *burst, int i)
{
	struct turn *turn = &burst->turns[i];
	uint64_t n = burst->packets++;
	struct network_flow *flow = flow_of(network, n);

	/* Not the engine's to wait for: whoever sends knows what. */
	__builtin_prefetch(flow_of(network, n + 2 * VECTOR));
	turn->flow = flow;
	turn->begins = !burst->rates->still && n % CHURN == 0;
	turn->packet = (struct packet){ .data = turn->bytes, .room = NETWORK_ROOM };
	burst->sides[i] = !turn->begins && (n + n / network->flows_len) % 2 ? NAT_OUTSIDE
									    : NAT_INSIDE;
	if (turn->begins)
		flow->inside = network->endpoints++;
	network_write(network, flow, burst->sides[i], &turn->packet);
}

static int check_turn(struct turn *turn, const struct nat_decision *decision)
{
	enum nat_reason want = turn->begins ? NAT_REASON_NEW_MAPPING : NAT_REASON_MAPPING;

	if (decision->outcome != NAT_FORWARD || decision->reason != want)
		return -EIO;
	return turn->begins ? network_learn(turn->flow, &turn->packet) : 0;
}

/* As sim/gateway.c does it. */
static void pass_vector(struct network *network, struct burst *burst, int first)
{
	if (!burst->rates->still)
		network->now += ROUND_NS / network->flows_len * VECTOR;
	burst->vectors++;
	for (int i = first; i < first + VECTOR && !burst->rates->unforeseen; i++)
		nat_expect(network->nat, burst->vectors, burst->sides[i], &burst->turns[i].packet);
	for (int i = first; i < first + VECTOR; i++)
		burst->decisions[i] = nat_process(network->nat, burst->sides[i],
						  &burst->turns[i].packet, network->now);
}

/* Adds to *ret_took what the engine took for BATCH packets. */
static int run_burst(struct network *network, struct burst *burst, uint64_t *ret_took)
{
	uint64_t began;
	int err = 0;

	for (int i = 0; i < BATCH; i++)
		take_turn(network, burst, i);
	began = bench_cpu();
	for (int i = 0; i < BATCH; i += VECTOR)
		pass_vector(network, burst, i);
	*ret_took += bench_cpu() - began;
	for (int i = 0; i < BATCH && !err; i++)
		err = check_turn(&burst->turns[i], &burst->decisions[i]);
	return err;
}

/* Packets a second, and in *ret_whole as many when the making of them is counted, too. */
static int measure_slice(struct network *network, struct burst *burst, double *ret,
			 double *ret_whole)
{
	uint64_t began = bench_cpu(), took = 0, first = burst->packets;
	double packets;

	while (took < SEC) {
		int err = run_burst(network, burst, &took);

		if (err)
			return err;
	}
	packets = (double)(burst->packets - first) * (double)SEC;
	*ret = packets / (double)took;
	*ret_whole = packets / (double)(bench_cpu() - began);
	return 0;
}

static int measure_slices(struct network *network, struct rates *rates)
{
	struct burst *burst = calloc(1, sizeof(*burst));
	double engine[SLICES], whole[SLICES];
	int err = burst ? 0 : -ENOMEM;

	if (!err)
		burst->rates = rates;
	for (int i = 0; i < rates->slices && !err; i++)
		err = measure_slice(network, burst, &engine[i], &whole[i]);
	free(burst);
	if (err)
		return err;
	rates->engine = bench_median(engine, (size_t)rates->slices);
	rates->whole = bench_median(whole, (size_t)rates->slices);
	rates->live = nat_mappings(network->nat, network->now, NULL, 0);
	return 0;
}

static int measure(struct rates *rates)
{
	static const struct network_kind udp = { .name = "UDP" };
	struct network *network = NULL;
	int err = network_new(&udp, rates->flows, &network);

	if (!err)
		err = network_make_nat(network);
	if (!err)
		err = network_fill(network);
	if (!err)
		err = measure_slices(network, rates);
	network_free(network);
	return err;
}

/* What the same packets take where memory need not be waited for, and where no mapping comes or goes; and
 * how long memory is waited for. */
static void name_limit(const struct rates *all, const struct rates *still, const struct rates *few,
		       struct bench_result *result)
{
	double all_ns = (double)SEC / all->engine, still_ns = (double)SEC / still->engine;
	double few_ns = (double)SEC / few->engine;
	double read_ns = bench_read_ns((size_t)64 * NETWORK_FLOWS_MAX);

	snprintf(
		result->limit, sizeof(result->limit),
		"%.0f ns a packet: %.0f with %d mappings that stay, %.0f more with %d that stay, "
		"which is waiting for memory, %.0f more where they come and go, and timers are "
		"looked at; a read of 64 MB at random takes %.0f, and a packet needs two or three, "
		"its bucket or its port and then its mapping, for which the packets of a burst wait "
		"together, but unforeseen ones each alone",
		all_ns, few_ns, FEW, still_ns - few_ns, NETWORK_FLOWS_MAX, all_ns - still_ns,
		read_ns);
}

int bench_engine_pps_1m(struct bench_result *result)
{
	struct rates few = { .flows = FEW, .slices = 1, .still = true };
	struct rates still = { .flows = NETWORK_FLOWS_MAX, .slices = 1, .still = true };
	struct rates alone = { .flows = NETWORK_FLOWS_MAX, .slices = 1, .unforeseen = true };
	struct rates all = { .flows = NETWORK_FLOWS_MAX, .slices = SLICES };
	struct rates *const each[] = { &few, &still, &alone, &all };
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(each) && !err; i++)
		err = measure(each[i]);
	if (err) {
		snprintf(result->note, sizeof(result->note), "the engine dropped a packet");
		return err;
	}
	result->value = all.engine;
	snprintf(
		result->note, sizeof(result->note),
		"per second of processor time, one core, median of %d; in bursts of %d, which the NAT "
		"is told of before it sees to each packet, as the live fabric does; %.2fM where it is "
		"not told; one packet in %d makes a mapping, and as many end; %.2fM with the making "
		"of the packets; %zu live at the end",
		SLICES, VECTOR, alone.engine / 1e6, CHURN, all.whole / 1e6, all.live);
	name_limit(&all, &still, &few, result);
	return 0;
}
