/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "plan_fixture.h"

/* Two homes look the same from inside, as real ones do; outside each is its own network. */
static void everyone_gets_an_address(void **state)
{
	struct plan_node *home_a, *home_b, *isp, *server, *second;

	(void)state;
	server = add(NULL, PLAN_HOST, "server");
	home_a = add(NULL, PLAN_NET, "home_a");
	isp = add(NULL, PLAN_NET, "isp");
	home_b = add(isp, PLAN_NET, "home_b");
	second = add(NULL, PLAN_HOST, "second");
	second->extra_len = 1;
	isp->model.pool_size = 3;
	add(home_a, PLAN_HOST, "alice");
	add(home_b, PLAN_HOST, "bob");
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(server->addr, "11.1.1.2");
	assert_addr(second->addr, "11.1.2.2");
	assert_addr(second->extra[0], "11.1.2.3");
	assert_addr(home_a->addr, "11.2.1.2");
	assert_addr(isp->addr, "11.2.2.2");
	assert_addr(plan_address(isp, 2), "11.2.2.4");
	assert_addr(isp->prefix.addr, "100.64.0.0");
	assert_addr(home_b->addr, "100.64.0.2");
	assert_addr(plan_find(&plan, "alice")->addr, "192.168.1.2");
	assert_addr(plan_find(&plan, "bob")->addr, "192.168.1.2");
	assert_addr(plan_gateway_addr(home_b), "192.168.1.1");
}

static void given_addresses_are_stepped_round(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");
	struct plan_node *alice = add(home, PLAN_HOST, "alice");
	struct plan_node *printer = add(home, PLAN_HOST, "printer");

	(void)state;
	printer->addr = addr("192.168.1.2");
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(alice->addr, "192.168.1.3");
}

static void the_same_address_twice(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");
	struct plan_node *alice = add(home, PLAN_HOST, "alice");
	struct plan_node *bob = add(home, PLAN_HOST, "bob");

	(void)state;
	snprintf(alice->where, sizeof(alice->where), "x.lua:3");
	alice->addr = bob->addr = addr("192.168.1.7");
	assert_fails("x.lua:3: address 192.168.1.7 is given to both alice and bob");
}

/* The same address in two networks is what private addresses are for. */
static void the_same_address_in_two_networks(void **state)
{
	struct plan_node *a = add(add(NULL, PLAN_NET, "home_a"), PLAN_HOST, "alice");
	struct plan_node *b = add(add(NULL, PLAN_NET, "home_b"), PLAN_HOST, "bob");

	(void)state;
	a->addr = b->addr = addr("192.168.1.7");
	assert_int_equal(plan_complete(&plan, &error), 0);
}

static void the_gateways_address_is_taken(void **state)
{
	struct plan_node *alice = add(add(NULL, PLAN_NET, "home"), PLAN_HOST, "alice");

	(void)state;
	alice->addr = addr("192.168.1.1");
	assert_fails("address 192.168.1.1 is given to both home's gateway and alice");
}

static void an_address_from_another_network(void **state)
{
	struct plan_node *alice = add(add(NULL, PLAN_NET, "home"), PLAN_HOST, "alice");

	(void)state;
	alice->addr = addr("10.0.0.9");
	assert_fails("alice: address 10.0.0.9 is outside of home's network 192.168.1.0/24");
}

static void a_name_given_twice(void **state)
{
	(void)state;
	add(NULL, PLAN_HOST, "bob");
	add(add(NULL, PLAN_NET, "home"), PLAN_HOST, "bob");
	assert_fails("the name bob is given twice");
}

/* Nothing translates for it, so its addresses are the Internet's own, and nobody else's. */
static void behind_a_router(void **state)
{
	struct plan_node *first = add(NULL, PLAN_NET, "first");
	struct plan_node *second = add(NULL, PLAN_NET, "second");
	struct plan_node *alice = add(first, PLAN_HOST, "alice");
	struct plan_node *bob = add(second, PLAN_HOST, "bob");

	(void)state;
	first->model.kind = NAT_KIND_ROUTER;
	second->model.kind = NAT_KIND_FIREWALL;
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(alice->addr, "11.3.1.2");
	assert_addr(bob->addr, "11.3.2.2");
}

static void a_forward_to_nobody(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");

	(void)state;
	add(home, PLAN_HOST, "alice");
	snprintf(home->dmz, sizeof(home->dmz), "alic");
	assert_fails("home: dmz: nothing in it is called \"alic\"");
}

static void a_full_network(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");

	(void)state;
	assert_int_equal(ip_prefix_parse("10.0.0.0/30", &home->prefix), 0);
	add(home, PLAN_HOST, "alice");
	add(home, PLAN_HOST, "bob");
	assert_fails("bob: no address is left in home's network");
}

