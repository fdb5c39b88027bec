/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same run in both worlds: what counts as different, and what is then said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenarios/runtime/both_worlds.h"

#define CALL(connected, method, attempts)                                                          \
	"{\"ended\": \"pass\", \"calls\": [{\"capture\": {\"connected\": " connected               \
	", \"method\": \"" method "\", \"attempts\": [" attempts "]}}]}"
#define ASKED(says, connected, method, attempts)                                                   \
	"{\"ended\": \"pass\", \"calls\": [{\"oracle\": " says                                     \
	", \"capture\": {\"connected\": " connected ", \"method\": \"" method                      \
	"\", \"attempts\": [" attempts "]}}]}"
#define LUCK "{\"punch\": {\"prediction\": \"may\"}, \"direct\": {\"prediction\": \"must-not\"}}"
#define EITHER "{\"predict\": {\"prediction\": \"must\", \"seen_as\": [\"punch\", \"predict\"]}}"
#define PUNCHED "{\"predict\": {\"prediction\": \"must\", \"seen_as\": [\"punch\"]}}"
#define TRIED(method, connected) "{\"method\": \"" method "\", \"connected\": " connected "}"

#define MADE(method)                                                                               \
	"{\"caller\": \"a\", \"callee\": \"b\", \"probe\": {\"attempts\": [" TRIED(                \
		method, "true") "]}, \"capture\": {\"connected\": true, \"method\": \"" method     \
				"\", \"attempts\": [" TRIED(method, "true") "]}}"
#define NOT_TRIED(method) "{\"caller\": \"a\", \"callee\": \"b\", \"method\": \"" method "\"}"

