/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 4787, 5, under each mapping: the inside host has sent to 11.1.1.2:7; who may send to the
 * outside endpoint that it did so from?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat_script.h"

static const struct row {
	const char *name;
	enum nat_scope filtering;
	const char *from;
	uint64_t at;
	enum nat_outcome want;
} rows[] = {
	{ "EIF admits a stranger", NAT_EI, "11.1.2.2:9", SEC, NAT_FORWARD },
	{ "EIF admits whom it was sent to", NAT_EI, "11.1.1.2:7", SEC, NAT_FORWARD },
	{ "ADF admits a new port", NAT_AD, "11.1.1.2:9", SEC, NAT_FORWARD },
	{ "ADF stops a stranger", NAT_AD, "11.1.2.2:7", SEC, NAT_DROP },
	{ "APDF admits whom it was sent to", NAT_APD, "11.1.1.2:7", SEC, NAT_FORWARD },
	{ "APDF stops a new port", NAT_APD, "11.1.1.2:9", SEC, NAT_DROP },
	{ "APDF stops a stranger", NAT_APD, "11.1.2.2:7", SEC, NAT_DROP },
	{ "alive 1 ns before its timeout", NAT_APD, "11.1.1.2:7", 300 * SEC - 1, NAT_FORWARD },
	{ "gone exactly at its timeout", NAT_EI, "11.1.1.2:7", 300 * SEC, NAT_DROP },
};

static void answer(struct nat *nat, const struct row *row)
{
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat_decision decision;
	char text[128];

	snprintf(text, sizeof(text), "UDP %s > 11.2.0.1:4000", row->from);
	script_write(&pkt, text);
	decision = nat_process(nat, NAT_OUTSIDE, &pkt, row->at);
	assert_int_equal(decision.outcome, row->want);
	if (row->want == NAT_FORWARD) {
		snprintf(text, sizeof(text), "UDP %s > 192.168.1.2:4000", row->from);
		script_expect_packet(&pkt, text, row->name);
		assert_int_equal(decision.reason, NAT_REASON_MAPPING);
		return;
	}
	assert_int_equal(decision.reason,
			 row->at < 300 * SEC ? NAT_REASON_FILTERED : NAT_REASON_NO_MAPPING);
}

static void every_mapping(void **state)
{
	const struct row *row = *state;
	struct script_step out = { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:7",
				   "UDP 11.2.0.1:4000 > 11.1.1.2:7" };

	for (int scope = NAT_EI; scope <= NAT_APD; scope++) {
		struct script_config config;
		struct nat *nat;

		script_defaults(&config);
		config.model.udp.mapping = (enum nat_scope)scope;
		config.model.udp.filtering = row->filtering;
		nat = script_nat(&config);
		script_step(nat, &out, row->name);
		answer(nat, row);
		nat_free(nat);
	}
}

static void scopes(struct script_config *c, enum nat_scope map, enum nat_scope filter)
{
	c->model.udp.mapping = map;
	c->model.udp.filtering = filter;
}

static void apd_ad(struct script_config *c)
{
	scopes(c, NAT_APD, NAT_AD);
}

static void ad_apd(struct script_config *c)
{
	scopes(c, NAT_AD, NAT_APD);
}

static void ei_ad(struct script_config *c)
{
	scopes(c, NAT_EI, NAT_AD);
}

static void ei_apd(struct script_config *c)
{
	scopes(c, NAT_EI, NAT_APD);
}

static void ad_ei(struct script_config *c)
{
	scopes(c, NAT_AD, NAT_EI);
}

static void apd_apd(struct script_config *c)
{
	scopes(c, NAT_APD, NAT_APD);
}

/* The permission goes with the mapping that it was sent through. */
static void apd_ad_short(struct script_config *c)
{
	apd_ad(c);
	c->model.udp.timeout_ns = 10 * SEC;
}

