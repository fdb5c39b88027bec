/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `knothole bench` measures: one function a name, each against something timed in the same
 * run where there is something to compare with.
 */
#ifndef KNOTHOLE_BENCH_H
#define KNOTHOLE_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "../sim/host.h"
#include "../sim/plan.h"
#include "bench_meter.h"

enum { BENCH_NOTE = 2048, BENCH_PATH = 4096 };

/* What came out.  Filled with zeroes before a measure is taken. */
struct bench_result {
	double value;
	double against; /* 0 = nothing to compare with */
	uint64_t began; /* bench_clock() just before the last lab's process was made */
	uint64_t pairs; /* of a population, that are asked for */
	char note[BENCH_NOTE]; /* particulars; after a failure, why */
	char limit
		[BENCH_NOTE]; /* what it could not be better than here, or where its time goes, as far as
				 * that was measured with it */
};

/* Each takes its measure: 0, or -errno with result->note. */
int bench_lab_up(struct bench_result *result); /* ms, median */
int bench_matrix_live(struct bench_result *result); /* s */
int bench_matrix_virtual(struct bench_result *result); /* s */
int bench_throughput(struct bench_result *result); /* ratio */
int bench_scenarios(struct bench_result *result); /* 1/s, lean ones */
int bench_calls(struct bench_result *result); /* 1/s, through services and ladder */
int bench_engine_pps(struct bench_result *result); /* packets/s over 1,000 flows */
int bench_engine_pps_1m(struct bench_result *result); /* packets/s over 1,000,000 mappings */
int bench_mapping_bytes(struct bench_result *result); /* resident bytes a mapping, at most */
int bench_mapping_growth(struct bench_result *result); /* ns a packet, 10^6 to 10^3 mappings */

int bench_host_bytes(struct bench_result *result); /* resident bytes a virtual host */
int bench_host_up(struct bench_result *result); /* ns a virtual host, from nothing to ready */
int bench_datagram(struct bench_result *result); /* ns a datagram between virtual hosts */
int bench_birthday(struct bench_result *result); /* per cent, measured less computed, at most */
int bench_prediction(struct bench_result *result); /* the same */
int bench_population(struct bench_result *result); /* bytes that a pair leaves behind */

/* Where the project's data lies (KNOTHOLE_HOME, else above the binary): @file below it is
 * written to @ret.  0, or -ENOENT. */
int bench_find(const char *file, char ret[BENCH_PATH]);

/* Two homes, alice's and bob's, each behind an engine NAT of RFC 4787's recommended kind, and
 * two servers on the Internet, sam and sue.  0, or -errno with @result's note. */
int bench_plan(struct plan *plan, struct bench_result *result);

/*
 * Build bench_plan()'s world in a process of its own and run @main there as its first fiber.
 * What @main writes to job->out comes back in @text, cut to @size and NUL-terminated.
 * 0, or -errno with @result's note, which @main's own failure (job->error set) becomes too.
 */
struct world;
struct bench_job {
	struct world *world;
	int out; /* file descriptor */
	char error[BENCH_NOTE];
};
int bench_in_world(void (*main)(void *job), struct bench_result *result, char *text, size_t size);

/* Run tests/bench/lab.sh with the one argument @what, in namespaces of its own, and give back what
 * it prints, as above. */
int bench_in_script(const char *what, struct bench_result *result, char *text, size_t size);

/* @len empty network namespaces alone, in a process like that of bench_in_world(): how many ns until they
 * are there.  0, or -errno with @result's note. */
int bench_namespaces(unsigned int len, struct bench_result *result, uint64_t *ret_ns);

#endif
