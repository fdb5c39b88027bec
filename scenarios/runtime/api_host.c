/* SPDX-License-Identifier: GPL-2.0-or-later */
/* w.NAME: hosts and nets. */
#include <errno.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../probes/services/service.h"
#include "../../sim/names.h"
#include "api.h"
#include "fields.h"
#include "tree.h"

void api_push_node(lua_State *L, const struct plan_node *node)
{
	const void **slot =
		(const void **)api_push_pointer(L, node->kind == PLAN_HOST ? API_HOST : API_NET);

	*slot = node;
}

const struct plan_node *api_check_node(lua_State *L, int index)
{
	return *(const struct plan_node **)luaL_checkudata(L, index, API_HOST);
}

struct host *api_check_host(lua_State *L, int index)
{
	return stage_host(stage_of(L), api_check_node(L, index));
}

static int push_own_endpoint(lua_State *L, struct ip_addr addr, const char *family)
{
	lua_Integer port = luaL_checkinteger(L, 2);

	luaL_argcheck(L, port > 0 && port < 65536, 2, "expected a port from 1 to 65535");
	if (ip_addr_is_unset(addr))
		return luaL_error(L, "%s has no %s address", api_check_node(L, 1)->name, family);
	return api_push_endpoint(L, (struct endpoint){ addr, (uint16_t)port });
}

/* host:at(7): "11.1.1.2:7", to send to. */
static int host_at(lua_State *L)
{
	return push_own_endpoint(L, api_check_node(L, 1)->addr, "IPv4");
}

/* host:at6(7): "[2b00:1:1::2]:7" */
static int host_at6(lua_State *L)
{
	return push_own_endpoint(L, api_check_node(L, 1)->addr6, "IPv6");
}

/* host:service "echo": start one more service. */
static int host_service(lua_State *L)
{
	const struct tree_host *host = api_check_node(L, 1)->user;
	struct service_spec spec = {
		.name = luaL_checkstring(L, 2),
		.host = api_check_host(L, 1),
		.turn = host ? &host->turn : NULL,
		.plan = &stage_of(L)->plan,
		.log = stage_log_line,
		.log_arg = stage_of(L),
	};
	struct service *service;
	size_t n = 0;
	int error = service_start(&spec, &service);
	char buf[256];

	while (service_names()[n])
		n++;
	if (error == -ENOENT)
		return luaL_error(
			L, "%s",
			fields_unknown(buf, sizeof(buf), "service", spec.name, service_names(), n));
	if (error)
		return luaL_error(L, "host %s: service %s cannot start: %s", host_name(spec.host),
				  spec.name, strerror(-error));
	return 0;
}

/* An address as text; nil where there is none. */
static int push_address(lua_State *L, struct ip_addr addr)
{
	char text[IP_ADDR_TEXT];

	if (ip_addr_is_unset(addr))
		lua_pushnil(L);
	else
		lua_pushstring(L, ip_addr_format(addr, text));
	return 1;
}

/* host:address_of(w.bob): where this host finds that one, as its /etc/hosts and the lab's DNS say. */
static int host_address_of(lua_State *L)
{
	return push_address(L, names_addr(api_check_node(L, 1), api_check_node(L, 2)));
}

static const luaL_Reg host_methods[] = {
	{ "address_of", host_address_of },
	{ "at", host_at },
	{ "at6", host_at6 },
	{ "service", host_service },
	{ "udp", api_host_udp },
	{ "tcp", api_host_tcp },
	{ "listen", api_host_listen },
	{ "ping", api_host_ping },
	{ "exec", api_host_exec },
	{ "start", api_host_start },
	{ "turn", api_host_turn },
	{ "ice", api_host_ice },
	{ "lifetime", api_host_lifetime },
	{ "resolve", api_host_resolve },
	{ NULL, NULL },
};

static int no_member(lua_State *L, const struct plan_node *node, const char *key,
		     const char *const *words, size_t n)
{
	char buf[256];

	return luaL_error(L, "%s: %s", node->name,
			  fields_unknown(buf, sizeof(buf), "key", key, words, n));
}

/* Push the method @key of @methods, if there is one. */
static bool push_method(lua_State *L, const luaL_Reg *methods, const char *key)
{
	for (; methods->name; methods++) {
		if (strcmp(methods->name, key) == 0) {
			lua_pushcfunction(L, methods->func);
			return true;
		}
	}
	return false;
}

