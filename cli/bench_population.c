/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * population_growth: does the memory of `knothole population` stay flat?  Pairs are tried one after
 * the other in this one process, as the command's own processes do it.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../reports/population_count.h"
#include "options.h"

enum { PAIRS = 100000 };

/* Pairs up to the @i-th of these are counted, and then memory is looked at: the first look is when
 * what one pair leaves for the next is there. */
static const uint64_t looks[] = { PAIRS / 10, PAIRS / 2, PAIRS };

int bench_population(struct bench_result *result)
{
	static struct population population;
	static struct tally tally;
	uint64_t resident[ARRAY_LEN(looks)], began = bench_cpu(), first = 0;
	struct model_error model_error = { "" };
	struct tally_error error = { "" };
	int err = population_find("libp2p-2025", &population, &model_error);

	if (err) {
		snprintf(result->note, sizeof(result->note), "%.200s", model_error.text);
		return err;
	}
	tally_init(&tally, &population, 1, PAIRS);
	for (size_t i = 0; i < ARRAY_LEN(looks) && !err; i++) {
		const struct tally_range range = { first, looks[i] };

		err = population_count(&population, range, 0, NULL, &tally, &error);
		resident[i] = bench_resident();
		first = looks[i];
	}
	tally_clear(&tally);
	if (err) {
		snprintf(result->note, sizeof(result->note), "%.200s", error.text);
		return err;
	}
	/* Memory that shrinks has not grown. */
	result->value = resident[2] > resident[0] ? (double)(resident[2] - resident[0]) /
							    (double)(looks[2] - looks[0])
						  : 0;
	snprintf(
		result->note, sizeof(result->note),
		"resident after %llu, %llu and %llu pairs: %llu, %llu and %llu KiB; %.0f pairs a second",
		(unsigned long long)looks[0], (unsigned long long)looks[1],
		(unsigned long long)looks[2], (unsigned long long)resident[0] / 1024,
		(unsigned long long)resident[1] / 1024, (unsigned long long)resident[2] / 1024,
		PAIRS * 1e9 / (double)(bench_cpu() - began));
	return 0;
}
