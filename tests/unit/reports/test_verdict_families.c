/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts on forged captures of both families: what frames say of themselves against what the
 * packets were at the taps.
 */
#include "calls.h"

#include "reports/verdict.h"

enum { EVERYWHERE = (1 << TAPS) - 1, INSIDE_A = 1 << ALICE | 1 << HOME_A_LAN };

static void punch_and_talk(struct forge *forge)
{
	punch(forge);
	voices(forge, METHOD_PUNCH);
}

/* The same method in both families, and the same sequence numbers. */
static void ipv6_then_ipv4(struct forge *forge)
{
	forge->says = FAMILY_IPV6;
	forge->ipv6 = EVERYWHERE;
	go(forge, &alice_to_bob, METHOD_PUNCH, TALK_HELLO, 0, 2,
	   "dropped: the protocol is blocked");
	forge->says = FAMILY_IPV4;
	forge->ipv6 = 0;
	punch_and_talk(forge);
}

static const struct row {
	const char *name;
	void (*play)(struct forge *forge);
	enum family says;
	unsigned ipv6;
	bool connected;
	size_t attempts;
	const char *families, *why;
} rows[] = {
	{ "IPv6 all the way", punch_and_talk, FAMILY_IPV6, EVERYWHERE, true, 1, "ipv6",
	  "punch over IPv6: alice and bob both spoke first; " },
	{ "IPv4 all the way", punch_and_talk, FAMILY_IPV4, 0, true, 1, "ipv4",
	  "punch: alice and bob both spoke first; " },
	{ "through a NAT64", punch_and_talk, FAMILY_IPV4, INSIDE_A, true, 1, "ipv6 and ipv4",
	  "punch over IPv6 and IPv4: alice and bob both spoke first; " },
	{ "IPv6 by its own word alone", punch_and_talk, FAMILY_IPV6, 0, false, 1, "ipv4",
	  "voice: alice's frames say IPv6, but were in IPv4 on their way" },
	{ "IPv6 on a part of the way alone", punch_and_talk, FAMILY_IPV6, INSIDE_A, false, 1,
	  "ipv6 and ipv4", "voice: alice's frames say IPv6, but were in IPv4 on their way" },
	{ "IPv6 in vain, then IPv4", ipv6_then_ipv4, FAMILY_IPV4, 0, true, 2, "ipv4",
	  "punch: alice and bob both spoke first; 5 of 5 voice frames reached bob, 5 of 5 voice "
	  "frames reached alice; punch over IPv6 had failed: alice's hello reached home_a lan and "
	  "was dropped: the protocol is blocked" },
};

static void check(void **state)
{
	const struct row *row = *state;
	struct forge *forge = forge_lab();
	const struct verdict_call *call;
	struct verdict verdict;
	char error[256];
	json_t *json;

	forge->says = row->says;
	forge->ipv6 = row->ipv6;
	row->play(forge);
	if (verdict_read(forge_write(forge), &verdict, error, sizeof(error)))
		fail_msg("%s", error);
	call = verdict_find(&verdict, CALL);
	assert_non_null(call);
	assert_int_equal(call->connected, row->connected);
	assert_int_equal(call->attempts_len, row->attempts);
	assert_int_equal(call->family, row->says);
	assert_string_equal(verdict_families_word(call->families), row->families);
	assert_memory_equal(call->why, row->why, strlen(row->why));
	/* IPv4 alone goes without saying. */
	json = verdict_call_json(call);
	assert_int_equal(json_object_get(json, "family") != NULL,
			 strcmp(row->families, "ipv4") != 0 || row->says == FAMILY_IPV6);
	json_decref(json);
	verdict_clear(&verdict);
	forge_free(forge);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
