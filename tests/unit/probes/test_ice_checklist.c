/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Priorities, foundations, pairs and their states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probes/methods/ice_checklist.h"

#define AT(addr, port) ((struct endpoint){ ip_addr_v4(addr), (port) })

#define HOME UINT32_C(0xc0a80102)
#define OUTSIDE UINT32_C(0x0b020102)
#define SERVER UINT32_C(0x0b010102)
#define FAR UINT32_C(0x0b030102)

static const struct {
	enum ice_type type;
	uint16_t preference, component;
	uint32_t want;
} priorities[] = {
	/* RFC 8445's formula, reckoned by hand: 2^24 * type + 2^8 * local + 256 - component. */
	{ ICE_HOST, 65535, 1, 2130706431 },
	{ ICE_HOST, 65535, 2, 2130706430 },
	{ ICE_HOST, 65534, 1, 2130706175 },
	{ ICE_PEER_REFLEXIVE, 65535, 1, 1862270975 },
	{ ICE_SERVER_REFLEXIVE, 65535, 1, 1694498815 },
	{ ICE_RELAYED, 65535, 1, 16777215 },
	{ ICE_RELAYED, 0, 256, 0 },
};

static void test_priorities(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		assert_int_equal(ice_priority(priorities[i].type, priorities[i].preference,
					      priorities[i].component),
				 priorities[i].want);
}

static const struct {
	uint32_t controlling, controlled;
	uint64_t want;
} pair_priorities[] = {
	{ 1, 1, UINT64_C(0x100000002) },
	{ 2, 1, UINT64_C(0x100000005) },
	{ 1, 2, UINT64_C(0x100000004) },
	{ 2130706431, 2130706431, UINT64_C(9151314442783293438) },
	{ 2147483647, 2147483647, UINT64_C(9223372036854775806) },
};

static void test_pair_priorities(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pair_priorities) / sizeof(pair_priorities[0]); i++)
		assert_true(ice_pair_priority(pair_priorities[i].controlling,
					      pair_priorities[i].controlled) ==
			    pair_priorities[i].want);
}

static int add_local(struct ice_checklist *list, enum ice_type type, struct endpoint at,
		     struct endpoint base, uint32_t server)
{
	struct ice_local local = {
		.candidate = { .type = type, .at = at },
		.base = base,
		.server = ip_addr_v4(server),
		.way = type == ICE_RELAYED ? ICE_BY_TURN : ICE_BY_SOCKET,
	};

	return ice_add_local(list, &local, 65535);
}

static unsigned add_remote(struct ice_checklist *list, const char *foundation, uint16_t port,
			   uint32_t priority)
{
	struct ice_candidate c = {
		.component = 1,
		.priority = priority,
		.at = AT(FAR, port),
		.type = ICE_HOST,
	};

	snprintf(c.foundation, sizeof(c.foundation), "%s", foundation);
	return (unsigned)ice_add_remote(list, &c);
}

static void test_foundations(void **state)
{
	struct ice_checklist list = { 0 };
	int host, other_port, reflexive, of_other_server;

	(void)state;
	host = add_local(&list, ICE_HOST, AT(HOME, 1), AT(HOME, 1), 0);
	other_port = add_local(&list, ICE_HOST, AT(HOME, 2), AT(HOME, 2), 0);
	reflexive = add_local(&list, ICE_SERVER_REFLEXIVE, AT(OUTSIDE, 1), AT(HOME, 1), SERVER);
	of_other_server =
		add_local(&list, ICE_SERVER_REFLEXIVE, AT(OUTSIDE, 2), AT(HOME, 1), SERVER + 1);
	assert_string_equal(list.locals[host].candidate.foundation,
			    list.locals[other_port].candidate.foundation);
	assert_string_not_equal(list.locals[host].candidate.foundation,
				list.locals[reflexive].candidate.foundation);
	assert_string_not_equal(list.locals[of_other_server].candidate.foundation,
				list.locals[reflexive].candidate.foundation);
}

/* Without a NAT the server-reflexive candidate is the host's again (5.1.3). */
static void test_redundant_local(void **state)
{
	struct ice_checklist list = { 0 };
	int host = add_local(&list, ICE_HOST, AT(HOME, 1), AT(HOME, 1), 0);

	(void)state;
	assert_int_equal(add_local(&list, ICE_SERVER_REFLEXIVE, AT(HOME, 1), AT(HOME, 1), SERVER),
			 host);
	assert_int_equal(list.locals_len, 1);
}

