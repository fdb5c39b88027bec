/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forged handshakes: frames that say one way of connecting, and SYNs that say the same, or not. */
#include "calls.h"
#include "probes/wire/rendezvous.h"
#include "reports/verdict.h"

enum { A_PORT = 5000, B_PORT = 6000, SERVER_PORT = 33033, USUAL = 64, LOW = 2 };
enum { A_SYN = 1000, B_SYN = 7000, B_OTHER = 9000 };

/* One segment on its way: from whom, with which number, flags and TTL, over how many taps, what is beside
 * it at the last of them, what is in it, and whether its sender's NAT gave it another port than usual. */
struct segment {
	const struct way *way;
	uint32_t seq;
	uint8_t flags, ttl;
	size_t taps;
	const char *comment;
	const void *payload;
	size_t len;
	bool elsewhere;
};

/* Alice's and bob's own endpoints, and those that their NATs show. */
static struct endpoint end_of(bool alice, bool outside)
{
	if (alice)
		return forge_endpoint(outside ? 0x0b020102 : 0xc0a80102, A_PORT);
	return forge_endpoint(outside ? 0x0b020202 : 0xc0a80203, B_PORT);
}

static void send_segment(struct forge *forge, const struct segment *s)
{
	bool alice = s->way->tap[0] == ALICE;

	for (size_t i = 0; i < s->taps && i < s->way->taps; i++) {
		uint8_t bytes[2048];
		struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
		const struct tcp_says says = { .seq = s->seq, .flags = s->flags };
		struct endpoint src = end_of(alice, i >= 2);

		src.port = (uint16_t)(src.port + (s->elsewhere && i >= 2));
		assert_int_equal(packet_make_tcp(&pkt, src, end_of(!alice, i < 4),
						 (uint8_t)(s->ttl - i / 2), &says, s->payload,
						 s->len),
				 0);
		forge_bytes(forge, s->way->tap[i], s->way->direction[i], pkt.data, pkt.len,
			    i + 1 == s->taps ? s->comment : NULL);
	}
}

/* The host of @alice says @msg in a connection to the rendezvous. */
static void say(struct forge *forge, bool alice, const struct rendezvous_message *msg)
{
	uint8_t payload[RENDEZVOUS_MAX], bytes[2048];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	const struct tcp_says says = { .seq = 1, .flags = TCP_ACK };
	size_t len = rendezvous_encode(msg, payload, sizeof(payload));

	assert_true(len > 0);
	assert_int_equal(packet_make_tcp(&pkt, end_of(alice, false),
					 forge_endpoint(0x0b010102, SERVER_PORT), USUAL, &says,
					 payload, len),
			 0);
	forge_bytes(forge, alice ? ALICE : BOB, PCAPNG_OUTBOUND, pkt.data, pkt.len, NULL);
}

static void announce(struct forge *forge, enum method method)
{
	const struct rendezvous_message call = {
		.kind = RENDEZVOUS_CALL, .name = "bob", .token = CALL, .method = method
	};

	say(forge, true, &call);
}

static void registrations(struct forge *forge, enum method method)
{
	const struct rendezvous_message msg = {
		.kind = RENDEZVOUS_REGISTER, .name = "x", .token = CALL, .method = method
	};

	say(forge, true, &msg);
	say(forge, false, &msg);
}

/* Alice's hello, and bob's answer, in the connection whose sides began with these numbers; or bob's in
 * another. */
static void frames(struct forge *forge, enum method method, uint32_t a, uint32_t b, bool elsewhere)
{
	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++) {
		const struct talk frame = { .kind = role ? TALK_ANSWER : TALK_HELLO,
					    .token = CALL,
					    .method = method,
					    .role = role,
					    .sequence = 1 };
		uint8_t bytes[TALK_MAX];
		struct segment s = { .way = role ? &bob_to_alice : &alice_to_bob,
				     .seq = (role ? b : a) + 1,
				     .flags = TCP_ACK,
				     .ttl = USUAL,
				     .taps = WHOLE,
				     .payload = bytes,
				     .elsewhere = elsewhere && role == TALK_CALLEE };

		s.len = talk_encode(&frame, bytes, sizeof(bytes));
		send_segment(forge, &s);
	}
}

static void send_syn(struct forge *forge, const struct way *way, uint32_t seq, uint8_t ttl,
		     size_t taps, const char *comment)
{
	send_segment(forge,
		     &(struct segment){ way, seq, TCP_SYN, ttl, taps, comment, NULL, 0, false });
}

