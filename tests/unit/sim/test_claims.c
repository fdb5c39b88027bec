/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/claims.h"

enum { HOSTS = 3000 };

static struct ip_addr lan(uint32_t n)
{
	return ip_addr_v4(0x0a000000 + n);
}

/* Two homes of many hosts, all with the same addresses, and their pools on the Internet. */
static struct plan_node *make_home(struct plan *plan, const char *name, uint32_t pool,
				   uint32_t hosts)
{
	struct plan_node *home = plan_add(plan, NULL, PLAN_NET, name);
	char text[32];

	assert_non_null(home);
	nat_model_defaults(&home->model);
	home->model.pool_size = 3;
	home->addr = ip_addr_v4(pool);
	home->prefix = (struct ip_prefix){ lan(0), 104 };
	for (uint32_t i = 0; i < hosts; i++) {
		struct plan_node *host;

		snprintf(text, sizeof(text), "%s%u", name, i);
		host = plan_add(plan, home, PLAN_HOST, text);
		assert_non_null(host);
		host->addr = lan(i + 2);
	}
	return home;
}

static void everybody_has_their_own(void **state)
{
	struct plan plan = { 0 };
	struct plan_node *a = make_home(&plan, "a", 0x0b020102, HOSTS);
	struct plan_node *b = make_home(&plan, "b", 0x0b020202, HOSTS);
	struct claims claims;

	(void)state;
	assert_int_equal(claims_init(&claims, &plan), 0);
	for (struct plan_node *n = plan_next(&plan, NULL); n; n = plan_next(&plan, n)) {
		assert_null(claims_owner(&claims, n, n->addr));
		claims_add(&claims, n);
		assert_null(claims_owner(&claims, n, n->addr)); /* it is no other's */
	}
	for (struct plan_node *n = a->children; n->next; n = n->next)
		assert_ptr_equal(claims_owner(&claims, n, n->next->addr), n->next);
	/* The whole pool is claimed, and no more. */
	assert_ptr_equal(claims_owner(&claims, b, ip_addr_v4(0x0b020104)), a);
	assert_null(claims_owner(&claims, b, ip_addr_v4(0x0b020105)));
	assert_null(claims_owner(&claims, a, lan(2))); /* that is another segment's */
	claims_clear(&claims);
	plan_clear(&plan);
}

/* Addresses that are not given are those that nobody has, whatever the order of the plan. */
static void free_addresses_are_given(void **state)
{
	struct plan plan = { 0 };
	struct plan_node *home = make_home(&plan, "home", 0x0b020102, HOSTS);
	struct plan_error error;

	(void)state;
	for (struct plan_node *n = home->children; n; n = n->next)
		if (ip_addr_to_v4(n->addr) % 3)
			n->addr = (struct ip_addr){ 0, 0 };
	assert_int_equal(plan_complete(&plan, &error), 0);
	for (struct plan_node *n = home->children; n; n = n->next) {
		assert_in_range(ip_addr_to_v4(n->addr), ip_addr_to_v4(lan(2)),
				ip_addr_to_v4(lan(HOSTS + 1)));
		assert_ptr_equal(plan_find(&plan, n->name), n);
	}
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_has_their_own),
		cmocka_unit_test(free_addresses_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
