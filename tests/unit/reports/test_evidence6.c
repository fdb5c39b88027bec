/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of a call over IPv6, as the captures of worlds show them: in a datagram, in fragments, in a
 * stream, and through a NAT64, which has IPv4 on its other side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "reports/evidence.h"
#include "sim/fiber.h"
#include "sim/world.h"

enum { CALL = 0xca11, SHORT = 100, LONG = 1300, NARROW = 1280, TAPS_ON_THE_WAY = 4 };

static const struct row {
	const char *name, *nat6;
	bool literal; /* the server is spoken to by its IPv4 address */
	bool stream;
	uint16_t padding;
	uint16_t mtu; /* of Alice's link */
} rows[] = {
	{ "in a datagram", "ipv6-router", false, false, SHORT, 0 },
	{ "in fragments", "ipv6-router", false, false, LONG, NARROW },
	{ "in a stream", "ipv6-router", false, true, LONG, 0 },
	{ "translated in a datagram", "nat64", true, false, SHORT, 0 },
	{ "translated in fragments", "nat64", true, false, LONG, NARROW },
	{ "translated in a stream", "nat64", true, true, LONG, 0 },
};

static struct world *world;
static char path[] = "/tmp/knothole-evidence6-XXXXXX";

static void answer(void *arg)
{
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local = { .port = 7 } };
	struct sock *listener, *visitor;
	uint8_t bytes[256];

	(void)arg;
	if (sock_open(world_host(world, "server"), &spec, &listener) == 0 &&
	    sock_accept(listener, NEVER, &visitor) == 0)
		while (sock_recv(visitor, NULL, bytes, sizeof(bytes), NEVER) > 0)
			continue;
}

static void speak(void *arg)
{
	const struct row *row = arg;
	const struct talk frame = {
		.kind = TALK_VOICE, .token = CALL, .method = METHOD_DIRECT, .padding = row->padding
	};
	struct host *server = world_host(world, "server"), *alice = world_host(world, "alice");
	struct sock_spec spec = { .kind = row->stream ? SOCK_TCP : SOCK_UDP };
	uint8_t bytes[TALK_MAX];
	size_t len = talk_encode(&frame, bytes, sizeof(bytes));
	struct sock *sock;

	spec.remote.addr = row->literal ? host_addr(server) : host_addr6(server);
	spec.remote.port = 7;
	fiber_spawn(world_loop(world), "answer", answer, NULL, NULL);
	fiber_sleep(MSEC);
	if (sock_open(alice, &spec, &sock) == 0)
		sock_send(sock, NULL, bytes, len, NEVER);
	fiber_sleep(SEC);
}

static void play(const struct row *row)
{
	struct world_options options = { .kind = WORLD_VIRTUAL, .capture_path = path };
	struct plan plan = { .seed = 1 };
	struct plan_node *home, *alice;
	struct nat_model model;
	struct model_error wrong;
	struct plan_error error;

	plan_add(&plan, NULL, PLAN_HOST, "server");
	home = plan_add(&plan, NULL, PLAN_NET, "home");
	alice = plan_add(&plan, home, PLAN_HOST, "alice");
	home->no_ipv4 = true;
	assert_int_equal(nat_model_find(row->nat6, &model, &wrong), 0);
	assert_int_equal(plan_set_model6(home, &model), 0);
	alice->link.mtu = row->mtu;
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &world, &error))
		fail_msg("%s", error.text);
	assert_int_equal(world_run(world, speak, (void *)(uintptr_t)row), 0);
	assert_int_equal(world_close_capture(world), 0);
	world_free(world);
	plan_clear(&plan);
}

/* It is seen once at each of the four taps between her and the server. */
static void seen_at_every_tap(void **state)
{
	const struct row *row = *state;
	struct evidence evidence;
	char error[256];
	bool taps[16] = { false };

	play(row);
	assert_int_equal(evidence_read(path, &evidence, error, sizeof(error)), 0);
	assert_int_equal(evidence.dossiers_len, 1);
	assert_int_equal(evidence.dossiers[0].token, CALL);
	assert_int_equal(evidence.dossiers[0].len, TAPS_ON_THE_WAY);
	for (size_t i = 0; i < TAPS_ON_THE_WAY; i++) {
		assert_false(taps[evidence.dossiers[0].sightings[i].tap]);
		taps[evidence.dossiers[0].sightings[i].tap] = true;
	}
	evidence_clear(&evidence);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS];

	for (int i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = seen_at_every_tap,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return _cmocka_run_group_tests("evidence6", tests, ROWS, make_file, remove_file);
}
