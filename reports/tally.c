/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *tally, const struct population *population, uint64_t seed,
		uint64_t of)
{
	memset(tally, 0, sizeof(*tally));
	snprintf(tally->name, sizeof(tally->name), "%s", population->name);
	snprintf(tally->title, sizeof(tally->title), "%s", population->title);
	snprintf(tally->source, sizeof(tally->source), "%s", population->source);
	snprintf(tally->definition, sizeof(tally->definition), "%s", population->definition);
	population_digest(population, tally->digest);
	tally->seed = seed;
	tally->of = of;
	tally->disagreed_at = UINT64_MAX;
	tally->members_len = population->members_len;
	for (size_t i = 0; i < population->members_len; i++) {
		const struct population_member *member = &population->members[i];

		memcpy(tally->members[i].label, member->label, sizeof(member->label));
		tally->members[i].weight = member->weight;
	}
	tally->figures_len = population->figures_len;
	for (size_t i = 0; i < population->figures_len; i++)
		tally->figures[i].about = population->figures[i];
}

void tally_clear(struct tally *tally)
{
	free(tally->ranges);
	memset(tally, 0, sizeof(*tally));
}

uint64_t tally_pairs(const struct tally *tally)
{
	uint64_t pairs = 0;

	for (size_t i = 0; i < tally->ranges_len; i++)
		pairs += tally->ranges[i].end - tally->ranges[i].first;
	return pairs;
}

int tally_add_range(struct tally *tally, struct tally_range range)
{
	struct tally_range *ranges;
	size_t at = 0, n = tally->ranges_len;

	if (range.first >= range.end)
		return 0;
	while (at < n && tally->ranges[at].end <= range.first)
		at++;
	if (at < n && tally->ranges[at].first < range.end)
		return -EEXIST;
	ranges = reallocarray(tally->ranges, n + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	memmove(&ranges[at + 1], &ranges[at], (n - at) * sizeof(*ranges));
	ranges[at] = range;
	n++;
	/* Neighbours become one, so that a whole run reads the same however it was cut. */
	if (at + 1 < n && ranges[at].end == ranges[at + 1].first) {
		ranges[at].end = ranges[at + 1].end;
		memmove(&ranges[at + 1], &ranges[at + 2], (n - at - 2) * sizeof(*ranges));
		n--;
	}
	if (at > 0 && ranges[at - 1].end == ranges[at].first) {
		ranges[at - 1].end = ranges[at].end;
		memmove(&ranges[at], &ranges[at + 1], (n - at - 1) * sizeof(*ranges));
		n--;
	}
	tally->ranges = ranges;
	tally->ranges_len = n;
	return 0;
}

__attribute__((format(printf, 2, 3))) static int fault(struct tally_error *error,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* Are both of the same run? */
static int compare(const struct tally *a, const struct tally *b, struct tally_error *error)
{
	if (strcmp(a->name, b->name) != 0)
		return fault(error, "population \"%s\" is not \"%s\"", b->name, a->name);
	if (strcmp(a->digest, b->digest) != 0 || a->members_len != b->members_len ||
	    a->figures_len != b->figures_len)
		return fault(error, "population \"%s\" is not the same text in both", b->name);
	if (a->seed != b->seed)
		return fault(error, "seed %" PRIu64 " is not %" PRIu64, b->seed, a->seed);
	if (a->of != b->of)
		return fault(error, "a run of %" PRIu64 " pairs is not one of %" PRIu64, b->of,
			     a->of);
	return 0;
}

/* @into's ranges and @from's, or nothing of it. */
static int add_ranges(struct tally *into, const struct tally *from)
{
	struct tally both = { .ranges = NULL };
	int err = 0;

	for (size_t i = 0; i < into->ranges_len && !err; i++)
		err = tally_add_range(&both, into->ranges[i]);
	for (size_t i = 0; i < from->ranges_len && !err; i++)
		err = tally_add_range(&both, from->ranges[i]);
	if (err) {
		free(both.ranges);
		return err;
	}
	free(into->ranges);
	into->ranges = both.ranges;
	into->ranges_len = both.ranges_len;
	return 0;
}

int tally_add(struct tally *into, const struct tally *from, struct tally_error *ret_error)
{
	int err = compare(into, from, ret_error);

	if (!err) {
		err = add_ranges(into, from);
		if (err)
			snprintf(ret_error->text, sizeof(ret_error->text), "%s",
				 err == -EEXIST ? "some pairs were already counted"
						: strerror(-err));
	}
	if (err)
		return err;
	for (size_t i = 0; i < into->members_len; i++)
		into->members[i].drawn += from->members[i].drawn;
	for (size_t i = 0; i < into->figures_len; i++) {
		into->figures[i].successes += from->figures[i].successes;
		into->figures[i].trials += from->figures[i].trials;
	}
	for (unsigned i = 0; i < METHOD_COUNT; i++)
		into->methods[i] += from->methods[i];
	into->verified += from->verified;
	into->agreed += from->agreed;
	if (from->disagreed_at < into->disagreed_at)
		into->disagreed_at = from->disagreed_at;
	return 0;
}
