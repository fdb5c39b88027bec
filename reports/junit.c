/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JUnit XML, as continuous integration reads it: one suite, a test case a run.
 */
#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "whole_file.h"

enum { NAME_ROOM = 512, RUNGS_ROOM = 2048 };

/* XML 1.0 has no way to say most control characters; a program's output may hold them. */
static char *without_controls(const char *text)
{
	char *copy = strdup(text);

	for (char *c = copy; c && *c; c++) {
		if ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t')
			*c = '?';
	}
	return copy;
}

static void attribute(xmlTextWriter *xml, const char *name, const char *text)
{
	char *clean = without_controls(text);

	xmlTextWriterWriteAttribute(xml, BAD_CAST name, BAD_CAST(clean ? clean : "no memory"));
	free(clean);
}

static void attribute_number(xmlTextWriter *xml, const char *name, size_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	attribute(xml, name, text);
}

static void attribute_time(xmlTextWriter *xml, double ms)
{
	char text[40];

	snprintf(text, sizeof(text), "%.3f", ms / 1000);
	attribute(xml, "time", text);
}

static void line(xmlTextWriter *xml, const char *before, const char *text)
{
	char *clean = without_controls(text);

	xmlTextWriterWriteString(xml, BAD_CAST before);
	xmlTextWriterWriteString(xml, BAD_CAST(clean ? clean : "no memory"));
	free(clean);
}

/* What a reader of the failure needs, since the capture is a click away only. */
static void details(xmlTextWriter *xml, const json_t *record)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(record, "expectations"), i, item)
	{
		if (json_is_true(json_object_get(item, "ok")))
			continue;
		line(xml, "\n", record_text(item, "where"));
		line(xml, ": ", record_text(item, "what"));
		line(xml, ": expected ", record_text(item, "expected"));
		line(xml, ", found ", record_text(item, "found"));
	}
	json_array_foreach(json_object_get(record, "calls"), i, item)
	{
		line(xml,
		     "\nby the capture: ", record_text(json_object_get(item, "capture"), "why"));
	}
	if (record_text(record, "capture_file")[0] != '\0')
		line(xml, "\ncapture: ", record_text(record, "capture_file"));
	if (record_text(record, "repeat")[0] != '\0')
		line(xml, "\nrepeat: ", record_text(record, "repeat"));
	xmlTextWriterWriteFormatString(xml, "\nseed: %" JSON_INTEGER_FORMAT "\n",
				       json_integer_value(json_object_get(record, "seed")));
}

/* Which rungs of the ladder each call tried, and how long each took. */
static void output(xmlTextWriter *xml, const json_t *record)
{
	char rungs[RUNGS_ROOM];
	bool open = false;
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		if (record_rungs(call, rungs, sizeof(rungs))[0] == '\0')
			continue;
		if (!open)
			xmlTextWriterStartElement(xml, BAD_CAST "system-out");
		open = true;
		line(xml, "\n", record_text(call, "caller"));
		line(xml, " to ", record_text(call, "callee"));
		line(xml, ": ", rungs);
	}
	if (!open)
		return;
	line(xml, "\n", "");
	xmlTextWriterEndElement(xml);
}

static void test_case(xmlTextWriter *xml, const json_t *record, const char *suite)
{
	static const char *const elements[] = {
		[RECORD_FAIL] = "failure", [RECORD_ERROR] = "error", [RECORD_SKIP] = "skipped"
	};
	enum record_end end = record_ended(record);
	char name[NAME_ROOM];

	xmlTextWriterStartElement(xml, BAD_CAST "testcase");
	attribute(xml, "classname", suite);
	attribute(xml, "name", record_name(record, name, sizeof(name)));
	attribute_time(xml, json_number_value(json_object_get(record, "ms")));
	if (end != RECORD_PASS) {
		xmlTextWriterStartElement(xml, BAD_CAST elements[end]);
		attribute(xml, "message", record_text(record, "message"));
		if (end != RECORD_SKIP)
			details(xml, record);
		xmlTextWriterEndElement(xml);
	}
	output(xml, record);
	xmlTextWriterEndElement(xml);
}

static double total_ms(const json_t *records)
{
	double sum = 0;
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
		sum += json_number_value(json_object_get(record, "ms"));
	return sum;
}

static void test_suite(xmlTextWriter *xml, const json_t *records, const char *suite)
{
	struct record_counts counts = record_count(records);
	json_t *record;
	size_t i;

	xmlTextWriterStartElement(xml, BAD_CAST "testsuite");
	attribute(xml, "name", suite);
	attribute_number(xml, "tests", json_array_size(records));
	attribute_number(xml, "failures", counts.ended[RECORD_FAIL]);
	attribute_number(xml, "errors", counts.ended[RECORD_ERROR]);
	attribute_number(xml, "skipped", counts.ended[RECORD_SKIP]);
	attribute_time(xml, total_ms(records));
	json_array_foreach(records, i, record)
	{
		test_case(xml, record, suite);
	}
	xmlTextWriterEndElement(xml);
}

/* By way of memory: where libxml2 cannot write to a file, it prints. */
int report_junit(const json_t *records, const char *suite, const char *path)
{
	xmlBuffer *text = xmlBufferCreate();
	xmlTextWriter *xml = text ? xmlNewTextWriterMemory(text, 0) : NULL;
	int r;

	if (!xml) {
		xmlBufferFree(text);
		return -ENOMEM;
	}
	xmlTextWriterSetIndent(xml, 1);
	xmlTextWriterStartDocument(xml, NULL, "UTF-8", NULL);
	test_suite(xml, records, suite);
	r = xmlTextWriterEndDocument(xml);
	xmlFreeTextWriter(xml); /* flushes */
	r = r < 0 ? -ENOMEM
		  : whole_file_write(path, xmlBufferContent(text), (size_t)xmlBufferLength(text));
	xmlBufferFree(text);
	return r;
}
