/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 4787, 4.2: which port a new mapping gets, and what happens where that is in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat_script.h"

#define A "UDP 192.168.1.2"
#define B "UDP 192.168.1.3"
#define C "UDP 192.168.1.4"
#define R " > 11.1.1.2:7"
#define R2 " > 11.1.2.2:7"
#define O "UDP 11.2.0.1"

static void small_range(struct script_config *c)
{
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2003;
	c->model.udp.keep_well_known = false;
}

static void sequential(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.mapping = NAT_APD;
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2009;
}

static void sequential_2(struct script_config *c)
{
	sequential(c);
	c->model.udp.step = 2;
}

static void sequential_down(struct script_config *c)
{
	sequential(c);
	c->model.udp.step = -1;
}

static void sequential_parity(struct script_config *c)
{
	sequential(c);
	c->model.udp.parity = true;
}

static void block(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_BLOCK;
	c->model.udp.mapping = NAT_APD;
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2008; /* two blocks, and a rest that is none */
	c->model.udp.block_size = 4;
	c->model.udp.timeout_ns = 10 * SEC;
}

static void low_ports(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_PRESERVE;
	c->model.udp.keep_low = true;
}

/* RFC 7857, 5. */
static void shares_mappings(struct script_config *c)
{
	c->model.shared_mappings = true;
	c->model.udp.ports = c->model.tcp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.port_min = 2000;
	c->model.tcp.port_min = 3000;
}

static void shares_narrow_mappings(struct script_config *c)
{
	shares_mappings(c);
	c->model.udp.mapping = c->model.tcp.mapping = NAT_APD;
}

static void parity(struct script_config *c)
{
	c->model.udp.parity = true;
}

static void contiguity(struct script_config *c)
{
	c->model.udp.contiguity = true;
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.port_min = 3000;
	c->model.udp.step = 10;
}

static void contiguity_apd(struct script_config *c)
{
	contiguity(c);
	c->model.udp.mapping = NAT_APD;
}

static void refuse(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_REFUSE;
}

static void steal(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_STEAL;
}

static void overload(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
	c->model.udp.mapping = NAT_APD;
	c->model.udp.port_min = 4000;
	c->model.udp.port_max = 4001;
}

static void overload_ei(struct script_config *c)
{
	overload(c);
	c->model.udp.mapping = NAT_EI;
	c->model.udp.filtering = NAT_EI;
}

static void overload_ad(struct script_config *c)
{
	overload(c);
	c->model.udp.filtering = NAT_AD;
}

static void overload_ei_ad(struct script_config *c)
{
	overload_ei(c);
	c->model.udp.filtering = NAT_AD;
}

static void no_well_known(struct script_config *c)
{
	c->model.udp.keep_well_known = false;
}

