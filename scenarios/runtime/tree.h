/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world as a scenario writes it, host {…} and net {…} inside of one another, and the plan
 * that it is read into.
 *
 * A Lua table keeps no order, so the nodes' order is that in which the constructors were
 * called: in a scenario written down as it nests, from top to bottom.  Everything is checked
 * here or by plan_complete(), before anything is built.
 */
#ifndef KNOTHOLE_TREE_H
#define KNOTHOLE_TREE_H

#include <lua.h>

#include "../../probes/services/service.h"
#include "../../probes/services/turn_options.h"
#include "../../sim/plan.h"

enum { TREE_SERVICES = 8 };

/* What a plan's node does not hold: plan_node.user of each host. */
struct tree_host {
	char services[TREE_SERVICES][24]; /* to be started with the world, in this order */
	size_t services_len;
	struct turn_options turn;
	uint16_t rendezvous_ports[SERVICE_PORTS]; /* where the rendezvous listens as well */
	size_t rendezvous_ports_len;
};

/* Make host and net known to @L, as globals. */
void tree_open(lua_State *L);

/* Another world is about to be described: how many nodes it may have is counted from here. */
void tree_begin(lua_State *L);

/*
 * Read the table at stack index @table, which scenario code returned, into @plan, and complete
 * it.  @line is where that code stands, for errors, which are raised: call it inside
 * sandbox_call().  What was read so far is in @plan then, too; end both with tree_clear().
 */
void tree_read(lua_State *L, int table, int line, struct plan *plan);

void tree_clear(struct plan *plan);

#endif
