/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host:ice(): an ICE agent, as a scenario holds it; the scenario does the signalling. */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../../probes/methods/ice_agent.h"
#include "../../probes/methods/turn_client.h"
#include "../../probes/services/service.h"
#include "api.h"
#include "fields.h"

#define WITHIN (5 * SEC)
#define GATHER_WITHIN (5 * SEC)
#define CONNECT_WITHIN (30 * SEC)

static struct ice_agent *check_ice(lua_State *L)
{
	struct ice_agent *agent = *(struct ice_agent **)luaL_checkudata(L, 1, API_ICE);

	if (!agent)
		luaL_error(L, "the agent is closed");
	return agent;
}

static int push_outcome(lua_State *L, int error)
{
	if (error)
		return api_failure(L, error);
	lua_pushboolean(L, 1);
	return 1;
}

/* stun = a host, by each address that it has, or "11.1.1.2:3478". */
static void read_stun(const struct fields *f, struct endpoint ret[FAMILY_COUNT])
{
	if (!f->table || lua_getfield(f->L, f->table, "stun") == LUA_TNIL)
		return;
	if (lua_isstring(f->L, -1)) {
		struct endpoint stun = api_check_endpoint(f->L, lua_gettop(f->L));

		ret[ip_addr_family(stun.addr)] = stun;
	} else {
		const struct plan_node *node = api_check_node(f->L, lua_gettop(f->L));

		ret[FAMILY_IPV4] = (struct endpoint){ node->addr, STUN_PORT };
		ret[FAMILY_IPV6] = (struct endpoint){ node->addr6, STUN_PORT };
	}
	lua_pop(f->L, 1);
}

/* mapped = "11.2.1.2:4000", or nothing. */
static bool read_mapped(const struct fields *f, struct endpoint *ret)
{
	if (!f->table || lua_getfield(f->L, f->table, "mapped") == LUA_TNIL)
		return false;
	*ret = api_check_endpoint(f->L, lua_gettop(f->L));
	lua_pop(f->L, 1);
	return true;
}

static bool read_role(const struct fields *f)
{
	const char *role = fields_text(f, "role", "controlling");

	if (strcmp(role, "controlling") != 0 && strcmp(role, "controlled") != 0)
		fields_fail(f, "role",
			    "role: expected \"controlling\" or \"controlled\", got \"%s\"", role);
	return strcmp(role, "controlling") == 0;
}

/* tcp = true, besides UDP, or "only". */
static void read_tcp(const struct fields *f, struct ice_agent_spec *spec)
{
	int type = f->table ? lua_getfield(f->L, f->table, "tcp") : LUA_TNIL;

	if (type == LUA_TSTRING && strcmp(lua_tostring(f->L, -1), "only") == 0)
		spec->tcp_only = true;
	else if (type == LUA_TBOOLEAN)
		spec->tcp = lua_toboolean(f->L, -1);
	else if (type != LUA_TNIL)
		fields_fail(f, "tcp", "tcp: expected true, false or \"only\", got %s",
			    type == LUA_TSTRING ? lua_tostring(f->L, -1)
						: lua_typename(f->L, type));
}

/* Once it has gathered, the agent needs the TURN server's description no longer. */
static bool read_turn(const struct fields *f, struct turn_client_spec *ret)
{
	static const char *const words[] = { "server", "transport", "username", "password",
					     "family" };
	struct fields inner;

	if (!fields_table(f, "turn", &inner))
		return false;
	fields_allow(&inner, words, sizeof(words) / sizeof(*words), 0);
	api_turn_read(&inner, ret);
	ret->keep = true;
	return true;
}

/* host:ice { role = "controlled", stun = w.server }: an agent that has gathered, or (trickle) that
 * does. */
int api_host_ice(lua_State *L)
{
	static const char *const words[] = { "role",   "stun",	 "turn",    "port", "relayed",
					     "within", "mapped", "trickle", "tcp",  "consent" };
	struct fields f = fields_of_call(L, 2, "ice");
	struct host *host = api_check_host(L, 1);
	struct turn_client_spec turn = { 0 };
	struct ice_agent_spec spec = { 0 };
	struct ice_agent *agent;
	struct endpoint mapped;
	uint64_t deadline;
	bool has_mapped, trickle;
	void **slot;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	spec.controlling = read_role(&f);
	read_stun(&f, spec.stun);
	trickle = fields_flag(&f, "trickle", false);
	read_tcp(&f, &spec);
	if (read_turn(&f, &turn))
		spec.turn = &turn;
	spec.local_port = (uint16_t)fields_integer(&f, "port", 0, UINT16_MAX, 0);
	spec.consent_ns = fields_duration(&f, "consent", 0);
	spec.relay_only = fields_flag(&f, "relayed", false);
	has_mapped = read_mapped(&f, &mapped);
	deadline = api_deadline(&f, GATHER_WITHIN);
	slot = api_push_pointer(L, API_ICE);
	error = ice_agent_new(host, &spec, &agent);
	if (!error) {
		*slot = agent;
		if (has_mapped)
			error = ice_agent_add_mapped(agent, mapped);
	}
	if (!error)
		error = trickle ? ice_agent_gather_start(agent, deadline)
				: ice_agent_gather(agent, deadline);
	if (error)
		fields_fail(&f, NULL, "%s", strerror(-error));
	return 1;
}

static void add_line(luaL_Buffer *buffer, const struct ice_line *line)
{
	char text[ICE_LINE_MAX];

	luaL_addlstring(buffer, text, ice_line_format(line, text));
	luaL_addchar(buffer, '\n');
}

