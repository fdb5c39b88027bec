/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT engine under any model and any traffic.
 *
 * The first bytes of the input choose the model; the rest are steps: time passes, the NAT loses its
 * state or its addresses, and a packet arrives, made up from a few bytes (so that endpoints meet
 * again) or raw.  Held against what must be true of any NAT:
 *  - what is forwarded has right checksums, if it had them when it came, and comes from or goes
 *    to the endpoints that the mapping says;
 *  - no mapping outlives its timer, and none ends before it is due (nat_shadow.h);
 *  - two inside endpoints never share an outside one, unless the model says so;
 *  - two runs of the same input decide the same, though one of them takes no shortcuts;
 *  - NPTv6 changes no sum, and what a NAT64 lets through is of the family of where it goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/checksum.h"
#include "nat_draw.h"
#include "nat_shadow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer inputs show nothing that several short ones do not, and each byte costs time. */
enum { VIEWS = 512, HEAD = 28, INPUT_MAX = 1024 };

/* Steps that mean something else beside. */
enum { STEP_NEW_POOL = 0xf8, STEP_REBOOT = 0xfc };

/* How deep the stack of an allocation is known, and how much freed memory is kept apart: with the
 * sanitizer's own choice half the time goes by in its allocator. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=5:quarantine_size_mb=8";
}

/* What another program changes of the NAT's model, but not of its shadow's. */
extern void (*fuzz_nat_spoil)(struct nat_model *model);
void (*fuzz_nat_spoil)(struct nat_model *model);

/* Not inlined, so that the stack trace tells which. */
__attribute__((noinline)) static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool shares(const struct nat_model *m, uint8_t protocol)
{
	/* ICMP does what UDP does. */
	const struct nat_transport *t = protocol == IP_PROTO_TCP ? &m->tcp : &m->udp;

	return t->collision == NAT_COLLISION_OVERLOAD;
}

/* All mappings, at @now. */
static struct mapping_view views[VIEWS];
static size_t views_len;

static void view(const struct nat *nat, uint64_t now)
{
	views_len = nat_mappings(nat, now, views, VIEWS);
	require(views_len <= VIEWS);
}

static void check_views(const struct nat *nat, const struct nat_model *model, uint64_t now,
			bool dmz)
{
	uint64_t earliest = UINT64_MAX;

	for (size_t i = 0; i < views_len; i++) {
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
		require(views_len <= model->max_mappings + 8U);
}

static void check_forwarded(const struct nat_decision *d, const struct packet *pkt, bool was_right)
{
	struct packet finished = *pkt;
	uint8_t copy[NAT_DRAW_ROOM];

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
		require(before->len == after->len &&
			(addresses(before) == addresses(after) || !model->checksum_neutral));
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
	struct ip_addr pool[NAT_DRAW_POOL] = { nat_draw_pool(1), nat_draw_pool(2),
					       nat_draw_pool(0) };

	if (step == STEP_REBOOT)
		nat_reboot(nat, now);
	if (step == STEP_NEW_POOL)
		require(nat_set_pool(nat, pool, NAT_DRAW_POOL, now) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size }, in_again = in;
	static uint8_t bytes[NAT_DRAW_ROOM], bytes_again[NAT_DRAW_ROOM],
		before_bytes[NAT_DRAW_ROOM];
	struct packet pkt = { .data = bytes, .room = NAT_DRAW_ROOM };
	struct nat_model model;
	struct nat *nat, *again;
	uint64_t now = 0;
	const char *fault;
	char text[300];
	bool dmz, all_right = true;
	int unchecked = 0;

	if (size < HEAD || size > INPUT_MAX)
		return 0;
	nat = nat_draw(&in, &model, fuzz_nat_spoil);
	again = nat_draw(&in_again, &model, fuzz_nat_spoil);
	require(nat && again);
	nat_shadow_begin(&model);
	dmz = in.at[-1] % 8 > 5;
	while (in.at < in.end) {
		uint8_t step = nat_draw_byte(&in);
		enum nat_side side = step & 1 ? NAT_OUTSIDE : NAT_INSIDE;
		struct packet other = { .data = bytes_again, .room = NAT_DRAW_ROOM };
		struct packet before = { .data = before_bytes, .room = NAT_DRAW_ROOM };
		struct nat_decision d, e;
		bool was_right;

		befall(nat, step, now);
		befall(again, step, now);
		if (step == STEP_REBOOT || step == STEP_NEW_POOL)
			nat_shadow_begin(&model);
		if (step & 2)
			now += UINT64_C(1) << (step >> 2);
		if (now > UINT64_MAX / 4)
			break;
		nat_draw_packet(&in, side, &pkt);
		was_right = packet_checksums_ok(&pkt);
		memcpy(bytes_again, bytes, pkt.len);
		memcpy(before_bytes, bytes, pkt.len);
		other.len = before.len = pkt.len;
		other.offload = pkt.offload;
		d = nat_process(nat, side, &pkt, now);
		view(nat, now);
		fault = nat_shadow_step(nat, side, &before, &pkt, &d, now, views, views_len);
		if (fault)
			fprintf(stderr, "%s, after it %s\n", fault,
				nat_explain(nat, &d, text, sizeof(text)));
		require(!fault);
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
