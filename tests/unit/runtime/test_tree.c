/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a scenario writes to the plan, and every way to write it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/runtime/scenario.h"
#include "scenarios/runtime/tree.h"

/* The world's table begins on line 3 of each file. */
#define BEFORE                                                                                     \
	"return { title = \"t\", params = { n = 7 }, run = function () end,\nworld = function (p) return {\n"
#define AFTER "\n} end }\n"

static char path[] = "/tmp/knothole-tree-XXXXXX";

static void write_file(const char *world)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fprintf(file, BEFORE "%s" AFTER, world) > 0);
	assert_int_equal(fclose(file), 0);
}

/* What the world of @text becomes: its plan, or an error. */
static int plan_of(const char *text, struct plan *ret, char error[SCENARIO_ERROR])
{
	json_t *params = json_pack("{s:i}", "n", 7);
	struct scenario *scenario;
	int ret_error;

	write_file(text);
	assert_int_equal(scenario_load(path, "t.lua", 1, NULL, &scenario, error), 0);
	ret_error = scenario_plan(scenario, params, 1, ret, error);
	scenario_free(scenario);
	json_decref(params);
	return ret_error;
}

static const struct wrong {
	const char *world;
	const char *error;
} wrongs[] = {
	{ "a = host { adress = \"1.2.3.4\" }",
	  "t.lua:3: host a: unknown key \"adress\"; did you mean \"address\"?" },
	{ "a = host {\n  link = {},\n  adress = \"1.2.3.4\",\n}",
	  "t.lua:5: host a: unknown key \"adress\"; did you mean \"address\"?" },
	{ "a = host { address = \"1.2.3\" }",
	  "t.lua:3: host a: address: expected an address such as \"11.1.1.2\", got \"1.2.3\"" },
	{ "a = host { address = \"0.0.0.0\" }",
	  "t.lua:3: host a: address: expected an address such as \"11.1.1.2\", got \"0.0.0.0\"" },
	{ "a = host { address = 5 }", "t.lua:3: host a: address: expected text, got 5" },
	{ "a = host { \"x\" }",
	  "t.lua:3: host a: expected named keys only, got a value without one" },
	{ "a = 5", "t.lua:3: world: a: expected host {…} or net {…}, got a number" },
	{ "a = {}", "t.lua:3: world: a: expected host {…} or net {…}, got a table" },
	{ "", "t.lua:2: world: expected at least one node, got none" },
	{ "a = host { link = { dely = \"1ms\" } }",
	  "t.lua:3: host a: link: unknown key \"dely\"; did you mean \"delay\"?" },
	{ "a = host { link = { delay = 20 } }",
	  "t.lua:3: host a: link: delay: expected a time such as \"20ms\", got 20" },
	{ "a = host { link = { loss = \"101%\" } }",
	  "t.lua:3: host a: link: loss: expected a share such as \"5%\", got \"101%\"" },
	{ "a = host { link = { rate = \"fast\" } }",
	  "t.lua:3: host a: link: rate: expected a rate such as \"10Mbit\", got \"fast\"" },
	{ "a = host { link = { mtu = 100 } }",
	  "t.lua:3: host a: link: mtu: expected a whole number from 576 to 65535, got 100" },
	{ "a = host { link = { up = { mtu = 1400 } } }",
	  "t.lua:3: host a: link: up: unknown key \"mtu\"" },
	{ "a = host { services = { \"stunn\" } }",
	  "t.lua:3: host a: unknown service \"stunn\"; did you mean \"stun\"?" },
	{ "a = host { services = \"stun\" }",
	  "t.lua:3: host a: services: expected a list of words, got \"stun\"" },
	{ "a = net {}",
	  "t.lua:3: net a: expected nat = the name of a model, such as \"full-cone\"" },
	{ "a = net { nat = \"ful-cone\" }",
	  "t.lua:3: unknown model \"ful-cone\"; did you mean \"full-cone\"?" },
	{ "a = net { nat = \"./nowhere.lua\" }",
	  "t.lua:3: net a: nat: ./nowhere.lua: No such file or directory" },
	{ "a = net { nat = \"full-cone\", realise = \"kernl\" }",
	  "t.lua:3: net a: realise: expected \"engine\" or \"kernel\", got \"kernl\"" },
	{ "a = net { nat = \"full-cone\", subnet = \"10.0.0.0\" }",
	  "t.lua:3: net a: subnet: expected a prefix such as \"192.168.1.0/24\", got \"10.0.0.0\"" },
	{ "a = net { nat6 = \"ipv6-firewal\" }",
	  "t.lua:3: unknown model \"ipv6-firewal\"; did you mean \"ipv6-firewall\"?" },
	{ "a = net { nat6 = \"./nowhere.lua\" }",
	  "t.lua:3: net a: nat6: ./nowhere.lua: No such file or directory" },
	{ "a = net { nat6 = \"full-cone\" }",
	  "t.lua:3: a: nat6: expected a model for IPv6, got full-cone" },
	{ "a = net { nat = \"nat64\" }", "t.lua:3: a: nat: expected a model for IPv4, got nat64" },
	{ "a = net { nat6 = \"nat64\", subnet6 = \"2b00::\" }",
	  "t.lua:3: net a: subnet6: expected a prefix such as \"2b00:9::/48\", got \"2b00::\"" },
	{ "a = net { nat6 = \"nat64\", subnet = \"10.0.0.0/8\" }",
	  "t.lua:3: a: without nat it has no IPv4: expected no subnet, and no realise = "
	  "\"kernel\"" },
	{ "a = host { address6 = \"11.1.1.2.3\" }",
	  "t.lua:3: host a: address6: expected an address such as \"2b00:1:1::2\", got "
	  "\"11.1.1.2.3\"" },
	{ "a = net { nat = \"full-cone\", dmz = \"b\" }",
	  "t.lua:3: a: dmz: nothing in it is called \"b\"" },
	{ "a = net { nat = \"full-cone\", forward = { { udp = 5, to = \"b\" } } }",
	  "t.lua:3: a: forward: nothing in it is called \"b\"" },
	{ "a = net { nat = \"full-cone\", forward = { { to = \"b\" } } }",
	  "t.lua:3: net a: forward: expected either udp or tcp" },
	{ "a = net { nat = \"full-cone\", forward = { { udp = 0, to = \"b\" } } }",
	  "t.lua:3: net a: forward: udp: expected a port, or ports such as \"5000-5010\"" },
	{ "a = net { nat = \"full-cone\", forward = { { udp = \"9-5\", to = \"b\" } } }",
	  "t.lua:3: net a: forward: udp: expected a port, or ports such as \"5000-5010\"" },
	{ "a = net { nat = \"full-cone\", b = \"x\" }", "t.lua:3: net a: unknown key \"b\"" },
	{ "a = host {},\nb = net { nat = \"full-cone\",\na = host {} }",
	  "t.lua:5: the name a is given twice" },
	{ "a = host { address = \"11.1.1.9\" },\nb = host { address = \"11.1.1.9\" }",
	  "t.lua:3: address 11.1.1.9 is given to both a and b" },
	{ "sleep = host {}", "t.lua:3: world: no node can be called \"sleep\"" },
	{ "[\"1a\"] = host {}", "a node's name begins with a letter, got \"1a\"" },
	{ "[\"a b\"] = host {}", "a node's name is letters, digits, _ and -, got \"a b\"" },
	{ "a = p.missing", "t.lua:3: there is no parameter \"missing\"" },
	{ "a = host(5)", "t.lua:3: bad argument #1 to 'host' (table expected, got number)" },
	{ "} end, world = function () local h = host {} return { a = h, b = h",
	  "is the same table as another node: make one for each" },
};

