/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of the table and of each host (RFC 6888, REQ-4), what gives way, and what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat_script.h"

#define A "UDP 192.168.1.2"
#define B "UDP 192.168.1.3"
#define R " > 11.1.1.2:7"
#define IN "UDP 11.1.1.2:7 > 11.2.0.1"

static void table(struct script_config *c, enum nat_eviction eviction)
{
	c->model.max_mappings = 3;
	c->model.eviction = eviction;
}

static void table_refuse(struct script_config *c)
{
	table(c, NAT_EVICT_NONE);
}

static void table_oldest(struct script_config *c)
{
	table(c, NAT_EVICT_OLDEST);
}

static void host(struct script_config *c, enum nat_eviction eviction)
{
	c->model.max_mappings_host = 2;
	c->model.eviction = eviction;
}

static void host_refuse(struct script_config *c)
{
	host(c, NAT_EVICT_NONE);
}

static void host_oldest(struct script_config *c)
{
	host(c, NAT_EVICT_OLDEST);
}

static void poison_full(struct script_config *c)
{
	table_refuse(c);
	c->model.udp.unsolicited = NAT_UNSOLICITED_POISON;
}

static const struct script scripts[] = {
	{ "a full table refuses, and lives on when something has ended",
	  table_refuse,
	  { { 0, 'i', A ":4000" R, "forwarded: new mapping" },
	    { SEC, 'i', A ":4001" R, "forwarded: new mapping" },
	    { SEC, 'i', "TCP 192.168.1.2:4001 > 11.1.1.2:7 SYN", "forwarded: new mapping" },
	    { 2 * SEC, 'i', B ":4002" R, "dropped: mapping table full, on the way to 11.1.1.2:7" },
	    { 2 * SEC, 'i', A ":4000" R, "forwarded: known mapping" },
	    { 301 * SEC - 1, 'i', B ":4002" R, "forwarded: new mapping" },
	    { 301 * SEC - 1, 'i', B ":4003" R, "dropped: mapping table full" },
	    { 301 * SEC, 'i', B ":4003" R, "forwarded: new mapping" } } },
	{ "the longest idle gives way",
	  table_oldest,
	  { { 0, 'i', A ":4000" R, "forwarded: new mapping" },
	    { 1, 'i', A ":4001" R, "forwarded: new mapping" },
	    { 2, 'i', A ":4002" R, "forwarded: new mapping" },
	    { 3, 'i', A ":4000" R, "forwarded: known mapping" },
	    { 4, 'o', IN ":4001", "forwarded: known mapping" },
	    { 5, 'i', A ":4003" R, "forwarded: new mapping" },
	    { 6, 'o', IN ":4002", "dropped: no mapping" },
	    { 6, 'i', A ":4004" R, "forwarded: new mapping" },
	    { 6, 'o', IN ":4000", "dropped: no mapping" },
	    { 6, 'o', IN ":4001", "forwarded: known mapping" } } },
	{ "a host's limit is its own",
	  host_refuse,
	  { { 0, 'i', A ":4000" R, "forwarded: new mapping" },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo id 7", "forwarded: new mapping" },
	    { 0, 'i', A ":4001" R,
	      "dropped: inside host's limit reached, on the way to 11.1.1.2:7" },
	    { 0, 'i', B ":4001" R, "forwarded: new mapping" },
	    { 60 * SEC - 1, 'i', A ":4001" R, "dropped: inside host's limit reached" },
	    { 60 * SEC, 'i', A ":4001" R, "forwarded: new mapping" } } },
	{ "a host's longest idle gives way, nobody else's",
	  host_oldest,
	  { { 0, 'i', B ":5000" R, "forwarded: new mapping" },
	    { 1, 'i', A ":4000" R, "forwarded: new mapping" },
	    { 2, 'i', A ":4001" R, "forwarded: new mapping" },
	    { 3, 'i', A ":4000" R, "forwarded: known mapping" },
	    { 4, 'i', A ":4002" R, "forwarded: new mapping" },
	    { 5, 'o', IN ":4001", "dropped: no mapping" },
	    { 5, 'o', IN ":4000", "forwarded: known mapping" },
	    { 5, 'o', IN ":5000", "forwarded: known mapping" } } },
	{ "strays fill the table as well",
	  poison_full,
	  { { 0, 'o', IN ":1", "taken: taken by the router itself" },
	    { 0, 'o', IN ":2", "taken: taken by the router itself" },
	    { 0, 'o', IN ":3", "taken: taken by the router itself" },
	    { 0, 'o', IN ":4", "dropped: mapping table full" },
	    { 0, 'i', A ":4000" R, "dropped: mapping table full" } } },
};

static enum nat_outcome send(struct nat *nat, uint32_t host, uint16_t port, uint64_t now)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct endpoint from = { ip_addr_v4(0xc0a80100 + host), port };

	packet_make_udp(&pkt, from, script_endpoint("11.1.1.2:7"), 64, NULL, 0);
	return nat_process(nat, NAT_INSIDE, &pkt, now).outcome;
}

