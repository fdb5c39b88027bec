/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "whole_file.h"

int report_json(const json_t *records, const char *path)
{
	struct record_counts counts = record_count(records);
	json_t *whole = json_pack("{s:i, s:O, s:{s:I, s:I, s:I, s:I, s:I}}", "version", 1,
				  "records", records, "summary", "pass",
				  (json_int_t)counts.ended[RECORD_PASS], "fail",
				  (json_int_t)counts.ended[RECORD_FAIL], "error",
				  (json_int_t)counts.ended[RECORD_ERROR], "skip",
				  (json_int_t)counts.ended[RECORD_SKIP], "left_out",
				  (json_int_t)record_left_out(records));
	char *text = whole ? json_dumps(whole, JSON_INDENT(1)) : NULL;
	int r = text ? whole_file_write(path, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(whole);
	return r;
}
