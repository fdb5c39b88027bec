/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runs that a scenario's parameters, what was set of them, and its twins make. */
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @text as a value of the kind that @like is; NULL where it is none. */
static json_t *parse_like(const char *text, const json_t *like)
{
	char *end;

	if (json_is_boolean(like)) {
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return json_boolean(text[0] == 't');
		return NULL;
	}
	if (json_is_integer(like)) {
		long long n = strtoll(text, &end, 10);

		return *text && !*end ? json_integer(n) : NULL;
	}
	if (json_is_real(like)) {
		double n = strtod(text, &end);

		return *text && !*end ? json_real(n) : NULL;
	}
	return json_string(text);
}

static int set_values(const char *name, const json_t *texts, const json_t *defaults, json_t **ret,
		      char *ret_error)
{
	const json_t *like = json_array_get(defaults, 0), *text;
	json_t *values = json_array();
	size_t i;

	json_array_foreach(texts, i, text)
	{
		json_t *value = parse_like(json_string_value(text), like);

		if (!value) {
			snprintf(ret_error, SCENARIO_ERROR, "--set %s: expected %s, got \"%s\"",
				 name, json_is_boolean(like) ? "true or false" : "a number",
				 json_string_value(text));
			json_decref(values);
			return -EINVAL;
		}
		json_array_append_new(values, value);
	}
	*ret = values;
	return 0;
}

/* Each of @runs, once for each of @values: a longer list, with @key set. */
static json_t *multiply(json_t *runs, const char *key, const json_t *values)
{
	json_t *product = json_array(), *run, *value;
	size_t i, k;

	json_array_foreach(runs, i, run)
	{
		json_array_foreach(values, k, value)
		{
			json_t *copy = json_deep_copy(run);

			json_object_set(json_object_get(copy, "params"), key, value);
			json_array_append_new(product, copy);
		}
	}
	json_decref(runs);
	return product;
}

/* The first value of each parameter, changed by the twin. */
static json_t *twin_run(const json_t *params, const json_t *twin, size_t index)
{
	json_t *run = json_pack("{s:{}, s:i}", "params", "twin", (int)index);
	json_t *target = json_object_get(run, "params"), *values;
	const char *key;

	json_object_foreach((json_t *)params, key, values)
		json_object_set(target, key, json_array_get(values, 0));
	json_object_foreach(json_object_get(twin, "set"), key, values)
		json_object_set(target, key, json_array_get(values, 0));
	return run;
}

int scenario_runs(const json_t *about, const json_t *set, json_t **ret, char *ret_error)
{
	const json_t *params = json_object_get(about, "params");
	json_t *runs = json_pack("[{s:{}}]", "params"), *defaults, *texts, *twin;
	bool changed = false;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)params, key, defaults)
	{
		json_t *values = NULL;

		texts = json_object_get(set, key);
		if (texts && set_values(key, texts, defaults, &values, ret_error)) {
			json_decref(runs);
			return -EINVAL;
		}
		changed |= texts != NULL;
		runs = multiply(runs, key, values ? values : defaults);
		json_decref(values);
	}
	json_array_foreach(json_object_get(about, "twins"), i, twin) if (!changed)
		json_array_append_new(runs, twin_run(params, twin, i));
	*ret = runs;
	return 0;
}