static void send_syn_ack(struct forge *forge, const struct way *way, uint32_t seq, size_t taps,
			 const char *comment)
{
	send_segment(forge, &(struct segment){ way, seq, TCP_SYN | TCP_ACK, USUAL, taps, comment,
					       NULL, 0, false });
}

static void send_rst(struct forge *forge, const struct way *way, size_t taps)
{
	send_segment(forge, &(struct segment){ way, 0, TCP_RST | TCP_ACK, USUAL, taps, NULL, NULL,
					       0, false });
}

/* ICMP: port unreachable, or its time was over, for alice's SYN, seen at her own host. */
static void send_error(struct forge *forge, enum packet_error error)
{
	uint8_t bytes[2048];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	const struct tcp_says says = { .seq = A_SYN, .flags = TCP_SYN };

	assert_int_equal(
		packet_make_tcp(&pkt, end_of(true, false), end_of(false, true), 1, &says, NULL, 0),
		0);
	assert_int_equal(packet_make_error(&pkt, ip_addr_v4(0x0b020202), error, 0), 0);
	forge_bytes(forge, ALICE, PCAPNG_INBOUND, pkt.data, pkt.len, NULL);
}

/* Two hosts on one link: no router is between them. */
static const struct way alice_linked = { { ALICE, BOB }, { PCAPNG_OUTBOUND, PCAPNG_INBOUND }, 2 };
static const struct way bob_linked = { { BOB, ALICE }, { PCAPNG_OUTBOUND, PCAPNG_INBOUND }, 2 };

/* What happened, a letter each: a and b are SYNs, A and B answers to them by who sent the other. */
static void happen(struct forge *forge, char what)
{
	bool from_alice = strchr("aulxA", what);
	const struct way *way = from_alice ? &alice_to_bob : &bob_to_alice;
	uint32_t syn = from_alice ? A_SYN : B_SYN;

	switch (what) {
	case 'a': /* the SYN goes all the way */
	case 'b':
		send_syn(forge, way, syn, USUAL, WHOLE, NULL);
		break;
	case 'u': /* it is dropped at the other's NAT */
	case 'v':
		send_syn(forge, way, syn, USUAL, 4, "dropped: no mapping");
		break;
	case 'l': /* its TTL ends behind the own NAT */
	case 'm':
		send_syn(forge, way, syn, LOW, 3, NULL);
		break;
	case 'w': /* its TTL is low, and yet it arrives */
		send_syn(forge, way, syn, 10, WHOLE, NULL);
		break;
	case 'z': /* … or gets as far as the other's NAT */
		send_syn(forge, way, syn, 10, 4, "dropped: filtered");
		break;
	case 'x': /* … or arrives by no router */
	case 'y':
		send_syn(forge, from_alice ? &alice_linked : &bob_linked, syn, 1, WHOLE, NULL);
		break;
	case 'A': /* alice's SYN-ACK has her SYN's number, as where SYNs cross */
	case 'B':
		send_syn_ack(forge, way, syn, WHOLE, NULL);
		break;
	case 'n': /* bob's has another: a listener's */
		send_syn_ack(forge, way, B_OTHER, WHOLE, NULL);
		break;
	case 'r': /* bob refuses */
		send_rst(forge, way, WHOLE);
		break;
	default:
		fail_msg("'%c' is no event", what);
	}
}

struct row {
	const char *name;
	enum method method;
	const char *events;
	bool connected;
	const char *why;
};

