/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan makes of IPv6: who has it, addresses and prefixes, and what it refuses. */
#include "plan_fixture.h"

static struct plan_node *add_net6(struct plan_node *parent, const char *name, enum nat_kind kind)
{
	struct plan_node *node = add(parent, PLAN_NET, name);
	struct nat_model model;

	nat_model_defaults(&model);
	model.kind = kind;
	model.family = NAT_FAMILY_IPV6;
	assert_int_equal(plan_set_model6(node, &model), 0);
	return node;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	assert_int_equal(ip_prefix_parse(text, &p), 0);
	return p;
}

static void assert_prefix(struct ip_prefix p, const char *text)
{
	char buf[IP_PREFIX_TEXT];

	assert_string_equal(ip_prefix_format(p, buf), text);
}

static void assert_complete(void)
{
	if (plan_complete(&plan, &error))
		fail_msg("%s", error.text);
}

static void test_none_unless_asked_for(void **state)
{
	struct plan_node *server = add(NULL, PLAN_HOST, "server");
	struct plan_node *home = add(NULL, PLAN_NET, "home");
	struct plan_node *alice = add(home, PLAN_HOST, "alice");

	(void)state;
	assert_complete();
	assert_false(plan_has_ipv6(&plan));
	assert_true(ip_addr_is_unset(server->addr6));
	assert_true(ip_addr_is_unset(home->addr6));
	assert_true(ip_addr_is_unset(alice->addr6));
}

static void test_dual_stack(void **state)
{
	struct plan_node *server = add(NULL, PLAN_HOST, "server");
	struct plan_node *home = add_net6(NULL, "home", NAT_KIND_FIREWALL);
	struct plan_node *alice = add(home, PLAN_HOST, "alice");
	struct plan_node *old = add(NULL, PLAN_NET, "old");
	struct plan_node *bob = add(old, PLAN_HOST, "bob");

	(void)state;
	assert_complete();
	assert_true(plan_has_ipv6(&plan));
	assert_addr(server->addr, "11.1.1.2");
	assert_addr(server->addr6, "2b00:1:1::2");
	assert_addr(home->addr6, "2b00:2:1::2");
	assert_prefix(home->prefix6, "2b00:3:1::/48");
	assert_prefix(home->outside6, "2b00:3:1::/48");
	assert_prefix(plan_segment6(home), "2b00:3:1::/64");
	assert_addr(plan_gateway_addr6(home), "2b00:3:1::1");
	assert_addr(alice->addr, "192.168.1.2");
	assert_addr(alice->addr6, "2b00:3:1::2");
	assert_true(ip_addr_is_unset(old->addr6));
	assert_true(ip_addr_is_unset(bob->addr6));
	assert_addr(bob->addr, "192.168.1.2");
}

static void test_host_asks_for_it(void **state)
{
	struct plan_node *first = add(NULL, PLAN_HOST, "first");
	struct plan_node *second = add(NULL, PLAN_HOST, "second");

	(void)state;
	second->addr6 = addr("2b00:1:1::2");
	assert_complete();
	assert_addr(first->addr6, "2b00:1:2::2");
}

static void test_delegation(void **state)
{
	struct plan_node *isp = add_net6(NULL, "isp", NAT_KIND_ROUTER);
	struct plan_node *host = add(isp, PLAN_HOST, "host");
	struct plan_node *home_a = add_net6(isp, "home_a", NAT_KIND_FIREWALL);
	struct plan_node *home_b = add_net6(isp, "home_b", NAT_KIND_FIREWALL);
	struct plan_node *room = add_net6(home_b, "room", NAT_KIND_ROUTER);
	struct plan_node *desk = add_net6(room, "desk", NAT_KIND_ROUTER);
	struct plan_node *carol = add(desk, PLAN_HOST, "carol");

	(void)state;
	assert_complete();
	assert_addr(host->addr6, "2b00:3:1::2");
	assert_addr(home_a->addr6, "2b00:3:1::3");
	assert_prefix(home_a->prefix6, "2b00:3:1:100::/56");
	assert_prefix(home_b->prefix6, "2b00:3:1:200::/56");
	assert_addr(room->addr6, "2b00:3:1:200::2");
	assert_prefix(room->prefix6, "2b00:3:1:210::/60");
	assert_prefix(desk->prefix6, "2b00:3:1:211::/64");
	assert_addr(carol->addr6, "2b00:3:1:211::2");
}

