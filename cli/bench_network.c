/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../nat-models/nat64_address.h"

enum {
	PORTS_PER_HOST = 50,
	HOST_LIMIT = 4 * PORTS_PER_HOST,
	FLOWS_PER_ADDRESS = 50000,
	POOL_MAX = NETWORK_FLOWS_MAX / FLOWS_PER_ADDRESS,
	PAYLOAD = 16,
	HUGE_PAGE = 2 * 1024 * 1024,
};

#define INSIDE_NET UINT32_C(0x0a000000) /* 10.0.0.0/8 */
#define INSIDE_NET6 UINT64_C(0x2b00000300010000) /* the upper half: 2b00:3:1::/64 */
#define OUTSIDE_NET UINT32_C(0x0b020000)
#define OUTSIDE_NET6 UINT64_C(0x2b00000200010000)
#define SERVER UINT32_C(0x0b010102)
#define SERVER_NET6 UINT64_C(0x2b00000100010000)

static struct ip_addr inside_addr(const struct network *network, uint32_t n)
{
	return network->kind->way == NETWORK_IPV4 ? ip_addr_v4(INSIDE_NET + n)
						  : (struct ip_addr){ INSIDE_NET6, n };
}

/* Does the outside speak IPv6? */
static bool is_ip6_outside(const struct network *network)
{
	return network->kind->way == NETWORK_NAT66 || network->kind->way == NETWORK_FIREWALL6;
}

static struct ip_addr outside_addr(const struct network *network, uint32_t n)
{
	return is_ip6_outside(network) ? (struct ip_addr){ OUTSIDE_NET6, n }
				       : ip_addr_v4(OUTSIDE_NET + n);
}

/* The @n-th server, as hosts of that side call it. */
static struct endpoint server(const struct network *network, enum nat_side side, uint32_t n)
{
	struct ip_addr addr = is_ip6_outside(network) ? (struct ip_addr){ SERVER_NET6, n }
						      : ip_addr_v4(SERVER + n);

	if (network->kind->way == NETWORK_NAT64 && side == NAT_INSIDE)
		addr = nat64_synthesise(nat64_well_known(), addr);
	return (struct endpoint){ addr, 3478 };
}

/* The @n-th inside endpoint to speak.  Neighbours in time are none in the tables, and a host's
 * ports come in no order: 40505 has no factor in common with the number of ports. */
static struct endpoint inside_endpoint(const struct network *network, uint32_t n)
{
	const uint32_t ports = 65536 - 1024;
	uint32_t host = n % network->hosts;

	return (struct endpoint){ inside_addr(network, 2 + host),
				  (uint16_t)(1024 +
					     (n / network->hosts * 40505 + host * 7919) % ports) };
}

/* Where packets to the flow's inside endpoint are sent. */
static struct endpoint outside_endpoint(const struct network *network,
					const struct network_flow *flow)
{
	if (network->kind->way == NETWORK_FIREWALL6)
		return inside_endpoint(network, flow->inside);
	return (struct endpoint){ outside_addr(network, flow->pool), flow->port };
}

void network_write(const struct network *network, const struct network_flow *flow,
		   enum nat_side side, struct packet *packet)
{
	const struct network_template *template = &network->templates[side];
	struct packet_info info = template->about;

	memcpy(packet->data, template->bytes, template->len);
	packet->len = template->len;
	if (side == NAT_INSIDE)
		packet_set_src(packet, &info, inside_endpoint(network, flow->inside));
	else
		packet_set_dst(packet, &info, outside_endpoint(network, flow));
}

int network_learn(struct network_flow *flow, const struct packet *packet)
{
	struct packet_info info;

	if (packet_parse(packet, &info) != PACKET_OK)
		return -EIO;
	flow->pool = (uint16_t)(ip_addr_is_v4(info.src.addr)
					? ip_addr_to_v4(info.src.addr) - OUTSIDE_NET
					: info.src.addr.lo);
	flow->port = info.src.port;
	return 0;
}

/* The flow's inside endpoint sends to the @n-th server; what came of the packet is left in it. */
static enum nat_reason send_to(struct network *network, const struct network_flow *flow, uint32_t n,
			       struct packet *packet)
{
	struct packet_info info = network->templates[NAT_INSIDE].about;

	network_write(network, flow, NAT_INSIDE, packet);
	packet_set_dst(packet, &info, server(network, NAT_INSIDE, n));
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

static struct ip_prefix inside_prefix(const struct network *network)
{
	return (struct ip_prefix){ inside_addr(network, 0),
				   network->kind->way == NETWORK_IPV4 ? 104 : 64 };
}

int network_make_nat(struct network *network)
{
	static const enum nat_kind kinds[] = {
		[NETWORK_IPV4] = NAT_KIND_NAPT,
		[NETWORK_NAT66] = NAT_KIND_NAPT,
		[NETWORK_FIREWALL6] = NAT_KIND_FIREWALL,
		[NETWORK_NAT64] = NAT_KIND_NAT64,
	};
	uint32_t addresses = (network->flows_len + FLOWS_PER_ADDRESS - 1) / FLOWS_PER_ADDRESS;
	struct ip_addr pool[POOL_MAX];
	const struct nat_config config = {
		.inside = inside_prefix(network),
		.inside_addr = inside_addr(network, 1),
		.pool = pool,
		.pool_len = addresses,
		.seed = 1,
	};
	struct nat_model model;

	nat_model_defaults(&model);
	model.kind = kinds[network->kind->way];
	model.pool_size = (uint8_t)addresses;
	choose_transport(network->kind, &model.udp);
	choose_transport(network->kind, &model.tcp);
	if (network->kind->counts_hosts)
		model.max_mappings_host = HOST_LIMIT;
	for (uint32_t i = 0; i < addresses; i++)
		pool[i] = outside_addr(network, i);
	return nat_new(&model, &config, &network->nat);
}

static int make_template(struct network *network, enum nat_side side)
{
	static const uint8_t payload[PAYLOAD];
	const struct tcp_says syn = { .flags = TCP_SYN, .seq = 1, .window = 65535 };
	const struct network_flow first = { .inside = 0 };
	struct network_template *template = &network->templates[side];
	struct packet packet = { .data = template->bytes, .room = NETWORK_ROOM };
	struct endpoint from = server(network, side, 0), to = outside_endpoint(network, &first);
	int err;

	if (side == NAT_INSIDE) {
		to = from;
		from = inside_endpoint(network, 0);
	}
	err = network->kind->tcp ? packet_make_tcp(&packet, from, to, 64, &syn, NULL, 0)
				 : packet_make_udp(&packet, from, to, 64, payload, PAYLOAD);
	template->len = packet.len;
	return err || packet_parse(&packet, &template->about) != PACKET_OK ? -EINVAL : 0;
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
	network->hosts = kind->apart ? flows : flows / PORTS_PER_HOST;
	err = make_template(network, NAT_INSIDE);
	if (!err)
		err = make_template(network, NAT_OUTSIDE);
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