static const struct row rows[] = {
	{ "direct", METHOD_TCP_DIRECT, "an", true, "alice connected to bob" },
	{ "direct, but both began", METHOD_TCP_DIRECT, "vabAB", false,
	  "its frames say tcp-direct, but bob sent a SYN" },
	{ "reversal", METHOD_TCP_REVERSAL, "bA", true, "bob connected to alice" },
	{ "reversal, but the caller began", METHOD_TCP_REVERSAL, "an", false, "alice sent a SYN" },
	{ "punch", METHOD_TCP_PUNCH, "uabAB", true,
	  "both sent a SYN, and made one connection of two that crossed" },
	{ "punch, and one listened by then", METHOD_TCP_PUNCH, "van", true,
	  "both sent a SYN, and made one connection" },
	{ "punch by one alone", METHOD_TCP_PUNCH, "an", false, "bob never sent a SYN" },
	{ "punch, but one's ended on its way", METHOD_TCP_PUNCH, "mabAB", false,
	  "bob sent a SYN that ended on its way" },
	{ "punch of low TTL", METHOD_TCP_PUNCH_LOW_TTL, "lmabAB", true,
	  "both sent a SYN that ended on its way" },
	{ "… but of one side only", METHOD_TCP_PUNCH_LOW_TTL, "lbaAB", false,
	  "bob sent no SYN that ended on its way" },
	{ "… but it arrived", METHOD_TCP_PUNCH_LOW_TTL, "lwabAB", false,
	  "bob sent no SYN that ended on its way" },
	{ "… but it got to the other's NAT", METHOD_TCP_PUNCH_LOW_TTL, "lzabAB", false,
	  "bob sent no SYN that ended on its way" },
	{ "… but where nothing could end it", METHOD_TCP_PUNCH_LOW_TTL, "xyAB", true,
	  "both sent a SYN" },
	{ "STUNT", METHOD_TCP_STUNT_2, "man", true,
	  "bob sent a SYN that ended on its way, and then accepted alice's" },
	{ "STUNT, but the callee's SYN went on", METHOD_TCP_STUNT_2, "van", false,
	  "bob sent no SYN that ended on its way" },
	{ "STUNT, but the caller was the first", METHOD_TCP_STUNT_2, "aman", false,
	  "alice's SYN was the first" },
	{ "STUNT without a callee's SYN", METHOD_TCP_STUNT_2, "an", false, "bob never sent a SYN" },
	{ "sequential", METHOD_TCP_SEQUENTIAL, "van", true,
	  "bob sent a SYN, and then accepted alice's" },
	{ "sequential, but SYNs crossed", METHOD_TCP_SEQUENTIAL, "baAB", false,
	  "not answered by one who listened" },
	{ "sequential, but its SYN ended on its way", METHOD_TCP_SEQUENTIAL, "man", false,
	  "bob sent a SYN that ended on its way" },
};

static void read_one(struct forge *forge, struct verdict *ret)
{
	char error[256];

	assert_int_equal(verdict_read(forge_write(forge), ret, error, sizeof(error)), 0);
	assert_int_equal(ret->calls_len, 1);
	assert_int_equal(ret->calls[0].attempts_len, 1);
}

static void expect_why(const struct verdict_attempt *attempt, const char *why)
{
	if (!strstr(attempt->why, why))
		fail_msg("expected \"%s\", got \"%s\"", why, attempt->why);
}

