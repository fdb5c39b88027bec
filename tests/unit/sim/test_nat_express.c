/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which models nftables can express, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "sim/live/live.h"

struct row {
	const char *model;
	void (*change)(struct nat_model *model); /* NULL = as in the catalog */
	const char *why; /* NULL = expressible */
};

static void parity(struct nat_model *model)
{
	model->udp.parity = true;
}

static void steal(struct nat_model *model)
{
	model->tcp.collision = NAT_COLLISION_STEAL;
}

static void inbound_refresh(struct nat_model *model)
{
	model->udp.refresh = NAT_REFRESH_INBOUND;
}

static void no_refresh(struct nat_model *model)
{
	model->udp.refresh = NAT_REFRESH_NONE;
}

static void short_permission(struct nat_model *model)
{
	model->udp.permission_ns = 1000000000;
}

static void dependent(struct nat_model *model)
{
	model->udp.collision = NAT_COLLISION_DEPENDENT;
}

static void both_refresh(struct nat_model *model)
{
	model->udp.refresh = NAT_REFRESH_BOTH;
}

static void second_timer(struct nat_model *model)
{
	model->udp.timeout_two_way_ns = 2 * model->udp.timeout_ns;
}

static void internal_hairpin(struct nat_model *model)
{
	model->hairpin = NAT_HAIRPIN_INTERNAL;
}

static void limit(struct nat_model *model)
{
	model->max_mappings = 10;
}

static void open_echo(struct nat_model *model)
{
	model->icmp.filtering = NAT_EI;
}

static void loose_filter(struct nat_model *model)
{
	model->udp.filtering = NAT_EI;
}

static void short_two_way(struct nat_model *model)
{
	model->udp.two_way_after_ns = 1000000000;
}

static void half_second(struct nat_model *model)
{
	model->udp.timeout_ns = 500000000;
}

static void unknown_word(struct nat_model *model)
{
	strcpy(model->kernel, "mascarade");
}

/* Blocked protocols do nothing that could not be expressed. */
static void blocked_parity(struct nat_model *model)
{
	model->udp.parity = true;
	model->udp.blocked = true;
}

static void no_fragments(struct nat_model *model)
{
	model->fragments = NAT_FRAGMENTS_DROP;
}

static void ordered_fragments(struct nat_model *model)
{
	model->fragments = NAT_FRAGMENTS_IN_ORDER;
}

static void one_fragment(struct nat_model *model)
{
	model->fragments_held = 1;
}

static void brief_fragments(struct nat_model *model)
{
	model->fragment_ns = 1000000000;
}

static void error_ends(struct nat_model *model)
{
	model->icmp.on_error = NAT_ERROR_END;
}

static void error_refreshes(struct nat_model *model)
{
	model->icmp.on_error = NAT_ERROR_REFRESH;
}

static void kept_quote(struct nat_model *model)
{
	model->icmp.quote = NAT_QUOTE_KEPT;
}

static void kept_checksum(struct nat_model *model)
{
	model->icmp.quote = NAT_QUOTE_CHECKSUM;
}

static void no_errors(struct nat_model *model)
{
	model->icmp.errors = false;
}

static void no_hairpinned_errors(struct nat_model *model)
{
	model->icmp.hairpinned_errors = false;
}

static void unverified(struct nat_model *model)
{
	model->icmp.verify = false;
}

static void no_quoted_options(struct nat_model *model)
{
	model->icmp.quoted_options = false;
}

static void checked_quotes(struct nat_model *model)
{
	model->icmp.quoted_checksum = NAT_QUOTED_CHECKED;
}

static void unquenched(struct nat_model *model)
{
	model->icmp.error_types = 1 << NAT_ERROR_TYPE_UNREACHABLE | 1 << NAT_ERROR_TYPE_TIME;
}

static void half_second_echo(struct nat_model *model)
{
	model->icmp.timeout_ns = 500000000;
}

static void expires_unsaid(struct nat_model *model)
{
	model->icmp.time_exceeded = false;
}

static void silent(struct nat_model *model)
{
	model->icmp.ping_answered = false;
}

static void leaks(struct nat_model *model)
{
	model->refusal = NAT_REFUSAL_LEAKED;
}

static void rate(struct nat_model *model)
{
	model->rate_host = 10;
}

static void exempt_port(struct nat_model *model)
{
	model->tcp.exempt_ports[0] = 80;
}

