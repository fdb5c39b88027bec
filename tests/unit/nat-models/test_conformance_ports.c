/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 6888 and RFC 7422 (carrier-grade NATs), and NATs that misbehave: each with an engine that meets
 * a requirement and one that does not, packet by packet; from outside they are told apart by
 * probes/behave.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat-models/nat_state.h"
#include "nat_script.h"

#define FROM(host, port) "UDP 192.168.1." host ":" port " > 11.1.1.2:7"
#define BECOMES(outside) "UDP " outside " > 11.1.1.2:7"
#define TCP_FROM(host, port) "TCP 192.168.1." host ":" port " > 11.1.1.2:7"
#define TCP_BECOMES(outside) "TCP " outside " > 11.1.1.2:7"
#define OUT FROM("2", "4000")
#define SENT BECOMES("11.2.0.1:4000")
#define IN "UDP 11.1.1.2:7 > 11.2.0.1:4000"
#define GOT "UDP 11.1.1.2:7 > 192.168.1.2:4000"
#define GONE "dropped: no mapping"

static void small_blocks(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_BLOCK;
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2005;
	c->model.udp.block_size = 2;
}

static void two_blocks(struct script_config *c)
{
	small_blocks(c);
	c->model.udp.blocks_max = 2;
}

static void determined(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_DETERMINISTIC;
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2007;
	c->model.udp.block_size = 2;
	c->nat.pool_len = 2;
}

static void rests(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.keep_well_known = false;
	c->model.udp.port_min = 2000;
	c->model.udp.port_max = 2001;
	c->model.udp.timeout_ns = 10 * SEC;
	c->model.udp.reuse_ns = 120 * SEC;
}

static void never_rests(struct script_config *c)
{
	rests(c);
	c->model.udp.reuse_ns = 0;
}

/* RFC 6888 REQ-8's exceptions are made; that of filtering does not hold. */
static void rests_unless(struct script_config *c)
{
	rests(c);
	c->model.udp.reuse_exceptions = true;
	c->model.udp.filtering = NAT_EI;
}

static void rests_unless_determined(struct script_config *c)
{
	determined(c);
	c->model.udp.timeout_ns = 10 * SEC;
	c->model.udp.reuse_ns = 120 * SEC;
	c->model.udp.reuse_exceptions = true;
	c->model.udp.filtering = NAT_EI;
}

static void rests_unless_tracked(struct script_config *c)
{
	rests_unless(c);
	c->model.tcp = c->model.udp;
	c->model.tcp.tracking = NAT_TRACKING_LENIENT;
}

static void rests_tracked(struct script_config *c)
{
	rests_unless_tracked(c);
	c->model.tcp.reuse_exceptions = false;
}

static const struct ip_prefix exempt[] = { { { 0, 0xffff0b010200 }, 120 } };

static void exemption(struct script_config *c)
{
	c->nat.exempt = exempt;
	c->nat.exempt_len = 1;
}

static void exempt_by_model(struct script_config *c)
{
	exemption(c);
	c->model.exempt[0] = (struct ip_prefix){ ip_addr_v4(0x0b010300), 120 };
	c->model.exempt[1] = (struct ip_prefix){ ip_addr_v4(0x0b010409), 128 };
}

static void exempt_but_blocked(struct script_config *c)
{
	exemption(c);
	c->model.udp.blocked = true;
}

static void exempt_but_for_port(struct script_config *c)
{
	exemption(c);
	c->model.udp.outbound_ports[0] = 443;
}

static void firewall_with_exempt(struct script_config *c)
{
	exemption(c);
	c->model.kind = NAT_KIND_FIREWALL;
}

static void exempt_with_self(struct script_config *c)
{
	exempt_by_model(c);
	c->model.exempt[0] = (struct ip_prefix){ ip_addr_v4(0x0b020000), 112 };
	c->model.hairpin = NAT_HAIRPIN_EXTERNAL;
	c->model.udp.filtering = NAT_EI;
}

