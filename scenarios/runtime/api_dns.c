/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host:resolve(): what a name server says, asked from a host. */
#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "../../probes/methods/resolve.h"
#include "../../probes/services/service.h"
#include "../../sim/names.h"
#include "api.h"
#include "fields.h"

#define WITHIN (5 * SEC)

/* The host's own name server. */
static struct endpoint own_server(lua_State *L, const struct plan_node *node)
{
	const struct plan_node *server = names_server(&stage_of(L)->plan, node);
	struct endpoint at = { .port = DNS_PORT };

	if (server)
		at.addr = names_server_addr(node, server);
	if (ip_addr_is_unset(at.addr))
		luaL_error(L,
			   "resolve: %s knows no name server: give a host services = { \"dns\" }, "
			   "or say server = …",
			   node->name);
	return at;
}

/* server = a host, "11.1.1.2:53", or by default the host's own. */
static struct endpoint read_server(const struct fields *f, const struct plan_node *node)
{
	struct endpoint at = { .port = DNS_PORT };
	int top = lua_gettop(f->L);

	if (!f->table || lua_getfield(f->L, f->table, "server") == LUA_TNIL)
		at = own_server(f->L, node);
	else if (lua_isstring(f->L, -1))
		at = api_check_endpoint(f->L, lua_gettop(f->L));
	else
		at.addr = names_server_addr(node, api_check_node(f->L, lua_gettop(f->L)));
	lua_settop(f->L, top);
	if (ip_addr_is_unset(at.addr))
		fields_fail(f, "server", "server: %s has no way to it", node->name);
	return at;
}

static enum dns_type read_type(const struct fields *f, enum dns_type otherwise)
{
	static const struct {
		const char *word;
		enum dns_type type;
	} types[] = { { "A", DNS_A }, { "AAAA", DNS_AAAA }, { "PTR", DNS_PTR } };
	const char *word = fields_text(f, "type", NULL);

	for (size_t i = 0; word && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(word, types[i].word) == 0)
			return types[i].type;
	if (word)
		fields_fail(f, "type", "type: expected \"A\", \"AAAA\" or \"PTR\", got \"%s\"",
			    word);
	return otherwise;
}

/* An address is asked back for its name. */
static void read_name(lua_State *L, const struct plan_node *node, struct resolve_spec *spec)
{
	const char *text = luaL_checkstring(L, 2);
	struct ip_addr addr;

	spec->type = plan_has_ipv4(node) ? DNS_A : DNS_AAAA;
	if (!ip_addr_parse(text, &addr)) {
		dns_name_of_addr(addr, &spec->name);
		spec->type = DNS_PTR;
	} else if (dns_name_parse(text, &spec->name)) {
		luaL_error(L, "resolve: expected a name or an address, got \"%s\"", text);
	}
}

/* A list of texts, or nil and why there is none. */
static int push_answer(lua_State *L, enum dns_type type, const struct resolve_answer *answer)
{
	char addr[IP_ADDR_TEXT], name[DNS_NAME_TEXT];

	if (answer->rcode || !answer->len) {
		lua_pushnil(L);
		lua_pushstring(L, answer->rcode ? dns_rcode_text(answer->rcode)
						: "no record of that type");
		return 2;
	}
	lua_createtable(L, (int)answer->len, 1);
	for (size_t i = 0; i < answer->len; i++) {
		lua_pushstring(L, type == DNS_PTR ? dns_name_format(&answer->names[i], name)
						  : ip_addr_format(answer->addrs[i], addr));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_pushstring(L, answer->tcp ? "tcp" : "udp");
	lua_setfield(L, -2, "transport");
	return 1;
}

/* host:resolve("bob", { type = "AAAA", server = w.server, tcp = true, within = "3s" }) */
int api_host_resolve(lua_State *L)
{
	static const char *const words[] = { "server", "type", "tcp", "within" };
	const struct plan_node *node = api_check_node(L, 1);
	struct fields f = fields_of_call(L, 3, "resolve");
	struct resolve_spec spec = { 0 };
	struct resolve_answer *answer;
	int err;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	read_name(L, node, &spec);
	spec.server = read_server(&f, node);
	spec.type = read_type(&f, spec.type);
	spec.tcp = fields_flag(&f, "tcp", false);
	spec.deadline = api_deadline(&f, WITHIN);
	answer = lua_newuserdatauv(L, sizeof(*answer), 0);
	err = resolve(api_check_host(L, 1), &spec, answer);
	return err ? api_failure(L, err) : push_answer(L, spec.type, answer);
}
