/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenarios_per_s and calls_per_s: whole scenarios in virtual worlds, each from its world's making to
 * its end.  The plan of all those worlds is made once, and each has a seed of its own.
 *
 * The first is as lean as an in-process simulation of its kind can be: both peers ask a STUN
 * server, register at it over UDP, are introduced, and punch.  The second is what `knothole matrix`
 * does in a cell, without Lua and capture: peers hold TCP connections to the rendezvous service,
 * and both sides settle on the path.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../probes/methods/connect.h"
#include "../probes/services/service.h"
#include "../probes/wire/rendezvous.h"
#include "../probes/wire/stun.h"
#include "../sim/fiber.h"
#include "../sim/world.h"

enum {
	SLICES = 5,
	ROOM = 256,
	ROLES = 2,
	BATCH = 64, /* scenarios between two looks at the clock, which is a system call */
};

static const char *const peer_names[ROLES] = { [TALK_CALLER] = "alice", [TALK_CALLEE] = "bob" };

/* One scenario: what its fibers share. */
struct scene {
	struct world *world;
	struct endpoint server;
	struct endpoint mapped[ROLES]; /* as the server has seen them */
	bool registered[ROLES];
	bool done[ROLES]; /* its hello was answered */
};

struct actor {
	struct scene *scene;
	enum talk_role role;
	struct sock *sock;
	struct endpoint reflexive; /* as STUN told */
	struct endpoint theirs;
};

static void introduce(const struct scene *scene, struct sock *sock)
{
	uint8_t bytes[RENDEZVOUS_MAX];

	for (int i = 0; i < ROLES; i++) {
		struct rendezvous_message msg = {
			.kind = RENDEZVOUS_INTRODUCE,
			.method = METHOD_PUNCH,
			.mapped = scene->mapped[!i],
			.seen = scene->mapped[i],
		};

		sock_send(sock, &scene->mapped[i], bytes,
			  rendezvous_encode(&msg, bytes, sizeof(bytes)), NEVER);
	}
}

static void answer_binding(struct sock *sock, const struct stun_message *request,
			   const struct endpoint *from)
{
	uint8_t bytes[ROOM];
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), STUN_SUCCESS, STUN_BINDING, request->transaction);
	stun_add_address(&w, STUN_XOR_MAPPED_ADDRESS, *from);
	sock_send(sock, from, bytes, stun_end(&w), NEVER);
}

/* STUN server and rendezvous on one port: the first byte tells them apart, as RFC 7983 has it. */
static void serve(void *arg)
{
	struct scene *scene = arg;
	struct host *host = world_host(scene->world, "sam");
	struct sock_spec spec = { .kind = SOCK_UDP, .local.port = STUN_PORT };
	struct rendezvous_message msg;
	struct stun_message request;
	uint8_t bytes[ROOM];
	struct endpoint from;
	struct sock *sock;
	long n;

	if (sock_open(host, &spec, &sock))
		return;
	while ((n = sock_recv(sock, &from, bytes, sizeof(bytes), NEVER)) >= 0) {
		if (stun_decode(bytes, (size_t)n, &request) == 0) {
			answer_binding(sock, &request, &from);
		} else if (rendezvous_decode_datagram(bytes, (size_t)n, &msg) == 0) {
			int role = strcmp(msg.name, peer_names[TALK_CALLER]) != 0;

			scene->mapped[role] = from;
			scene->registered[role] = true;
			if (scene->registered[!role])
				introduce(scene, sock);
		}
	}
	sock_close(sock);
}

