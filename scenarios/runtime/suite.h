/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many runs: scenarios are read (each in a process of its own, for a file may hang), their
 * runs planned and checked, and all of them run, each in its own world; the records stand in
 * the order of the plan, never in that of arrival.
 */
#ifndef KNOTHOLE_SUITE_H
#define KNOTHOLE_SUITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collection.h"

/* The worlds that each run is played in. */
enum suite_worlds { SUITE_LIVE, SUITE_VIRTUAL, SUITE_BOTH };

/* Who translates in live worlds: as the scenarios say, the kernel wherever it can, or each in a
 * run of its own. */
enum suite_nats { SUITE_AS_SAID, SUITE_KERNEL, SUITE_BOTH_NATS };

struct suite_options {
	enum suite_worlds worlds;
	enum suite_nats nats;
	const json_t *set; /* {"a": ["full-cone", …]}; NULL = nothing */
	uint64_t seed; /* of the first repetition; the next has the next */
	unsigned repeat; /* 0 = once */
	unsigned twin; /* run these twins only, from 1; 0 = whatever there is */
	unsigned jobs; /* worlds at a time; 0 = suite_jobs() */
	uint64_t budget_ns; /* of the world's time for a run; 0 = 60 s, a day where it is virtual */
	const char *directory; /* which captures are written to */
	bool skip_inexpressible;
	void (*progress)(size_t ended, size_t of); /* may be NULL */
};

/* One scenario that has been read. */
struct suite_entry {
	const struct collection_file *file;
	json_t *about; /* scenario_about() */
	json_t *runs; /* scenario_runs(); NULL where only listed.  One may have a "seed" of its own */
};

struct suite {
	struct suite_entry *entries;
	size_t len;
};

/* Worlds at a time that keep this machine busy without crowding it: live ones mostly wait. */
unsigned suite_jobs(enum suite_worlds worlds);

/*
 * Read all of @collection, which must outlive the suite.  With @plan also plan the runs and
 * check the world of each, building nothing.
 * 0, or -EINVAL with the errors, one line each, in *ret_errors (an array, the caller's).
 */
int suite_read(const struct collection *collection, const struct suite_options *options, bool plan,
	       struct suite *ret, json_t **ret_errors);
void suite_clear(struct suite *suite);

/* Run everything: an array of records (reports/record.h), the caller's.  In both worlds, or with
 * both NATs, a run's records are neighbours, and each but the first has failed where it differs
 * from that (both_worlds.h). */
json_t *suite_run(const struct suite *suite, const struct suite_options *options);

#endif
