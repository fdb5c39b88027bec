/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole virtual worlds with IPv6: what a packet meets on its way through gateways, of one family or
 * from one to the other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "sim/fiber.h"
#include "sim/world.h"

enum { BIG = 4000, STREAM = 200000, NARROW = 1280 };

static struct plan plan;
static struct world *world;
static char sent[STREAM], received[STREAM];

/* What the actors saw; asserting is for after the run. */
static struct seen {
	struct endpoint from[2];
	long n[8];
	int err[8];
	bool whole;
} seen;

static struct host *host(const char *name)
{
	return world_host(world, name);
}

static uint64_t soon(void)
{
	return loop_now(world_loop(world)) + 10 * SEC;
}

static struct sock *open_sock(const char *name, enum sock_kind kind, uint16_t port,
			      struct endpoint remote)
{
	struct sock_spec spec = {
		.kind = kind, .local = { .port = port }, .remote = remote, .deadline = soon()
	};
	struct sock *sock = NULL;

	sock_open(host(name), &spec, &sock);
	return sock;
}

static const struct endpoint nobody;

static struct endpoint six(const char *name, uint16_t port)
{
	return (struct endpoint){ host_addr6(host(name)), port };
}

static struct endpoint four(const char *name, uint16_t port)
{
	return (struct endpoint){ host_addr(host(name)), port };
}

static void fill(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 7 + i / 256);
}

static struct plan_node *add(struct plan_node *parent, enum plan_kind kind, const char *name)
{
	struct plan_node *node = plan_add(&plan, parent, kind, name);

	assert_non_null(node);
	return node;
}

/* Alice behind a gateway, on whose narrow way out are the Internet and a server. */
static void build(const char *nat, const char *nat6, uint16_t wan_mtu)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan_node *home;
	struct nat_model model;
	struct model_error wrong;
	struct plan_error error;

	plan = (struct plan){ .seed = 1 };
	memset(&seen, 0, sizeof(seen));
	add(NULL, PLAN_HOST, "server");
	home = add(NULL, PLAN_NET, "home");
	add(home, PLAN_HOST, "alice");
	home->no_ipv4 = !nat;
	if (nat)
		assert_int_equal(nat_model_find(nat, &home->model, &wrong), 0);
	if (nat6) {
		assert_int_equal(nat_model_find(nat6, &model, &wrong), 0);
		assert_int_equal(plan_set_model6(home, &model), 0);
	}
	home->link.mtu = wan_mtu;
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &world, &error))
		fail_msg("%s", error.text);
}

static void play(void (*act)(void *arg))
{
	assert_int_equal(world_run(world, act, NULL), 0);
	world_free(world);
	plan_clear(&plan);
}

/* One datagram of @len there and back; how many bytes came. */
static long echo(struct sock *client, struct sock *server, size_t len)
{
	static char bytes[BIG];
	long n;

	fill(sent, len);
	sock_send(client, NULL, sent, len, NEVER);
	n = sock_recv(server, &seen.from[0], bytes, sizeof(bytes), soon());
	if (n < 0)
		return n;
	sock_send(server, &seen.from[0], bytes, (size_t)n, NEVER);
	n = sock_recv(client, &seen.from[1], bytes, sizeof(bytes), soon());
	seen.whole = n == (long)len && memcmp(bytes, sent, len) == 0;
	return n;
}

/* A way that is narrow outside: the first long packet finds it out, the next is cut to fit. */
static void squeeze(void *arg)
{
	bool native = seen.err[0] == 6;
	struct sock *server = open_sock("server", SOCK_UDP, 7, nobody);
	struct sock *client =
		open_sock("alice", SOCK_UDP, 5000, native ? six("server", 7) : four("server", 7));

	(void)arg;
	seen.n[0] = echo(client, server, 5);
	sock_send(client, NULL, sent, 1400, NEVER);
	seen.n[1] = sock_recv(client, NULL, received, BIG, soon());
	seen.n[2] = echo(client, server, 1400);
	seen.n[3] = echo(client, server, 1400);
	seen.n[4] = echo(client, server, BIG);
}