static void exempt_ports(struct script_config *c)
{
	c->model.udp.exempt_ports[0] = 53;
	c->model.udp.exempt_ports[1] = 7;
}

static void two_a_second(struct script_config *c)
{
	c->model.rate_host = 2;
}

static void leaks(struct script_config *c)
{
	c->model.max_mappings = 1;
	c->model.refusal = NAT_REFUSAL_LEAKED;
}

static void dependent(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_DEPENDENT;
	c->model.udp.port_min = 4000;
	c->model.udp.port_max = 4002;
}

static void forgetful(struct script_config *c)
{
	c->model.udp.permission_ns = 60 * SEC;
}

static void forgetful_by_address(struct script_config *c)
{
	forgetful(c);
	c->model.udp.filtering = NAT_AD;
}

static const struct script scripts[] = {
	{ "RFC 6888 REQ-4: a block is a host's limit",
	  small_blocks,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") },
	    { 0, 'i', FROM("2", "3"), "dropped: no free port" },
	    { 0, 'i', FROM("3", "1"), BECOMES("11.2.0.1:2002") } } },
	{ "RFC 6888 REQ-4: two blocks are",
	  two_blocks,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("3", "1"), BECOMES("11.2.0.1:2002") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") },
	    { 0, 'i', FROM("2", "3"), BECOMES("11.2.0.1:2004") },
	    { 0, 'i', FROM("2", "4"), BECOMES("11.2.0.1:2005") },
	    { 0, 'i', FROM("2", "5"), "dropped: no free port" },
	    { 0, 'i', FROM("4", "1"), "dropped: no free port" },
	    { 301 * SEC, 'i', FROM("4", "1"), BECOMES("11.2.0.1:2000") } } },
	{ "RFC 7422: the inside address says which ports",
	  determined,
	  { { 0, 'i', FROM("3", "9"), BECOMES("11.2.0.1:2006") },
	    { 0, 'i', FROM("3", "8"), BECOMES("11.2.0.1:2007") },
	    { 0, 'i', FROM("3", "7"), "dropped: no free port" },
	    { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2004") },
	    { 0, 'i', FROM("4", "1"), BECOMES("11.2.0.2:2000") },
	    { 0, 'i', FROM("7", "1"), BECOMES("11.2.0.2:2006") },
	    { 0, 'i', FROM("8", "1"), "dropped: no free port" } } },
	{ "RFC 6888 REQ-8: a port rests for 120 s",
	  rests,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") },
	    { 10 * SEC, 'i', FROM("3", "1"), "dropped: no free port" },
	    { 130 * SEC - 1, 'i', FROM("3", "1"), "dropped: no free port" },
	    { 130 * SEC, 'i', FROM("3", "1"), BECOMES("11.2.0.1:2000") } } },
	{ "RFC 6888 REQ-8 broken: it is another's at once",
	  never_rests,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") },
	    { 10 * SEC, 'i', FROM("3", "1"), BECOMES("11.2.0.1:2000") } } },
	{ "RFC 6888 REQ-8: nothing excepts a port that anybody may reach",
	  rests_unless,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") },
	    { 10 * SEC, 'i', FROM("3", "1"), "dropped: no free port" } } },
	{ "RFC 6888 REQ-8a: no rest where the NAT tracks connections",
	  rests_unless_tracked,
	  { { 0, 'i', TCP_FROM("2", "1") " SYN", TCP_BECOMES("11.2.0.1:2000") },
	    { 0, 'i', TCP_FROM("2", "2") " SYN", TCP_BECOMES("11.2.0.1:2001") },
	    { 10 * SEC, 'i', TCP_FROM("3", "1") " SYN", TCP_BECOMES("11.2.0.1:2000") } } },
	{ "RFC 6888 REQ-8: one that tracks them may let ports rest",
	  rests_tracked,
	  { { 0, 'i', TCP_FROM("2", "1") " SYN", TCP_BECOMES("11.2.0.1:2000") },
	    { 0, 'i', TCP_FROM("2", "2") " SYN", TCP_BECOMES("11.2.0.1:2001") },
	    { 10 * SEC, 'i', TCP_FROM("3", "1") " SYN", "dropped: no free port" } } },
	{ "RFC 6888 REQ-8b: no rest where the inside address says which ports",
	  rests_unless_determined,
	  { { 0, 'i', FROM("3", "9"), BECOMES("11.2.0.1:2006") },
	    { 0, 'i', FROM("3", "8"), BECOMES("11.2.0.1:2007") },
	    { 10 * SEC, 'i', FROM("3", "7"), BECOMES("11.2.0.1:2006") } } },
	{ "RFC 6888 REQ-6: destinations that are not translated for",
	  exemption,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.9:7", "UDP 192.168.1.2:4000 > 11.1.2.9:7" },
	    { 0, 'o', "UDP 11.1.2.9:8 > 192.168.1.2:5", "UDP 11.1.2.9:8 > 192.168.1.2:5" },
	    { 0, 'o', "UDP 11.1.3.9:8 > 192.168.1.2:5", GONE } } },
	{ "RFC 6888 REQ-6: those of the model beside those of the configuration",
	  exempt_by_model,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.9:7", "UDP 192.168.1.2:4000 > 11.1.2.9:7" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.3.9:7", "UDP 192.168.1.2:4000 > 11.1.3.9:7" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.4.9:7", "UDP 192.168.1.2:4000 > 11.1.4.9:7" },
	    { 0, 'o', "UDP 11.1.4.9:8 > 192.168.1.2:5", "UDP 11.1.4.9:8 > 192.168.1.2:5" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.4.8:7", "UDP 11.2.0.1:4000 > 11.1.4.8:7" } } },
	{ "RFC 6888 REQ-6: the NAT's own address is nobody's exemption, from outside",
	  exemption,
	  { { 0, 'o', "UDP 11.1.2.9:8 > 11.2.0.1:5", GONE },
	    { 0, 'o', "UDP 11.1.2.9:8 > 11.1.3.9:5", GONE } } },
	{ "… nor from inside",
	  exempt_with_self,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
	      "UDP 11.2.0.1:5000 > 192.168.1.2:4000" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.2.0.9:7",
	      "UDP 192.168.1.2:4000 > 11.2.0.9:7" } } },
	{ "… and what is blocked stays so",
	  exempt_but_blocked,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.9:7", "dropped: protocol blocked" },
	    { 0, 'o', "UDP 11.1.2.9:8 > 192.168.1.2:5", "dropped: protocol blocked" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.2.9:7 SYN",
	      "TCP 192.168.1.2:4000 > 11.1.2.9:7 SYN" } } },
	{ "… and ports that may not be sent to",
	  exempt_but_for_port,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.9:7",
	      "dropped: nothing goes out to this port" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.2.9:443",
	      "UDP 192.168.1.2:4000 > 11.1.2.9:443" },
	    { 0, 'o', "UDP 11.1.2.9:8 > 192.168.1.2:5", "UDP 11.1.2.9:8 > 192.168.1.2:5" } } },
	{ "… and whom a firewall keeps out",
	  firewall_with_exempt,
	  { { 0, 'o', "UDP 11.1.2.9:8 > 192.168.1.2:5", GONE },
	    { 0, 'i', "UDP 192.168.1.2:5 > 11.1.2.9:8", "UDP 192.168.1.2:5 > 11.1.2.9:8" },
	    { 0, 'o', "UDP 11.1.2.9:8 > 192.168.1.2:5", "UDP 11.1.2.9:8 > 192.168.1.2:5" } } },
	{ "RFC 6888 REQ-6: ports that are not translated for, of one protocol",
	  exempt_ports,
	  { { 0, 'i', OUT, OUT },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:4000" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:8", "UDP 11.2.0.1:4000 > 11.1.1.2:8" },
	    { 0, 'o', "UDP 11.1.1.2:7 > 192.168.1.2:4000", GOT },
	    { 0, 'o', "UDP 11.1.1.2:53 > 192.168.1.9:1", "UDP 11.1.1.2:53 > 192.168.1.9:1" },
	    { 0, 'o', "UDP 11.1.1.2:8 > 192.168.1.2:4000", GONE } } },
	{ "RFC 6888 REQ-4C: so many at once as in a second, then each in its time",
	  two_a_second,
	  { { 0, 'i', FROM("2", "1"), "forwarded: new mapping" },
	    { 0, 'i', FROM("2", "2"), "forwarded: new mapping" },
	    { 0, 'i', FROM("2", "3"), "dropped: inside host opens mappings too fast" },
	    { 0, 'i', FROM("2", "1"), "forwarded: known mapping" },
	    { 0, 'i', FROM("3", "1"), "forwarded: new mapping" },
	    { SEC / 2 - 1, 'i', FROM("2", "3"), "dropped: inside host opens mappings too fast" },
	    { SEC / 2, 'i', FROM("2", "3"), "forwarded: new mapping" },
	    { SEC / 2, 'i', FROM("2", "4"), "dropped: inside host opens mappings too fast" } } },
	{ "RFC 6888 REQ-11A broken: what gets no mapping leaks",
	  leaks,
	  { { 0, 'i', OUT, SENT }, { 0, 'i', FROM("3", "1"), FROM("3", "1") } } },
	{ "RFC 4787 REQ-11 broken: dependent once two want one port",
	  dependent,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.3:7", "UDP 11.2.0.1:4000 > 11.1.1.3:7" },
	    { 0, 'i', FROM("3", "4000"), "forwarded: new mapping" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.3:7", "forwarded: new mapping" },
	    { 0, 'i', FROM("3", "4000"), "forwarded: known mapping" },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.4:7", "dropped: no free port" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.4:7", "UDP 11.2.0.1:4000 > 11.1.1.4:7" } } },
	{ "REQ-11: not so",
	  NULL,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', FROM("3", "4000"), BECOMES("11.2.0.1:4001") },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.3:7", "UDP 11.2.0.1:4001 > 11.1.1.3:7" } } },
	{ "a filter that forgets before the mapping ends",
	  forgetful,
	  { { 0, 'i', OUT, SENT },
	    { SEC, 'i', "UDP 192.168.1.2:4000 > 11.1.1.3:7", "UDP 11.2.0.1:4000 > 11.1.1.3:7" },
	    { 60 * SEC - 1, 'o', IN, GOT },
	    { 60 * SEC, 'o', IN, "dropped: filtered" },
	    { 60 * SEC, 'o', "UDP 11.1.1.3:7 > 11.2.0.1:4000",
	      "UDP 11.1.1.3:7 > 192.168.1.2:4000" },
	    { 61 * SEC, 'o', "UDP 11.1.1.3:7 > 11.2.0.1:4000", "dropped: filtered" },
	    { 61 * SEC, 'i', OUT, "forwarded: known mapping" },
	    { 61 * SEC, 'o', IN, GOT } } },
	{ "a filter that forgets addresses",
	  forgetful_by_address,
	  { { 0, 'i', OUT, SENT },
	    { 60 * SEC - 1, 'o', "UDP 11.1.1.2:9 > 11.2.0.1:4000", "forwarded: known mapping" },
	    { 60 * SEC, 'o', "UDP 11.1.1.2:9 > 11.2.0.1:4000", "dropped: filtered" } } },
	{ "a filter that remembers as long as the mapping",
	  NULL,
	  { { 0, 'i', OUT, SENT }, { 300 * SEC - 1, 'o', IN, GOT } } },
};

