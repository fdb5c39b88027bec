/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of hosts: what an actor of one's own making speaks through. */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "fields.h"
#include "tree_net.h"

enum { DATAGRAM_MAX = 65536, PINGS_MAX = 1000 };

#define WITHIN (5 * SEC)

static struct sock *check_open(lua_State *L, int index)
{
	struct sock *sock = *(struct sock **)luaL_checkudata(L, index, API_SOCKET);

	if (!sock)
		luaL_error(L, "the socket is closed");
	return sock;
}

struct endpoint api_check_endpoint(lua_State *L, int index)
{
	const char *text = luaL_checkstring(L, index);
	struct endpoint endpoint = { 0 };

	if (endpoint_parse(text, &endpoint) || endpoint.port == 0)
		luaL_error(L, "expected an endpoint such as \"11.1.1.2:7\", got \"%s\"", text);
	return endpoint;
}

int api_push_endpoint(lua_State *L, struct endpoint endpoint)
{
	char text[ENDPOINT_TEXT];

	lua_pushstring(L, endpoint_format(endpoint, text));
	return 1;
}

bool api_server_field(const struct fields *f, const char *key, uint16_t port, struct endpoint *ret)
{
	lua_State *L = f->L;

	*ret = (struct endpoint){ 0 };
	if (!f->table || lua_getfield(L, f->table, key) == LUA_TNIL)
		return false;
	if (lua_isstring(L, -1))
		*ret = api_check_endpoint(L, lua_gettop(L));
	else
		*ret = (struct endpoint){ api_check_node(L, lua_gettop(L))->addr, port };
	lua_pop(L, 1);
	return true;
}

/* Text under @key as an endpoint; an error where it is absent. */
static struct endpoint endpoint_field(const struct fields *f, const char *key)
{
	const char *text = fields_text(f, key, NULL);
	struct endpoint endpoint = { 0 };

	if (!text || endpoint_parse(text, &endpoint) || endpoint.port == 0)
		fields_fail(f, key, "%s: expected an endpoint such as \"11.1.1.2:7\", got %s", key,
			    text ? text : "nothing");
	return endpoint;
}

static uint16_t port_field(const struct fields *f)
{
	return (uint16_t)fields_integer(f, "port", 0, 65535, 0);
}

/* Setting a socket up that cannot be is a mistake in the scenario, unlike a refused connection. */
static int open_or_fail(lua_State *L, const struct sock_spec *spec, const char *who)
{
	struct host *host = api_check_host(L, 1);
	void **slot = api_push_pointer(L, API_SOCKET);
	struct sock *sock;
	int error = sock_open(host, spec, &sock);

	if (error)
		return luaL_error(L, "%s: %s port %d: %s", host_name(host), who,
				  (int)spec->local.port, strerror(-error));
	*slot = sock;
	return 1;
}

/* host:udp { port = 5000, broadcast = true, group = "239.255.255.250", ttl = 4, share = true } */
int api_host_udp(lua_State *L)
{
	static const char *const words[] = { "port", "broadcast", "group", "ttl", "share" };
	struct fields f = fields_of_call(L, 2, "udp");
	struct sock_spec spec = { .kind = SOCK_UDP };
	struct ip_addr group = { 0 };
	const char *text;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	spec.local.port = port_field(&f);
	spec.broadcast = fields_flag(&f, "broadcast", false);
	spec.share = fields_flag(&f, "share", false);
	spec.ttl = (uint8_t)fields_integer(&f, "ttl", 1, 255, 0);
	text = fields_text(&f, "group", NULL);
	if (text && (ip_addr_parse(text, &group) || !ip_addr_is_multicast(group)))
		fields_fail(&f, "group", "group: expected a multicast address, got \"%s\"", text);
	open_or_fail(L, &spec, "udp");
	if (text && sock_join_group(check_open(L, -1), group))
		fields_fail(&f, "group", "cannot join %s", text);
	return 1;
}

/* host:tcp { to = "11.1.1.2:80", within = "3s", port = 0 }: a socket, or nil and why. */
int api_host_tcp(lua_State *L)
{
	static const char *const words[] = { "to", "within", "port", "share" };
	struct fields f = fields_of_call(L, 2, "tcp");
	struct sock_spec spec = { .kind = SOCK_TCP };
	struct host *host = api_check_host(L, 1);
	struct sock *sock;
	void **slot;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	spec.remote = endpoint_field(&f, "to");
	spec.local.port = port_field(&f);
	spec.share = fields_flag(&f, "share", false);
	spec.deadline = api_deadline(&f, WITHIN);
	slot = api_push_pointer(L, API_SOCKET);
	error = sock_open(host, &spec, &sock);
	if (error)
		return api_failure(L, error);
	*slot = sock;
	return 1;
}

/* host:listen { port = 80 } */
int api_host_listen(lua_State *L)
{
	static const char *const words[] = { "port", "share" };
	struct fields f = fields_of_call(L, 2, "listen");
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN };

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	spec.local.port = port_field(&f);
	spec.share = fields_flag(&f, "share", false);
	return open_or_fail(L, &spec, "tcp");
}

/* One echo there and back: the time it took, or the negative error. */
static int64_t ping_once(struct sock *sock, const struct endpoint *to, uint64_t within)
{
	uint64_t began = host_now(sock_host(sock));
	uint8_t bytes[56] = "knothole";
	long len = sock_send(sock, to, bytes, sizeof(bytes), began + within);

	if (len == 0)
		len = sock_recv(sock, NULL, bytes, sizeof(bytes), began + within);
	return len < 0 ? len : (int64_t)(host_now(sock_host(sock)) - began);
}

