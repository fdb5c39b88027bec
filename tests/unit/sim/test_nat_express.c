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

static const struct row rows[] = {
	{ "no-nat", NULL, NULL },
	{ "full-cone", NULL, NULL },
	{ "ad-ad", NULL, NULL },
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
		cmocka_unit_test(ipv6_is_the_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
