/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 6888, REQ-6, in whole virtual worlds: who is exempt sees inside hosts by their own addresses, and
 * answers to those; in either family, and through another gateway on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "sim/fiber.h"
#include "sim/world.h"

static const struct row {
	const char *name;
	const char *model; /* NULL: none of IPv4 */
	const char *model6; /* NULL: none of IPv6 */
	const char *outer; /* of a net around the other, of both families; NULL = none */
	const char *exempt[NAT_EXEMPT];
	bool own; /* does the server see the host's own address? */
} rows[] = {
	{ "IPv4: nobody", "port-restricted-cone", NULL, NULL, { NULL }, false },
	{ "IPv4: the server", "port-restricted-cone", NULL, NULL, { "11.0.0.0/8" }, true },
	{ "IPv4: the second of two",
	  "symmetric",
	  NULL,
	  NULL,
	  { "12.0.0.0/8", "11.0.0.0/8" },
	  true },
	{ "IPv4: others", "symmetric", NULL, NULL, { "12.0.0.0/8" }, false },
	{ "IPv4: behind a router", "symmetric", NULL, "no-nat", { "11.0.0.0/8" }, true },
	{ "IPv6: nobody", NULL, "nat66", NULL, { NULL }, false },
	{ "IPv6: the server", NULL, "nat66", NULL, { "2b00::/16" }, true },
	{ "IPv6: the second of two", NULL, "nat66", NULL, { "2c00::/16", "2b00::/16" }, true },
	{ "IPv6: others", NULL, "nat66", NULL, { "2c00::/16" }, false },
	{ "IPv6: behind a router", NULL, "nat66", "ipv6-router", { "2b00::/16" }, true },
};

static struct world *world;

/* What the actors saw; asserting is for after the run. */
static struct seen {
	struct ip_addr own, at_server;
	long answered;
} seen;

static void find(const char *name, const struct row *row, struct nat_model *ret)
{
	struct model_error wrong;

	assert_int_equal(nat_model_find(name, ret, &wrong), 0);
	for (size_t i = 0; row && i < NAT_EXEMPT && row->exempt[i]; i++)
		assert_int_equal(ip_prefix_parse(row->exempt[i], &ret->exempt[i]), 0);
}

static struct plan_node *add(struct plan *plan, struct plan_node *parent, enum plan_kind kind,
			     const char *name)
{
	struct plan_node *node = plan_add(plan, parent, kind, name);

	assert_non_null(node);
	return node;
}

static void give(struct plan_node *net, const char *model, const char *model6,
		 const struct row *row)
{
	struct nat_model six;

	net->no_ipv4 = !model;
	if (model)
		find(model, row, &net->model);
	if (!model6)
		return;
	find(model6, row, &six);
	assert_int_equal(plan_set_model6(net, &six), 0);
}

static void lay_out(struct plan *plan, const struct row *row)
{
	struct plan_node *home, *outer = NULL;

	add(plan, NULL, PLAN_HOST, "server");
	if (row->outer) {
		outer = add(plan, NULL, PLAN_NET, "outer");
		give(outer, row->model ? row->outer : NULL, row->model6 ? row->outer : NULL, NULL);
	}
	home = add(plan, outer, PLAN_NET, "home");
	give(home, row->model, row->model6, row);
	add(plan, home, PLAN_HOST, "alice");
}

static struct sock *open_sock(const char *host, uint16_t port)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .local = { .port = port } };
	struct sock *sock = NULL;

	sock_open(world_host(world, host), &spec, &sock);
	return sock;
}

static void ask(void *arg)
{
	const struct row *row = arg;
	struct host *alice = world_host(world, "alice"), *far = world_host(world, "server");
	struct endpoint to = { row->model ? host_addr(far) : host_addr6(far), 7 }, from;
	struct sock *client = open_sock("alice", 5000), *server = open_sock("server", 7);
	uint64_t soon = loop_now(world_loop(world)) + 10 * SEC;
	char bytes[8];

	seen.own = row->model ? host_addr(alice) : host_addr6(alice);
	sock_send(client, &to, "ask", 3, soon);
	if (sock_recv(server, &from, bytes, sizeof(bytes), soon) != 3)
		return;
	seen.at_server = from.addr;
	sock_send(server, &from, "yes!", 4, soon);
	seen.answered = sock_recv(client, &from, bytes, sizeof(bytes), soon);
}

static void play(void **state)
{
	const struct row *row = *state;
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan plan = { .seed = 1 };
	struct plan_error error;

	seen = (struct seen){ .answered = 0 };
	lay_out(&plan, row);
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &world, &error))
		fail_msg("%s", error.text);
	assert_int_equal(world_run(world, ask, (void *)row), 0);
	world_free(world);
	plan_clear(&plan);
	assert_int_equal(ip_addr_equal(seen.own, seen.at_server), row->own);
	assert_int_equal(seen.answered, 4);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0])];
	size_t len = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < len; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = play,
						.initial_state = (void *)&rows[i] };
	return _cmocka_run_group_tests("exempt", tests, len, NULL, NULL);
}