/* One base, with what a STUN server saw of it, and three remotes, two of one foundation. */
static void prepare(struct ice_checklist *list)
{
	*list = (struct ice_checklist){ .controlling = true };
	add_local(list, ICE_HOST, AT(HOME, 1), AT(HOME, 1), 0);
	add_local(list, ICE_SERVER_REFLEXIVE, AT(OUTSIDE, 1), AT(HOME, 1), SERVER);
	add_remote(list, "low", 10, 100);
	add_remote(list, "same", 11, 200);
	add_remote(list, "same", 12, 300);
	ice_pair_up(list);
}

static void test_pairs_are_pruned(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(list.pairs_len, 3);
	ice_pair_up(&list);
	assert_int_equal(list.pairs_len, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(list.pairs[i].local, 0);
}

/* Priorities of host candidates as in RFC 6544's examples. */
static const struct {
	enum ice_type type;
	enum ice_transport transport;
	uint32_t want;
} tcp_priorities[] = {
	{ ICE_HOST, ICE_TCP_ACTIVE, 2128609279 },
	{ ICE_HOST, ICE_TCP_PASSIVE, 2124414975 },
	{ ICE_HOST, ICE_TCP_SIMULTANEOUS, 2120220671 },
	{ ICE_SERVER_REFLEXIVE, ICE_TCP_SIMULTANEOUS, 1692401663 },
};

static void test_tcp_priorities(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tcp_priorities) / sizeof(tcp_priorities[0]); i++)
		assert_int_equal(ice_priority(tcp_priorities[i].type,
					      ice_tcp_preference(tcp_priorities[i].type,
								 tcp_priorities[i].transport, 8191),
					      1),
				 tcp_priorities[i].want);
}

/* RFC 6544, 6.2: who pairs with whom; told is whether the remote candidate was signalled. */
static const struct {
	enum ice_way local;
	enum ice_transport remote;
	bool told, pairs;
} meetings[] = {
	{ ICE_BY_SOCKET, ICE_UDP, true, true },
	{ ICE_BY_SOCKET, ICE_TCP_PASSIVE, true, false },
	{ ICE_BY_TCP_ACTIVE, ICE_TCP_PASSIVE, true, true },
	{ ICE_BY_TCP_ACTIVE, ICE_TCP_ACTIVE, true, false },
	{ ICE_BY_TCP_ACTIVE, ICE_TCP_SIMULTANEOUS, true, false },
	{ ICE_BY_TCP_ACTIVE, ICE_UDP, true, false },
	{ ICE_BY_TCP_PASSIVE, ICE_TCP_ACTIVE, true, false },
	{ ICE_BY_TCP_PASSIVE, ICE_TCP_ACTIVE, false, true },
	{ ICE_BY_TCP_PASSIVE, ICE_TCP_PASSIVE, true, false },
	{ ICE_BY_TCP_SIMULTANEOUS, ICE_TCP_SIMULTANEOUS, true, true },
	{ ICE_BY_TCP_SIMULTANEOUS, ICE_TCP_SIMULTANEOUS, false, true },
	{ ICE_BY_TCP_SIMULTANEOUS, ICE_TCP_PASSIVE, true, false },
};

static void test_tcp_pairs(void **state)
{
	static const enum ice_transport transports[ICE_WAYS] = {
		[ICE_BY_TCP_ACTIVE] = ICE_TCP_ACTIVE,
		[ICE_BY_TCP_PASSIVE] = ICE_TCP_PASSIVE,
		[ICE_BY_TCP_SIMULTANEOUS] = ICE_TCP_SIMULTANEOUS,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		struct ice_checklist list = { 0 };
		struct ice_local local = { .way = meetings[i].local };
		struct ice_candidate remote = { .component = 1,
						.priority = 7,
						.transport = meetings[i].remote,
						.at = AT(FAR, 9000) };

		local.candidate.transport = transports[meetings[i].local];
		local.candidate.at = local.base = AT(HOME, 9);
		assert_int_equal(ice_add_local(&list, &local, 1), 0);
		if (meetings[i].told)
			ice_add_remote(&list, &remote);
		else
			ice_learn_remote(&list, meetings[i].local, remote.at, 7);
		ice_pair_up(&list);
		if (list.pairs_len != meetings[i].pairs)
			fail_msg("row %u", (unsigned)i);
	}
}

