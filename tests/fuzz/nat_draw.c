/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat_draw.h"

#include <string.h>

#include "nat-models/byteorder.h"
#include "nat-models/nat64_address.h"

/* What the addresses are: those of IPv4, of IPv6, or of IPv6 inside and IPv4 outside. */
static enum { WORLD_IPV4, WORLD_IPV6, WORLD_NAT64 } world;
static bool writes_ip6; /* the packet in the making is IPv6 */

/* How many values an enum of the model has. */
#define ONE(id, word, text) +1
enum { RSTS = 0 NAT_RSTS(ONE), REFUSALS = 0 NAT_REFUSALS(ONE), TOO_BIGS = 0 NAT_TOO_BIGS(ONE) };
#undef ONE

uint8_t nat_draw_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* The IPv6 address that plays the part of an IPv4 one: inside ones have the prefix 2b00:3:1::/48. */
static struct ip_addr twin(uint32_t v4)
{
	uint64_t net = v4 >> 16 == 0xc0a8 ? UINT64_C(0x2b00000300010000)
					  : UINT64_C(0x2b00000100000000) | (v4 >> 8 & 0xffff) << 16;

	return (struct ip_addr){ net, v4 & 0xff };
}

struct ip_addr nat_draw_pool(uint32_t i)
{
	return world == WORLD_IPV6 ? twin(0x0b020001 + i) : ip_addr_v4(0x0b020001 + i);
}

static struct ip_addr inside_addr(uint32_t v4)
{
	return world == WORLD_IPV4 ? ip_addr_v4(v4) : twin(v4);
}

static void choose_transport(struct input *in, struct nat_transport *t)
{
	uint8_t a = nat_draw_byte(in), b = nat_draw_byte(in), c = nat_draw_byte(in),
		d = nat_draw_byte(in), e = nat_draw_byte(in);

	t->blocked = a == 255;
	t->mapping = a % 3;
	t->filtering = a / 3 % 3;
	t->ports = a / 9 % 5;
	t->collision = b % 6;
	t->refresh = b / 5 % 4;
	t->unsolicited = b / 20 % 5;
	t->step = c % 7 - 3;
	if (t->step == 0)
		t->step = 1;
	t->parity = c & 0x80;
	t->contiguity = c & 0x40;
	t->keep_well_known = c & 0x20;
	t->port_min = (uint16_t)(1 + d * 16);
	t->port_max = (uint16_t)(t->port_min + (e % 2 ? e : 60000 - d * 16));
	t->block_size = (uint16_t)(1 + e % 8);
	t->blocks_max = (uint8_t)(1 + d % 8);
	t->reuse_ns = d & 0x40 ? UINT64_C(1) << d % 32 : 0;
	t->permission_ns = d & 0x80 ? UINT64_C(1) << (c + d) % 32 : 0;
	if (t->block_size > t->port_max - t->port_min + 1)
		t->block_size = 1;
	t->timeout_ns = (uint64_t)(1 + e) << (c % 32);
	t->timeout_two_way_ns = e & 1 ? t->timeout_ns * 3 / 2 : 0;
	t->two_way_after_ns = (e & 7) == 3 ? t->timeout_ns / 4 : 0;
}

static void choose_tracking(struct input *in, struct nat_transport *t)
{
	uint8_t a = nat_draw_byte(in), b = nat_draw_byte(in);

	t->tracking = a % 3;
	t->rst = a / 3 % RSTS;
	t->simultaneous_open = a & 0x80;
	t->out_of_window = a & 0x40;
	t->syn_refreshes = !(b & 0x80);
	t->closing_ns = b & 1 ? t->timeout_ns / 2 : 0;
	t->reset_ns = b & 2 ? t->timeout_ns / 3 : 0;
	t->hold_ns = UINT64_C(1) << b % 40;
}

static void choose_model(struct input *in, struct nat_model *m)
{
	uint8_t a, b;

	nat_model_defaults(m);
	a = nat_draw_byte(in);
	b = nat_draw_byte(in);
	m->kind = a % 8 < 5 ? NAT_KIND_NAPT : a % 4;
	m->hairpin = a / 8 % 3;
	m->pooling = a / 24 % 2;
	m->pool_size = (uint8_t)(1 + a / 48 % 3);
	m->eviction = b % 3;
	m->max_mappings = b / 3 % 5 * 4;
	m->max_mappings_host = b / 15 % 4 * 2;
	choose_transport(in, &m->udp);
	choose_transport(in, &m->tcp);
	choose_tracking(in, &m->tcp);
	a = nat_draw_byte(in);
	m->icmp.mapping = a % 2;
	m->icmp.filtering = a / 2 % 3;
	m->icmp.identifiers = a / 6 % 4;
	m->icmp.ping_answered = a & 0x80;
	m->icmp.errors = a != 0x7f;
	m->icmp.quote = a % 3;
	m->icmp.on_error = a / 3 % 3;
	m->icmp.hairpin = a & 0x40;
	m->icmp.verify = a & 0x20;
	m->icmp.hairpinned_errors = a & 0x10;
	b = nat_draw_byte(in);
	m->icmp.quoted_checksum = b / 86;
	m->icmp.error_types = b & 0x20 ? 0xd : 0xf;
	m->fragments = b % 3;
	m->fragments_held = (uint8_t)(1 + b % 64);
	m->fragment_ns = UINT64_C(1) << b % 40;
	m->refusal = b / 24 % REFUSALS;
	m->algs = b / 3 % 8;
	m->icmp.timeout_ns = UINT64_C(1) << (a % 40);
}

