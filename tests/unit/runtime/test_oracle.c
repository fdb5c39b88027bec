/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question that the oracle is asked: which NATs it is told of, on which side, and which
 * of them lead to the peer.  The oracle itself is a fake that writes down the question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/runtime/oracle.h"

static char asked[512];
static bool told_of_others; /* of the caller's first NAT */

static void write_side(const char *name, const struct predict_side *side)
{
	size_t used = strlen(asked);

	used += (size_t)snprintf(asked + used, sizeof(asked) - used, "%s(", name);
	for (size_t i = 0; i < side->nats_len; i++)
		used += (size_t)snprintf(asked + used, sizeof(asked) - used, "%s%s%s", i ? " " : "",
					 side->nats[i].model->name,
					 side->nats[i].fixed_peer      ? "="
					 : side->nats[i].forwards_peer ? "!"
								       : "");
	snprintf(asked + used, sizeof(asked) - used, ")");
}

void predict(const struct predict_question *question, struct predict_answer *ret)
{
	asked[0] = '\0';
	write_side("caller", &question->caller);
	write_side(" callee", &question->callee);
	write_side(" shared", &question->shared);
	for (int i = 0; i < 2 && question->turn_sides && question->turn; i++)
		write_side(" turn", &question->turn_sides[i]);
	if (question->tries_host_addresses)
		snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), " host-addresses");
	if (question->rivals[0] + question->rivals[1] > 0)
		snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), " rivals %g %g",
			 question->rivals[0], question->rivals[1]);
	told_of_others = question->caller.nats_len && question->caller.nats[0].exempts_others;
	*ret = (struct predict_answer){ 0 };
}

static struct plan plan;

static struct plan_node *net(struct plan_node *parent, const char *name)
{
	struct plan_node *node = plan_add(&plan, parent, PLAN_NET, name);

	snprintf(node->model.name, sizeof(node->model.name), "%s", name);
	return node;
}

static struct plan_node *host(struct plan_node *parent, const char *name)
{
	return plan_add(&plan, parent, PLAN_HOST, name);
}

static void forward(struct plan_node *net_, const char *to, uint16_t first, uint16_t last,
		    uint16_t port)
{
	net_->forwards =
		realloc(net_->forwards, (net_->forwards_len + 1) * sizeof(*net_->forwards));
	net_->forwards[net_->forwards_len] =
		(struct plan_forward){ IP_PROTO_UDP, first, last, "", port };
	snprintf(net_->forwards[net_->forwards_len++].host, 32, "%s", to);
}

static void assert_asked(const struct plan_node *a, const struct plan_node *b, uint16_t port,
			 bool host_addresses, const char *expected)
{
	struct predict_answer answer;

	oracle_ask(a, b,
		   &(struct oracle_call){ .local_port = port, .host_addresses = host_addresses },
		   &answer);
	assert_string_equal(asked, expected);
}

static void both_public(void **state)
{
	(void)state;
	assert_asked(host(NULL, "a"), host(NULL, "b"), 0, true,
		     "caller() callee() shared() host-addresses");
}

static void those_who_take_ports(void **state)
{
	const struct oracle_call call = { .rivals = { 1.5, 2 } };
	struct predict_answer answer;

	(void)state;
	oracle_ask(host(NULL, "a"), host(NULL, "b"), &call, &answer);
	assert_string_equal(asked, "caller() callee() shared() rivals 1.5 2");
}

static void innermost_first(void **state)
{
	struct plan_node *isp = net(NULL, "isp"), *home = net(isp, "home");

	(void)state;
	assert_asked(host(NULL, "a"), host(home, "b"), 0, false,
		     "caller() callee(home isp) shared()");
}

static void what_both_are_behind_is_shared(void **state)
{
	struct plan_node *isp = net(NULL, "isp");

	(void)state;
	assert_asked(host(net(isp, "h1"), "a"), host(net(isp, "h2"), "b"), 0, false,
		     "caller(h1) callee(h2) shared(isp)");
}

static void one_within_the_others_network(void **state)
{
	struct plan_node *isp = net(NULL, "isp");

	(void)state;
	assert_asked(host(isp, "a"), host(net(isp, "h2"), "b"), 0, false,
		     "caller() callee(h2) shared(isp)");
}

static void alike_but_not_the_same(void **state)
{
	(void)state;
	assert_asked(host(net(NULL, "home"), "a"), host(net(NULL, "home"), "b"), 0, false,
		     "caller(home) callee(home) shared()");
}

static void family_asked(const struct plan_node *a, const struct plan_node *b, enum family family,
			 const char *expected)
{
	struct predict_answer answer;

	oracle_ask(a, b, &(struct oracle_call){ .family = family }, &answer);
	assert_string_equal(asked, expected);
}