/* Whatever gives way, the newcomer is served and the limits hold. */
static void eviction_holds_the_limits(void **state)
{
	static const enum nat_eviction evictions[] = { NAT_EVICT_OLDEST, NAT_EVICT_RANDOM };

	(void)state;
	for (size_t e = 0; e < 2; e++) {
		struct mapping_view views[64];
		struct script_config config;
		struct nat *nat;

		script_defaults(&config);
		config.model.eviction = evictions[e];
		config.model.max_mappings = 50;
		config.model.max_mappings_host = 7;
		nat = script_nat(&config);
		for (uint16_t i = 0; i < 2000; i++) {
			unsigned counts[16] = { 0 };
			uint32_t from = 2 + i * 7 % 13;
			size_t n;

			assert_int_equal(send(nat, from, (uint16_t)(2000 + i), i), NAT_FORWARD);
			n = nat_mappings(nat, i, views, 64);
			assert_in_range(n, 1, 50);
			assert_int_equal(views[n - 1].inside.port, 2000 + i);
			for (size_t v = 0; v < n; v++)
				counts[ip_addr_to_v4(views[v].inside.addr) & 15]++;
			for (size_t h = 0; h < 16; h++)
				assert_in_range(counts[h], 0, 7);
		}
		assert_int_equal(nat_mappings(nat, 2000, NULL, 0), 50);
		nat_free(nat);
	}
}

enum { MANY = 8, SEEDS = 64 };

static void table_random(struct script_config *c)
{
	table(c, NAT_EVICT_RANDOM);
	c->model.max_mappings = MANY;
}

static void host_random(struct script_config *c)
{
	host(c, NAT_EVICT_RANDOM);
	c->model.max_mappings_host = MANY - 1;
}

/* Which of ports 2000 … has given way, of those that two hosts had before one of them spoke once
 * more: port 2000's is the other host's. */
static uint16_t evicted(void (*tune)(struct script_config *config), uint64_t seed)
{
	struct mapping_view views[MANY];
	struct script_config config;
	uint16_t gone = 2000;
	struct nat *nat;

	script_defaults(&config);
	config.nat.seed = seed;
	tune(&config);
	nat = script_nat(&config);
	for (uint32_t i = 0; i <= MANY; i++)
		assert_int_equal(send(nat, i ? 2 : 3, (uint16_t)(2000 + i), i), NAT_FORWARD);
	assert_int_equal(nat_mappings(nat, MANY, views, MANY), MANY);
	for (size_t v = 0; v < MANY && views[v].inside.port == gone; v++)
		gone++;
	assert_int_equal(views[MANY - 1].inside.port, 2000 + MANY);
	nat_free(nat);
	return gone;
}

/* It may be anyone's in the table, or any of the host's own; which, the seed decides. */
static void anyone_may_give_way(void **state)
{
	static const struct {
		const char *name;
		void (*tune)(struct script_config *config);
		uint16_t first; /* that may give way */
	} rows[] = {
		{ "of the table", table_random, 2000 },
		{ "of the host", host_random, 2001 },
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		unsigned times[MANY] = { 0 };

		print_message("row: %s\n", rows[r].name);
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			uint16_t gone = evicted(rows[r].tune, seed);

			assert_in_range(gone, rows[r].first, 2000 + MANY - 1);
			assert_int_equal(evicted(rows[r].tune, seed), gone);
			times[gone - 2000]++;
		}
		for (uint32_t port = rows[r].first; port < 2000 + MANY; port++)
			assert_in_range(times[port - 2000], 1, SEEDS / 3);
	}
}

static void views_in_order_of_creation(void **state)
{
	struct mapping_view views[4] = { 0 };
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	table_oldest(&config);
	config.nat.forwards_len = 1;
	config.forwards[0] =
		(struct nat_forward){ IP_PROTO_TCP, 80, 81, script_endpoint("192.168.1.9:8080") };
	nat = script_nat(&config);
	send(nat, 2, 4000, 0);
	send(nat, 3, 4000, 1);
	send(nat, 2, 4000, 2); /* now the one used last */
	assert_int_equal(nat_mappings(nat, 2, views, 3), 4);
	assert_int_equal(views[3].protocol, 0); /* not written */
	assert_int_equal(nat_mappings(nat, 2, views, 4), 4);
	assert_int_equal(views[0].protocol, IP_PROTO_TCP);
	assert_true(views[0].expires == UINT64_MAX);
	assert_true(endpoint_equal(views[1].inside, script_endpoint("192.168.1.9:8081")));
	assert_true(endpoint_equal(views[1].outside, script_endpoint("11.2.0.1:81")));
	assert_true(endpoint_equal(views[2].inside, script_endpoint("192.168.1.2:4000")));
	assert_true(endpoint_equal(views[2].outside, script_endpoint("11.2.0.1:4000")));
	assert_true(views[2].expires == 300 * SEC + 2);
	assert_true(endpoint_equal(views[3].inside, script_endpoint("192.168.1.3:4000")));
	assert_int_equal(views[3].protocol, IP_PROTO_UDP);
	/* Seen from later on, with no packet in between. */
	assert_int_equal(nat_mappings(nat, 300 * SEC + 1, NULL, 0), 3);
	assert_int_equal(nat_mappings(nat, 300 * SEC + 2, NULL, 0), 2);
	nat_free(nat);
}

static void owns_its_pool(void **state)
{
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	config.nat.pool_len = 3;
	nat = script_nat(&config);
	assert_true(nat_owns_outside(nat, script_addr("11.2.0.1")));
	assert_true(nat_owns_outside(nat, script_addr("11.2.0.3")));
	assert_false(nat_owns_outside(nat, script_addr("11.2.0.4")));
	assert_false(nat_owns_outside(nat, script_addr("192.168.1.1")));
	nat_free(nat);
	nat_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(eviction_holds_the_limits),
		cmocka_unit_test(anyone_may_give_way),
		cmocka_unit_test(views_in_order_of_creation),
		cmocka_unit_test(owns_its_pool),
	};

	return cmocka_run_group_tests_name("limits, many", tests, NULL, NULL) +
	       script_run_all("limits", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