static const struct script scripts[] = {
	{ "preserve: the inside port",
	  NULL,
	  { { 0, 'i', A ":4000" R, O ":4000" R }, { 0, 'i', A ":65535" R, O ":65535" R } } },
	{ "next: the next free one above, and round from the top",
	  NULL,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', A ":4001" R, O ":4001" R },
	    { 0, 'i', B ":4000" R, O ":4002" R },
	    { 0, 'i', A ":65535" R, O ":65535" R },
	    { 0, 'i', B ":65535" R, O ":1024" R } } },
	{ "REQ-3a: well-known ports map to well-known ones",
	  NULL,
	  { { 0, 'i', A ":123" R, O ":123" R },
	    { 0, 'i', B ":123" R, O ":124" R },
	    { 0, 'i', A ":1023" R, O ":1023" R },
	    { 0, 'i', B ":1023" R, O ":1" R } } },
	{ "and low ones to low ones, but none between 512 and 599",
	  low_ports,
	  { { 0, 'i', A ":511" R, O ":511" R },
	    { 0, 'i', B ":511" R, O ":1" R },
	    { 0, 'i', A ":1023" R, O ":1023" R },
	    { 0, 'i', B ":1023" R, O ":600" R },
	    { 0, 'i', C ":1023" R, O ":601" R },
	    { 0, 'i', A ":599" R, O ":602" R } } },
	{ "RFC 7857, 5: one port for both protocols",
	  shares_mappings,
	  { { 0, 'i', A ":4000" R, O ":2000" R },
	    { 0, 'i', "TCP 192.168.1.2:4000" R " SYN", "TCP 11.2.0.1:2000" R },
	    { 0, 'i', "TCP 192.168.1.2:4001" R " SYN", "TCP 11.2.0.1:3000" R } } },
	{ "RFC 7857, 5: not where mappings are narrow",
	  shares_narrow_mappings,
	  { { 0, 'i', A ":4000" R, O ":2000" R },
	    { 0, 'i', "TCP 192.168.1.2:4000" R " SYN", "TCP 11.2.0.1:3000" R } } },
	{ "without it they map into the range",
	  no_well_known,
	  { { 0, 'i', A ":123" R, O ":1024" R }, { 0, 'i', B ":123" R, O ":1025" R } } },
	{ "a range that is full",
	  small_range,
	  { { 0, 'i', A ":2001" R, O ":2001" R },
	    { 0, 'i', A ":9" R, O ":2000" R },
	    { 0, 'i', A ":2002" R, O ":2002" R },
	    { 0, 'i', A ":2004" R, O ":2003" R },
	    { 0, 'i', A ":2003" R, "dropped: no free port, on the way to 11.1.1.2:7" },
	    { 0, 'i', A ":2001" R2, O ":2001" R2 },
	    { 300 * SEC, 'i', A ":2003" R, O ":2003" R } } },
	{ "sequential +1, which goes round",
	  sequential,
	  { { 0, 'i', A ":4000 > 11.1.1.2:1", O ":2000" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2001" },
	    { 0, 'i', A ":4000 > 11.1.1.2:3", O ":2002" },
	    { 0, 'i', A ":4000 > 11.1.1.2:4", O ":2003" },
	    { 0, 'i', A ":4000 > 11.1.1.2:5", O ":2004" },
	    { 0, 'i', A ":4000 > 11.1.1.2:6", O ":2005" },
	    { 0, 'i', A ":4000 > 11.1.1.2:7", O ":2006" },
	    { 0, 'i', A ":4000 > 11.1.1.2:8", O ":2007" },
	    { 0, 'i', A ":4000 > 11.1.1.2:9", O ":2008" },
	    { 100 * SEC, 'i', A ":4000 > 11.1.1.2:1", O ":2000" },
	    { 100 * SEC, 'i', A ":4000 > 11.1.1.2:10", O ":2009" },
	    { 100 * SEC, 'i', A ":4000 > 11.1.1.2:11", "dropped: no free port" },
	    /* 2000 lives on: it was used at 100 s. */
	    { 300 * SEC, 'i', A ":4000 > 11.1.1.2:12", O ":2001" } } },
	{ "sequential +2 leaves every other port out",
	  sequential_2,
	  { { 0, 'i', A ":4000 > 11.1.1.2:1", O ":2000" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2002" },
	    { 0, 'i', A ":4000 > 11.1.1.2:3", O ":2004" },
	    { 0, 'i', A ":4000 > 11.1.1.2:4", O ":2006" },
	    { 0, 'i', A ":4000 > 11.1.1.2:5", O ":2008" },
	    /* All of those are in use: the steps lead nowhere, the range does. */
	    { 0, 'i', A ":4000 > 11.1.1.2:6", O ":2001" },
	    { 0, 'i', A ":4000 > 11.1.1.2:7", O ":2003" } } },
	{ "sequential -1 starts at the top",
	  sequential_down,
	  { { 0, 'i', A ":4000 > 11.1.1.2:1", O ":2009" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2008" },
	    { 0, 'i', B ":4000 > 11.1.1.2:2", O ":2007" } } },
	{ "sequential with parity",
	  sequential_parity,
	  { { 0, 'i', A ":4001 > 11.1.1.2:1", O ":2001" },
	    { 0, 'i', A ":4001 > 11.1.1.2:2", O ":2003" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2004" } } },
	{ "block: each host its own, given back with its last mapping",
	  block,
	  { { 0, 'i', A ":4000 > 11.1.1.2:1", O ":2000" },
	    { 0, 'i', B ":4000 > 11.1.1.2:1", O ":2004" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2001" },
	    { 0, 'i', A ":4000 > 11.1.1.2:3", O ":2002" },
	    { 0, 'i', A ":4000 > 11.1.1.2:4", O ":2003" },
	    { 0, 'i', A ":4000 > 11.1.1.2:5", "dropped: no free port" },
	    { 0, 'i', C ":4000 > 11.1.1.2:1", "dropped: no free port" },
	    { 5 * SEC, 'i', B ":4000 > 11.1.1.2:1", O ":2004" },
	    { 10 * SEC, 'i', C ":4000 > 11.1.1.2:1", O ":2000" },
	    { 10 * SEC, 'i', B ":4000 > 11.1.1.2:2", O ":2005" } } },
	{ "block: a host gets no second one, even where nobody has it",
	  block,
	  { { 0, 'i', A ":4000 > 11.1.1.2:1", O ":2000" },
	    { 0, 'i', A ":4000 > 11.1.1.2:2", O ":2001" },
	    { 0, 'i', A ":4000 > 11.1.1.2:3", O ":2002" },
	    { 0, 'i', A ":4000 > 11.1.1.2:4", O ":2003" },
	    { 0, 'i', A ":4000 > 11.1.1.2:5", "dropped: no free port" } } },
	{ "REQ-4: parity, where the port is in use",
	  parity,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R, O ":4002" R },
	    { 0, 'i', A ":4001" R, O ":4001" R },
	    { 0, 'i', B ":4001" R, O ":4003" R } } },
	{ "contiguity: RTP and RTCP, either first",
	  contiguity,
	  { { 0, 'i', A ":5004" R, O ":3000" R },
	    { 0, 'i', A ":5005" R, O ":3001" R },
	    { 0, 'i', A ":6001" R, O ":3011" R },
	    { 0, 'i', A ":6000" R, O ":3010" R },
	    { 0, 'i', B ":5005" R, O ":3020" R } } },
	{ "contiguity under APD: RTCP goes to the port next to RTP's",
	  contiguity_apd,
	  { { 0, 'i', A ":5004 > 11.1.1.2:30", O ":3000" },
	    { 0, 'i', A ":5005 > 11.1.1.2:31", O ":3001" } } },
	{ "refuse: no mapping where the port is in use",
	  refuse,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R2, "dropped: port in use, on the way to 11.1.2.2:7" },
	    { 300 * SEC - 1, 'i', B ":4000" R2, "dropped: port in use" },
	    { 300 * SEC, 'i', B ":4000" R2, O ":4000" R2 } } },
	{ "steal: the newcomer takes it",
	  steal,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R, O ":4000" R },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "UDP 11.1.1.2:7 > 192.168.1.3:4000" },
	    { 0, 'i', A ":4000" R, "forwarded: new mapping" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" } } },
	{ "overload: shared while the remote endpoints differ",
	  overload,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R2, O ":4000" R2 },
	    { 0, 'i', B ":4000" R, O ":4001" R },
	    { 0, 'i', C ":4000" R, "dropped: no free port" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", "UDP 11.1.1.2:7 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4000", "UDP 11.1.2.2:7 > 192.168.1.3:4000" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4001", "UDP 11.1.1.2:7 > 192.168.1.3:4000" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4001", "dropped: filtered" } } },
	{ "overload: who had to move stays there for others, until that ends",
	  overload,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R, O ":4001" R },
	    { SEC, 'i', B ":4000" R2, O ":4001" R2 },
	    { SEC, 'i', A ":4000" R2, O ":4000" R2 },
	    { 301 * SEC - 1, 'i', B ":4000 > 11.1.3.2:7", O ":4001 > 11.1.3.2:7" },
	    { 601 * SEC, 'i', B ":4000" R, O ":4000" R } } },
	{ "overload by address: each stranger to whom its address was sent to by",
	  overload_ad,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R2, O ":4000" R2 },
	    { 0, 'o', "UDP 11.1.1.2:99 > 11.2.0.1:4000", "UDP 11.1.1.2:99 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.2.2:99 > 11.2.0.1:4000", "UDP 11.1.2.2:99 > 192.168.1.3:4000" },
	    { 0, 'o', "UDP 11.1.3.2:99 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "overload by address, where one mapping serves many remote endpoints",
	  overload_ei_ad,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R2, O ":4000" R2 },
	    { 0, 'i', B ":4000 > 11.1.3.2:7", O ":4000 > 11.1.3.2:7" },
	    { 0, 'o', "UDP 11.1.3.2:99 > 11.2.0.1:4000", "UDP 11.1.3.2:99 > 192.168.1.3:4000" } } },
	{ "overload: once the first host is gone, strangers reach the second",
	  overload_ei,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 100 * SEC, 'i', B ":4000" R2, O ":4000" R2 },
	    { 300 * SEC - 1, 'o', "UDP 11.1.3.2:9 > 11.2.0.1:4000",
	      "UDP 11.1.3.2:9 > 192.168.1.2:4000" },
	    { 300 * SEC, 'o', "UDP 11.1.3.2:9 > 11.2.0.1:4000",
	      "UDP 11.1.3.2:9 > 192.168.1.3:4000" },
	    { 400 * SEC, 'o', "UDP 11.1.3.2:9 > 11.2.0.1:4000", "dropped: no mapping" } } },
	{ "overload in a full cone: strangers reach the first host only",
	  overload_ei,
	  { { 0, 'i', A ":4000" R, O ":4000" R },
	    { 0, 'i', B ":4000" R2, O ":4000" R2 },
	    { 0, 'o', "UDP 11.1.3.2:9 > 11.2.0.1:4000", "UDP 11.1.3.2:9 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4000", "UDP 11.1.2.2:7 > 192.168.1.3:4000" },
	    /* This one session of A's would be taken for B's: it leaves by another port. */
	    { 0, 'i', A ":4000" R2, O ":4001" R2 },
	    { 0, 'i', A ":4000" R2, O ":4001" R2 },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4001", "UDP 11.1.2.2:7 > 192.168.1.2:4000" },
	    { 0, 'i', A ":4000 > 11.1.4.2:1", O ":4000" },
	    { 0, 'i', B ":4000 > 11.1.3.2:9", O ":4000" } } },
};

