/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Five thousand mappings end at one instant.  No packet sees to all of them, and none sees one of them:
 * what it meets is what it would meet if they had all gone at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/nat_state.h"
#include "nat_script.h"

enum { HOSTS = 10, PORTS_EACH = 500, MAPPINGS = HOSTS * PORTS_EACH, FIRST_PORT = 2000, ROOM = 64 };

/* What one packet may have to see to: a share, and what is left of the block that it ends in. */
enum { AT_MOST = EXPIRY_SHARE + EXPIRY_BLOCK };

#define END (100 * SEC)

static void preserving(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_PRESERVE;
}

static void refusing(struct script_config *c)
{
	preserving(c);
	c->model.udp.collision = NAT_COLLISION_REFUSE;
}

static void sharing(struct script_config *c)
{
	preserving(c);
	c->model.udp.mapping = NAT_APD;
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
}

static void dependent(struct script_config *c)
{
	preserving(c);
	c->model.udp.collision = NAT_COLLISION_DEPENDENT;
}

static void full(struct script_config *c)
{
	preserving(c);
	c->model.max_mappings = MAPPINGS;
}

static void rationed(struct script_config *c)
{
	preserving(c);
	c->model.max_mappings_host = PORTS_EACH;
}

static void tight(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_RANDOM;
	c->model.udp.port_min = FIRST_PORT;
	c->model.udp.port_max = FIRST_PORT + MAPPINGS - 1;
}

static const struct row {
	const char *name;
	void (*tune)(struct script_config *config);
	bool same_port; /* everybody gets again what he had */
} rows[] = {
	{ "ports preserved", preserving, true },
	{ "a port in use is refused", refusing, true },
	{ "ports shared by remote endpoint", sharing, true },
	{ "mappings that collisions make narrow", dependent, true },
	{ "a table that was full", full, true },
	{ "hosts that had all they may", rationed, true },
	{ "as many ports as mappings", tight, false },
};

static struct endpoint inside_of(uint32_t n)
{
	return (struct endpoint){ ip_addr_v4(0xc0a80102 + n / PORTS_EACH),
				  (uint16_t)(FIRST_PORT + n) };
}

/* Mapping @n's inside endpoint speaks: the outside port that it gets, in a mapping that is new. */
static uint16_t speak(struct nat *nat, uint32_t n, uint64_t now)
{
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = ROOM };
	struct nat_decision decision;
	struct packet_info info;

	packet_make_udp(&pkt, inside_of(n), script_endpoint("11.1.1.2:7"), 64, NULL, 0);
	decision = nat_process(nat, NAT_INSIDE, &pkt, now);
	assert_int_equal(decision.outcome, NAT_FORWARD);
	assert_int_equal(decision.reason, NAT_REASON_NEW_MAPPING);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	return info.src.port;
}

static void answer_to_nobody(struct nat *nat, uint16_t port, uint64_t now)
{
	struct endpoint outside = script_endpoint("11.2.0.1:0");
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = ROOM };

	outside.port = port;
	packet_make_udp(&pkt, script_endpoint("11.1.1.2:7"), outside, 64, NULL, 0);
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, now).reason, NAT_REASON_NO_MAPPING);
}

static void run(void **state)
{
	const struct row *row = *state;
	static uint16_t ports[MAPPINGS];
	struct script_config config;
	uint32_t before;
	struct nat *nat;

	script_defaults(&config);
	config.model.udp.timeout_ns = END;
	row->tune(&config);
	nat = script_nat(&config);
	for (uint32_t n = 0; n < MAPPINGS; n++)
		ports[n] = speak(nat, n, 0);
	assert_true(nat_next_wake(nat) == END);
	answer_to_nobody(nat, ports[MAPPINGS / 2], END);
	assert_in_range(nat->mappings.count, MAPPINGS - AT_MOST, MAPPINGS - 1);
	assert_int_equal(nat_mappings(nat, END, NULL, 0), 0);
	assert_true(nat_next_wake(nat) == UINT64_MAX);
	/* The last come first: their old mappings are still there. */
	for (uint32_t n = MAPPINGS; n-- > 0;) {
		uint16_t port;

		before = nat->mappings.count;
		answer_to_nobody(nat, ports[n], END);
		assert_true(before - nat->mappings.count <= AT_MOST);
		port = speak(nat, n, END);
		if (row->same_port)
			assert_int_equal(port, ports[n]);
		if (!row->same_port)
			break;
	}
	nat_free(nat);
}

/* With any port for anybody, an old one may have been given anew; so here they only come back. */
static void all_come_back(void **state)
{
	const struct row *row = *state;
	struct script_config config;
	struct nat *nat;

	script_defaults(&config);
	config.model.udp.timeout_ns = END;
	row->tune(&config);
	nat = script_nat(&config);
	for (uint32_t n = 0; n < MAPPINGS; n++)
		speak(nat, n, 0);
	for (uint32_t n = MAPPINGS; n-- > 0;)
		speak(nat, n, END);
	assert_int_equal(nat_mappings(nat, END, NULL, 0), MAPPINGS);
	assert_true(nat_next_wake(nat) == 2 * END);
	nat_free(nat);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[2 * ROWS];

	for (size_t i = 0; i < ROWS; i++) {
		tests[2 * i] =
			(struct CMUnitTest){ rows[i].name, run, NULL, NULL, (void *)&rows[i] };
		tests[2 * i + 1] = (struct CMUnitTest){ "all of them come back", all_come_back,
							NULL, NULL, (void *)&rows[i] };
	}
	return cmocka_run_group_tests_name("late ends", tests, NULL, NULL);
}
