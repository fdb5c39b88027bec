/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls through TURN, and the client that carries them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/methods/turn_client.h"
#include "probes/services/turn_options.h"

static enum turn_transport transport;
static bool connected;
static uint32_t loss_ppm;

static struct turn_client_spec client_spec(const struct fixture *f)
{
	return (struct turn_client_spec){
		.server = { host_addr(f->rendezvous),
			    transport == TURN_OVER_TLS ? TURN_TLS_PORT : STUN_PORT },
		.transport = transport,
		.username = TURN_ANYBODY,
		.password = TURN_ANYBODY,
	};
}

/* The TURN server stands where the rendezvous does. */
static struct service *serve(struct fixture *f, const struct turn_options *options)
{
	const struct service_spec spec = { .name = "turn", .host = f->rendezvous, .turn = options };
	struct service *service;

	assert_int_equal(service_start(&spec, &service), 0);
	return service;
}

static void call_by_turn(struct fixture *f)
{
	const enum method turn = METHOD_TURN;
	const struct turn_client_spec spec = client_spec(f);
	struct service *service = serve(f, NULL);
	struct call *call;

	f->net.udp_loss_ppm = loss_ppm;
	peer_use_turn(f->peers[0], &spec);
	peer_use_turn(f->peers[1], &spec);
	f->spec.attempt_ns = 20 * SEC;
	call = connect_by(f, &turn, 1);
	connected = call_connected(call);
	if (connected && !loss_ppm)
		talk_on(call, 10);
	call_free(call);
	service_stop(service);
}

static bool turn_connects(int a, int b, enum turn_transport over)
{
	struct fixture f;

	transport = over;
	set_up(&f, a, b);
	run(&f, call_by_turn);
	return connected;
}

static void test_all_transports_and_nats(void **state)
{
	(void)state;
	for (int over = 0; over < TURN_TRANSPORT_COUNT; over++)
		for (int nat = BLOCKED; nat < 9; nat++)
			assert_int_equal(turn_connects(nat, SYMMETRIC, (enum turn_transport)over),
					 over != TURN_OVER_UDP || nat != BLOCKED);
}

/* Each request is sent again until it is answered. */
static void test_loss(void **state)
{
	(void)state;
	loss_ppm = 300000;
	assert_true(turn_connects(SYMMETRIC, PORT_RESTRICTED, TURN_OVER_UDP));
	loss_ppm = 0;
}

/* A peer that was never told of a server declines, and the caller need not wait. */
static void call_who_has_none(struct fixture *f)
{
	const enum method turn = METHOD_TURN;
	const struct turn_client_spec spec = client_spec(f);
	struct service *service = serve(f, NULL);
	struct call *call;

	peer_use_turn(f->peers[0], &spec);
	call = connect_by(f, &turn, 1);
	assert_false(call_connected(call));
	call_free(call);
	service_stop(service);
}

static void test_callee_without_server(void **state)
{
	struct fixture f;

	(void)state;
	transport = TURN_OVER_UDP;
	set_up(&f, OPEN, OPEN);
	run(&f, call_who_has_none);
}

/* The client alone */

