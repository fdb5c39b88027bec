/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every service under abuse, in a virtual world whose attackers may send whatever packets they like:
 * what it keeps stays bounded, it says what is wrong without filling a log, and it serves the others.
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/header_fields.h"
#include "nat-models/packet.h"
#include "probes/methods/resolve.h"
#include "probes/services/service.h"
#include "probes/wire/rendezvous.h"
#include "probes/wire/stun.h"
#include "sim/fiber.h"
#include "sim/world.h"

enum { LINES = 64, LINES_MOST = 48, REQUEST = 512, CONNECTIONS_MOST = 300 };
#define MEMORY_MOST ((size_t)32 << 20) /* with the attackers' own, and what is on its way */

struct lab {
	struct plan plan;
	struct world *world;
	struct host *server, *honest, *mallory, *forger;
	const struct row *row;
	const struct abuse *abuse;
	size_t memory; /* before the abuse */
	char lines[LINES][200];
	unsigned lines_len;
};

/* A request that is answered, and whether it was. */
static size_t dns_request(uint8_t *bytes);
static size_t echo_request(uint8_t *bytes);
static size_t rendezvous_request(uint8_t *bytes);
static size_t stun_request(uint8_t *bytes);
static bool dns_serves(struct lab *lab);
static bool echo_serves(struct lab *lab);
static bool rendezvous_serves(struct lab *lab);
static bool stun_serves(struct lab *lab);

