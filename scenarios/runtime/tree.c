/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/services/service.h"
#include "fields.h"
#include "sandbox.h"
#include "tree_net.h"
#include "tree_turn.h"

enum { NODES_MAX = 4096 };

/* In the registry: a table from each constructed table to its mark, and the last sequence. */
static const char marks_key, sequence_key, before_key;

/* What a constructor notes of its table, packed into one integer. */
struct mark {
	lua_Integer sequence;
	int line;
	enum plan_kind kind;
	bool taken; /* it already stands in the tree */
};

static void push_mark(lua_State *L, struct mark mark)
{
	lua_pushinteger(L, mark.sequence << 32 | (lua_Integer)mark.line << 2 |
				   (lua_Integer)mark.kind << 1 | mark.taken);
}

static struct mark to_mark(lua_State *L, int index)
{
	lua_Integer packed = lua_tointeger(L, index);

	return (struct mark){ .sequence = packed >> 32,
			      .line = (int)(packed >> 2 & 0x3fffffff),
			      .kind = packed & 2 ? PLAN_NET : PLAN_HOST,
			      .taken = packed & 1 };
}

static int construct(lua_State *L, enum plan_kind kind)
{
	struct mark mark = { .kind = kind };
	lua_Debug ar;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "l", &ar) && ar.currentline > 0)
		mark.line = ar.currentline;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sequence_key);
	mark.sequence = lua_tointeger(L, -1) + 1;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &before_key);
	if (mark.sequence - lua_tointeger(L, -1) > NODES_MAX)
		return luaL_error(L, "a world has at most %d nodes", NODES_MAX);
	lua_pushinteger(L, mark.sequence);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sequence_key);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &marks_key);
	lua_pushvalue(L, 1);
	push_mark(L, mark);
	lua_rawset(L, -3);
	lua_settop(L, 1);
	return 1;
}

static int construct_host(lua_State *L)
{
	return construct(L, PLAN_HOST);
}

static int construct_net(lua_State *L)
{
	return construct(L, PLAN_NET);
}

void tree_open(lua_State *L)
{
	lua_createtable(L, 0, 8);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &marks_key);
	lua_pushinteger(L, 0);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sequence_key);
	lua_register(L, "host", construct_host);
	lua_register(L, "net", construct_net);
}

void tree_begin(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sequence_key);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &before_key);
}

/* Is the value at the top of the stack a constructed table?  Then *ret is its mark. */
static bool marked(lua_State *L, struct mark *ret)
{
	bool found;

	if (!lua_istable(L, -1))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &marks_key);
	lua_pushvalue(L, -2);
	lua_rawget(L, -2);
	found = lua_isinteger(L, -1);
	if (found)
		*ret = to_mark(L, -1);
	lua_pop(L, 2);
	return found;
}

/* A table stands in the tree once; a second place would be a second node with its state. */
static void take(const struct fields *f, const char *key, struct mark mark)
{
	lua_State *L = f->L;

	if (mark.taken)
		fields_fail(f, key, "%s is the same table as another node: make one for each", key);
	mark.taken = true;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &marks_key);
	lua_pushvalue(L, -2);
	push_mark(L, mark);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

struct child {
	const char *name; /* the key, valid as long as its table */
	struct mark mark;
};

static int by_sequence(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return x->mark.sequence < y->mark.sequence ? -1 : x->mark.sequence > y->mark.sequence;
}

/* Words that mean something else as w.NAME. */
static const char *const reserved[] = { "sleep", "spawn", "now", "log", "nat" };

static void check_name(const struct fields *f, const char *name)
{
	if (!isalpha((unsigned char)name[0]))
		fields_fail(f, name, "a node's name begins with a letter, got \"%s\"", name);
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			fields_fail(f, name,
				    "a node's name is letters, digits, _ and -, got \"%s\"", name);
	if (strlen(name) >= sizeof(((struct plan_node *)NULL)->name))
		fields_fail(f, name, "a node's name has at most 31 letters, got \"%s\"", name);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			fields_fail(f, name, "no node can be called \"%s\"", name);
}

/*
 * The nodes among @f's table's values, in their order; others must be among @words.  The array
 * is Lua's (a userdata left on the stack), so that an error cannot leak it.
 */
static size_t children_of(const struct fields *f, const char *const *words, size_t words_len,
			  struct child **ret)
{
	lua_State *L = f->L;
	size_t n = 0, max = 0;
	struct child *children;
	struct mark mark;
	char buf[256];

	for (lua_pushnil(L); lua_next(L, f->table); lua_pop(L, 1))
		max++;
	children = lua_newuserdatauv(L, (max + 1) * sizeof(*children), 0);
	for (lua_pushnil(L); lua_next(L, f->table); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			fields_fail(f, NULL, "expected named keys only, got a value without one");
		if (marked(L, &mark)) {
			check_name(f, lua_tostring(L, -2));
			take(f, lua_tostring(L, -2), mark);
			children[n++] = (struct child){ lua_tostring(L, -2), mark };
			continue;
		}
		for (max = 0; max < words_len; max++)
			if (strcmp(words[max], lua_tostring(L, -2)) == 0)
				break;
		if (max < words_len)
			continue;
		if (lua_istable(L, -1) || words_len == 0)
			fields_fail(f, lua_tostring(L, -2),
				    "%s: expected host {…} or net {…}, got a %s",
				    lua_tostring(L, -2), luaL_typename(L, -1));
		fields_fail(f, lua_tostring(L, -2), "%s",
			    fields_unknown(buf, sizeof(buf), "key", lua_tostring(L, -2), words,
					   words_len));
	}
	qsort(children, n, sizeof(*children), by_sequence);
	*ret = children;
	return n;
}