static int bind_by_stun(struct actor *self, struct host *host)
{
	uint8_t transaction[STUN_TRANSACTION], bytes[ROOM];
	struct stun_message response;
	struct stun_writer w;
	long n;

	stun_transaction(host_random(host), host_random(host), transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	sock_send(self->sock, &self->scene->server, bytes, stun_end(&w), NEVER);
	n = sock_recv(self->sock, NULL, bytes, sizeof(bytes), host_now(host) + SEC);
	if (n < 0 || stun_decode(bytes, (size_t)n, &response) ||
	    !stun_get_address(&response, STUN_XOR_MAPPED_ADDRESS, &self->reflexive))
		return -EPROTO;
	return 0;
}

static int meet(struct actor *self, struct host *host)
{
	struct rendezvous_message msg = { .kind = RENDEZVOUS_REGISTER };
	uint8_t bytes[ROOM];
	long n;

	strncpy(msg.name, peer_names[self->role], sizeof(msg.name) - 1);
	sock_send(self->sock, &self->scene->server, bytes,
		  rendezvous_encode(&msg, bytes, sizeof(bytes)), NEVER);
	n = sock_recv(self->sock, NULL, bytes, sizeof(bytes), host_now(host) + SEC);
	if (n < 0 || rendezvous_decode_datagram(bytes, (size_t)n, &msg) ||
	    msg.kind != RENDEZVOUS_INTRODUCE || !endpoint_equal(msg.seen, self->reflexive))
		return -EPROTO;
	self->theirs = msg.mapped;
	return 0;
}

static void say(struct actor *self, enum talk_kind kind)
{
	const struct talk talk = {
		.kind = kind,
		.method = METHOD_PUNCH,
		.role = self->role,
		.sent_at = host_now(sock_host(self->sock)),
	};
	uint8_t bytes[ROOM];

	sock_send(self->sock, &self->theirs, bytes, talk_encode(&talk, bytes, sizeof(bytes)),
		  NEVER);
}

/* Until this side's hello was answered, and the other's by this one: RFC 5128, 3.3. */
static int punch(struct actor *self)
{
	uint64_t deadline = host_now(sock_host(self->sock)) + SEC;
	bool heard = false, answered = false;
	uint8_t bytes[ROOM];
	struct talk talk;

	say(self, TALK_HELLO);
	while (!heard || !answered) {
		long n = sock_recv(self->sock, &self->theirs, bytes, sizeof(bytes), deadline);

		if (n < 0)
			return (int)n;
		if (!talk_decode(bytes, (size_t)n, &talk))
			continue;
		if (talk.kind == TALK_HELLO) {
			heard = true;
			say(self, TALK_ANSWER);
			if (!answered) /* the first one may not have come through */
				say(self, TALK_HELLO);
		} else if (talk.kind == TALK_ANSWER) {
			answered = true;
		}
	}
	self->scene->done[self->role] = true;
	return 0;
}

static void act(void *arg)
{
	struct actor *self = arg;
	struct host *host = world_host(self->scene->world, peer_names[self->role]);
	struct sock_spec spec = { .kind = SOCK_UDP };

	if (sock_open(host, &spec, &self->sock))
		return;
	if (!bind_by_stun(self, host) && !meet(self, host))
		punch(self);
}

static void lean_main(void *arg)
{
	struct scene *scene = arg;
	struct loop *loop = world_loop(scene->world);
	struct actor alice = { .scene = scene, .role = TALK_CALLER };
	struct actor bob = { .scene = scene, .role = TALK_CALLEE };
	struct fiber *other;

	scene->server = (struct endpoint){ host_addr(world_host(scene->world, "sam")), STUN_PORT };
	if (fiber_spawn(loop, "sam", serve, scene, NULL) ||
	    fiber_spawn(loop, "bob", act, &bob, &other))
		return;
	act(&alice);
	fiber_join(other, NEVER);
}

/* Through the project's own services and ladder. */
static void call_main(void *arg)
{
	struct scene *scene = arg;
	struct host *sam = world_host(scene->world, "sam");
	const struct endpoint at = { host_addr(sam), RENDEZVOUS_PORT };
	const struct service_spec spec = { .name = "rendezvous", .host = sam };
	const struct call_spec ladder = { .ladder = { METHOD_PUNCH }, .ladder_len = 1 };
	struct peer *peers[ROLES] = { NULL, NULL };
	struct service *service = NULL;
	struct call *call = NULL;
	int err = service_start(&spec, &service);

	for (int i = 0; i < ROLES && !err; i++)
		err = peer_join(world_host(scene->world, peer_names[i]), at, at.port, NEVER,
				&peers[i]);
	if (!err)
		err = call_connect(peers[0], peers[1], &ladder, &call);
	if (!err)
		scene->done[0] = scene->done[1] = call_connected(call);
	call_free(call);
	peer_leave(peers[1]);
	peer_leave(peers[0]);
	service_stop(service);
}

/* One scenario, in a world that is made for it of @plan. */
static int scenario(void (*main)(void *scene), const struct plan *plan, struct bench_result *result)
{
	const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct scene scene = { 0 };
	struct plan_error error;
	int err = world_new(plan, &options, &scene.world, &error);

	if (!err)
		err = world_run(scene.world, main, &scene);
	if (!err && !(scene.done[TALK_CALLER] && scene.done[TALK_CALLEE]))
		err = -EIO;
	if (err && !*result->note)
		snprintf(result->note, sizeof(result->note), "seed %llu did not connect: %.100s",
			 (unsigned long long)plan->seed, *error.text ? error.text : strerror(-err));
	world_free(scene.world);
	return err;
}

/* Nothing happens in this world. */
static void idle_main(void *arg)
{
	struct scene *scene = arg;

	scene->done[TALK_CALLER] = scene->done[TALK_CALLEE] = true;
}

/* Scenarios a second, for a second on the processor, and by the clock.  Each has a seed of its own. */
static int slice(void (*main)(void *scene), struct plan *plan, struct bench_result *result,
		 double *ret, double *ret_wall)
{
	uint64_t began = bench_cpu(), wall = bench_clock(), first = plan->seed, took = 0;
	double ran;

	while (took < SEC) {
		for (int n = 0; n < BATCH; n++, plan->seed++) {
			int err = scenario(main, plan, result);

			if (err)
				return err;
		}
		took = bench_cpu() - began;
	}
	ran = (double)(plan->seed - first);
	*ret = ran * (double)SEC / (double)took;
	*ret_wall = ran * (double)SEC / (double)(bench_clock() - wall);
	return 0;
}

/* The hosts of bench_plan() with no NAT before any of them. */
static int plan_without_nats(struct plan *plan, struct bench_result *result)
{
	static const char *const names[] = { "sam", "sue", "alice", "bob" };
	struct plan_error error;

	plan->seed = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!plan_add(plan, NULL, PLAN_HOST, names[i]))
			return -ENOMEM;
	if (plan_complete(plan, &error) == 0)
		return 0;
	snprintf(result->note, sizeof(result->note), "%.*s", BENCH_NOTE - 1, error.text);
	return -EINVAL;
}

