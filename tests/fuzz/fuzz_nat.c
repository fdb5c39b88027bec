/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT engine under any model and any traffic.
 *
 * The first bytes of the input choose the model; the rest are steps: time passes, the NAT loses its
 * state or its addresses, and a packet arrives, made up from a few bytes (so that endpoints meet
 * again) or raw.  Held against what must be true of any NAT:
 *  - what is forwarded has right checksums, if it had them when it came, and comes from or goes
 *    to the endpoints that the mapping says;
 *  - no mapping outlives its timer, and nothing ends that is not due;
 *  - two inside endpoints never share an outside one, unless the model says so;
 *  - two runs of the same input decide the same, though one of them takes no shortcuts;
 *  - NPTv6 changes no sum, and what a NAT64 lets through is of the family of where it goes.
 */
#include <stdlib.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "nat-models/nat.h"
#include "nat-models/nat64_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer inputs show nothing that several short ones do not, and each byte costs time. */
enum { ROOM = 2048, VIEWS = 512, HEAD = 28, INPUT_MAX = 1024, POOL = 3 };

/* What the addresses are: those of IPv4, of IPv6, or of IPv6 inside and IPv4 outside. */
static enum { WORLD_IPV4, WORLD_IPV6, WORLD_NAT64 } world;
static bool writes_ip6; /* the packet in the making is IPv6 */

/* How many values an enum of the model has. */
#define ONE(id, word, text) +1
enum { RSTS = 0 NAT_RSTS(ONE), REFUSALS = 0 NAT_REFUSALS(ONE), TOO_BIGS = 0 NAT_TOO_BIGS(ONE) };
#undef ONE

/* Steps that mean something else beside. */
enum { STEP_NEW_POOL = 0xf8, STEP_REBOOT = 0xfc };

/* How deep the stack of an allocation is known, and how much freed memory is kept apart: with the
 * sanitizer's own choice half the time goes by in its allocator. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=5:quarantine_size_mb=8";
}

/* Not inlined, so that the stack trace tells which. */
__attribute__((noinline)) static void require(bool condition)
{
	if (!condition)
		abort();
}

struct input {
	const uint8_t *at, *end;
};

static uint8_t take(struct input *in)
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

static struct ip_addr pool_addr(uint32_t i)
{
	return world == WORLD_IPV6 ? twin(0x0b020001 + i) : ip_addr_v4(0x0b020001 + i);
}

static struct ip_addr inside_addr(uint32_t v4)
{
	return world == WORLD_IPV4 ? ip_addr_v4(v4) : twin(v4);
}

static void choose_transport(struct input *in, struct nat_transport *t)
{
	uint8_t a = take(in), b = take(in), c = take(in), d = take(in), e = take(in);

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
	t->two_way_after_ns = e & 3 ? 0 : t->timeout_ns / 4;
}

static void choose_tracking(struct input *in, struct nat_transport *t)
{
	uint8_t a = take(in), b = take(in);

	t->tracking = a % 3;
	t->rst = a / 3 % RSTS;
	t->simultaneous_open = a & 0x80;
	t->out_of_window = a & 0x40;
	t->closing_ns = b & 1 ? t->timeout_ns / 2 : 0;
	t->reset_ns = b & 2 ? t->timeout_ns / 3 : 0;
	t->hold_ns = UINT64_C(1) << b % 40;
}

