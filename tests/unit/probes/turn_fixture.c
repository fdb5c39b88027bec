/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct endpoint turn_at(uint32_t addr, uint16_t port)
{
	return (struct endpoint){ ip_addr_v4(addr), port };
}

static void keep_line(void *arg, const char *line)
{
	struct turn_fixture *f = arg;

	f->lines++;
	snprintf(f->line, sizeof(f->line), "%s", line);
}

static void run_served(void *arg)
{
	struct turn_fixture *f = arg;
	struct service_spec spec = { .name = "turn",
				     .host = f->server,
				     .turn = &f->options,
				     .log = keep_line,
				     .log_arg = f };
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = 5000 };

	assert_int_equal(service_start(&spec, &f->service), 0);
	assert_int_equal(sock_open(f->client, &udp, &f->sock), 0);
	assert_int_equal(sock_open(f->peer, &udp, &f->peer_sock), 0);
	f->test(f);
	sock_close(f->sock);
	sock_close(f->peer_sock);
	service_stop(f->service);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), 0);
}

void turn_run(const struct turn_options *options, void (*test)(struct turn_fixture *f))
{
	static struct turn_fixture f;

	memset(&f, 0, sizeof(f));
	fake_net_init(&f.net);
	f.client = fake_host_add(&f.net, "client", "11.1.3.2", NULL);
	f.server = fake_host_add(&f.net, "server", "11.1.1.2", NULL);
	f.peer = fake_host_add(&f.net, "peer", "11.1.2.2", NULL);
	if (options)
		f.options = *options;
	f.test = test;
	assert_int_equal(stun_login_init(&f.login, TURN_ANYBODY, TURN_ANYBODY), 0);
	fake_net_run(&f.net, run_served, &f);
	fake_net_free(&f.net);
}

void turn_begin(struct turn_fixture *f, uint16_t method)
{
	stun_transaction(host_random(f->client), host_random(f->client), f->transaction);
	stun_begin(&f->w, f->request, sizeof(f->request), STUN_REQUEST, method, f->transaction);
}

unsigned turn_send_as_is(struct turn_fixture *f)
{
	struct endpoint to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT), from;
	struct stun_value reason;
	unsigned code = 0;
	long n;

	assert_int_equal(sock_send(f->sock, &to, f->request, stun_end(&f->w), NEVER), 0);
	n = sock_recv(f->sock, &from, f->response, sizeof(f->response), host_now(f->client) + SEC);
	if (n < 0)
		return 999;
	assert_int_equal(stun_decode(f->response, (size_t)n, &f->msg), 0);
	assert_memory_equal(f->msg.transaction, f->transaction, STUN_TRANSACTION);
	stun_get_error(&f->msg, &code, &reason);
	return code;
}

unsigned turn_ask(struct turn_fixture *f)
{
	stun_login_add(&f->login, &f->w);
	return turn_send_as_is(f);
}

void turn_log_in(struct turn_fixture *f)
{
	turn_begin(f, TURN_ALLOCATE);
	assert_int_equal(turn_send_as_is(f), 401);
	assert_int_equal(stun_login_learn(&f->login, &f->msg, 401), 0);
}

unsigned turn_allocate_one(struct turn_fixture *f)
{
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	return turn_ask(f);
}

unsigned turn_permit_one(struct turn_fixture *f, uint32_t peer)
{
	turn_begin(f, TURN_CREATE_PERMISSION);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(peer, 0));
	return turn_ask(f);
}

unsigned turn_bind_one(struct turn_fixture *f, uint16_t number, uint32_t peer, uint16_t port)
{
	turn_begin(f, TURN_CHANNEL_BIND);
	stun_add_u32(&f->w, STUN_CHANNEL_NUMBER, (uint32_t)number << 16);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(peer, port));
	return turn_ask(f);
}

struct sock *turn_dial(struct turn_fixture *f, uint16_t port)
{
	const struct sock_spec tcp = {
		.kind = SOCK_TCP,
		.remote = turn_at(TURN_FIXTURE_SERVER, port),
		.deadline = host_now(f->client) + 5 * SEC,
	};
	struct sock *sock = NULL;

	assert_int_equal(sock_open(f->client, &tcp, &sock), 0);
	return sock;
}

void turn_hear_over(struct turn_fixture *f, struct sock *tcp)
{
	size_t len;

	assert_int_equal(sock_recv_exact(tcp, f->response, TURN_STREAM_HEADER, NEVER), 0);
	len = turn_stream_len(f->response);
	assert_in_range(len, TURN_STREAM_HEADER, sizeof(f->response));
	assert_int_equal(sock_recv_exact(tcp, f->response + TURN_STREAM_HEADER,
					 len - TURN_STREAM_HEADER, NEVER),
			 0);
	assert_int_equal(stun_decode(f->response, len, &f->msg), 0);
}

unsigned turn_ask_over(struct turn_fixture *f, struct sock *tcp)
{
	struct stun_value reason;
	unsigned code = 0;

	stun_login_add(&f->login, &f->w);
	assert_int_equal(sock_send(tcp, NULL, f->request, stun_end(&f->w), NEVER), 0);
	do
		turn_hear_over(f, tcp);
	while (memcmp(f->msg.transaction, f->transaction, STUN_TRANSACTION) != 0);
	stun_get_error(&f->msg, &code, &reason);
	return code;
}

bool turn_is_ended(struct sock *sock, uint64_t within)
{
	uint64_t deadline = host_now(sock_host(sock)) + within;
	uint8_t bytes[256];
	long n;

	do
		n = sock_recv(sock, NULL, bytes, sizeof(bytes), deadline);
	while (n > 0);
	return n != -ETIMEDOUT;
}

uint32_t turn_u32_of(const struct turn_fixture *f, uint16_t type)
{
	uint32_t value = 0;

	assert_true(stun_get_u32(&f->msg, type, &value));
	return value;
}
