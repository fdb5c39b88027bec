/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawn cases: the same for the same seed, sound, and from the whole space of knobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/draw.h"
#include "nat-models/check.h"

enum { DRAWS = 2000 };

static void the_seed_says_which(void **state)
{
	static struct draw one, same, other;

	(void)state;
	draw_case(7, &one);
	draw_case(7, &same);
	draw_case(8, &other);
	assert_memory_equal(&one, &same, sizeof(one));
	assert_memory_not_equal(&one, &other, sizeof(one));
}

static void each_is_a_model_that_a_file_could_hold(void **state)
{
	unsigned layouts[DRAW_LAYOUT_COUNT] = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		static struct draw draw;

		draw_case(seed, &draw);
		layouts[draw.layout]++;
		for (unsigned i = 0; i < DRAW_MODELS; i++) {
			char text[200];
			const char *key = model_check(&draw.models[i], text, sizeof(text));

			if (key)
				fail_msg("seed %u, model %u: %s: %s", (unsigned)seed, i, key, text);
		}
	}
	for (size_t i = 0; i < DRAW_LAYOUT_COUNT; i++)
		assert_true(layouts[i] > DRAWS / 50);
}

/* A net has a model of what it has, and the owner of one of IPv4 may have forwarded ports. */
static void families_fit_and_all_are_drawn(void **state)
{
	unsigned families[DRAW_FAMILY_COUNT] = { 0 }, forwards = 0, exempts = 0;

	(void)state;
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		static struct draw draw;

		draw_case(seed, &draw);
		families[draw.family]++;
		for (unsigned i = 0; i < DRAW_MODELS; i++) {
			bool six = draw.family == DRAW_IPV6 ||
				   (draw.family == DRAW_NAT64 && i == 0);

			if (!draw_has(draw.layout, i))
				continue;
			assert_true(nat_model_serves(&draw.models[i], six ? 6 : 4));
			exempts += nat_model_exempt_len(&draw.models[i]) > 0;
			if (i > 1)
				continue;
			assert_false(six && (draw.dmz[i] || draw.forward[i]));
			assert_false(draw.dmz[i] && draw.forward[i]);
			forwards += draw.forward[i];
		}
	}
	for (size_t i = 0; i < DRAW_FAMILY_COUNT; i++)
		assert_true(families[i] > DRAWS / 20);
	assert_true(forwards > DRAWS / 20);
	assert_true(exempts > DRAWS / 60);
}

/* How often knob @k of section @s has each of its words. */
static void count_words(size_t s, size_t k, unsigned counts[64])
{
	const struct knob_section *section = &knob_sections[s];
	static struct draw draw;

	memset(counts, 0, 64 * sizeof(counts[0]));
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		draw_case(seed, &draw);
		for (unsigned i = 0; i < DRAW_MODELS; i++)
			counts[knob_value(&draw.models[i], section, &section->knobs[k])]++;
	}
}

static void every_word_of_every_transport_knob_is_drawn(void **state)
{
	(void)state;
	for (size_t s = 1; s <= 2; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t k = 0; k < section->len; k++) {
			const struct knob *knob = &section->knobs[k];
			unsigned counts[64];

			if (knob->type != KNOB_WORD)
				continue;
			count_words(s, k, counts);
			for (size_t w = 0; knob->words[w].word; w++)
				if (!counts[w])
					fail_msg("%s.%s = %s is never drawn", section->name,
						 knob->key, knob->words[w].word);
		}
	}
}

/* Reset one after another, every knob but the kind comes to its default. */
static void all_knobs_go_back(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		static struct draw draw;
		struct nat_model *model = &draw.models[0], plain;
		bool changed = true;

		draw_case(seed, &draw);
		nat_model_defaults(&plain);
		while (changed) {
			changed = false;
			for (int at = 0; at >= 0; at++) {
				int knob = at;

				changed |= draw_reset(model, &knob);
				if (knob < 0)
					break;
			}
		}
		memcpy(plain.title, model->title, sizeof(plain.title));
		plain.kind = model->kind;
		plain.family = model->family;
		plain.rfc3489 = model_rfc3489(&plain);
		assert_true(knobs_same(model, &plain));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_seed_says_which),
		cmocka_unit_test(each_is_a_model_that_a_file_could_hold),
		cmocka_unit_test(families_fit_and_all_are_drawn),
		cmocka_unit_test(every_word_of_every_transport_knob_is_drawn),
		cmocka_unit_test(all_knobs_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
