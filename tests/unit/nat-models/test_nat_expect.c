/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is expected changes no decision: of two NATs with thousands of mappings one is told of its packets
 * beforehand, in bursts, of some that never come and not of all that do; both decide the same, byte by
 * byte, whatever stands on the packets' way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/chance.h"
#include "nat-models/nat_state.h"
#include "nat_script.h"

enum { FLOWS = 6000, PACKETS = 20000, BURST_MAX = 90, ROOM = 128, HOSTS = 97 };

static void cone(struct script_config *c)
{
	(void)c;
}

static void symmetric(struct script_config *c)
{
	c->model.udp.mapping = c->model.tcp.mapping = NAT_APD;
	c->model.udp.filtering = c->model.tcp.filtering = NAT_AD;
}

static void tracked(struct script_config *c)
{
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
	c->model.tcp.rst = NAT_RST_END;
}

static void short_lived(struct script_config *c)
{
	c->model.udp.timeout_ns = 3 * SEC;
}

static void firewall(struct script_config *c)
{
	c->model.kind = NAT_KIND_FIREWALL;
	c->model.simple_security = false; /* which unique local addresses do not pass */
}

static const struct row {
	const char *name;
	void (*tune)(struct script_config *config);
	bool ip6;
} rows[] = {
	{ "a cone", cone, false },
	{ "symmetric", symmetric, false },
	{ "TCP tracked", tracked, false },
	{ "mappings that end meanwhile", short_lived, false },
	{ "a firewall", firewall, false },
	{ "a cone of IPv6", cone, true },
	{ "a firewall of IPv6", firewall, true },
};

struct wire {
	enum nat_side side;
	struct packet packet;
	uint8_t bytes[ROOM];
};

static struct endpoint endpoint_of(bool ip6, uint64_t net6, uint32_t net4, uint32_t n,
				   uint16_t port)
{
	return (struct endpoint){ ip6 ? (struct ip_addr){ net6, n } : ip_addr_v4(net4 + n), port };
}

/* Flow @n's next packet; of four from outside one is a stranger's.  Every second flow is TCP. */
static void write_flow(const struct row *row, const struct nat *nat, uint32_t n, uint32_t chance,
		       struct wire *wire)
{
	const struct endpoint host = endpoint_of(row->ip6, UINT64_C(0xfd00000000010000), 0xc0a80102,
						 n % HOSTS, (uint16_t)(2000 + n / HOSTS));
	const struct endpoint remote = endpoint_of(row->ip6, UINT64_C(0x2b00000100010000),
						   0x0b010102, n % 5,
						   (uint16_t)(7 + (chance >> 8) % 4 / 3));
	struct endpoint outside = { nat->pool[0], (uint16_t)(2000 + chance % 4000) };
	const struct tcp_says says = { .flags = chance >> 16 & 1 ? TCP_ACK : TCP_SYN, .seq = 1 };
	bool out = wire->side == NAT_INSIDE;

	if (nat->model.kind == NAT_KIND_FIREWALL)
		outside = host;
	wire->packet = (struct packet){ .data = wire->bytes, .room = ROOM };
	assert_int_equal(n % 2 ? packet_make_tcp(&wire->packet, out ? host : remote,
						 out ? remote : outside, 64, &says, NULL, 0)
			       : packet_make_udp(&wire->packet, out ? host : remote,
						 out ? remote : outside, 64, "hello", 5),
			 0);
	if (chance && (chance >> 20) % 64 == 0)
		wire->packet.len /= 2; /* malformed */
}

static void copy(struct wire *to, const struct wire *from)
{
	*to = *from;
	to->packet.data = to->bytes;
}

static void decide_alike(struct nat *told, struct nat *untold, struct wire *wire, uint64_t now)
{
	struct nat_decision a, b;
	struct wire other;

	copy(&other, wire);
	a = nat_process(told, wire->side, &wire->packet, now);
	b = nat_process(untold, other.side, &other.packet, now);
	assert_int_equal(a.outcome, b.outcome);
	assert_int_equal(a.reason, b.reason);
	assert_true(endpoint_equal(a.remote, b.remote));
	assert_int_equal(wire->packet.len, other.packet.len);
	assert_memory_equal(wire->bytes, other.bytes, wire->packet.len);
}

static void a_burst(const struct row *row, struct nat *told, struct nat *untold,
		    struct chance *chance, uint64_t number)
{
	static struct wire wires[BURST_MAX];
	uint32_t len = 1 + chance_below(chance, BURST_MAX);

	for (uint32_t i = 0; i < len; i++) {
		wires[i].side = chance_below(chance, 2) ? NAT_INSIDE : NAT_OUTSIDE;
		write_flow(row, told, chance_below(chance, FLOWS), (uint32_t)chance_next(chance),
			   &wires[i]);
		if (chance_below(chance, 8))
			nat_expect(told, number, wires[i].side, &wires[i].packet);
	}
	for (uint32_t i = 0; i < len; i++)
		if (chance_below(chance, 8))
			decide_alike(told, untold, &wires[i], number * SEC / 4);
	assert_int_equal(nat_next_wake(told), nat_next_wake(untold));
}

static void same_decisions(void **state)
{
	const struct row *row = *state;
	struct chance chance = { 1 };
	struct script_config config;
	struct nat *told, *untold;

	script_defaults(&config);
	if (row->ip6)
		script_ip6(&config);
	row->tune(&config);
	told = script_nat(&config);
	untold = script_nat(&config);
	for (uint32_t n = 0; n < FLOWS; n++) {
		struct wire wire = { .side = NAT_INSIDE };

		write_flow(row, told, n, 0, &wire);
		decide_alike(told, untold, &wire, 0);
	}
	for (uint64_t number = 1; number < PACKETS / BURST_MAX; number++)
		a_burst(row, told, untold, &chance, number);
	/* Else nothing was foreseen. */
	assert_non_null(told->foresight);
	assert_null(untold->foresight);
	nat_free(told);
	nat_free(untold);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = same_decisions,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("expected", tests, NULL, NULL);
}