/* Each family has models of its own; a way in IPv4 that begins in IPv6 has the NAT64's. */
static void each_family_has_its_nats(void **state)
{
	struct nat_model firewall = { .name = "wall", .kind = NAT_KIND_FIREWALL };
	struct nat_model nat64 = { .name = "xlat", .kind = NAT_KIND_NAT64 };
	struct plan_node *home = net(NULL, "home"), *mobile = net(NULL, "mobile");
	struct plan_node *a = host(home, "a"), *b = host(mobile, "b");

	(void)state;
	assert_int_equal(plan_set_model6(home, &firewall), 0);
	assert_int_equal(plan_set_model6(mobile, &nat64), 0);
	mobile->no_ipv4 = true;
	a->addr = ip_addr_v4(0xc0a80102);
	a->addr6 = b->addr6 = (struct ip_addr){ 1, 1 };
	family_asked(a, b, FAMILY_IPV4, "caller(home) callee(xlat) shared()");
	family_asked(a, b, FAMILY_IPV6, "caller(wall) callee(nat64) shared()");
	assert_true(oracle_has(b, FAMILY_IPV4));
	mobile->model6->kind = NAT_KIND_FIREWALL;
	assert_false(oracle_has(b, FAMILY_IPV4));
	assert_true(oracle_has(b, FAMILY_IPV6));
}

static void a_dmz_leads_to_any_port(void **state)
{
	struct plan_node *home = net(NULL, "home"), *b = host(home, "b");

	(void)state;
	snprintf(home->dmz, sizeof(home->dmz), "b");
	assert_asked(host(NULL, "a"), b, 0, false, "caller() callee(home!) shared()");
}

static void a_forward_leads_to_its_ports_only(void **state)
{
	struct plan_node *home = net(NULL, "home"), *a = host(NULL, "a"), *b = host(home, "b");

	(void)state;
	forward(home, "b", 5000, 5010, 0);
	assert_asked(a, b, 4999, false, "caller() callee(home) shared()");
	assert_asked(a, b, 5000, false, "caller() callee(home=) shared()");
	assert_asked(a, b, 5010, false, "caller() callee(home=) shared()");
	assert_asked(a, b, 5011, false, "caller() callee(home) shared()");
	assert_asked(a, b, 0, false, "caller() callee(home) shared()");
}

static void a_forward_to_another_host(void **state)
{
	struct plan_node *home = net(NULL, "home"), *b = host(home, "b");

	(void)state;
	forward(home, "c", 5000, 5000, 0);
	assert_asked(host(NULL, "a"), b, 5000, false, "caller() callee(home) shared()");
}

/* 7000 at the provider's is 6000 at the home's is 5000 at b. */
static void a_chain_of_forwards(void **state)
{
	struct plan_node *isp = net(NULL, "isp"), *home = net(isp, "home"), *b = host(home, "b");

	(void)state;
	forward(home, "b", 6000, 6000, 5000);
	forward(isp, "home", 7000, 7000, 6000);
	assert_asked(host(NULL, "a"), b, 5000, false, "caller() callee(home= isp=) shared()");
}

static void a_chain_that_is_broken(void **state)
{
	struct plan_node *isp = net(NULL, "isp"), *home = net(isp, "home"), *b = host(home, "b");

	(void)state;
	forward(home, "b", 6000, 6000, 5000);
	forward(isp, "home", 7000, 7000, 5000);
	assert_asked(host(NULL, "a"), b, 5000, false, "caller() callee(home= isp) shared()");
}

/* Whether what a's home exempts matters to a call from a to b, who has an address outside. */
static bool matters(const char *prefix, const char *server)
{
	struct plan_node *home = net(NULL, "home"), *a = host(home, "a"), *b = host(NULL, "b");
	struct oracle_call call = { .family = FAMILY_IPV4 };
	struct predict_answer answer;
	struct ip_addr addr;

	assert_int_equal(ip_addr_parse("11.2.0.1", &home->addr), 0);
	home->model.pool_size = 3;
	assert_int_equal(ip_addr_parse("192.168.1.2", &a->addr), 0);
	assert_int_equal(ip_addr_parse("11.3.0.1", &b->addr), 0);
	assert_int_equal(ip_prefix_parse(prefix, &home->model.exempt[0]), 0);
	assert_int_equal(ip_addr_parse(server, &addr), 0);
	oracle_call_server(&call, addr);
	oracle_ask(a, b, &call, &answer);
	return !told_of_others;
}

static void what_is_exempt_matters_where_it_is_spoken_to(void **state)
{
	(void)state;
	assert_true(matters("11.1.0.0/16", "11.1.0.7"));
	assert_false(matters("11.1.0.0/16", "11.9.0.7"));
	assert_true(matters("11.3.0.1/32", "11.1.0.7"));
	assert_false(matters("11.3.0.2/32", "11.1.0.7"));
	/* The last of its own addresses, to which a hairpin would go. */
	assert_true(matters("11.2.0.3/32", "11.1.0.7"));
	assert_false(matters("11.2.0.4/32", "11.1.0.7"));
	/* What is inside is not spoken to through it. */
	assert_false(matters("192.168.1.0/24", "11.1.0.7"));
}

