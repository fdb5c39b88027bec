/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "both_worlds.h"

#include <stdio.h>
#include <string.h>

#include "../../reports/grid.h"
#include "../../reports/record.h"

enum { TEXT = 512, OUTCOME = 1024 };

static size_t add(char *buf, size_t size, size_t used, const char *text)
{
	size_t len = strlen(text);

	if (len >= size - used)
		len = size - used - 1;
	memcpy(buf + used, text, len);
	buf[used + len] = '\0';
	return used + len;
}

/* What the oracle says of @attempt of @call's. */
static const json_t *says_of(const json_t *call, const json_t *attempt)
{
	const char *method = record_text(attempt, "method");
	bool ipv6 = strcmp(record_text(attempt, "family"), "ipv6") == 0 &&
		    strcmp(method, method_word(METHOD_RELAY)) != 0;

	return grid_oracle(call, method, ipv6);
}

/* Is what comes of it luck's to decide, as far as the models say?  Where the oracle's word is waived,
 * the scenario knows better. */
static bool is_luck(const json_t *call, const json_t *attempt)
{
	return record_text(call, "oracle_waived")[0] == '\0' &&
	       strcmp(record_text(says_of(call, attempt), "prediction"), "may") == 0;
}

/* The method that @call tried by luck, and that the capture shows nothing of, since nothing came to be
 * said; NULL where there is none. */
static const char *silent_luck(const json_t *call)
{
	const json_t *capture = json_object_get(call, "capture"), *tried, *shown;
	size_t i, k;

	json_array_foreach(json_object_get(json_object_get(call, "probe"), "attempts"), i, tried)
	{
		const char *method = record_text(tried, "method");
		bool seen = false;

		json_array_foreach(json_object_get(capture, "attempts"), k, shown)
			seen |= strcmp(record_text(shown, "method"), method) == 0;
		if (!seen && is_luck(call, tried))
			return method;
	}
	return NULL;
}

/* By which method @call connected: where it may be seen as several, the one that it was tried as. */
static const char *opened_by(const json_t *call, const json_t *capture, bool *ret_luck)
{
	const char *method = record_text(capture, "method"), *said = record_text(capture, "said");
	const json_t *seen_as =
		json_object_get(grid_oracle(call, said[0] ? said : method, false), "seen_as");

	if (json_array_size(seen_as) < 2)
		return method;
	*ret_luck = true;
	return said[0] ? said : method;
}

/*
 * What the capture shows of @call, for people and for comparing: "punch (direct no, punch yes)"; or, as
 * one world may go on from there and the other not, as far as what luck decides: "luck (direct no,
 * tcp-punch by luck)".
 */
static size_t describe_call(const json_t *call, char *buf, size_t size, size_t used, bool *ret_luck)
{
	const json_t *capture = json_object_get(call, "capture");
	bool connected = json_is_true(json_object_get(capture, "connected")), luck = false;
	const char *before = " (", *silent = silent_luck(call);
	json_t *attempt;
	size_t i;

	luck = silent;
	json_array_foreach(json_object_get(capture, "attempts"), i, attempt)
		luck |= is_luck(call, attempt);
	if (luck)
		used = add(buf, size, used, "luck");
	else
		used = add(buf, size, used,
			   connected ? opened_by(call, capture, ret_luck) : "no connection");
	*ret_luck |= luck;
	luck = false;
	json_array_foreach(json_object_get(capture, "attempts"), i, attempt)
	{
		luck = is_luck(call, attempt);
		used = add(buf, size, used, before);
		used = add(buf, size, used, record_text(attempt, "method"));
		used = add(buf, size, used,
			   luck							 ? " by luck"
			   : json_is_true(json_object_get(attempt, "connected")) ? " yes"
										 : " no");
		before = ", ";
		if (luck)
			break;
	}
	if (silent && !luck) {
		used = add(buf, size, used, before);
		used = add(buf, size, used, silent);
		used = add(buf, size, used, " by luck");
		before = ", ";
	}
	return before[0] == ',' ? add(buf, size, used, ")") : used;
}

/* Was @call, of one rung, not to be tried where it was noted in @not_tried? */
static bool is_noted(const json_t *call, const json_t *not_tried)
{
	const json_t *attempts = json_object_get(json_object_get(call, "probe"), "attempts");
	const char *method = record_text(json_array_get(attempts, 0), "method");
	json_t *rung;
	size_t i;

	json_array_foreach(not_tried, i, rung)
	{
		if (strcmp(record_text(rung, "caller"), record_text(call, "caller")) == 0 &&
		    strcmp(record_text(rung, "callee"), record_text(call, "callee")) == 0 &&
		    strcmp(record_text(rung, "method"), method) == 0)
			return true;
	}
	return false;
}

/* But for the calls that are noted in @not_tried.  How many of the others luck decides, in part or
 * whole, is returned. */
static size_t describe(const json_t *record, const json_t *not_tried, char *buf, size_t size)
{
	const char *before = ": ";
	size_t used, i, by_luck = 0;
	json_t *call;

	buf[0] = '\0';
	used = add(buf, size, 0, record_end_word(record_ended(record)));
	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		bool luck = false;

		if (is_noted(call, not_tried))
			continue;
		used = add(buf, size, used, before);
		before = "; ";
		used = describe_call(call, buf, size, used, &luck);
		by_luck += luck;
	}
	return by_luck;
}

void both_worlds_compare(const json_t *first, json_t *other)
{
	const bool worlds = strcmp(record_text(first, "world"), record_text(other, "world")) != 0;
	const char *key = worlds ? "world" : "realise";
	char here[TEXT], there[TEXT], message[OUTCOME + TEXT];
	size_t by_luck;

	if (record_ended(first) == RECORD_SKIP || record_ended(other) == RECORD_SKIP)
		return;
	by_luck = describe(first, json_object_get(other, "not_tried"), here, sizeof(here));
	describe(other, json_object_get(first, "not_tried"), there, sizeof(there));
	if (by_luck)
		json_object_set_new(other, "left_out", json_integer((json_int_t)by_luck));
	if (strcmp(here, there) == 0)
		return;
	snprintf(message, sizeof(message), "the two %s differ: %s %s, %s %s%s%s",
		 worlds ? "worlds" : "NATs", record_text(first, key), here, record_text(other, key),
		 there, record_text(other, "message")[0] ? ": " : "",
		 record_text(other, "message"));
	json_object_set_new(other, "ended", json_string("fail"));
	json_object_set_new(other, "message", json_string(message));
}