static void wrong(void **state)
{
	const struct wrong *row = *state;
	char error[SCENARIO_ERROR] = "";
	struct plan plan;
	int ret = plan_of(row->world, &plan, error);

	tree_clear(&plan);
	if (!ret || !strstr(error, row->error))
		fail_msg("expected \"%s\", got \"%s\"", row->error, error);
}

static const struct plan_node *find(const struct plan *plan, const char *name)
{
	const struct plan_node *node = plan_find(plan, name);

	assert_non_null(node);
	return node;
}

static void a_whole_world(void **state)
{
	const struct plan_node *home, *bob;
	const struct tree_host *server;
	char error[SCENARIO_ERROR];
	struct plan plan;

	(void)state;
	assert_int_equal(
		plan_of("server = host { services = { \"rendezvous\", \"stun\" } },\n"
			"home = net { nat = \"symmetric\", realise = \"kernel\", dmz = \"alice\",\n"
			"  forward = { { udp = \"5000-5010\", to = \"bob\", port = 6000 } },\n"
			"  link = { delay = \"20ms\", loss = \"2.5%\", down = { rate = \"1Mbit\" } },\n"
			"  alice = host {}, bob = host { address = \"192.168.1.7\" } }",
			&plan, error),
		0);
	home = find(&plan, "home");
	bob = find(&plan, "bob");
	server = find(&plan, "server")->user;
	assert_int_equal(server->services_len, 2);
	assert_string_equal(server->services[1], "stun");
	assert_int_equal(find(&plan, "server")->extra_len, 1);
	assert_string_equal(home->model.name, "symmetric");
	assert_int_equal(home->realise, PLAN_KERNEL);
	assert_int_equal(home->forwards[0].port_last, 5010);
	assert_int_equal(home->forwards[0].host_port, 6000);
	assert_int_equal(home->link.up.delay_ns, 20 * MSEC);
	assert_int_equal(home->link.up.loss_ppm, 25000);
	assert_int_equal(home->link.up.rate_bps, 0);
	assert_int_equal(home->link.down.rate_bps, 1000000);
	assert_int_equal(home->link.down.delay_ns, 20 * MSEC);
	assert_ptr_equal(bob->parent, home);
	assert_int_equal(ip_addr_to_v4(bob->addr), 0xc0a80107);
	assert_string_equal(bob->where, "t.lua:7");
	tree_clear(&plan);
}

