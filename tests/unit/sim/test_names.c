/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is where for whom, by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/names.h"

static struct plan plan;

static struct plan_node *add(struct plan_node *parent, enum plan_kind kind, const char *name)
{
	struct plan_node *node = plan_add(&plan, parent, kind, name);

	assert_non_null(node);
	nat_model_defaults(&node->model);
	return node;
}

/* server, home { alice, carol }, isp { house { bob } } */
static int setup(void **state)
{
	struct plan_error error;
	struct plan_node *home, *house;

	(void)state;
	plan = (struct plan){ .seed = 1 };
	add(NULL, PLAN_HOST, "server");
	home = add(NULL, PLAN_NET, "home");
	add(home, PLAN_HOST, "alice");
	add(home, PLAN_HOST, "carol");
	house = add(add(NULL, PLAN_NET, "isp"), PLAN_NET, "house");
	add(house, PLAN_HOST, "bob");
	return plan_complete(&plan, &error);
}

static int teardown(void **state)
{
	(void)state;
	plan_clear(&plan);
	return 0;
}

/* Whose address does @viewer know @node by? */
static const struct {
	const char *viewer, *node, *by;
} rows[] = {
	{ "server", "alice", "home" }, /* outside: the gateway's */
	{ "carol", "alice", "alice" }, /* on one segment: its own */
	{ "alice", "alice", "alice" },
	{ "alice", "server", "server" },
	{ "bob", "server", "server" },
	{ "alice", "bob", "isp" }, /* the outermost that translates */
	{ "bob", "isp", "isp" },
	{ "bob", "house", "house" },
	{ "server", "house", "isp" },
};

static void each_is_known_by_what_leads_to_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct plan_node *by = plan_find(&plan, rows[i].by);
		struct ip_addr addr = names_addr(plan_find(&plan, rows[i].viewer),
						 plan_find(&plan, rows[i].node));

		if (!ip_addr_equal(addr, by->addr))
			fail_msg("%s for %s: not at the address of %s", rows[i].node,
				 rows[i].viewer, rows[i].by);
	}
}

static void hosts_holds_every_node(void **state)
{
	char line[128], addr[IP_ADDR_TEXT];
	char *text = names_hosts(&plan, plan_find(&plan, "server"));
	const struct plan_node *node = NULL;

	(void)state;
	assert_non_null(text);
	while ((node = plan_next(&plan, node))) {
		ip_addr_format(names_addr(plan_find(&plan, "server"), node), addr);
		snprintf(line, sizeof(line), "\n%s\t%s\n", addr, node->name);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

/* Whom does @viewer ask, where @serving have name servers, and it is told of @dns? */
static const struct {
	const char *viewer, *serving[3], *dns, *asks;
} servers[] = {
	{ "alice", { "server" }, "", "server" },
	{ "bob", { "server" }, "", "server" },
	{ "server", { "server" }, "", "server" },
	{ "alice", { "server", "carol" }, "", "carol" }, /* the nearest */
	{ "bob", { "server", "carol" }, "", "server" },
	{ "bob", { "carol" }, "", NULL }, /* nobody gets in there */
	{ "alice", { NULL }, "", NULL },
	{ "alice", { "carol" }, "server", "server" },
};

static void each_asks_the_nearest(void **state)
{
	char want[96], addr[IP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		struct plan_node *viewer = plan_find(&plan, servers[i].viewer), *node = NULL;
		const struct plan_node *asks = servers[i].asks ? plan_find(&plan, servers[i].asks)
							       : NULL;
		char *text;

		while ((node = plan_next(&plan, node)))
			node->serves_dns = false;
		for (int k = 0; k < 3 && servers[i].serving[k]; k++)
			plan_find(&plan, servers[i].serving[k])->serves_dns = true;
		snprintf(viewer->dns, sizeof(viewer->dns), "%s", servers[i].dns);
		assert_ptr_equal(names_server(&plan, viewer), asks);
		text = names_resolv(&plan, viewer);
		assert_non_null(text);
		want[0] = '\0';
		if (asks)
			snprintf(want, sizeof(want), "nameserver %s\nsearch lab\n",
				 ip_addr_format(names_addr(viewer, asks), addr));
		assert_int_equal(strncmp(text, want, strlen(want)), 0);
		assert_int_equal(*text != '\0', asks != NULL);
		free(text);
		viewer->dns[0] = '\0';
	}
}

/* A name server that there is not, or that is a net's, is a mistake. */
static void dns_names_a_host(void **state)
{
	static const char *const wrong[] = { "nobody", "home" };
	struct plan_error error;

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(plan_find(&plan, "alice")->dns, 32, "%s", wrong[i]);
		assert_int_equal(plan_complete(&plan, &error), -EINVAL);
		assert_non_null(strstr(error.text, "alice: dns: no host is called"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_known_by_what_leads_to_it, setup, teardown),
		cmocka_unit_test_setup_teardown(hosts_holds_every_node, setup, teardown),
		cmocka_unit_test_setup_teardown(each_asks_the_nearest, setup, teardown),
		cmocka_unit_test_setup_teardown(dns_names_a_host, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