static void check_squeezed(void)
{
	play(squeeze);
	assert_int_equal(seen.n[0], 5);
	assert_int_equal(seen.n[1], -EMSGSIZE);
	assert_int_equal(seen.n[2], -ETIMEDOUT); /* the answer finds out about its own way */
	assert_int_equal(seen.n[3], 1400);
	assert_int_equal(seen.n[4], BIG);
	assert_true(seen.whole);
}

static void a_narrow_way_through_a_firewall(void **state)
{
	(void)state;
	build("full-cone", "ipv6-firewall", NARROW);
	seen.err[0] = 6;
	check_squeezed();
	assert_true(ip_addr_is_v4(seen.from[0].addr) == false);
}

/* What is too big for the IPv4 way is told to her in IPv6, whose headers are longer (RFC 7915, 5.2). */
static void a_narrow_way_through_a_nat64(void **state)
{
	(void)state;
	build(NULL, "nat64", NARROW);
	check_squeezed();
	assert_true(ip_addr_is_v4(seen.from[0].addr));
	assert_true(ip_addr_is_v4(seen.from[1].addr));
}

static void a_narrow_way_through_prefix_translation(void **state)
{
	(void)state;
	build(NULL, "nptv6", NARROW);
	seen.err[0] = 6;
	check_squeezed();
	assert_int_equal(seen.from[0].addr.hi >> 48, 0x2b00);
}

/* Hop limits: in the gateway (1), on the Internet (2), and just enough (3). */
static void expire(void *arg)
{
	struct sock *server = open_sock("server", SOCK_UDP, 7, nobody);

	(void)arg;
	for (uint8_t hops = 1; hops <= 3; hops++) {
		struct sock *client =
			open_sock("alice", SOCK_UDP, 0, arg ? six("server", 7) : four("server", 7));

		sock_set_ttl(client, hops);
		sock_send(client, NULL, "x", 1, NEVER);
		seen.n[hops] =
			sock_recv(client, NULL, received, 1, loop_now(world_loop(world)) + MSEC);
		sock_close(client);
	}
	seen.n[4] = sock_recv(server, &seen.from[0], received, 1, soon());
	seen.n[5] =
		sock_recv(server, &seen.from[0], received, 1, loop_now(world_loop(world)) + MSEC);
}

static void expire6(void *arg)
{
	(void)arg;
	expire(&seen);
}

static void check_expired(void)
{
	assert_int_equal(seen.n[1], -EHOSTUNREACH);
	assert_int_equal(seen.n[2], -EHOSTUNREACH);
	assert_int_equal(seen.n[3], -ETIMEDOUT);
	assert_int_equal(seen.n[4], 1);
	assert_int_equal(seen.n[5], -ETIMEDOUT);
}

static void hops_run_out(void **state)
{
	(void)state;
	build("full-cone", "ipv6-firewall", 0);
	play(expire6);
	check_expired();
}

static void hops_run_out_on_the_way_to_ipv4(void **state)
{
	(void)state;
	build(NULL, "nat64", 0);
	play(expire);
	check_expired();
}

static void serve(void *arg)
{
	struct sock *listener = open_sock("server", SOCK_TCP_LISTEN, 80, nobody);
	struct sock *visitor = NULL;

	(void)arg;
	seen.err[0] = sock_accept(listener, NEVER, &visitor);
	seen.from[0] = sock_remote(visitor);
	seen.err[1] = sock_recv_exact(visitor, received, STREAM, soon());
	seen.err[2] = sock_send(visitor, NULL, received, STREAM, soon());
	sock_close(visitor);
}

