/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle on SYNs that open a way: who forgets them when they are refused, and who then minds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/predict.h"

/* What differs from the catalog: of the caller's NAT what it does to strays, of the callee's the rest. */
struct knobs {
	enum nat_unsolicited strays;
	enum nat_rst rst;
	enum nat_error_effect on_error;
	bool no_crossing, looks_at_windows;
};

/* In the order of `tried`: Y must, n must not, ? may. */
struct row {
	const char *name;
	const char *caller, *callee;
	struct knobs knobs;
	const char *want;
	const char *why; /* part of the reason of the last */
};

static const enum method tried[] = { METHOD_TCP_PUNCH, METHOD_TCP_PUNCH_LOW_TTL, METHOD_TCP_STUNT_2,
				     METHOD_TCP_SEQUENTIAL };
enum { TRIED = sizeof(tried) / sizeof(*tried) };

#define CONE "port-restricted-cone"
/* As many a Linux box: a mapping for each connection, at the port that it had inside. */
#define KEEPS "linux-masquerade-input-drop"

static const struct row rows[] = {
	{ "two cones", CONE, CONE, { 0 }, "YYYY", "has let the caller's in" },
	{ "nobody filters", "full-cone", "full-cone", { 0 }, "YYYY", "lets anyone in" },
	/* The callee's SYN opens for the address; the caller's may come from any of its ports. */
	{ "a caller of many ports, filtered by address",
	  "symmetric-random",
	  "restricted-cone",
	  { 0 },
	  "nnYY",
	  "has let the caller's in" },
	{ "… and by port", "symmetric-random", CONE, { 0 }, "nnnn", "from a new port" },
	/* The SYN goes out by a mapping that nobody was told of. */
	{ "a callee of many ports", CONE, "symmetric-random", { 0 }, "nnnn", "" },
	{ "a RST comes back, and ends nothing",
	  CONE,
	  CONE,
	  { .strays = NAT_UNSOLICITED_RST, .rst = NAT_RST_KEEP },
	  "YYYY",
	  "" },
	{ "… and the mapping is the registration's, too",
	  CONE,
	  CONE,
	  { .strays = NAT_UNSOLICITED_RST, .rst = NAT_RST_END },
	  "YYYY",
	  "" },
	{ "… and the mapping is this connection's alone",
	  CONE,
	  KEEPS,
	  { .strays = NAT_UNSOLICITED_RST, .rst = NAT_RST_END },
	  "YYYn",
	  "forgets a SYN" },
	{ "… where nothing had answered",
	  CONE,
	  KEEPS,
	  { .strays = NAT_UNSOLICITED_RST, .rst = NAT_RST_END_UNANSWERED },
	  "YYYn",
	  "callee's linux-masquerade-input-drop forgets a SYN that is refused" },
	{ "the caller's host itself refuses it",
	  "full-cone",
	  KEEPS,
	  { .rst = NAT_RST_END },
	  "YYYn",
	  "forgets a SYN" },
	/* Then a SYN opens for as long as it takes to be refused, and the other's must be there by then. */
	{ "both sides refuse and forget",
	  "linux-masquerade",
	  "linux-masquerade",
	  { .strays = NAT_UNSOLICITED_RST, .rst = NAT_RST_END_UNANSWERED },
	  "??Yn",
	  "forgets a SYN" },
	{ "strays are dropped", CONE, KEEPS, { .rst = NAT_RST_END }, "YYYY", "" },
	{ "… or held",
	  CONE,
	  KEEPS,
	  { .strays = NAT_UNSOLICITED_HOLD, .rst = NAT_RST_END },
	  "YYYY",
	  "" },
	{ "… or refused by ICMP, which ends nothing",
	  CONE,
	  KEEPS,
	  { .strays = NAT_UNSOLICITED_ICMP, .rst = NAT_RST_END },
	  "YYYY",
	  "" },
	/* Its time is over: that is an error, too. */
	{ "an ICMP error ends the mapping",
	  CONE,
	  KEEPS,
	  { .strays = NAT_UNSOLICITED_ICMP, .on_error = NAT_ERROR_END },
	  "YYnn",
	  "forgets a SYN" },
	{ "… and where strays are dropped, that of the TTL does",
	  CONE,
	  KEEPS,
	  { .on_error = NAT_ERROR_END },
	  "YYnY",
	  "" },
	{ "SYNs must not cross",
	  CONE,
	  CONE,
	  { .no_crossing = true },
	  "??n?",
	  "drops a SYN that comes after one" },
	{ "… which a SYN from elsewhere does not",
	  "symmetric-random",
	  "restricted-cone",
	  { .no_crossing = true },
	  "nnYY",
	  "" },
	{ "numbers must fit the window",
	  CONE,
	  CONE,
	  { .looks_at_windows = true },
	  "Y?nn",
	  "takes the number of the callee's answer for out of its window" },
};

static void change(struct nat_model *caller, struct nat_model *callee, const struct knobs *knobs)
{
	caller->tcp.unsolicited = knobs->strays;
	callee->tcp.rst = knobs->rst;
	callee->tcp.simultaneous_open = !knobs->no_crossing;
	callee->tcp.out_of_window = !knobs->looks_at_windows;
	callee->icmp.on_error = knobs->on_error;
}

