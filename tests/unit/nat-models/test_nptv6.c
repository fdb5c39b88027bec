/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 6296: prefix translation, which changes no checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/checksum.h"
#include "nat-models/nat_ip6.h"
#include "nat_script.h"

/* Section 3.6's two networks. */
#define INSIDE "fd01:203:405::/48"
#define OUTSIDE "2001:db8:1::/48"

static void tune(struct script_config *c, const char *inside, const char *outside)
{
	c->model.kind = NAT_KIND_NPTV6;
	c->model.refusal = NAT_REFUSAL_UNREACHABLE;
	c->model.udp.filtering = c->model.tcp.filtering = c->model.icmp.filtering = NAT_EI;
	assert_int_equal(ip_prefix_parse(inside, &c->nat.inside), 0);
	assert_int_equal(ip_prefix_parse(outside, &c->nat.outside_prefix), 0);
	c->nat.inside_addr = c->nat.inside.addr;
	c->nat.inside_addr.lo = 1;
	c->pool[0] = script_addr("2b00:2:1::2");
}

static void npt(struct script_config *c)
{
	tune(c, INSIDE, OUTSIDE);
}

/* RFC 6296, 3.5. */
static void npt_64(struct script_config *c)
{
	tune(c, "fd01:203:405:6::/64", "2001:db8:1:7::/64");
}

static void internal(struct script_config *c)
{
	npt(c);
	c->model.hairpin = NAT_HAIRPIN_INTERNAL;
}

static void no_hairpin(struct script_config *c)
{
	npt(c);
	c->model.hairpin = NAT_HAIRPIN_NONE;
}

static void no_errors(struct script_config *c)
{
	npt(c);
	c->model.icmp.errors = false;
}

static void no_udp(struct script_config *c)
{
	npt(c);
	c->model.udp.blocked = true;
}

#define R "[2b00:1:1::2]:7"
#define A_IN "[fd01:203:405:1::1234]:4000"
#define A_OUT "[2001:db8:1:d550::1234]:4000"
#define B_IN "[fd01:203:405:2::9]:5000"
#define B_OUT "[2001:db8:1:d551::9]:5000"

static const struct script scripts[] = {
	{ "3.6: the example, out and in, without a word from inside",
	  npt,
	  { { 0, 'i', "UDP " A_IN " > " R, "UDP " A_OUT " > " R },
	    { 0, 'o', "UDP " R " > " B_OUT, "UDP " R " > " B_IN },
	    { 0, 'o', "TCP " R " > " B_OUT " SYN", "TCP " R " > " B_IN " SYN" },
	    { 0, 'i', "ICMP fd01:203:405:1::1234 > 2b00:1:1::2 echo id 5",
	      "ICMP 2001:db8:1:d550::1234 > 2b00:1:1::2 echo id 5" } } },
	{ "3.5: prefixes of /64 change the identifier's first word",
	  npt_64,
	  { { 0, 'i', "UDP [fd01:203:405:6::1]:9 > " R, "UDP [2001:db8:1:7:d54e::1]:9 > " R },
	    { 0, 'i', "UDP [fd01:203:405:6:ffff::1]:9 > " R,
	      "UDP [2001:db8:1:7:ffff:d54e:0:1]:9 > " R } } },
	{ "3.4: a subnet of all ones cannot be told from 0; its sender hears of it",
	  npt,
	  { { 0, 'i', "UDP [fd01:203:405:ffff::1]:9 > " R,
	      "ICMP fd01:203:405::1 > fd01:203:405:ffff::1 no route" },
	    { 0, 'o', "UDP " R " > [2001:db8:1:ffff::1]:9", "dropped: no mapping" } } },
	{ "3.5: nor an identifier of all ones",
	  npt_64,
	  { { 0, 'i', "UDP [fd01:203:405:6:ffff:ffff:ffff:ffff]:9 > " R, "ICMP" } } },
	{ "4.3: hairpinning, from the outside address",
	  npt,
	  { { 0, 'i', "UDP " A_IN " > " B_OUT, "UDP " A_OUT " > " B_IN },
	    { 0, 'i', "UDP " B_IN " > " A_OUT, "UDP " B_OUT " > " A_IN } } },
	{ "from the inside address",
	  internal,
	  { { 0, 'i', "UDP " A_IN " > " B_OUT, "UDP " A_IN " > " B_IN } } },
	{ "or not",
	  no_hairpin,
	  { { 0, 'i', "UDP " A_IN " > " B_OUT, "dropped: no hairpinning" } } },
	{ "inside stays inside",
	  npt,
	  { { 0, 'i', "UDP " A_IN " > " B_IN, "UDP " A_IN " > " B_IN } } },
	{ "no source but an inside one leaves",
	  npt,
	  { { 0, 'i', "UDP [2b00:9::9]:1 > " R, "dropped: source is not an inside address" },
	    { 0, 'i', "UDP " A_OUT " > " R, "dropped: source is not an inside address" } } },
	{ "inside addresses are nobody's outside",
	  npt,
	  { { 0, 'o', "UDP " R " > " A_IN, "dropped: no mapping" } } },
	{ "a blocked protocol",
	  no_udp,
	  { { 0, 'i', "UDP " A_IN " > " R, "dropped: protocol blocked" } } },
	{ "the router's own address",
	  npt,
	  { { 0, 'o', "UDP " R " > [2b00:2:1::2]:7", "taken: for the router itself" } } },
};

