/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An array job's variables. */
struct scheme {
	const char *index, *count;
	const char *first, *step; /* of the index; NULL = it begins at `base`, by ones */
	uint64_t base;
};

static const struct scheme schemes[] = {
	{ .index = "SLURM_ARRAY_TASK_ID",
	  .count = "SLURM_ARRAY_TASK_COUNT",
	  .first = "SLURM_ARRAY_TASK_MIN",
	  .step = "SLURM_ARRAY_TASK_STEP" },
	{ .index = "JOB_COMPLETION_INDEX", .count = "JOB_COMPLETIONS", .base = 0 },
	{ .index = "CI_NODE_INDEX", .count = "CI_NODE_TOTAL", .base = 1 },
};

/* Digits up to @end; false where there are none, or too many. */
static bool number(const char *text, char end, uint64_t *ret)
{
	char *after;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &after, 10);
	return !errno && *after == end;
}

int shard_parse(const char *text, struct shard *ret)
{
	const char *slash = strchr(text, '/');
	uint64_t index, count;

	if (!slash || !number(text, '/', &index) || !number(slash + 1, '\0', &count) || index < 1 ||
	    index > count)
		return -EINVAL;
	*ret = (struct shard){ .index = index - 1, .count = count };
	return 0;
}

/* Read the variable @name (NULL = the scheme has none) where it is set. */
static int optional(char *(*get)(const char *name), const char *name, uint64_t *ret, char *error,
		    size_t size)
{
	const char *text = name ? get(name) : NULL;

	if (!text || number(text, '\0', ret))
		return 0;
	snprintf(error, size, "%s: expected a number; got \"%.40s\"", name, text);
	return -EINVAL;
}

static int detect(const struct scheme *s, char *(*get)(const char *name), struct shard *ret,
		  char *error, size_t size)
{
	uint64_t index, count, first = s->base, step = 1;

	if (!number(get(s->index), '\0', &index)) {
		snprintf(error, size, "%s: expected a number; got \"%.40s\"", s->index,
			 get(s->index));
		return -EINVAL;
	}
	if (!number(get(s->count), '\0', &count)) {
		snprintf(error, size,
			 "%s is set: expected the number of parts in %s; or give --shard I/N",
			 s->index, s->count);
		return -EINVAL;
	}
	/* An array may begin anywhere; without its beginning, as most do, at 0. */
	if (optional(get, s->first, &first, error, size) ||
	    optional(get, s->step, &step, error, size))
		return -EINVAL;
	if (step == 0 || (index >= first && (index - first) % step)) {
		snprintf(error, size, "%s is %" PRIu64 ", and no multiple of %s from %" PRIu64,
			 s->index, index, s->step, first);
		return -EINVAL;
	}
	if (index < first || (index - first) / step >= count) {
		snprintf(error, size,
			 "%s is %" PRIu64 ", which is none of %s's %" PRIu64 " parts from %" PRIu64
			 "; give --shard I/N",
			 s->index, index, s->count, count, first);
		return -EINVAL;
	}
	*ret = (struct shard){ (index - first) / step, count, s->index };
	return 0;
}

int shard_detect(char *(*get)(const char *name), struct shard *ret, char *error, size_t size)
{
	struct shard found = { .index = 0, .count = 1 };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct shard other;

		if (!get(schemes[i].index))
			continue;
		if (detect(&schemes[i], get, &other, error, size) < 0)
			return -EINVAL;
		if (found.from && (found.index != other.index || found.count != other.count)) {
			snprintf(error, size,
				 "%s says part %" PRIu64 " of %" PRIu64 ", and %s part %" PRIu64
				 " of %" PRIu64 "; give --shard I/N",
				 found.from, found.index + 1, found.count, other.from,
				 other.index + 1, other.count);
			return -EINVAL;
		}
		if (!found.from)
			found = other;
	}
	*ret = found;
	return 0;
}

/* @of * @index / @count, without overflow. */
static uint64_t cut(uint64_t of, uint64_t index, uint64_t count)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)of * index / count);
}

void shard_range(const struct shard *shard, uint64_t of, uint64_t *ret_first, uint64_t *ret_end)
{
	*ret_first = cut(of, shard->index, shard->count);
	*ret_end = cut(of, shard->index + 1, shard->count);
}