static void choose_model(struct input *in, struct nat_model *m)
{
	uint8_t a, b;

	nat_model_defaults(m);
	a = take(in);
	b = take(in);
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
	a = take(in);
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
	b = take(in);
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
	uint8_t a = take(in);

	world = a % 8 < 4 ? WORLD_IPV4 : WORLD_IPV6;
	m->simple_security = a & 0x80;
	m->ipsec = a & 0x40;
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

static struct nat *make(struct input *in, struct nat_model *model)
{
	struct ip_addr pool[POOL];
	struct ip_prefix exempt = { ip_addr_v4(0x0b010200), 120 };
	struct nat_forward forward = { IP_PROTO_UDP, 64, 71, { .port = 80 } };
	struct nat_config config = { .inside = { ip_addr_v4(0xc0a80100), 120 },
				     .outside_prefix = { { UINT64_C(0x2b00000400010000), 0 }, 48 },
				     .pool = pool,
				     .pool_len = POOL,
				     .exempt = &exempt,
				     .forwards = &forward };
	struct nat *nat;
	uint8_t a;

	choose_model(in, model);
	choose_world(in, model);
	for (uint32_t i = 0; i < POOL; i++)
		pool[i] = pool_addr(i);
	if (world != WORLD_IPV4)
		config.inside = (struct ip_prefix){ { twin(0xc0a80100).hi, 0 }, 48 };
	if (world == WORLD_IPV6)
		exempt = (struct ip_prefix){ { twin(0x0b010200).hi, 0 }, 64 };
	config.inside_addr = inside_addr(0xc0a80101);
	forward.to.addr = inside_addr(0xc0a80105);
	a = take(in);
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
	require(nat_new(model, &config, &nat) == 0);
	return nat;
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
	uint8_t addr = take(in), port = take(in);

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

/* The next packet of the input; its bytes are the packet's alone. */
static void write_packet(struct input *in, enum nat_side side, struct packet *pkt)
{
	static const uint8_t payload[20];
	uint8_t kind = take(in), detail = take(in);
	struct endpoint src, dst;

	writes_ip6 = world == WORLD_IPV6 || (world == WORLD_NAT64 && side == NAT_INSIDE);
	src = some_end(in);
	dst = some_end(in);
	pkt->len = 0;
	pkt->offload = (struct packet_offload){ 0 };
	if (kind == 255) {
		while (pkt->len < detail && in->at < in->end)
			pkt->data[pkt->len++] = take(in);
		return;
	}
	packet_make_udp(pkt, src, dst, 64, payload, sizeof(payload));
	vary(pkt, kind, detail, src);
}

static bool shares(const struct nat_model *m, uint8_t protocol)
{
	/* ICMP does what UDP does. */
	const struct nat_transport *t = protocol == IP_PROTO_TCP ? &m->tcp : &m->udp;

	return t->collision == NAT_COLLISION_OVERLOAD;
}

static void check_views(const struct nat *nat, const struct nat_model *model, uint64_t now,
			bool dmz)
{
	static struct mapping_view views[VIEWS];
	size_t n = nat_mappings(nat, now, views, VIEWS);
	uint64_t earliest = UINT64_MAX;

	require(n <= VIEWS);
	for (size_t i = 0; i < n; i++) {
		require(views[i].expires > now);
		if (views[i].expires < earliest)
			earliest = views[i].expires;
		for (size_t j = 0; j < i; j++)
			if (views[i].protocol == views[j].protocol &&
			    endpoint_equal(views[i].outside, views[j].outside))
				require(endpoint_equal(views[i].inside, views[j].inside) || dmz ||
					shares(model, views[i].protocol));
	}
	/* A careless router's own entries end too, and are not shown. */
	require(nat_next_wake(nat) <= earliest);
	require(nat_next_wake(nat) > now);
	if (model->max_mappings && model->kind != NAT_KIND_ROUTER)
		require(n <= model->max_mappings + 8U);
}

static void check_forwarded(const struct nat_decision *d, const struct packet *pkt, bool was_right)
{
	struct packet finished = *pkt;
	uint8_t copy[ROOM];

	if (d->outcome != NAT_FORWARD && d->outcome != NAT_ANSWER)
		return;
	require(pkt->len <= pkt->room);
	if (!was_right)
		return;
	require(packet_checksums_ok(pkt));
	memcpy(copy, pkt->data, pkt->len);
	finished.data = copy;
	packet_finish_checksums(&finished);
	require(packet_checksums_ok(&finished));
}

/* The words of the addresses, which NPTv6 must keep the sum of. */
static uint16_t addresses(const struct packet *pkt)
{
	return checksum_fold(pkt->data + 8, 32, 0) % UINT16_MAX;
}

static void check_family(const struct nat_model *model, const struct nat_decision *d,
			 const struct packet *before, const struct packet *after)
{
	if (d->outcome != NAT_FORWARD)
		return;
	if (model->kind == NAT_KIND_NPTV6)
		require(addresses(before) == addresses(after) && before->len == after->len);
	if (model->kind == NAT_KIND_NAT64 && d->reason != NAT_REASON_ROUTED)
		require(after->data[0] >> 4 == (d->to == NAT_INSIDE ? 6 : 4));
}

static void check_untouched(const struct nat_decision *d, const struct packet *before,
			    const struct packet *after)
{
	if (d->outcome == NAT_TO_SELF)
		require(before->len == after->len &&
			memcmp(before->data, after->data, before->len) == 0);
}

/* What the NAT sends by itself is well formed, and there is an end to it. */
static void poll_all(struct nat *nat, uint64_t now, bool was_right)
{
	static uint8_t bytes[NAT_ANSWER_MAX];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	enum nat_side to;

	for (int i = 0; nat_poll(nat, now, &pkt, &to) != NAT_HOLD; i++) {
		require(i < 64);
		if (was_right)
			require(packet_checksums_ok(&pkt));
	}
	require(nat_next_answer(nat) > now);
}

/* A reboot, or addresses that have changed places. */
static void befall(struct nat *nat, uint8_t step, uint64_t now)
{
	struct ip_addr pool[POOL] = { pool_addr(1), pool_addr(2), pool_addr(0) };

	if (step == STEP_REBOOT)
		nat_reboot(nat, now);
	if (step == STEP_NEW_POOL)
		require(nat_set_pool(nat, pool, POOL, now) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size }, in_again = in;
	static uint8_t bytes[ROOM], bytes_again[ROOM], before_bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = ROOM };
	struct nat_model model;
	struct nat *nat, *again;
	uint64_t now = 0;
	char text[300];
	bool dmz, all_right = true;
	int unchecked = 0;

	if (size < HEAD || size > INPUT_MAX)
		return 0;
	nat = make(&in, &model);
	again = make(&in_again, &model);
	dmz = in.at[-1] % 8 > 5;
	while (in.at < in.end) {
		uint8_t step = take(&in);
		enum nat_side side = step & 1 ? NAT_OUTSIDE : NAT_INSIDE;
		struct packet other = { .data = bytes_again, .room = ROOM };
		struct packet before = { .data = before_bytes, .room = ROOM };
		struct nat_decision d, e;
		bool was_right;

		befall(nat, step, now);
		befall(again, step, now);
		if (step & 2)
			now += UINT64_C(1) << (step >> 2);
		if (now > UINT64_MAX / 4)
			break;
		write_packet(&in, side, &pkt);
		was_right = packet_checksums_ok(&pkt);
		memcpy(bytes_again, bytes, pkt.len);
		memcpy(before_bytes, bytes, pkt.len);
		other.len = before.len = pkt.len;
		other.offload = pkt.offload;
		d = nat_process(nat, side, &pkt, now);
		nat_forget_shortcuts(again);
		e = nat_process(again, side, &other, now);
		require(d.outcome == e.outcome && d.reason == e.reason && pkt.len == other.len &&
			memcmp(bytes, bytes_again, pkt.len) == 0);
		nat_explain(nat, &d, text, sizeof(text));
		check_forwarded(&d, &pkt, was_right);
		check_untouched(&d, &before, &pkt);
		check_family(&model, &d, &before, &pkt);
		all_right = all_right && was_right;
		poll_all(nat, now, all_right);
		poll_all(again, now, all_right);
		if (step & 2 || ++unchecked == 4 || in.at == in.end) {
			check_views(nat, &model, now, dmz);
			unchecked = 0;
		}
	}
	nat_free(nat);
	nat_free(again);
	return 0;
}
