/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture shows of ICE's pair: which way its packets went. */
#include "calls.h"

#include "reports/verdict.h"

static void both_ways(struct forge *forge, const struct way *there, const struct way *back)
{
	go(forge, there, METHOD_ICE, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, back, METHOD_ICE, TALK_ANSWER, 0, WHOLE, NULL);
	voice(forge, there, METHOD_ICE, 5, 5);
	voice(forge, back, METHOD_ICE, 5, 5);
}

static void unchanged(struct forge *forge)
{
	both_ways(forge, &alice_to_bob, &bob_to_alice);
}

/* Addresses are of another family at one end: something on the way has changed them. */
static void changed(struct forge *forge)
{
	forge->ipv6 = 1U << BOB;
	both_ways(forge, &alice_to_bob, &bob_to_alice);
}

static void passed_on(struct forge *forge)
{
	both_ways(forge, &alice_to_bob_relayed, &bob_to_alice_relayed);
}

static void half_passed_on(struct forge *forge)
{
	both_ways(forge, &alice_to_bob, &bob_to_alice_relayed);
}

static void unanswered(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_ICE, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice, METHOD_ICE, TALK_ANSWER, 0, 4, "dropped: filtered");
}

static const struct row {
	const char *name;
	void (*forge)(struct forge *forge);
	bool connected;
	enum ice_path path;
	const char *relay;
	const char *why; /* its beginning */
} rows[] = {
	{ "nothing changes an address", unchanged, true, ICE_PATH_DIRECT, "",
	  "ice: alice and bob agreed on a pair of their own addresses; 5 of 5" },
	{ "NATs do", changed, true, ICE_PATH_PUNCHED, "",
	  "ice over IPv6 and IPv4: alice and bob agreed on a pair through the mappings of NATs" },
	{ "a relay passes it on", passed_on, true, ICE_PATH_RELAYED, "supernode",
	  "ice: alice and bob agreed on a pair that supernode relays; 5 of 5" },
	{ "one way only, which is no pair", half_passed_on, false, ICE_PATH_RELAYED, "supernode",
	  "voice: supernode passed on some frames of one pair, and others not" },
	{ "no answer", unanswered, false, ICE_PATH_DIRECT, "",
	  "ice: bob's answer reached home_a wan and was dropped: filtered" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct forge *forge = forge_lab();
	const struct verdict_call *call;
	struct verdict verdict;
	const char *pair;
	char error[256];
	json_t *json;

	row->forge(forge);
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)), 0);
	call = verdict_find(&verdict, CALL);
	assert_non_null(call);
	if (strncmp(call->why, row->why, strlen(row->why)) != 0)
		fail_msg("expected \"%s …\", got \"%s\"", row->why, call->why);
	assert_int_equal(call->connected, row->connected);
	assert_int_equal(call->ice_path, row->path);
	assert_int_equal(call->attempts[0].ice_path, row->connected ? row->path : ICE_PATH_COUNT);
	assert_string_equal(call->relay, row->relay);
	json = verdict_call_json(call);
	pair = json_string_value(json_object_get(json, "pair"));
	assert_non_null(pair);
	assert_string_equal(pair, ice_path_word(row->path));
	json_decref(json);
	verdict_clear(&verdict);
	forge_free(forge);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = test_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
