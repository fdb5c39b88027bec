/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: one run of a scenario while it plays.  It holds the world, the actors, the calls
 * that were made and what is expected of them; api_*.c are its face to Lua, judge.c weighs it
 * when the curtain has fallen.
 *
 * Each actor is a Lua thread inside of a fiber of its own, so the functions that Lua calls
 * may park in their middle, and actors switch nowhere else.
 *
 * A stage is never torn down: its process ends with the run, which no fiber that still waits
 * then can hinder.
 */
#ifndef KNOTHOLE_STAGE_H
#define KNOTHOLE_STAGE_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/predict.h"
#include "../../probes/methods/order.h"
#include "../../sim/fiber.h"
#include "../../sim/world.h"
#include "scenario.h"

struct actor {
	struct actor *next;
	struct stage *stage;
	lua_State *L;
	int nargs; /* on L's stack, above the function */
	int thread_ref; /* keeps L from being collected while it runs */
	bool done;
	struct fiber *waiter; /* who is in actor:wait(), or NULL */
};

/* A peer that has joined a rendezvous; one for each pair of host and rendezvous. */
struct stage_peer {
	struct stage_peer *next;
	struct peer *peer;
	struct host *host;
	struct host *via;
};

struct stage_call {
	struct stage_call *next;
	struct call *call;
	const struct plan_node *caller, *callee;
	enum method tried[LADDER_MAX];
	size_t tried_len;
	enum order order; /* of those; ORDER_COUNT = one that the scenario gave */
	char *waiver; /* why the oracle's word does not count; NULL = it does */
	struct predict_answer oracle[FAMILY_COUNT];
	bool asked[FAMILY_COUNT]; /* not of a family that one side lacks: all must-not then */
	unsigned sent[2],
		heard[2]; /* voice, by the probe's own count; caller to callee, and back */
};

enum relation { IS, IS_NOT, IS_ONE_OF, IS_AT_LEAST, IS_AT_MOST };

/* What is expected of a call, read from the capture: the word after "call." */
#define CALL_FIELDS(X)                                                                             \
	X(CALL_METHOD, "method")                                                                   \
	X(CALL_CONNECTED, "connected")                                                             \
	X(CALL_FAMILY, "family")                                                                   \
	X(CALL_RELAYED, "relayed")                                                                 \
	X(CALL_RELAY, "relay")                                                                     \
	X(CALL_PAIR, "pair")                                                                       \
	X(CALL_ARRIVED, "arrived")                                                                 \
	X(CALL_WORKED, "worked")

enum call_field {
#define X(id, word) id,
	CALL_FIELDS(X)
#undef X
		CALL_FIELDS_LEN
};

extern const char *const call_field_words[CALL_FIELDS_LEN];

struct expectation {
	struct expectation *next;
	char where[512];
	char what[160];
	enum relation relation;
	json_t *wanted; /* a scalar; an array for IS_ONE_OF */
	json_t *found; /* NULL until it is weighed */
	bool ok;
	/* One of the three: a value (found is set at once), a call's field, packets at a tap. */
	const struct stage_call *call;
	enum call_field field;
	enum method method; /* of CALL_WORKED, */
	int family; /* in which; FAMILY_COUNT = in any */
	char *tap, *filter;
};

enum { STAGE_PATH = 1024 };

struct stage {
	struct scenario *scenario;
	const json_t *params;
	struct plan plan;
	struct world *world;
	struct fiber *supervisor;
	struct actor *actors; /* first is the one that plays `run` */
	unsigned playing;
	char fault[SCENARIO_ERROR]; /* the first error of an actor; "" = none */
	bool inexpressible; /* … which is that the kernel's NATs are not as their models say */
	struct stage_peer *peers;
	struct stage_call *calls, **calls_end;
	struct expectation *expectations, **expectations_end;
	json_t *log;
	json_t *not_tried; /* rungs, as the record has them */
	char programs_path[STAGE_PATH]; /* where programs' output goes; "" = nowhere */
	unsigned programs; /* that have been started */
};

static inline struct stage *stage_of(lua_State *L)
{
	return sandbox_user(L);
}

void stage_init(struct stage *stage);

/* Play the scenario in stage->world, to its end, its first error, or @budget_ns of the world's
 * time.  0, or -errno with the line in stage->fault. */
int stage_play(struct stage *stage, uint64_t budget_ns);

/* Start the function below @nargs arguments on the top of @L's stack, which are taken off it,
 * as an actor of its own.  NULL without memory. */
struct actor *stage_spawn(struct stage *stage, lua_State *L, int nargs);

void stage_log(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for services (service_spec.log). */
void stage_log_line(void *stage, const char *line);

/* "f.lua:12": the Lua line that is running in @L. */
const char *stage_where(lua_State *L, char *buf, size_t size);

/* The host called @name.  Never NULL for a host of the plan. */
static inline struct host *stage_host(const struct stage *stage, const struct plan_node *node)
{
	return world_host(stage->world, node->name);
}

#endif
