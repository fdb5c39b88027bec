/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every report of any JSON: {"claims": …, "records": …}, whose parts need not be what they should.
 * A worker's process that was killed, or claims.json edited by hand, may leave anything.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	const json_t *records = json_object_get(json, "records");
	FILE *out = fopen("/dev/null", "w");

	if (!out)
		abort();
	report_claims(json_object_get(json, "claims"), records, out, size & 1);
	report_terminal(records, out, size & 1, size & 2);
	report_matrix(records, out, size & 1);
	if (report_junit(records, "fuzz", "/dev/null"))
		abort();
	record_count(records);
	json_decref(record_beside(records, "results"));
	fclose(out);
	json_decref(json);
	return 0;
}