/* TCP there and back, to an address of IPv4: its segments must fit both sides of the NAT64. */
static void stream(void *arg)
{
	struct sock *sock;

	(void)arg;
	fill(sent, STREAM);
	fiber_spawn(world_loop(world), "serve", serve, NULL, NULL);
	fiber_sleep(loop_now(world_loop(world)) + MSEC);
	sock = open_sock("alice", SOCK_TCP, 0, four("server", 80));
	if (!sock)
		return;
	seen.from[1] = sock_remote(sock);
	seen.err[3] = sock_send(sock, NULL, sent, STREAM, soon());
	memset(sent, 0, STREAM);
	seen.err[4] = sock_recv_exact(sock, sent, STREAM, soon());
	seen.whole = true;
}

static void a_stream_through_a_nat64(void **state)
{
	(void)state;
	build(NULL, "nat64", NARROW);
	play(stream);
	assert_true(seen.whole);
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen.err[i], 0);
	assert_true(ip_addr_is_v4(seen.from[0].addr));
	assert_int_equal(ip_addr_to_v4(seen.from[1].addr), 0x0b010102);
	assert_memory_equal(sent, received, STREAM);
}

/* What a gateway answers itself, and what it keeps to its own side. */
static void meet_the_gateway(void *arg)
{
	struct ip_addr inside = { UINT64_C(0x2b00000300010000), 1 };
	struct ip_addr group = { UINT64_C(0xff0e) << 48, 0x99 };
	struct sock *server = open_sock("server", SOCK_UDP, 7, nobody);
	struct sock *vain = open_sock("alice", SOCK_UDP, 0, (struct endpoint){ inside, 9 });
	struct sock *ping = open_sock("alice", SOCK_PING, 0, (struct endpoint){ inside, 0 });
	struct sock *crier = open_sock("alice", SOCK_UDP, 0, nobody);

	(void)arg;
	sock_send(vain, NULL, "x", 1, NEVER);
	seen.n[0] = sock_recv(vain, NULL, received, 1, soon());
	sock_send(ping, NULL, "echo", 4, NEVER);
	seen.n[1] = sock_recv(ping, &seen.from[0], received, 4, soon());
	sock_join_group(server, group);
	sock_set_ttl(crier, 9);
	seen.err[0] = sock_send(crier, &(struct endpoint){ group, 7 }, "hear", 4, NEVER);
	seen.n[2] = sock_recv(server, NULL, received, 4, soon());
}

static void a_gateway_speaks_for_itself(void **state)
{
	(void)state;
	build("full-cone", "ipv6-firewall", 0);
	play(meet_the_gateway);
	assert_int_equal(seen.n[0], -ECONNREFUSED);
	assert_int_equal(seen.n[1], 4);
	assert_int_equal(seen.from[0].addr.lo, 1);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.n[2], -ETIMEDOUT);
}

/* Where a net has one family only, the other ends at its gateway. */
static void cross(void *arg)
{
	struct sock *server = open_sock("server", SOCK_UDP, 7, nobody);
	struct sock *client = open_sock("alice", SOCK_UDP, 0, nobody);
	struct endpoint to6 = six("server", 7), to4 = four("server", 7);

	(void)arg;
	seen.err[0] = sock_send(client, &to6, "6", 1, NEVER);
	seen.err[1] = sock_send(client, &to4, "4", 1, NEVER);
	seen.n[0] = sock_recv(server, &seen.from[0], received, 1, soon());
	seen.n[1] = sock_recv(server, &seen.from[0], received, 1, soon());
}

static void one_family_only(void **state)
{
	(void)state;
	build(NULL, "ipv6-router", 0);
	play(cross);
	assert_int_equal(seen.err[0], 0);
	assert_int_equal(seen.err[1], -ENETUNREACH);
	assert_int_equal(seen.n[0], 1);
	assert_int_equal(seen.n[1], -ETIMEDOUT);
}

/*
 * An IPv6-only net within a home that has both, whose gateway is a NAT44 and a NAT64 at once: to a server
 * outside they are two.
 */
