/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services in a virtual world, under clients that say anything: none breaks, hangs or keeps what it
 * should have freed.
 *
 * The first byte chooses the service.  What follows is a row of acts, each with two bytes before its
 * bytes: what to do (the low bits; where, in the high ones), and how many they are.  Some acts are
 * mended, since chance alone would seldom get past a length or a MAC.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/methods/stun_login.h"
#include "probes/services/service.h"
#include "probes/services/turn_options.h"
#include "probes/wire/turn.h"
#include "sim/fiber.h"
#include "sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum act {
	ACT_DATAGRAM, /* as it is */
	ACT_REQUEST, /* STUN's: its method, and its attributes as they are; with credentials */
	ACT_OPEN, /* a connection, at the service's first port or its second */
	ACT_BYTES, /* in it, as they are */
	ACT_FRAME, /* in it, with their length in front */
	ACT_STREAM_REQUEST, /* in it, as ACT_REQUEST */
	ACT_CLOSE,
	ACT_WAIT, /* as many seconds */
};

enum { ACTS_MAX = 64, STREAMS = 4, REQUEST_ROOM = 2048 };

/* Each service's ports. */
static const struct {
	const char *name;
	uint16_t udp, tcp[2];
} ports[] = {
	{ "dns", DNS_PORT, { DNS_PORT, DNS_PORT } },
	{ "echo", ECHO_PORT, { ECHO_PORT, ECHO_PORT } },
	{ "rendezvous", RENDEZVOUS_PORT, { RENDEZVOUS_PORT, RENDEZVOUS_PORT } },
	{ "stun", STUN_PORT, { STUN_PORT, STUN_PORT } },
	{ "turn", STUN_PORT, { STUN_PORT, STUN_PORT } },
};

enum { SERVICES = sizeof(ports) / sizeof(ports[0]) };

struct fuzzed {
	const uint8_t *data;
	size_t size;
	unsigned which;
	struct plan plan;
	struct world *world;
	struct host *server, *clients[2];
	struct sock *udp[2], *tcp[STREAMS];
	struct stun_login login;
	uint8_t bytes[65536];
};

static struct fuzzed f;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static uint64_t soon(void)
{
	return loop_now(world_loop(f.world)) + 50 * MSEC;
}

static struct endpoint server_at(uint16_t port)
{
	return (struct endpoint){ host_addr(f.server), port };
}

/* Take what has come; a challenge is learnt. */
static void drain(void)
{
	struct stun_message msg;
	struct stun_value reason;
	unsigned code;
	long n;

	for (int i = 0; i < 2; i++) {
		while ((n = sock_recv(f.udp[i], NULL, f.bytes, sizeof(f.bytes), 0)) >= 0) {
			if (stun_decode(f.bytes, (size_t)n, &msg))
				continue;
			if (stun_get_error(&msg, &code, &reason))
				stun_login_learn(&f.login, &msg, code);
		}
	}
	for (int i = 0; i < STREAMS; i++)
		while (f.tcp[i] && sock_recv(f.tcp[i], NULL, f.bytes, sizeof(f.bytes), 0) > 0)
			;
}

/* The first byte is the method; attributes follow, aligned as they must be. */
static size_t write_request(const uint8_t *bytes, size_t len, uint8_t *out)
{
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(host_random(f.clients[0]), host_random(f.clients[0]), transaction);
	stun_begin(&w, out, REQUEST_ROOM, STUN_REQUEST, len ? bytes[0] & 0xf : TURN_ALLOCATE,
		   transaction);
	for (size_t at = 1; at + 3 <= len;) {
		size_t room = len - at - 3, want = bytes[at + 2];

		if (want > room)
			want = room;
		stun_add(&w, (uint16_t)(bytes[at] << 8 | bytes[at + 1]), bytes + at + 3, want);
		at += 3 + want;
	}
	stun_login_add(&f.login, &w);
	return stun_end(&w);
}