static void test_nothing_left_to_delegate(void **state)
{
	struct plan_node *net = NULL;

	(void)state;
	for (int i = 0; i < 5; i++)
		net = add_net6(net, (const char *[]){ "a", "b", "c", "d", "e" }[i],
			       NAT_KIND_ROUTER);
	assert_fails("e: no IPv6 prefix is left in d");
}

static void test_hidden_inside(void **state)
{
	struct plan_node *home_a = add_net6(NULL, "home_a", NAT_KIND_NAPT);
	struct plan_node *alice = add(home_a, PLAN_HOST, "alice");
	struct plan_node *home_b = add_net6(NULL, "home_b", NAT_KIND_NAPT);

	(void)state;
	assert_complete();
	assert_addr(home_a->addr6, "2b00:2:1::2");
	assert_prefix(home_a->prefix6, "fd00:0:1::/48");
	assert_int_equal(home_a->outside6.bits, 0);
	assert_addr(alice->addr6, "fd00:0:1::2");
	assert_prefix(home_b->prefix6, "fd00:0:2::/48");
}

static void test_ipv6_alone(void **state)
{
	struct plan_node *home = add_net6(NULL, "home", NAT_KIND_FIREWALL);
	struct plan_node *alice = add(home, PLAN_HOST, "alice");

	(void)state;
	home->no_ipv4 = true;
	assert_complete();
	assert_false(plan_has_ipv4(home));
	assert_false(plan_has_ipv4(alice));
	assert_addr(alice->addr6, "2b00:3:1::2");
}

static void test_given(void **state)
{
	struct plan_node *home = add_net6(NULL, "home", NAT_KIND_FIREWALL);
	struct plan_node *alice = add(home, PLAN_HOST, "alice");
	struct plan_node *bob = add(home, PLAN_HOST, "bob");

	(void)state;
	home->addr6 = addr("2001:db8::5");
	home->prefix6 = prefix("2001:db8:1::/56");
	bob->addr6 = addr("2001:db8:1::2");
	assert_complete();
	assert_addr(home->addr6, "2001:db8::5");
	assert_prefix(home->outside6, "2001:db8:1::/56");
	assert_addr(alice->addr6, "2001:db8:1::3");
}