/* A pool of two goes where both are free; where it cannot, nothing has changed. */
static void a_net_moves(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");
	struct plan_node *other = add(NULL, PLAN_NET, "other");
	struct plan_node *inner = add(home, PLAN_NET, "inner");

	(void)state;
	home->model.pool_size = 2;
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(home->addr, "11.2.1.2");
	assert_int_equal(plan_move(&plan, home, (struct ip_addr){ 0 }, &error), 0);
	assert_addr(home->addr, "11.2.3.2");
	assert_int_equal(plan_move(&plan, home, addr("11.2.2.1"), &error), -EINVAL);
	assert_string_equal(error.text, "address 11.2.2.2 is given to both home and other");
	assert_addr(home->addr, "11.2.3.2");
	assert_int_equal(plan_move(&plan, other, addr("11.2.3.4"), &error), 0);
	assert_int_equal(plan_move(&plan, inner, (struct ip_addr){ 0 }, &error), 0);
	assert_addr(inner->addr, "100.64.0.3");
	assert_int_equal(plan_move(&plan, inner, addr("11.9.9.9"), &error), -EINVAL);
	assert_addr(inner->addr, "100.64.0.3");
}

/* Each level's default network is another, so that no gateway has the same on both sides. */
static void carriers_in_carriers(void **state)
{
	struct plan_node *outer = add(NULL, PLAN_NET, "outer");
	struct plan_node *inner = add(outer, PLAN_NET, "inner");
	struct plan_node *home = add(inner, PLAN_NET, "home");

	(void)state;
	add(home, PLAN_HOST, "alice");
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(outer->prefix.addr, "100.64.0.0");
	assert_addr(inner->addr, "100.64.0.2");
	assert_addr(inner->prefix.addr, "100.64.1.0");
	assert_addr(home->addr, "100.64.1.2");
}

/* Addresses that a home, or alice in it, cannot have; by the plan or by a move. */
static const struct row {
	const char *name, *home, *alice, *says; /* after "home: expected " or "alice: expected " */
} rows[] = {
	{ "an IPv6 address", "2001:db8::5", NULL, "an IPv4 unicast address, got 2001:db8::5" },
	{ "an IPv6 link-local one", "fe80::1", NULL, "an IPv4 unicast address, got fe80::1" },
	{ "this network", "0.0.0.1", NULL, "an IPv4 unicast address, got 0.0.0.1" },
	{ "loopback", "127.0.0.1", NULL, "an IPv4 unicast address, got 127.0.0.1" },
	{ "link-local", "169.254.1.1", NULL, "an IPv4 unicast address, got 169.254.1.1" },
	{ "a group", "224.0.0.1", NULL, "an IPv4 unicast address, got 224.0.0.1" },
	{ "reserved", "240.0.0.1", NULL, "an IPv4 unicast address, got 240.0.0.1" },
	{ "everybody", "255.255.255.255", NULL, "an IPv4 unicast address, got 255.255.255.255" },
	{ "its own inside", "192.168.1.77", NULL,
	  "an address outside of its own network 192.168.1.0/24, got 192.168.1.77" },
	{ "the first before loopback", "126.255.255.255", NULL, NULL },
	{ "the first after loopback", "128.0.0.0", NULL, NULL },
	{ "the first before link-local", "169.253.255.255", NULL, NULL },
	{ "the first after link-local", "169.255.0.0", NULL, NULL },
	{ "the first before groups", "223.255.255.255", NULL, NULL },
	{ "the first after this network", "1.0.0.0", NULL, NULL },
	{ "the first before its inside", "192.168.0.255", NULL, NULL },
	{ "the first after its inside", "192.168.2.0", NULL, NULL },
	{ "an IPv6 address on a LAN", NULL, "2001:db8::c0a8:105",
	  "an IPv4 unicast address, got 2001:db8::c0a8:105" },
	{ "loopback on a LAN", NULL, "127.0.0.1", "an IPv4 unicast address, got 127.0.0.1" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct plan_node *home = add(NULL, PLAN_NET, "home");
	struct plan_node *alice = add(home, PLAN_HOST, "alice");
	char says[sizeof(error.text)] = "";
	int want = row->says ? -EINVAL : 0;

	if (row->says)
		snprintf(says, sizeof(says), "%s: expected %s", row->home ? "home" : "alice",
			 row->says);
	if (row->home) {
		assert_int_equal(plan_complete(&plan, &error), 0);
		assert_int_equal(plan_move(&plan, home, addr(row->home), &error), want);
		if (row->says)
			assert_string_equal(error.text, says);
		assert_addr(home->addr, row->says ? "11.2.1.2" : row->home);
		home->addr = addr(row->home);
	} else {
		alice->addr = addr(row->alice);
	}
	error.text[0] = '\0';
	assert_int_equal(plan_complete(&plan, &error), want);
	assert_string_equal(error.text, says);
}

/* RFC 4787 REQ-7: such a NAT tells the two sides apart, whatever their addresses. */
static void its_own_inside_where_it_copes(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");

	(void)state;
	home->model.overlap = true;
	home->addr = addr("192.168.1.77");
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_addr(home->addr, "192.168.1.77");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(everyone_gets_an_address),
		TEST(given_addresses_are_stepped_round),
		TEST(the_same_address_twice),
		TEST(the_same_address_in_two_networks),
		TEST(the_gateways_address_is_taken),
		TEST(an_address_from_another_network),
		TEST(a_name_given_twice),
		TEST(behind_a_router),
		TEST(a_forward_to_nobody),
		TEST(a_full_network),
		TEST(a_net_moves),
		TEST(carriers_in_carriers),
		TEST(its_own_inside_where_it_copes),
	};
	struct CMUnitTest row_tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = test_row,
						    .setup_func = setup,
						    .teardown_func = teardown,
						    .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(row_tests, NULL, NULL);
}