/* RFC 7857, 6, where filters forget whom nobody has spoken to for 100 s. */
static void shared_and_forgetful(struct script_config *c)
{
	c->model.shared_filters = true;
	c->model.udp.permission_ns = 100 * SEC;
	c->model.tcp.permission_ns = 200 * SEC;
	c->model.tcp.timeout_ns = c->model.tcp.timeout_two_way_ns = 1000 * SEC;
}

static void shared_forgetful_and_overloading(struct script_config *c)
{
	shared_and_forgetful(c);
	c->model.tcp.collision = NAT_COLLISION_OVERLOAD;
}

static void shared_at_once(struct script_config *c)
{
	c->model.shared_mappings = c->model.shared_filters = true;
}

static void ad_ad_dependent(struct script_config *c)
{
	scopes(c, NAT_AD, NAT_AD);
	c->model.udp.collision = NAT_COLLISION_DEPENDENT;
}

static void shared(struct script_config *c)
{
	c->model.shared_filters = true;
}

static void shared_and_overloading(struct script_config *c)
{
	shared(c);
	c->model.udp.collision = c->model.tcp.collision = NAT_COLLISION_OVERLOAD;
}

static void shared_with_dmz(struct script_config *c)
{
	shared(c);
	c->nat.dmz = script_addr("192.168.1.3");
	c->model.tcp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.tcp.port_min = 2000;
}

static void shared_and_poisoned(struct script_config *c)
{
	shared(c);
	c->model.udp.unsolicited = NAT_UNSOLICITED_POISON;
}

/* UDP's ports are not TCP's. */
static void shared_at_other_ports(struct script_config *c)
{
	shared(c);
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.port_min = 2000;
}

#define SYN_TO(remote) "TCP 192.168.1.2:4000 > " remote " SYN", "TCP 11.2.0.1:4000 > " remote
#define U_IN(remote) "UDP " remote " > 11.2.0.1:4000"
#define U_GOT(remote) U_IN(remote), "UDP " remote " > 192.168.1.2:4000"

#define I2 "UDP 192.168.1.2:4000"
#define T_IN "TCP 11.1.1.2:7 > 11.2.0.1:4000 "
#define T_GOT "TCP 11.1.1.2:7 > 192.168.1.2:4000"