/* What is wrong with a home with alice in it, beside a server. */
static const struct row {
	const char *name, *server, *home, *subnet, *alice, *says;
} rows[] = {
	{ "an IPv4 address", "1.2.3.4", NULL, NULL, NULL,
	  "server: expected an IPv6 unicast address, got 1.2.3.4" },
	{ "a group's address", "ff02::1", NULL, NULL, NULL,
	  "server: expected an IPv6 unicast address, got ff02::1" },
	{ "a private address outside", "fd00::1", NULL, NULL, NULL,
	  "server: expected an IPv6 unicast address, got fd00::1" },
	{ "the same address twice", "2b00:9::2", "2b00:9::2", NULL, NULL,
	  "address 2b00:9::2 is given to both server and home" },
	{ "an address in another's prefix", "2b00:9::2", NULL, "2b00:9::/48", NULL,
	  "home: its prefix 2b00:9::/48 overlaps with what server has" },
	{ "an address outside of the net", NULL, NULL, NULL, "2b00:3:2::2",
	  "alice: address 2b00:3:2::2 is outside of home's network 2b00:3:1::/64" },
	{ "the gateway's address", NULL, NULL, NULL, "2b00:3:1::1",
	  "address 2b00:3:1::1 is given to both home's gateway and alice" },
	{ "a prefix of IPv4", NULL, NULL, "10.0.0.0/8", NULL,
	  "home: expected an IPv6 prefix of /16 to /64, got 10.0.0.0/8" },
	{ "a prefix too long", NULL, NULL, "2b00:9::/65", NULL,
	  "home: expected an IPv6 prefix of /16 to /64, got 2b00:9::/65" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct plan_node *server = add(NULL, PLAN_HOST, "server");
	struct plan_node *home = add_net6(NULL, "home", NAT_KIND_FIREWALL);
	struct plan_node *alice = add(home, PLAN_HOST, "alice");

	if (row->server)
		server->addr6 = addr(row->server);
	if (row->home)
		home->addr6 = addr(row->home);
	if (row->subnet)
		home->prefix6 = prefix(row->subnet);
	if (row->alice)
		alice->addr6 = addr(row->alice);
	assert_fails(row->says);
}

static void test_no_ipv6_above(void **state)
{
	struct plan_node *isp = add(NULL, PLAN_NET, "isp");

	(void)state;
	add_net6(isp, "home", NAT_KIND_FIREWALL);
	assert_fails("home: nat6 needs IPv6 outside, and isp has none");
}

static void test_no_ipv6_for_host(void **state)
{
	struct plan_node *alice = add(add(NULL, PLAN_NET, "home"), PLAN_HOST, "alice");

	(void)state;
	alice->addr6 = addr("2b00:9::2");
	assert_fails("alice: home has no IPv6, got the address 2b00:9::2");
}

static void test_no_ipv4_above(void **state)
{
	struct plan_node *isp = add_net6(NULL, "isp", NAT_KIND_FIREWALL);

	(void)state;
	isp->no_ipv4 = true;
	add(isp, PLAN_NET, "home");
	assert_fails("home: it needs IPv4 outside, and isp has none");
}

static void test_no_ipv4_for_host(void **state)
{
	struct plan_node *home = add_net6(NULL, "home", NAT_KIND_FIREWALL);
	struct plan_node *alice = add(home, PLAN_HOST, "alice");

	(void)state;
	home->no_ipv4 = true;
	alice->addr = addr("192.168.1.9");
	assert_fails("alice: it has no IPv4, so expected no address");
}

static void test_no_model(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");

	(void)state;
	home->no_ipv4 = true;
	assert_fails("home: a net needs a model: nat, nat6, or both");
}

static void test_prefix_without_model(void **state)
{
	struct plan_node *home = add(NULL, PLAN_NET, "home");

	(void)state;
	home->prefix6 = prefix("2b00:9::/48");
	assert_fails("home: a subnet6 needs a model: nat6");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

enum { ROWS = sizeof(rows) / sizeof(*rows) };

int main(void)
{
	const struct CMUnitTest plain[] = {
		TEST(test_none_unless_asked_for),
		TEST(test_dual_stack),
		TEST(test_host_asks_for_it),
		TEST(test_delegation),
		TEST(test_nothing_left_to_delegate),
		TEST(test_hidden_inside),
		TEST(test_ipv6_alone),
		TEST(test_given),
		TEST(test_no_ipv6_above),
		TEST(test_no_ipv6_for_host),
		TEST(test_no_ipv4_above),
		TEST(test_no_ipv4_for_host),
		TEST(test_no_model),
		TEST(test_prefix_without_model),
	};
	enum { PLAIN = sizeof(plain) / sizeof(*plain) };
	struct CMUnitTest tests[PLAIN + ROWS];

	memcpy(tests, plain, sizeof(plain));
	for (int i = 0; i < ROWS; i++)
		tests[PLAIN + i] = (struct CMUnitTest){
			rows[i].name, test_row, setup, teardown, (void *)(uintptr_t)&rows[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
