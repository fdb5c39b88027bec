/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host:turn(): an allocation on a TURN server, as a scenario holds it. */
#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../nat-models/duration.h"
#include "../../probes/methods/turn_client.h"
#include "../../probes/services/service.h"
#include "../../probes/services/turn_options.h"
#include "../../probes/wire/turn.h"
#include "api.h"
#include "fields.h"

enum { BYTES_MAX = 65536 };

#define WITHIN (5 * SEC)
#define ALLOCATE_WITHIN (10 * SEC)

static struct turn_client *check_turn(lua_State *L)
{
	struct turn_client *client = *(struct turn_client **)luaL_checkudata(L, 1, API_TURN);

	if (!client)
		luaL_error(L, "the allocation is closed");
	return client;
}

/* nil and why: "486 Allocation Quota Reached", "timed out", … */
static int push_failure(lua_State *L, const struct turn_client *client, int error)
{
	const struct turn_refusal *refusal = turn_client_refusal(client);

	if (error != -EREMOTEIO)
		return api_failure(L, error);
	lua_pushnil(L);
	lua_pushfstring(L, "%d %s", (int)refusal->code, refusal->reason);
	return 2;
}

static int push_outcome(lua_State *L, const struct turn_client *client, int error)
{
	if (error)
		return push_failure(L, client, error);
	lua_pushboolean(L, 1);
	return 1;
}

static enum turn_transport read_transport(const struct fields *f)
{
	const char *word = fields_text(f, "transport", "udp");
	const char *words[TURN_TRANSPORT_COUNT];
	char buf[256];

	for (int i = 0; i < TURN_TRANSPORT_COUNT; i++) {
		words[i] = turn_transport_word((enum turn_transport)i);
		if (strcmp(words[i], word) == 0)
			return (enum turn_transport)i;
	}
	fields_fail(
		f, "transport", "%s",
		fields_unknown(buf, sizeof(buf), "transport", word, words, TURN_TRANSPORT_COUNT));
}

static struct endpoint read_server(const struct fields *f, enum turn_transport transport)
{
	uint16_t port = transport == TURN_OVER_TLS ? TURN_TLS_PORT : STUN_PORT;
	struct endpoint server;

	if (!api_server_field(f, "server", port, &server))
		fields_fail(f, NULL, "expected server = a host, or \"11.1.1.2:3478\"");
	return server;
}

static uint64_t read_token(const struct fields *f)
{
	const char *text = fields_text(f, "token", NULL);
	uint64_t token = 0;

	if (text && sscanf(text, "%16" SCNx64, &token) != 1)
		fields_fail(f, "token", "token: expected what relay:token() gave, got \"%s\"",
			    text);
	return token;
}

/* family = 4 or 6, of the relayed address; 0 where it is not asked for. */
static uint8_t read_family(const struct fields *f)
{
	switch (fields_integer(f, "family", 4, 6, 0)) {
	case 4:
		return TURN_FAMILY_V4;
	case 6:
		return TURN_FAMILY_V6;
	case 0:
		return 0;
	default:
		fields_fail(f, "family", "family: expected 4 or 6, got 5");
	}
}

void api_turn_read(const struct fields *f, struct turn_client_spec *ret)
{
	ret->transport = read_transport(f);
	ret->server = read_server(f, ret->transport);
	ret->username = fields_text(f, "username", TURN_ANYBODY);
	ret->password = fields_text(f, "password", TURN_ANYBODY);
	ret->family = read_family(f);
}

static void read_spec(const struct fields *f, struct turn_client_spec *spec)
{
	static const char *const words[] = { "server",	     "transport", "username", "password",
					     "lifetime",     "keep",	  "even",     "reserve",
					     "token",	     "relay",	  "within",   "family",
					     "unfragmented", "both" };
	const char *relay;

	fields_allow(f, words, sizeof(words) / sizeof(*words), 0);
	api_turn_read(f, spec);
	spec->lifetime_s = (uint32_t)(fields_duration(f, "lifetime", 0) / SEC);
	spec->keep = fields_flag(f, "keep", false);
	spec->even_port = fields_flag(f, "even", false);
	spec->reserve = fields_flag(f, "reserve", false);
	spec->dont_fragment = fields_flag(f, "unfragmented", false);
	spec->both = fields_flag(f, "both", false);
	spec->token = read_token(f);
	relay = fields_text(f, "relay", "udp");
	spec->tcp_relay = strcmp(relay, "tcp") == 0;
	if (!spec->tcp_relay && strcmp(relay, "udp") != 0)
		fields_fail(f, "relay", "relay: expected \"udp\" or \"tcp\", got \"%s\"", relay);
	if (spec->both && (spec->family || spec->tcp_relay))
		fields_fail(f, "both", "both: expected no family and no relay = \"tcp\" beside it");
}

