/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "both_worlds.h"

#include <stdio.h>
#include <string.h>

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

/* What the capture shows of @call: "punch (direct no, punch yes)", for people and for
 * comparing. */
static size_t describe_call(const json_t *call, char *buf, size_t size, size_t used)
{
	const json_t *capture = json_object_get(call, "capture");
	bool connected = json_is_true(json_object_get(capture, "connected"));
	const char *before = " (";
	json_t *attempt;
	size_t i;

	used = add(buf, size, used, connected ? record_text(capture, "method") : "no connection");
	json_array_foreach(json_object_get(capture, "attempts"), i, attempt)
	{
		used = add(buf, size, used, before);
		used = add(buf, size, used, record_text(attempt, "method"));
		used = add(buf, size, used,
			   json_is_true(json_object_get(attempt, "connected")) ? " yes" : " no");
		before = ", ";
	}
	return i ? add(buf, size, used, ")") : used;
}

static void describe(const json_t *record, char *buf, size_t size)
{
	size_t used, i;
	json_t *call;

	buf[0] = '\0';
	used = add(buf, size, 0, record_end_word(record_ended(record)));
	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		used = add(buf, size, used, i ? "; " : ": ");
		used = describe_call(call, buf, size, used);
	}
}

void both_worlds_compare(const json_t *first, json_t *other)
{
	const bool worlds = strcmp(record_text(first, "world"), record_text(other, "world")) != 0;
	const char *key = worlds ? "world" : "realise";
	char here[TEXT], there[TEXT], message[OUTCOME + TEXT];

	if (record_ended(first) == RECORD_SKIP || record_ended(other) == RECORD_SKIP)
		return;
	describe(first, here, sizeof(here));
	describe(other, there, sizeof(there));
	if (strcmp(here, there) == 0)
		return;
	snprintf(message, sizeof(message), "the two %s differ: %s %s, %s %s%s%s",
		 worlds ? "worlds" : "NATs", record_text(first, key), here, record_text(other, key),
		 there, record_text(other, "message")[0] ? ": " : "",
		 record_text(other, "message"));
	json_object_set_new(other, "ended", json_string("fail"));
	json_object_set_new(other, "message", json_string(message));
}