/* The outside endpoint that a packet from @inside to @remote leaves by. */
static struct endpoint leaves_by(struct nat *nat, struct endpoint inside, struct endpoint remote)
{
	uint8_t bytes[128];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;
	struct nat_decision decision;

	assert_int_equal(packet_make_udp(&pkt, inside, remote, 64, NULL, 0), 0);
	decision = nat_process(nat, NAT_INSIDE, &pkt, 0);
	assert_int_equal(decision.outcome, NAT_FORWARD);
	assert_true(packet_checksums_ok(&pkt));
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	return info.src;
}

/* Every port of a range is given once, whatever the order, and then no more. */
static void exhaust(enum nat_ports ports, uint64_t seed, uint16_t order[1000])
{
	struct endpoint inside = script_endpoint("192.168.1.2:9");
	struct endpoint remote = script_endpoint("11.1.1.2:7");
	struct script_config config;
	bool given[65536] = { false };
	uint8_t bytes[128];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat *nat;

	script_defaults(&config);
	config.nat.seed = seed;
	config.model.udp.ports = ports;
	config.model.udp.port_min = 5000;
	config.model.udp.port_max = 5999;
	nat = script_nat(&config);
	for (int i = 0; i < 1000; i++) {
		struct endpoint outside;

		inside.port = (uint16_t)(10000 + i);
		outside = leaves_by(nat, inside, remote);
		assert_in_range(outside.port, 5000, 5999);
		assert_false(given[outside.port]);
		given[outside.port] = true;
		order[i] = outside.port;
	}
	inside.port = 20000;
	packet_make_udp(&pkt, inside, remote, 64, NULL, 0);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).reason, NAT_REASON_NO_PORT);
	nat_free(nat);
}

