/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 4787, REQ-14: fragments follow their first part; and what the engine does with rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat_script.h"

struct probe {
	uint8_t bytes[256];
	struct packet pkt;
	struct nat_decision decision;
};

static void fix_header(struct probe *p)
{
	put_be16(p->bytes + 10, 0);
	put_be16(p->bytes + 10, (uint16_t)~checksum_fold(p->bytes, 20, 0));
}

/* A fragment of datagram @id: the one @at bytes into it, the last one or not. */
static void write_fragment(struct probe *p, const char *text, uint16_t id, uint16_t at, bool last)
{
	p->pkt = (struct packet){ .data = p->bytes, .room = sizeof(p->bytes) };
	script_write(&p->pkt, text);
	put_be16(p->bytes + 4, id);
	put_be16(p->bytes + 6, (uint16_t)(at / 8 | (last ? 0 : 0x2000)));
	fix_header(p);
}

static enum nat_reason pass(struct nat *nat, struct probe *p, enum nat_side side, uint64_t now)
{
	p->decision = nat_process(nat, side, &p->pkt, now);
	return p->decision.reason;
}

static struct nat *make(void (*tune)(struct script_config *config))
{
	struct script_config config;

	script_defaults(&config);
	config.model.fragments = NAT_FRAGMENTS_IN_ORDER;
	if (tune)
		tune(&config);
	return script_nat(&config);
}

static void any_order(struct script_config *c)
{
	c->model.fragments = NAT_FRAGMENTS_ANY_ORDER;
	c->model.fragments_held = 2;
	c->model.fragment_ns = 10 * SEC;
}

static void no_fragments(struct script_config *c)
{
	c->model.fragments = NAT_FRAGMENTS_DROP;
}

#define OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define IN "UDP 11.1.1.2:7 > 11.2.0.1:4000"

static void later_ones_follow(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, OUT, 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_NEW_MAPPING);
	write_fragment(&p, OUT, 5, 16, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 1), NAT_REASON_NEW_MAPPING);
	assert_int_equal(p.decision.outcome, NAT_FORWARD);
	assert_int_equal(p.decision.to, NAT_OUTSIDE);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 16", "middle");
	/* Its bytes beyond the IP header were no header to it. */
	assert_int_equal(get_be16(p.bytes + 20), 4000);
	write_fragment(&p, OUT, 5, 32, true);
	pass(nat, &p, NAT_INSIDE, 1);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 32", "last");
	write_fragment(&p, IN, 9, 0, false);
	assert_int_equal(pass(nat, &p, NAT_OUTSIDE, 2), NAT_REASON_MAPPING);
	write_fragment(&p, IN, 9, 16, true);
	pass(nat, &p, NAT_OUTSIDE, 2);
	assert_int_equal(p.decision.to, NAT_INSIDE);
	script_expect_packet(&p.pkt, "fragment 11.1.1.2 > 192.168.1.2, id 9 at 16", "inbound");
	nat_free(nat);
}

static void without_the_first_none_passes(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_FRAGMENT);
	assert_int_equal(p.decision.outcome, NAT_DROP);
	write_fragment(&p, OUT, 5, 0, false);
	pass(nat, &p, NAT_INSIDE, 0);
	/* Another datagram's, another sender's, another side's. */
	write_fragment(&p, OUT, 6, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_FRAGMENT);
	write_fragment(&p, "UDP 192.168.1.3:4000 > 11.1.1.2:7", 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_FRAGMENT);
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_OUTSIDE, 0), NAT_REASON_FRAGMENT);
	nat_free(nat);
}

static void a_first_part_that_was_stopped_lets_none_in(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, IN, 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_OUTSIDE, 0), NAT_REASON_NO_MAPPING);
	write_fragment(&p, IN, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_OUTSIDE, 0), NAT_REASON_FRAGMENT);
	nat_free(nat);
}

static enum nat_outcome poll(struct nat *nat, struct probe *p, uint64_t now, enum nat_side *to)
{
	p->pkt = (struct packet){ .data = p->bytes, .room = sizeof(p->bytes) };
	return nat_poll(nat, now, &p->pkt, to);
}

/* REQ-14: those that came too early follow their first part, in the order of their coming. */
static void early_ones_wait(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };
	enum nat_side to;

	(void)state;
	write_fragment(&p, OUT, 5, 32, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_HELD_FRAGMENT);
	assert_int_equal(p.decision.outcome, NAT_HOLD);
	write_fragment(&p, OUT, 5, 16, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 1), NAT_REASON_HELD_FRAGMENT);
	assert_int_equal(poll(nat, &p, 1, &to), NAT_HOLD);
	write_fragment(&p, OUT, 6, 0, false); /* another datagram's */
	pass(nat, &p, NAT_INSIDE, 2);
	assert_int_equal(poll(nat, &p, 2, &to), NAT_HOLD);
	write_fragment(&p, OUT, 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 10 * SEC - 1), NAT_REASON_MAPPING);
	assert_true(nat_next_answer(nat) == 10 * SEC - 1);
	assert_int_equal(poll(nat, &p, 10 * SEC - 1, &to), NAT_FORWARD);
	assert_int_equal(to, NAT_OUTSIDE);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 32", "first come");
	assert_int_equal(poll(nat, &p, 10 * SEC - 1, &to), NAT_FORWARD);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 16", "second");
	assert_int_equal(poll(nat, &p, 10 * SEC - 1, &to), NAT_HOLD);
	assert_true(nat_next_answer(nat) == UINT64_MAX);
	nat_free(nat);
}

