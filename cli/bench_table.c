/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_pps_1m, bytes_per_mapping and mapping_growth: the engine with up to a million mappings.
 *
 * A large network: 20,000 inside hosts with 50 ports each share 20 outside addresses.  A mapping
 * is used by its packets, out and in, in no order that a cache could like; one packet in
 * CHURN opens a new mapping, and the clock goes so fast that as many idle ones end.
 */
#include "bench.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../nat-models/nat.h"

enum {
	MAPPINGS = 1000000,
	PORTS_PER_HOST = 50,
	POOL = 20,
	PAYLOAD = 20,
	ROOM = 64,
	CHURN = 97, /* no divisor of MAPPINGS: each round begins others anew */
	STRIDE = 618033, /* no factor in common with MAPPINGS: a round leaves no flow out */
	HUGE_PAGE = 2 * 1024 * 1024,
	VECTOR = 256, /* packets that arrive together */
	BATCH = 16 * VECTOR, /* packets that are made, and then timed, in one go */
	SLICES = 5,
};

#define INSIDE_NET UINT32_C(0x0a000000) /* 10.0.0.0/8 */
#define OUTSIDE_NET UINT32_C(0x0b020000)
#define TIMEOUT_NS (300 * SEC)
#define ROUND_NS (250 * SEC) /* until each flow has had its turn */

struct flow {
	uint32_t inside; /* counts the endpoints that ever were: which one it is now */
	uint16_t pool, port; /* outside */
};

struct bench_table {
	struct nat *nat;
	struct flow flows[MAPPINGS];
	uint32_t endpoints; /* inside ones that were used so far */
	uint64_t now, packets;
	uint8_t template[ROOM]; /* a datagram from an inside host to a server */
	struct packet_info about;
	uint32_t len;
};

static const struct endpoint server = { { 0, 0xffff0b010102 }, 3478 };

/* The @n-th inside endpoint to speak.  Neighbours in time are none in the tables, and a host's
 * ports come in no order: 40505 has no factor in common with the number of ports. */
static struct endpoint inside_endpoint(uint32_t n)
{
	const uint32_t hosts = MAPPINGS / PORTS_PER_HOST, ports = 65536 - 1024;
	uint32_t host = n % hosts;

	return (struct endpoint){ ip_addr_v4(INSIDE_NET + 2 + host),
				  (uint16_t)(1024 + (n / hosts * 40505 + host * 7919) % ports) };
}

/* Write the packet that @flow has next, from inside or to it, into @packet. */
static void write_packet(const struct bench_table *bench, const struct flow *flow,
			 enum nat_side side, struct packet *packet)
{
	struct packet_info info = bench->about;

	memcpy(packet->data, bench->template, bench->len);
	packet->len = bench->len;
	if (side == NAT_INSIDE) {
		packet_set_src(packet, &info, inside_endpoint(flow->inside));
		return;
	}
	packet_set_src(packet, &info, server);
	packet_set_dst(packet, &info,
		       (struct endpoint){ ip_addr_v4(OUTSIDE_NET + flow->pool), flow->port });
}

/* Its mapping is made: the outside endpoint is where the packet now comes from. */
static int learn_outside(struct flow *flow, const struct packet *packet)
{
	struct packet_info info;

	if (packet_parse(packet, &info) != PACKET_OK)
		return -EIO;
	flow->pool = (uint16_t)(ip_addr_to_v4(info.src.addr) - OUTSIDE_NET);
	flow->port = info.src.port;
	return 0;
}

/* Let @flow be that of an inside endpoint which has not spoken yet. */
static int begin_flow(struct bench_table *bench, struct flow *flow)
{
	uint8_t bytes[ROOM];
	struct packet packet = { .data = bytes, .room = ROOM };

	flow->inside = bench->endpoints++;
	write_packet(bench, flow, NAT_INSIDE, &packet);
	if (nat_process(bench->nat, NAT_INSIDE, &packet, bench->now).reason !=
	    NAT_REASON_NEW_MAPPING)
		return -EIO;
	return learn_outside(flow, &packet);
}

static int fill(struct bench_table *bench, uint32_t len)
{
	int err = 0;

	for (uint32_t i = 0; i < len && !err; i++)
		err = begin_flow(bench, &bench->flows[i]);
	return err;
}

/* A flow's next packet, on its way through the engine. */
struct turn {
	struct flow *flow;
	bool begins;
	uint8_t bytes[ROOM];
	struct packet packet;
};

