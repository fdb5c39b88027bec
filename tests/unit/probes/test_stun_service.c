/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "probes/services/service.h"
#include "probes/wire/stun.h"

#define OWN UINT32_C(0x0b010102)
#define OTHER UINT32_C(0x0b010202)

struct fixture {
	struct fake_net net;
	struct host *client, *server, *alternate;
	struct service *service;
	struct sock *sock;
	uint8_t transaction[STUN_TRANSACTION];
	uint8_t request[1600], response[2048];
	struct stun_writer w;
	void (*test)(struct fixture *f);
};

static struct endpoint at(uint32_t addr, uint16_t port)
{
	return (struct endpoint){ ip_addr_v4(addr), port };
}

static void run_served(void *arg)
{
	struct fixture *f = arg;
	struct service_spec spec = { .name = "stun", .host = f->server, .alternate = f->alternate };
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = 5000 };

	assert_int_equal(service_start(&spec, &f->service), 0);
	assert_int_equal(sock_open(f->client, &udp, &f->sock), 0);
	f->test(f);
	sock_close(f->sock);
	service_stop(f->service);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), 0);
}

static void run(bool two_addresses, void (*test)(struct fixture *f))
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	fake_net_init(&f.net);
	f.client = fake_host_add(&f.net, "client", "11.1.3.2", NULL);
	f.server = fake_host_add(&f.net, "server", "11.1.1.2", NULL);
	if (two_addresses)
		f.alternate = fake_host_add(&f.net, "alternate", "11.1.2.2", NULL);
	f.test = test;
	fake_net_run(&f.net, run_served, &f);
	fake_net_free(&f.net);
}

static void begin(struct fixture *f, bool classic)
{
	stun_transaction(host_random(f->client), host_random(f->client), f->transaction);
	if (classic)
		f->transaction[0] = 0;
	stun_begin(&f->w, f->request, sizeof(f->request), STUN_REQUEST, STUN_BINDING,
		   f->transaction);
}

/* Send what was begun to @to; where the response came from, port 0 if there was none. */
static struct endpoint ask(struct fixture *f, struct endpoint to, struct stun_message *ret)
{
	struct endpoint from = { ip_addr_v4(0), 0 };
	long n;

	*ret = (struct stun_message){ 0 };
	assert_int_equal(sock_send(f->sock, &to, f->request, stun_end(&f->w), NEVER), 0);
	n = sock_recv(f->sock, &from, f->response, sizeof(f->response), host_now(f->client) + SEC);
	if (n < 0)
		return (struct endpoint){ ip_addr_v4(0), 0 };
	assert_int_equal(stun_decode(f->response, (size_t)n, ret), 0);
	assert_memory_equal(ret->transaction, f->transaction, STUN_TRANSACTION);
	return from;
}

static void expect_address(const struct stun_message *msg, uint16_t type, struct endpoint want)
{
	struct endpoint e;

	assert_true(stun_get_address(msg, type, &e));
	assert_true(endpoint_equal(e, want));
}

static void expect_none(const struct stun_message *msg, uint16_t type)
{
	struct stun_value v;

	assert_false(stun_find(msg, type, &v));
}

static void expect_error(const struct stun_message *msg, unsigned want)
{
	struct stun_value v;
	unsigned code;

	assert_int_equal(msg->class, STUN_ERROR);
	assert_true(stun_get_error(msg, &code, &v));
	assert_int_equal(code, want);
}

/* From each of the four sockets, with each CHANGE-REQUEST. */
static void ask_all_ways(struct fixture *f)
{
	const uint32_t addrs[] = { OWN, OTHER };
	const uint16_t ports[] = { STUN_PORT, STUN_ALTERNATE_PORT };

	for (int i = 0; i < 32; i++) {
		bool classic = i & 16, ip = i & 1, port = i & 2;
		int a = i >> 2 & 1, p = i >> 3 & 1;
		struct endpoint want = at(addrs[a ^ ip], ports[p ^ port]);
		struct stun_message msg;

		begin(f, classic);
		stun_add_u32(&f->w, STUN_CHANGE_REQUEST,
			     (ip ? STUN_CHANGE_IP : 0U) | (port ? STUN_CHANGE_PORT : 0U));
		assert_true(endpoint_equal(ask(f, at(addrs[a], ports[p]), &msg), want));
		assert_int_equal(msg.class, STUN_SUCCESS);
		assert_int_equal(msg.classic, classic);
		expect_address(&msg, STUN_MAPPED_ADDRESS, at(0x0b010302, 5000));
		expect_address(&msg, classic ? STUN_SOURCE_ADDRESS : STUN_RESPONSE_ORIGIN, want);
		expect_address(&msg, classic ? STUN_CHANGED_ADDRESS : STUN_OTHER_ADDRESS,
			       at(addrs[!a], ports[!p]));
		if (classic)
			expect_none(&msg, STUN_XOR_MAPPED_ADDRESS);
		else
			expect_address(&msg, STUN_XOR_MAPPED_ADDRESS, at(0x0b010302, 5000));
	}
}

