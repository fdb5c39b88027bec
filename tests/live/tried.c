/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tried.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../nat-models/predict.h"
#include "driver.h"

static const char *const words[METHOD_COUNT] = {
#define X(id, word, text) word,
	METHODS(X)
#undef X
};

/* By how many attempts of @record's calls @method was tried; NULL = any. */
static size_t attempts_by(const json_t *record, const char *method)
{
	size_t tried = 0, i, j;
	json_t *call, *attempt;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const json_t *probe = json_object_get(call, "probe");

		json_array_foreach(json_object_get(probe, "attempts"), j, attempt)
		{
			const char *its = json_string_value(json_object_get(attempt, "method"));

			tried += !method || (its && strcmp(its, method) == 0);
		}
	}
	return tried;
}

static bool is_nat64(const json_t *record, const char *side)
{
	const json_t *params = json_object_get(record, "params");
	const char *nat = json_string_value(json_object_get(params, side));

	return nat && strcmp(nat, "nat64") == 0;
}

/* Once; but where both sides have IPv6, and IPv4 by a NAT64, what does not see to the families
 * itself is tried in each. */
static size_t wanted_of(const json_t *record, enum method method)
{
	bool itself = method_relays(method) || method == METHOD_ICE;

	return is_nat64(record, "a") && is_nat64(record, "b") && !itself ? 2 : 1;
}

static void check_run(const json_t *record, const char *prefix)
{
	const char *run = json_string_value(json_object_get(record, "repeat"));
	size_t sum = 0;

	for (int m = 0; m < METHOD_COUNT; m++) {
		size_t wanted = wanted_of(record, (enum method)m);
		size_t tried = attempts_by(record, words[m]);

		if (strncmp(words[m], prefix, strlen(prefix)) != 0)
			continue;
		if (tried != wanted)
			fail_msg("%s: expected %zu attempts by %s, got %zu", run, wanted, words[m],
				 tried);
		sum += wanted;
	}
	if (attempts_by(record, NULL) != sum)
		fail_msg("%s: expected %zu attempts by %s…, got %zu", run, sum, prefix,
			 attempts_by(record, NULL));
}

void assert_every_method_tried(const char *directory, const char *prefix, int runs)
{
	char path[DRIVEN_PATH + 64];
	json_t *report, *record;
	json_error_t error;
	int passed = 0;
	size_t i;

	snprintf(path, sizeof(path), "%s/report.json", directory);
	report = json_load_file(path, 0, &error);
	if (!report)
		fail_msg("%s: %s", path, error.text);
	json_array_foreach(json_object_get(report, "records"), i, record)
	{
		const char *ended = json_string_value(json_object_get(record, "ended"));

		if (!ended || strcmp(ended, "pass") != 0)
			continue;
		check_run(record, prefix);
		passed++;
	}
	json_decref(report);
	assert_int_equal(passed, runs);
}
