/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "population.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "embed.h"
#include "knobs.h"
#include "suggest.h"

enum { KNOWN_MAX = 64 };

#define X(id, word, text) [id] = { word, text },
static const struct nat_word measures[] = { MEASURES(X) };
#undef X

static_assert(sizeof(measures) / sizeof(measures[0]) == MEASURE_COUNT, "a word for each measure");

const char *measure_word(enum measure measure)
{
	return (unsigned)measure < MEASURE_COUNT ? measures[measure].word : "?";
}

const char *measure_text(enum measure measure)
{
	return (unsigned)measure < MEASURE_COUNT ? measures[measure].text : "?";
}

int measure_parse(const char *word, enum measure *ret)
{
	for (unsigned i = 0; i < MEASURE_COUNT; i++) {
		if (strcmp(word, measures[i].word) == 0) {
			*ret = (enum measure)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *const *population_names(size_t *ret_len)
{
	static char texts[KNOWN_MAX][sizeof(((struct population *)0)->name)];
	static const char *names[KNOWN_MAX + 1];
	size_t n = 0;

	for (const struct embedded_file *f = embedded_populations; f->name && n < KNOWN_MAX; f++) {
		snprintf(texts[n], sizeof(texts[n]), "%.*s", (int)strcspn(f->name, "."), f->name);
		names[n] = texts[n];
		n++;
	}
	names[n] = NULL;
	if (ret_len)
		*ret_len = n;
	return names;
}

int population_find(const char *name, struct population *ret, struct model_error *ret_error)
{
	size_t len = strlen(name), names_len;
	const char *const *names = population_names(&names_len);
	const char *near;

	for (const struct embedded_file *f = embedded_populations; f->name; f++) {
		if (strncmp(f->name, name, len) == 0 && strcmp(f->name + len, ".lua") == 0)
			return population_load(f->name, f->text, f->len, ret, ret_error);
	}
	near = suggest(name, names, names_len);
	if (near)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "unknown population \"%.60s\"; did you mean \"%s\"?", name, near);
	else
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "unknown population \"%.60s\"; `knothole population` lists them", name);
	return -ENOENT;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = hash_mix(hash, (uint8_t)*text);
	return hash_mix(hash, UINT8_MAX + 1);
}

static uint64_t mix_model(uint64_t hash, const struct nat_model *model)
{
	char text[KNOB_TEXT_MAX];

	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t i = 0; i < section->len; i++) {
			const struct knob *knob = &section->knobs[i];

			if (knob_is_number(knob->type))
				hash = hash_mix(hash, (uint64_t)knob_value(model, section, knob));
			else if (knob->type != KNOB_TEXT)
				hash = mix_text(hash, knob_format(model, section, knob, text,
								  sizeof(text)));
		}
	}
	return hash;
}

void population_digest(const struct population *population, char ret[POPULATION_DIGEST])
{
	uint64_t hash = 1;

	for (size_t i = 0; i < population->members_len; i++) {
		const struct population_member *member = &population->members[i];

		hash = mix_text(hash, member->label);
		hash = hash_mix(hash, member->weight);
		hash = mix_model(hash, &member->model);
	}
	for (size_t i = 0; i < population->figures_len; i++) {
		const struct population_figure *figure = &population->figures[i];

		hash = mix_text(hash, measure_word(figure->measure));
		hash = hash_mix(hash, (uint64_t)figure->open << 32 | figure->probes);
		hash = hash_mix(hash, figure->both);
	}
	snprintf(ret, POPULATION_DIGEST, "%016" PRIx64, chance_scramble(hash));
}

size_t population_draw(const struct population *population, struct chance *chance)
{
	uint64_t at = chance_next(chance) % population->weight;
	size_t i = 0;

	while (at >= population->members[i].weight)
		at -= population->members[i++].weight;
	return i;
}

uint64_t population_pair_seed(uint64_t seed, uint64_t number)
{
	struct chance chance = { chance_scramble(seed + 1) ^ number };

	return chance_next(&chance);
}
