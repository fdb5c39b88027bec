/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 4787, 4.3: how long a mapping lives, what keeps it alive, and the two times of Linux. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define SENT "UDP 11.2.0.1:4000 > 11.1.1.2:7"
#define IN "UDP 11.1.1.2:7 > 11.2.0.1:4000"
#define GOT "UDP 11.1.1.2:7 > 192.168.1.2:4000"
#define GONE "dropped: no mapping, for a packet of 11.1.1.2:7"

static void refresh(struct script_config *c, enum nat_refresh which)
{
	c->model.udp.timeout_ns = 10 * SEC;
	c->model.udp.refresh = which;
}

static void outbound(struct script_config *c)
{
	refresh(c, NAT_REFRESH_OUTBOUND);
}

static void inbound(struct script_config *c)
{
	refresh(c, NAT_REFRESH_INBOUND);
}

static void both(struct script_config *c)
{
	refresh(c, NAT_REFRESH_BOTH);
}

static void none(struct script_config *c)
{
	refresh(c, NAT_REFRESH_NONE);
}

static void like_linux(struct script_config *c)
{
	c->model.udp.timeout_ns = 30 * SEC;
	c->model.udp.timeout_two_way_ns = 120 * SEC;
	c->model.udp.two_way_after_ns = 2 * SEC;
	c->model.udp.refresh = NAT_REFRESH_BOTH;
}

static void two_way_at_once(struct script_config *c)
{
	like_linux(c);
	c->model.udp.two_way_after_ns = 0;
}

/* Strange, but a model may say so: replies make the mapping's life shorter. */
static void two_way_shorter(struct script_config *c)
{
	two_way_at_once(c);
	c->model.udp.timeout_two_way_ns = 5 * SEC;
}

static void ages(struct script_config *c)
{
	c->model.udp.timeout_ns = UINT64_MAX;
}

static const struct script scripts[] = {
	{ "outbound packets refresh, to the nanosecond",
	  outbound,
	  { { 0, 'i', OUT, "forwarded: new mapping" },
	    { 10 * SEC - 1, 'i', OUT, "forwarded: known mapping" },
	    { 20 * SEC - 2, 'o', IN, GOT },
	    { 20 * SEC - 1, 'o', IN, GONE },
	    { 20 * SEC - 1, 'i', OUT, "forwarded: new mapping" } } },
	{ "outbound: inbound ones do not",
	  outbound,
	  { { 0, 'i', OUT, SENT },
	    { 9 * SEC, 'o', IN, GOT },
	    { 10 * SEC - 1, 'o', IN, GOT },
	    { 10 * SEC, 'o', IN, GONE } } },
	{ "inbound: inbound ones do, outbound ones do not",
	  inbound,
	  { { 0, 'i', OUT, SENT },
	    { 5 * SEC, 'o', IN, GOT },
	    { 14 * SEC, 'i', OUT, "forwarded: known mapping" },
	    { 15 * SEC - 1, 'i', OUT, "forwarded: known mapping" },
	    { 15 * SEC, 'i', OUT, "forwarded: new mapping" } } },
	{ "inbound: what is filtered out refreshes nothing",
	  inbound,
	  { { 0, 'i', OUT, SENT },
	    { 5 * SEC, 'o', "UDP 11.1.1.2:8 > 11.2.0.1:4000", "dropped: filtered" },
	    { 10 * SEC, 'o', IN, GONE } } },
	{ "both",
	  both,
	  { { 0, 'i', OUT, SENT },
	    { 9 * SEC, 'o', IN, GOT },
	    { 18 * SEC, 'i', OUT, "forwarded: known mapping" },
	    { 28 * SEC - 1, 'o', IN, GOT },
	    { 38 * SEC - 2, 'o', IN, GOT },
	    { 48 * SEC - 2, 'o', IN, GONE } } },
	{ "none: it lives its time and dies",
	  none,
	  { { 0, 'i', OUT, SENT },
	    { 9 * SEC, 'i', OUT, SENT },
	    { 9 * SEC, 'o', IN, GOT },
	    { 10 * SEC - 1, 'i', OUT, "forwarded: known mapping" },
	    { 10 * SEC, 'i', OUT, "forwarded: new mapping" } } },
	{ "Linux: 30 s one way, however often",
	  like_linux,
	  { { 0, 'i', OUT, SENT },
	    { 20 * SEC, 'i', OUT, SENT },
	    { 50 * SEC - 1, 'i', OUT, "forwarded: known mapping" },
	    { 80 * SEC - 1, 'o', IN, GONE } } },
	{ "Linux: a quick question and answer keep it 30 s",
	  like_linux,
	  { { 0, 'i', OUT, SENT }, { SEC, 'o', IN, GOT }, { 31 * SEC, 'o', IN, GONE } } },
	{ "Linux: exactly 2 s old is not old enough",
	  like_linux,
	  { { 0, 'i', OUT, SENT },
	    { SEC, 'o', IN, GOT },
	    { 2 * SEC, 'i', OUT, SENT },
	    { 32 * SEC, 'o', IN, GONE } } },
	{ "Linux: 120 s once it has been two-way for more than 2 s",
	  like_linux,
	  { { 0, 'i', OUT, SENT },
	    { SEC, 'o', IN, GOT },
	    { 2 * SEC + 1, 'i', OUT, SENT },
	    { 122 * SEC, 'o', IN, GOT },
	    { 242 * SEC - 1, 'o', IN, GOT },
	    { 362 * SEC - 1, 'o', IN, GONE } } },
	{ "Linux: the first reply alone does not make it so, however late",
	  like_linux,
	  { { 0, 'i', OUT, SENT }, { 5 * SEC, 'o', IN, GOT }, { 35 * SEC, 'o', IN, GONE } } },
	{ "two ways at once, where the model does not wait",
	  two_way_at_once,
	  { { 0, 'i', OUT, SENT },
	    { SEC, 'o', IN, GOT },
	    { 121 * SEC - 1, 'o', IN, GOT },
	    { 241 * SEC - 1, 'o', IN, GONE } } },
	{ "an end can also come nearer",
	  two_way_shorter,
	  { { 0, 'i', OUT, SENT },
	    { SEC, 'o', IN, GOT },
	    { 6 * SEC - 1, 'o', "UDP 11.1.1.2:8 > 11.2.0.1:4000", "dropped: filtered" },
	    { 6 * SEC, 'o', IN, GONE } } },
	{ "a timer that never runs out",
	  ages,
	  { { 0, 'i', OUT, SENT }, { UINT64_MAX, 'o', IN, GOT } } },
	{ "time that seems to go back stands still",
	  outbound,
	  { { 5 * SEC, 'i', OUT, SENT },
	    { 0, 'i', OUT, SENT },
	    { 15 * SEC - 1, 'o', IN, GOT },
	    { 15 * SEC, 'o', IN, GONE } } },
};