static const struct row {
	const char *name, *live, *virtual;
	const char *says; /* NULL = they agree */
	int left_out; /* calls */
} rows[] = {
	{ "both pass", "{\"ended\": \"pass\", \"ms\": 12.5}", "{\"ended\": \"pass\", \"ms\": 3}",
	  NULL, 0 },
	{ "both fail", "{\"ended\": \"fail\", \"message\": \"a\"}",
	  "{\"ended\": \"fail\", \"message\": \"b\"}", NULL, 0 },
	{ "one fails", "{\"ended\": \"pass\"}",
	  "{\"ended\": \"fail\", \"message\": \"f.lua:1: no\"}",
	  "the two worlds differ: live pass, virtual fail: f.lua:1: no", 0 },
	{ "the other fails", "{\"ended\": \"fail\"}", "{\"ended\": \"pass\"}",
	  "the two worlds differ: live fail, virtual pass", 0 },
	{ "one is skipped", "{\"ended\": \"pass\"}", "{\"ended\": \"skip\"}", NULL, 0 },
	{ "the other is skipped", "{\"ended\": \"skip\"}", "{\"ended\": \"pass\"}", NULL, 0 },
	{ "one method", CALL("true", "punch", TRIED("punch", "true")),
	  CALL("true", "punch", TRIED("punch", "true")), NULL, 0 },
	{ "two methods", CALL("true", "punch", TRIED("punch", "true")),
	  CALL("true", "relay", TRIED("punch", "true")),
	  "the two worlds differ: live pass: punch (punch yes), virtual pass: relay (punch yes)",
	  0 },
	{ "another attempt worked",
	  CALL("true", "relay", TRIED("direct", "false") ", " TRIED("relay", "true")),
	  CALL("true", "relay", TRIED("direct", "true") ", " TRIED("relay", "true")),
	  "the two worlds differ: live pass: relay (direct no, relay yes), "
	  "virtual pass: relay (direct yes, relay yes)",
	  0 },
	{ "no connection in one", CALL("true", "punch", TRIED("punch", "true")),
	  CALL("false", "punch", TRIED("punch", "true")),
	  "the two worlds differ: live pass: punch (punch yes), "
	  "virtual pass: no connection (punch yes)",
	  0 },
	{ "a call in one only", CALL("true", "punch", ""), "{\"ended\": \"pass\", \"calls\": []}",
	  "the two worlds differ: live pass: punch, virtual pass", 0 },
	{ "luck decides a rung, and what follows it",
	  ASKED(LUCK, "true", "punch", TRIED("direct", "false") ", " TRIED("punch", "true")),
	  ASKED(LUCK, "true", "relay",
		TRIED("direct", "false") ", " TRIED("punch", "false") ", " TRIED("relay", "true")),
	  NULL, 1 },
	{ "luck decides whether anything is said",
	  "{\"ended\": \"pass\", \"calls\": [{\"oracle\": " LUCK
	  ", \"probe\": {\"attempts\": [" TRIED(
		  "punch", "false") "]}, \"capture\": {\"connected\": false, \"attempts\": []}}]}",
	  ASKED(LUCK, "true", "punch", TRIED("punch", "true")), NULL, 1 },
	{ "but not what comes before it",
	  ASKED(LUCK, "true", "punch", TRIED("direct", "false") ", " TRIED("punch", "true")),
	  ASKED(LUCK, "true", "punch", TRIED("direct", "true") ", " TRIED("punch", "true")),
	  "the two worlds differ: live pass: luck (direct no, punch by luck), "
	  "virtual pass: luck (direct yes, punch by luck)",
	  1 },
	{ "nor whether it was tried",
	  ASKED(LUCK, "true", "punch", TRIED("direct", "false") ", " TRIED("punch", "true")),
	  ASKED(LUCK, "false", "direct", TRIED("direct", "false")),
	  "the two worlds differ: live pass: luck (direct no, punch by luck), "
	  "virtual pass: no connection (direct no)",
	  1 },
	{ "nor how the run ended", ASKED(LUCK, "true", "punch", TRIED("punch", "true")),
	  "{\"ended\": \"fail\", \"calls\": [{\"oracle\": " LUCK
	  ", \"capture\": {\"connected\": false, \"attempts\": [" TRIED("punch", "false") "]}}]}",
	  "the two worlds differ: live pass: luck (punch by luck), virtual fail: luck (punch by luck)",
	  1 },
	{ "what the oracle says of others does not count",
	  ASKED(LUCK, "true", "direct", TRIED("direct", "true")),
	  ASKED(LUCK, "false", "direct", TRIED("direct", "false")),
	  "the two worlds differ: live pass: direct (direct yes), "
	  "virtual pass: no connection (direct no)",
	  0 },
	{ "a waived oracle excuses nothing",
	  "{\"ended\": \"pass\", \"calls\": [{\"oracle_waived\": \"x\", \"oracle\": " LUCK
	  ", \"capture\": {\"connected\": true, \"method\": \"punch\", \"attempts\": "
	  "[" TRIED("punch", "true") "]}}]}",
	  "{\"ended\": \"pass\", \"calls\": [{\"oracle_waived\": \"x\", \"oracle\": " LUCK
	  ", \"capture\": {\"connected\": false, \"attempts\": [" TRIED("punch", "false") "]}}]}",
	  "the two worlds differ: live pass: punch (punch yes), "
	  "virtual pass: no connection (punch no)",
	  0 },
	{ "a call that could not be tried",
	  "{\"ended\": \"pass\", \"calls\": [" MADE("tcp-punch") ", " MADE("punch") "]}",
	  "{\"ended\": \"pass\", \"calls\": [" MADE("punch") "], \"not_tried\": [" NOT_TRIED(
		  "tcp-punch") "]}",
	  NULL, 0 },
	{ "another that was not tried either",
	  "{\"ended\": \"pass\", \"calls\": [" MADE("tcp-punch") "]}",
	  "{\"ended\": \"pass\", \"calls\": [], \"not_tried\": [" NOT_TRIED("tcp-direct") "]}",
	  "the two worlds differ: live pass: tcp-punch (tcp-punch yes), virtual pass", 0 },
	{ "two ways of being seen", ASKED(EITHER, "true", "predict", TRIED("predict", "true")),
	  ASKED(EITHER, "true", "punch\", \"said\": \"predict", TRIED("predict", "true")), NULL,
	  1 },
	{ "one way of being seen", ASKED(PUNCHED, "true", "predict", TRIED("predict", "true")),
	  ASKED(PUNCHED, "true", "punch\", \"said\": \"predict", TRIED("predict", "true")),
	  "the two worlds differ: live pass: predict (predict yes), "
	  "virtual pass: punch (predict yes)",
	  0 },
};

static json_t *record(const char *text, const char *world, const char *realise)
{
	json_t *ret = json_loads(text, 0, NULL);

	assert_non_null(ret);
	json_object_set_new(ret, "world", json_string(world));
	json_object_set_new(ret, "realise", json_string(realise));
	return ret;
}

static void compare(void **state)
{
	const struct row *row = *state;
	json_t *live = record(row->live, "live", "engine");
	json_t *virtual = record(row->virtual, "virtual", "engine");
	json_t *before = json_deep_copy(virtual);

	both_worlds_compare(live, virtual);
	assert_int_equal(json_integer_value(json_object_get(virtual, "left_out")), row->left_out);
	json_object_del(virtual, "left_out");
	if (row->says) {
		assert_string_equal(json_string_value(json_object_get(virtual, "ended")), "fail");
		assert_string_equal(json_string_value(json_object_get(virtual, "message")),
				    row->says);
	} else {
		assert_true(json_equal(virtual, before));
	}
	json_decref(before);
	json_decref(virtual);
	json_decref(live);
}

static void other_nats(void **state)
{
	json_t *engine = record(CALL("true", "punch", ""), "live", "engine");
	json_t *kernel = record(CALL("true", "relay", ""), "live", "kernel");

	(void)state;
	both_worlds_compare(engine, kernel);
	assert_string_equal(json_string_value(json_object_get(kernel, "message")),
			    "the two NATs differ: engine pass: punch, kernel pass: relay");
	json_decref(kernel);
	json_decref(engine);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(other_nats) };
	struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = compare,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(others, NULL, NULL);
}