/* The family, and the kinds that only IPv6 has. */
static void choose_world(struct input *in, struct nat_model *m)
{
	uint8_t a = nat_draw_byte(in);

	world = a % 8 < 4 ? WORLD_IPV4 : WORLD_IPV6;
	m->simple_security = a & 0x80 ? UINT8_MAX >> 2 : 0;
	m->ipsec = a & 0x40;
	m->checksum_neutral = !(a & 0x20);
	if (a % 8 == 5) {
		m->kind = NAT_KIND_NPTV6;
		m->udp.filtering = m->tcp.filtering = m->icmp.filtering = NAT_EI;
	} else if (a % 8 == 6) {
		m->kind = NAT_KIND_NAT64;
		world = WORLD_NAT64;
	} else if (a % 8 == 7) {
		m->kind = NAT_KIND_FIREWALL;
	}
}

struct nat *nat_draw(struct input *in, struct nat_model *model,
		     void (*spoil)(struct nat_model *model))
{
	struct ip_addr pool[NAT_DRAW_POOL];
	struct ip_prefix exempt = { ip_addr_v4(0x0b010200), 120 };
	struct nat_forward forward = { IP_PROTO_UDP, 64, 71, { .port = 80 } };
	struct nat_config config = { .inside = { ip_addr_v4(0xc0a80100), 120 },
				     .outside_prefix = { { UINT64_C(0x2b00000400010000), 0 }, 48 },
				     .pool = pool,
				     .pool_len = NAT_DRAW_POOL,
				     .exempt = &exempt,
				     .forwards = &forward };
	struct nat_model actual;
	struct nat *nat;
	uint8_t a;

	choose_model(in, model);
	choose_world(in, model);
	for (uint32_t i = 0; i < NAT_DRAW_POOL; i++)
		pool[i] = nat_draw_pool(i);
	if (world != WORLD_IPV4)
		config.inside = (struct ip_prefix){ { twin(0xc0a80100).hi, 0 }, 48 };
	if (world == WORLD_IPV6)
		exempt = (struct ip_prefix){ { twin(0x0b010200).hi, 0 }, 64 };
	config.inside_addr = inside_addr(0xc0a80101);
	forward.to.addr = inside_addr(0xc0a80105);
	a = nat_draw_byte(in);
	model->ip_id = a & 0x40;
	model->overlap = a & 0x80;
	model->shared_mappings = model->shared_filters = a & 0x08;
	model->fragments_yield = !(a & 0x04);
	if (a / 16 % 4 == 2)
		model->exempt[0] = (struct ip_prefix){ ip_addr_v4(0x0b010100), 124 };
	model->too_big = a % TOO_BIGS;
	config.seed = a;
	config.forwards_len = a % 4 == 0;
	config.exempt_len = a / 16 % 4 == 1;
	if (a % 8 > 5)
		config.dmz = inside_addr(0xc0a80106);
	actual = *model;
	if (spoil)
		spoil(&actual);
	return nat_new(&actual, &config, &nat) ? NULL : nat;
}

/* One of a few addresses on either side, the pool's among them, as IPv4 has them. */
static uint32_t some_v4(uint8_t v)
{
	switch (v % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		return 0xc0a80102 + v % 4U;
	case 4:
		return 0x0b020001 + v / 8 % 3U;
	case 5:
		return v & 0x80 ? 0xc0a80106 : 0x64400002;
	default:
		return 0x0b010102 + v % 2U * 256;
	}
}

/* … and as the packet in the making does: behind a NAT64's prefix, or an NPTv6's outside one. */
static struct ip_addr some_addr(uint8_t v)
{
	uint32_t v4 = some_v4(v);

	if (!writes_ip6)
		return ip_addr_v4(v4);
	if (world == WORLD_NAT64 && v4 >> 24 == 0x0b)
		return nat64_synthesise(nat64_well_known(), ip_addr_v4(v4));
	if (v % 8 == 5 && !(v & 0x80))
		return (struct ip_addr){ UINT64_C(0x2b0000040001d000) | v, v };
	return twin(v4);
}

static struct endpoint some_end(struct input *in)
{
	uint8_t addr = nat_draw_byte(in), port = nat_draw_byte(in);

	return (struct endpoint){ some_addr(addr), (uint16_t)(port < 128 ? port : port * 251) };
}