/* Each flow has its turn once a round, now out, now in.  What gave its place to a new one is
 * silent from then on, and ends. */
static void take_turn(struct bench_table *bench, struct turn *turn, struct nat_arrival *arrival)
{
	uint64_t n = bench->packets++;
	struct flow *flow = &bench->flows[n * STRIDE % MAPPINGS];

	/* Not the engine's to wait for: whoever sends knows what. */
	__builtin_prefetch(&bench->flows[(n + 2 * VECTOR) * STRIDE % MAPPINGS]);
	turn->flow = flow;
	turn->begins = n % CHURN == 0;
	turn->packet = (struct packet){ .data = turn->bytes, .room = ROOM };
	arrival->packet = &turn->packet;
	arrival->side = !turn->begins && (n + n / MAPPINGS) % 2 ? NAT_OUTSIDE : NAT_INSIDE;
	if (turn->begins)
		flow->inside = bench->endpoints++;
	write_packet(bench, flow, arrival->side, &turn->packet);
}

/* Packets that are made first, so that the engine alone is timed, and looked at afterwards. */
struct burst {
	struct turn turns[BATCH];
	struct nat_arrival arrivals[BATCH];
	struct nat_decision decisions[BATCH];
};

static int check_turn(struct turn *turn, const struct nat_decision *decision)
{
	enum nat_reason want = turn->begins ? NAT_REASON_NEW_MAPPING : NAT_REASON_MAPPING;

	if (decision->outcome != NAT_FORWARD || decision->reason != want)
		return -EIO;
	return turn->begins ? learn_outside(turn->flow, &turn->packet) : 0;
}

/* Adds to *ret_took what the engine took for BATCH packets. */
static int run_burst(struct bench_table *bench, struct burst *burst, uint64_t *ret_took)
{
	uint64_t began;
	int err = 0;

	for (int i = 0; i < BATCH; i++)
		take_turn(bench, &burst->turns[i], &burst->arrivals[i]);
	began = bench_cpu();
	for (int i = 0; i < BATCH; i += VECTOR) {
		bench->now += ROUND_NS / MAPPINGS * VECTOR;
		nat_process_batch(bench->nat, burst->arrivals + i, VECTOR, bench->now,
				  burst->decisions + i);
	}
	*ret_took += bench_cpu() - began;
	for (int i = 0; i < BATCH && !err; i++)
		err = check_turn(&burst->turns[i], &burst->decisions[i]);
	return err;
}

/* @linux_like: as Linux does it, which shares ports and has to find a source's other mappings. */
static int make_nat(struct nat **ret, bool linux_like)
{
	struct ip_addr pool[POOL];
	const struct nat_config config = {
		.inside = { ip_addr_v4(INSIDE_NET), 104 },
		.inside_addr = ip_addr_v4(INSIDE_NET + 1),
		.pool = pool,
		.pool_len = POOL,
		.seed = 1,
	};
	struct nat_model model;

	nat_model_defaults(&model);
	model.pool_size = POOL;
	model.udp.refresh = NAT_REFRESH_BOTH;
	model.udp.timeout_ns = TIMEOUT_NS;
	if (linux_like) {
		model.udp.mapping = NAT_APD;
		model.udp.collision = NAT_COLLISION_OVERLOAD;
	}
	for (uint32_t i = 0; i < POOL; i++)
		pool[i] = ip_addr_v4(OUTSIDE_NET + i);
	return nat_new(&model, &config, ret);
}

static int make_template(struct bench_table *bench)
{
	static const uint8_t payload[PAYLOAD];
	struct packet packet = { .data = bench->template, .room = ROOM };
	int err = packet_make_udp(&packet, inside_endpoint(0), server, 64, payload, PAYLOAD);

	bench->len = packet.len;
	return err || packet_parse(&packet, &bench->about) != PACKET_OK ? -EINVAL : 0;
}

static int bench_table_new(struct bench_table **ret, struct bench_result *result)
{
	/* In huge pages: the engine is not to be blamed for what the senders wait for. */
	struct bench_table *bench =
		aligned_alloc(HUGE_PAGE, (sizeof(*bench) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1UL));

	if (!bench)
		return -ENOMEM;
	madvise(bench, sizeof(*bench), MADV_HUGEPAGE);
	/* Touched now, so that it is not counted as the engine's later. */
	memset(bench, 1, sizeof(*bench));
	bench->nat = NULL;
	bench->endpoints = 0;
	bench->packets = bench->now = 0;
	*ret = bench;
	if (make_template(bench) == 0)
		return 0;
	snprintf(result->note, sizeof(result->note), "no packet can be made");
	return -EINVAL;
}