static uint64_t chance = 3;

static uint64_t any(void)
{
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return chance >> 7 ^ chance << 40;
}

static struct ip_prefix any_prefix(uint64_t first, uint8_t bits)
{
	uint64_t hi = first << 48 | (any() & UINT64_MAX >> 16);

	return (struct ip_prefix){ { hi & ~(bits == 64 ? 0 : UINT64_MAX >> bits), 0 }, bits };
}

/* 2.6: whatever the prefixes, the words of an address add up to what they did, and it comes back as
 * it was. */
static void neutral(void **state)
{
	unsigned mapped = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct ip_prefix in = any_prefix(0xfd00, (uint8_t)(16 + any() % 49));
		struct ip_prefix out = any_prefix(0x2b00, (uint8_t)(16 + any() % 49));
		uint8_t longer = in.bits > out.bits ? in.bits : out.bits;
		uint16_t adjustment = nptv6_adjustment(in, out);
		struct ip_addr a = in.addr, before;

		a.hi |= any() & (longer == 64 ? 0 : UINT64_MAX >> longer);
		a.lo = any() % 3 ? any() : UINT64_MAX << any() % 64;
		before = a;
		if (!nptv6_map(&a, in, out, adjustment)) {
			assert_true(ip_addr_equal(a, before));
			continue;
		}
		mapped++;
		assert_true(ip_prefix_contains(out, a));
		assert_true(checksum_same(checksum_of_addr(a), checksum_of_addr(before)));
		assert_true(nptv6_map(&a, out, in, (uint16_t)~adjustment));
		assert_true(ip_addr_equal(a, before));
	}
	assert_in_range(mapped, 190000, 200000);
}

static struct nat *make(void (*how)(struct script_config *))
{
	struct script_config config;

	script_defaults(&config);
	how(&config);
	return script_nat(&config);
}

/* What an error quotes is translated with it, either way, and round a hairpin. */
static void errors(void **state)
{
	static const struct {
		char from;
		const char *about, *sender, *want;
		void (*how)(struct script_config *);
	} rows[] = {
		{ 'o', "UDP " A_OUT " > " R, "2b00:5::5",
		  "ICMP 2b00:5::5 > fd01:203:405:1::1234 time exceeded, about UDP " A_IN " > " R,
		  npt },
		{ 'i', "UDP " R " > " A_IN, "fd01:203:405:1::1234",
		  "ICMP 2001:db8:1:d550::1234 > 2b00:1:1::2 time exceeded, about UDP " R
		  " > " A_OUT,
		  npt },
		{ 'i', "UDP " A_OUT " > " B_IN, "fd01:203:405:2::9",
		  "ICMP 2001:db8:1:d551::9 > fd01:203:405:1::1234 time exceeded, about UDP " A_IN
		  " > " B_OUT,
		  npt },
		{ 'o', "UDP " A_OUT " > " R, "2b00:5::5", NULL, no_errors },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[2048];
		struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
		struct nat *nat = make(rows[i].how);
		struct nat_decision d;

		script_write(&pkt, rows[i].about);
		assert_int_equal(packet_make_error(&pkt, script_addr(rows[i].sender),
						   PACKET_ERROR_TIME_EXCEEDED, 0),
				 0);
		d = nat_process(nat, rows[i].from == 'i' ? NAT_INSIDE : NAT_OUTSIDE, &pkt, 0);
		assert_int_equal(d.outcome, rows[i].want ? NAT_FORWARD : NAT_DROP);
		if (rows[i].want)
			script_expect_packet(&pkt, rows[i].want, rows[i].about);
		nat_free(nat);
	}
}