/* host:turn { server = w.turn, transport = "tcp" }: a relay, or nil and why. */
int api_host_turn(lua_State *L)
{
	struct fields f = fields_of_call(L, 2, "turn");
	struct turn_client_spec spec = { 0 };
	struct host *host = api_check_host(L, 1);
	struct turn_client *client;
	uint64_t deadline;
	void **slot;
	int error;

	read_spec(&f, &spec);
	deadline = api_deadline(&f, ALLOCATE_WITHIN);
	slot = api_push_pointer(L, API_TURN);
	error = turn_client_new(host, &spec, &client);
	if (error)
		fields_fail(&f, NULL, "%s", strerror(-error));
	error = turn_client_allocate(client, deadline);
	if (error) {
		int n = push_failure(L, client, error);

		turn_client_free(client);
		return n;
	}
	*slot = client;
	return 1;
}

static uint64_t within(lua_State *L, int index, const char *who)
{
	static const char *const words[] = { "within" };
	struct fields f = fields_of_call(L, index, who);

	fields_allow(&f, words, 1, 0);
	return api_deadline(&f, WITHIN);
}

/* relay:permit("11.1.2.2") */
static int turn_permit(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	const char *text = luaL_checkstring(L, 2);
	struct ip_addr addr;

	if (ip_addr_parse(text, &addr))
		return luaL_error(L, "permit: expected an address such as \"11.1.1.2\", got \"%s\"",
				  text);
	return push_outcome(L, client, turn_client_permit(client, addr, within(L, 3, "permit")));
}

/* relay:bind("11.1.2.2:7", 0x4001): the number may be left out. */
static int turn_bind(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	struct endpoint peer = api_check_endpoint(L, 2);
	lua_Integer number = luaL_optinteger(L, 3, 0);

	luaL_argcheck(L, number >= 0 && number <= UINT16_MAX, 3, "expected a channel's number");
	return push_outcome(L, client,
			    turn_client_bind(client, peer, (uint16_t)number, within(L, 4, "bind")));
}

/* relay:refresh "0s": ends it; without a time the server says how long. */
static int turn_refresh(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	uint32_t lifetime = UINT32_MAX;
	uint64_t time;

	if (!lua_isnoneornil(L, 2)) {
		if (duration_parse(luaL_checkstring(L, 2), &time))
			return luaL_error(L, "refresh: expected a time such as \"10m\", got \"%s\"",
					  lua_tostring(L, 2));
		lifetime = (uint32_t)(time / SEC);
	}
	return push_outcome(L, client,
			    turn_client_refresh(client, lifetime, within(L, 3, "refresh")));
}

static int turn_send(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	size_t len;
	const char *bytes = luaL_checklstring(L, 2, &len);
	struct endpoint to = api_check_endpoint(L, 3);

	return push_outcome(L, client,
			    turn_client_send(client, to, bytes, len, api_now(L) + WITHIN));
}

static int turn_recv(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	uint64_t deadline = within(L, 2, "recv");
	struct endpoint from = { 0 };
	char *bytes = lua_newuserdatauv(L, BYTES_MAX, 0);
	long len = turn_client_recv(client, &from, bytes, BYTES_MAX, deadline);

	if (len < 0)
		return push_failure(L, client, (int)len);
	lua_pushlstring(L, bytes, (size_t)len);
	api_push_endpoint(L, from);
	return 2;
}

static int turn_address(lua_State *L)
{
	return api_push_endpoint(L, turn_client_relayed(check_turn(L)));
}

/* nil where the allocation has IPv4's, or one, alone. */
static int turn_address6(lua_State *L)
{
	struct endpoint second = turn_client_relayed6(check_turn(L));

	if (second.port)
		return api_push_endpoint(L, second);
	lua_pushnil(L);
	return 1;
}

static int turn_mapped(lua_State *L)
{
	return api_push_endpoint(L, turn_client_mapped(check_turn(L)));
}