static void refresh_refused(struct nat_model *model)
{
	model->udp.refresh_refused = true;
}

static void shy_errors(struct nat_model *model)
{
	model->icmp.any_source = false;
}

static void codes_lost(struct nat_model *model)
{
	model->icmp.code_kept = false;
}

static void sender_shown(struct nat_model *model)
{
	model->icmp.sender_hidden = false;
}

static void stray_errors(struct nat_model *model)
{
	model->icmp.strays = true;
}

static void prohibits(struct nat_model *model)
{
	model->refusal = NAT_REFUSAL_PROHIBITED;
}

static void black_hole(struct nat_model *model)
{
	model->too_big = NAT_TOO_BIG_DROPPED;
}

static void cuts(struct nat_model *model)
{
	model->too_big = NAT_TOO_BIG_CUT;
}

static void overlap(struct nat_model *model)
{
	model->overlap = true;
}

static void ip_id(struct nat_model *model)
{
	model->ip_id = true;
}

static void strict(struct nat_model *model)
{
	model->tcp.tracking = NAT_TRACKING_STRICT;
}

static void no_tracking(struct nat_model *model)
{
	model->tcp.tracking = NAT_TRACKING_NONE;
}

static void one_way_syns(struct nat_model *model)
{
	model->tcp.simultaneous_open = false;
}

static void drops_rst(struct nat_model *model)
{
	model->tcp.rst = NAT_RST_DROP;
}

static void closing(struct nat_model *model)
{
	model->tcp.closing_ns = 1000000000;
}

static void reset(struct nat_model *model)
{
	model->tcp.reset_ns = 1000000000;
}

static void brief_transitory(struct nat_model *model)
{
	model->tcp.timeout_ns = 60000000000;
}

static void no_window(struct nat_model *model)
{
	model->tcp.out_of_window = true;
}

static void window(struct nat_model *model)
{
	model->tcp.out_of_window = false;
}

static void hold(struct nat_model *model)
{
	model->tcp.unsolicited = NAT_UNSOLICITED_HOLD;
}

static void any_port(struct nat_model *model)
{
	model->udp.keep_well_known = false;
}

static void low(struct nat_model *model)
{
	model->udp.keep_low = true;
}

static void not_low(struct nat_model *model)
{
	model->tcp.keep_low = false;
}

static void few_ports(struct nat_model *model)
{
	model->udp.port_max = 2000;
}

static void rest(struct nat_model *model)
{
	model->udp.reuse_ns = 1000000000;
}

static void determined(struct nat_model *model)
{
	model->udp.ports = NAT_PORTS_DETERMINISTIC;
}

static void hairpins_udp(struct nat_model *model)
{
	model->tcp.hairpin = false;
}

