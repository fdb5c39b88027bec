/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As what the oracle says that a method's success may be seen: itself, no more than hole punching, or
 * either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/predict.h"
#include "predict_chain.h"

#define PRC "port-restricted-cone"
#define CONE "full-cone"
#define SEQ "symmetric-sequential"
#define RND "symmetric-random"
#define AD "ad-ad"

enum { ITSELF = 1, PUNCH = 2, EITHER = ITSELF | PUNCH, NEITHER = 0, NATS = 2 };

static const struct row {
	const char *name;
	enum method method;
	const char *caller[NATS], *callee[NATS], *shared;
	struct method_budget budget;
	int want;
} rows[] = {
	{ "punch is punch", METHOD_PUNCH, { PRC }, { PRC }, NULL, { 0 }, ITSELF },
	{ "what cannot work is not seen", METHOD_PUNCH, { SEQ }, { PRC }, NULL, { 0 }, NEITHER },

	{ "the nets' own TTL", METHOD_LOW_TTL, { PRC }, { PRC }, NULL, { 0 }, ITSELF },
	{ "it is as many as there are nets",
	  METHOD_LOW_TTL,
	  { PRC, PRC },
	  { PRC },
	  NULL,
	  { 0 },
	  ITSELF },
	{ "no NAT at all", METHOD_LOW_TTL, { NULL }, { NULL }, NULL, { 0 }, ITSELF },
	{ "the same, asked for", METHOD_LOW_TTL, { PRC }, { PRC }, NULL, { .ttl = 2 }, ITSELF },
	{ "one side's is right",
	  METHOD_LOW_TTL,
	  { PRC, PRC },
	  { PRC },
	  NULL,
	  { .ttl = 2 },
	  ITSELF },
	{ "too far", METHOD_LOW_TTL, { PRC }, { PRC }, NULL, { .ttl = 3 }, EITHER },
	{ "not far enough", METHOD_LOW_TTL, { PRC }, { PRC }, NULL, { .ttl = 1 }, EITHER },
	{ "no router between", METHOD_LOW_TTL, { NULL }, { NULL }, CONE, { 0 }, EITHER },

	{ "nothing to foretell", METHOD_PREDICT, { PRC }, { PRC }, NULL, { 0 }, PUNCH },
	{ "nor where another address alone changes it",
	  METHOD_PREDICT,
	  { AD },
	  { CONE },
	  NULL,
	  { 0 },
	  PUNCH },
	{ "the next of the caller's", METHOD_PREDICT, { SEQ }, { PRC }, NULL, { 0 }, ITSELF },
	{ "the next of the callee's", METHOD_PREDICT, { PRC }, { SEQ }, NULL, { 0 }, ITSELF },
	{ "who asks for the address alone",
	  METHOD_PREDICT,
	  { SEQ },
	  { "ei-ad" },
	  NULL,
	  { 0 },
	  ITSELF },
	{ "who does, and whose own ports change, too",
	  METHOD_PREDICT,
	  { "apd-ad" },
	  { "apd-ad" },
	  NULL,
	  { 0 },
	  EITHER },
	{ "it is enough that one side hears as it has spoken",
	  METHOD_PREDICT,
	  { SEQ },
	  { SEQ },
	  NULL,
	  { 0 },
	  ITSELF },
	{ "who lets strangers in may hear them first",
	  METHOD_PREDICT,
	  { SEQ },
	  { CONE },
	  NULL,
	  { 0 },
	  EITHER },

	{ "no ports to open", METHOD_BIRTHDAY, { PRC }, { PRC }, NULL, { 0 }, PUNCH },
	{ "many are opened", METHOD_BIRTHDAY, { PRC }, { RND }, NULL, { 0 }, ITSELF },
	{ "by strangers, too", METHOD_BIRTHDAY, { CONE }, { RND }, NULL, { 0 }, ITSELF },
	{ "just many",
	  METHOD_BIRTHDAY,
	  { RND },
	  { PRC },
	  NULL,
	  { .holes = METHOD_MANY_PORTS },
	  ITSELF },
	{ "few are",
	  METHOD_BIRTHDAY,
	  { RND },
	  { PRC },
	  NULL,
	  { .holes = METHOD_MANY_PORTS - 1 },
	  EITHER },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	struct chain caller, callee, shared;
	const char *const home[NATS] = { row->shared };
	const struct predict_question question = { .caller = chain_of(&caller, row->caller, NATS),
						   .callee = chain_of(&callee, row->callee, NATS),
						   .shared = chain_of(&shared, home, NATS),
						   .tries_host_addresses = row->shared,
						   .budget = row->budget };
	struct predict_answer answer;
	unsigned want = 0;

	predict(&question, &answer);
	if (row->want & ITSELF)
		want |= method_bit(row->method);
	if (row->want & PUNCH)
		want |= method_bit(METHOD_PUNCH);
	assert_int_equal(answer.shown[row->method], want);
}

/* Whoever is spoken to beforehand by strays takes other ports than were foretold. */
static void strays_that_take_ports(void **state)
{
	static const char *const seq[NATS] = { SEQ }, *const prc[NATS] = { PRC };
	struct chain caller, callee;
	const struct predict_question question = { .caller = chain_of(&caller, seq, NATS),
						   .callee = chain_of(&callee, prc, NATS) };
	struct predict_answer answer;

	(void)state;
	caller.models[0].udp.unsolicited = NAT_UNSOLICITED_POISON;
	predict(&question, &answer);
	assert_int_not_equal(answer.shown[METHOD_PREDICT], method_bit(METHOD_PREDICT));
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS + 1] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = a_row,
						.initial_state = (void *)&rows[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(strays_that_take_ports);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
