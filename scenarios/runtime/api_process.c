/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs in hosts: only a live world has them. */
#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "../../nat-models/duration.h"
#include "../../sim/live/live.h"
#include "api.h"
#include "fields.h"

enum { ARGUMENTS_MAX = 128, ENVIRONMENT_MAX = 64 };

#define EXEC_WITHIN (30 * SEC)
#define READY_WITHIN (10 * SEC)

static struct process *check_process(lua_State *L)
{
	return *(struct process **)luaL_checkudata(L, 1, API_PROCESS);
}

/* The list part of the options is the program and its arguments. */
static void read_arguments(const struct fields *f, const char **argv)
{
	size_t n = f->table ? lua_rawlen(f->L, f->table) : 0;

	if (n < 1 || n >= ARGUMENTS_MAX)
		fields_fail(f, NULL, "expected a program and its arguments, got %zu words", n);
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(f->L, f->table, (lua_Integer)i + 1);
		if (!lua_isstring(f->L, -1))
			fields_fail(f, NULL, "expected words, got a %s", luaL_typename(f->L, -1));
		argv[i] = lua_tostring(f->L, -1); /* a number becomes text, which is left */
		lua_rawseti(f->L, f->table, (lua_Integer)i + 1); /* in the table, to live */
	}
	argv[n] = NULL;
}

/* Start what the options at 2 say and push it. */
static struct process *start(lua_State *L, const struct fields *f)
{
	const char *argv[ARGUMENTS_MAX], *env[ENVIRONMENT_MAX + 1] = { NULL };
	struct process_spec spec = { .argv = argv, .env = env };
	struct host *host = api_check_host(L, 1);
	void **slot = api_push_pointer(L, API_PROCESS);
	struct process *process;
	int error;

	if (world_kind(stage_of(L)->world) != WORLD_LIVE)
		fields_raise(L, "programs need --world live");
	read_arguments(f, argv);
	env[fields_list(f, "env", env, ENVIRONMENT_MAX)] = NULL;
	error = process_start(host, &spec, &process);
	if (error == -ENOENT)
		fields_raise(L, "%s: there is no program \"%s\"", host_name(host), argv[0]);
	if (error)
		fields_raise(L, "%s: %s: %s", host_name(host), argv[0], strerror(-error));
	*slot = process;
	return process;
}

/* How it ended, as a shell says it. */
static int push_result(lua_State *L, const struct process *process, int status)
{
	size_t len;
	const char *output = process_output(process, &len);

	lua_createtable(L, 0, 2);
	lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	lua_setfield(L, -2, "status");
	lua_pushlstring(L, output, len);
	lua_setfield(L, -2, "output");
	return 1;
}

static int wait_for(lua_State *L, struct process *process, const struct fields *f,
		    uint64_t otherwise_ns)
{
	uint64_t within = fields_duration(f, "within", otherwise_ns);
	char text[DURATION_TEXT];
	int status;

	if (process_wait(process, api_now(L) + within, &status))
		return luaL_error(L, "%s: the program has not ended within %s", f->who,
				  duration_format(within, text));
	return push_result(L, process, status);
}

/* host:exec { "ping", "-c1", "11.1.1.2", within = "10s", env = { "LANG=C" } } */
int api_host_exec(lua_State *L)
{
	static const char *const words[] = { "within", "env" };
	struct fields f = fields_of_call(L, 2, "exec");
	struct process *process;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), ARGUMENTS_MAX);
	process = start(L, &f);
	return wait_for(L, process, &f, EXEC_WITHIN);
}

/* host:start { "iperf3", "-s", ready = "listening", within = "5s" } */
int api_host_start(lua_State *L)
{
	static const char *const words[] = { "within", "env", "ready" };
	struct fields f = fields_of_call(L, 2, "start");
	const char *ready;
	struct process *process;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), ARGUMENTS_MAX);
	ready = fields_text(&f, "ready", NULL);
	process = start(L, &f);
	if (!ready)
		return 1;
	error = process_wait_output(process, ready, api_deadline(&f, READY_WITHIN));
	if (error)
		return luaL_error(L, "start: the program %s before it said \"%s\"",
				  error == -EPIPE ? "ended" : "let the time run out", ready);
	return 1;
}

static int process_say(lua_State *L)
{
	size_t len;
	const char *output = process_output(check_process(L), &len);

	lua_pushlstring(L, output, len);
	return 1;
}

static int process_end(lua_State *L)
{
	process_kill(check_process(L), (int)luaL_optinteger(L, 2, SIGTERM));
	return 0;
}

static int process_await(lua_State *L)
{
	static const char *const words[] = { "within" };
	struct process *process = check_process(L);
	struct fields f = fields_of_call(L, 2, "wait");

	fields_allow(&f, words, 1, 0);
	return wait_for(L, process, &f, EXEC_WITHIN);
}

void api_process_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "output", process_say },
		{ "kill", process_end },
		{ "wait", process_await },
		{ NULL, NULL },
	};

	api_metatable(L, API_PROCESS, methods, NULL);
	lua_pop(L, 1);
}
