/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of a run this process is to do: as --shard I/N says, or the array job that it finds
 * itself in.
 */
#ifndef KNOTHOLE_SHARD_H
#define KNOTHOLE_SHARD_H

#include <stddef.h>
#include <stdint.h>

/* Part @index, from 0, of @count. */
struct shard {
	uint64_t index, count;
	const char *from; /* the variable that told it; NULL = --shard, or nothing did */
};

/* Read "I/N", I from 1 to N.  0 or -EINVAL. */
int shard_parse(const char *text, struct shard *ret);

/*
 * What the environment (@get is getenv()) says: a Slurm job array, an indexed job of Kubernetes
 * (which tells its index only: the number of parts is expected in JOB_COMPLETIONS), or a parallel
 * job of GitLab.  0 with *ret, which is the whole (0 of 1) where there is none of them; or -EINVAL
 * with a line in @error, since a part that does not know which would do the work of all: where
 * variables are missing or no numbers, and where two of these say different things.
 */
int shard_detect(char *(*get)(const char *name), struct shard *ret, char *error, size_t size);

/* The items *ret_first … *ret_end - 1 of @of are @shard's; shards differ by one item at most. */
void shard_range(const struct shard *shard, uint64_t of, uint64_t *ret_first, uint64_t *ret_end);

#endif