static int turn_server(lua_State *L)
{
	return api_push_endpoint(L, turn_client_server(check_turn(L)));
}

static int turn_lifetime(lua_State *L)
{
	lua_pushinteger(L, turn_client_lifetime(check_turn(L)));
	return 1;
}

static int turn_token(lua_State *L)
{
	uint64_t token = turn_client_token(check_turn(L));
	char text[17];

	if (!token)
		return 0;
	snprintf(text, sizeof(text), "%016" PRIx64, token);
	lua_pushstring(L, text);
	return 1;
}

static int turn_close(lua_State *L)
{
	struct turn_client **slot = luaL_checkudata(L, 1, API_TURN);
	struct turn_client *client = *slot;

	*slot = NULL;
	turn_client_free(client);
	return 0;
}

/* RFC 6062 */

static int push_stream(lua_State *L, const struct turn_client *client, void **slot, int error,
		       struct conduit *conduit)
{
	if (error)
		return push_failure(L, client, error);
	*slot = conduit;
	return 1;
}

/* relay:connect "11.1.2.2:7": a stream, or nil and why. */
static int turn_connect(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	struct endpoint peer = api_check_endpoint(L, 2);
	uint64_t deadline = within(L, 3, "connect");
	void **slot = api_push_pointer(L, API_STREAM);
	struct conduit *conduit = NULL;
	int error = turn_client_connect(client, peer, deadline, &conduit);

	return push_stream(L, client, slot, error, conduit);
}

/* relay:accept(): the next peer's stream and endpoint, or nil and why. */
static int turn_accept(lua_State *L)
{
	struct turn_client *client = check_turn(L);
	uint64_t deadline = within(L, 2, "accept");
	void **slot = api_push_pointer(L, API_STREAM);
	struct conduit *conduit = NULL;
	struct endpoint peer = { 0 };
	int error = turn_client_accept(client, deadline, &peer, &conduit);

	if (push_stream(L, client, slot, error, conduit) == 1)
		api_push_endpoint(L, peer);
	return 2;
}

static struct conduit *check_stream(lua_State *L)
{
	struct conduit *conduit = *(struct conduit **)luaL_checkudata(L, 1, API_STREAM);

	if (!conduit)
		luaL_error(L, "the stream is closed");
	return conduit;
}

static int stream_send(lua_State *L)
{
	struct conduit *conduit = check_stream(L);
	size_t len;
	const char *bytes = luaL_checklstring(L, 2, &len);
	int error = conduit_send(conduit, bytes, len, api_now(L) + WITHIN);

	if (error)
		return api_failure(L, error);
	lua_pushboolean(L, 1);
	return 1;
}

static int stream_recv(lua_State *L)
{
	struct conduit *conduit = check_stream(L);
	uint64_t deadline = within(L, 2, "recv");
	char *bytes = lua_newuserdatauv(L, BYTES_MAX, 0);
	long len = conduit_recv(conduit, bytes, BYTES_MAX, deadline);

	if (len < 0)
		return api_failure(L, (int)len);
	if (len == 0) {
		lua_pushnil(L);
		lua_pushliteral(L, "closed");
		return 2;
	}
	lua_pushlstring(L, bytes, (size_t)len);
	return 1;
}

static int stream_close(lua_State *L)
{
	/* Another actor may be inside of it: it is freed with the process. */
	conduit_close(check_stream(L));
	return 0;
}

void api_turn_open(lua_State *L)
{
	static const luaL_Reg turn_methods[] = {
		{ "permit", turn_permit },
		{ "bind", turn_bind },
		{ "refresh", turn_refresh },
		{ "send", turn_send },
		{ "recv", turn_recv },
		{ "address", turn_address },
		{ "address6", turn_address6 },
		{ "mapped", turn_mapped },
		{ "server", turn_server },
		{ "lifetime", turn_lifetime },
		{ "token", turn_token },
		{ "connect", turn_connect },
		{ "accept", turn_accept },
		{ "close", turn_close },
		{ NULL, NULL },
	};
	static const luaL_Reg stream_methods[] = {
		{ "send", stream_send },
		{ "recv", stream_recv },
		{ "close", stream_close },
		{ NULL, NULL },
	};

	api_metatable(L, API_TURN, turn_methods, NULL);
	api_metatable(L, API_STREAM, stream_methods, NULL);
	lua_pop(L, 2);
}