static void read_services(const struct fields *f, struct plan_node *node)
{
	const char *const *known = service_names();
	const char *names[TREE_SERVICES];
	struct tree_host *host = node->user;
	char buf[256];
	size_t n = 0;

	while (known[n])
		n++;
	host->services_len = fields_list(f, "services", names, TREE_SERVICES);
	for (size_t i = 0; i < host->services_len; i++) {
		size_t k = 0;

		while (k < n && strcmp(known[k], names[i]) != 0)
			k++;
		if (k == n)
			fields_fail(
				f, "services", "%s",
				fields_unknown(buf, sizeof(buf), "service", names[i], known, n));
		snprintf(host->services[i], sizeof(host->services[i]), "%s", names[i]);
		/* RFC 5780, 6: a server that tells behaviours apart owns two addresses. */
		if (strcmp(names[i], "stun") == 0)
			node->extra_len = 1;
		if (strcmp(names[i], "dns") == 0)
			node->serves_dns = true;
	}
	host->rendezvous_ports_len =
		fields_ports(f, "rendezvous_ports", host->rendezvous_ports, SERVICE_PORTS);
}

static const char *const host_words[] = { "address", "address6",	 "link", "services",
					  "turn",    "rendezvous_ports", "dns" };

static void read_host(const struct fields *f, struct plan_node *node)
{
	fields_allow(f, host_words, sizeof(host_words) / sizeof(*host_words), 0);
	node->user = calloc(1, sizeof(struct tree_host));
	if (!node->user)
		fields_raise(f->L, "not enough memory");
	tree_address(f, "address", &node->addr);
	tree_address(f, "address6", &node->addr6);
	tree_link(f, "link", &node->link);
	read_services(f, node);
	snprintf(node->dns, sizeof(node->dns), "%s", fields_text(f, "dns", ""));
	tree_turn(f, &((struct tree_host *)node->user)->turn);
}

static void read_node(lua_State *L, struct plan *plan, struct plan_node *parent,
		      const struct child *child);

static void read_net(const struct fields *f, struct plan *plan, struct plan_node *node)
{
	struct child *children;
	size_t n = children_of(f, tree_net_words, tree_net_words_len, &children);

	tree_net(f, node);
	for (size_t i = 0; i < n; i++) {
		lua_getfield(f->L, f->table, children[i].name);
		read_node(f->L, plan, node, &children[i]);
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
}

/* "file.lua:12"; of a name without room, the end, which tells most. */
static void name_place(const char *file, int line, char *ret, size_t size)
{
	size_t len = strlen(file), room = size - 16;

	if (len > room)
		snprintf(ret, size, "...%s:%d", file + len - room, line);
	else
		snprintf(ret, size, "%s:%d", file, line);
}

/* The node's table is on the top of the stack. */
static void read_node(lua_State *L, struct plan *plan, struct plan_node *parent,
		      const struct child *child)
{
	struct fields f = { .L = L, .table = lua_gettop(L), .line = child->mark.line };
	bool is_host = child->mark.kind == PLAN_HOST;
	struct plan_node *node = plan_add(plan, parent, child->mark.kind, child->name);

	luaL_checkstack(L, 32, "the world nests too deep");
	if (!node)
		fields_raise(L, "not enough memory");
	snprintf(f.who, sizeof(f.who), "%s %s", is_host ? "host" : "net", child->name);
	name_place(sandbox_source(L)->file, child->mark.line, node->where, sizeof(node->where));
	if (is_host)
		read_host(&f, node);
	else
		read_net(&f, plan, node);
}

void tree_read(lua_State *L, int table, int line, struct plan *plan)
{
	struct fields f = { .L = L, .table = lua_absindex(L, table), .line = line };
	struct plan_error error;
	struct child *children;
	size_t n;

	snprintf(f.who, sizeof(f.who), "world");
	if (!lua_istable(L, table))
		fields_fail(&f, NULL, "expected a table of nodes, got %s", luaL_typename(L, table));
	n = children_of(&f, NULL, 0, &children);
	if (n == 0)
		fields_fail(&f, NULL, "expected at least one node, got none");
	for (size_t i = 0; i < n; i++) {
		lua_getfield(L, f.table, children[i].name);
		read_node(L, plan, NULL, &children[i]);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	if (plan_complete(plan, &error)) {
		lua_pushstring(L, error.text);
		lua_error(L);
	}
}

void tree_clear(struct plan *plan)
{
	for (struct plan_node *n = plan_next(plan, NULL); n; n = plan_next(plan, n))
		free(n->user);
	plan_clear(plan);
}