static struct nat *make(void (*tune)(struct script_config *config))
{
	struct script_config config;

	script_defaults(&config);
	if (tune)
		tune(&config);
	return script_nat(&config);
}

static void in_sequence(struct script_config *c)
{
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.port_min = 2000;
}

static void one_to_one(struct script_config *c)
{
	c->model.kind = NAT_KIND_ONE_TO_ONE;
}

static void holds(struct script_config *c)
{
	c->model.tcp.unsolicited = NAT_UNSOLICITED_HOLD;
}

enum { REBOOT_STEPS = 3 };

static const struct reboot_row {
	const char *name;
	void (*tune)(struct script_config *config);
	struct script_step before[REBOOT_STEPS],
		after[REBOOT_STEPS]; /* up to one without a packet */
} reboot_rows[] = {
	{ "mappings, and ports that rest",
	  rests,
	  { { 0, 'i', FROM("2", "1"), BECOMES("11.2.0.1:2000") },
	    { 0, 'i', FROM("2", "2"), BECOMES("11.2.0.1:2001") } },
	  { { SEC, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:2000", GONE },
	    { SEC, 'i', FROM("3", "1"), BECOMES("11.2.0.1:2000") } } },
	{ "how far the ports were given",
	  in_sequence,
	  { { 0, 'i', FROM("2", "4000"), BECOMES("11.2.0.1:2000") } },
	  { { SEC, 'i', FROM("3", "4000"), BECOMES("11.2.0.1:2000") } } },
	{ "which host has which address",
	  one_to_one,
	  { { 0, 'i', OUT, SENT }, { 0, 'i', FROM("3", "4000"), "dropped: no free port" } },
	  { { SEC, 'i', FROM("3", "4000"), SENT } } },
	{ "a SYN that waits for its answer",
	  holds,
	  { { 0, 'o', "TCP 11.1.1.2:7 > 11.2.0.1:4000 SYN", "held: unsolicited SYN" } },
	  { { 6 * SEC, 'p', "", "nothing" } } },
	{ "whom the filter remembers",
	  forgetful,
	  { { 0, 'i', OUT, SENT } },
	  { { SEC, 'o', IN, GONE } } },
};

static void a_reboot_drops_all_state(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(reboot_rows) / sizeof(reboot_rows[0]); r++) {
		const struct reboot_row *row = &reboot_rows[r];
		struct nat *nat = make(row->tune);

		for (int i = 0; i < REBOOT_STEPS && row->before[i].packet; i++)
			script_step(nat, &row->before[i], row->name);
		nat_reboot(nat, SEC);
		assert_int_equal(nat_mappings(nat, SEC, NULL, 0), 0);
		assert_int_equal(nat->permission_clock.count, 0);
		assert_true(nat_next_wake(nat) == UINT64_MAX);
		assert_true(nat_next_answer(nat) == UINT64_MAX);
		for (int i = 0; i < REBOOT_STEPS && row->after[i].packet; i++)
			script_step(nat, &row->after[i], row->name);
		nat_free(nat);
	}
}