static const struct row {
	const char *name;
	uint16_t udp, tcp; /* ports; 0 = it has none */
	unsigned connections; /* that it takes at a time */
	uint64_t silence_ns; /* that it bears */
	bool messages; /* its stream has any, which must not take for ever */
	size_t (*request)(uint8_t *bytes); /* one over UDP */
	size_t prefix; /* how much longer it is over TCP: its length in front */
	bool (*serves)(struct lab *lab);
	const char *nonsense, *full, *silent, *slow, *forged,
		*unread; /* what it says of it; NULL = nothing */
} rows[] = {
	{ "dns", DNS_PORT, DNS_PORT, 64, 11 * SEC, true, dns_request, DNS_PREFIX, dns_serves,
	  "sends what is no DNS query", "finds all connections taken",
	  "connected, and then said nothing", "takes too long to send a message", NULL,
	  "does not read its answers" },
	{ "echo", ECHO_PORT, ECHO_PORT, 64, 301 * SEC, false, echo_request, 0, echo_serves, NULL,
	  "finds all connections taken", "connected, and then said nothing", NULL,
	  "is an echo service itself", "does not read its echo" },
	{ "rendezvous", RENDEZVOUS_PORT, RENDEZVOUS_PORT, 256, 11 * SEC, true, rendezvous_request,
	  0, rendezvous_serves, "sends what is no message", "finds all connections taken",
	  "did not say who it is", "takes too long", NULL, "does not read what it is told" },
	{ "stun", STUN_PORT, STUN_PORT, 256, 601 * SEC, true, stun_request, 0, stun_serves,
	  "sends what is no STUN", "finds all connections taken",
	  "connected, and then said nothing", "takes too long to send a message", NULL,
	  "does not read its answers" },
	{ "turn", STUN_PORT, STUN_PORT, 128, 31 * SEC, true, stun_request, 0, stun_serves,
	  "sends what is neither STUN nor ChannelData", "finds all connections taken",
	  "connected, and then said nothing of use", "takes too long to send a message", NULL,
	  "does not read what is relayed to it" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Honest clients */

static size_t dns_request(uint8_t *bytes)
{
	static const char query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\6honest\0\0\1\0\1";

	memcpy(bytes, query, sizeof(query) - 1);
	return sizeof(query) - 1;
}

static size_t echo_request(uint8_t *bytes)
{
	memset(bytes, 'e', 100);
	return 100;
}

/* A login, which is said over TCP only. */
static size_t rendezvous_request(uint8_t *bytes)
{
	struct rendezvous_message msg = { .kind = RENDEZVOUS_LOGIN,
					  .name = "mallory-by-her-long-name" };

	return rendezvous_encode(&msg, bytes, REQUEST);
}

static size_t stun_request(uint8_t *bytes)
{
	static const uint8_t transaction[STUN_TRANSACTION] = { 0x21, 0x12, 0xa4, 0x42, 7 };
	struct stun_writer w;

	stun_begin(&w, bytes, REQUEST, STUN_REQUEST, STUN_BINDING, transaction);
	stun_add_fingerprint(&w);
	return stun_end(&w);
}

static struct endpoint server_at(const struct lab *lab, uint16_t port)
{
	return (struct endpoint){ host_addr(lab->server), port };
}

/* Ask over UDP once; how long the answer is, or -errno. */
static long ask_udp(struct lab *lab, uint8_t answer[REQUEST])
{
	struct endpoint to = server_at(lab, lab->row->udp);
	struct sock_spec udp = { .kind = SOCK_UDP };
	uint8_t request[REQUEST];
	size_t len = lab->row->request(request);
	struct sock *sock;
	long n;

	assert_int_equal(sock_open(lab->honest, &udp, &sock), 0);
	assert_int_equal(sock_send(sock, &to, request, len, NEVER), 0);
	n = sock_recv(sock, NULL, answer, REQUEST, host_now(lab->honest) + SEC);
	sock_close(sock);
	return n;
}

static bool dns_serves(struct lab *lab)
{
	struct resolve_answer *answer = malloc(sizeof(*answer));
	struct resolve_spec spec = { .server = server_at(lab, DNS_PORT),
				     .type = DNS_A,
				     .deadline = host_now(lab->honest) + 2 * SEC };
	bool good;

	dns_name_parse("honest.lab", &spec.name);
	good = !resolve(lab->honest, &spec, answer) && answer->len == 1;
	free(answer);
	return good;
}

static bool echo_serves(struct lab *lab)
{
	uint8_t answer[REQUEST];

	return ask_udp(lab, answer) == 100 && answer[99] == 'e';
}

static bool rendezvous_serves(struct lab *lab)
{
	struct sock_spec tcp = { .kind = SOCK_TCP,
				 .remote = server_at(lab, RENDEZVOUS_PORT),
				 .deadline = host_now(lab->honest) + 5 * SEC };
	struct rendezvous_message msg = { .kind = RENDEZVOUS_LOGIN, .name = "honest" };
	uint8_t bytes[RENDEZVOUS_MAX];
	struct sock *sock;
	int err;

	if (sock_open(lab->honest, &tcp, &sock))
		return false;
	err = sock_send(sock, NULL, bytes, rendezvous_encode(&msg, bytes, sizeof(bytes)), NEVER);
	if (!err)
		err = sock_recv_exact(sock, bytes, 4, host_now(lab->honest) + 5 * SEC);
	sock_close(sock);
	return !err && bytes[3] == RENDEZVOUS_WELCOME;
}

static bool stun_serves(struct lab *lab)
{
	uint8_t answer[REQUEST];
	struct stun_message msg;
	long n = ask_udp(lab, answer);

	return n > 0 && !stun_decode(answer, (size_t)n, &msg) && msg.class == STUN_SUCCESS;
}

/* Dishonest ones */

static void pass(struct lab *lab, uint64_t ns)
{
	fiber_sleep(host_now(lab->mallory) + ns);
}

/* What malloc() has given out; 0 where a sanitizer has its own. */
static size_t memory_now(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void check_memory(const struct lab *lab)
{
	size_t now = memory_now();

	if (now > lab->memory + MEMORY_MOST)
		fail_msg("%s: %s: %zu KiB more than before", lab->row->name,
			 "memory grows under abuse", (now - lab->memory) >> 10);
}

static void check_said(const struct lab *lab, const char *what)
{
	if (!what)
		return;
	for (unsigned i = 0; i < lab->lines_len && i < LINES; i++)
		if (strstr(lab->lines[i], what) &&
		    strncmp(lab->lines[i], "server: ", strlen("server: ")) == 0)
			return;
	fail_msg("%s did not say \"%s\" in any of %u lines", lab->row->name, what, lab->lines_len);
}

static struct sock *dial(struct lab *lab)
{
	struct sock_spec tcp = { .kind = SOCK_TCP,
				 .remote = server_at(lab, lab->row->tcp),
				 .deadline = host_now(lab->mallory) + 5 * SEC };
	struct sock *sock = NULL;

	return sock_open(lab->mallory, &tcp, &sock) ? NULL : sock;
}

/* Has the server ended it, or does so within @within? */
static bool is_ended(struct sock *sock, uint64_t within)
{
	uint64_t deadline = host_now(sock_host(sock)) + within;
	uint8_t bytes[4096];
	long n;

	do
		n = sock_recv(sock, NULL, bytes, sizeof(bytes), deadline);
	while (n > 0);
	return n != -ETIMEDOUT;
}

static void fill(struct lab *lab, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t chance = host_random(lab->mallory);

		memcpy(bytes + i, &chance, len - i < 8 ? len - i : 8);
	}
}

/* Datagrams of chance, of all lengths, and the good request cut and bent at every byte. */
static void flood(struct lab *lab)
{
	struct endpoint to = server_at(lab, lab->row->udp);
	struct sock_spec udp = { .kind = SOCK_UDP };
	uint8_t bytes[1472], request[REQUEST];
	size_t len = lab->row->request(request);
	struct sock *sock;

	assert_int_equal(sock_open(lab->mallory, &udp, &sock), 0);
	for (size_t i = 0; i < 10000; i++) {
		fill(lab, bytes, 64);
		sock_send(sock, &to, bytes, i % sizeof(bytes), NEVER);
		if (i % 100 == 0)
			pass(lab, MSEC);
	}
	for (size_t i = 0; i < len; i++) {
		sock_send(sock, &to, request, i, NEVER);
		request[i] ^= 0x55;
		sock_send(sock, &to, request, len, NEVER);
		request[i] ^= 0x55;
		pass(lab, USEC);
	}
	check_memory(lab);
	pass(lab, SEC);
	sock_close(sock);
	check_said(lab, lab->row->nonsense);
}

/* One packet as it stands. */
static void forge(struct lab *lab, struct sock *bare, struct endpoint from, bool syn,
		  const uint8_t *payload, size_t len)
{
	const struct tcp_says says = { .seq = (uint32_t)host_random(lab->forger),
				       .flags = TCP_SYN,
				       .window = 65535 };
	struct endpoint to = server_at(lab, syn ? lab->row->tcp : lab->row->udp);
	uint8_t bytes[1500];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	if (syn)
		assert_int_equal(packet_make_tcp(&pkt, from, to, 64, &says, NULL, 0), 0);
	else
		assert_int_equal(packet_make_udp(&pkt, from, to, 64, payload, len), 0);
	sock_send(bare, NULL, bytes, pkt.len, NEVER);
}

/* Requests, and SYNs, from where nobody sent them: from nowhere, from everybody, from the server's own
 * port, whose answer to itself would never end. */
static void forge_sources(struct lab *lab)
{
	static const uint32_t odd[] = { 0,	    0x7f000001, 0xffffffff, 0xe0000001,
					0x0b010102, 0x0b010202, 0x0b0101ff };
	struct sock_spec spec = { .kind = SOCK_BARE };
	uint8_t request[REQUEST];
	size_t len = lab->row->request(request);
	struct sock *bare;

	assert_int_equal(sock_open(lab->forger, &spec, &bare), 0);
	for (unsigned i = 0; i < 4000; i++) {
		uint64_t chance = host_random(lab->forger);
		struct endpoint from = { ip_addr_v4((uint32_t)chance), (uint16_t)(chance >> 32) };

		if (i % 4 == 0)
			from = (struct endpoint){ ip_addr_v4(odd[i / 4 % 7]), lab->row->udp };
		forge(lab, bare, from, false, request, len);
		if (lab->row->tcp)
			forge(lab, bare, from, true, NULL, 0);
		if (i % 50 == 0)
			pass(lab, MSEC);
	}
	check_memory(lab);
	pass(lab, 200 * SEC); /* by when half-open connections have been given up */
	sock_close(bare);
	check_said(lab, lab->row->forged);
}

/* More connections than it takes, none of which says a word. */
static void stay_silent(struct lab *lab)
{
	struct sock *socks[CONNECTIONS_MOST] = { NULL };
	unsigned n = lab->row->connections + 40, open = 0;

	assert_true(n <= CONNECTIONS_MOST);
	for (unsigned i = 0; i < n; i++)
		socks[i] = dial(lab);
	pass(lab, SEC);
	for (unsigned i = 0; i < n; i++)
		open += socks[i] && !is_ended(socks[i], 0);
	assert_int_equal(open, lab->row->connections);
	check_memory(lab);
	check_said(lab, lab->row->full);
	pass(lab, lab->row->silence_ns);
	for (unsigned i = 0; i < n; i++) {
		assert_true(!socks[i] || is_ended(socks[i], SEC));
		sock_close(socks[i]);
	}
	check_said(lab, lab->row->silent);
}

/* What a connection says, its length in front where that is due. */
static size_t stream_request(const struct lab *lab, uint8_t *bytes)
{
	size_t prefix = lab->row->prefix, len = lab->row->request(bytes + prefix);

	for (size_t i = 0; i < prefix; i++)
		bytes[i] = (uint8_t)(len >> 8 * (prefix - 1 - i));
	return prefix + len;
}

/* A good request, a byte a second: the first byte begins its time. */
static void trickle(struct lab *lab)
{
	struct sock *sock = dial(lab);
	uint64_t began = host_now(lab->mallory);
	uint8_t bytes[REQUEST];
	size_t len = stream_request(lab, bytes), i = 0;

	assert_non_null(sock);
	assert_true(len > 13);
	while (i < len - 1 && !sock_send(sock, NULL, bytes + i, 1, NEVER) && !is_ended(sock, SEC))
		i++;
	if (lab->row->messages)
		assert_true(host_now(lab->mallory) - began <= 12 * SEC);
	else
		assert_int_equal(i, len - 1); /* it has no idea of what is slow */
	sock_close(sock);
	pass(lab, SEC);
	check_said(lab, lab->row->slow);
}

/* A stream of nothing but the highest bytes, and then one that claims to be as long as can be. */
static void send_oversize(struct lab *lab)
{
	static const uint8_t firsts[] = { 0xff, 0x40, 0x00 };
	uint8_t *huge = malloc(1 << 20);

	for (size_t i = 0; i < sizeof(firsts); i++) {
		struct sock *sock = dial(lab);

		assert_non_null(sock);
		memset(huge, 0xff, 1 << 20);
		huge[0] = firsts[i];
		for (int k = 0; k < 4; k++)
			if (sock_send(sock, NULL, huge, 1 << 20, host_now(lab->mallory) + SEC))
				break;
		check_memory(lab);
		sock_close(sock);
	}
	free(huge);
	pass(lab, SEC);
}

/* Requests without end, by somebody who reads no answer: nobody keeps them for ever. */
static void never_read(struct lab *lab)
{
	uint8_t request[REQUEST], many[16 * 1024];
	size_t len = stream_request(lab, request), filled = 0, sent = 0;
	struct sock *sock = dial(lab);

	assert_non_null(sock);
	for (; filled + len <= sizeof(many); filled += len)
		memcpy(many + filled, request, len);
	while (sent < 16 << 20 &&
	       !sock_send(sock, NULL, many, filled, host_now(lab->mallory) + SEC))
		sent += filled;
	check_memory(lab);
	pass(lab, 301 * SEC);
	check_memory(lab);
	sock_close(sock);
	check_said(lab, lab->row->unread);
}

static const struct abuse {
	const char *name;
	void (*commit)(struct lab *lab);
	bool tcp; /* it needs a stream */
} abuses[] = {
	{ "a flood of nonsense", flood, false },	{ "forged sources", forge_sources, false },
	{ "half-open connections", stay_silent, true }, { "a slow sender", trickle, true },
	{ "oversize messages", send_oversize, true },	{ "who never reads", never_read, true },
};

enum { ABUSES = sizeof(abuses) / sizeof(abuses[0]) };

static void keep_line(void *arg, const char *line)
{
	struct lab *lab = arg;

	if (lab->lines_len < LINES)
		snprintf(lab->lines[lab->lines_len], sizeof(lab->lines[0]), "%s", line);
	lab->lines_len++;
}

static void serve(void *arg)
{
	struct lab *lab = arg;
	struct service_spec spec = { .name = lab->row->name,
				     .host = lab->server,
				     .plan = &lab->plan,
				     .log = keep_line,
				     .log_arg = lab };
	struct service *service;

	assert_int_equal(service_start(&spec, &service), 0);
	assert_true(lab->row->serves(lab));
	assert_int_equal(lab->lines_len, 0); /* it does not complain of who is honest */
	lab->memory = memory_now();
	lab->abuse->commit(lab);
	assert_true(lab->lines_len <= LINES_MOST);
	assert_true(lab->row->serves(lab));
	service_stop(service);
}

static struct lab lab;

static void test_abuse(void **state)
{
	static const char *const hosts[] = { "server", "honest", "mallory", "forger" };
	static const struct world_options options = { .kind = WORLD_VIRTUAL };
	uintptr_t number = (uintptr_t)*state;
	struct plan_error error;

	lab = (struct lab){ .plan = { .seed = 1 },
			    .row = &rows[number / ABUSES],
			    .abuse = &abuses[number % ABUSES] };
	for (int i = 0; i < 4; i++)
		assert_non_null(plan_add(&lab.plan, NULL, PLAN_HOST, hosts[i]));
	if (plan_complete(&lab.plan, &error) || world_new(&lab.plan, &options, &lab.world, &error))
		fail_msg("%s", error.text);
	lab.server = world_host(lab.world, "server");
	lab.honest = world_host(lab.world, "honest");
	lab.mallory = world_host(lab.world, "mallory");
	lab.forger = world_host(lab.world, "forger");
	assert_int_equal(world_run(lab.world, serve, &lab), 0);
	world_free(lab.world);
	plan_clear(&lab.plan);
}

/* A service without a row has not been looked at. */
static void test_every_service_has_a_row(void **state)
{
	const char *const *names = service_names();
	size_t n = 0;

	(void)state;
	for (; names[n]; n++) {
		size_t i = 0;

		while (i < ROWS && strcmp(rows[i].name, names[n]) != 0)
			i++;
		if (i == ROWS)
			fail_msg("no row is about the service %s", names[n]);
	}
	assert_int_equal(n, ROWS);
}

int main(void)
{
	static char names[ROWS * ABUSES][80];
	struct CMUnitTest tests[ROWS * ABUSES + 1] = { cmocka_unit_test(
		test_every_service_has_a_row) };
	size_t n = 1;

	for (uintptr_t i = 0; i < ROWS * ABUSES; i++) {
		if (abuses[i % ABUSES].tcp && !rows[i / ABUSES].tcp)
			continue;
		snprintf(names[i], sizeof(names[i]), "%s: %s", rows[i / ABUSES].name,
			 abuses[i % ABUSES].name);
		tests[n++] = (struct CMUnitTest){ .name = names[i],
						  .test_func = test_abuse,
						  .initial_state = (void *)i };
	}
	return _cmocka_run_group_tests("services under abuse", tests, n, NULL, NULL);
}
