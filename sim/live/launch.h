/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way from a world's process to a program in a host: what happens between fork and exec. */
#ifndef KNOTHOLE_LIVE_LAUNCH_H
#define KNOTHOLE_LIVE_LAUNCH_H

#include <stddef.h>
#include <sys/types.h>

#include "home.h"

struct launch {
	const char *const *argv;
	const char *const *env; /* added to the clean environment; may be NULL */
	const char *hostname;
	int ns; /* the host's network namespace */
	int out, err; /* become stdout and stderr */
	int terminal; /* in their stead, and that of stdin, the program's controlling terminal; -1 = none */
	struct home home;
};

/* Where the program @name is: itself where it holds a slash, else looked up in launch_path().
 * 0, -ENOENT, -EACCES. */
int launch_find(const char *name, char *ret, size_t size);

/* Start @file, in a session of its own.  Its pid or -errno; where exec itself fails, the child
 * says so on its output and exits with 127, as shells have it. */
pid_t launch(const char *file, const struct launch *launch);

#endif
