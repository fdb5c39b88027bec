/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models_json.h"

#include "../nat-models/catalog.h"
#include "../nat-models/describe.h"
#include "../nat-models/knobs.h"
#include "../nat-models/recipe.h"
#include "../scenarios/runtime/oracle.h"
#include "../sim/live/live.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

json_t *model_summary_json(const struct nat_model *model)
{
	char why[256] = "";
	bool expressible = live_nat_expressible(model, why, sizeof(why));

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "name", model->name, "title",
			 model->title, "family", nat_family_word(model->family), "rfc3489",
			 nat_rfc3489_word(model->rfc3489), "mapping",
			 nat_scope_word(model->udp.mapping), "filtering",
			 nat_scope_word(model->udp.filtering), "kernel", expressible,
			 "kernel_why_not", expressible ? json_null() : text_or_null(why));
}

static json_t *value_json(const struct nat_model *model, const struct knob_section *section,
			  const struct knob *knob)
{
	char text[KNOB_TEXT_MAX];

	switch (knob->type) {
	case KNOB_BOOL:
		return json_boolean(knob_value(model, section, knob));
	case KNOB_NUMBER:
	case KNOB_TIME:
		return json_integer(knob_value(model, section, knob));
	default:
		return json_string(knob_format(model, section, knob, text, sizeof(text)));
	}
}

static json_t *section_json(const struct nat_model *model, const struct knob_section *section)
{
	json_t *knobs = json_object();

	for (size_t i = 0; i < section->len; i++) {
		const struct knob *knob = &section->knobs[i];

		json_object_set_new(knobs, knob->key,
				    json_pack("{s:o, s:s, s:s}", "value",
					      value_json(model, section, knob), "meaning",
					      knob->meaning, "reference", knob->reference));
	}
	return knobs;
}

static json_t *knobs_json(const struct nat_model *model)
{
	json_t *sections = json_object();

	for (size_t s = 0; s < KNOB_SECTIONS; s++)
		json_object_set_new(sections, knob_sections[s].name,
				    section_json(model, &knob_sections[s]));
	return sections;
}

static json_t *pair_json(const struct nat_model *model, const struct nat_model *other)
{
	json_t *pair = json_pack("{s:s}", "callee", other->name);
	struct predict_answer answer;

	describe_pair(model, other, &answer);
	for (int m = 0; m < METHOD_COUNT; m++)
		json_object_set_new(pair, method_word((enum method)m),
				    oracle_json(&answer, (enum method)m));
	return pair;
}

static json_t *expect_json(const struct nat_model *model)
{
	json_t *pairs = json_array();

	json_array_append_new(pairs, pair_json(model, model));
	for (const char *const *name = describe_others(model); *name; name++) {
		struct nat_model other;
		struct model_error error;

		if (nat_model_find(*name, &other, &error) == 0)
			json_array_append_new(pairs, pair_json(model, &other));
	}
	return pairs;
}

json_t *model_json(const struct nat_model *model, const char *where)
{
	json_t *json = model_summary_json(model);

	json_object_set_new(json, "where", text_or_null(where));
	json_object_set_new(json, "source", text_or_null(model->source));
	json_object_set_new(json, "knobs", knobs_json(model));
	json_object_set_new(json, "expect", expect_json(model));
	json_object_set_new(json, "ruleset", text_or_null(model_recipe(model)));
	return json;
}
