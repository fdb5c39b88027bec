/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	PORTS_PER_HOST = 50,
	HOST_LIMIT = 4 * PORTS_PER_HOST,
	FLOWS_PER_ADDRESS = 50000,
	POOL_MAX = NETWORK_FLOWS_MAX / FLOWS_PER_ADDRESS,
	PAYLOAD = 20,
	HUGE_PAGE = 2 * 1024 * 1024,
};

#define INSIDE_NET UINT32_C(0x0a000000) /* 10.0.0.0/8 */
#define OUTSIDE_NET UINT32_C(0x0b020000)

static struct endpoint server(uint32_t n)
{
	return (struct endpoint){ ip_addr_v4(0x0b010102 + n), 3478 };
}

/* The @n-th inside endpoint to speak.  Neighbours in time are none in the tables, and a host's
 * ports come in no order: 40505 has no factor in common with the number of ports. */
static struct endpoint inside_endpoint(const struct network *network, uint32_t n)
{
	const uint32_t ports = 65536 - 1024;
	uint32_t host = n % network->hosts;

	return (struct endpoint){ ip_addr_v4(INSIDE_NET + 2 + host),
				  (uint16_t)(1024 +
					     (n / network->hosts * 40505 + host * 7919) % ports) };
}

void network_write(const struct network *network, const struct network_flow *flow,
		   enum nat_side side, struct packet *packet)
{
	struct packet_info info = network->about;

	memcpy(packet->data, network->template, network->packet_len);
	packet->len = network->packet_len;
	if (side == NAT_INSIDE) {
		packet_set_src(packet, &info, inside_endpoint(network, flow->inside));
		return;
	}
	packet_set_src(packet, &info, server(0));
	packet_set_dst(packet, &info,
		       (struct endpoint){ ip_addr_v4(OUTSIDE_NET + flow->pool), flow->port });
}

int network_learn(struct network_flow *flow, const struct packet *packet)
{
	struct packet_info info;

	if (packet_parse(packet, &info) != PACKET_OK)
		return -EIO;
	flow->pool = (uint16_t)(ip_addr_to_v4(info.src.addr) - OUTSIDE_NET);
	flow->port = info.src.port;
	return 0;
}

/* The flow's inside endpoint sends to the @n-th server; what came of the packet is left in it. */
static enum nat_reason send_to(struct network *network, const struct network_flow *flow, uint32_t n,
			       struct packet *packet)
{
	struct packet_info info = network->about;

	network_write(network, flow, NAT_INSIDE, packet);
	packet_set_dst(packet, &info, server(n));
	return nat_process(network->nat, NAT_INSIDE, packet, network->now).reason;
}

int network_begin(struct network *network, struct network_flow *flow)
{
	uint8_t bytes[NETWORK_ROOM];
	struct packet packet = { .data = bytes, .room = NETWORK_ROOM };
	int err;

	flow->inside = network->endpoints++;
	if (send_to(network, flow, 0, &packet) != NAT_REASON_NEW_MAPPING)
		return -EIO;
	err = network_learn(flow, &packet);
	for (uint32_t n = 1; n < network->kind->remotes && !err; n++)
		err = send_to(network, flow, n, &packet) == NAT_REASON_MAPPING ? 0 : -EIO;
	return err;
}

int network_fill(struct network *network)
{
	int err = 0;

	for (uint32_t i = 0; i < network->flows_len && !err; i++)
		err = network_begin(network, &network->flows[i]);
	return err;
}

static void choose_transport(const struct network_kind *kind, struct nat_transport *is)
{
	is->refresh = NAT_REFRESH_BOTH;
	is->timeout_ns = NETWORK_TIMEOUT_NS;
	if (kind->dependent)
		is->mapping = NAT_APD;
	if (kind->shares)
		is->collision = NAT_COLLISION_OVERLOAD;
}

int network_make_nat(struct network *network)
{
	uint32_t addresses = (network->flows_len + FLOWS_PER_ADDRESS - 1) / FLOWS_PER_ADDRESS;
	struct ip_addr pool[POOL_MAX];
	const struct nat_config config = {
		.inside = { ip_addr_v4(INSIDE_NET), 104 },
		.inside_addr = ip_addr_v4(INSIDE_NET + 1),
		.pool = pool,
		.pool_len = addresses,
		.seed = 1,
	};
	struct nat_model model;

	nat_model_defaults(&model);
	model.pool_size = (uint8_t)addresses;
	choose_transport(network->kind, &model.udp);
	choose_transport(network->kind, &model.tcp);
	if (network->kind->counts_hosts)
		model.max_mappings_host = HOST_LIMIT;
	for (uint32_t i = 0; i < addresses; i++)
		pool[i] = ip_addr_v4(OUTSIDE_NET + i);
	return nat_new(&model, &config, &network->nat);
}

static int make_template(struct network *network)
{
	static const uint8_t payload[PAYLOAD];
	const struct tcp_says syn = { .flags = TCP_SYN, .seq = 1, .window = 65535 };
	struct packet packet = { .data = network->template, .room = NETWORK_ROOM };
	const struct endpoint from = inside_endpoint(network, 0);
	int err = network->kind->tcp
			  ? packet_make_tcp(&packet, from, server(0), 64, &syn, NULL, 0)
			  : packet_make_udp(&packet, from, server(0), 64, payload, PAYLOAD);

	network->packet_len = packet.len;
	return err || packet_parse(&packet, &network->about) != PACKET_OK ? -EINVAL : 0;
}

int network_new(const struct network_kind *kind, uint32_t flows, struct network **ret)
{
	size_t size = sizeof(struct network) + flows * sizeof(struct network_flow);
	struct network *network;
	int err;

	/* In huge pages: the engine is not to be blamed for what the senders wait for. */
	size = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1UL);
	network = aligned_alloc(HUGE_PAGE, size);
	if (!network)
		return -ENOMEM;
	madvise(network, size, MADV_HUGEPAGE);
	/* Touched now, so that it is not counted as the engine's later. */
	memset(network, 0, size);
	network->kind = kind;
	network->flows_len = flows;
	network->hosts = flows / PORTS_PER_HOST;
	err = make_template(network);
	if (err) {
		network_free(network);
		return err;
	}
	*ret = network;
	return 0;
}

void network_free(struct network *network)
{
	if (network)
		nat_free(network->nat);
	free(network);
}