/* host:ping { to = "11.1.1.2", count = 1, within = "1s" }: { sent, received, rtt = seconds } */
int api_host_ping(lua_State *L)
{
	static const char *const words[] = { "to", "count", "within" };
	struct fields f = fields_of_call(L, 2, "ping");
	struct sock_spec spec = { .kind = SOCK_PING };
	struct endpoint to = { 0 };
	lua_Integer count, received = 0;
	uint64_t within;
	int64_t took, sum = 0;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	if (!fields_text(&f, "to", NULL))
		fields_fail(&f, NULL, "expected to = \"an address\"");
	tree_address(&f, "to", &to.addr);
	if (!ip_addr_is_v4(to.addr))
		spec.local.addr = host_addr6(api_check_host(L, 1));
	count = fields_integer(&f, "count", 1, PINGS_MAX, 1);
	within = fields_duration(&f, "within", SEC);
	open_or_fail(L, &spec, "ping");
	for (lua_Integer i = 0; i < count; i++) {
		took = ping_once(check_open(L, -1), &to, within);
		received += took >= 0;
		sum += took >= 0 ? took : 0;
	}
	lua_createtable(L, 0, 3);
	lua_pushinteger(L, count);
	lua_setfield(L, -2, "sent");
	lua_pushinteger(L, received);
	lua_setfield(L, -2, "received");
	if (received)
		lua_pushnumber(L, (lua_Number)sum / (lua_Number)received / 1e9);
	else
		lua_pushnil(L);
	lua_setfield(L, -2, "rtt");
	return 1;
}

/* socket:send("bytes", "11.1.1.2:7"); a stream needs no endpoint.  true, or nil and why. */
static int socket_send(lua_State *L)
{
	struct sock *sock = check_open(L, 1);
	size_t len;
	const char *bytes = luaL_checklstring(L, 2, &len);
	bool to_given = !lua_isnoneornil(L, 3);
	struct endpoint to = { 0 };
	int error;

	if (to_given)
		to = api_check_endpoint(L, 3);
	else if (sock->kind == SOCK_UDP)
		return luaL_error(L, "send: expected an endpoint to send to");
	error = sock_send(sock, to_given ? &to : NULL, bytes, len, api_now(L) + WITHIN);
	if (error)
		return api_failure(L, error);
	lua_pushboolean(L, 1);
	return 1;
}

/* socket:recv { within = "3s" }: the bytes and "address:port" they came from; nil and why. */
static int socket_recv(lua_State *L)
{
	static const char *const words[] = { "within" };
	struct sock *sock = check_open(L, 1);
	struct fields f = fields_of_call(L, 2, "recv");
	struct endpoint from = { 0 };
	uint64_t deadline;
	char *bytes;
	long len;

	fields_allow(&f, words, 1, 0);
	deadline = api_deadline(&f, WITHIN);
	/* Lua's own memory, not the fiber's stack, which is small. */
	bytes = lua_newuserdatauv(L, DATAGRAM_MAX, 0);
	len = sock_recv(sock, &from, bytes, DATAGRAM_MAX, deadline);
	if (len < 0)
		return api_failure(L, (int)len);
	if (len == 0 && sock->kind == SOCK_TCP) {
		lua_pushnil(L);
		lua_pushliteral(L, "closed");
		return 2;
	}
	lua_pushlstring(L, bytes, (size_t)len);
	api_push_endpoint(L, from);
	return 2;
}

/* listener:accept { within = "3s" }: a socket, or nil and why. */
static int socket_accept(lua_State *L)
{
	static const char *const words[] = { "within" };
	struct sock *listener = check_open(L, 1), *sock;
	struct fields f = fields_of_call(L, 2, "accept");
	uint64_t deadline;
	void **slot;
	int error;

	fields_allow(&f, words, 1, 0);
	if (listener->kind != SOCK_TCP_LISTEN)
		return luaL_error(L, "accept: the socket does not listen");
	deadline = api_deadline(&f, WITHIN);
	slot = api_push_pointer(L, API_SOCKET);
	error = sock_accept(listener, deadline, &sock);
	if (error)
		return api_failure(L, error);
	*slot = sock;
	return 1;
}

static int socket_close(lua_State *L)
{
	struct sock **ud = luaL_checkudata(L, 1, API_SOCKET);
	struct sock *sock = *ud;

	*ud = NULL;
	sock_close(sock);
	return 0;
}

static int socket_port(lua_State *L)
{
	lua_pushinteger(L, sock_local(check_open(L, 1)).port);
	return 1;
}

static int socket_local(lua_State *L)
{
	return api_push_endpoint(L, sock_local(check_open(L, 1)));
}

static int socket_remote(lua_State *L)
{
	return api_push_endpoint(L, sock_remote(check_open(L, 1)));
}

void api_socket_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "send", socket_send },     { "recv", socket_recv }, { "accept", socket_accept },
		{ "close", socket_close },   { "port", socket_port }, { "address", socket_local },
		{ "remote", socket_remote }, { NULL, NULL },
	};

	/* No finaliser: at the end the process takes its sockets with it, and before that an
	 * actor that lost one may still be meant to hold its port. */
	api_metatable(L, API_SOCKET, methods, NULL);
	lua_pop(L, 1);
}
