/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle where a NAT exempts destinations: it cannot know which, and must not say more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/predict.h"

enum { CALLER, CALLEE, SHARED, PLACES };

static void load(const char *name, bool exempts, struct nat_model *ret)
{
	struct model_error error;

	assert_int_equal(nat_model_find(name, ret, &error), 0);
	if (exempts)
		assert_int_equal(ip_prefix_parse("11.1.0.0/16", &ret->exempt[0]), 0);
}

/* @place's NAT exempts some, if any place's does. */
static void answer(const char *name, int place, struct predict_answer *ret)
{
	struct nat_model models[PLACES];
	struct predict_nat nats[PLACES] = { { 0 } };
	struct predict_question question = { 0 };

	for (int i = 0; i < PLACES; i++) {
		load(name, i == place, &models[i]);
		nats[i].model = &models[i];
	}
	question.caller = (struct predict_side){ &nats[CALLER], 1 };
	question.callee = (struct predict_side){ &nats[CALLEE], 1 };
	question.shared = (struct predict_side){ &nats[SHARED], place == SHARED };
	predict(&question, ret);
}

static void nothing_is_certain(void **state)
{
	static const char *const names[] = { "full-cone", "port-restricted-cone",
					     "symmetric-random", "udp-blocked" };
	static const char *const owners[] = { "caller's", "callee's", "shared" };
	struct predict_answer with, without;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool certain = false;

		answer(names[i], PLACES, &without);
		for (int m = 0; m < METHOD_COUNT; m++)
			certain = certain || without.udp[m] != PREDICT_MAY;
		assert_true(certain);
		for (int place = 0; place < PLACES; place++) {
			answer(names[i], place, &with);
			for (int m = 0; m < METHOD_COUNT; m++) {
				assert_int_equal(with.udp[m], PREDICT_MAY);
				assert_true(with.chance[m] < 0);
				assert_non_null(strstr(with.why[m], owners[place]));
				assert_non_null(strstr(with.why[m], "exempts destinations"));
			}
			assert_int_equal(with.ice_paths, (1 << ICE_PATH_COUNT) - 1);
		}
	}
}

/* Whoever asks knows that nobody speaks to what is exempt. */
static void what_is_exempt_may_be_others(void **state)
{
	struct nat_model model;
	struct predict_nat nat = { .model = &model };
	struct predict_question question = { .callee = { &nat, 1 } };
	struct predict_answer answer;

	(void)state;
	load("full-cone", true, &model);
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	nat.exempts_others = true;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_exempt_may_be_others),
		cmocka_unit_test(nothing_is_certain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
