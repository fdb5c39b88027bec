/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the probes find of every model of the catalog, against golden files, one a model: with
 * KNOTHOLE_GOLDEN=write they are written anew.  And the JSON form says the same.
 */
#include "golden.h"

#include <errno.h>

#include "nat-models/catalog.h"
#include "probes/behave/model.h"
#include "reports/conformance.h"

/* NULL for models that have to do with IPv6 alone. */
static struct behave_finding *probe(const char *name)
{
	struct behave_finding *findings = calloc(behave_probes_len, sizeof(*findings));
	struct behave_trial trial = { .seed = 1 };
	struct model_error error;
	struct nat_model model;

	assert_non_null(findings);
	assert_true(nat_model_find(name, &model, &error) >= 0);
	trial.model = &model;
	if (!nat_model_serves(&model, 4)) {
		assert_int_equal(behave_model_all(&trial, findings), -EAFNOSUPPORT);
		free(findings);
		return NULL;
	}
	assert_int_equal(behave_model_all(&trial, findings), 0);
	return findings;
}

static void as_golden(void **state)
{
	const char *name = *state;
	struct behave_finding *findings = probe(name);
	char file[128], *text;
	FILE *out;

	if (!findings)
		return;
	out = tmpfile();
	assert_non_null(out);
	conformance_write_text(out, findings);
	text = golden_slurp(out);
	snprintf(file, sizeof(file), "conformance/%s.txt", name);
	golden_check(file, text);
	free(text);
	fclose(out);
	free(findings);
}

static void as_json(void **state)
{
	struct behave_finding *findings = probe("port-restricted-cone");
	json_t *list = conformance_json(findings), *row;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(list), behave_probes_len);
	json_array_foreach(list, i, row)
	{
		assert_string_equal(json_string_value(json_object_get(row, "rfc")),
				    behave_probes[i].rfc);
		assert_string_equal(json_string_value(json_object_get(row, "outcome")),
				    behave_outcome_word(findings[i].outcome));
		assert_string_equal(json_string_value(json_object_get(row, "reason")),
				    findings[i].reason);
		assert_int_equal(json_integer_value(json_object_get(row, "took_ms")),
				 findings[i].took_ns / 1000000);
	}
	json_decref(list);
	free(findings);
}

int main(void)
{
	static const struct CMUnitTest json[] = { cmocka_unit_test(as_json) };
	size_t len;
	const char *const *names = nat_model_names(&len);
	struct CMUnitTest *tests = calloc(len, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (size_t i = 0; i < len; i++)
		tests[i] = (struct CMUnitTest){ .name = names[i],
						.test_func = as_golden,
						.initial_state = (void *)(uintptr_t)names[i] };
	failed = _cmocka_run_group_tests("conformance of models", tests, len, NULL, NULL);
	free(tests);
	return failed + cmocka_run_group_tests_name("conformance as JSON", json, NULL, NULL);
}
