/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs find in their host beside its network: /etc/hosts, an /etc/resolv.conf of its
 * own, a /tmp and a /run that the programs of this host share with nobody else.
 *
 * All of it lies in the world's own /run, so it goes when the world does.  Where the machine's
 * /run had to stay (fork_owns_run()), programs see the machine's folders, and hosts have no names.
 */
#ifndef KNOTHOLE_LIVE_HOME_H
#define KNOTHOLE_LIVE_HOME_H

#include <stdbool.h>

struct host;

enum { HOME_PATH = 128 };

struct home {
	char path[HOME_PATH]; /* "" = there is none */
	bool tmp; /* its /tmp may take the place of the machine's */
};

/* Have @host's folder there, and look whether a program that is @file with @argv would miss the
 * machine's /tmp: one that is in there, is told of a file in there, or is started from there.
 * 0 or -errno. */
int home_make(struct host *host, const char *file, const char *const *argv, struct home *ret);

/* In the program's process, before it executes: mount it all.  What cannot be is done without. */
void home_enter(const struct home *home);

#endif
