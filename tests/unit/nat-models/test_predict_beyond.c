/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle on the methods that guess ports, and on low TTLs, against rules worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/predict.h"
#include "predict_chain.h"

enum { NATS = 3, PORTS = 65536 - 1024 };

struct row {
	const char *name;
	enum method method;
	const char *caller[NATS], *callee[NATS]; /* innermost first */
	struct method_budget budget;
	double rivals[2];
	enum prediction want;
	double chance; /* -1: nobody can say */
	const char *why; /* what it must hold */
};

#define SEQ "symmetric-sequential"
#define RND "symmetric-random"
#define PRC "port-restricted-cone"
#define LINUX "linux-masquerade"

static const struct row rows[] = {
	{ "foretold at the caller",
	  METHOD_PREDICT,
	  { SEQ },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "one port after the other" },
	{ "foretold at the callee, by twos",
	  METHOD_PREDICT,
	  { PRC },
	  { SEQ "-2" },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "callee's symmetric-sequential-2" },
	{ "foretold at both",
	  METHOD_PREDICT,
	  { SEQ },
	  { SEQ },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "one port after the other" },
	{ "foretold through a cone of the carrier's",
	  METHOD_PREDICT,
	  { SEQ, PRC },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "" },
	{ "nobody foretells random ports",
	  METHOD_PREDICT,
	  { RND },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST_NOT,
	  0,
	  "sends from a new port" },
	{ "nor those of one of two NATs",
	  METHOD_PREDICT,
	  { SEQ, RND },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST_NOT,
	  0,
	  "" },
	{ "steady ports are foretold best",
	  METHOD_PREDICT,
	  { PRC },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "both keep" },
	{ "no UDP, no port",
	  METHOD_PREDICT,
	  { "udp-blocked" },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST_NOT,
	  0,
	  "lets no UDP" },
	/* One candidate is the right one only where nobody came between: exp(-0.5). */
	{ "a rival, one candidate",
	  METHOD_PREDICT,
	  { SEQ },
	  { PRC },
	  { .candidates = 1 },
	  { 0.5, 0 },
	  PREDICT_MAY,
	  0.60653065971263342,
	  "others" },
	{ "a rival, two candidates",
	  METHOD_PREDICT,
	  { SEQ },
	  { PRC },
	  { .candidates = 2 },
	  { 0.5, 0 },
	  PREDICT_MAY,
	  0.60653065971263342 * 1.5,
	  "others" },
	{ "a rival of a steady one is none",
	  METHOD_PREDICT,
	  { SEQ },
	  { PRC },
	  { .candidates = 1 },
	  { 0, 9 },
	  PREDICT_MUST,
	  1,
	  "" },
	/* Two in a row stay in step only where nobody came between on either side. */
	{ "rivals on both sides",
	  METHOD_PREDICT,
	  { SEQ },
	  { SEQ },
	  { .candidates = 1 },
	  { 0.25, 0.25 },
	  PREDICT_MAY,
	  0.60653065971263342,
	  "others" },
	{ "a filter that minds nothing",
	  METHOD_PREDICT,
	  { RND },
	  { "full-cone" },
	  { 0 },
	  { 9, 9 },
	  PREDICT_MUST,
	  1,
	  "" },

	{ "cones need no birthday",
	  METHOD_BIRTHDAY,
	  { PRC },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "both keep" },
	{ "no UDP, no birthday",
	  METHOD_BIRTHDAY,
	  { RND },
	  { "udp-blocked" },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST_NOT,
	  0,
	  "lets no UDP" },
	{ "every port is tried",
	  METHOD_BIRTHDAY,
	  { RND },
	  { PRC },
	  { .holes = 1, .probes = PORTS },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "100" },
	{ "one of them is left out",
	  METHOD_BIRTHDAY,
	  { PRC },
	  { RND },
	  { .holes = 1, .probes = PORTS - 1 },
	  { 0, 0 },
	  PREDICT_MAY,
	  1 - 1.0 / PORTS,
	  "are tried" },
	{ "both try one",
	  METHOD_BIRTHDAY,
	  { RND },
	  { RND },
	  { .holes = 1 },
	  { 0, 0 },
	  PREDICT_MAY,
	  1.0 / PORTS / PORTS,
	  "both try" },
	{ "a range that is not the NAT's",
	  METHOD_BIRTHDAY,
	  { RND },
	  { PRC },
	  { .first_port = 1025 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "may be open" },
	{ "two NATs of random ports",
	  METHOD_BIRTHDAY,
	  { RND, RND },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "may be open" },

	{ "strays decide a punch",
	  METHOD_PUNCH,
	  { LINUX },
	  { LINUX },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "stray" },
	{ "none where they die between",
	  METHOD_LOW_TTL,
	  { LINUX },
	  { LINUX },
	  { .ttl = 2 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "both keep" },
	{ "as many as there are nets",
	  METHOD_LOW_TTL,
	  { LINUX, "no-nat" },
	  { LINUX },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "both keep" },
	{ "they die at home",
	  METHOD_LOW_TTL,
	  { LINUX },
	  { LINUX },
	  { .ttl = 1 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "stray" },
	{ "they arrive",
	  METHOD_LOW_TTL,
	  { LINUX },
	  { LINUX },
	  { .ttl = 3 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "stray" },
	/* Out through two, the Internet's router, and one more before the NAT. */
	{ "a longer way, just long enough",
	  METHOD_LOW_TTL,
	  { LINUX, "no-nat" },
	  { LINUX, "no-nat" },
	  { .ttl = 4 },
	  { 0, 0 },
	  PREDICT_MUST,
	  1,
	  "" },
	{ "a longer way, too far",
	  METHOD_LOW_TTL,
	  { LINUX, "no-nat" },
	  { LINUX, "no-nat" },
	  { .ttl = 5 },
	  { 0, 0 },
	  PREDICT_MAY,
	  -1,
	  "stray" },
	{ "it makes no port known",
	  METHOD_LOW_TTL,
	  { RND },
	  { PRC },
	  { 0 },
	  { 0, 0 },
	  PREDICT_MUST_NOT,
	  0,
	  "new port" },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	static struct chain caller, callee;
	struct predict_question question = {
		.caller = chain_of(&caller, row->caller, NATS),
		.callee = chain_of(&callee, row->callee, NATS),
		.budget = row->budget,
		.rivals = { row->rivals[0], row->rivals[1] },
	};
	struct predict_answer answer;

	predict(&question, &answer);
	if (answer.udp[row->method] != row->want ||
	    fabs(answer.chance[row->method] - row->chance) > 1e-9 ||
	    !strstr(answer.why[row->method], row->why))
		fail_msg("expected %d, %.12f, \"%s\"; got %d, %.12f, \"%s\"", (int)row->want,
			 row->chance, row->why, (int)answer.udp[row->method],
			 answer.chance[row->method], answer.why[row->method]);
}

/* A NAT that asks for addresses alone hears from the other's second port, where it did not from the
 * first: then one candidate fails surely, and several may not. */
static void more_candidates_than_one(void **state)
{
	static const struct {
		enum nat_scope filtering;
		uint16_t candidates;
		enum prediction want;
	} cases[] = {
		{ NAT_APD, 8, PREDICT_MUST_NOT },
		{ NAT_AD, 8, PREDICT_MAY },
		{ NAT_EI, 8, PREDICT_MAY },
		{ NAT_AD, 1, PREDICT_MUST_NOT },
	};
	static const char *const random[NATS] = { RND }, *const sequential[NATS] = { SEQ };
	static struct chain caller, callee;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct predict_question question = {
			.caller = chain_of(&caller, random, NATS),
			.callee = chain_of(&callee, sequential, NATS),
			.budget = { .candidates = cases[i].candidates },
		};
		struct predict_answer answer;

		callee.models[0].udp.filtering = cases[i].filtering;
		predict(&question, &answer);
		if (answer.udp[METHOD_PREDICT] != cases[i].want)
			fail_msg("case %zu: %s", i, answer.why[METHOD_PREDICT]);
	}
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS + 1] = { 0 };

	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(more_candidates_than_one);
	for (size_t i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].name;
		tests[i].test_func = a_row;
		tests[i].initial_state = (void *)&rows[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