static void bench_table_free(struct bench_table *bench)
{
	if (bench)
		nat_free(bench->nat);
	free(bench);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Packets a second, and in *ret_whole as many when the making of them is counted, too. */
static int measure_slice(struct bench_table *bench, struct burst *burst, double *ret,
			 double *ret_whole)
{
	uint64_t began = bench_cpu(), took = 0, first = bench->packets;
	double packets;

	while (took < SEC) {
		int err = run_burst(bench, burst, &took);

		if (err)
			return err;
	}
	packets = (double)(bench->packets - first) * (double)SEC;
	*ret = packets / (double)took;
	*ret_whole = packets / (double)(bench_cpu() - began);
	return 0;
}

static double median(double rates[SLICES])
{
	qsort(rates, SLICES, sizeof(*rates), by_size);
	return rates[SLICES / 2];
}

static int measure_rate(struct bench_table *bench, struct bench_result *result)
{
	struct burst *burst = malloc(sizeof(*burst));
	double rates[SLICES], whole[SLICES];
	int err = burst ? 0 : -ENOMEM;

	for (int i = 0; i < SLICES && !err; i++)
		err = measure_slice(bench, burst, &rates[i], &whole[i]);
	free(burst);
	if (err)
		return err;
	result->value = median(rates);
	snprintf(
		result->note, sizeof(result->note),
		"per second of processor time, one core, median of %d, in vectors of %d; one packet "
		"in %d makes a mapping, and as many end; %.2fM with the making of the packets; %zu "
		"live at the end",
		SLICES, VECTOR, CHURN, median(whole) / 1e6,
		nat_mappings(bench->nat, bench->now, NULL, 0));
	return 0;
}

int bench_engine_pps_1m(struct bench_result *result)
{
	struct bench_table *bench = NULL;
	int err = bench_table_new(&bench, result);

	if (!err)
		err = make_nat(&bench->nat, false);
	if (!err)
		err = fill(bench, MAPPINGS);
	if (!err)
		err = measure_rate(bench, result);
	if (err && !*result->note)
		snprintf(result->note, sizeof(result->note), "the engine dropped a packet");
	bench_table_free(bench);
	return err;
}

/* Resident bytes of each of @len mappings, or -errno. */
static double bytes_each(uint32_t len, bool linux_like, struct bench_result *result)
{
	struct bench_table *bench = NULL;
	uint64_t before, after;
	int err = bench_table_new(&bench, result);

	if (!bench)
		return err;
	/* Memory that only waits to be used again would seem to cost nothing, and what earlier
	 * measures taught the allocator (it moves this threshold) would seem to cost more. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	malloc_trim(0);
	before = bench_resident();
	if (!err)
		err = make_nat(&bench->nat, linux_like);
	if (!err)
		err = fill(bench, len);
	after = bench_resident();
	if (!err && (!before || after <= before)) {
		err = -EIO;
		snprintf(result->note, sizeof(result->note), "/proc/self/statm tells nothing");
	} else if (err && !*result->note) {
		snprintf(result->note, sizeof(result->note), "the engine dropped a packet");
	}
	bench_table_free(bench);
	return err ? err : (double)(after - before) / len;
}

int bench_mapping_bytes(struct bench_result *result)
{
	double bytes = bytes_each(MAPPINGS, false, result), linux_bytes;

	if (bytes < 0)
		return (int)bytes;
	linux_bytes = bytes_each(MAPPINGS, true, result);
	if (linux_bytes < 0)
		return (int)linux_bytes;
	result->value = bytes;
	snprintf(result->note, sizeof(result->note),
		 "UDP; %.1f where a mapping is for one remote endpoint and ports are shared, as "
		 "Linux does",
		 linux_bytes);
	return 0;
}

/* What a mapping costs where there are so many. */
struct growth {
	double bytes;
	uint64_t packet_ns, make_ns, end_ns, longest_ns, longest_end_ns;
};

/* Make @len mappings; the longest that one packet had to wait is noted, too. */
static int time_making(struct bench_table *bench, uint32_t len, struct growth *growth)
{
	uint64_t began = bench_cpu(), last = began;
	int err = 0;

	for (uint32_t i = 0; i < len && !err; i++) {
		uint64_t now;

		err = begin_flow(bench, &bench->flows[i]);
		now = bench_cpu();
		if (now - last > growth->longest_ns)
			growth->longest_ns = now - last;
		last = now;
	}
	growth->make_ns = (last - began) / len;
	return err;
}

static int time_packets(struct bench_table *bench, uint32_t len, struct growth *growth)
{
	enum { PACKETS = 2000000 };
	struct turn turns[VECTOR];
	struct nat_arrival arrivals[VECTOR];
	struct nat_decision decisions[VECTOR];
	uint64_t began = bench_cpu();

	for (uint64_t n = 0; n < PACKETS; n += VECTOR) {
		for (uint64_t i = 0; i < VECTOR; i++) {
			struct flow *flow = &bench->flows[(n + i) * STRIDE % len];
			struct turn *turn = &turns[i];

			turn->packet = (struct packet){ .data = turn->bytes, .room = ROOM };
			arrivals[i] = (struct nat_arrival){ i % 2 ? NAT_OUTSIDE : NAT_INSIDE,
							    &turn->packet };
			write_packet(bench, flow, arrivals[i].side, &turn->packet);
		}
		nat_process_batch(bench->nat, arrivals, VECTOR, bench->now, decisions);
		for (int i = 0; i < VECTOR; i++)
			if (decisions[i].reason != NAT_REASON_MAPPING)
				return -EIO;
	}
	growth->packet_ns = (bench_cpu() - began) / PACKETS;
	return 0;
}

/* All of them end at once; the packets that come then, to where nobody is any more, have to see to it.
 * One for every 16 mappings is more than enough. */
static int time_ending(struct bench_table *bench, uint32_t len, struct growth *growth)
{
	uint64_t began = bench_cpu(), last = began;

	bench->now += TIMEOUT_NS;
	for (uint32_t i = 0; i <= len / 16; i++) {
		uint8_t bytes[ROOM];
		struct packet packet = { .data = bytes, .room = ROOM };
		uint64_t now;

		write_packet(bench, &bench->flows[i], NAT_OUTSIDE, &packet);
		if (nat_process(bench->nat, NAT_OUTSIDE, &packet, bench->now).reason !=
		    NAT_REASON_NO_MAPPING)
			return -EIO;
		now = bench_cpu();
		if (now - last > growth->longest_end_ns)
			growth->longest_end_ns = now - last;
		last = now;
	}
	growth->end_ns = (last - began) / len;
	return 0;
}

static int measure_growth(uint32_t len, struct growth *growth, struct bench_result *result)
{
	struct bench_table *bench = NULL;
	int err;

	growth->bytes = bytes_each(len, false, result);
	if (growth->bytes < 0)
		return (int)growth->bytes;
	err = bench_table_new(&bench, result);
	if (!bench)
		return err;
	if (!err)
		err = make_nat(&bench->nat, false);
	if (!err)
		err = time_making(bench, len, growth);
	if (!err)
		err = time_packets(bench, len, growth);
	if (!err)
		err = time_ending(bench, len, growth);
	bench_table_free(bench);
	return err;
}

int bench_mapping_growth(struct bench_result *result)
{
	enum { STEPS = 4 };
	struct growth growth[STEPS] = { 0 };
	uint32_t len = 1000;
	int at, err = 0;

	for (int i = 0; i < STEPS && !err; i++, len *= 10)
		err = measure_growth(len, &growth[i], result);
	if (err)
		return err;
	result->value = (double)growth[STEPS - 1].packet_ns / (double)growth[0].packet_ns;
	at = snprintf(result->note, sizeof(result->note),
		      "bytes, ns a packet, to make, to end, longest wait of a packet that makes "
		      "one, and while all end at once:");
	for (int i = 0; i < STEPS; i++)
		at += snprintf(result->note + at, sizeof(result->note) - (size_t)at,
			       "%s 10^%d %.0f, %llu, %llu, %llu, %llu, %llu", i ? ";" : "", i + 3,
			       growth[i].bytes, (unsigned long long)growth[i].packet_ns,
			       (unsigned long long)growth[i].make_ns,
			       (unsigned long long)growth[i].end_ns,
			       (unsigned long long)growth[i].longest_ns,
			       (unsigned long long)growth[i].longest_end_ns);
	return 0;
}
