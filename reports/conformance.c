/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conformance.h"

#include "../sim/loop.h"

static double seconds(const struct behave_finding *finding)
{
	uint64_t ms = finding->took_ns / MSEC;

	return (double)ms / 1000;
}

void conformance_write_text(FILE *out, const struct behave_finding *findings, size_t len)
{
	int counts[3] = { 0 };

	fprintf(out, "%-5s %-8s %-11s %-15s %11s  %s\n", "RFC", "REQ", "FORCE", "FOUND", "TOOK",
		"WHAT IS REQUIRED: WHAT WAS SEEN");
	for (size_t i = 0; i < len; i++) {
		const struct behave_finding *finding = &findings[i];
		const struct behave_probe *probe = finding->probe;

		fprintf(out, "%-5s %-8s %-11s %-15s %9.3f s  %s: %s\n", probe->rfc, probe->req,
			probe->force, behave_outcome_word(finding->outcome), seconds(finding),
			probe->title, finding->reason);
		counts[finding->outcome]++;
	}
	fprintf(out, "\n%d as required, %d not as required, %d inconclusive\n",
		counts[BEHAVE_AS_REQUIRED], counts[BEHAVE_NOT_AS_REQUIRED],
		counts[BEHAVE_INCONCLUSIVE]);
}

json_t *conformance_json(const struct behave_finding *findings, size_t len)
{
	json_t *list = json_array();

	for (size_t i = 0; i < len; i++) {
		const struct behave_finding *finding = &findings[i];
		const struct behave_probe *probe = finding->probe;
		json_t *row = json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "rfc", probe->rfc, "requirement",
			probe->req, "force", probe->force, "title", probe->title, "outcome",
			behave_outcome_word(finding->outcome), "reason", finding->reason, "took_ms",
			(json_int_t)(finding->took_ns / MSEC));

		if (json_array_append_new(list, row)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