static int host_index(lua_State *L)
{
	static const char *const words[] = { "name",	  "address", "address6", "at",
					     "at6",	  "service", "udp",	 "tcp",
					     "listen",	  "ping",    "exec",	 "start",
					     "turn",	  "ice",     "resolve",	 "lifetime",
					     "address_of" };
	const struct plan_node *node = api_check_node(L, 1);
	const char *key = luaL_checkstring(L, 2);

	if (push_method(L, host_methods, key))
		return 1;
	if (strcmp(key, "name") == 0) {
		lua_pushstring(L, node->name);
		return 1;
	}
	if (strcmp(key, "address") == 0)
		return push_address(L, node->addr);
	if (strcmp(key, "address6") == 0)
		return push_address(L, node->addr6);
	return no_member(L, node, key, words, sizeof(words) / sizeof(*words));
}

/* The net at stack index 1, as the stage's own plan has it, which may change. */
static struct plan_node *check_net(lua_State *L)
{
	const struct plan_node *net = *(const struct plan_node **)luaL_checkudata(L, 1, API_NET);

	return plan_find(&stage_of(L)->plan, net->name);
}

/* net:reboot(): its NAT forgets everything. */
static int net_reboot(lua_State *L)
{
	struct plan_error error;

	if (world_reboot(stage_of(L)->world, check_net(L), &error))
		return luaL_error(L, "reboot: %s", error.text);
	return 0;
}

/* net:change_address "11.2.9.9": another address, or the next free one; returns it. */
static int net_change_address(lua_State *L)
{
	struct stage *stage = stage_of(L);
	struct plan_node *net = check_net(L);
	struct ip_addr before = net->addr, after = { 0 };
	struct plan_error error;
	const char *text = luaL_optstring(L, 2, NULL);

	if (text && (ip_addr_parse(text, &after) || ip_addr_is_unset(after)))
		return luaL_error(L, "change_address: expected an address, got \"%s\"", text);
	if (plan_move(&stage->plan, net, after, &error)) {
		/* The place is this call's, not that of the net. */
		size_t place = strncmp(error.text, net->where, strlen(net->where)) == 0
				       ? strlen(net->where) + strlen(": ")
				       : 0;

		return luaL_error(L, "change_address: %s", error.text + place);
	}
	if (world_follow_address(stage->world, net, before, &error)) {
		net->addr = before;
		return luaL_error(L, "change_address: %s", error.text);
	}
	return push_address(L, net->addr);
}

static const luaL_Reg net_methods[] = {
	{ "reboot", net_reboot },
	{ "change_address", net_change_address },
	{ NULL, NULL },
};

/* A model's name; nil where the net has no model of that family. */
static int push_model(lua_State *L, const struct nat_model *model)
{
	if (model)
		lua_pushstring(L, model->name);
	else
		lua_pushnil(L);
	return 1;
}

static int net_index(lua_State *L)
{
	static const char *const words[] = { "name", "address", "address6", "lan",	     "wan",
					     "nat",  "nat6",	"reboot",   "change_address" };
	const struct plan_node *node = *(const struct plan_node **)luaL_checkudata(L, 1, API_NET);
	const char *key = luaL_checkstring(L, 2);
	char tap[64];

	if (push_method(L, net_methods, key))
		return 1;
	if (strcmp(key, "name") == 0) {
		lua_pushstring(L, node->name);
		return 1;
	}
	if (strcmp(key, "nat") == 0)
		return push_model(L, node->no_ipv4 ? NULL : &node->model);
	if (strcmp(key, "nat6") == 0)
		return push_model(L, node->model6);
	if (strcmp(key, "address") == 0)
		return push_address(L, node->addr);
	if (strcmp(key, "address6") == 0)
		return push_address(L, node->addr6);
	if (strcmp(key, "lan") == 0 || strcmp(key, "wan") == 0) {
		snprintf(tap, sizeof(tap), "%s %s", node->name, key);
		api_push_tap(L, tap);
		return 1;
	}
	return no_member(L, node, key, words, sizeof(words) / sizeof(*words));
}

void api_host_open(lua_State *L)
{
	api_metatable(L, API_HOST, NULL, host_index);
	api_metatable(L, API_NET, NULL, net_index);
	lua_pop(L, 2);
}
