/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "random_case.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../nat-models/check.h"
#include "../nat-models/model_text.h"
#include "../nat-models/predict.h"
#include "../reports/record.h"

static void path_of(const struct random_case *random, unsigned i, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%" PRIu64 "-%c.lua", random->directory, random->seed,
		 (char)('a' + i));
}

int random_case_write(const struct random_case *random)
{
	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		char path[PATH_MAX], text[MODEL_TEXT_MAX];
		FILE *file;
		bool failed;

		if (!draw_has(random->draw.layout, i))
			continue;
		path_of(random, i, path);
		file = fopen(path, "we");
		if (!file)
			return -errno;
		model_text(&random->draw.models[i], text, sizeof(text));
		failed = fputs(text, file) < 0;
		if (fclose(file) || failed)
			return -EIO;
	}
	return 0;
}

void random_case_remove(const struct random_case *random)
{
	char path[PATH_MAX];

	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		path_of(random, i, path);
		unlink(path);
	}
}

json_t *random_case_run(const struct random_case *random)
{
	const struct draw *draw = &random->draw;
	json_t *params = json_object();

	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		char key[2] = { (char)('a' + i), '\0' }, path[PATH_MAX];

		path_of(random, i, path);
		json_object_set_new(
			params, key,
			json_string(draw_has(draw->layout, i) ? path : "port-restricted-cone"));
	}
	json_object_set_new(params, "layout", json_string(draw_layout_word(draw->layout)));
	json_object_set_new(params, "family", json_string(draw_family_word(draw->family)));
	json_object_set_new(params, "host_addresses", json_boolean(draw->host_addresses));
	json_object_set_new(params, "dmz_a", json_boolean(draw->dmz[0]));
	json_object_set_new(params, "dmz_b", json_boolean(draw->dmz[1]));
	json_object_set_new(params, "forward_a", json_boolean(draw->forward[0]));
	json_object_set_new(params, "forward_b", json_boolean(draw->forward[1]));
	json_object_set_new(params, "method", json_string(random->method));
	return json_pack("{s:o, s:I}", "params", params, "seed", (json_int_t)random->seed);
}

/* What two failures must have in common: all that is said before the reason. */
static size_t head_of(const char *message)
{
	return strcspn(message, "(");
}

static bool is_alike(const json_t *record, const json_t *other)
{
	const char *a = record_text(record, "message"), *b = record_text(other, "message");
	size_t len = head_of(a);

	return record_ended(record) == record_ended(other) && len == head_of(b) &&
	       strncmp(a, b, len) == 0;
}

struct shrink {
	const struct suite *suite;
	const struct suite_options *options;
	json_t *record;
};

/* Play @random alone; its record is the caller's. */
static json_t *play(const struct shrink *shrink, const struct random_case *random)
{
	struct suite_entry entry = shrink->suite->entries[0];
	const struct suite suite = { &entry, 1 };
	struct suite_options options = *shrink->options;
	json_t *records, *record;

	if (random_case_write(random))
		return NULL;
	options.progress = NULL;
	entry.runs = json_pack("[o]", random_case_run(random));
	records = suite_run(&suite, &options);
	record = json_incref(json_array_get(records, 0));
	json_decref(records);
	json_decref(entry.runs);
	return record;
}

/* Take @plainer for *random where it fails alike. */
static bool take(struct shrink *shrink, struct random_case *random,
		 const struct random_case *plainer)
{
	json_t *record = play(shrink, plainer);
	bool alike = record && is_alike(shrink->record, record);

	if (alike) {
		*random = *plainer;
		json_object_update(shrink->record, record);
	}
	json_decref(record);
	return alike;
}

static void try_one_method(struct shrink *shrink, struct random_case *random)
{
	for (int m = 0; m < METHOD_COUNT; m++) {
		struct random_case plainer = *random;

		plainer.method = method_word((enum method)m);
		/* Most failures name theirs. */
		if (strstr(record_text(shrink->record, "message"), plainer.method) &&
		    take(shrink, random, &plainer))
			return;
	}
}

static void try_layouts(struct shrink *shrink, struct random_case *random)
{
	struct random_case plainer = *random;

	plainer.draw.dmz[0] = plainer.draw.dmz[1] = false;
	if (memcmp(plainer.draw.dmz, random->draw.dmz, sizeof(plainer.draw.dmz)) != 0)
		take(shrink, random, &plainer);
	plainer = *random;
	plainer.draw.forward[0] = plainer.draw.forward[1] = false;
	if (memcmp(plainer.draw.forward, random->draw.forward, sizeof(plainer.draw.forward)) != 0)
		take(shrink, random, &plainer);
	plainer = *random;
	plainer.draw.host_addresses = false;
	if (random->draw.host_addresses)
		take(shrink, random, &plainer);
	plainer = *random;
	plainer.draw.layout = DRAW_HOMES;
	if (random->draw.layout != DRAW_HOMES && random->draw.layout != DRAW_OPEN_CALLEE)
		take(shrink, random, &plainer);
	plainer = *random;
	plainer.draw.layout = DRAW_OPEN_CALLEE;
	plainer.draw.dmz[1] = plainer.draw.forward[1] = false;
	if (random->draw.layout != DRAW_OPEN_CALLEE)
		take(shrink, random, &plainer);
}

static void try_knobs(struct shrink *shrink, struct random_case *random, unsigned i)
{
	struct random_case plainer = *random;

	plainer.draw.models[i].kind = NAT_KIND_NAPT;
	plainer.draw.models[i].rfc3489 = model_rfc3489(&plainer.draw.models[i]);
	if (random->draw.models[i].kind != NAT_KIND_NAPT &&
	    random->draw.models[i].kind != NAT_KIND_NAT64)
		take(shrink, random, &plainer);
	for (int at = 0; at >= 0; at++) {
		int knob = at;

		plainer = *random;
		if (draw_reset(&plainer.draw.models[i], &knob))
			take(shrink, random, &plainer);
		if (knob < 0)
			break;
	}
}

void random_case_shrink(struct random_case *random, const struct suite *suite,
			const struct suite_options *options, json_t *record)
{
	struct shrink shrink = { suite, options, record };
	json_t *last;

	try_one_method(&shrink, random);
	try_layouts(&shrink, random);
	for (unsigned i = 0; i < DRAW_MODELS; i++)
		if (draw_has(random->draw.layout, i))
			try_knobs(&shrink, random, i);
	/* The files are those of the last that was tried. */
	random_case_remove(random);
	last = play(&shrink, random);
	json_object_update(record, last);
	json_decref(last);
}