static void header_checksum(struct packet *pkt)
{
	put_be16(pkt->data + 10, 0);
	put_be16(pkt->data + 10, (uint16_t)~checksum_fold(pkt->data, 20, 0));
}

/* The transport of @protocol, whose checksum is at @field, is computed. */
static void transport_checksum(struct packet *pkt, uint8_t protocol, uint32_t field)
{
	uint32_t header = writes_ip6 ? 40 : 20, len = pkt->len - header;
	uint8_t *l4 = pkt->data + header;
	uint32_t sum = 0;

	pkt->data[writes_ip6 ? 6 : 9] = protocol;
	if (protocol != IP_PROTO_ICMP)
		sum = checksum_fold(pkt->data + (writes_ip6 ? 8 : 12), writes_ip6 ? 32 : 8,
				    protocol + len);
	put_be16(l4 + field, 0);
	put_be16(l4 + field, (uint16_t)~checksum_fold(l4, len, sum));
}

static void be_query(struct packet *pkt, bool request, uint16_t identifier)
{
	uint8_t *l4 = pkt->data + (writes_ip6 ? 40 : 20);

	if (writes_ip6)
		l4[0] = request ? ICMPV6_ECHO_REQUEST : ICMPV6_ECHO_REPLY;
	else
		l4[0] = request ? ICMP_ECHO : ICMP_ECHO_REPLY;
	l4[1] = 0;
	put_be16(l4 + 4, identifier);
	transport_checksum(pkt, writes_ip6 ? IP_PROTO_ICMPV6 : IP_PROTO_ICMP, 2);
}

static void be_fragment(struct packet *pkt, uint8_t detail)
{
	uint8_t header[8] = { pkt->data[6], 0, 0, 0, 0, 0, 0, detail & 3 };

	if (!writes_ip6) {
		put_be16(pkt->data + 4, detail & 3);
		put_be16(pkt->data + 6, detail & 4 ? 0x2000 : detail & 8 ? 0x2002 : 2);
		return;
	}
	put_be16(header + 2, detail & 4 ? 1 : detail & 8 ? 0x11 : 0x10);
	memmove(pkt->data + 48, pkt->data + 40, pkt->len - 40);
	memcpy(pkt->data + 40, header, 8);
	pkt->data[6] = 44;
	pkt->len += 8;
	put_be16(pkt->data + 4, (uint16_t)(pkt->len - 40));
}

static void be_offloaded(struct packet *pkt)
{
	uint16_t header = writes_ip6 ? 40 : 20;

	put_be16(pkt->data + header + 6,
		 checksum_fold(pkt->data + (writes_ip6 ? 8 : 12), writes_ip6 ? 32 : 8,
			       IP_PROTO_UDP + pkt->len - header));
	pkt->offload = (struct packet_offload){ .needs_checksum = true,
						.checksum_start = header,
						.checksum_offset = 6 };
}

/* An ICMP error about it, from whoever @detail says. */
static void be_error(struct packet *pkt, uint8_t detail)
{
	if (writes_ip6)
		packet_make_icmp_error(pkt, some_addr(detail), 1 + (detail & 3), detail >> 6, 1280);
	else
		packet_make_icmp_error(pkt, some_addr(detail), detail & 1 ? 3 : 11, detail & 3, 0);
}

/* Turn the UDP packet into another kind.  TCP's and ICMP's checksums are computed. */
static void vary(struct packet *pkt, uint8_t kind, uint8_t detail, struct endpoint src)
{
	uint8_t *l4 = pkt->data + (writes_ip6 ? 40 : 20);

	switch (kind % 8) {
	case 0: /* TCP */
		l4[12] = 0x50;
		l4[13] = detail & 0x3f;
		transport_checksum(pkt, IP_PROTO_TCP, 16);
		break;
	case 1: /* ICMP query */
		be_query(pkt, detail & 1, src.port);
		break;
	case 2:
		be_error(pkt, detail);
		return;
	case 3:
		be_fragment(pkt, detail);
		break;
	case 4: /* the checksum left to an offload */
		be_offloaded(pkt);
		return;
	default:
		return;
	}
	if (!writes_ip6)
		header_checksum(pkt);
}

void nat_draw_packet(struct input *in, enum nat_side side, struct packet *pkt)
{
	static const uint8_t payload[20];
	uint8_t kind = nat_draw_byte(in), detail = nat_draw_byte(in);
	struct endpoint src, dst;

	writes_ip6 = world == WORLD_IPV6 || (world == WORLD_NAT64 && side == NAT_INSIDE);
	src = some_end(in);
	dst = some_end(in);
	pkt->len = 0;
	pkt->offload = (struct packet_offload){ 0 };
	if (kind == 255) {
		while (pkt->len < detail && in->at < in->end)
			pkt->data[pkt->len++] = nat_draw_byte(in);
		return;
	}
	packet_make_udp(pkt, src, dst, 64, payload, sizeof(payload));
	vary(pkt, kind, detail, src);
}
