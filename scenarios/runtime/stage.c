/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../nat-models/duration.h"
#include "../../probes/services/service.h"
#include "api.h"
#include "tree.h"

const char *const call_field_words[CALL_FIELDS_LEN] = {
#define X(id, word) [(id)] = (word),
	CALL_FIELDS(X)
#undef X
};

void stage_init(struct stage *stage)
{
	*stage = (struct stage){ .log = json_array(), .not_tried = json_array() };
	stage->calls_end = &stage->calls;
	stage->expectations_end = &stage->expectations;
}

void stage_log(struct stage *stage, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	json_array_append_new(stage->log, json_string(line));
}

void stage_log_line(void *stage, const char *line)
{
	stage_log(stage, "%s", line);
}

/* The line of the innermost Lua function in @L; 0 where there is none. */
static int current_line(lua_State *L)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++)
		if (lua_getinfo(L, "l", &ar) && ar.currentline > 0)
			return ar.currentline;
	return 0;
}

const char *stage_where(lua_State *L, char *buf, size_t size)
{
	snprintf(buf, size, "%s:%d", sandbox_source(L)->file, current_line(L));
	return buf;
}

static void act(void *arg)
{
	struct actor *actor = arg;
	struct stage *stage = actor->stage;
	char error[SCENARIO_ERROR];

	if (sandbox_call(actor->L, actor->nargs, 0, error, sizeof(error)) && !stage->fault[0])
		memcpy(stage->fault, error, sizeof(stage->fault));
	actor->done = true;
	stage->playing--;
	fiber_wake(actor->waiter);
	fiber_wake(stage->supervisor);
}

struct actor *stage_spawn(struct stage *stage, lua_State *L, int nargs)
{
	struct actor *actor = calloc(1, sizeof(*actor)), **end = &stage->actors;
	char name[64];

	if (!actor)
		return NULL;
	actor->stage = stage;
	actor->nargs = nargs;
	actor->L = lua_newthread(L);
	lua_insert(L, -nargs - 2);
	lua_xmove(L, actor->L, nargs + 1);
	actor->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	stage_where(L, name, sizeof(name));
	if (fiber_spawn(world_loop(stage->world), name, act, actor, NULL)) {
		free(actor);
		return NULL;
	}
	while (*end)
		end = &(*end)->next;
	*end = actor;
	stage->playing++;
	return actor;
}

static int start_services(struct stage *stage)
{
	struct plan_node *n = NULL;

	while ((n = plan_next(&stage->plan, n))) {
		const struct tree_host *host = n->user;

		for (size_t i = 0; host && i < host->services_len; i++) {
			struct service_spec spec = {
				.name = host->services[i],
				.host = stage_host(stage, n),
				.turn = &host->turn,
				.plan = &stage->plan,
				.log = stage_log_line,
				.log_arg = stage,
			};
			struct service *service;
			int error;

			spec.ports = host->rendezvous_ports;
			spec.ports_len = host->rendezvous_ports_len;
			if (n->extra_len)
				spec.alternate_addr = n->extra[0];
			error = service_start(&spec, &service);
			if (!error)
				continue;
			snprintf(stage->fault, sizeof(stage->fault),
				 "%s: host %s: service %s cannot start: %s", n->where, n->name,
				 spec.name, strerror(-error));
			return error;
		}
	}
	return 0;
}

/* Where the first actor that still plays is waiting. */
static void time_is_up(struct stage *stage, uint64_t budget_ns)
{
	const struct actor *actor = stage->actors;
	char budget[DURATION_TEXT], where[512];

	while (actor->done)
		actor = actor->next;
	snprintf(stage->fault, sizeof(stage->fault),
		 "%s: ran out of its time of %s, still waiting here",
		 stage_where(actor->L, where, sizeof(where)), duration_format(budget_ns, budget));
}

struct play {
	struct stage *stage;
	uint64_t budget_ns;
};

/* Argument: the struct play; inside of sandbox_call(). */
static int begin(lua_State *L)
{
	struct play *play = lua_touserdata(L, 1);

	scenario_push_run(L);
	api_push_world(L);
	scenario_push_params(L, play->stage->params);
	if (!stage_spawn(play->stage, L, 2))
		return luaL_error(L, "not enough memory");
	return 0;
}

static void supervise(void *arg)
{
	struct play *play = arg;
	struct stage *stage = play->stage;
	lua_State *L = sandbox_lua(scenario_sandbox(stage->scenario));
	uint64_t deadline = loop_now(world_loop(stage->world)) + play->budget_ns;

	stage->supervisor = fiber_self();
	if (start_services(stage))
		return;
	lua_pushcfunction(L, begin);
	lua_pushlightuserdata(L, play);
	if (sandbox_call(L, 1, 0, stage->fault, sizeof(stage->fault)))
		return;
	while (stage->playing && !stage->fault[0]) {
		if (fiber_park(deadline) == -ETIMEDOUT) {
			time_is_up(stage, play->budget_ns);
			return;
		}
	}
}

int stage_play(struct stage *stage, uint64_t budget_ns)
{
	struct play play = { stage, budget_ns };
	int error = world_run(stage->world, supervise, &play);

	if (!error && sandbox_exhausted(scenario_sandbox(stage->scenario)) && !stage->fault[0])
		snprintf(stage->fault, sizeof(stage->fault),
			 "ran out of its budget of instructions");
	if (error && !stage->fault[0])
		snprintf(stage->fault, sizeof(stage->fault), "the world stopped: %s",
			 strerror(-error));
	return stage->fault[0] ? -EINVAL : 0;
}