/* Their order is that of their coming also where the later one waits in the earlier one's place. */
static void early_ones_keep_their_order(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };
	enum nat_side to;

	(void)state;
	write_fragment(&p, OUT, 6, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_HELD_FRAGMENT);
	write_fragment(&p, OUT, 5, 32, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 1), NAT_REASON_HELD_FRAGMENT);
	write_fragment(&p, OUT, 6, 0, false);
	pass(nat, &p, NAT_INSIDE, 2);
	assert_int_equal(poll(nat, &p, 2, &to), NAT_FORWARD);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 6 at 16", "leaves");
	write_fragment(&p, OUT, 5, 16, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 3), NAT_REASON_HELD_FRAGMENT);
	write_fragment(&p, OUT, 5, 0, false);
	pass(nat, &p, NAT_INSIDE, 4);
	assert_int_equal(poll(nat, &p, 4, &to), NAT_FORWARD);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 32", "came first");
	assert_int_equal(poll(nat, &p, 4, &to), NAT_FORWARD);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 11.1.1.2, id 5 at 16", "came second");
	nat_free(nat);
}

static void early_ones_of_the_first_moment(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };
	enum nat_side to;

	(void)state;
	write_fragment(&p, OUT, 5, 16, true);
	pass(nat, &p, NAT_INSIDE, 0);
	write_fragment(&p, OUT, 5, 0, false);
	pass(nat, &p, NAT_INSIDE, 0);
	assert_true(nat_next_answer(nat) == 0);
	assert_int_equal(poll(nat, &p, 0, &to), NAT_FORWARD);
	nat_free(nat);
}

static void early_ones_wait_so_long_and_no_longer(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };
	enum nat_side to;

	(void)state;
	write_fragment(&p, OUT, 5, 16, true);
	pass(nat, &p, NAT_INSIDE, 0);
	assert_int_equal(poll(nat, &p, 10 * SEC, &to), NAT_HOLD);
	write_fragment(&p, OUT, 5, 0, false);
	pass(nat, &p, NAT_INSIDE, 10 * SEC);
	assert_int_equal(poll(nat, &p, 10 * SEC, &to), NAT_HOLD);
	nat_free(nat);
}

/* REQ-14a: a flood of later fragments costs no more than their number allows. */
static void only_so_many_wait(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };

	(void)state;
	for (uint16_t id = 1; id <= 3; id++) {
		write_fragment(&p, OUT, id, 16, true);
		assert_int_equal(pass(nat, &p, NAT_INSIDE, 0),
				 id < 3 ? NAT_REASON_HELD_FRAGMENT : NAT_REASON_FRAGMENT);
	}
	nat_free(nat);
}

static void a_nat_that_passes_none(void **state)
{
	struct nat *nat = make(no_fragments);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, OUT, 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_NO_FRAGMENTS);
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_NO_FRAGMENTS);
	assert_int_equal(nat_mappings(nat, 0, NULL, 0), 0);
	nat_free(nat);
}

static void it_is_remembered_for_30_s(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, OUT, 5, 0, false);
	pass(nat, &p, NAT_INSIDE, 0);
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 30 * SEC - 1), NAT_REASON_NEW_MAPPING);
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 30 * SEC), NAT_REASON_FRAGMENT);
	nat_free(nat);
}

/* A flood of first fragments costs no more than the table: the oldest give way. */
static void only_so_many_are_remembered(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	for (uint16_t id = 0; id < 65; id++) {
		write_fragment(&p, OUT, id, 0, false);
		pass(nat, &p, NAT_INSIDE, 0);
	}
	write_fragment(&p, OUT, 0, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_FRAGMENT);
	write_fragment(&p, OUT, 1, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_MAPPING);
	nat_free(nat);
}

/* An identification may come round again: the newest first part leads. */
static void the_newest_of_a_number_leads(void **state)
{
	static const struct script_step open[] = {
		{ 0, 'i', OUT, "forwarded: new mapping" },
		{ 0, 'i', "UDP 192.168.1.3:5000 > 11.1.1.2:7", "forwarded: new mapping" },
	};
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	script_step(nat, &open[0], "opens");
	script_step(nat, &open[1], "opens");
	write_fragment(&p, IN, 5, 0, false);
	pass(nat, &p, NAT_OUTSIDE, 1);
	write_fragment(&p, "UDP 11.1.1.2:7 > 11.2.0.1:5000", 5, 0, false);
	pass(nat, &p, NAT_OUTSIDE, 2);
	write_fragment(&p, IN, 5, 16, true);
	pass(nat, &p, NAT_OUTSIDE, 3);
	script_expect_packet(&p.pkt, "fragment 11.1.1.2 > 192.168.1.3, id 5 at 16", "newest");
	nat_free(nat);
}