/* The same port of UDP's and of TCP's are two candidates. */
static void test_tcp_apart(void **state)
{
	struct ice_checklist list = { 0 };
	struct ice_candidate remote = { .component = 1, .priority = 7, .at = AT(FAR, 9000) };

	(void)state;
	assert_int_equal(ice_add_remote(&list, &remote), 0);
	remote.transport = ICE_TCP_PASSIVE;
	assert_int_equal(ice_add_remote(&list, &remote), 1);
	assert_int_equal(ice_find_remote(&list, remote.at, false), 0);
	assert_int_equal(ice_find_remote(&list, remote.at, true), 1);
}

static void test_families_do_not_pair(void **state)
{
	struct ice_checklist list = { 0 };
	struct ice_candidate six = { .foundation = "6", .component = 1, .priority = 1 };

	(void)state;
	add_local(&list, ICE_HOST, AT(HOME, 1), AT(HOME, 1), 0);
	assert_int_equal(endpoint_parse("[2001:db8::1]:9", &six.at), 0);
	assert_int_equal(ice_add_remote(&list, &six), 0);
	ice_pair_up(&list);
	assert_int_equal(list.pairs_len, 0);
	assert_false(ice_all_failed(&list));
}

static void assert_states(const struct ice_checklist *list, enum ice_pair_state low,
			  enum ice_pair_state same, enum ice_pair_state best)
{
	assert_int_equal(list->pairs[0].state, low);
	assert_int_equal(list->pairs[1].state, same);
	assert_int_equal(list->pairs[2].state, best);
}

static void test_first_states(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_states(&list, ICE_WAITING, ICE_FROZEN, ICE_WAITING);
}

static void test_success_thaws_its_foundation(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(ice_next(&list), 2);
	assert_states(&list, ICE_WAITING, ICE_FROZEN, ICE_IN_PROGRESS);
	assert_int_equal(ice_succeed(&list, 2, AT(OUTSIDE, 1), 1), 0);
	assert_states(&list, ICE_WAITING, ICE_WAITING, ICE_SUCCEEDED);
	assert_int_equal(list.pairs[2].valid_local, 1);
	assert_false(ice_better_to_come(&list, 2));
}

static void test_failure_thaws_only_when_nothing_waits(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(ice_next(&list), 2);
	ice_fail(&list, 2);
	assert_int_equal(ice_next(&list), 0);
	assert_states(&list, ICE_IN_PROGRESS, ICE_FROZEN, ICE_FAILED);
	assert_int_equal(ice_next(&list), 1);
	assert_int_equal(ice_next(&list), -1);
	ice_fail(&list, 0);
	assert_false(ice_all_failed(&list));
	ice_fail(&list, 1);
	assert_true(ice_all_failed(&list));
}

static void test_frozen_while_its_foundation_is_in_progress(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(ice_next(&list), 2);
	assert_int_equal(ice_next(&list), 0);
	assert_int_equal(ice_next(&list), -1);
	assert_states(&list, ICE_IN_PROGRESS, ICE_FROZEN, ICE_IN_PROGRESS);
	assert_int_equal(ice_busy(&list), 2);
}

static void test_triggered_go_first(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	ice_trigger(&list, 1);
	ice_trigger(&list, 0);
	ice_trigger(&list, 1);
	assert_int_equal(ice_next(&list), 1);
	assert_int_equal(ice_next(&list), 0);
	assert_int_equal(ice_next(&list), 2);
	ice_fail(&list, 2);
	ice_trigger(&list, 2);
	assert_int_equal(list.pairs[2].state, ICE_WAITING);
	assert_int_equal(ice_next(&list), 2);
}

/* What SUCCEEDED is checked again only to nominate it, and stays valid. */
static void test_success_is_not_triggered(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	ice_succeed(&list, 2, AT(OUTSIDE, 1), 1);
	ice_trigger(&list, 2);
	assert_int_equal(list.queue_len, 0);
	list.pairs[2].nominating = true;
	ice_trigger(&list, 2);
	assert_int_equal(ice_next(&list), 2);
	assert_int_equal(list.pairs[2].state, ICE_SUCCEEDED);
}

static void test_local_peer_reflexive(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(ice_succeed(&list, 0, AT(OUTSIDE, 77), 4321), 0);
	assert_int_equal(list.locals_len, 3);
	assert_int_equal(list.locals[2].candidate.type, ICE_PEER_REFLEXIVE);
	assert_int_equal(list.locals[2].candidate.priority, 4321);
	assert_int_equal(list.pairs[0].valid_local, 2);
	ice_pair_up(&list);
	assert_int_equal(list.pairs_len, 3);
}