static void a_world_of_both_families(void **state)
{
	const struct plan_node *home, *phone;
	char error[SCENARIO_ERROR], text[IP_ADDR_TEXT];
	struct plan plan;

	(void)state;
	assert_int_equal(plan_of("server = host { address6 = \"2b00:1:7::2\" },\n"
				 "home = net { nat = \"full-cone\", nat6 = \"ipv6-firewall\",\n"
				 "  subnet6 = \"2b00:9::/56\", alice = host {} },\n"
				 "mobile = net { nat6 = \"nat64\", phone = host {} }",
				 &plan, error),
			 0);
	home = find(&plan, "home");
	phone = find(&plan, "phone");
	assert_string_equal(home->model.name, "full-cone");
	assert_string_equal(home->model6->name, "ipv6-firewall");
	assert_false(home->no_ipv4);
	assert_string_equal(ip_addr_format(find(&plan, "alice")->addr6, text), "2b00:9::2");
	assert_string_equal(ip_addr_format(find(&plan, "server")->addr6, text), "2b00:1:7::2");
	assert_true(find(&plan, "mobile")->no_ipv4);
	assert_string_equal(ip_addr_format(find(&plan, "mobile")->addr, text), "11.2.2.2");
	assert_false(plan_has_ipv4(phone));
	assert_int_equal(plan_nat64_prefix(phone).bits, 96);
	tree_clear(&plan);
}

/* Lua gives a table's keys in no order, so the constructors' order counts. */
static void nodes_stand_in_the_order_of_the_file(void **state)
{
	static const char *const names[] = { "zoe", "home", "yan", "abe", "max" };
	const struct plan_node *node = NULL;
	char error[SCENARIO_ERROR];
	struct plan plan;

	(void)state;
	assert_int_equal(plan_of("zoe = host {}, home = net { nat = \"full-cone\", yan = host {},\n"
				 "abe = host {} }, max = host {}",
				 &plan, error),
			 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		node = plan_next(&plan, node);
		assert_string_equal(node->name, names[i]);
	}
	assert_null(plan_next(&plan, node));
	tree_clear(&plan);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	enum { WRONGS = sizeof(wrongs) / sizeof(*wrongs) };
	struct CMUnitTest tests[WRONGS + 3];

	for (size_t i = 0; i < WRONGS; i++)
		tests[i] = (struct CMUnitTest){ .name = wrongs[i].error,
						.test_func = wrong,
						.initial_state = (void *)&wrongs[i] };
	tests[WRONGS] = (struct CMUnitTest)cmocka_unit_test(a_whole_world);
	tests[WRONGS + 1] =
		(struct CMUnitTest)cmocka_unit_test(nodes_stand_in_the_order_of_the_file);
	tests[WRONGS + 2] = (struct CMUnitTest)cmocka_unit_test(a_world_of_both_families);
	return _cmocka_run_group_tests("tree", tests, WRONGS + 3, make_file, remove_file);
}
