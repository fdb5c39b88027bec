/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle and single knobs: models of the catalog, changed in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/duration.h"
#include "predict_chain.h"

static void a_forward_opens_a_filter(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "port-restricted-cone");
	callee.nats[0].forwards_peer = true;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
	assert_non_null(strstr(answer.why[METHOD_DIRECT], "a forward"));
}

static void a_closed_input_does_not_poison(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "linux-masquerade");
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MAY);
	callee.nats[0].input_drops = true;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
}

/* Ports kept where they are free: an address-dependent mapping's second one is not, unless
 * the NAT lets mappings share it. */
static void preserving_helps_only_where_ports_are_shared(void **state)
{
	static const struct {
		enum nat_collision collision;
		enum prediction punch;
	} cases[] = {
		{ NAT_COLLISION_NEXT, PREDICT_MUST_NOT },
		{ NAT_COLLISION_RANDOM, PREDICT_MUST_NOT },
		{ NAT_COLLISION_OVERLOAD, PREDICT_MUST },
		{ NAT_COLLISION_STEAL, PREDICT_MUST },
		{ NAT_COLLISION_REFUSE, PREDICT_MUST_NOT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain callee;
		struct predict_answer answer;

		chain_build(&callee, "symmetric");
		callee.models[0].udp.ports = NAT_PORTS_PRESERVE;
		callee.models[0].udp.collision = cases[i].collision;
		ask_changed(&callee, &answer);
		if (answer.udp[METHOD_PUNCH] != cases[i].punch)
			fail_msg("%s: %s", nat_collision_word(cases[i].collision),
				 answer.why[METHOD_PUNCH]);
	}
}

static void arbitrary_pooling_is_a_matter_of_chance(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "ad-ei");
	callee.models[0].pool_size = 4;
	callee.models[0].pooling = NAT_POOLING_ARBITRARY;
	ask("restricted-cone", "ad-ei", "", false, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
	{
		struct chain caller;
		struct predict_question question = { .callee = side(&callee) };

		chain_build(&caller, "restricted-cone");
		question.caller = side(&caller);
		predict(&question, &answer);
	}
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_non_null(strstr(answer.why[METHOD_DIRECT], "chance"));
}

static void what_a_nat_forgets_or_refuses_is_doubted(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "full-cone");
	callee.models[0].udp.timeout_ns = NS_PER_S + 1;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
	callee.models[0].udp.timeout_ns = NS_PER_S;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_RELAY], PREDICT_MUST);

	chain_build(&callee, "full-cone");
	callee.models[0].max_mappings_host = 2;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_RELAY], PREDICT_MAY);
}

static void without_tcp_there_is_nothing(void **state)
{
	struct chain callee;
	struct predict_answer answer;
	char found[METHOD_COUNT + 1];

	(void)state;
	chain_build(&callee, "full-cone");
	callee.models[0].tcp.blocked = true;
	ask_changed(&callee, &answer);
	assert_string_equal(letters(&answer, found), "nnnn");
	assert_non_null(strstr(answer.why[METHOD_RELAY], "no TCP"));
}

static void hairpinning_from_the_inside_endpoint(void **state)
{
	struct chain shared;
	struct predict_answer answer;
	struct predict_question question = { 0 };
	char found[METHOD_COUNT + 1];

	(void)state;
	chain_build(&shared, "port-restricted-cone");
	shared.models[0].hairpin = NAT_HAIRPIN_INTERNAL;
	question.shared = side(&shared);
	predict(&question, &answer);
	/* Whether its filter looks at a hairpinned packet, RFC 4787 does not say. */
	assert_string_equal(letters(&answer, found), "??YY");
	shared.models[0].udp.filtering = NAT_EI;
	predict(&question, &answer);
	assert_string_equal(letters(&answer, found), "YYYY");
}

static void too_many_nats_are_doubted(void **state)
{
	static struct predict_nat nats[64];
	struct nat_model model;
	struct predict_question question = { .callee = { nats, 64 } };
	struct predict_answer answer;

	(void)state;
	nat_model_defaults(&model);
	for (size_t i = 0; i < 64; i++)
		nats[i].model = &model;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MAY);
	question.callee.nats_len = 16;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_forward_opens_a_filter),
		cmocka_unit_test(a_closed_input_does_not_poison),
		cmocka_unit_test(preserving_helps_only_where_ports_are_shared),
		cmocka_unit_test(arbitrary_pooling_is_a_matter_of_chance),
		cmocka_unit_test(what_a_nat_forgets_or_refuses_is_doubted),
		cmocka_unit_test(without_tcp_there_is_nothing),
		cmocka_unit_test(hairpinning_from_the_inside_endpoint),
		cmocka_unit_test(too_many_nats_are_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