/* A check came from there before signalling told (RFC 8838, 11). */
static void test_remote_peer_reflexive_is_told_later(void **state)
{
	struct ice_checklist list;
	const struct ice_pair *pair;
	int learned;

	(void)state;
	prepare(&list);
	learned = ice_learn_remote(&list, ICE_BY_SOCKET, AT(FAR, 99), 777);
	ice_pair_up(&list);
	pair = &list.pairs[ice_find_pair(&list, ICE_BY_SOCKET, (unsigned)learned)];
	assert_int_equal(pair->priority >> 32, 777);
	assert_int_equal(list.remotes[learned].type, ICE_PEER_REFLEXIVE);
	assert_int_equal(add_remote(&list, "told", 99, 1), learned);
	assert_int_equal(list.remotes[learned].type, ICE_HOST);
	assert_int_equal(list.remotes[learned].priority, 1);
	assert_int_equal(pair->priority >> 32, 1);
	assert_string_equal(list.remotes[learned].foundation, "told");
	assert_int_equal(ice_learn_remote(&list, ICE_BY_SOCKET, AT(FAR, 99), 778), learned);
}

static void test_role_changes_priorities(void **state)
{
	struct ice_checklist list;
	uint64_t as_controlling;

	(void)state;
	prepare(&list);
	as_controlling = list.pairs[0].priority;
	ice_set_role(&list, false);
	assert_true(list.pairs[0].priority == as_controlling - 1);
}

static void test_best(void **state)
{
	struct ice_checklist list;

	(void)state;
	prepare(&list);
	assert_int_equal(ice_best(&list, false), -1);
	ice_succeed(&list, 0, AT(OUTSIDE, 1), 1);
	assert_int_equal(ice_best(&list, false), 0);
	assert_true(ice_better_to_come(&list, 0));
	ice_succeed(&list, 2, AT(OUTSIDE, 1), 1);
	assert_int_equal(ice_best(&list, false), 2);
	assert_int_equal(ice_best(&list, true), -1);
	list.pairs[0].nominated = true;
	assert_int_equal(ice_best(&list, true), 0);
}

/* Strangers' checks fill the lists, and no more. */
static void test_bounds(void **state)
{
	struct ice_checklist list;
	unsigned told;

	(void)state;
	prepare(&list);
	told = list.remotes_len;
	for (uint16_t port = 1000; port < 2000; port++)
		ice_learn_remote(&list, ICE_BY_SOCKET, AT(FAR, port), port);
	assert_int_equal(list.remotes_len, told + ICE_LEARNED);
	/* Those that come by a relay have a room of their own. */
	for (uint16_t port = 2000; port < 3000; port++)
		ice_learn_remote(&list, ICE_BY_TURN, AT(FAR, port), port);
	assert_int_equal(list.remotes_len, told + 2 * ICE_LEARNED);
	for (uint16_t port = 3000; port < 4000; port++)
		add_remote(&list, "9", port, port);
	ice_pair_up(&list);
	assert_int_equal(list.remotes_len, ICE_REMOTES);
	assert_true(list.pairs_len <= ICE_PAIRS);
	for (unsigned i = 0; i < list.pairs_len; i++)
		ice_succeed(&list, i, AT(OUTSIDE, (uint16_t)(3000 + i)), 1);
	assert_int_equal(list.locals_len, ICE_LOCALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_pair_priorities),
		cmocka_unit_test(test_foundations),
		cmocka_unit_test(test_redundant_local),
		cmocka_unit_test(test_pairs_are_pruned),
		cmocka_unit_test(test_families_do_not_pair),
		cmocka_unit_test(test_tcp_priorities),
		cmocka_unit_test(test_tcp_pairs),
		cmocka_unit_test(test_tcp_apart),
		cmocka_unit_test(test_first_states),
		cmocka_unit_test(test_success_thaws_its_foundation),
		cmocka_unit_test(test_failure_thaws_only_when_nothing_waits),
		cmocka_unit_test(test_frozen_while_its_foundation_is_in_progress),
		cmocka_unit_test(test_triggered_go_first),
		cmocka_unit_test(test_success_is_not_triggered),
		cmocka_unit_test(test_local_peer_reflexive),
		cmocka_unit_test(test_remote_peer_reflexive_is_told_later),
		cmocka_unit_test(test_role_changes_priorities),
		cmocka_unit_test(test_best),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