/* Without ports, and without a checksum that anyone could mend: fragments, ESP, offloads. */
static void any_protocol(void **state)
{
	uint8_t bytes[200], before[200];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat *nat = make(npt);
	struct packet_info info;

	(void)state;
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		if (protocol == 0 || protocol == 43 || protocol == 60 || protocol == 58)
			continue; /* extension headers; ICMPv6 */
		script_write(&pkt, "UDP " A_IN " > " R);
		bytes[6] = (uint8_t)protocol;
		if (protocol == 44) { /* a fragment of the middle */
			memcpy(bytes + 40, (uint8_t[]){ 17, 0, 1, 1, 0, 0, 0, 5 }, 8);
		}
		memcpy(before, bytes, pkt.len);
		if (packet_parse(&pkt, &info) != PACKET_OK && protocol == IP_PROTO_TCP)
			continue; /* it is too short for one */
		assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome, NAT_FORWARD);
		assert_memory_equal(bytes, before, 8);
		assert_memory_equal(bytes + 24, before + 24, pkt.len - 24);
		assert_int_equal(packet_parse(&pkt, &info) == PACKET_OK ||
					 packet_parse(&pkt, &info) == PACKET_UNSUPPORTED,
				 1);
		assert_true(ip_addr_equal(info.src.addr, script_addr("2001:db8:1:d550::1234")));
	}
	nat_free(nat);
}

static void drops_fragments(struct script_config *c)
{
	npt(c);
	c->model.fragments = NAT_FRAGMENTS_DROP;
}

static void no_fragments(void **state)
{
	static const uint8_t headers[][8] = { { 17, 0, 0, 1, 0, 0, 0, 5 },
					      { 17, 0, 1, 0, 0, 0, 0, 5 } };
	uint8_t bytes[200];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct nat *nat = make(i < 2 ? drops_fragments : npt);

		script_write(&pkt, "UDP " A_IN " > " R);
		memmove(bytes + 48, bytes + 40, pkt.len - 40);
		memcpy(bytes + 40, headers[i % 2], 8);
		bytes[6] = 44;
		bytes[5] = (uint8_t)(bytes[5] + 8);
		pkt.len += 8;
		assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome,
				 i < 2 ? NAT_DROP : NAT_FORWARD);
		nat_free(nat);
	}
}

static void prefixes(void **state)
{
	struct script_config c;
	struct nat *nat;

	(void)state;
	script_defaults(&c);
	npt(&c);
	c.nat.pool = c.pool;
	c.nat.outside_prefix.bits = 65;
	assert_int_not_equal(nat_new(&c.model, &c.nat, &nat), 0);
	c.nat.outside_prefix.bits = 0;
	assert_int_not_equal(nat_new(&c.model, &c.nat, &nat), 0);
	c.nat.outside_prefix = (struct ip_prefix){ ip_addr_v4(0x0b000000), 64 };
	assert_int_not_equal(nat_new(&c.model, &c.nat, &nat), 0);
	npt(&c);
	c.nat.pool_len = 0; /* the translator itself needs no address */
	assert_int_equal(nat_new(&c.model, &c.nat, &nat), 0);
	assert_true(nat_owns_outside(nat, script_addr("2001:db8:1:99::1")));
	assert_false(nat_owns_outside(nat, script_addr("2001:db8:2:99::1")));
	nat_free(nat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(neutral),	cmocka_unit_test(errors),
		cmocka_unit_test(any_protocol), cmocka_unit_test(no_fragments),
		cmocka_unit_test(prefixes),
	};
	int failed = script_run_all("NPTv6", scripts, sizeof(scripts) / sizeof(scripts[0]));

	return failed + cmocka_run_group_tests_name("NPTv6: all of them", tests, NULL, NULL);
}
