/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement over calls: what the probe says and what the oracle says, against the capture.
 * The probe is a fake that says what each row lets it say; so are the capture's verdict and
 * the oracle's answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "scenarios/runtime/judge.h"

/* The fake: struct call is opaque, and these are all that the judgement asks of it. */
struct call {
	bool connected;
	enum method method;
	struct attempt attempts[2];
	unsigned attempts_len;
};

bool call_connected(const struct call *call)
{
	return call->connected;
}

enum method call_method(const struct call *call)
{
	return call->method;
}

enum family call_family(const struct call *call)
{
	(void)call;
	return FAMILY_IPV4;
}

uint64_t call_token(const struct call *call)
{
	(void)call;
	return 1;
}

unsigned call_attempts(const struct call *call, const struct attempt **ret)
{
	*ret = call->attempts;
	return call->attempts_len;
}

enum { NONE = METHOD_COUNT };
enum { MUST = PREDICT_MUST, NOT = PREDICT_MUST_NOT, MAY = PREDICT_MAY };

/* Direct is tried, then punch; each side says which of them worked (NONE: neither). */
static const struct row {
	const char *name;
	int probe, capture; /* the method that worked */
	int oracle[2]; /* of direct, punch */
	unsigned heard; /* frames each way by the probe; 0 of none sent */
	bool spoke;
	bool waived;
	const char *message;
} rows[] = {
	{ "all agree", METHOD_PUNCH, METHOD_PUNCH, { NOT, MUST }, 5, true, false, "" },
	{ "all agree that nothing works", NONE, NONE, { NOT, NOT }, 0, false, false, "" },
	{ "the probe boasts",
	  METHOD_PUNCH,
	  NONE,
	  { NOT, NOT },
	  5,
	  true,
	  false,
	  "alice's call to bob: probe says punch worked, capture shows that it failed" },
	{ "the probe did not notice",
	  NONE,
	  METHOD_PUNCH,
	  { NOT, MUST },
	  0,
	  false,
	  false,
	  "alice's call to bob: probe says punch failed, capture shows that it worked" },
	{ "the probe names another method",
	  METHOD_DIRECT,
	  METHOD_PUNCH,
	  { NOT, MUST },
	  5,
	  true,
	  false,
	  "alice's call to bob: probe says direct worked, capture shows that it failed" },
	{ "the probe heard nothing of voice that arrived",
	  METHOD_PUNCH,
	  METHOD_PUNCH,
	  { NOT, MUST },
	  0,
	  true,
	  false,
	  "alice's call to bob: probe says punch and heard 0 and 0 frames, capture shows punch" },
	{ "what must work failed",
	  NONE,
	  NONE,
	  { NOT, MUST },
	  0,
	  false,
	  false,
	  "alice's call to bob: punch must work (because), capture shows that it failed" },
	{ "what must not work did",
	  METHOD_PUNCH,
	  METHOD_PUNCH,
	  { NOT, NOT },
	  5,
	  true,
	  false,
	  "alice's call to bob: punch must not work (because), capture shows that it worked" },
	{ "the first rung counts, too",
	  METHOD_PUNCH,
	  METHOD_PUNCH,
	  { MUST, MUST },
	  5,
	  true,
	  false,
	  "alice's call to bob: direct must work (because), capture shows that it failed" },
	{ "a matter of luck: failed", NONE, NONE, { MAY, MAY }, 0, false, false, "" },
	{ "a matter of luck: worked",
	  METHOD_PUNCH,
	  METHOD_PUNCH,
	  { MAY, MAY },
	  5,
	  true,
	  false,
	  "" },
	{ "the oracle is waived", NONE, NONE, { NOT, MUST }, 0, false, true, "" },
	{ "which does not excuse the probe",
	  METHOD_PUNCH,
	  NONE,
	  { NOT, MUST },
	  5,
	  true,
	  true,
	  "alice's call to bob: probe says punch worked, capture shows that it failed" },
};

static void tell(const struct row *row, struct call *probe, struct verdict_call *shown)
{
	static const enum method tried[] = { METHOD_DIRECT, METHOD_PUNCH };

	probe->connected = row->probe != NONE;
	probe->method = (enum method)row->probe;
	shown->token = 1;
	shown->connected = row->capture != NONE;
	shown->method = shown->said = (enum method)row->capture;
	for (unsigned i = 0; i < 2; i++) {
		probe->attempts[i].method = shown->attempts[i].method = tried[i];
		shown->attempts[i].shown = tried[i];
		probe->attempts[i].connected = row->probe == (int)tried[i];
		probe->attempts[i].took = (i + 1) * UINT64_C(41200000);
		shown->attempts[i].connected = row->capture == (int)tried[i];
	}
	probe->attempts_len = 2;
	shown->attempts_len = 2;
}

