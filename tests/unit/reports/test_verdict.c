/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts on forged captures: honest ones, and every lie that a probe could tell.
 */
#include "calls.h"

#include "reports/verdict.h"

/* A relay first, and a direct way a moment later: the one at the end counts. */
static void relay_then_punch(struct forge *forge)
{
	honest_relay(forge);
	punch(forge);
	voices(forge, METHOD_PUNCH);
}

static void voice_stops(struct forge *forge)
{
	punch(forge);
	voice(forge, &alice_to_bob, METHOD_PUNCH, 10, 10);
	voice(forge, &bob_to_alice, METHOD_PUNCH, 10, 5);
}

static void sent_twice(struct forge *forge)
{
	honest_punch(forge);
	voices(forge, METHOD_PUNCH); /* the same sequence numbers again */
}

static void one_way_hellos(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_ANSWER, 0, 4, "dropped: filtered");
}

static void one_way_voice(struct forge *forge)
{
	punch(forge);
	voice(forge, &alice_to_bob, METHOD_PUNCH, 5, 5);
	for (uint32_t i = 0; i < 5; i++)
		go(forge, &bob_to_alice, METHOD_PUNCH, TALK_VOICE, i, 4, "dropped: no mapping");
}

static void voice_of_nobody(struct forge *forge)
{
	voices(forge, METHOD_PUNCH);
}

/* Frames that are only ever seen where they arrive. */
static void from_nowhere(struct forge *forge)
{
	static const struct way nowhere_to_bob = { { BOB }, { PCAPNG_INBOUND }, 1 };
	const struct talk frame = { .kind = TALK_VOICE, .token = CALL, .method = METHOD_PUNCH };

	punch(forge);
	voice(forge, &bob_to_alice, METHOD_PUNCH, 5, 5);
	for (uint32_t i = 0; i < 5; i++) {
		struct talk one = frame;

		one.sequence = i;
		forge_frame(forge, nowhere_to_bob.tap[0], nowhere_to_bob.direction[0], &one, NULL);
	}
}

/* They left, but only after they had arrived. */
static void left_too_late(struct forge *forge)
{
	const struct talk frame = { .kind = TALK_HELLO, .token = CALL, .method = METHOD_DIRECT };

	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_ANSWER, 0, WHOLE, NULL);
	forge_frame(forge, BOB, PCAPNG_INBOUND, &frame, NULL);
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, WHOLE, NULL);
}

static void punch_without_bob(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_PUNCH, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice, METHOD_PUNCH, TALK_ANSWER, 0, WHOLE, NULL);
	voices(forge, METHOD_PUNCH);
}

static void direct_by_both(struct forge *forge)
{
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_HELLO, 0, 4, "dropped: filtered");
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_ANSWER, 0, WHOLE, NULL);
}

static void relay_called_punch(struct forge *forge)
{
	go(forge, &alice_to_bob_relayed, METHOD_PUNCH, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice_relayed, METHOD_PUNCH, TALK_HELLO, 0, WHOLE, NULL);
}

static void punched_but_voice_relayed(struct forge *forge)
{
	punch(forge);
	voice(forge, &alice_to_bob, METHOD_PUNCH, 5, 5);
	voice(forge, &bob_to_alice_relayed, METHOD_PUNCH, 5, 5);
}

static void punch_called_relay(struct forge *forge)
{
	relay(forge);
	voices(forge, METHOD_RELAY);
}

static void punch_called_turn(struct forge *forge)
{
	go(forge, &alice_to_bob_relayed, METHOD_TURN, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice_relayed, METHOD_TURN, TALK_ANSWER, 0, WHOLE, NULL);
	voices(forge, METHOD_TURN);
}

static void voice_by_what_failed(struct forge *forge)
{
	one_way_hellos(forge);
	voices(forge, METHOD_DIRECT);
}

static void filtered(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, 1, "lost on the link");
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 1, 4,
	   "dropped: filtered, no permission for 11.2.1.2:4000 (address-dependent)");
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 2, 2, NULL);
}

static void lost_in_a_kernel(struct forge *forge)
{
	go(forge, &bob_to_alice, METHOD_REVERSAL, TALK_HELLO, 0, 4, NULL);
}