/* Where the time of a scenario goes, as far as leaving parts of it out tells. */
static int name_limit(void (*main)(void *scene), struct plan *plan, struct bench_result *result)
{
	struct plan bare = { 0 };
	double idle = 0, open = 0, open_idle = 0, wall;
	int err = slice(idle_main, plan, result, &idle, &wall);

	if (!err)
		err = plan_without_nats(&bare, result);
	if (!err)
		err = slice(main, &bare, result, &open, &wall);
	if (!err)
		err = slice(idle_main, &bare, result, &open_idle, &wall);
	plan_clear(&bare);
	if (err)
		return err;
	snprintf(
		result->limit, sizeof(result->limit),
		"%.2f us each, of which %.2f to make and end a world where nothing happens: "
		"%.0f a second would be the most; with the same hosts but no NATs before them %.2f "
		"us, of which %.2f for the world",
		1e6 / result->value, 1e6 / idle, idle, 1e6 / open, 1e6 / open_idle);
	return 0;
}

/* The median of slices of a second each, counted in time on the processor, so that whoever else
 * uses the machine changes nothing. */
static int rate_of(void (*main)(void *scene), struct plan *plan, struct bench_result *result)
{
	double rates[SLICES], walls[SLICES];
	int err = 0;

	for (int i = 0; i < SLICES && !err; i++)
		err = slice(main, plan, result, &rates[i], &walls[i]);
	if (err)
		return err;
	result->value = bench_median(rates, SLICES);
	snprintf(result->note, sizeof(result->note),
		 "per second of processor time, one core, median of %d; by the clock %.0f", SLICES,
		 bench_median(walls, SLICES));
	return name_limit(main, plan, result);
}

static int rate(void (*main)(void *scene), struct bench_result *result)
{
	struct plan plan = { 0 };
	int err = bench_plan(&plan, result);

	if (!err)
		err = rate_of(main, &plan, result);
	plan_clear(&plan);
	return err;
}

int bench_scenarios(struct bench_result *result)
{
	return rate(lean_main, result);
}

int bench_calls(struct bench_result *result)
{
	return rate(call_main, result);
}
