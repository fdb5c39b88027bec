/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes_per_mapping and mapping_growth: what a mapping costs, of every kind, as they become many.
 *
 * Every number of mappings has a process of its own, so that no memory is counted which another has
 * left behind.
 */
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../nat-models/mapping.h"
#include "../nat-models/session.h"
#include "../nat-models/tcp_track.h"
#include "bench_network.h"
#include "options.h"

enum {
	STEPS = 4,
	FEWEST = 1000,
	VECTOR = 64,
	STRIDE = 618033, /* no factor in common with a power of ten */
};

static const struct network_kind kinds[] = {
	{ .name = "UDP" },
	{ .name = "UDP as Linux maps", .dependent = true, .shares = true },
	{ .name = "UDP, hosts limited", .counts_hosts = true },
	{ .name = "TCP", .tcp = true },
	{ .name = "TCP, address-and-port-dependent", .tcp = true, .dependent = true },
	{ .name = "TCP as Linux maps", .tcp = true, .dependent = true, .shares = true },
	{ .name = "TCP, hosts limited", .tcp = true, .counts_hosts = true },
	{ .name = "UDP to four remote endpoints", .remotes = 4 },
	{ .name = "NAT66, UDP", .way = NETWORK_NAT66 },
	{ .name = "NAT66, TCP", .way = NETWORK_NAT66, .tcp = true },
	{ .name = "NAT66, TCP, address-and-port-dependent",
	  .way = NETWORK_NAT66,
	  .tcp = true,
	  .dependent = true },
	{ .name = "IPv6 firewall, UDP", .way = NETWORK_FIREWALL6 },
	{ .name = "IPv6 firewall, TCP", .way = NETWORK_FIREWALL6, .tcp = true },
	{ .name = "NAT64, UDP", .way = NETWORK_NAT64 },
	{ .name = "NAT64, TCP", .way = NETWORK_NAT64, .tcp = true },
	{ .name = "IPv6 firewall, UDP, each from an address of its own",
	  .way = NETWORK_FIREWALL6,
	  .apart = true },
	{ .name = "NAT66, TCP, each from an address of its own",
	  .way = NETWORK_NAT66,
	  .apart = true,
	  .tcp = true },
};

/* What a mapping costs where there are so many. */
struct cost {
	const struct network_kind *kind;
	uint32_t len;
	double bytes;
	uint64_t packet_ns, make_ns, end_ns, longest_ns, longest_end_ns;
	int err;
};

/* Bytes of memory that the mappings of so many flows keep. */
static void weigh(void *about)
{
	struct cost *cost = about;
	struct network *network = NULL;
	uint64_t before;

	cost->err = network_new(cost->kind, cost->len, &network);
	before = bench_resident();
	if (!cost->err)
		cost->err = network_make_nat(network);
	if (!cost->err)
		cost->err = network_fill(network);
	cost->bytes = (double)(bench_resident() - before) / cost->len;
	if (!cost->err && !before)
		cost->err = -ENOENT;
	network_free(network);
}

static int take(void (*work)(void *about), struct cost *cost, struct bench_result *result)
{
	int err = bench_apart(work, cost, sizeof(*cost));

	if (!err)
		err = cost->err;
	if (err)
		snprintf(result->note, sizeof(result->note), "%s, %u mappings: %s",
			 cost->kind->name, cost->len,
			 err == -EIO ? "the engine dropped a packet" : strerror(-err));
	return err;
}

__attribute__((format(printf, 3, 4))) static void say(char *text, size_t size, const char *format,
						      ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

/* All numbers of one kind; gives what one is of the most. */
static int weigh_kind(const struct network_kind *kind, struct bench_result *result, double *ret)
{
	char text[BENCH_NOTE] = "";
	struct cost cost = { .kind = kind, .len = FEWEST };

	for (int i = 0; i < STEPS; i++, cost.len *= 10) {
		int err = take(weigh, &cost, result);

		if (err)
			return err;
		*ret = cost.bytes;
		say(text, sizeof(text), " %.0f", cost.bytes);
	}
	say(result->note, sizeof(result->note), "; %s%s", kind->name, text);
	return 0;
}

/* The value is that of the dearest kind that has one session a mapping, and several mappings a host. */
int bench_mapping_bytes(struct bench_result *result)
{
	const size_t mapping = sizeof(struct mapping) + sizeof(struct mapping_links);

	snprintf(
		result->note, sizeof(result->note),
		"the dearest kind with one remote endpoint a mapping and fifty mappings a host, at "
		"10^6; all at 10^3, 10^4, 10^5 and 10^6");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		double bytes;
		int err = weigh_kind(&kinds[i], result, &bytes);

		if (err)
			return err;
		if (kinds[i].remotes <= 1 && !kinds[i].apart && bytes > result->value)
			result->value = bytes;
	}
	snprintf(
		result->limit, sizeof(result->limit),
		"the mapping and its links are %zu, a TCP connection is %zu, a place among its "
		"host's mappings %zu, a further session %zu, an IPv6 address, once however many "
		"have it, %zu; the rest is indexes, ports and timers; at 10^3, a page of 256 ports "
		"for each few of them",
		mapping, sizeof(struct tcp_connection), sizeof(struct mapping_host),
		sizeof(struct permission), sizeof(struct kept_address));
	return 0;
}