/* agent:description(): all that the other side must be told, a line each. */
static int ice_description(lua_State *L)
{
	struct ice_agent *agent = check_ice(L);
	struct ice_line line = { .kind = ICE_LINE_UFRAG };
	luaL_Buffer buffer;

	luaL_buffinit(L, &buffer);
	snprintf(line.text, sizeof(line.text), "%s", ice_agent_ufrag(agent));
	add_line(&buffer, &line);
	line.kind = ICE_LINE_PWD;
	snprintf(line.text, sizeof(line.text), "%s", ice_agent_password(agent));
	add_line(&buffer, &line);
	line.kind = ICE_LINE_CANDIDATE;
	for (unsigned i = 0; ice_agent_candidate(agent, i, &line.candidate); i++)
		add_line(&buffer, &line);
	line.kind = ICE_LINE_END;
	add_line(&buffer, &line);
	luaL_pushresult(&buffer);
	return 1;
}

/* The iterator that agent:lines() gives: its agent, and how many lines it has given. */
static int next_line(lua_State *L)
{
	struct ice_agent **agent = lua_touserdata(L, lua_upvalueindex(1));
	lua_Integer index = lua_tointeger(L, lua_upvalueindex(2));
	char text[ICE_LINE_MAX];
	struct ice_line line;
	int error = *agent ? ice_agent_tell(*agent, (unsigned)index, NEVER, &line) : -ECANCELED;

	if (error == -ENOENT)
		return 0;
	if (error)
		return luaL_error(L, "lines: %s", strerror(-error));
	lua_pushinteger(L, index + 1);
	lua_replace(L, lua_upvalueindex(2));
	lua_pushlstring(L, text, ice_line_format(&line, text));
	return 1;
}

/* for line in agent:lines() do …: what the other side must be told, as it is gathered. */
static int ice_lines(lua_State *L)
{
	check_ice(L);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_line, 2);
	return 1;
}

static int tell_line(lua_State *L, struct ice_agent *agent, const char *text)
{
	struct ice_line line;
	int error = ice_line_parse(text, &line);

	if (error == -EINVAL)
		return luaL_error(L, "told: expected a line of SDP, got \"%s\"", text);
	return error ? 0 : ice_agent_told(agent, &line);
}

/* agent:told(text): what the other side has said, whole or in parts, in lines. */
static int ice_told(lua_State *L)
{
	struct ice_agent *agent = check_ice(L);
	const char *at = luaL_checkstring(L, 2);
	int error = 0;

	while (*at && !error) {
		size_t len = strcspn(at, "\r\n");

		lua_pushlstring(L, at, len);
		error = tell_line(L, agent, lua_tostring(L, -1));
		lua_pop(L, 1);
		at += len;
		at += strspn(at, "\r\n");
	}
	return push_outcome(L, error);
}

static uint64_t within(lua_State *L, int index, const char *who, uint64_t otherwise_ns)
{
	static const char *const words[] = { "within" };
	struct fields f = fields_of_call(L, index, who);

	fields_allow(&f, words, 1, 0);
	return api_deadline(&f, otherwise_ns);
}

static int ice_connect(lua_State *L)
{
	struct ice_agent *agent = check_ice(L);

	return push_outcome(L, ice_agent_connect(agent, within(L, 2, "connect", CONNECT_WITHIN)));
}

static void push_candidate(lua_State *L, const char *key, const struct ice_candidate *candidate)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, ice_type_word(candidate->type));
	lua_setfield(L, -2, "type");
	lua_pushstring(L, ice_transport_word(candidate->transport));
	lua_setfield(L, -2, "transport");
	api_push_endpoint(L, candidate->at);
	lua_setfield(L, -2, "at");
	lua_setfield(L, -2, key);
}

/* agent:pair().here.type: of the pair in use; nil where there is none. */
static int ice_pair(lua_State *L)
{
	struct ice_candidate here, there;

	if (!ice_agent_selected(check_ice(L), &here, &there))
		return 0;
	lua_createtable(L, 0, 2);
	push_candidate(L, "here", &here);
	push_candidate(L, "there", &there);
	return 1;
}

static int ice_controlling(lua_State *L)
{
	lua_pushboolean(L, ice_agent_controlling(check_ice(L)));
	return 1;
}

static int ice_send(lua_State *L)
{
	struct ice_agent *agent = check_ice(L);
	size_t len;
	const char *bytes = luaL_checklstring(L, 2, &len);

	return push_outcome(L, ice_agent_send(agent, bytes, len));
}

static int ice_recv(lua_State *L)
{
	struct ice_agent *agent = check_ice(L);
	uint64_t deadline = within(L, 2, "recv", WITHIN);
	char bytes[ICE_DATAGRAM_MAX];
	long len = ice_agent_recv(agent, bytes, sizeof(bytes), deadline);

	if (len < 0)
		return api_failure(L, (int)len);
	lua_pushlstring(L, bytes, (size_t)len);
	return 1;
}

static int ice_close(lua_State *L)
{
	struct ice_agent **slot = luaL_checkudata(L, 1, API_ICE);
	struct ice_agent *agent = *slot;

	*slot = NULL;
	ice_agent_free(agent);
	return 0;
}

void api_ice_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "description", ice_description },
		{ "lines", ice_lines },
		{ "told", ice_told },
		{ "connect", ice_connect },
		{ "pair", ice_pair },
		{ "controlling", ice_controlling },
		{ "send", ice_send },
		{ "recv", ice_recv },
		{ "close", ice_close },
		{ NULL, NULL },
	};

	api_metatable(L, API_ICE, methods, NULL);
	lua_pop(L, 1);
}
