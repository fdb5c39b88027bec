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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
