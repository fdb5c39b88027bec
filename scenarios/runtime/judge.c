/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../reports/record.h"
#include "values.h"

static bool holds(enum relation relation, const json_t *wanted, const json_t *found)
{
	const json_t *one;
	size_t i;

	switch (relation) {
	case IS:
		return value_equal(wanted, found);
	case IS_NOT:
		return !value_equal(wanted, found);
	case IS_ONE_OF:
		json_array_foreach(wanted, i, one) if (value_equal(one, found)) return true;
		return false;
	case IS_AT_LEAST:
		return json_is_number(found) &&
		       json_number_value(found) >= json_number_value(wanted);
	case IS_AT_MOST:
		return json_is_number(found) &&
		       json_number_value(found) <= json_number_value(wanted);
	}
	return false;
}

void judge_value(struct expectation *e, json_t *found)
{
	e->found = found;
	e->ok = holds(e->relation, e->wanted, found);
}

static const char *expected_text(const struct expectation *e, char *buf, size_t size)
{
	static const char *const prefix[] = { [IS] = "",
					      [IS_NOT] = "anything but ",
					      [IS_ONE_OF] = "",
					      [IS_AT_LEAST] = "at least ",
					      [IS_AT_MOST] = "at most " };
	char wanted[256];

	snprintf(buf, size, "%s%s", prefix[e->relation],
		 value_text(e->wanted, wanted, sizeof(wanted)));
	return buf;
}

json_t *judge_field(const struct verdict_call *shown, enum call_field field, enum method method,
		    int family)
{
	bool connected = shown && shown->connected;

	switch (field) {
	case CALL_METHOD:
		return json_string(connected ? method_word(shown->method) : "none");
	case CALL_FAMILY:
		return json_string(connected ? verdict_families_word(shown->families) : "none");
	case CALL_CONNECTED:
		return json_boolean(connected);
	case CALL_RELAYED:
		return json_boolean(connected && shown->relayed);
	case CALL_RELAY:
		return json_string(connected && shown->relayed ? shown->relay : "none");
	case CALL_PAIR:
		return json_string(connected ? ice_path_word(shown->ice_path) : "none");
	case CALL_ARRIVED:
		if (!shown)
			return json_integer(0);
		return json_integer(shown->voice_arrived[0] < shown->voice_arrived[1]
					    ? shown->voice_arrived[0]
					    : shown->voice_arrived[1]);
	case CALL_WORKED:
		for (size_t i = 0; shown && i < shown->attempts_len; i++)
			if (shown->attempts[i].method == method &&
			    shown->attempts[i].shown == method && shown->attempts[i].connected &&
			    (family == FAMILY_COUNT || (int)shown->attempts[i].family == family))
				return json_true();
		return json_false();
	case CALL_FIELDS_LEN:
		break;
	}
	return json_null();
}

/* 0, or -EINVAL for a filter or a tap that cannot be, with one line. */
static int weigh(struct expectation *e, const struct verdict *verdict, const char *path,
		 char *ret_error, size_t size)
{
	char why[256];
	long count;

	if (e->found)
		return 0;
	if (e->call) {
		uint64_t token = call_token(e->call->call);

		judge_value(e, judge_field(verdict_find(verdict, token), e->field, e->method,
					   e->family));
		return 0;
	}
	count = verdict_count(path, e->tap, e->filter, 0, why, sizeof(why));
	if (count < 0) {
		snprintf(ret_error, size, "%s: %s", e->where,
			 count == -ENOENT ? "there is no such tap" : why);
		return -EINVAL;
	}
	judge_value(e, json_integer(count));
	return 0;
}

static json_t *record_expectation(const struct expectation *e)
{
	char expected[320], found[256];

	expected_text(e, expected, sizeof(expected));
	value_text(e->found, found, sizeof(found));
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "where", e->where, "what", e->what,
			 "expected", expected, "found", found, "ok", e->ok);
}

static void end(json_t *record, const char *ended, const char *message)
{
	json_object_set_new(record, "ended", json_string(ended));
	json_object_set_new(record, "message", json_string(message));
}

/* Write the record's "expectations"; the first that is not met is the message, unless there
 * is one.  0 or -EINVAL, with the message. */
static int judge_expectations(struct stage *stage, const struct verdict *verdict, const char *path,
			      json_t *record, char *message, size_t size)
{
	json_t *list = json_array();
	char expected[320], found[256];

	json_object_set_new(record, "expectations", list);
	for (struct expectation *e = stage->expectations; e; e = e->next) {
		if (weigh(e, verdict, path, message, size))
			return -EINVAL;
		json_array_append_new(list, record_expectation(e));
		if (!e->ok && !message[0])
			snprintf(message, size, "%s: %s: expected %s, got %s", e->where, e->what,
				 expected_text(e, expected, sizeof(expected)),
				 value_text(e->found, found, sizeof(found)));
	}
	return 0;
}

void judge(struct stage *stage, const char *path, json_t *record)
{
	struct verdict verdict = { 0 };
	char message[1024] = "", error[1024];

	json_object_set(record, "log", stage->log);
	if (json_array_size(stage->not_tried))
		json_object_set(record, "not_tried", stage->not_tried);
	if (verdict_read(path, &verdict, error, sizeof(error))) {
		end(record, "error", error);
		return;
	}
	json_object_set_new(record, "calls",
			    judge_calls(stage, &verdict, message, sizeof(message)));
	if (judge_expectations(stage, &verdict, path, record, message, sizeof(message)))
		end(record, "error", message);
	else if (message[0])
		end(record, "fail", message);
	else if (!stage->expectations && !stage->calls && json_array_size(stage->not_tried))
		end(record, "skip", record_text(json_array_get(stage->not_tried, 0), "why"));
	else if (!stage->expectations && !stage->calls)
		end(record, "error", "it expects nothing: no expect() was reached, and no call");
	else
		json_object_set_new(record, "ended", json_string("pass"));
	verdict_clear(&verdict);
}