/* How long each rung took. */
static void assert_times(const json_t *call)
{
	json_t *attempts = json_object_get(json_object_get(call, "probe"), "attempts"), *attempt;
	size_t i;

	assert_int_equal(json_array_size(attempts), 2);
	json_array_foreach(attempts, i, attempt)
	{
		double ms = json_number_value(json_object_get(attempt, "ms"));

		assert_int_equal((long)(10 * ms + 0.5), 412 * (i + 1));
	}
}

static void run_row(void **state)
{
	const struct row *row = *state;
	struct plan_node alice = { .name = "alice" }, bob = { .name = "bob" };
	struct call probe = { 0 };
	struct verdict_call shown = { 0 };
	const struct verdict verdict = { .calls = &shown, .calls_len = 1 };
	struct stage_call call = { .call = &probe, .caller = &alice, .callee = &bob };
	struct stage stage = { .calls = &call };
	char message[512];
	json_t *calls;

	tell(row, &probe, &shown);
	call.waiver = row->waived ? (char *)"told so" : NULL;
	for (int way = 0; way < 2; way++) {
		call.sent[way] = row->spoke ? 5 : 0;
		call.heard[way] = row->heard;
	}
	call.oracle[FAMILY_IPV4].udp[METHOD_DIRECT] = (enum prediction)row->oracle[0];
	call.oracle[FAMILY_IPV4].udp[METHOD_PUNCH] = (enum prediction)row->oracle[1];
	for (int m = 0; m < METHOD_COUNT; m++)
		call.oracle[FAMILY_IPV4].shown[m] = method_bit((enum method)m);
	snprintf(call.oracle[FAMILY_IPV4].why[METHOD_DIRECT],
		 sizeof(call.oracle[FAMILY_IPV4].why[0]), "because");
	snprintf(call.oracle[FAMILY_IPV4].why[METHOD_PUNCH],
		 sizeof(call.oracle[FAMILY_IPV4].why[0]), "because");
	calls = judge_calls(&stage, &verdict, message, sizeof(message));
	assert_string_equal(message, row->message);
	assert_int_equal(json_is_true(json_object_get(json_array_get(calls, 0), "agrees")),
			 row->message[0] == '\0');
	assert_times(json_array_get(calls, 0));
	json_decref(calls);
}

/* A way is open, and the probe says that it failed: so it may where the rendezvous may be lost. */
static void a_call_that_broke_off(void **state)
{
	const struct row row = {
		"broken off", NONE, METHOD_PUNCH, { MAY, MAY }, 0, false, false, ""
	};
	struct plan_node alice = { .name = "alice" }, bob = { .name = "bob" };
	struct call probe = { 0 };
	struct verdict_call shown = { 0 };
	const struct verdict verdict = { .calls = &shown, .calls_len = 1 };
	struct stage_call call = { .call = &probe, .caller = &alice, .callee = &bob };
	struct stage stage = { .calls = &call };
	char message[512];

	(void)state;
	tell(&row, &probe, &shown);
	for (int m = 0; m < METHOD_COUNT; m++)
		call.oracle[FAMILY_IPV4].udp[m] = PREDICT_MAY;
	json_decref(judge_calls(&stage, &verdict, message, sizeof(message)));
	assert_string_equal(message, "");
	call.oracle[FAMILY_IPV4].udp[METHOD_RELAY] = PREDICT_MUST;
	json_decref(judge_calls(&stage, &verdict, message, sizeof(message)));
	assert_string_equal(message, "alice's call to bob: probe says punch failed, capture shows "
				     "that it worked");
}

/* No frame in the capture at all: the probe's word is worth nothing. */
static void a_call_that_left_no_trace(void **state)
{
	struct plan_node alice = { .name = "alice" }, bob = { .name = "bob" };
	struct call probe = { .connected = true, .method = METHOD_RELAY };
	const struct verdict verdict = { 0 };
	struct stage_call call = { .call = &probe, .caller = &alice, .callee = &bob };
	struct stage stage = { .calls = &call };
	char message[512];

	(void)state;
	json_decref(judge_calls(&stage, &verdict, message, sizeof(message)));
	assert_string_equal(message,
			    "alice's call to bob: probe says relay and heard 0 and 0 frames, "
			    "capture shows none");
}