static uint64_t send(struct nat *nat, uint16_t port, uint64_t at)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct endpoint from = script_endpoint("192.168.1.2:0");

	from.port = port;
	packet_make_udp(&pkt, from, script_endpoint("11.1.1.2:7"), 64, NULL, 0);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, at).outcome, NAT_FORWARD);
	return nat_next_wake(nat);
}

static void next_wake_is_the_earliest_end(void **state)
{
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	config.model.udp.timeout_ns = 100 * SEC;
	nat = script_nat(&config);
	assert_true(nat_next_wake(nat) == UINT64_MAX);
	assert_true(send(nat, 5000, 7) == 100 * SEC + 7);
	assert_true(send(nat, 5001, 3 * SEC) == 100 * SEC + 7);
	assert_true(send(nat, 5000, 4 * SEC) == 103 * SEC);
	assert_true(send(nat, 5001, 90 * SEC) == 104 * SEC);
	assert_true(send(nat, 5002, 104 * SEC) == 190 * SEC);
	assert_true(send(nat, 5003, 500 * SEC) == 600 * SEC);
	assert_int_equal(nat_mappings(nat, 500 * SEC, NULL, 0), 1);
	nat_free(nat);
}

/* A thousand mappings that are restarted at odd times end exactly when they should, whatever
 * level of the wheel they wait on; held against a plain array. */
static void the_wheel_agrees_with_a_list(void **state)
{
	enum { MAPPINGS = 1000, ROUNDS = 20000 };
	static uint64_t ends[MAPPINGS];
	uint64_t now = 0, chance = 12345;
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	config.model.udp.timeout_ns = 5 * SEC + 4711;
	nat = script_nat(&config);
	for (int i = 0; i < MAPPINGS; i++)
		ends[i] = 0;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t earliest = UINT64_MAX;
		size_t alive = 0;
		int which;

		chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
		which = (int)(chance >> 33) % MAPPINGS;
		/* Steps from 1 ns to some seconds, on a logarithmic scale. */
		now += UINT64_C(1) << (chance >> 58) % 33;
		ends[which] = now + config.model.udp.timeout_ns;
		for (int i = 0; i < MAPPINGS; i++) {
			if (ends[i] <= now)
				continue;
			alive++;
			if (ends[i] < earliest)
				earliest = ends[i];
		}
		assert_true(send(nat, (uint16_t)(2000 + which), now) == earliest);
		assert_int_equal(nat_mappings(nat, now, NULL, 0), alive);
	}
	nat_free(nat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_wake_is_the_earliest_end),
		cmocka_unit_test(the_wheel_agrees_with_a_list),
	};

	return cmocka_run_group_tests_name("timers, the wheel", tests, NULL, NULL) +
	       script_run_all("timers", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
