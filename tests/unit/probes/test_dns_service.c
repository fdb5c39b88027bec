/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab's name server and its client, in a virtual world: a home, a carrier's NAT, and IPv6 alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "probes/methods/resolve.h"
#include "probes/services/service.h"
#include "sim/fiber.h"
#include "sim/names.h"
#include "sim/world.h"

struct lab {
	struct plan plan;
	struct world *world;
	struct host *server, *alice, *bob, *carol;
	struct resolve_answer *answer;
	void (*test)(struct lab *lab);
};

static struct plan_node *add_net(struct lab *lab, struct plan_node *parent, const char *name,
				 const char *model, bool ipv6)
{
	struct plan_node *net = plan_add(&lab->plan, parent, PLAN_NET, name);
	struct model_error wrong;
	struct nat_model found;

	assert_int_equal(nat_model_find(model, &found, &wrong), 0);
	net->no_ipv4 = ipv6;
	if (ipv6)
		assert_int_equal(plan_set_model6(net, &found), 0);
	else
		net->model = found;
	return net;
}

static void serve(void *arg)
{
	struct lab *lab = arg;
	struct service_spec dns = { .name = "dns", .host = lab->server, .plan = &lab->plan };
	struct service *service;

	assert_int_equal(service_start(&dns, &service), 0);
	lab->test(lab);
	service_stop(service);
}

static void run(void (*test)(struct lab *lab))
{
	static const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct lab lab = { .plan = { .seed = 1 }, .test = test };
	struct plan_node *isp;
	struct plan_error error;
	char name[32];

	plan_add(&lab.plan, NULL, PLAN_HOST, "server")->serves_dns = true;
	plan_add(&lab.plan, add_net(&lab, NULL, "home", "port-restricted-cone", false), PLAN_HOST,
		 "alice");
	plan_add(&lab.plan, add_net(&lab, NULL, "mobile", "nat64", true), PLAN_HOST, "bob");
	isp = add_net(&lab, NULL, "isp", "carrier-grade", false);
	plan_add(&lab.plan, add_net(&lab, isp, "home_c", "full-cone", false), PLAN_HOST, "carol");
	for (int i = 0; i < 60; i++) { /* so that a list of all has no room in a datagram */
		snprintf(name, sizeof(name), "neighbour-number-%d", i);
		plan_add(&lab.plan, plan_find(&lab.plan, "isp"), PLAN_HOST, name);
	}
	if (plan_complete(&lab.plan, &error) || world_new(&lab.plan, &options, &lab.world, &error))
		fail_msg("%s", error.text);
	lab.server = world_host(lab.world, "server");
	lab.alice = world_host(lab.world, "alice");
	lab.bob = world_host(lab.world, "bob");
	lab.carol = world_host(lab.world, "carol");
	lab.answer = malloc(sizeof(*lab.answer));
	assert_int_equal(world_run(lab.world, serve, &lab), 0);
	world_free(lab.world);
	plan_clear(&lab.plan);
	free(lab.answer);
}

/* Names and addresses */

