/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forged calls over UDP whose frames say low TTL, prediction or birthday: packets that prove it, and
 * the same with each piece of the proof missing.
 */
#include "calls.h"
#include "probes/wire/rendezvous.h"
#include "reports/verdict.h"

enum { INSIDE = 4000, KNOWN = 5000, NEXT = 5001, OTHER = 5009, B_PORT = 7000, USUAL = 64 };
enum { RENDEZVOUS = 33033, PACKETS = 16 };

/* How far a packet gets: how many taps it crosses. */
enum { AT_HOST = 1, AT_HOME = 2, OUT = 3, AT_FAR = 4 };

enum kind { END, HELLO, ANSWER, SPEECH, REGISTERS };

/*
 * A packet.  Alice's: leaves her by port @inside and her NAT by @outside, for bob's B_PORT.  Bob's: from
 * his B_PORT, to her port @outside, at which her NAT sends it on to INSIDE.  Or her registration, as
 * the rendezvous sees it come from @outside.
 */
struct step {
	enum talk_role from;
	enum kind kind;
	uint16_t inside, outside;
	uint8_t ttl;
	size_t taps;
};

#define A(kind, ...)                                                                               \
	{                                                                                          \
		TALK_CALLER, kind, __VA_ARGS__                                                     \
	}
#define B(kind, ...)                                                                               \
	{                                                                                          \
		TALK_CALLEE, kind, INSIDE, __VA_ARGS__                                             \
	}
/* … to one of her holes. */
#define B_TO(hole, kind, ...)                                                                      \
	{                                                                                          \
		TALK_CALLEE, kind, hole, __VA_ARGS__                                               \
	}
#define REGISTERED(port)                                                                           \
	{                                                                                          \
		TALK_CALLER, REGISTERS, 0, port, USUAL, WHOLE                                      \
	}
#define A_LOW(ttl, taps) A(HELLO, INSIDE, KNOWN, ttl, taps)
#define B_LOW(ttl, taps) B(HELLO, KNOWN, ttl, taps)
#define A_HELLO A(HELLO, INSIDE, KNOWN, USUAL, WHOLE)
#define B_HELLO B(HELLO, KNOWN, USUAL, WHOLE)
#define A_ANSWER A(ANSWER, INSIDE, KNOWN, USUAL, WHOLE)
#define OPENS(inside, outside) A(HELLO, inside, outside, USUAL, AT_FAR)
#define TRIES(port) B(HELLO, port, USUAL, AT_FAR)

#define NO_LOW_TTL "no hello's TTL ended on its way before the other's came in"
#define NO_PREDICT "neither was heard from a port that was spoken to before"
#define NO_BIRTHDAY "neither side had many ports open or tried that the connection is one of"