/* A reboot forgets the first parts that have passed, and the later ones that wait. */
static void a_reboot_forgets_fragments(void **state)
{
	struct nat *nat = make(any_order);
	struct probe p = { 0 };
	enum nat_side to;

	(void)state;
	write_fragment(&p, OUT, 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_NEW_MAPPING);
	write_fragment(&p, OUT, 6, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_HELD_FRAGMENT);
	nat_reboot(nat, 1);
	write_fragment(&p, OUT, 6, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 2), NAT_REASON_NEW_MAPPING);
	assert_int_equal(poll(nat, &p, 2, &to), NAT_HOLD);
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 2), NAT_REASON_HELD_FRAGMENT);
	nat_free(nat);
}

static void hairpinned_ones_follow(void **state)
{
	struct script_step b = { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
				 "dropped: no mapping" };
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	script_step(nat, &b, "opens its filter for the other");
	write_fragment(&p, "UDP 192.168.1.2:4000 > 11.2.0.1:5000", 5, 0, false);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_HAIRPIN);
	write_fragment(&p, "UDP 192.168.1.2:4000 > 11.2.0.1:5000", 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_HAIRPIN);
	assert_int_equal(p.decision.to, NAT_INSIDE);
	script_expect_packet(&p.pkt, "fragment 11.2.0.1 > 192.168.1.3, id 5 at 16", "hairpin");
	nat_free(nat);
}

static void router_kind(struct script_config *c)
{
	c->model.kind = NAT_KIND_ROUTER;
}

static void a_router_passes_any(void **state)
{
	struct nat *nat = make(router_kind);
	struct probe p = { 0 };

	(void)state;
	write_fragment(&p, OUT, 5, 16, true);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_ROUTED);
	nat_free(nat);
}

static void rubbish_is_malformed(void **state)
{
	struct nat *nat = make(NULL);
	struct probe p = { 0 };

	(void)state;
	memset(&p, 0, sizeof(p));
	p.pkt.data = p.bytes;
	p.pkt.room = sizeof(p.bytes);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_MALFORMED);
	p.pkt.len = 40;
	assert_int_equal(pass(nat, &p, NAT_OUTSIDE, 0), NAT_REASON_MALFORMED);
	script_write(&p.pkt, OUT);
	p.bytes[8]--; /* the TTL, and not the checksum */
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_MALFORMED);
	script_write(&p.pkt, OUT);
	p.pkt.len--;
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_MALFORMED);
	script_write(&p.pkt, OUT);
	p.bytes[25] = 200; /* a UDP length beyond the packet's end */
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_MALFORMED);
	assert_int_equal(nat_mappings(nat, 0, NULL, 0), 0);
	nat_free(nat);
}

static void other_protocols_do_not_pass(void **state)
{
	struct nat *nat = make(NULL);
	struct nat *router = make(router_kind);
	struct probe p = { 0 };

	(void)state;
	p.pkt = (struct packet){ .data = p.bytes, .room = sizeof(p.bytes) };
	script_write(&p.pkt, OUT);
	p.bytes[9] = 47; /* GRE */
	fix_header(&p);
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_UNSUPPORTED);
	assert_int_equal(pass(router, &p, NAT_INSIDE, 0), NAT_REASON_ROUTED);
	/* IPv6 through a NAT of IPv4. */
	memset(p.bytes, 0, sizeof(p.bytes));
	p.bytes[0] = 0x60;
	p.bytes[5] = 8;
	p.bytes[6] = IP_PROTO_UDP;
	p.bytes[7] = 64;
	p.bytes[8] = p.bytes[24] = 0x20;
	p.bytes[45] = 8;
	p.pkt.len = 48;
	assert_int_equal(pass(nat, &p, NAT_INSIDE, 0), NAT_REASON_UNSUPPORTED);
	nat_free(nat);
	nat_free(router);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_ones_wait),
		cmocka_unit_test(early_ones_keep_their_order),
		cmocka_unit_test(early_ones_of_the_first_moment),
		cmocka_unit_test(early_ones_wait_so_long_and_no_longer),
		cmocka_unit_test(only_so_many_wait),
		cmocka_unit_test(a_nat_that_passes_none),
		cmocka_unit_test(later_ones_follow),
		cmocka_unit_test(without_the_first_none_passes),
		cmocka_unit_test(a_first_part_that_was_stopped_lets_none_in),
		cmocka_unit_test(it_is_remembered_for_30_s),
		cmocka_unit_test(only_so_many_are_remembered),
		cmocka_unit_test(the_newest_of_a_number_leads),
		cmocka_unit_test(a_reboot_forgets_fragments),
		cmocka_unit_test(hairpinned_ones_follow),
		cmocka_unit_test(a_router_passes_any),
		cmocka_unit_test(rubbish_is_malformed),
		cmocka_unit_test(other_protocols_do_not_pass),
	};

	return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
