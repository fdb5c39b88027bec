/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face that a running scenario sees: what `w` leads to, connect and expect.
 * scenarios/knothole.d.lua describes every function of it.
 *
 * Internal to scenarios/runtime/.  All of these raise Lua errors.
 */
#ifndef KNOTHOLE_API_H
#define KNOTHOLE_API_H

#include <lua.h>
#include <stdint.h>

#include "stage.h"

struct fields;

/* Names of the metatables. */
#define API_WORLD "world"
#define API_HOST "host"
#define API_NET "net"
#define API_TAP "tap"
#define API_SOCKET "socket"
#define API_PROCESS "program"
#define API_TURN "relay"
#define API_ICE "agent"
#define API_STREAM "relayed stream"
#define API_ACTOR "actor"
#define API_CALL "call"
#define API_DEFERRED "value of a call"
#define API_EXPECT "expectation"

/* A userdata's content.  Those without one of their own here hold one pointer. */
struct api_tap {
	char name[64];
};

struct api_deferred {
	const struct stage_call *call;
	enum call_field field;
	enum method method; /* of CALL_WORKED, */
	int family; /* in which; FAMILY_COUNT = in any */
};

/* Make everything known to @L. */
void api_open(lua_State *L);

/* Each part's metatables and globals; api_open() calls them all. */
void api_world_open(lua_State *L);
void api_host_open(lua_State *L);
void api_socket_open(lua_State *L);
void api_process_open(lua_State *L);
void api_turn_open(lua_State *L);
void api_ice_open(lua_State *L);
void api_call_open(lua_State *L);
void api_expect_open(lua_State *L);

/* Make the metatable @name: @methods as its __index (or @index in their stead), closed to
 * scenarios.  It is left on the stack. */
struct luaL_Reg;
void api_metatable(lua_State *L, const char *name, const struct luaL_Reg *methods,
		   lua_CFunction index);

/* connect(a, b, { via = w.server, try = { "direct", "punch" } }) */
int api_connect(lua_State *L);

/* The method, or family, that @word names, as the value of @key, or an error. */
enum method api_parse_method(const struct fields *f, const char *key, const char *word);
enum family api_parse_family(const struct fields *f, const char *key, const char *word);

/* Push a userdata of type @name that holds one pointer, NULL so far; returns where. */
void **api_push_pointer(lua_State *L, const char *name);

/* Push `w`, a node as w.NAME, or a tap. */
void api_push_world(lua_State *L);
void api_push_node(lua_State *L, const struct plan_node *node);
void api_push_tap(lua_State *L, const char *name);

/* The host that stands at stack index @index, or an error. */
const struct plan_node *api_check_node(lua_State *L, int index);
struct host *api_check_host(lua_State *L, int index);

/* The world's time, and a deadline for an option `within`. */
uint64_t api_now(lua_State *L);
uint64_t api_deadline(const struct fields *f, uint64_t otherwise_ns);

/* An endpoint from text "11.1.1.2:7" at @index, or an error. */
struct endpoint api_check_endpoint(lua_State *L, int index);

/* Push @endpoint as such a text; returns 1. */
int api_push_endpoint(lua_State *L, struct endpoint endpoint);

/* Push nil and why; returns 2. */
int api_failure(lua_State *L, int error);

/* Under @key: a host, at @port, or an endpoint such as "11.1.1.2:3478".  False, and *ret unset, where
 * there is neither. */
bool api_server_field(const struct fields *f, const char *key, uint16_t port, struct endpoint *ret);

/* How a TURN server is reached, from a table's server, transport, username and password.  The texts
 * are valid as long as the table. */
struct turn_client_spec;
void api_turn_read(const struct fields *f, struct turn_client_spec *ret);

/* Host's methods that live in files of their own. */
int api_host_udp(lua_State *L);
int api_host_tcp(lua_State *L);
int api_host_listen(lua_State *L);
int api_host_ping(lua_State *L);
int api_host_lifetime(lua_State *L);
int api_host_exec(lua_State *L);
int api_host_start(lua_State *L);
int api_host_turn(lua_State *L);
int api_host_ice(lua_State *L);
int api_host_resolve(lua_State *L);

#endif