static const struct row rows[] = {
	{ "no-nat", NULL, NULL },
	{ "full-cone", NULL, NULL },
	{ "ad-ad", NULL, NULL },
	{ "ad-apd", NULL, NULL },
	{ "ad-ei", NULL, NULL },
	{ "apd-ad", NULL, NULL },
	{ "apd-apd", NULL, NULL },
	{ "apd-ei", NULL, NULL },
	{ "ei-ad", NULL, NULL },
	{ "ei-apd", NULL, NULL },
	{ "ei-ei", NULL, NULL },
	{ "restricted-cone", NULL, NULL },
	{ "port-restricted-cone", NULL, NULL },
	{ "symmetric", NULL, NULL },
	{ "symmetric-random", NULL, NULL },
	{ "symmetric-firewall", NULL, NULL },
	{ "udp-blocked", NULL, NULL },
	{ "linux-masquerade-input-drop", NULL, NULL },
	{ "linux-masquerade-random", NULL, NULL },
	{ "linux-masquerade", NULL, NULL },
	{ "one-to-one", NULL, NULL },
	{ "symmetric-sequential", NULL, NULL },
	{ "symmetric-sequential-2", NULL, "its ports go in steps other than +1" },
	{ "carrier-grade", NULL, "it has several outside addresses" },
	{ "full-cone", parity, "it keeps the parity of ports" },
	{ "full-cone", blocked_parity, NULL },
	{ "full-cone", steal, "a newcomer takes a port from its owner" },
	{ "full-cone", inbound_refresh, "its mappings are refreshed by inbound packets only" },
	{ "full-cone", no_refresh, "nothing refreshes its mappings, and conntrack's entries are" },
	{ "full-cone", short_permission, "its permissions end before its mappings" },
	{ "linux-masquerade", short_permission,
	  "conntrack has one timer for a mapping and its permission" },
	{ "full-cone", dependent, "a newcomer's mappings turn dependent on the destination" },
	{ "full-cone", both_refresh, NULL },
	{ "full-cone", second_timer, "it has a second UDP timer for two-way traffic" },
	{ "full-cone", half_second, NULL },
	{ "full-cone", internal_hairpin, "it hairpins with the sender's inside endpoint" },
	{ "full-cone", limit, "its table has a limit" },
	{ "full-cone", open_echo, "anybody may send it echo replies" },
	{ "full-cone", unknown_word, "its `kernel` is no ruleset that is known here" },
	{ "linux-masquerade", loose_filter, "conntrack lets in only what belongs to a connection" },
	{ "linux-masquerade", short_two_way, "conntrack takes traffic for two-way after 2 s" },
	{ "linux-masquerade", half_second, "conntrack's timers count whole seconds" },
	{ "full-cone", no_fragments, "conntrack takes fragments in any order" },
	{ "linux-masquerade", ordered_fragments, "conntrack takes fragments in any order" },
	{ "full-cone", one_fragment,
	  "the kernel's room for fragments is not counted by datagrams" },
	{ "symmetric-firewall", brief_fragments, "the kernel keeps fragments for 30 s" },
	{ "full-cone", error_ends, "ICMP errors change nothing in conntrack" },
	{ "one-to-one", error_refreshes, "ICMP errors change nothing in conntrack" },
	{ "full-cone", kept_quote,
	  "conntrack translates what ICMP errors quote, and its checksums" },
	{ "symmetric-firewall", kept_quote, NULL },
	{ "linux-masquerade", kept_checksum,
	  "conntrack translates what ICMP errors quote, and its checksums" },
	{ "full-cone", no_errors, NULL },
	{ "full-cone", no_hairpinned_errors,
	  "conntrack translates errors about hairpinned packets, too" },
	{ "linux-masquerade", no_hairpinned_errors, NULL },
	{ "full-cone", unverified, "conntrack verifies ICMP errors" },
	{ "full-cone", no_quoted_options, "conntrack understands IP options in quotes" },
	{ "full-cone", checked_quotes,
	  "conntrack does not look at the checksum of a quoted transport" },
	{ "full-cone", unquenched, "conntrack lets every type of ICMP error pass" },
	{ "full-cone", half_second_echo, "conntrack's timer for ICMP counts whole seconds" },
	{ "no-nat", expires_unsaid, "the kernel answers for a packet whose TTL ends" },
	{ "full-cone", silent, NULL },
	{ "no-nat", silent, "a router answers pings" },
	{ "full-cone", prohibits, "the kernel drops what gets no mapping, in silence" },
	{ "full-cone", leaks, "the kernel drops what gets no mapping, in silence" },
	{ "full-cone", rate, "its table has a limit" },
	{ "full-cone", exempt_port, "it does not translate for some destinations" },
	{ "full-cone", refresh_refused, "what is dropped refreshes nothing" },
	{ "full-cone", shy_errors, "conntrack takes ICMP errors from anybody" },
	{ "full-cone", codes_lost, "conntrack leaves ICMP's codes" },
	{ "full-cone", sender_shown, "conntrack translates the source of ICMP errors, too" },
	{ "full-cone", stray_errors, "conntrack drops ICMP errors about nothing" },
	{ "full-cone", black_hole,
	  "the kernel tells who sends what is too big, or cuts what may be cut" },
	{ "no-nat", cuts, "the kernel tells who sends what is too big, or cuts what may be cut" },
	{ "full-cone", overlap, "it reaches outside hosts of the inside network's range" },
	{ "full-cone", ip_id, "it gives out identifications of its own" },
	{ "full-cone", strict, "conntrack follows TCP's connections, and is lenient" },
	{ "linux-masquerade", strict, "conntrack follows TCP's connections, and is lenient" },
	{ "symmetric-firewall", strict, "conntrack follows TCP's connections, and is lenient" },
	{ "linux-masquerade", no_tracking, "conntrack follows TCP's connections, and is lenient" },
	{ "full-cone", one_way_syns, "conntrack lets SYNs cross" },
	{ "linux-masquerade", one_way_syns, "conntrack lets SYNs cross" },
	{ "full-cone", drops_rst, "a RST ends nothing in its maps, and passes" },
	{ "linux-masquerade", drops_rst,
	  "a RST ends conntrack's entry where nothing had answered" },
	{ "full-cone", closing, "its maps have no timer for connections that close" },
	{ "linux-masquerade", closing, "conntrack gives TCP 120 s to open and to close" },
	{ "full-cone", reset, "its maps have no timer for connections that were reset" },
	{ "linux-masquerade", reset, "conntrack's entries outlive a RST by 10 s" },
	{ "linux-masquerade", brief_transitory, "conntrack gives TCP 120 s to open and to close" },
	{ "linux-masquerade", no_window, NULL },
	{ "full-cone", window, NULL },
	{ "symmetric-firewall", window, "its firewall looks at no windows" },
	{ "full-cone", hold, "it holds SYNs that nobody asked for" },
	{ "one-to-one", hold, "its one-to-one NAT answers strays" },
	{ "full-cone", any_port, NULL },
	{ "full-cone", low, "it keeps ports below 512 among their own" },
	{ "linux-masquerade", not_low, "masquerade keeps ports below 512 among their own" },
	{ "full-cone", few_ports, NULL },
	{ "linux-masquerade", few_ports, "masquerade gives ports from 1024 to 65535" },
	{ "full-cone", rest, "ports that were given back rest" },
	{ "linux-masquerade", rest, "conntrack's ports do not rest" },
	{ "full-cone", determined, "inside hosts own blocks of ports" },
	{ "full-cone", hairpins_udp, "it hairpins some transports only" },
	{ "linux-masquerade", hairpins_udp, NULL },
	{ "linux-masquerade", open_echo, "anybody may send it echo replies" },
	{ "symmetric-firewall", limit, "its table has a limit" },
	{ "ipv6-firewall", NULL, "it is for IPv6, which only the engine serves" },
	{ "nat64", NULL, "it is for IPv6, which only the engine serves" },
};