/* The probe's types, the way that the capture shows, and those that the oracle allows. */
static const struct pair_row {
	enum ice_type here, there;
	enum ice_path shown;
	unsigned allowed;
	const char *message;
} pair_rows[] = {
	{ ICE_HOST, ICE_HOST, ICE_PATH_DIRECT, 1, "" },
	{ ICE_HOST, ICE_PEER_REFLEXIVE, ICE_PATH_PUNCHED, 2, "" },
	{ ICE_RELAYED, ICE_SERVER_REFLEXIVE, ICE_PATH_RELAYED, 6, "" },
	{ ICE_HOST, ICE_HOST, ICE_PATH_PUNCHED, 7,
	  "alice's call to bob: probe says its pair is host and host, capture shows that it is "
	  "punched" },
	{ ICE_PEER_REFLEXIVE, ICE_HOST, ICE_PATH_RELAYED, 7,
	  "alice's call to bob: probe says its pair is prflx and host, capture shows that it is "
	  "relayed" },
	{ ICE_HOST, ICE_RELAYED, ICE_PATH_RELAYED, 3,
	  "alice's call to bob: ice must not be relayed (because), capture shows that it is" },
};

static void run_pair_row(void **state)
{
	const struct pair_row *row = *state;
	struct plan_node alice = { .name = "alice" }, bob = { .name = "bob" };
	struct call probe = { .connected = true, .method = METHOD_ICE, .attempts_len = 1 };
	struct verdict_call shown = {
		.token = 1,
		.connected = true,
		.method = METHOD_ICE,
		.said = METHOD_ICE,
		.attempts_len = 1,
	};
	const struct verdict verdict = { .calls = &shown, .calls_len = 1 };
	struct stage_call call = { .call = &probe, .caller = &alice, .callee = &bob };
	struct stage stage = { .calls = &call };
	struct predict_answer *oracle = &call.oracle[FAMILY_IPV4];
	char message[512];

	probe.attempts[0] = (struct attempt){
		.method = METHOD_ICE, .connected = true, .here = row->here, .there = row->there
	};
	shown.attempts[0] = (struct verdict_attempt){
		.method = METHOD_ICE, .shown = METHOD_ICE, .connected = true, .ice_path = row->shown
	};
	oracle->udp[METHOD_ICE] = PREDICT_MUST;
	oracle->shown[METHOD_ICE] = method_bit(METHOD_ICE);
	oracle->ice_paths = row->allowed;
	snprintf(oracle->why[METHOD_ICE], sizeof(oracle->why[0]), "because");
	json_decref(judge_calls(&stage, &verdict, message, sizeof(message)));
	assert_string_equal(message, row->message);
}

/* Low TTL was tried and worked: as what the oracle says that it is to be seen, and the capture shows it. */
static const struct shown_row {
	const char *name;
	enum prediction prediction;
	unsigned allowed;
	enum method shown;
	const char *message;
} shown_rows[] = {
	{ "proved, as it must be", PREDICT_MUST, 1U << METHOD_LOW_TTL, METHOD_LOW_TTL, "" },
	{ "not proved, though it must be", PREDICT_MUST, 1U << METHOD_LOW_TTL, METHOD_PUNCH,
	  "alice's call to bob: low-ttl must be seen as low-ttl (because), capture shows punch (it "
	  "was none)" },
	{ "proved, where that cannot be", PREDICT_MUST, 1U << METHOD_PUNCH, METHOD_LOW_TTL,
	  "alice's call to bob: low-ttl must be seen as no more than punch (because), capture shows "
	  "low-ttl (it was none)" },
	{ "either will do", PREDICT_MUST, 1U << METHOD_PUNCH | 1U << METHOD_LOW_TTL, METHOD_PUNCH,
	  "" },
	{ "a matter of luck", PREDICT_MAY, 1U << METHOD_LOW_TTL, METHOD_PUNCH, "" },
};

