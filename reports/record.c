/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
#define X(id, word, status) [id] = (word),
	RECORD_ENDS(X)
#undef X
};

static_assert(sizeof(words) / sizeof(words[0]) == RECORD_END_COUNT, "a word for each end");

const char *record_end_word(enum record_end end)
{
	return (size_t)end < RECORD_END_COUNT ? words[end] : "error";
}

enum record_end record_ended(const json_t *record)
{
	const char *word = record_text(record, "ended");

	for (size_t end = 0; end < RECORD_END_COUNT; end++) {
		if (strcmp(words[end], word) == 0)
			return (enum record_end)end;
	}
	return RECORD_ERROR;
}

const char *record_text(const json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return text ? text : "";
}

/* What @path is from @directory on; the whole of it where it is not below that. */
static const char *name_from(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (strncmp(path, directory, len) != 0 ||
	    (path[len] != '/' && (!len || path[len - 1] != '/')))
		return path;
	return path + len + strspn(path + len, "/");
}

json_t *record_beside(const json_t *records, const char *directory)
{
	json_t *beside = json_array(), *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *capture = record_text(record, "capture_file");
		json_t *copy = json_copy(record);

		if (*capture)
			json_object_set_new(copy, "capture_file",
					    json_string(name_from(capture, directory)));
		if (json_array_append_new(beside, copy)) {
			json_decref(beside);
			return NULL;
		}
	}
	return beside;
}

static void add(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

static void add_value(char *buf, size_t size, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		add(buf, size, "%s", json_string_value(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	add(buf, size, "%s", text ? text : "?");
	free(text);
}

const char *record_name(const json_t *record, char *buf, size_t size)
{
	const char *before = " (";
	const char *key;
	json_t *value;

	snprintf(buf, size, "%s", record_text(record, "scenario"));
	json_object_foreach(json_object_get(record, "params"), key, value)
	{
		add(buf, size, "%s%s=", before, key);
		add_value(buf, size, value);
		before = ", ";
	}
	if (before[0] == ',')
		add(buf, size, ")");
	if (strcmp(record_text(record, "world"), "virtual") == 0)
		add(buf, size, " [virtual]");
	else if (json_is_true(json_object_get(record, "kernel_nats")))
		add(buf, size, " [kernel]");
	return buf;
}

const char *record_methods(const json_t *record, char *buf, size_t size)
{
	json_t *call;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const json_t *capture = json_object_get(call, "capture");
		bool connected = json_is_true(json_object_get(capture, "connected"));

		add(buf, size, "%s%s", i > 0 ? ", " : "",
		    connected ? record_text(capture, "method") : "no connection");
	}
	return buf;
}

const char *record_rungs(const json_t *call, char *buf, size_t size)
{
	const json_t *probe = json_object_get(call, "probe");
	json_t *rung;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(json_object_get(probe, "attempts"), i, rung)
	{
		const char *family = record_text(rung, "family");

		add(buf, size, "%s%s%s%s %s in %.1f ms", i > 0 ? ", " : "",
		    record_text(rung, "method"), family[0] ? " over " : "", family,
		    json_is_true(json_object_get(rung, "connected")) ? "connected" : "failed",
		    json_number_value(json_object_get(rung, "ms")));
	}
	return buf;
}

struct record_counts record_count(const json_t *records)
{
	struct record_counts counts = { 0 };
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		counts.ended[record_ended(record)]++;
	}
	return counts;
}

size_t record_left_out(const json_t *records)
{
	json_int_t n = 0;
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		n += json_integer_value(json_object_get(record, "left_out"));
	}
	return (size_t)n;
}