static void each_row_is_as_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct nat_model model;
		struct model_error error;
		char why[160] = "";
		bool can;

		assert_int_equal(nat_model_find(rows[i].model, &model, &error), 0);
		if (rows[i].change)
			rows[i].change(&model);
		can = live_nat_expressible(&model, why, sizeof(why));
		if (can != !rows[i].why || strcmp(why, rows[i].why ? rows[i].why : "") != 0)
			fail_msg("row %zu, %s: got \"%s\"", i, rows[i].model, why);
	}
}

/* Of which models strangers' connections are answered from the port that was asked, wherever the
 * model would answer from another. */
static void strangers_connections(void **state)
{
	static const struct {
		const char *model;
		bool as_modelled;
	} models[] = {
		{ "no-nat", true },	{ "ei-ei", true },     { "ei-ad", true },
		{ "ei-apd", true },	{ "ad-ei", false },    { "ad-ad", false },
		{ "ad-apd", true },	{ "apd-ei", false },   { "apd-ad", false },
		{ "apd-apd", true },	{ "symmetric", true }, { "linux-masquerade", true },
		{ "one-to-one", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
		struct nat_model model;
		struct model_error error;
		char why[160] = "";

		assert_int_equal(nat_model_find(models[i].model, &model, &error), 0);
		assert_int_equal(live_nat_connects(&model, why, sizeof(why)),
				 models[i].as_modelled);
		assert_string_equal(why,
				    models[i].as_modelled
					    ? ""
					    : "conntrack answers TCP from the port that was asked");
		model.tcp.blocked = true;
		assert_true(live_nat_connects(&model, why, sizeof(why)));
	}
}

static void ipv6_is_the_engines(void **state)
{
	struct nat_model model;
	struct model_error error;
	char why[160] = "";

	(void)state;
	assert_int_equal(nat_model_find("no-nat", &model, &error), 0);
	assert_true(live_nat6_expressible(NULL, why, sizeof(why)));
	assert_false(live_nat6_expressible(&model, why, sizeof(why)));
	assert_string_equal(why, "a kernel's NAT is for IPv4 alone here, and it is nat6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_as_it_says),
		cmocka_unit_test(strangers_connections),
		cmocka_unit_test(ipv6_is_the_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