static void run_shown_row(void **state)
{
	const struct shown_row *row = *state;
	struct plan_node alice = { .name = "alice" }, bob = { .name = "bob" };
	struct call probe = { .connected = true, .method = METHOD_LOW_TTL, .attempts_len = 1 };
	struct verdict_call shown = {
		.token = 1,
		.connected = true,
		.method = row->shown,
		.said = METHOD_LOW_TTL,
		.attempts_len = 1,
	};
	const struct verdict verdict = { .calls = &shown, .calls_len = 1 };
	struct stage_call call = { .call = &probe, .caller = &alice, .callee = &bob };
	struct stage stage = { .calls = &call };
	struct predict_answer *oracle = &call.oracle[FAMILY_IPV4];
	char message[512];
	json_t *worked;

	probe.attempts[0] = (struct attempt){ .method = METHOD_LOW_TTL, .connected = true };
	shown.attempts[0] = (struct verdict_attempt){ .method = METHOD_LOW_TTL,
						      .shown = row->shown,
						      .connected = true,
						      .why = "it was none" };
	oracle->udp[METHOD_LOW_TTL] = row->prediction;
	oracle->shown[METHOD_LOW_TTL] = row->allowed;
	snprintf(oracle->why[METHOD_LOW_TTL], sizeof(oracle->why[0]), "because");
	json_decref(judge_calls(&stage, &verdict, message, sizeof(message)));
	assert_string_equal(message, row->message);
	worked = judge_field(&shown, CALL_WORKED, METHOD_LOW_TTL, FAMILY_COUNT);
	assert_int_equal(json_is_true(worked), row->shown == METHOD_LOW_TTL);
	json_decref(worked);
}

/* "found" against "wanted", for each relation, at its edges. */
static const struct weighing {
	enum relation relation;
	const char *wanted, *found;
	bool ok;
} weighings[] = {
	{ IS, "\"punch\"", "\"punch\"", true },
	{ IS, "\"punch\"", "\"relay\"", false },
	{ IS, "5", "5.0", true },
	{ IS, "null", "null", true },
	{ IS, "false", "null", false },
	{ IS, "\"5\"", "5", false },
	{ IS_NOT, "null", "\"x\"", true },
	{ IS_NOT, "null", "null", false },
	{ IS_ONE_OF, "[\"a\", \"b\"]", "\"b\"", true },
	{ IS_ONE_OF, "[\"a\", \"b\"]", "\"c\"", false },
	{ IS_AT_LEAST, "5", "5", true },
	{ IS_AT_LEAST, "5", "4", false },
	{ IS_AT_LEAST, "0", "null", false },
	{ IS_AT_MOST, "5", "5", true },
	{ IS_AT_MOST, "5", "6", false },
};

static void weighing(void **state)
{
	const struct weighing *row = *state;
	struct expectation e = { .relation = row->relation };

	e.wanted = json_loads(row->wanted, JSON_DECODE_ANY, NULL);
	judge_value(&e, json_loads(row->found, JSON_DECODE_ANY, NULL));
	assert_int_equal(e.ok, row->ok);
	json_decref(e.wanted);
	json_decref(e.found);
}

int main(void)
{
	enum {
		ROWS = sizeof(rows) / sizeof(*rows),
		WEIGHINGS = sizeof(weighings) / sizeof(*weighings),
		PAIRS = sizeof(pair_rows) / sizeof(*pair_rows),
		SHOWN = sizeof(shown_rows) / sizeof(*shown_rows),
	};
	static char names[WEIGHINGS][64];
	struct CMUnitTest tests[ROWS + WEIGHINGS + PAIRS + SHOWN + 2];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ .name = rows[i].name,
						  .test_func = run_row,
						  .initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < WEIGHINGS; i++) {
		snprintf(names[i], sizeof(names[i]), "relation %d: %s, %s", weighings[i].relation,
			 weighings[i].wanted, weighings[i].found);
		tests[n++] = (struct CMUnitTest){ .name = names[i],
						  .test_func = weighing,
						  .initial_state = (void *)&weighings[i] };
	}
	for (size_t i = 0; i < PAIRS; i++)
		tests[n++] = (struct CMUnitTest){ .name = "ICE's pair",
						  .test_func = run_pair_row,
						  .initial_state = (void *)&pair_rows[i] };
	for (size_t i = 0; i < SHOWN; i++)
		tests[n++] = (struct CMUnitTest){ .name = shown_rows[i].name,
						  .test_func = run_shown_row,
						  .initial_state = (void *)&shown_rows[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_call_that_left_no_trace);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_call_that_broke_off);
	return _cmocka_run_group_tests("judge", tests, n, NULL, NULL);
}