/* One by IPv6 and one by IPv4: each goes its own way to the server, wherever they are one in. */
static void each_reaches_the_server_in_its_family(void **state)
{
	struct nat_model firewall = { .name = "wall", .kind = NAT_KIND_FIREWALL };
	struct plan_node *home = net(NULL, "a4");
	struct plan_node *a = host(home, "a"), *b = host(net(NULL, "b4"), "b");
	const struct oracle_call call = { .turn = PREDICT_TURN_UDP,
					  .turn_families = { FAMILY_IPV6, FAMILY_IPV4 } };
	struct predict_answer answer = { 0 };

	(void)state;
	assert_int_equal(plan_set_model6(home, &firewall), 0);
	oracle_ask_turn(a, b, &call, &answer);
	assert_string_equal(asked, "caller(wall) callee(b4) shared()");
	oracle_ask(a, b, &call, &answer);
	assert_string_equal(asked, "caller(a4) callee(b4) shared() turn(wall) turn(b4)");
}

/* What each family says of ICE, and what that comes to.  D direct, P punched, R relayed. */
enum { MUST = PREDICT_MUST, NOT = PREDICT_MUST_NOT, MAY = PREDICT_MAY };
enum { D = 1 << ICE_PATH_DIRECT, P = 1 << ICE_PATH_PUNCHED, R = 1 << ICE_PATH_RELAYED };

static const struct joined {
	const char *name;
	struct {
		bool asked;
		int prediction;
		unsigned paths;
	} families[FAMILY_COUNT]; /* IPv4, IPv6 */
	int turn;
	int prediction;
	unsigned paths;
	const char *why; /* which family's reason */
} joins[] = {
	{ "IPv4 alone", { { true, MUST, P }, { false, NOT, 0 } }, NOT, MUST, P, "of ipv4" },
	{ "IPv6 alone", { { false, NOT, 0 }, { true, MUST, D } }, NOT, MUST, D, "of ipv6" },
	{ "neither", { { false, NOT, 0 }, { false, NOT, 0 } }, NOT, NOT, 0, "of turn" },
	{ "neither, but a relay",
	  { { false, NOT, 0 }, { false, NOT, 0 } },
	  MUST,
	  MUST,
	  R,
	  "of turn" },
	{ "the better of two", { { true, MUST, R }, { true, MUST, D } }, NOT, MUST, D, "of ipv4" },
	{ "one that may be better",
	  { { true, MUST, R }, { true, MAY, D | P } },
	  NOT,
	  MUST,
	  D | P | R,
	  "of ipv4" },
	{ "one that may be worse",
	  { { true, MUST, P }, { true, MAY, R } },
	  NOT,
	  MUST,
	  P,
	  "of ipv4" },
	{ "where one must not", { { true, NOT, 0 }, { true, MUST, P } }, NOT, MUST, P, "of ipv6" },
	{ "where one may", { { true, NOT, 0 }, { true, MAY, P } }, NOT, MAY, P, "of ipv6" },
};

static void joining_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		const struct joined *row = &joins[i];
		struct predict_answer answers[FAMILY_COUNT] = { 0 };
		bool of[FAMILY_COUNT];

		for (int f = 0; f < FAMILY_COUNT; f++) {
			of[f] = row->families[f].asked;
			answers[f].udp[METHOD_ICE] = (enum prediction)row->families[f].prediction;
			answers[f].ice_paths = row->families[f].paths;
			snprintf(answers[f].why[METHOD_ICE], sizeof(answers[f].why[0]), "of %s",
				 family_word((enum family)f));
		}
		answers[FAMILY_IPV4].udp[METHOD_TURN] = (enum prediction)row->turn;
		snprintf(answers[FAMILY_IPV4].why[METHOD_TURN], sizeof(answers[0].why[0]),
			 "of turn");
		oracle_join_ice(answers, of);
		if ((int)answers[FAMILY_IPV4].udp[METHOD_ICE] != row->prediction ||
		    answers[FAMILY_IPV4].ice_paths != row->paths)
			fail_msg("%s: got %d by %x", row->name,
				 (int)answers[FAMILY_IPV4].udp[METHOD_ICE],
				 answers[FAMILY_IPV4].ice_paths);
		assert_string_equal(answers[FAMILY_IPV4].why[METHOD_ICE], row->why);
	}
}

static int teardown(void **state)
{
	(void)state;
	plan_clear(&plan);
	return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(both_public),
		TEST(those_who_take_ports),
		TEST(innermost_first),
		TEST(what_both_are_behind_is_shared),
		TEST(one_within_the_others_network),
		TEST(alike_but_not_the_same),
		TEST(each_family_has_its_nats),
		TEST(a_dmz_leads_to_any_port),
		TEST(a_forward_leads_to_its_ports_only),
		TEST(a_forward_to_another_host),
		TEST(what_is_exempt_matters_where_it_is_spoken_to),
		TEST(a_chain_of_forwards),
		TEST(a_chain_that_is_broken),
		TEST(each_reaches_the_server_in_its_family),
		TEST(joining_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
