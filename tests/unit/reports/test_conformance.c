/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the probes find of every model of the catalog, against golden files, one a model: with
 * KNOTHOLE_GOLDEN=write they are written anew.  And the JSON form says the same.  And the table of
 * requirements is whole.
 */
#include "golden.h"

#include "nat-models/catalog.h"
#include "probes/behave/model.h"
#include "reports/conformance.h"
#include "reports/requirements.h"

static struct behave_finding *probe(const char *name, size_t *ret_len)
{
	struct behave_finding *findings = calloc(behave_probes_len, sizeof(*findings));
	struct behave_trial trial = { .seed = 1 };
	struct model_error error;
	struct nat_model model;

	assert_non_null(findings);
	assert_true(nat_model_find(name, &model, &error) >= 0);
	trial.model = &model;
	trial.family = behave_family(&model);
	assert_int_equal(behave_model_all(&trial, findings, ret_len), 0);
	return findings;
}

static void as_golden(void **state)
{
	const char *name = *state;
	size_t len;
	struct behave_finding *findings = probe(name, &len);
	char file[128], *text;
	FILE *out;

	out = tmpfile();
	assert_non_null(out);
	conformance_write_text(out, findings, len);
	text = golden_slurp(out);
	snprintf(file, sizeof(file), "conformance/%s.txt", name);
	golden_check(file, text);
	free(text);
	fclose(out);
	free(findings);
}

static void as_json(void **state)
{
	size_t i, len;
	struct behave_finding *findings = probe("port-restricted-cone", &len);
	json_t *list = conformance_json(findings, len), *row;

	(void)state;
	assert_int_equal(json_array_size(list), len);
	json_array_foreach(list, i, row)
	{
		assert_string_equal(json_string_value(json_object_get(row, "rfc")),
				    findings[i].probe->rfc);
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

/* Two models that differ in no knob would tell nothing; and what is asked is not left, too. */
static void each_has_its_knobs(void **state)
{
	char knobs[REQUIREMENT_KNOBS];

	(void)state;
	for (size_t i = 0; i < behave_probes_len; i++) {
		const struct behave_probe *probe = &behave_probes[i];

		if (!*requirement_knobs(probe, knobs))
			fail_msg("RFC %s %s: its models are the same", probe->rfc, probe->req);
		for (size_t k = 0; k < behave_unasked_len; k++)
			if (strcmp(behave_unasked[k].rfc, probe->rfc) == 0 &&
			    strcmp(behave_unasked[k].req, probe->req) == 0)
				fail_msg("RFC %s %s: is asked, and is not", probe->rfc, probe->req);
	}
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* REQ-9 before REQ-10, and the RFCs one after the other; rows have a reason or models. */
static void requirements_in_order(void **state)
{
	json_t *list = requirements_json(), *row;
	const char *before = "", *rfc = "";
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(list), behave_probes_len + behave_unasked_len);
	json_array_foreach(list, i, row)
	{
		if (strcmp(rfc, text_of(row, "rfc")) != 0)
			before = "";
		assert_true(strverscmp(rfc, text_of(row, "rfc")) <= 0);
		assert_true(strverscmp(before, text_of(row, "requirement")) <= 0);
		rfc = text_of(row, "rfc");
		before = text_of(row, "requirement");
		if (json_is_true(json_object_get(row, "asked")))
			assert_string_not_equal(text_of(row, "knobs"), "");
		else
			assert_string_not_equal(text_of(row, "why"), "");
	}
	json_decref(list);
}

/* All that the five RFCs of IPv4's NATs number; of RFC 7857 its sections. */
static const struct numbered {
	const char *rfc, *reqs;
} numbered[] = {
	{ "4787",
	  "REQ-1 REQ-2 REQ-3 REQ-3a REQ-4 REQ-5 REQ-5a REQ-5b REQ-5c REQ-6 REQ-6a REQ-7 REQ-8 "
	  "REQ-8a REQ-9 REQ-9a REQ-10 REQ-10a REQ-11 REQ-12 REQ-12a REQ-12b REQ-13 REQ-13a "
	  "REQ-14 REQ-14a" },
	{ "5382",
	  "REQ-1 REQ-2 REQ-2a REQ-3 REQ-3a REQ-3b REQ-4 REQ-4a REQ-5 REQ-5a REQ-6 REQ-7 REQ-8 "
	  "REQ-8a REQ-9 REQ-10" },
	{ "5508",
	  "REQ-1 REQ-1a REQ-2 REQ-2a REQ-3 REQ-3a REQ-3b REQ-3c REQ-3d REQ-4 REQ-4a REQ-4b "
	  "REQ-4c REQ-5 REQ-5a REQ-5b REQ-5c REQ-6 REQ-7 REQ-7a REQ-8 REQ-9 REQ-10a REQ-10b "
	  "REQ-10c REQ-10d REQ-10e REQ-10f REQ-11" },
	{ "6888",
	  "REQ-1 REQ-2 REQ-3 REQ-4 REQ-4a REQ-4b REQ-4c REQ-5 REQ-5a REQ-5b REQ-6 REQ-7 REQ-8 "
	  "REQ-9 REQ-10 REQ-11a REQ-11b REQ-11c REQ-11d REQ-12 REQ-13 REQ-14 REQ-15" },
	{ "7857", "2 2.1 2.2 3 4 5 6 7 7.1 8 9 10 11 12" },
};

static bool has_row(const json_t *list, const char *rfc, const char *req)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list, i,
			   row) if (strcmp(text_of(row, "rfc"), rfc) == 0 &&
				    strcmp(text_of(row, "requirement"), req) == 0) return true;
	return false;
}

/* Each is asked, or it is said why not. */
static void none_is_left_out(void **state)
{
	json_t *list = requirements_json();

	(void)state;
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		char *reqs = strdup(numbered[i].reqs), *rest = reqs;

		assert_non_null(reqs);
		for (const char *req; (req = strsep(&rest, " "));)
			if (!has_row(list, numbered[i].rfc, req))
				fail_msg("RFC %s %s: is neither asked nor left", numbered[i].rfc,
					 req);
		free(reqs);
	}
	json_decref(list);
}

int main(void)
{
	static const struct CMUnitTest tables[] = {
		cmocka_unit_test(as_json),
		cmocka_unit_test(each_has_its_knobs),
		cmocka_unit_test(requirements_in_order),
		cmocka_unit_test(none_is_left_out),
	};
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
	return failed + cmocka_run_group_tests_name("tables of conformance", tables, NULL, NULL);
}
