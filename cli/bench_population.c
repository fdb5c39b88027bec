/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * population_growth: does the memory of `knothole population` stay flat?  Pairs are tried one after
 * the other in this one process, as the command's own processes do it.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../reports/population_count.h"
#include "options.h"

enum { LOOKS_MAX = 8 };

/* Pairs are counted up to a power of ten each, and then memory is looked at; the first look is when what
 * one pair leaves for the next is there, the last at the end. */
static size_t choose_looks(uint64_t pairs, uint64_t looks[LOOKS_MAX])
{
	size_t len = 0;

	for (uint64_t at = pairs < 100000 ? pairs / 10 : 10000; at < pairs && len < LOOKS_MAX - 1;
	     at *= 10)
		looks[len++] = at;
	looks[len++] = pairs;
	return len;
}

/* Bytes that each pair between two looks has left behind.  Memory that shrinks has not grown. */
static double slope(const uint64_t *looks, const uint64_t *resident, size_t from, size_t to)
{
	return resident[to] > resident[from]
		       ? (double)(resident[to] - resident[from]) / (double)(looks[to] - looks[from])
		       : 0;
}

/* The last decade's slope is the value, and the note has all: whatever grows with the pairs shows most
 * where they are most. */
static void tell(const uint64_t *looks, const uint64_t *resident, size_t len, uint64_t took,
		 struct bench_result *result)
{
	size_t at = (size_t)snprintf(result->note, sizeof(result->note), "resident after");

	for (size_t i = 0; i < len; i++) {
		at += (size_t)snprintf(result->note + at, sizeof(result->note) - at,
				       "%s %llu pairs %llu KiB", i ? "," : "",
				       (unsigned long long)looks[i],
				       (unsigned long long)resident[i] / 1024);
		if (!i)
			continue;
		result->value = slope(looks, resident, i - 1, i);
		at += (size_t)snprintf(result->note + at, sizeof(result->note) - at,
				       " (%.4f bytes a pair more)",
				       slope(looks, resident, i - 1, i));
	}
	snprintf(result->note + at, sizeof(result->note) - at, "; %.0f pairs a second",
		 (double)looks[len - 1] * (double)SEC / (double)took);
	snprintf(result->limit, sizeof(result->limit),
		 "memory comes in pages: one of %ld bytes more in all is %.4f bytes a pair",
		 sysconf(_SC_PAGESIZE), (double)sysconf(_SC_PAGESIZE) / (double)looks[len - 1]);
}

int bench_population(struct bench_result *result)
{
	static struct population population;
	static struct tally tally;
	uint64_t looks[LOOKS_MAX], resident[LOOKS_MAX], began = bench_cpu(), first = 0;
	size_t len = choose_looks(result->pairs, looks);
	struct model_error model_error = { "" };
	struct tally_error error = { "" };
	int err = population_find("libp2p-2025", &population, &model_error);

	if (err) {
		snprintf(result->note, sizeof(result->note), "%.200s", model_error.text);
		return err;
	}
	tally_init(&tally, &population, 1, result->pairs);
	for (size_t i = 0; i < len && !err; i++) {
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
	tell(looks, resident, len, bench_cpu() - began, result);
	return 0;
}