static void a_row(void **state)
{
	const struct row *row = *state;
	struct nat_model models[2];
	struct predict_nat nats[2] = { { .model = &models[0] }, { .model = &models[1] } };
	const struct predict_question question = { .caller = { &nats[0], 1 },
						   .callee = { &nats[1], 1 } };
	struct predict_answer answer;
	struct model_error error;
	char got[TRIED + 1] = "";

	assert_int_equal(nat_model_find(row->caller, &models[0], &error), 0);
	assert_int_equal(nat_model_find(row->callee, &models[1], &error), 0);
	change(&models[0], &models[1], &row->knobs);
	predict(&question, &answer);
	for (size_t i = 0; i < TRIED; i++)
		got[i] = "nY?"[answer.udp[tried[i]]];
	assert_string_equal(got, row->want);
	if (!strstr(answer.why[METHOD_TCP_SEQUENTIAL], row->why) &&
	    !strstr(answer.why[METHOD_TCP_STUNT_2], row->why))
		fail_msg("%s: %s", row->why, answer.why[METHOD_TCP_SEQUENTIAL]);
}

/* On a LAN that both are on there is no router at which a SYN could end: it is refused by the
 * other's host, or by the NAT before it. */
static void on_one_lan_a_low_ttl_goes_all_the_way(void **state)
{
	struct nat_model home, own, callee;
	struct predict_nat shared = { .model = &home }, caller_nat = { .model = &own },
			   callee_nat = { .model = &callee };
	struct predict_question question = { .caller = { &caller_nat, 1 },
					     .callee = { &callee_nat, 1 },
					     .shared = { &shared, 1 },
					     .tries_host_addresses = true };
	struct predict_answer answer;
	struct model_error error;

	(void)state;
	assert_int_equal(nat_model_find(CONE, &home, &error), 0);
	assert_int_equal(nat_model_find(CONE, &own, &error), 0);
	assert_int_equal(nat_model_find(KEEPS, &callee, &error), 0);
	callee.tcp.out_of_window = true;
	callee.tcp.rst = NAT_RST_END;
	home.hairpin = NAT_HAIRPIN_NONE;
	predict(&question, &answer);
	/* The rendezvous knows both by the home's address, which the home does not hairpin. */
	assert_int_equal(answer.udp[METHOD_TCP_STUNT_2], PREDICT_MUST_NOT);
	question.callee.nats_len = 0;
	question.caller.nats_len = 0;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_STUNT_2], PREDICT_MUST);
	assert_int_equal(answer.udp[METHOD_TCP_SEQUENTIAL], PREDICT_MUST);
}

/* Only where the SYN that opens a way ends at the router between the two is reasoned about. */
static void another_ttl_is_a_matter_of_doubt(void **state)
{
	struct nat_model home;
	struct predict_nat nat = { .model = &home };
	struct predict_question question = { .caller = { &nat, 1 }, .callee = { &nat, 1 } };
	struct predict_answer answer;
	struct model_error error;

	(void)state;
	assert_int_equal(nat_model_find(CONE, &home, &error), 0);
	question.budget.ttl = 2;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_PUNCH_LOW_TTL], PREDICT_MUST);
	question.budget.ttl = 3;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_PUNCH_LOW_TTL], PREDICT_MAY);
	assert_non_null(strstr(answer.why[METHOD_TCP_PUNCH_LOW_TTL], "a TTL of 3"));
	assert_int_equal(answer.udp[METHOD_TCP_PUNCH], PREDICT_MUST);
}

/* Numbers that are near each other, as the way is given little time, or so much that they have come round,
 * may be in the window. */
static void how_far_numbers_are_apart(void **state)
{
	static const struct {
		uint64_t pace_ns;
		enum prediction want;
	} paces[] = {
		{ 0, PREDICT_MUST_NOT },
		{ METHOD_PACE_NS, PREDICT_MUST_NOT },
		{ UINT64_C(1048568), PREDICT_MUST_NOT },
		{ UINT64_C(1048560), PREDICT_MAY },
		{ UINT64_C(17179869183), PREDICT_MUST_NOT },
		{ UINT64_C(17179869184), PREDICT_MAY },
	};
	struct nat_model home;
	struct predict_nat nat = { .model = &home };
	struct predict_question question = { .caller = { &nat, 1 }, .callee = { &nat, 1 } };
	struct predict_answer answer;
	struct model_error error;

	(void)state;
	assert_int_equal(nat_model_find(KEEPS, &home, &error), 0);
	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
		question.pace_ns = paces[i].pace_ns;
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TCP_STUNT_2], paces[i].want);
		assert_int_equal(answer.udp[METHOD_TCP_PUNCH_LOW_TTL], PREDICT_MAY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_one_lan_a_low_ttl_goes_all_the_way),
		cmocka_unit_test(another_ttl_is_a_matter_of_doubt),
		cmocka_unit_test(how_far_numbers_are_apart),
	};
	struct CMUnitTest row_tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = a_row,
						    .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(row_tests, NULL, NULL);
}