/* Make the mappings; the longest that one packet had to wait is noted, too. */
static int time_making(struct network *network, struct cost *cost)
{
	uint64_t began = bench_cpu(), last = began;
	int err = cost->len ? 0 : -EINVAL;

	for (uint32_t i = 0; i < cost->len && !err; i++) {
		uint64_t now;

		err = network_begin(network, &network->flows[i]);
		now = bench_cpu();
		if (now - last > cost->longest_ns)
			cost->longest_ns = now - last;
		last = now;
	}
	if (!err)
		cost->make_ns = (last - began) / cost->len;
	return err;
}

static int time_packets(struct network *network, struct cost *cost)
{
	enum { PACKETS = 2000000 };
	static uint8_t bytes[VECTOR][NETWORK_ROOM];
	struct packet packets[VECTOR];
	uint64_t began = bench_cpu();

	for (uint64_t n = 0; n < PACKETS; n += VECTOR) {
		for (uint64_t i = 0; i < VECTOR; i++) {
			struct network_flow *flow = &network->flows[(n + i) * STRIDE % cost->len];

			packets[i] = (struct packet){ .data = bytes[i], .room = NETWORK_ROOM };
			network_write(network, flow, i % 2, &packets[i]);
			nat_expect(network->nat, n + 1, i % 2, &packets[i]);
		}
		for (int i = 0; i < VECTOR; i++)
			if (nat_process(network->nat, i % 2, &packets[i], network->now).reason !=
			    NAT_REASON_MAPPING)
				return -EIO;
	}
	cost->packet_ns = (bench_cpu() - began) / PACKETS;
	return 0;
}

/* All of them end at once; the packets that come then, to where nobody is any more, have to see to it.
 * One for every 16 mappings is more than enough. */
static int time_ending(struct network *network, struct cost *cost)
{
	uint64_t began = bench_cpu(), last = began;

	network->now += NETWORK_TIMEOUT_NS;
	for (uint32_t i = 0; i <= cost->len / 16; i++) {
		uint8_t bytes[NETWORK_ROOM];
		struct packet packet = { .data = bytes, .room = NETWORK_ROOM };
		uint64_t now;

		network_write(network, &network->flows[i], NAT_OUTSIDE, &packet);
		if (nat_process(network->nat, NAT_OUTSIDE, &packet, network->now).reason !=
		    NAT_REASON_NO_MAPPING)
			return -EIO;
		now = bench_cpu();
		if (now - last > cost->longest_end_ns)
			cost->longest_end_ns = now - last;
		last = now;
	}
	cost->end_ns = (last - began) / cost->len;
	return 0;
}

static void time_all(void *about)
{
	struct cost *cost = about;
	struct network *network = NULL;

	cost->err = network_new(cost->kind, cost->len, &network);
	if (!cost->err)
		cost->err = network_make_nat(network);
	if (!cost->err)
		cost->err = time_making(network, cost);
	if (!cost->err)
		cost->err = time_packets(network, cost);
	if (!cost->err)
		cost->err = time_ending(network, cost);
	network_free(network);
}

int bench_mapping_growth(struct bench_result *result)
{
	uint64_t first_ns = 0, last_ns = 0;
	uint32_t len = FEWEST;

	snprintf(result->note, sizeof(result->note),
		 "ns a packet, to make, to end, longest wait of a packet that makes one, and while "
		 "all end at once:");
	for (int i = 0; i < STEPS; i++, len *= 10) {
		struct cost cost = { .kind = &kinds[0], .len = len };
		int err = take(time_all, &cost, result);

		if (err)
			return err;
		first_ns = i ? first_ns : cost.packet_ns;
		last_ns = cost.packet_ns;
		say(result->note, sizeof(result->note), "%s 10^%d %llu, %llu, %llu, %llu, %llu",
		    i ? ";" : "", i + 3, (unsigned long long)cost.packet_ns,
		    (unsigned long long)cost.make_ns, (unsigned long long)cost.end_ns,
		    (unsigned long long)cost.longest_ns, (unsigned long long)cost.longest_end_ns);
	}
	result->value = (double)last_ns / (double)first_ns;
	snprintf(result->limit, sizeof(result->limit),
		 "memory: a read at random takes %.1f ns of 64 kB, %.0f ns of 64 MB; the longest "
		 "wait of a packet is the kernel's for a huge page, or for whoever else uses this "
		 "processor",
		 bench_read_ns((size_t)64 * FEWEST), bench_read_ns((size_t)64 * NETWORK_FLOWS_MAX));
	return 0;
}