static const struct row {
	const char *who, *name;
	enum dns_type type;
	unsigned rcode;
	const char *want; /* NULL = none of that type */
} rows[] = {
	{ "alice", "server", DNS_A, DNS_NOERROR, "11.1.1.2" },
	{ "alice", "SERVER.LAB", DNS_A, DNS_NOERROR, "11.1.1.2" },
	{ "alice", "server", DNS_AAAA, DNS_NOERROR, "2b00:1:1::2" },
	{ "alice", "server.lab.lab", DNS_A, DNS_NXDOMAIN, NULL },
	{ "alice", "alice", DNS_A, DNS_NOERROR, "11.2.1.2" }, /* as the world sees her */
	{ "carol", "carol.home_c.isp.lab", DNS_A, DNS_NOERROR, "11.2.3.2" },
	{ "carol", "carol.isp", DNS_A, DNS_NXDOMAIN, NULL },
	{ "carol", "home_c", DNS_A, DNS_NOERROR, "11.2.3.2" },
	{ "alice", "nobody", DNS_A, DNS_NXDOMAIN, NULL },
	{ "alice", "www.server", DNS_A, DNS_NXDOMAIN, NULL },
	{ "alice", "example.com", DNS_A, DNS_NXDOMAIN, NULL },
	{ "alice", ".", DNS_A, DNS_NOERROR, NULL },
	{ "alice", "lab", DNS_A, DNS_NOERROR, NULL },
	{ "alice", "alice", DNS_AAAA, DNS_NOERROR, NULL },
	{ "alice", "2.1.1.11.in-addr.arpa", DNS_PTR, DNS_NOERROR, "server.lab" },
	{ "alice", "2.1.2.11.in-addr.arpa", DNS_PTR, DNS_NOERROR, "home.lab" },
	{ "alice", "2.1.168.192.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	{ "alice", "1.11.in-addr.arpa", DNS_PTR, DNS_NOERROR, NULL },
	{ "alice", "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.0.0.b.2.ip6.arpa",
	  DNS_PTR, DNS_NOERROR, "server.lab" },
	{ "alice", "ipv4only.arpa", DNS_AAAA, DNS_NOERROR, NULL },
	/* RFC 6147 and RFC 7050, for who has IPv6 alone. */
	{ "bob", "home", DNS_AAAA, DNS_NOERROR, "64:ff9b::b02:102" },
	{ "bob", "home", DNS_A, DNS_NOERROR, "11.2.1.2" },
	{ "bob", "server", DNS_AAAA, DNS_NOERROR, "2b00:1:1::2" },
	{ "bob", "ipv4only.arpa", DNS_AAAA, DNS_NOERROR, "64:ff9b::c000:aa" },
	{ "bob", "2.0.1.0.2.0.b.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa",
	  DNS_PTR, DNS_NOERROR, "home.lab" },
};

static void resolve_row(struct lab *lab, const struct row *row, bool tcp)
{
	struct host *host = world_host(lab->world, row->who);
	const struct plan_node *node = plan_find(&lab->plan, row->who);
	struct resolve_spec spec = { .type = row->type, .tcp = tcp };
	char text[DNS_NAME_TEXT] = "";

	spec.server = (struct endpoint){ names_server_addr(node, names_server(&lab->plan, node)),
					 DNS_PORT };
	spec.deadline = host_now(host) + 5 * SEC;
	assert_int_equal(dns_name_parse(row->name, &spec.name), 0);
	assert_int_equal(resolve(host, &spec, lab->answer), 0);
	assert_int_equal(lab->answer->rcode, row->rcode);
	assert_int_equal(lab->answer->tcp, tcp);
	assert_true(lab->answer->authoritative);
	assert_int_equal(lab->answer->len > 0, row->want != NULL);
	if (!row->want)
		return;
	if (row->type == DNS_PTR)
		dns_name_format(&lab->answer->names[0], text);
	else
		ip_addr_format(lab->answer->addrs[0], text);
	assert_string_equal(text, row->want);
}

static void ask_all(struct lab *lab)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		resolve_row(lab, &rows[i], false);
		resolve_row(lab, &rows[i], true);
	}
}

static void test_names(void **state)
{
	(void)state;
	run(ask_all);
}

/* All the lab's names have no room in a datagram: the client comes again, by TCP. */
static void list_all(struct lab *lab)
{
	struct resolve_spec spec = { .type = DNS_PTR, .deadline = NEVER };
	char text[DNS_NAME_TEXT];

	spec.server = (struct endpoint){ host_addr(lab->server), DNS_PORT };
	assert_int_equal(dns_name_parse("lab", &spec.name), 0);
	assert_int_equal(resolve(lab->carol, &spec, lab->answer), 0);
	assert_true(lab->answer->tcp);
	assert_int_equal(lab->answer->len, 8 + 60);
	assert_string_equal(dns_name_format(&lab->answer->names[0], text), "server.lab");
	assert_string_equal(dns_name_format(&lab->answer->names[67], text),
			    "neighbour-number-59.isp.lab");
}

static void test_list(void **state)
{
	(void)state;
	run(list_all);
}

/* Queries that stand on the wire as they are */

#define ALICE "\5alice\0\0\1\0\1"
#define LIST "\3lab\0\0\x0c\0\1"

