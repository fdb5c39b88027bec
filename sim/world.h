/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world: the loop, the nodes and the links that a plan asks for.
 *
 * A live world must be built in a process that world_enter_live() has put into its own user,
 * network, mount and PID namespaces (see sim/live/).
 */
#ifndef KNOTHOLE_WORLD_H
#define KNOTHOLE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "capture.h"
#include "host.h"
#include "loop.h"
#include "plan.h"

struct world;

enum world_kind { WORLD_LIVE, WORLD_VIRTUAL };

struct world_options {
	enum world_kind kind;
	const char *capture_path; /* NULL = no capture */
	const char *capture_about; /* JSON, see capture_open() */
};

/* Build what @plan (completed) describes.  0, or -errno with one line in *ret_error.
 * The plan must outlive the world. */
int world_new(const struct plan *plan, const struct world_options *options, struct world **ret,
	      struct plan_error *ret_error);

/* Tear down, closing the capture first if it still is open. */
void world_free(struct world *world);

struct loop *world_loop(const struct world *world);
enum world_kind world_kind(const struct world *world);
struct host *world_host(const struct world *world, const char *name); /* NULL if none */
const struct plan *world_plan(const struct world *world);
struct capture *world_capture(const struct world *world);

/*
 * While the world goes on, the gateway of @net, one of its plan's, loses power and comes back:
 * its NAT has forgotten all but its configuration.  0, or -errno with one line in *ret_error.
 */
int world_reboot(struct world *world, const struct plan_node *net, struct plan_error *ret_error);

/*
 * The outside addresses of @net, which began at @before, are others in the plan by now
 * (plan_move()).  Its NAT forgets all, and what is sent to the old ones meets nobody.  0, or
 * -errno with one line in *ret_error, and the world has not changed: -EOPNOTSUPP where a kernel
 * translates.
 */
int world_follow_address(struct world *world, const struct plan_node *net, struct ip_addr before,
			 struct plan_error *ret_error);

/* End the capture: 0 or -errno of its writes. */
int world_close_capture(struct world *world);

/* Run @main(@arg) as the first fiber until it returns.  0 or loop_run()'s. */
int world_run(struct world *world, void (*main)(void *arg), void *arg);

#endif
