/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  With a million mappings a packet's way is a few steps, each to somewhere in
 * memory that only the step before tells, and takes longer to wait than to work.  So packets that are
 * known to come take their steps ahead of their turn: the first, to the index or to their port's owners,
 * as soon as they are known; the next, to the mapping that stands there, AHEAD packets before their
 * turn; the last, to its connection, or to the mapping behind it where it only shares the bucket, half
 * as many before.  Memory has as long to answer as it takes to see to so many packets.
 *
 * Nothing is decided or changed here: what stands where a packet looks may be another thing by its turn,
 * and has cost a look.  What is kept between the steps is where in a bucket or a page of ports
 * the packet will look, which stay where they are as long as the NAT lives.
 */
#include "foresight.h"

#include "header_fields.h"
#include "nat_flow.h"

enum {
	EXPECTED_MAX = 64,
	AHEAD = 16,
	FEW = 4096, /* mappings, which are in the cache anyway */
};

/* A packet that takes its steps. */
struct sight {
	const uint32_t *entry; /* the first reference on its way; NULL where it needs none */
	uint16_t inside_port; /* where it comes from inside; else 0 */
};

struct foresight {
	uint64_t burst; /* which they are of */
	uint32_t len, turn; /* how many are expected, and how many of them have had their turn */
	struct sight sights[EXPECTED_MAX];
};

/* Which table is it for, as far as foresight is worth while? */
static bool has_table(const struct packet_info *info, enum nat_protocol *ret)
{
	*ret = info->protocol == IP_PROTO_TCP ? NAT_TCP : NAT_UDP;
	return info->has_ports && !info->fragment_offset &&
	       (info->protocol == IP_PROTO_TCP || info->protocol == IP_PROTO_UDP);
}

/* By the inside endpoint that a packet comes from or, where ports stay, goes to. */
static const uint32_t *key_entry(const struct nat *nat, enum nat_protocol protocol,
				 struct endpoint inside, struct endpoint remote)
{
	const struct mapping_key key = { protocol, nat->rules[protocol].scope, inside, remote };

	return mapping_entry(nat, &key);
}

static const uint32_t *entry_of(const struct nat *nat, enum nat_side side,
				const struct packet_info *info)
{
	enum nat_protocol protocol;
	int pool;

	if (!has_table(info, &protocol))
		return NULL;
	if (side == NAT_INSIDE)
		return key_entry(nat, protocol, info->src, info->dst);
	if (!nat_translates_ports(nat))
		return key_entry(nat, protocol, info->dst, info->src);
	pool = nat_pool_find(nat, info->dst.addr);
	if (pool < 0)
		return NULL;
	return port_entry(&nat->ports[protocol], (uint16_t)pool, info->dst.port);
}

/* What a look costs must be little beside what it saves: nearly all packets are IPv4 without options, and no
 * fragments.  Of these just the endpoints are read. */
static bool read_ends(const struct packet *pkt, struct packet_info *ret)
{
	enum { PLAIN = 0x45, ENDS = 4, PART = IP4_MORE_FRAGMENTS | IP4_FRAGMENT_OFFSET };
	const uint8_t *ip = pkt->data;

	if (pkt->len < IP4_HEADER + ENDS || ip[0] != PLAIN || get_be16(ip + IP4_FRAGMENT) & PART)
		return packet_parse(pkt, ret) == PACKET_OK;
	ret->protocol = ip[IP4_PROTOCOL];
	ret->has_ports = true; /* if it is of a protocol that has */
	ret->fragment_offset = 0;
	ret->src =
		(struct endpoint){ ip_addr_v4(get_be32(ip + IP4_SRC)), get_be16(ip + IP4_HEADER) };
	ret->dst = (struct endpoint){ ip_addr_v4(get_be32(ip + IP4_DST)),
				      get_be16(ip + IP4_HEADER + 2) };
	return true;
}

/* To the index, or the port's owners. */
static struct sight first_step(const struct nat *nat, enum nat_side side, const struct packet *pkt)
{
	struct sight sight = { .entry = NULL };
	struct packet_info info;

	if (!read_ends(pkt, &info))
		return sight;
	sight.entry = entry_of(nat, side, &info);
	if (side == NAT_INSIDE)
		sight.inside_port = info.src.port;
	if (sight.entry)
		table_memory_prefetch(sight.entry);
	return sight;
}

/* To the mapping there. */
static void second_step(const struct nat *nat, const struct sight *sight)
{
	if (sight->entry)
		mapping_prefetch(&nat->mappings, *sight->entry);
}

/* To what comes after it. */
static void third_step(const struct nat *nat, const struct sight *sight)
{
	const struct mapping *m;

	if (!sight->entry || !*sight->entry)
		return;
	m = nat_mapping(nat, *sight->entry);
	if (sight->inside_port && m->inside_port != sight->inside_port)
		mapping_prefetch(&nat->mappings, m->key_next);
	else if (m->flags & MAPPING_FOLLOWED)
		tcp_prefetch(&nat->tcp, m->connections);
}

/* The packet @ahead of the one whose turn it is takes @step. */
static inline void take_step(const struct nat *nat, uint32_t ahead,
			     void (*step)(const struct nat *nat, const struct sight *sight))
{
	const struct foresight *foresight = nat->foresight;

	if (foresight->turn + ahead < foresight->len)
		step(nat, &foresight->sights[foresight->turn + ahead]);
}

void foresight_turn(struct nat *nat)
{
	struct foresight *foresight = nat->foresight;

	for (uint32_t i = 0; i < AHEAD && !foresight->turn; i++)
		take_step(nat, i, second_step);
	for (uint32_t i = 0; i < AHEAD / 2 && !foresight->turn; i++)
		take_step(nat, i, third_step);
	take_step(nat, AHEAD, second_step);
	take_step(nat, AHEAD / 2, third_step);
	nat->expects = ++foresight->turn < foresight->len;
}

void nat_expect(struct nat *nat, uint64_t burst, enum nat_side side, const struct packet *pkt)
{
	struct foresight *foresight = nat->foresight;

	if (nat->mappings.count < FEW)
		return;
	if (!foresight)
		foresight = nat->foresight = nat_memory_take(&nat->memory, sizeof(*foresight));
	if (!foresight)
		return;
	if (foresight->burst != burst) {
		foresight->burst = burst;
		foresight->len = foresight->turn = 0;
	}
	if (foresight->len == EXPECTED_MAX)
		return;
	foresight->sights[foresight->len++] = first_step(nat, side, pkt);
	nat->expects = true;
}

void foresight_free(struct nat *nat)
{
	nat_memory_give(&nat->memory, nat->foresight, sizeof(*nat->foresight));
}