static void call_from_both(void *arg)
{
	struct sock *server = open_sock("server", SOCK_UDP, 7, nobody);
	struct sock *alice = open_sock("alice", SOCK_UDP, 5000, four("server", 7));
	struct sock *phone = open_sock("phone", SOCK_UDP, 5000, four("server", 7));

	(void)arg;
	seen.n[0] = echo(alice, server, 100);
	seen.err[0] = (int)ip_addr_to_v4(seen.from[0].addr);
	seen.n[1] = echo(phone, server, 200);
	seen.err[1] = (int)ip_addr_to_v4(seen.from[0].addr);
}

static void a_nat64_beside_a_nat44(void **state)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct nat_model model;
	struct model_error wrong;
	struct plan_error error;
	struct plan_node *home, *room;

	(void)state;
	plan = (struct plan){ .seed = 1 };
	memset(&seen, 0, sizeof(seen));
	add(NULL, PLAN_HOST, "server");
	home = add(NULL, PLAN_NET, "home");
	add(home, PLAN_HOST, "alice");
	room = add(home, PLAN_NET, "room");
	room->no_ipv4 = true;
	add(room, PLAN_HOST, "phone");
	assert_int_equal(nat_model_find("full-cone", &home->model, &wrong), 0);
	assert_int_equal(nat_model_find("nat64", &model, &wrong), 0);
	assert_int_equal(plan_set_model6(home, &model), 0);
	assert_int_equal(nat_model_find("ipv6-firewall", &model, &wrong), 0);
	assert_int_equal(plan_set_model6(room, &model), 0);
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &world, &error))
		fail_msg("%s", error.text);
	play(call_from_both);
	assert_int_equal(seen.n[0], 100);
	assert_int_equal(seen.err[0], 0x0b020102);
	assert_int_equal(seen.n[1], 200);
	assert_int_equal(seen.err[1], 0x0b020103);
}

/* A model for the wrong family is told by name. */
static const struct row {
	const char *name, *nat, *nat6, *says;
} rows[] = {
	{ "an IPv6 model for IPv4", "nat64", NULL,
	  "home: nat: expected a model for IPv4, got nat64" },
	{ "an IPv4 model for IPv6", NULL, "full-cone",
	  "home: nat6: expected a model for IPv6, got full-cone" },
};

static void refused(void **state)
{
	const struct row *row = *state;
	struct nat_model model;
	struct model_error wrong;
	struct plan_error error;
	struct plan_node *home;

	plan = (struct plan){ .seed = 1 };
	home = add(NULL, PLAN_NET, "home");
	home->no_ipv4 = !row->nat;
	if (row->nat)
		assert_int_equal(nat_model_find(row->nat, &home->model, &wrong), 0);
	if (row->nat6) {
		assert_int_equal(nat_model_find(row->nat6, &model, &wrong), 0);
		assert_int_equal(plan_set_model6(home, &model), 0);
	}
	assert_int_equal(plan_complete(&plan, &error), -EINVAL);
	assert_string_equal(error.text, row->says);
	plan_clear(&plan);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(a_narrow_way_through_a_firewall),
		cmocka_unit_test(a_narrow_way_through_a_nat64),
		cmocka_unit_test(a_narrow_way_through_prefix_translation),
		cmocka_unit_test(hops_run_out),
		cmocka_unit_test(hops_run_out_on_the_way_to_ipv4),
		cmocka_unit_test(a_stream_through_a_nat64),
		cmocka_unit_test(a_gateway_speaks_for_itself),
		cmocka_unit_test(one_family_only),
		cmocka_unit_test(a_nat64_beside_a_nat44),
	};
	enum { PLAIN = sizeof(plain) / sizeof(*plain) };
	struct CMUnitTest tests[PLAIN + ROWS];

	memcpy(tests, plain, sizeof(plain));
	for (int i = 0; i < ROWS; i++)
		tests[PLAIN + i] =
			(struct CMUnitTest){ .name = rows[i].name,
					     .test_func = refused,
					     .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
