/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Methods over TCP on whole virtual hosts, whose SYNs cross as RFC 9293 has it: what connects, how
 * soon, and that nothing is left open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "probes/methods/connect.h"
#include "probes/services/service.h"
#include "sim/fiber.h"
#include "sim/world.h"

enum { FRAMES = 5 };
#define ATTEMPT_NS (1500 * MSEC)
#define DELAY_NS (5 * MSEC)

struct row {
	const char *name;
	enum method method;
	const char *models[2]; /* of the caller's NAT, the callee's */
	enum nat_unsolicited strays[2]; /* what they do to those over TCP */
	bool connects;
	uint64_t within_ns; /* where it connects */
};

/* A round trip between the two is 20 ms, from each to the rendezvous 10 ms. */
static const struct row rows[] = {
	{ "direct, to one whom nothing filters",
	  METHOD_TCP_DIRECT,
	  { "port-restricted-cone", "no-nat" },
	  { 0 },
	  true,
	  150 * MSEC },
	{ "… and to one whose NAT does",
	  METHOD_TCP_DIRECT,
	  { "no-nat", "port-restricted-cone" },
	  { 0 },
	  false,
	  0 },
	{ "reversal",
	  METHOD_TCP_REVERSAL,
	  { "no-nat", "port-restricted-cone" },
	  { 0 },
	  true,
	  150 * MSEC },
	{ "punch, SYNs cross",
	  METHOD_TCP_PUNCH,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { 0 },
	  true,
	  150 * MSEC },
	{ "punch, one side's are refused by RST",
	  METHOD_TCP_PUNCH,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_RST, 0 },
	  true,
	  500 * MSEC },
	{ "punch, both sides' are",
	  METHOD_TCP_PUNCH,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_RST, NAT_UNSOLICITED_RST },
	  true,
	  500 * MSEC },
	{ "punch, by ICMP",
	  METHOD_TCP_PUNCH,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_ICMP, NAT_UNSOLICITED_ICMP },
	  true,
	  500 * MSEC },
	{ "punch, SYNs are held",
	  METHOD_TCP_PUNCH,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_HOLD, NAT_UNSOLICITED_HOLD },
	  true,
	  500 * MSEC },
	{ "punch, from a port that nobody knows",
	  METHOD_TCP_PUNCH,
	  { "symmetric-random", "port-restricted-cone" },
	  { NAT_UNSOLICITED_RST, 0 },
	  false,
	  0 },
	{ "punch of low TTL",
	  METHOD_TCP_PUNCH_LOW_TTL,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_RST, NAT_UNSOLICITED_RST },
	  true,
	  500 * MSEC },
	{ "STUNT",
	  METHOD_TCP_STUNT_2,
	  { "symmetric-random", "restricted-cone" },
	  { NAT_UNSOLICITED_RST, NAT_UNSOLICITED_RST },
	  true,
	  300 * MSEC },
	{ "STUNT, and a filter for ports",
	  METHOD_TCP_STUNT_2,
	  { "symmetric-random", "port-restricted-cone" },
	  { 0 },
	  false,
	  0 },
	{ "sequential, unheard",
	  METHOD_TCP_SEQUENTIAL,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { 0 },
	  true,
	  500 * MSEC },
	{ "sequential, refused by RST",
	  METHOD_TCP_SEQUENTIAL,
	  { "port-restricted-cone", "port-restricted-cone" },
	  { NAT_UNSOLICITED_RST, 0 },
	  true,
	  300 * MSEC },
	{ "sequential, refused by the host",
	  METHOD_TCP_SEQUENTIAL,
	  { "no-nat", "port-restricted-cone" },
	  { 0 },
	  true,
	  300 * MSEC },
};

struct lab {
	const struct row *row;
	struct world *world;
	bool connected;
	uint64_t took;
};

static void join(struct world *world, const char *name, struct peer **ret)
{
	struct host *server = world_host(world, "server"), *host = world_host(world, name);
	struct endpoint rendezvous = { host_addr(server), RENDEZVOUS_PORT };

	assert_int_equal(peer_join(host, rendezvous, RENDEZVOUS_PORT, NEVER, ret), 0);
	peer_use_low_ttl(*ret, 2);
}

static void talk(struct call *call)
{
	const struct talk_spec spec = { .frames = FRAMES, .every_ns = 5 * MSEC };
	struct talk_stats stats;

	assert_int_equal(call_talk(call, &spec, &stats), 0);
	for (int side = 0; side < 2; side++)
		assert_int_equal(stats.received[side], FRAMES);
}

/* Whoever is there twice can bind what he left behind the first time. */
static void nothing_is_left(struct host *host, uint16_t port)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local.port = port };
	struct sock *sock;

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	sock_close(sock);
}

static void play(void *arg)
{
	struct lab *lab = arg;
	struct service_spec service = { .name = "rendezvous",
					.host = world_host(lab->world, "server") };
	struct call_spec spec = { .ladder = { lab->row->method },
				  .ladder_len = 1,
				  .attempt_ns = ATTEMPT_NS,
				  .local_port = 40000 };
	const struct attempt *attempts;
	struct peer *peers[2];
	struct service *rendezvous;
	struct call *call;

	assert_int_equal(service_start(&service, &rendezvous), 0);
	join(lab->world, "alice", &peers[0]);
	join(lab->world, "bob", &peers[1]);
	assert_int_equal(call_connect(peers[0], peers[1], &spec, &call), 0);
	assert_int_equal(call_attempts(call, &attempts), 1);
	lab->connected = call_connected(call);
	lab->took = attempts[0].took;
	if (lab->connected)
		talk(call);
	call_free(call);
	peer_leave(peers[0]);
	peer_leave(peers[1]);
	service_stop(rendezvous);
	/* Longer than any TIME-WAIT. */
	fiber_sleep(loop_now(world_loop(lab->world)) + 300 * SEC);
	nothing_is_left(world_host(lab->world, "alice"), spec.local_port);
	nothing_is_left(world_host(lab->world, "bob"), spec.local_port);
}

static void add_home(struct plan *plan, const char *net, const char *host, const char *model,
		     enum nat_unsolicited strays)
{
	struct plan_node *home = plan_add(plan, NULL, PLAN_NET, net);
	struct plan_node *inside = plan_add(plan, home, PLAN_HOST, host);
	struct model_error error;

	assert_non_null(home);
	assert_non_null(inside);
	assert_int_equal(nat_model_find(model, &home->model, &error), 0);
	home->model.tcp.unsolicited = strays;
	inside->link.up.delay_ns = inside->link.down.delay_ns = DELAY_NS;
}

static void a_row(void **state)
{
	struct lab lab = { .row = *state };
	const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan plan = { .seed = 7 };
	struct plan_error error;

	assert_non_null(plan_add(&plan, NULL, PLAN_HOST, "server"));
	add_home(&plan, "home_a", "alice", lab.row->models[0], lab.row->strays[0]);
	add_home(&plan, "home_b", "bob", lab.row->models[1], lab.row->strays[1]);
	assert_int_equal(plan_complete(&plan, &error), 0);
	assert_int_equal(world_new(&plan, &options, &lab.world, &error), 0);
	assert_int_equal(world_run(lab.world, play, &lab), 0);
	world_free(lab.world);
	plan_clear(&plan);
	assert_int_equal(lab.connected, lab.row->connects);
	if (lab.connected && lab.took > lab.row->within_ns)
		fail_msg("it took %lu us", (unsigned long)(lab.took / 1000));
	if (!lab.connected)
		assert_true(lab.took >= ATTEMPT_NS);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = a_row,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
