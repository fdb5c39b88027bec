/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of plans share: a plan that is made anew for each, and short hands. */
#ifndef KNOTHOLE_TESTS_PLAN_FIXTURE_H
#define KNOTHOLE_TESTS_PLAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "sim/plan.h"

static struct plan plan;
static struct plan_error error;

static inline int setup(void **state)
{
	(void)state;
	plan = (struct plan){ .seed = 1 };
	error.text[0] = '\0';
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	plan_clear(&plan);
	return 0;
}

static inline struct plan_node *add(struct plan_node *parent, enum plan_kind kind, const char *name)
{
	struct plan_node *node = plan_add(&plan, parent, kind, name);

	assert_non_null(node);
	nat_model_defaults(&node->model);
	return node;
}

static inline void assert_addr(struct ip_addr addr, const char *text)
{
	char buf[IP_ADDR_TEXT];

	assert_string_equal(ip_addr_format(addr, buf), text);
}

static inline struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(ip_addr_parse(text, &a), 0);
	return a;
}

static inline void assert_fails(const char *text)
{
	assert_int_equal(plan_complete(&plan, &error), -EINVAL);
	assert_string_equal(error.text, text);
}

#endif