static void outlive_everything(struct fixture *f)
{
	static const struct turn_options brief = { .nonce_ns = 100 * SEC };
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = 7000 };
	struct turn_client_spec spec = client_spec(f);
	struct service *service = serve(f, &brief);
	struct turn_client *client;
	struct endpoint from, relayed, bob = { host_addr(f->bob), 7000 };
	struct sock *peer;
	char bytes[16];

	spec.keep = true;
	assert_int_equal(sock_open(f->bob, &udp, &peer), 0);
	assert_int_equal(turn_client_new(f->alice, &spec, &client), 0);
	assert_int_equal(turn_client_allocate(client, NEVER), 0);
	assert_int_equal(turn_client_bind(client, bob, 0, NEVER), 0);
	relayed = turn_client_relayed(client);
	/* Longer than allocations (10 min), channels (10 min) and permissions (5 min) live. */
	fiber_sleep(host_now(f->alice) + 3600 * SEC);
	assert_int_equal(turn_client_send(client, bob, "ping", 4, NEVER), 0);
	assert_int_equal(sock_recv(peer, &from, bytes, sizeof(bytes), host_now(f->bob) + SEC), 4);
	assert_true(endpoint_equal(from, relayed));
	assert_int_equal(sock_send(peer, &relayed, "pong!", 5, NEVER), 0);
	assert_int_equal(
		turn_client_recv(client, &from, bytes, sizeof(bytes), host_now(f->alice) + SEC), 5);
	assert_true(endpoint_equal(from, bob));
	turn_client_free(client);
	sock_close(peer);
	service_stop(service);
}

static void test_keeping(void **state)
{
	(void)state;
	for (int over = 0; over < TURN_TRANSPORT_COUNT; over++) {
		struct fixture f;

		transport = (enum turn_transport)over;
		set_up(&f, SYMMETRIC, OPEN);
		run(&f, outlive_everything);
	}
}

static void be_refused(struct fixture *f)
{
	struct turn_client_spec spec = client_spec(f);
	struct turn_client *client;
	struct service *service;

	/* Nobody is there. */
	assert_int_equal(turn_client_new(f->alice, &spec, &client), 0);
	assert_int_equal(turn_client_allocate(client, host_now(f->alice) + 3 * SEC),
			 transport == TURN_OVER_UDP ? -ETIMEDOUT : -ECONNREFUSED);
	turn_client_free(client);
	/* The wrong password is not tried again and again. */
	service = serve(f, NULL);
	spec.password = "wrong";
	assert_int_equal(turn_client_new(f->alice, &spec, &client), 0);
	assert_int_equal(turn_client_allocate(client, host_now(f->alice) + 3 * SEC), -EREMOTEIO);
	assert_int_equal(turn_client_refusal(client)->code, 401);
	assert_string_equal(turn_client_refusal(client)->reason, "Unauthenticated");
	turn_client_free(client);
	service_stop(service);
}

static void test_refusals(void **state)
{
	(void)state;
	for (int over = 0; over < TURN_TRANSPORT_COUNT; over++) {
		struct fixture f;

		transport = (enum turn_transport)over;
		set_up(&f, OPEN, OPEN);
		run(&f, be_refused);
	}
}

/* The server goes while a fiber waits for a datagram. */
static struct service *doomed;

static void stop_soon(void *arg)
{
	struct fixture *f = arg;

	fiber_sleep(host_now(f->rendezvous) + SEC);
	service_stop(doomed);
}

static void lose_server(struct fixture *f)
{
	struct turn_client_spec spec = client_spec(f);
	struct turn_client *client;
	struct fiber *stopper;
	char bytes[16];

	doomed = serve(f, NULL);
	assert_int_equal(turn_client_new(f->alice, &spec, &client), 0);
	assert_int_equal(turn_client_allocate(client, NEVER), 0);
	assert_int_equal(fiber_spawn(f->net.loop, "stop", stop_soon, f, &stopper), 0);
	assert_int_equal(
		turn_client_recv(client, NULL, bytes, sizeof(bytes), host_now(f->alice) + 10 * SEC),
		transport == TURN_OVER_UDP ? -ETIMEDOUT : -ECONNRESET);
	assert_int_equal(fiber_join(stopper, NEVER), 0);
	turn_client_free(client);
}

static void test_server_goes(void **state)
{
	(void)state;
	for (int over = 0; over < TURN_TRANSPORT_COUNT; over++) {
		struct fixture f;

		transport = (enum turn_transport)over;
		set_up(&f, OPEN, OPEN);
		run(&f, lose_server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_transports_and_nats),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_callee_without_server),
		cmocka_unit_test(test_keeping),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_server_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
