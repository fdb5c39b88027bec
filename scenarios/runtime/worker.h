/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work in processes of its own: many at a time, each within a budget of real time, and what
 * it finds comes back through a pipe as JSON.  A worker that hangs is killed, and one that
 * crashes harms nobody.
 */
#ifndef KNOTHOLE_WORKER_H
#define KNOTHOLE_WORKER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker {
	/* Runs in the child; its result, an object, is sent back. */
	json_t *(*work)(void *arg);
	void *arg;
	bool live; /* in namespaces of its own (live_fork()), else a plain fork */
	uint64_t budget_ns; /* of real time; then it is killed */

	json_t *result; /* owned by the caller; NULL where there is none, and then: */
	char fault[160]; /* why: "killed by signal 11 (Segmentation fault)" */
	uint64_t took_ns;
};

/*
 * Run @workers (@n of them), at most @jobs at a time, in their order; each one's result is
 * written as it comes.  @done (may be NULL) is called after each with how many have ended.
 */
void workers_run(struct worker *workers, size_t n, unsigned jobs,
		 void (*done)(size_t ended, void *arg), void *arg);

#endif
