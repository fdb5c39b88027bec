/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tally of a population: counts, and nothing that grows with what is counted.
 *
 * Tallies of different pairs of the same run add up, whoever counted them, in any order, to what
 * one process would have counted.  As JSON a tally is whole: it is what processes send each
 * other, what `knothole merge` reads, and what people get.
 */
#ifndef KNOTHOLE_TALLY_H
#define KNOTHOLE_TALLY_H

#include <jansson.h>
#include <stdio.h>

#include "../nat-models/population.h"
#include "../nat-models/predict.h"

/* Pairs first … end - 1 of the run. */
struct tally_range {
	uint64_t first, end;
};

struct tally_member {
	char label[48];
	uint64_t weight;
	uint64_t drawn; /* two a pair */
};

struct tally_figure {
	struct population_figure about;
	uint64_t successes, trials;
};

struct tally {
	char name[48];
	char title[160];
	char source[POPULATION_TEXT];
	char definition[POPULATION_TEXT];
	char digest[POPULATION_DIGEST]; /* other shares are another run */
	uint64_t seed;
	uint64_t of; /* pairs of the whole run */
	struct tally_range *ranges; /* counted so far: sorted, apart from each other; owned */
	size_t ranges_len;
	struct tally_member members[POPULATION_MEMBERS];
	size_t members_len;
	struct tally_figure figures[POPULATION_FIGURES];
	size_t figures_len;
	uint64_t methods[METHOD_COUNT]; /* pairs that each connected, of pair-udp's trials */
	uint64_t verified; /* pairs that were also judged from a capture … */
	uint64_t agreed; /* … which showed the same */
	uint64_t disagreed_at; /* the lowest number of a pair that it did not; UINT64_MAX = none */
};

/* The error of what follows: one line. */
struct tally_error {
	char text[256];
};

/* An empty tally of the run of @of pairs seeded @seed.  End it with tally_clear(). */
void tally_init(struct tally *tally, const struct population *population, uint64_t seed,
		uint64_t of);
void tally_clear(struct tally *tally); /* and leaves nothing counted */

/* How many pairs have been counted. */
uint64_t tally_pairs(const struct tally *tally);

/* Note that the pairs of @range are counted.  0, -ENOMEM, or -EEXIST where one of them already
 * was. */
int tally_add_range(struct tally *tally, struct tally_range range);

/* Add @from to @into.  0, or with *ret_error -EINVAL (not the same run), -EEXIST (some pairs are
 * in both) or -ENOMEM; @into is untouched then. */
int tally_add(struct tally *into, const struct tally *from, struct tally_error *ret_error);

/* The same as JSON, a new reference; NULL without memory.  Shares and intervals are written for
 * readers; counts alone are read back. */
json_t *tally_to_json(const struct tally *tally);

/* 0 with *ret, to be cleared; or -EINVAL with *ret_error, or -ENOMEM. */
int tally_from_json(const json_t *json, struct tally *ret, struct tally_error *ret_error);

/* For people. */
void tally_print(const struct tally *tally, FILE *out);

#endif