static const struct script scripts[] = {
	{ "AD, ADF: sent through a mapping that has turned dependent on the port",
	  ad_ad_dependent,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "dropped: filtered" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "forwarded: new mapping" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "UDP 11.1.2.2:9 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.3.2:7 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "shared filters: a SYN that comes again is let in as the first was",
	  shared_and_forgetful,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { SEC, 'o', T_IN "SYN", T_GOT },
	    { 2 * SEC, 'o', T_IN "SYN", T_GOT },
	    { 100 * SEC - 1, 'o', T_IN "SYN", T_GOT },
	    { 100 * SEC, 'o', T_IN "SYN", "dropped: filtered" },
	    { 150 * SEC, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN",
	      "TCP 11.2.0.1:4000 > 11.1.1.2:7" },
	    { 349 * SEC, 'o', T_IN "SYN", T_GOT },
	    { 350 * SEC, 'o', T_IN "SYN", "dropped: filtered" } } },
	{ "… and where ports are shared, too",
	  shared_forgetful_and_overloading,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { SEC, 'o', T_IN "SYN", T_GOT },
	    { 2 * SEC, 'o', T_IN "SYN", T_GOT },
	    { 100 * SEC, 'o', T_IN "SYN", "dropped: filtered" } } },
	{ "… and where the protocol has a mapping of its own there",
	  shared_at_once,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.2.2:7 SYN", "TCP 11.2.0.1:4000 > 11.1.2.2:7" },
	    { 0, 'o', T_IN "SYN", "dropped: filtered" },
	    { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', T_IN "SYN", T_GOT },
	    { 0, 'o', "TCP 11.1.1.2:8 > 11.2.0.1:4000 SYN", "dropped: filtered" } } },
	{ "shared filters: all whom TCP has opened for, and no stranger",
	  shared,
	  { { 0, 'i', SYN_TO("11.1.1.2:7") },
	    { 0, 'i', SYN_TO("11.1.1.3:9") },
	    { 0, 'o', U_IN("11.1.1.4:7"), "dropped: no mapping" },
	    { 0, 'o', U_GOT("11.1.1.2:7") },
	    { 0, 'o', U_GOT("11.1.1.3:9") },
	    { 0, 'o', U_IN("11.1.1.4:7"), "dropped: filtered" } } },
	{ "… after UDP has spoken elsewhere",
	  shared,
	  { { 0, 'i', I2 " > 11.1.1.3:9", "UDP 11.2.0.1:4000" },
	    { 0, 'i', SYN_TO("11.1.1.2:7") },
	    { 0, 'o', U_GOT("11.1.1.2:7") },
	    { 0, 'o', U_IN("11.1.1.4:7"), "dropped: filtered" } } },
	{ "… where ports are shared: first, second, and none",
	  shared_and_overloading,
	  { { 0, 'i', SYN_TO("11.1.1.2:7") },
	    { 0, 'i', SYN_TO("11.1.1.3:9") },
	    { 0, 'o', U_GOT("11.1.1.2:7") },
	    { 0, 'o', U_GOT("11.1.1.3:9") },
	    { 0, 'o', U_IN("11.1.1.4:7"), "dropped: filtered" } } },
	{ "… where ports are shared: each remote endpoint, its own host",
	  shared_and_overloading,
	  { { 0, 'i', I2 " > 11.1.1.9:9", "UDP 11.2.0.1:4000" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.8:9", "UDP 11.2.0.1:4000" },
	    { 0, 'i', SYN_TO("11.1.1.2:7") },
	    { 0, 'i', "TCP 192.168.1.3:4000 > 11.1.1.3:9 SYN", "TCP 11.2.0.1:4000" },
	    { 0, 'o', U_IN("11.1.1.3:9"), "UDP 11.1.1.3:9 > 192.168.1.3:4000" },
	    { 0, 'o', U_GOT("11.1.1.2:7") },
	    { 0, 'o', U_IN("11.1.1.4:7"), "dropped: filtered" } } },
	{ "… what a stranger has opened to the DMZ host opens nothing",
	  shared_with_dmz,
	  { { 0, 'o', U_IN("11.1.1.2:7"), "UDP 11.1.1.2:7 > 192.168.1.3:4000" },
	    { 0, 'o', T_IN "SYN", "TCP 11.1.1.2:7 > 192.168.1.3:4000" },
	    { 0, 'i', "TCP 192.168.1.3:4000 > 11.1.1.9:9 SYN", "TCP 11.2.0.1:2000" } } },
	{ "… nor what one has opened to the router",
	  shared_and_poisoned,
	  { { 0, 'o', U_IN("11.1.1.2:7"), "taken: taken by the router itself" },
	    { 0, 'o', T_IN "SYN", "dropped: no mapping" } } },
	{ "… an inside endpoint has one mapping, and is not called at another's port",
	  shared_at_other_ports,
	  { { 0, 'i', I2 " > 11.1.1.3:9", "UDP 11.2.0.1:2000" },
	    { 0, 'i', SYN_TO("11.1.1.2:7") },
	    { 0, 'o', U_IN("11.1.1.2:7"), "dropped: no mapping" },
	    { 0, 'i', I2 " > 11.1.1.3:9", "UDP 11.2.0.1:2000" } } },
	{ "EI, ADF: every address that was sent to has a permission",
	  ei_ad,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000",
	      "dropped: filtered, no permission for 11.1.2.2:9 (address-dependent)" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "UDP 11.1.2.2:9 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.1.2:9 > 11.2.0.1:4000", "UDP 11.1.1.2:9 > 192.168.1.2:4000" } } },
	{ "EI, APDF: a permission is the endpoint's, not another's of the host",
	  ei_apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'i', "UDP 192.168.1.2:4001 > 11.1.2.2:7", "UDP 11.2.0.1:4001" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4000", "dropped: filtered" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4001", "UDP 11.1.2.2:7 > 192.168.1.2:4001" } } },
	/* RFC 4787, 5 speaks of what X:x has sent, whichever of its mappings that left by. */
	{ "APD, ADF: sent through another mapping of the same endpoint",
	  apd_ad,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "dropped: filtered" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP 11.2.0.1:4001" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "UDP 11.1.2.2:9 > 192.168.1.2:4000" } } },
	{ "AD, APDF: the same",
	  ad_apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP 11.2.0.1:4001" },
	    { 0, 'i', I2 " > 11.1.2.2:8", "UDP 11.2.0.1:4001" },
	    { 0, 'o', "UDP 11.1.2.2:8 > 11.2.0.1:4000", "UDP 11.1.2.2:8 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "APD, APDF: the same",
	  apd_apd,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'i', I2 " > 11.1.2.2:7", "UDP 11.2.0.1:4001" },
	    { 0, 'o', "UDP 11.1.2.2:7 > 11.2.0.1:4000", "UDP 11.1.2.2:7 > 192.168.1.2:4000" },
	    { 0, 'o', "UDP 11.1.2.2:8 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "AD, EIF: a stranger comes in, and the answer leaves by a mapping of its own",
	  ad_ei,
	  { { 0, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4000" },
	    { 0, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4000", "UDP 11.1.2.2:9 > 192.168.1.2:4000" },
	    { 0, 'i', I2 " > 11.1.2.2:9", "UDP 11.2.0.1:4001 > 11.1.2.2:9" } } },
	{ "a permission dies with the mapping that it was sent through",
	  apd_ad_short,
	  { { 0, 'i', I2 " > 11.1.2.2:7", "UDP 11.2.0.1:4000" },
	    { 5 * SEC, 'i', I2 " > 11.1.1.2:7", "UDP 11.2.0.1:4001" },
	    { 10 * SEC - 1, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4001",
	      "UDP 11.1.2.2:9 > 192.168.1.2:4000" },
	    { 10 * SEC, 'o', "UDP 11.1.2.2:9 > 11.2.0.1:4001", "dropped: filtered" } } },
};

/* Permissions come and go with their mappings, thousands of them, and none is left behind or
 * lost. */
static void permissions_come_and_go(void **state)
{
	enum { REMOTES = 700, LIVES = 6 };
	struct endpoint inside = script_endpoint("192.168.1.2:4000");
	struct endpoint outside = script_endpoint("11.2.0.1:4000");
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	nat = script_nat(&config);
	for (uint32_t life = 0; life < LIVES; life++) {
		uint64_t now = life * 300 * SEC;

		for (uint32_t i = 0; i < 2 * REMOTES; i++) {
			struct endpoint remote = { ip_addr_v4(0x0b010000 + i % REMOTES), 7 };
			uint8_t bytes[64];
			struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
			bool spoken_to = i % REMOTES % LIVES == life;

			/* First those of this life are sent to, then all send. */
			if (i < REMOTES && !spoken_to)
				continue;
			packet_make_udp(&pkt, i < REMOTES ? inside : remote,
					i < REMOTES ? remote : outside, 64, NULL, 0);
			assert_int_equal(
				nat_process(nat, i < REMOTES ? NAT_INSIDE : NAT_OUTSIDE, &pkt, now)
					.outcome,
				spoken_to ? NAT_FORWARD : NAT_DROP);
		}
	}
	nat_free(nat);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static const struct CMUnitTest many[] = { cmocka_unit_test(permissions_come_and_go) };
	struct CMUnitTest tests[ROWS];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = every_mapping,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	failed = cmocka_run_group_tests_name("filtering, each mapping", tests, NULL, NULL) +
		 cmocka_run_group_tests_name("permissions", many, NULL, NULL);
	return failed + script_run_all("filtering", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
