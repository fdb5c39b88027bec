/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guess.h"

#include <string.h>

#include "../../nat-models/chance.h"
#include "../../nat-models/nat.h"

enum { PACKET_ROOM = 64, TTL = 64, OTHER_PORT = 4000, FIRST_PORT = 1024, PORTS = 64512 };

struct guess {
	struct nat *hard, *other; /* of who holds ports open; of who probes them */
	struct ip_addr hard_outside, hard_host, other_outside, other_host;
	bool both;
	uint16_t port_min;
	uint32_t range; /* of ports */
	struct chance chance;
};

static int make_nat(const struct nat_model *model, struct ip_addr inside, struct ip_addr outside,
		    uint64_t seed, struct nat **ret)
{
	struct ip_addr pool[UINT8_MAX];
	struct nat_config config = {
		.inside = { { inside.hi, inside.lo & ~UINT64_C(255) }, 120 },
		.inside_addr = { inside.hi, (inside.lo & ~UINT64_C(255)) | 1 },
		.pool = pool,
		.pool_len = model->pool_size,
		.seed = seed,
	};

	for (unsigned i = 0; i < model->pool_size; i++)
		pool[i] = (struct ip_addr){ outside.hi, outside.lo + i };
	return nat_new(model, &config, ret);
}

/* Send one datagram into @nat on @side; *to and *from become what it was rewritten to.  Did it
 * pass to the other side? */
static bool pass(struct nat *nat, enum nat_side side, struct endpoint *from, struct endpoint *to)
{
	uint8_t bytes[PACKET_ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;

	if (packet_make_udp(&pkt, *from, *to, TTL, "guess", 5) < 0 ||
	    nat_process(nat, side, &pkt, 0).outcome != NAT_FORWARD ||
	    packet_parse(&pkt, &info) != PACKET_OK)
		return false;
	*from = info.src;
	*to = info.dst;
	return true;
}

static uint16_t guess_port(struct guess *g)
{
	return (uint16_t)(g->port_min + chance_below(&g->chance, g->range));
}

/* One packet, from a port of its own, to where the other side's probes come from. */
static void hold_open(struct guess *g, uint32_t i)
{
	struct endpoint from = { g->hard_host, (uint16_t)(FIRST_PORT + i % PORTS) };
	struct endpoint to = { g->other_outside, g->both ? guess_port(g) : OTHER_PORT };

	pass(g->hard, NAT_INSIDE, &from, &to);
}

static bool probe(struct guess *g, uint32_t i)
{
	struct endpoint from = { g->other_host, OTHER_PORT };
	struct endpoint to = { g->hard_outside, guess_port(g) };

	if (g->both)
		from.port = (uint16_t)(FIRST_PORT + i % PORTS);

	return pass(g->other, NAT_INSIDE, &from, &to) && pass(g->hard, NAT_OUTSIDE, &from, &to);
}

static uint32_t first_hit(struct guess *g, uint32_t open, uint32_t probes)
{
	for (uint32_t i = 0; i < open; i++)
		hold_open(g, i);
	for (uint32_t i = 1; i <= probes; i++) {
		if (probe(g, i))
			return i;
	}
	return 0;
}

int guess_ports(const struct nat_model *hard, bool both, uint32_t open, uint32_t probes,
		uint64_t seed, uint32_t *ret)
{
	struct guess g = {
		.hard_outside = ip_addr_v4(0x0b020102), /* 11.2.1.2 */
		.other_outside = ip_addr_v4(0x0b020202),
		.hard_host = ip_addr_v4(0xc0a80102), /* 192.168.1.2 */
		.other_host = ip_addr_v4(0xc0a80102),
		.chance = { seed },
		.both = both,
		.port_min = hard->udp.port_min,
		.range = (uint32_t)hard->udp.port_max - hard->udp.port_min + 1,
	};
	struct nat_model easy;
	int err;

	/* RFC 4787's defaults: endpoint-independent, and the port preserved. */
	nat_model_defaults(&easy);
	err = make_nat(hard, g.hard_host, g.hard_outside, chance_next(&g.chance), &g.hard);
	if (!err)
		err = make_nat(both ? hard : &easy, g.other_host, g.other_outside,
			       chance_next(&g.chance), &g.other);
	if (!err)
		*ret = first_hit(&g, open, probes);
	nat_free(g.other);
	nat_free(g.hard);
	return err;
}
