/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world's process is pid 1 of its PID namespace: besides its own programs, the orphans that
 * those leave behind are its children too, and only it can bury them.
 */
#ifndef KNOTHOLE_LIVE_REAPER_H
#define KNOTHOLE_LIVE_REAPER_H

#include <sys/types.h>

#include "../loop.h"

struct reaper;

/* A child whose end somebody waits for, embedded in what it is for. */
struct charge {
	struct charge *next;
	pid_t pid;
	void (*ended)(struct charge *charge, int status); /* as of waitpid() */
};

/* From now on SIGCHLD is blocked in this thread, and every child is the reaper's to wait for.
 * 0 or -errno. */
int reaper_new(struct loop *loop, struct reaper **ret);
void reaper_free(struct reaper *reaper); /* kills its charges first; NULL is fine */

void reaper_add(struct reaper *reaper, struct charge *charge);
/* Forget @charge, which the caller has killed or no longer cares for. */
void reaper_remove(struct reaper *reaper, struct charge *charge);

#endif
