/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guess_birthday, guess_prediction: how far what is measured lies from what is computed, and all of
 * the table in the note.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../probes/population/guessing.h"

enum { RUNS = 1000 };

static void note_figure(const struct guessing *guessing, size_t i, double measured, double computed,
			char note[BENCH_NOTE])
{
	const char *published = guessing->figures[i].published;
	size_t len = strlen(note);

	snprintf(note + len, BENCH_NOTE - len, "%s%s", len ? "; " : "", i ? "" : guessing->name);
	len = strlen(note);
	if (guessing->figures[i].probes)
		snprintf(note + len, BENCH_NOTE - len, "%s%u probes", i ? "" : ", ",
			 (unsigned)guessing->figures[i].probes);
	len = strlen(note);
	snprintf(note + len, BENCH_NOTE - len, ": %.2f %%, computed %.2f %%%s%s", 100 * measured,
		 100 * computed, *published ? ", published " : "", published);
}

static int measure(enum method method, struct bench_result *result)
{
	for (size_t g = 0; g < guessings_len; g++) {
		const struct guessing *guessing = &guessings[g];
		unsigned counts[GUESSING_FIGURES];
		int err;

		if (guessing->method != method)
			continue;
		err = guessing_count(guessing, RUNS, counts);
		if (err) {
			snprintf(result->note, sizeof(result->note), "%s: %s", guessing->name,
				 strerror(-err));
			return err;
		}
		for (size_t i = 0; i < guessing->figures_len; i++) {
			double measured = (double)counts[i] / RUNS;
			double computed = guessing_odds(guessing, i);

			result->value = fmax(result->value, 100 * fabs(measured - computed));
			note_figure(guessing, i, measured, computed, result->note);
		}
	}
	return 0;
}

int bench_birthday(struct bench_result *result)
{
	return measure(METHOD_BIRTHDAY, result);
}

int bench_prediction(struct bench_result *result)
{
	return measure(METHOD_PREDICT, result);
}