static void an_address_changes(void **state)
{
	static const struct script_step before = { 0, 'i', OUT, SENT };
	static const struct script_step after[] = {
		{ SEC, 'o', IN, GONE },
		{ SEC, 'i', OUT, BECOMES("11.9.9.9:4000") },
		{ SEC, 'o', "UDP 11.1.1.2:7 > 11.9.9.9:4000", GOT },
	};
	struct ip_addr pool[2] = { script_addr("11.9.9.9"), script_addr("11.9.9.10") };
	struct nat *nat = make(NULL);

	(void)state;
	script_step(nat, &before, "before");
	assert_int_equal(nat_set_pool(nat, pool, 2, SEC), -EINVAL);
	assert_true(nat_owns_outside(nat, script_addr("11.2.0.1")));
	assert_int_equal(nat_set_pool(nat, pool, 1, SEC), 0);
	assert_true(nat_owns_outside(nat, pool[0]));
	assert_false(nat_owns_outside(nat, script_addr("11.2.0.1")));
	for (size_t i = 0; i < 3; i++)
		script_step(nat, &after[i], "after");
	nat_free(nat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reboot_drops_all_state),
		cmocka_unit_test(an_address_changes),
	};

	return cmocka_run_group_tests_name("conformance, ports", tests, NULL, NULL) +
	       script_run_all("conformance, ports", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
