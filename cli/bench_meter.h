/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What measures are taken with: clocks, memory, medians, and what this machine can do at all, for
 * them to be held against.
 */
#ifndef KNOTHOLE_BENCH_METER_H
#define KNOTHOLE_BENCH_METER_H

#include <stddef.h>
#include <stdint.h>

uint64_t bench_clock(void); /* CLOCK_MONOTONIC, ns: the same in every process */
uint64_t bench_cpu(void); /* ns that this process has had a processor */

/* Bytes of memory that this process has for itself: of files it reads none count.  0 = cannot be told. */
uint64_t bench_resident(void);

/* Sorts @values, one at least. */
double bench_median(double *values, size_t len);

/* What child processes that have ended took, theirs included, since some time. */
struct bench_usage {
	uint64_t clock;
	uint64_t user_ns, system_ns;
};

struct bench_usage bench_usage_now(void);
struct bench_usage bench_usage_since(struct bench_usage began);

/* ns that a read from memory takes when the last one says where, over @bytes of it, in huge pages where
 * there are any; 0 without so much memory. */
double bench_read_ns(size_t bytes);

/* ns that the kernel takes for a page of memory that was never used. */
double bench_page_ns(void);

/*
 * Do @work in a process of its own, where nothing that was measured before has left its traces in the
 * allocator or in memory.  @about, of @size bytes, is what it is given, and what it leaves there
 * comes back.  0, or -errno; -EIO where the process ended early.
 */
int bench_apart(void (*work)(void *about), void *about, size_t size);

#endif