static void test_two_addresses_and_two_ports(void **state)
{
	(void)state;
	run(true, ask_all_ways);
}

static void ask_one_address(struct fixture *f)
{
	struct stun_message msg;
	struct stun_value v;

	begin(f, false);
	ask(f, at(OWN, STUN_PORT), &msg);
	assert_int_equal(msg.class, STUN_SUCCESS);
	expect_none(&msg, STUN_OTHER_ADDRESS);
	expect_address(&msg, STUN_RESPONSE_ORIGIN, at(OWN, STUN_PORT));

	begin(f, false);
	stun_add_u32(&f->w, STUN_CHANGE_REQUEST, STUN_CHANGE_PORT);
	ask(f, at(OWN, STUN_PORT), &msg);
	expect_error(&msg, 420);
	assert_true(stun_find(&msg, STUN_UNKNOWN_ATTRIBUTES, &v));
	assert_int_equal(v.len, 2);
	assert_memory_equal(v.bytes, "\x00\x03", 2);

	begin(f, true);
	stun_add_u32(&f->w, STUN_CHANGE_REQUEST, 0);
	ask(f, at(OWN, STUN_PORT), &msg);
	assert_int_equal(msg.class, STUN_SUCCESS);
	expect_none(&msg, STUN_CHANGED_ADDRESS);

	begin(f, true);
	stun_add_u32(&f->w, STUN_CHANGE_REQUEST, STUN_CHANGE_IP);
	ask(f, at(OWN, STUN_PORT), &msg);
	expect_error(&msg, 420);
}

static void test_one_address(void **state)
{
	(void)state;
	run(false, ask_one_address);
}

/* The response goes to another port of the client's, and only there. */
static void ask_for_another_port(struct fixture *f)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = 5001 };
	struct endpoint from;
	struct stun_message msg;
	struct sock *other;
	long n;

	assert_int_equal(sock_open(f->client, &udp, &other), 0);
	begin(f, false);
	stun_add_response_port(&f->w, 5001);
	assert_int_equal(ask(f, at(OWN, STUN_PORT), &msg).port, 0);
	n = sock_recv(other, &from, f->response, sizeof(f->response), host_now(f->client) + SEC);
	assert_true(n > 0);
	assert_int_equal(stun_decode(f->response, (size_t)n, &msg), 0);
	expect_address(&msg, STUN_XOR_MAPPED_ADDRESS, at(0x0b010302, 5000));

	/* Fragments to a port that did not ask. */
	begin(f, false);
	stun_add_response_port(&f->w, 5001);
	stun_add_padding(&f->w, 100);
	assert_int_equal(ask(f, at(OWN, STUN_PORT), &msg).port, STUN_PORT);
	expect_error(&msg, 400);

	/* RFC 3489's way: within the address that asks, and not beyond it. */
	begin(f, true);
	stun_add_address(&f->w, STUN_RESPONSE_ADDRESS, at(0x0b010302, 5001));
	assert_int_equal(ask(f, at(OWN, STUN_PORT), &msg).port, 0);
	n = sock_recv(other, &from, f->response, sizeof(f->response), host_now(f->client) + SEC);
	assert_int_equal(stun_decode(f->response, (size_t)n, &msg), 0);
	expect_address(&msg, STUN_REFLECTED_FROM, at(0x0b010302, 5000));
	begin(f, true);
	stun_add_address(&f->w, STUN_RESPONSE_ADDRESS, at(OTHER, 5001));
	assert_int_equal(ask(f, at(OWN, STUN_PORT), &msg).port, STUN_PORT);
	expect_error(&msg, 420);
	sock_close(other);
}

static void test_response_port(void **state)
{
	(void)state;
	run(true, ask_for_another_port);
}

static void ask_with_particulars(struct fixture *f)
{
	struct stun_message msg;
	struct stun_value v;

	begin(f, false);
	stun_add_padding(&f->w, 1200);
	ask(f, at(OWN, STUN_PORT), &msg);
	assert_true(stun_find(&msg, STUN_PADDING, &v));
	assert_int_equal(v.len, 1200);

	begin(f, false);
	ask(f, at(OWN, STUN_PORT), &msg);
	expect_none(&msg, STUN_FINGERPRINT);
	begin(f, false);
	stun_add_fingerprint(&f->w);
	ask(f, at(OWN, STUN_PORT), &msg);
	assert_true(stun_find(&msg, STUN_FINGERPRINT, &v));

	begin(f, false);
	stun_add(&f->w, 0x7001, NULL, 0);
	ask(f, at(OWN, STUN_PORT), &msg);
	expect_error(&msg, 420);
}

