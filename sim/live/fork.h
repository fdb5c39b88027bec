/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_fork() with the stage at which it failed, for live_possible() to explain. */
#ifndef KNOTHOLE_LIVE_FORK_H
#define KNOTHOLE_LIVE_FORK_H

#include <stdbool.h>
#include <sys/types.h>

enum fork_stage {
	FORK_CLONE, /* the namespaces themselves */
	FORK_MAP, /* of users and groups */
	FORK_IDENTITY, /* becoming root inside */
	FORK_MOUNT, /* mounts of our own */
	FORK_DONE,
};

/* The pid, or -errno with *ret_stage. */
pid_t fork_world(int (*main)(void *arg), void *arg, enum fork_stage *ret_stage);

/*
 * The packet socket, unbound, in the network namespace that live_fork() made, whose receive
 * buffer is as wide as only the machine's root can make it; -1 where there was no such root, or
 * it was taken before.  The caller's to close.
 */
int fork_take_packet_socket(void);

/* In a live_fork() child: is /run its own, fresh one? */
bool fork_owns_run(void);

#endif