static const struct query {
	const char *name;
	const char *bytes;
	size_t len;
	int rcode; /* -1 = silence */
	bool cut; /* TC, in a datagram */
	size_t most; /* bytes */
} queries[] = {
#define Q(name, bytes, rcode, cut, most)                                                           \
	{                                                                                          \
		name, bytes, sizeof(bytes) - 1, rcode, cut, most                                   \
	}
	Q("a query", "\0\1\1\0\0\1\0\0\0\0\0\0" ALICE, DNS_NOERROR, false, 512),
	Q("an answer", "\0\1\x81\0\0\1\0\0\0\0\0\0" ALICE, -1, false, 0),
	Q("less than a header", "\0\1\1\0\0\1\0\0\0\0\0", -1, false, 0),
	Q("no question", "\0\1\1\0\0\0\0\0\0\0\0\0", DNS_FORMERR, false, 12),
	Q("two questions", "\0\1\1\0\0\2\0\0\0\0\0\0" ALICE ALICE, DNS_FORMERR, false, 12),
	Q("a status request", "\0\1\x11\0\0\1\0\0\0\0\0\0" ALICE, DNS_NOTIMP, false, 12),
	Q("an update", "\0\1\x29\0\0\1\0\0\0\0\0\0" ALICE, DNS_NOTIMP, false, 12),
	Q("another class", "\0\1\1\0\0\1\0\0\0\0\0\0\5alice\0\0\1\0\3", DNS_REFUSED, false, 512),
	Q("a zone transfer", "\0\1\1\0\0\1\0\0\0\0\0\0\3lab\0\0\xfc\0\1", DNS_REFUSED, false, 512),
	Q("EDNS 1", "\0\1\1\0\0\1\0\0\0\0\0\1" ALICE "\0\0\x29\4\xd0\0\1\0\0\0\0", DNS_BADVERS,
	  false, 512),
	Q("a long answer", "\0\1\1\0\0\1\0\0\0\0\0\0" LIST, DNS_NOERROR, true, 512),
	Q("a long answer, EDNS", "\0\1\1\0\0\1\0\0\0\0\0\1" LIST "\0\0\x29\4\0\0\0\0\0\0\0",
	  DNS_NOERROR, true, 1024),
	Q("EDNS that can take anything",
	  "\0\1\1\0\0\1\0\0\0\0\0\1" LIST "\0\0\x29\xff\xff\0\0\0\0\0\0", DNS_NOERROR, true, 1232),
	Q("EDNS that can take nothing", "\0\1\1\0\0\1\0\0\0\0\0\1" LIST "\0\0\x29\0\0\0\0\0\0\0\0",
	  DNS_NOERROR, true, 512),
#undef Q
};

static const struct query *asking;

static void ask_as_is(struct lab *lab)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct endpoint to = { host_addr(lab->server), DNS_PORT };
	const struct query *q = asking;
	struct dns_message msg;
	struct dns_header header;
	uint8_t bytes[4096];
	struct sock *sock;
	long n;

	assert_int_equal(sock_open(lab->alice, &udp, &sock), 0);
	assert_int_equal(sock_send(sock, &to, q->bytes, q->len, NEVER), 0);
	n = sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(lab->alice) + SEC);
	sock_close(sock);
	if (q->rcode < 0) {
		assert_true(n < 0);
		return;
	}
	assert_true(n > 0 && (size_t)n <= q->most);
	assert_int_equal(dns_decode_header(bytes, (size_t)n, &header), 0);
	assert_int_equal(header.id, 1);
	assert_int_equal(header.rcode, q->rcode & 0xf);
	assert_int_equal(header.truncated, q->cut);
	if (q->most > DNS_HEADER) {
		assert_int_equal(dns_decode(bytes, (size_t)n, &msg), 0);
		assert_int_equal(msg.header.rcode, q->rcode);
		if (q->cut) /* as much as there is room for */
			assert_true((size_t)n + 60 > q->most);
	}
}

static void test_query(void **state)
{
	asking = *state;
	run(ask_as_is);
}

/* A server that says nothing is asked again, and then given up. */
static void ask_nobody(struct lab *lab)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = DNS_PORT };
	struct resolve_spec spec = { .type = DNS_A };
	uint64_t began = host_now(lab->alice);
	struct sock *deaf;
	uint8_t bytes[512];

	assert_int_equal(sock_open(lab->carol, &udp, &deaf), 0);
	spec.server = (struct endpoint){ host_addr(lab->carol), DNS_PORT };
	assert_int_equal(dns_name_parse("alice", &spec.name), 0);
	spec.deadline = began + 7 * SEC;
	assert_int_equal(resolve(lab->carol, &spec, lab->answer), -ETIMEDOUT);
	assert_int_equal(host_now(lab->alice) - began, 7 * SEC);
	for (int i = 0; i < 3; i++) /* at 0, 1 and 3 s */
		assert_true(sock_recv(deaf, NULL, bytes, sizeof(bytes), 0) > 0);
	assert_true(sock_recv(deaf, NULL, bytes, sizeof(bytes), 0) < 0);
	sock_close(deaf);
}

static void test_silence(void **state)
{
	(void)state;
	run(ask_nobody);
}

int main(void)
{
	enum { QUERIES = sizeof(queries) / sizeof(queries[0]) };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_silence),
	};
	enum { OTHERS = sizeof(others) / sizeof(others[0]) };
	struct CMUnitTest tests[QUERIES + OTHERS];

	for (int i = 0; i < QUERIES; i++)
		tests[i] = (struct CMUnitTest){ .name = queries[i].name,
						.test_func = test_query,
						.initial_state = (void *)(uintptr_t)&queries[i] };
	memcpy(tests + QUERIES, others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