static void test_padding_fingerprint_unknown(void **state)
{
	(void)state;
	run(true, ask_with_particulars);
}

/* What gets no answer, after which the server still answers. */
static void say_nonsense(struct fixture *f)
{
	struct endpoint to = at(OWN, STUN_PORT);
	struct stun_message msg;

	for (int i = 0; i < 4; i++) {
		begin(f, false);
		if (i == 0) /* an indication */
			f->request[0] = 0x00, f->request[1] = 0x11;
		if (i == 1) /* another method */
			f->request[1] = 0x03;
		if (i == 2) /* a length that lies */
			f->request[3] = 4;
		if (i == 3) /* no STUN */
			f->request[0] = 0xff;
		assert_int_equal(ask(f, to, &msg).port, 0);
	}
	sock_send(f->sock, &to, "", 0, NEVER);
	begin(f, false);
	assert_int_equal(ask(f, to, &msg).port, STUN_PORT);
}

static void test_nonsense_is_ignored(void **state)
{
	(void)state;
	run(true, say_nonsense);
}

/* The next message of the connection @tcp. */
static void read_message(struct fixture *f, struct sock *tcp, struct stun_message *ret)
{
	uint64_t deadline = host_now(f->client) + SEC;
	size_t len;

	assert_int_equal(sock_recv_exact(tcp, f->response, STUN_HEADER, deadline), 0);
	len = (size_t)f->response[2] << 8 | f->response[3];
	assert_int_equal(sock_recv_exact(tcp, f->response + STUN_HEADER, len, deadline), 0);
	assert_int_equal(stun_decode(f->response, STUN_HEADER + len, ret), 0);
	assert_memory_equal(ret->transaction, f->transaction, STUN_TRANSACTION);
}

static struct sock *call_server(struct fixture *f)
{
	const struct sock_spec spec = { .kind = SOCK_TCP, .remote = at(OWN, STUN_PORT) };
	struct sock *tcp = NULL;

	assert_int_equal(sock_open(f->client, &spec, &tcp), 0);
	return tcp;
}

/* Two requests in three pieces; then one with what is not understood over TCP, and nonsense. */
static void ask_over_tcp(struct fixture *f)
{
	struct sock *tcp = call_server(f);
	struct stun_message msg;
	struct endpoint mapped;
	struct stun_value reason;
	uint8_t twice[200];
	unsigned code = 0;
	size_t len;

	begin(f, false);
	stun_add_fingerprint(&f->w);
	len = stun_end(&f->w);
	memcpy(twice, f->request, len);
	memcpy(twice + len, f->request, len);
	assert_int_equal(sock_send(tcp, NULL, twice, 3, NEVER), 0);
	assert_int_equal(sock_send(tcp, NULL, twice + 3, len, NEVER), 0);
	assert_int_equal(sock_send(tcp, NULL, twice + 3 + len, len - 3, NEVER), 0);
	for (int i = 0; i < 2; i++) {
		read_message(f, tcp, &msg);
		assert_int_equal(msg.class, STUN_SUCCESS);
		assert_true(stun_get_address(&msg, STUN_XOR_MAPPED_ADDRESS, &mapped));
		assert_true(endpoint_equal(mapped, sock_local(tcp)));
	}
	begin(f, false);
	stun_add_u32(&f->w, STUN_CHANGE_REQUEST, STUN_CHANGE_PORT);
	assert_int_equal(sock_send(tcp, NULL, f->request, stun_end(&f->w), NEVER), 0);
	read_message(f, tcp, &msg);
	assert_true(stun_get_error(&msg, &code, &reason));
	assert_int_equal(code, 420);
	assert_int_equal(sock_send(tcp, NULL, "GET / HTTP/1.1 and more", 20, NEVER), 0);
	assert_true(sock_recv(tcp, NULL, twice, 1, host_now(f->client) + SEC) <= 0);
	sock_close(tcp);
}

static void test_over_tcp(void **state)
{
	(void)state;
	run(false, ask_over_tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_addresses_and_two_ports),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_response_port),
		cmocka_unit_test(test_padding_fingerprint_unknown),
		cmocka_unit_test(test_nonsense_is_ignored),
		cmocka_unit_test(test_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