static void random_gives_each_port_once(void **state)
{
	uint16_t first[1000], again[1000], other[1000];

	(void)state;
	exhaust(NAT_PORTS_RANDOM, 1, first);
	exhaust(NAT_PORTS_RANDOM, 1, again);
	exhaust(NAT_PORTS_RANDOM, 2, other);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	exhaust(NAT_PORTS_SEQUENTIAL, 1, first);
	exhaust(NAT_PORTS_PRESERVE, 1, first);
}

/* All of the range is drawn from: 4,000 draws miss none of its quarters by chance. */
static void random_is_spread(void **state)
{
	struct endpoint inside = script_endpoint("192.168.1.2:1024");
	struct script_config config;
	unsigned quarters[4] = { 0 };
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	config.model.udp.ports = NAT_PORTS_RANDOM;
	nat = script_nat(&config);
	for (int i = 0; i < 4000; i++, inside.port++)
		quarters[leaves_by(nat, inside, script_endpoint("11.1.1.2:7")).port / 16384]++;
	for (int i = 0; i < 4; i++)
		assert_in_range(quarters[i], 850, 1150);
	nat_free(nat);
}

/* Two inside endpoints never share an outside one, with any allocation and collision that does
 * not say so; a pool of two addresses, arbitrary, has room for twice as many. */