static const struct row {
	const char *name;
	enum method says, shown;
	const char *why; /* a part of it */
	struct step steps[PACKETS];
} rows[] = {
	{ "plain hole punching",
	  METHOD_PUNCH,
	  METHOD_PUNCH,
	  "alice and bob both spoke first; no",
	  { A_LOW(USUAL, AT_FAR), B_HELLO, A_ANSWER } },

	{ "low-ttl: alice's died on its way",
	  METHOD_LOW_TTL,
	  METHOD_LOW_TTL,
	  "alice's hello left home_a wan with a TTL of 1, which ended before home_b wan, and bob's "
	  "then came in",
	  { A_LOW(2, OUT), B_HELLO, A_ANSWER } },
	{ "low-ttl: bob's did",
	  METHOD_LOW_TTL,
	  METHOD_LOW_TTL,
	  "bob's hello left home_b wan with a TTL of 1, which ended before home_a wan",
	  { B_LOW(2, OUT), A_HELLO, B(ANSWER, KNOWN, USUAL, WHOLE) } },
	{ "low-ttl: of the usual TTL, and lost",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(USUAL, OUT), B_HELLO, A_ANSWER } },
	{ "low-ttl: low, but enough, and lost",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(3, OUT), B_HELLO, A_ANSWER } },
	{ "low-ttl: it got to the other's NAT",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(2, AT_FAR), B_HELLO, A_ANSWER } },
	{ "low-ttl: it did not leave home",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(1, AT_HOME), B_HELLO, A_ANSWER } },
	{ "low-ttl: it did not get home",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(2, AT_HOST), B_HELLO, A_ANSWER } },
	{ "low-ttl: the other's had come in before",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { B_HELLO, A_LOW(2, OUT), A_ANSWER } },
	{ "low-ttl: an answer died",
	  METHOD_LOW_TTL,
	  METHOD_PUNCH,
	  NO_LOW_TTL,
	  { A_LOW(USUAL, AT_FAR), A(ANSWER, INSIDE, KNOWN, 2, OUT), B_HELLO, A_ANSWER } },

	{ "predict: the next port",
	  METHOD_PREDICT,
	  METHOD_PREDICT,
	  "alice, whom the rendezvous had seen at port 5000, was spoken to at 5001 before being heard "
	  "from there",
	  { REGISTERED(KNOWN), TRIES(NEXT), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: the port that is known",
	  METHOD_PREDICT,
	  METHOD_PUNCH,
	  NO_PREDICT,
	  { REGISTERED(NEXT), TRIES(NEXT), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: none was known, as far as is seen",
	  METHOD_PREDICT,
	  METHOD_PUNCH,
	  NO_PREDICT,
	  { TRIES(NEXT), A(HELLO, INSIDE, NEXT, USUAL, WHOLE), B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: registered once more",
	  METHOD_PREDICT,
	  METHOD_PREDICT,
	  "at port 5000",
	  { REGISTERED(KNOWN), REGISTERED(NEXT), TRIES(NEXT), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: learned from whence it was heard",
	  METHOD_PREDICT,
	  METHOD_PUNCH,
	  NO_PREDICT,
	  { REGISTERED(KNOWN), TRIES(KNOWN), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(HELLO, NEXT, USUAL, WHOLE), B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: others were spoken to",
	  METHOD_PREDICT,
	  METHOD_PUNCH,
	  NO_PREDICT,
	  { REGISTERED(KNOWN), TRIES(KNOWN), TRIES(NEXT + 1), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(ANSWER, NEXT, USUAL, WHOLE) } },
	{ "predict: voice came from another port in the end",
	  METHOD_PREDICT,
	  METHOD_PUNCH,
	  NO_PREDICT,
	  { REGISTERED(KNOWN), TRIES(NEXT), A(HELLO, INSIDE, NEXT, USUAL, WHOLE),
	    B(ANSWER, NEXT, USUAL, WHOLE), A(SPEECH, INSIDE, OTHER, USUAL, WHOLE),
	    B(SPEECH, OTHER, USUAL, WHOLE) } },

	{ "birthday: many were opened",
	  METHOD_BIRTHDAY,
	  METHOD_BIRTHDAY,
	  "alice had 4 ports open, bob spoke to 1, and they met at 6003",
	  { OPENS(4001, 6001), OPENS(4002, 6002), OPENS(4003, 6003), OPENS(4004, 6004),
	    B_TO(4003, HELLO, 6003, USUAL, WHOLE), A(ANSWER, 4003, 6003, USUAL, WHOLE) } },
	{ "birthday: few were",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { OPENS(4001, 6001), OPENS(4002, 6002), OPENS(4003, 6003),
	    B_TO(4003, HELLO, 6003, USUAL, WHOLE), A(ANSWER, 4003, 6003, USUAL, WHOLE) } },
	{ "birthday: many sockets, one port outside",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { OPENS(4001, 6003), OPENS(4002, 6003), OPENS(4003, 6003), OPENS(4004, 6003),
	    B_TO(4003, HELLO, 6003, USUAL, WHOLE), A(ANSWER, 4003, 6003, USUAL, WHOLE) } },
	{ "birthday: one socket, many ports outside",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { OPENS(4003, 6001), OPENS(4003, 6002), OPENS(4003, 6003), OPENS(4003, 6004),
	    B_TO(4003, HELLO, 6003, USUAL, WHOLE), A(ANSWER, 4003, 6003, USUAL, WHOLE) } },
	{ "birthday: they did not leave home",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { A(HELLO, 4001, 6001, USUAL, AT_HOME), A(HELLO, 4002, 6002, USUAL, AT_HOME),
	    A(HELLO, 4003, 6003, USUAL, AT_HOME), A(HELLO, 4004, 6004, USUAL, AT_HOME),
	    B_TO(4003, HELLO, 6003, USUAL, WHOLE), A(ANSWER, 4003, 6003, USUAL, WHOLE) } },
	{ "birthday: the connection is none of them",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { OPENS(4001, 6001), OPENS(4002, 6002), OPENS(4003, 6003), OPENS(4004, 6004),
	    B_TO(4009, HELLO, 6009, USUAL, WHOLE), A(ANSWER, 4009, 6009, USUAL, WHOLE) } },
	{ "birthday: many were tried",
	  METHOD_BIRTHDAY,
	  METHOD_BIRTHDAY,
	  "alice had 1 ports open, bob spoke to 4, and they met at 6001",
	  { OPENS(4001, 6001), TRIES(6005), TRIES(6006), TRIES(6007),
	    B_TO(4001, HELLO, 6001, USUAL, WHOLE), A(ANSWER, 4001, 6001, USUAL, WHOLE) } },
	{ "birthday: few were tried",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { OPENS(4001, 6001), TRIES(6005), TRIES(6006), TRIES(6006),
	    B_TO(4001, HELLO, 6001, USUAL, WHOLE), A(ANSWER, 4001, 6001, USUAL, WHOLE) } },
	{ "birthday: many were tried, and one was heard",
	  METHOD_BIRTHDAY,
	  METHOD_PUNCH,
	  NO_BIRTHDAY,
	  { TRIES(6005), TRIES(6006), TRIES(6007), A(HELLO, 4001, 6001, USUAL, WHOLE),
	    B_TO(4001, HELLO, 6001, USUAL, WHOLE), A(ANSWER, 4001, 6001, USUAL, WHOLE) } },
};

static void put_datagram(struct forge *forge, uint32_t tap, enum pcapng_direction direction,
			 struct endpoint src, struct endpoint dst, uint8_t ttl,
			 const uint8_t *payload, size_t len)
{
	uint8_t bytes[2048];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	assert_int_equal(packet_make_udp(&pkt, src, dst, ttl, payload, len), 0);
	forge_bytes(forge, tap, direction, pkt.data, pkt.len, NULL);
}

static struct endpoint home_a(uint16_t port)
{
	return forge_endpoint(0x0b020102, port);
}

static void put_registration(struct forge *forge, enum method method, uint16_t outside)
{
	const struct rendezvous_message msg = {
		.kind = RENDEZVOUS_REGISTER, .name = "alice", .token = CALL, .method = method
	};
	uint8_t payload[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(&msg, payload, sizeof(payload));

	assert_true(len > 0);
	put_datagram(forge, SUPERNODE, PCAPNG_INBOUND, home_a(outside),
		     forge_endpoint(0x0b010102, RENDEZVOUS), USUAL, payload, len);
}

static void put_step(struct forge *forge, enum method method, const struct step *step,
		     uint32_t sequence)
{
	static const enum talk_kind kinds[] = {
		[HELLO] = TALK_HELLO, [ANSWER] = TALK_ANSWER, [SPEECH] = TALK_VOICE
	};
	const struct way *way = step->from == TALK_CALLER ? &alice_to_bob : &bob_to_alice;
	const struct talk frame = { .kind = kinds[step->kind],
				    .token = CALL,
				    .method = method,
				    .role = step->from,
				    .sequence = sequence };
	const struct endpoint bob = forge_endpoint(0xc0a80203, B_PORT);
	const struct endpoint home_b = forge_endpoint(0x0b020202, B_PORT);
	uint8_t payload[TALK_MAX];
	size_t len = talk_encode(&frame, payload, sizeof(payload));

	for (size_t i = 0; i < way->taps && i < step->taps; i++) {
		bool alice = step->from == TALK_CALLER;
		struct endpoint inside = forge_endpoint(0xc0a80102, step->inside);
		struct endpoint a = (alice ? i < 2 : i >= 4) ? inside : home_a(step->outside);
		struct endpoint b = (alice ? i >= 4 : i < 2) ? bob : home_b;
		/* A NAT takes one off, and so does the router between the two. */
		uint8_t ttl = (uint8_t)(step->ttl - (i >= 2) - (i >= 3) - (i >= 4));

		put_datagram(forge, way->tap[i], way->direction[i], alice ? a : b, alice ? b : a,
			     ttl, payload, len);
	}
}

static void check_json(const struct verdict_call *call, const struct row *row)
{
	json_t *json = verdict_call_json(call);
	const json_t *attempt = json_array_get(json_object_get(json, "attempts"), 0);
	const char *said = json_string_value(json_object_get(json, "said"));
	const char *shown = json_string_value(json_object_get(attempt, "shown"));

	assert_string_equal(json_string_value(json_object_get(json, "method")),
			    method_word(row->shown));
	assert_string_equal(json_string_value(json_object_get(attempt, "method")),
			    method_word(row->says));
	if (row->says == row->shown) {
		assert_null(said);
		assert_null(shown);
	} else {
		assert_string_equal(said, method_word(row->says));
		assert_string_equal(shown, method_word(row->shown));
	}
	json_decref(json);
}

static void a_row(void **state)
{
	const struct row *row = *state;
	struct forge *forge = forge_lab();
	const struct verdict_call *call;
	struct verdict verdict;
	char error[256];

	for (uint32_t i = 0; i < PACKETS && row->steps[i].kind != END; i++)
		if (row->steps[i].kind == REGISTERS)
			put_registration(forge, row->says, row->steps[i].outside);
		else
			put_step(forge, row->says, &row->steps[i], i + 1);
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)), 0);
	call = verdict_find(&verdict, CALL);
	assert_non_null(call);
	if (!call->connected || !strstr(call->why, row->why))
		fail_msg("expected \"%s\", got \"%s\"", row->why, call->why);
	assert_int_equal(call->method, row->shown);
	assert_int_equal(call->said, row->says);
	assert_int_equal(call->attempts[0].method, row->says);
	assert_int_equal(call->attempts[0].shown, row->shown);
	check_json(call, row);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* A registration that is another's, of another call or attempt's method, or not at the rendezvous,
 * tells nothing of alice's port. */
static void registrations_of_others(void **state)
{
	const struct row *proof = NULL;
	const struct rendezvous_message others[] = {
		{ .kind = RENDEZVOUS_REGISTER,
		  .name = "bob",
		  .token = CALL,
		  .method = METHOD_PREDICT },
		{ .kind = RENDEZVOUS_REGISTER,
		  .name = "alice",
		  .token = CALL + 1,
		  .method = METHOD_PREDICT },
		{ .kind = RENDEZVOUS_REGISTER,
		  .name = "alice",
		  .token = CALL,
		  .method = METHOD_BIRTHDAY },
		{ .kind = RENDEZVOUS_REGISTER,
		  .name = "alice",
		  .token = CALL,
		  .method = METHOD_PREDICT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !proof; i++)
		if (rows[i].shown == METHOD_PREDICT)
			proof = &rows[i];
	assert_non_null(proof);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct forge *forge = forge_lab();
		uint8_t payload[RENDEZVOUS_MAX];
		size_t len = rendezvous_encode(&others[i], payload, sizeof(payload));
		bool last = i + 1 == sizeof(others) / sizeof(others[0]);
		struct verdict verdict;
		char error[256];

		/* The last one is alice's own, as it passes her NAT and comes to nobody. */
		put_datagram(forge, last ? HOME_A_WAN : SUPERNODE,
			     last ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
			     i == 0 ? forge_endpoint(0x0b020202, B_PORT) : home_a(KNOWN),
			     forge_endpoint(0x0b010102, RENDEZVOUS), USUAL, payload, len);
		for (uint32_t s = 1; s < PACKETS && proof->steps[s].kind != END; s++)
			put_step(forge, METHOD_PREDICT, &proof->steps[s], s);
		assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)),
				 0);
		if (verdict_find(&verdict, CALL)->method != METHOD_PUNCH)
			fail_msg("number %zu was taken for hers", i);
		verdict_clear(&verdict);
		forge_free(forge);
	}
}

/* A DMZ leads what is for another port to that port of its host, where nobody is. */
static void a_port_that_nobody_has(void **state)
{
	static const uint16_t ports[] = { INSIDE, INSIDE + 444 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct step steps[] = { A_HELLO, B_TO(ports[i], ANSWER, KNOWN, USUAL, WHOLE),
					      B_TO(ports[i], HELLO, KNOWN, USUAL, WHOLE) };
		struct forge *forge = forge_lab();
		struct verdict verdict;
		char error[256];

		for (uint32_t s = 0; s < 3; s++)
			put_step(forge, METHOD_PUNCH, &steps[s], s + 1);
		assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)),
				 0);
		assert_int_equal(verdict_find(&verdict, CALL)->connected, ports[i] == INSIDE);
		verdict_clear(&verdict);
		forge_free(forge);
	}
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS + 2] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = a_row,
						.initial_state = (void *)&rows[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(registrations_of_others);
	tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(a_port_that_nobody_has);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