static void open_stream(unsigned slot, bool second)
{
	struct sock_spec tcp = { .kind = SOCK_TCP,
				 .remote = server_at(ports[f.which].tcp[second]),
				 .deadline = soon() };

	if (!f.tcp[slot] && sock_open(f.clients[slot % 2], &tcp, &f.tcp[slot]))
		f.tcp[slot] = NULL;
}

static void say(struct sock *sock, const uint8_t *bytes, size_t len)
{
	if (sock && len)
		sock_send(sock, NULL, bytes, len, soon());
}

static void say_framed(struct sock *sock, const uint8_t *bytes, size_t len)
{
	uint8_t framed[2 + UINT8_MAX] = { (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(framed + 2, bytes, len);
	say(sock, framed, 2 + len);
}

static void act(uint8_t how, const uint8_t *bytes, size_t len)
{
	struct endpoint to = server_at(ports[f.which].udp);
	unsigned place = how >> 3;
	struct sock **stream = &f.tcp[place % STREAMS];
	uint8_t request[REQUEST_ROOM];

	switch ((enum act)(how & 7)) {
	case ACT_DATAGRAM:
		sock_send(f.udp[place % 2], &to, bytes, len, soon());
		break;
	case ACT_REQUEST:
		sock_send(f.udp[place % 2], &to, request, write_request(bytes, len, request),
			  soon());
		break;
	case ACT_OPEN:
		open_stream(place % STREAMS, place & 8);
		break;
	case ACT_BYTES:
		say(*stream, bytes, len);
		break;
	case ACT_FRAME:
		say_framed(*stream, bytes, len);
		break;
	case ACT_STREAM_REQUEST:
		say(*stream, request, write_request(bytes, len, request));
		break;
	case ACT_CLOSE:
		sock_close(*stream);
		*stream = NULL;
		break;
	case ACT_WAIT:
		fiber_sleep(loop_now(world_loop(f.world)) + len * SEC);
		break;
	}
	fiber_sleep(loop_now(world_loop(f.world)) + MSEC);
	drain();
}

static void serve(void *arg)
{
	static const struct turn_options anybody = { .realm = "lab" };
	struct service_spec spec = {
		.name = ports[f.which].name, .host = f.server, .plan = &f.plan, .turn = &anybody
	};
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = 5000 };
	struct service *service;

	(void)arg;
	check(service_start(&spec, &service) == 0);
	for (int i = 0; i < 2; i++)
		check(sock_open(f.clients[i], &udp, &f.udp[i]) == 0);
	act(ACT_REQUEST, NULL, 0); /* whose answer is the challenge */
	for (int i = 0; i < ACTS_MAX && f.size >= 2; i++) {
		size_t len = f.data[1] < f.size - 2 ? f.data[1] : f.size - 2;

		act(f.data[0], f.data + 2, len);
		f.data += 2 + len;
		f.size -= 2 + len;
	}
	for (int i = 0; i < STREAMS; i++)
		sock_close(f.tcp[i]);
	for (int i = 0; i < 2; i++)
		sock_close(f.udp[i]);
	service_stop(service);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = { "server", "client", "another" };
	static const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan_error error;

	if (!size)
		return 0;
	check(!service_names()[SERVICES]); /* each has its ports here */
	memset(&f, 0, sizeof(f));
	f.which = data[0] % SERVICES;
	f.data = data + 1;
	f.size = size - 1;
	f.plan.seed = 1;
	check(!stun_login_init(&f.login, TURN_ANYBODY, TURN_ANYBODY));
	for (int i = 0; i < 3; i++)
		check(plan_add(&f.plan, NULL, PLAN_HOST, hosts[i]) != NULL);
	check(!plan_complete(&f.plan, &error) && !world_new(&f.plan, &options, &f.world, &error));
	f.server = world_host(f.world, "server");
	f.clients[0] = world_host(f.world, "client");
	f.clients[1] = world_host(f.world, "another");
	check(world_run(f.world, serve, NULL) == 0);
	world_free(f.world);
	plan_clear(&f.plan);
	return 0;
}
