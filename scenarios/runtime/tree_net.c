/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_net.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree_model.h"

enum { FORWARDS_MAX = 256, MTU_MIN = 576 };

#define WORDS_LEN(words) (sizeof(words) / sizeof(*(words)))

const char *const tree_net_words[] = { "nat",	  "nat6",    "realise",	 "subnet",
				       "subnet6", "address", "address6", "link",
				       "lan",	  "forward", "dmz" };
const size_t tree_net_words_len = WORDS_LEN(tree_net_words);

void tree_address(const struct fields *f, const char *key, struct ip_addr *ret)
{
	const char *text = fields_text(f, key, NULL);

	if (text && (ip_addr_parse(text, ret) || ip_addr_is_unset(*ret)))
		fields_fail(f, key, "%s: expected an address such as \"%s\", got \"%s\"", key,
			    strcmp(key, "address6") == 0 ? "2b00:1:1::2" : "11.1.1.2", text);
}

static void read_impairment(const struct fields *f, struct impairment *ret)
{
	ret->delay_ns = fields_duration(f, "delay", ret->delay_ns);
	ret->jitter_ns = fields_duration(f, "jitter", ret->jitter_ns);
	ret->loss_ppm = fields_share(f, "loss", ret->loss_ppm);
	ret->duplicate_ppm = fields_share(f, "duplicate", ret->duplicate_ppm);
	ret->reorder_ppm = fields_share(f, "reorder", ret->reorder_ppm);
	ret->rate_bps = fields_rate(f, "rate", ret->rate_bps);
	ret->queue_bytes = (uint32_t)fields_size(f, "queue", ret->queue_bytes);
}

/* { delay = … } is for both ways; { up = {…}, down = {…} } says more of one of them. */
void tree_link(const struct fields *f, const char *key, struct plan_link *ret)
{
	static const char *const words[] = { "delay", "jitter", "loss", "duplicate", "reorder",
					     "rate",  "queue",	"mtu",	"up",	     "down" };
	struct fields link, way;

	if (!fields_table(f, key, &link))
		return;
	fields_allow(&link, words, WORDS_LEN(words), 0);
	read_impairment(&link, &ret->up);
	ret->down = ret->up;
	ret->mtu = (uint16_t)fields_integer(&link, "mtu", MTU_MIN, 65535, 0);
	if (fields_table(&link, "up", &way)) {
		fields_allow(&way, words, WORDS_LEN(words) - 3, 0);
		read_impairment(&way, &ret->up);
		lua_pop(f->L, 1);
	}
	if (fields_table(&link, "down", &way)) {
		fields_allow(&way, words, WORDS_LEN(words) - 3, 0);
		read_impairment(&way, &ret->down);
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
}

/* 5000, or "5000-5010". */
static bool read_ports(const struct fields *f, const char *key, struct plan_forward *ret)
{
	unsigned first, last;
	char rest;

	lua_getfield(f->L, f->table, key);
	if (lua_isnil(f->L, -1)) {
		lua_pop(f->L, 1);
		return false;
	}
	if (lua_isinteger(f->L, -1))
		first = last = (unsigned)lua_tointeger(f->L, -1);
	else if (lua_type(f->L, -1) != LUA_TSTRING ||
		 sscanf(lua_tostring(f->L, -1), "%5u-%5u%c", &first, &last, &rest) != 2)
		first = last = 0;
	if (first < 1 || last > 65535 || last < first)
		fields_fail(f, key, "%s: expected a port, or ports such as \"5000-5010\"", key);
	ret->port_first = (uint16_t)first;
	ret->port_last = (uint16_t)last;
	lua_pop(f->L, 1);
	return true;
}

static void read_forward(const struct fields *f, struct plan_forward *ret)
{
	static const char *const words[] = { "udp", "tcp", "to", "port" };
	const char *to;
	bool udp, tcp;

	fields_allow(f, words, WORDS_LEN(words), 0);
	udp = read_ports(f, "udp", ret);
	tcp = read_ports(f, "tcp", ret);
	if (udp == tcp)
		fields_fail(f, NULL, "expected either udp or tcp");
	ret->protocol = udp ? IP_PROTO_UDP : IP_PROTO_TCP;
	ret->host_port = (uint16_t)fields_integer(f, "port", 1, 65535, 0);
	to = fields_text(f, "to", NULL);
	if (!to)
		fields_fail(f, NULL, "expected to = \"the name of a node in this net\"");
	snprintf(ret->host, sizeof(ret->host), "%s", to);
}

static void read_forwards(const struct fields *f, struct plan_node *node)
{
	struct fields list, one;
	size_t n;

	if (!fields_table(f, "forward", &list))
		return;
	n = lua_rawlen(f->L, list.table);
	if (n > FORWARDS_MAX)
		fields_fail(f, "forward", "expected at most %d forwards", FORWARDS_MAX);
	node->forwards = calloc(n + 1, sizeof(*node->forwards));
	if (!node->forwards)
		fields_raise(f->L, "not enough memory");
	fields_allow(&list, NULL, 0, (lua_Integer)n);
	for (size_t i = 0; i < n; i++) {
		one = list;
		if (lua_rawgeti(f->L, list.table, (lua_Integer)i + 1) != LUA_TTABLE)
			fields_fail(&list, NULL,
				    "expected a list such as { { udp = 5000, to = … } }");
		one.table = lua_gettop(f->L);
		read_forward(&one, &node->forwards[node->forwards_len++]);
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
}

static void read_realise(const struct fields *f, struct plan_node *node)
{
	const char *word = fields_text(f, "realise", "engine");

	if (strcmp(word, "kernel") == 0)
		node->realise = PLAN_KERNEL;
	else if (strcmp(word, "engine") == 0)
		node->realise = PLAN_ENGINE;
	else
		fields_fail(f, "realise", "realise: expected \"engine\" or \"kernel\", got \"%s\"",
			    word);
}

/* nat is for IPv4 and nat6 for IPv6; a net has one of them, or both. */
static void read_models(const struct fields *f, struct plan_node *node)
{
	struct nat_model *model6 = lua_newuserdatauv(f->L, sizeof(*model6), 0);
	bool ipv6 = tree_model(f, "nat6", model6);

	node->no_ipv4 = !tree_model(f, "nat", &node->model);
	if (node->no_ipv4 && !ipv6)
		fields_fail(f, NULL, "expected nat = the name of a model, such as \"full-cone\"");
	if (ipv6 && plan_set_model6(node, model6))
		fields_raise(f->L, "not enough memory");
	lua_pop(f->L, 1);
}

static void read_prefix(const struct fields *f, const char *key, const char *example,
			struct ip_prefix *ret)
{
	const char *text = fields_text(f, key, NULL);

	if (text && ip_prefix_parse(text, ret))
		fields_fail(f, key, "%s: expected a prefix such as \"%s\", got \"%s\"", key,
			    example, text);
}

void tree_net(const struct fields *f, struct plan_node *node)
{
	const char *dmz;

	read_models(f, node);
	read_realise(f, node);
	read_prefix(f, "subnet", "192.168.1.0/24", &node->prefix);
	read_prefix(f, "subnet6", "2b00:9::/48", &node->prefix6);
	tree_address(f, "address", &node->addr);
	tree_address(f, "address6", &node->addr6);
	tree_link(f, "link", &node->link);
	tree_link(f, "lan", &node->lan);
	read_forwards(f, node);
	dmz = fields_text(f, "dmz", "");
	snprintf(node->dmz, sizeof(node->dmz), "%s", dmz);
}