static void no_sharing(void **state)
{
	static const enum nat_collision collisions[] = { NAT_COLLISION_NEXT, NAT_COLLISION_RANDOM };
	struct endpoint remote = script_endpoint("11.1.1.2:7");

	(void)state;
	for (int ports = NAT_PORTS_PRESERVE; ports <= NAT_PORTS_RANDOM; ports++) {
		for (size_t c = 0; c < 2; c++) {
			static uint8_t taken[2][65536];
			struct script_config config;
			unsigned used[2] = { 0 };
			struct nat *nat;

			memset(taken, 0, sizeof(taken));
			script_defaults(&config);
			config.nat.pool_len = config.model.pool_size = 2;
			config.model.pooling = NAT_POOLING_ARBITRARY;
			config.model.udp.ports = (enum nat_ports)ports;
			config.model.udp.collision = collisions[c];
			config.model.udp.port_min = 1024;
			config.model.udp.port_max = 2023;
			nat = script_nat(&config);
			for (uint32_t i = 0; i < 2000; i++) {
				struct endpoint inside = { ip_addr_v4(0xc0a80102 + i % 100), 1024 };
				struct endpoint outside;
				uint32_t pool;

				inside.port = (uint16_t)(inside.port + i / 100);
				outside = leaves_by(nat, inside, remote);
				pool = ip_addr_to_v4(outside.addr) - 0x0b020001;
				assert_in_range(pool, 0, 1);
				assert_int_equal(taken[pool][outside.port], 0);
				taken[pool][outside.port] = 1;
				used[pool]++;
			}
			assert_int_equal(used[0], 1000);
			assert_int_equal(used[1], 1000);
			nat_free(nat);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_gives_each_port_once),
		cmocka_unit_test(random_is_spread),
		cmocka_unit_test(no_sharing),
	};

	return cmocka_run_group_tests_name("ports, many", tests, NULL, NULL) +
	       script_run_all("ports", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