static const struct row {
	const char *name;
	void (*forge)(struct forge *forge);
	bool connected;
	enum method method;
	const char *relay;
	unsigned sent[2], arrived[2];
	const char *why; /* the whole of it */
} rows[] = {
	{ "punch after direct failed",
	  honest_punch,
	  true,
	  METHOD_PUNCH,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "punch: alice and bob both spoke first; 5 of 5 voice frames reached bob, 5 of 5 voice "
	  "frames reached alice; direct had failed: alice's hello reached home_b wan and was "
	  "dropped: no mapping" },
	{ "direct, kept alive by the callee",
	  honest_direct,
	  true,
	  METHOD_DIRECT,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "direct: alice spoke first and bob answered; 5 of 5 voice frames reached bob, 5 of 5 "
	  "voice frames reached alice" },
	{ "reversal, no voice",
	  honest_reversal,
	  true,
	  METHOD_REVERSAL,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "reversal: bob spoke first and alice answered; no voice was sent" },
	{ "relay",
	  honest_relay,
	  true,
	  METHOD_RELAY,
	  "supernode",
	  { 5, 5 },
	  { 5, 5 },
	  "relay: supernode passed it on; 5 of 5 voice frames reached bob, 5 of 5 voice frames "
	  "reached alice" },
	{ "relay by TURN",
	  honest_turn,
	  true,
	  METHOD_TURN,
	  "supernode",
	  { 5, 5 },
	  { 5, 5 },
	  "turn: supernode passed it on; 5 of 5 voice frames reached bob, 5 of 5 voice frames "
	  "reached alice" },
	{ "TURN that never was",
	  punch_called_turn,
	  false,
	  METHOD_TURN,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "voice: alice's frames say turn, but no third host passed them on" },
	{ "relay, then punch",
	  relay_then_punch,
	  true,
	  METHOD_PUNCH,
	  "",
	  { 10, 10 },
	  { 10, 10 },
	  "punch: alice and bob both spoke first; 10 of 10 voice frames reached bob, 10 of 10 "
	  "voice frames reached alice" },
	{ "voice stops half-way",
	  voice_stops,
	  true,
	  METHOD_PUNCH,
	  "",
	  { 10, 10 },
	  { 10, 5 },
	  "punch: alice and bob both spoke first; 10 of 10 voice frames reached bob, 5 of 10 "
	  "voice frames reached alice" },
	{ "duplicates count once",
	  sent_twice,
	  true,
	  METHOD_PUNCH,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "punch: alice and bob both spoke first; 5 of 5 voice frames reached bob, 5 of 5 voice "
	  "frames reached alice; direct had failed: alice's hello reached home_b wan and was "
	  "dropped: no mapping" },
	{ "hellos one way only",
	  one_way_hellos,
	  false,
	  METHOD_DIRECT,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "direct: bob's answer reached home_a wan and was dropped: filtered" },
	{ "voice one way only",
	  one_way_voice,
	  false,
	  METHOD_PUNCH,
	  "",
	  { 5, 5 },
	  { 5, 0 },
	  "voice by punch did not pass both ways: bob's voice reached home_a wan and was dropped: "
	  "no mapping; 5 of 5 voice frames reached bob, 0 of 5 voice frames reached alice" },
	{ "voice that no attempt opened",
	  voice_of_nobody,
	  false,
	  METHOD_PUNCH,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "voice says punch, but no hello or answer of that method was seen" },
	{ "frames from nowhere",
	  from_nowhere,
	  false,
	  METHOD_PUNCH,
	  "",
	  { 0, 5 },
	  { 5, 5 },
	  "voice: 5 of alice's frames reached bob without having left alice" },
	{ "arrived before they left",
	  left_too_late,
	  false,
	  METHOD_DIRECT,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "direct: 1 of alice's frames reached bob without having left alice" },
	{ "punch without bob's hello",
	  punch_without_bob,
	  false,
	  METHOD_PUNCH,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "voice says punch, but that did not open: its frames say punch, but bob never said "
	  "hello" },
	{ "direct, but the callee spoke too",
	  direct_by_both,
	  false,
	  METHOD_DIRECT,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "direct: its frames say direct, but bob said hello unprompted" },
	{ "a relay unmarked",
	  relay_called_punch,
	  false,
	  METHOD_PUNCH,
	  "supernode",
	  { 0, 0 },
	  { 0, 0 },
	  "punch: alice's frames say punch, but supernode passed them on" },
	{ "punched, voice relayed",
	  punched_but_voice_relayed,
	  false,
	  METHOD_PUNCH,
	  "supernode",
	  { 5, 5 },
	  { 5, 5 },
	  "voice: bob's frames say punch, but supernode passed them on" },
	{ "a relay that never was",
	  punch_called_relay,
	  false,
	  METHOD_RELAY,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "voice: alice's frames say relay, but no third host passed them on" },
	{ "voice by what failed",
	  voice_by_what_failed,
	  false,
	  METHOD_DIRECT,
	  "",
	  { 5, 5 },
	  { 5, 5 },
	  "voice says direct, but that did not open: bob's answer reached home_a wan and was "
	  "dropped: filtered" },
	{ "the NAT's own words",
	  filtered,
	  false,
	  METHOD_DIRECT,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "direct: alice's hello reached home_b wan and was dropped: filtered, no permission for "
	  "11.2.1.2:4000 (address-dependent)" },
	{ "where it was last seen",
	  lost_in_a_kernel,
	  false,
	  METHOD_REVERSAL,
	  "",
	  { 0, 0 },
	  { 0, 0 },
	  "reversal: bob's hello was last seen at home_a wan" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct forge *forge = forge_lab();
	const struct verdict_call *call;
	struct verdict verdict;
	char error[256];

	row->forge(forge);
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)), 0);
	assert_int_equal(verdict.calls_len, 1);
	call = verdict_find(&verdict, CALL);
	assert_non_null(call);
	assert_string_equal(call->why, row->why);
	assert_int_equal(call->connected, row->connected);
	assert_int_equal(call->method, row->method);
	assert_string_equal(call->relay, row->relay);
	assert_int_equal(call->relayed, row->relay[0] != '\0');
	for (int role = 0; role < 2; role++) {
		assert_int_equal(call->voice_sent[role], row->sent[role]);
		assert_int_equal(call->voice_arrived[role], row->arrived[role]);
	}
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