static void a_row(void **state)
{
	const struct row *row = *state;
	struct forge *forge = forge_lab();
	uint32_t b = strchr(row->events, 'n') ? B_OTHER : B_SYN;
	struct verdict verdict;

	announce(forge, row->method);
	registrations(forge, row->method);
	for (const char *event = row->events; *event; event++)
		happen(forge, *event);
	frames(forge, row->method, A_SYN, b, false);
	read_one(forge, &verdict);
	expect_why(&verdict.calls[0].attempts[0], row->why);
	assert_int_equal(verdict.calls[0].attempts[0].connected, row->connected);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* No connection stood, so no frame was sent: what became of the SYNs is all there is. */
static const struct silence {
	const char *name;
	enum method method;
	const char *events;
	int error; /* an ICMP error that alice hears; -1 = none */
	const char *why;
} silences[] = {
	{ "dropped on its way", METHOD_TCP_DIRECT, "u", -1,
	  "alice's SYN reached home_b wan and was dropped: no mapping; alice heard nothing" },
	{ "lost on its way", METHOD_TCP_STUNT_2, "ml", -1,
	  "alice's SYN was last seen at home_a wan; alice heard nothing; bob's SYN was last seen at "
	  "home_b wan" },
	{ "refused by the host", METHOD_TCP_DIRECT, "ar", -1,
	  "alice's SYN reached bob, who refused it; alice heard RST" },
	{ "not answered", METHOD_TCP_DIRECT, "a", -1,
	  "alice's SYN reached bob, who did not answer; alice heard nothing" },
	{ "ICMP", METHOD_TCP_DIRECT, "u", PACKET_ERROR_PORT, "alice heard an ICMP error" },
	{ "never begun", METHOD_TCP_REVERSAL, "", -1, "bob sent no SYN" },
	{ "both", METHOD_TCP_PUNCH, "uv", -1, "alice heard nothing; bob's SYN reached home_a wan" },
};

static void a_silence(void **state)
{
	const struct silence *row = *state;
	struct forge *forge = forge_lab();
	const struct verdict_attempt *attempt;
	struct verdict verdict;

	announce(forge, row->method);
	registrations(forge, row->method);
	for (const char *event = row->events; *event; event++)
		happen(forge, *event);
	if (row->error >= 0)
		send_error(forge, (enum packet_error)row->error);
	read_one(forge, &verdict);
	attempt = &verdict.calls[0].attempts[0];
	assert_string_equal(verdict.calls[0].caller, "alice");
	assert_string_equal(verdict.calls[0].callee, "bob");
	assert_false(verdict.calls[0].connected);
	assert_int_equal(attempt->method, row->method);
	assert_false(attempt->connected);
	expect_why(attempt, row->why);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* The answer comes back by another mapping, which the caller's NAT knows nothing of. */
static void an_answer_that_is_lost(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;

	(void)state;
	announce(forge, METHOD_TCP_DIRECT);
	registrations(forge, METHOD_TCP_DIRECT);
	happen(forge, 'a');
	send_syn_ack(forge, &bob_to_alice, B_OTHER, 4, "dropped: filtered");
	read_one(forge, &verdict);
	expect_why(&verdict.calls[0].attempts[0],
		   "reached bob, whose SYN-ACK was last seen at home_a wan, dropped: filtered");
	verdict_clear(&verdict);
	forge_free(forge);
}

/* Each connects to the other, and hears it in that one's connection alone. */
static void two_connections(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;

	(void)state;
	announce(forge, METHOD_TCP_PUNCH);
	registrations(forge, METHOD_TCP_PUNCH);
	happen(forge, 'b');
	happen(forge, 'a');
	frames(forge, METHOD_TCP_PUNCH, A_SYN, B_SYN, true);
	read_one(forge, &verdict);
	expect_why(&verdict.calls[0].attempts[0], "of alice and of bob stand in two connections");
	assert_false(verdict.calls[0].attempts[0].connected);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* Without the call to it, a registration says nothing of who calls whom. */
static void registered_for_no_call(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;
	char error[256];

	(void)state;
	registrations(forge, METHOD_TCP_DIRECT);
	happen(forge, 'u');
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)), 0);
	assert_int_equal(verdict.calls_len, 0);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* A port's SYNs are the attempt's for which it was registered last. */
static void only_its_own_syns(void **state)
{
	struct forge *forge = forge_lab();
	struct rendezvous_message next = { .kind = RENDEZVOUS_REGISTER,
					   .name = "x",
					   .token = CALL,
					   .attempt = 1,
					   .method = METHOD_TCP_PUNCH };
	struct verdict verdict;
	char error[256];

	(void)state;
	announce(forge, METHOD_TCP_REVERSAL);
	registrations(forge, METHOD_TCP_REVERSAL);
	announce(forge, METHOD_TCP_PUNCH);
	next.kind = RENDEZVOUS_CALL;
	say(forge, true, &next);
	next.kind = RENDEZVOUS_REGISTER;
	say(forge, true, &next);
	say(forge, false, &next);
	happen(forge, 'v');
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)), 0);
	assert_int_equal(verdict.calls[0].attempts_len, 2);
	expect_why(&verdict.calls[0].attempts[0], "bob sent no SYN");
	expect_why(&verdict.calls[0].attempts[1], "bob's SYN reached home_a wan");
	verdict_clear(&verdict);
	forge_free(forge);
}

int main(void)
{
	enum {
		ROWS = sizeof(rows) / sizeof(*rows),
		SILENCES = sizeof(silences) / sizeof(*silences)
	};
	struct CMUnitTest row_tests[ROWS], silence_tests[SILENCES];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_is_lost),
		cmocka_unit_test(two_connections),
		cmocka_unit_test(registered_for_no_call),
		cmocka_unit_test(only_its_own_syns),
	};

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = a_row,
						    .initial_state = (void *)(uintptr_t)&rows[i] };
	for (size_t i = 0; i < SILENCES; i++)
		silence_tests[i] = (struct CMUnitTest){
			.name = silences[i].name,
			.test_func = a_silence,
			.initial_state = (void *)(uintptr_t)&silences[i],
		};
	return cmocka_run_group_tests(row_tests, NULL, NULL) +
	       cmocka_run_group_tests(silence_tests, NULL, NULL) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
