/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs in hosts: only a live world has them. */
#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../nat-models/duration.h"
#include "../../sim/live/live.h"
#include "api.h"
#include "fields.h"

enum { ARGUMENTS_MAX = 128, ENVIRONMENT_MAX = 64, FILE_ROOM = STAGE_PATH + 128 };

#define EXEC_WITHIN (30 * SEC)
#define READY_WITHIN (10 * SEC)
#define CONDITION_GAP (10 * MSEC)

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

/* "DIR/basics-x.programs/3-alice-iperf3.out": beside the capture. */
static void name_files(struct stage *stage, const struct host *host, const char *program,
		       char *ret_out, char *ret_err)
{
	const char *slash = strrchr(program, '/');
	unsigned number = ++stage->programs;

	ret_out[0] = ret_err[0] = '\0';
	if (!stage->programs_path[0] || (mkdir(stage->programs_path, 0777) && errno != EEXIST))
		return;
	if (slash)
		program = slash + 1;
	snprintf(ret_out, FILE_ROOM, "%s/%u-%s-%.64s.out", stage->programs_path, number,
		 host_name(host), program);
	snprintf(ret_err, FILE_ROOM, "%s/%u-%s-%.64s.err", stage->programs_path, number,
		 host_name(host), program);
}

/* Start what the options at 2 say and push it. */
static struct process *start(lua_State *L, const struct fields *f)
{
	const char *argv[ARGUMENTS_MAX], *env[ENVIRONMENT_MAX + 1] = { NULL };
	struct process_spec spec = { .argv = argv, .env = env };
	struct host *host = api_check_host(L, 1);
	void **slot = api_push_pointer(L, API_PROCESS);
	char out_path[FILE_ROOM], err_path[FILE_ROOM];
	struct process *process;
	int error;

	if (world_kind(stage_of(L)->world) != WORLD_LIVE)
		fields_raise(L, "programs need --world live");
	read_arguments(f, argv);
	name_files(stage_of(L), host, argv[0], out_path, err_path);
	spec.out_path = out_path[0] ? out_path : NULL;
	spec.err_path = err_path[0] ? err_path : NULL;
	env[fields_list(f, "env", env, ENVIRONMENT_MAX)] = NULL;
	if (fields_flag(f, "terminal", false)) {
		spec.terminal = live_terminal();
		if (!spec.terminal)
			fields_fail(f, "terminal",
				    "there is no terminal to give: knothole shell has one");
	}
	error = process_start(host, &spec, &process);
	if (error == -ENOENT)
		fields_raise(L, "%s: there is no program \"%s\"", host_name(host), argv[0]);
	if (error)
		fields_raise(L, "%s: %s: %s", host_name(host), argv[0], strerror(-error));
	*slot = process;
	return process;
}

static void push_output(lua_State *L, const struct process *process, enum process_stream stream)
{
	size_t len;
	const char *output = process_output(process, stream, &len);

	lua_pushlstring(L, output, len);
}

/* How it ended, as a shell says it. */
static int push_result(lua_State *L, const struct process *process, int status)
{
	lua_createtable(L, 0, 5);
	lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	lua_setfield(L, -2, "status");
	if (WIFSIGNALED(status)) {
		lua_pushinteger(L, WTERMSIG(status));
		lua_setfield(L, -2, "signal");
	}
	push_output(L, process, PROCESS_BOTH);
	lua_setfield(L, -2, "output");
	push_output(L, process, PROCESS_OUT);
	lua_setfield(L, -2, "stdout");
	push_output(L, process, PROCESS_ERR);
	lua_setfield(L, -2, "stderr");
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
	static const char *const words[] = { "within", "env", "terminal" };
	struct fields f = fields_of_call(L, 2, "exec");
	struct process *process;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), ARGUMENTS_MAX);
	process = start(L, &f);
	return wait_for(L, process, &f, EXEC_WITHIN);
}

/* It ended, or the time did, before it @was ready: "start: bob: sh ended before it …". */
_Noreturn static void never_ready(lua_State *L, int error, const char *was)
{
	lua_rawgeti(L, 2, 1);
	fields_raise(L, "start: %s: %s %s before it %s", host_name(api_check_host(L, 1)),
		     lua_tostring(L, -1), error == -EPIPE ? "ended" : "let the time run out", was);
}

/* Until the function that is `ready` says yes; it is asked every 10 ms. */
static void await_condition(lua_State *L, struct process *process, uint64_t deadline)
{
	for (;;) {
		lua_getfield(L, 2, "ready");
		lua_call(L, 0, 1);
		if (lua_toboolean(L, -1))
			break;
		lua_pop(L, 1);
		if (process_ended(process) || api_now(L) >= deadline)
			never_ready(L, process_ended(process) ? -EPIPE : -ETIMEDOUT, "was ready");
		fiber_sleep(api_now(L) + CONDITION_GAP);
	}
	lua_pop(L, 1);
}

static void await_port(lua_State *L, struct process *process, const struct fields *f,
		       uint64_t deadline)
{
	uint16_t port = (uint16_t)fields_integer(f, "ready", 1, 65535, 0);
	int error = process_wait_port(process, port, deadline);

	if (error == -EPIPE || error == -ETIMEDOUT)
		never_ready(L, error, lua_pushfstring(L, "listened at port %d", (int)port));
	if (error)
		luaL_error(L, "start: who listens cannot be read: %s", strerror(-error));
}

static void await_line(lua_State *L, struct process *process, const char *text, uint64_t deadline)
{
	int error = process_wait_output(process, text, deadline);

	if (error)
		never_ready(L, error, lua_pushfstring(L, "said \"%s\"", text));
}

/* host:start { "iperf3", "-s", ready = 5201, within = "5s" } */
int api_host_start(lua_State *L)
{
	static const char *const words[] = { "within", "env", "ready" };
	struct fields f = fields_of_call(L, 2, "start");
	struct process *process;
	uint64_t deadline;
	int type;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), ARGUMENTS_MAX);
	process = start(L, &f);
	deadline = api_deadline(&f, READY_WITHIN);
	type = lua_getfield(L, 2, "ready");
	lua_pop(L, 1);
	if (type == LUA_TFUNCTION)
		await_condition(L, process, deadline);
	else if (type == LUA_TNUMBER)
		await_port(L, process, &f, deadline);
	else if (type != LUA_TNIL)
		await_line(L, process, fields_text(&f, "ready", NULL), deadline);
	return 1;
}

static int process_say(lua_State *L)
{
	push_output(L, check_process(L), PROCESS_BOTH);
	return 1;
}

static int process_say_out(lua_State *L)
{
	push_output(L, check_process(L), PROCESS_OUT);
	return 1;
}

static int process_say_err(lua_State *L)
{
	push_output(L, check_process(L), PROCESS_ERR);
	return 1;
}

static int process_has_ended(lua_State *L)
{
	lua_pushboolean(L, process_ended(check_process(L)));
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
		{ "stdout", process_say_out },
		{ "stderr", process_say_err },
		{ "kill", process_end },
		{ "ended", process_has_ended },
		{ "wait", process_await },
		{ NULL, NULL },
	};

	api_metatable(L, API_PROCESS, methods, NULL);
	lua_pop(L, 1);
}
