/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a verdict reads from a file: names, times, paths, pieces of frames; and counting by
 * filters.
 */
#include "calls.h"

#include <errno.h>

#include "reports/verdict.h"

static void read_verdict(struct forge *forge, struct verdict *ret)
{
	char error[256] = "";

	assert_int_equal(verdict_read(forge_write(forge), ret, error, sizeof(error)), 0);
}

static void test_names_times_paths(void **state)
{
	static const char *const path[] = { "alice",	  "home_a lan", "home_a wan",
					    "home_b wan", "home_b lan", "bob" };
	struct forge *forge = forge_lab();
	const struct verdict_call *call;
	struct verdict verdict;

	(void)state;
	honest_punch(forge);
	read_verdict(forge, &verdict);
	call = &verdict.calls[0];
	assert_string_equal(call->caller, "alice");
	assert_string_equal(call->callee, "bob");
	assert_int_equal(call->attempts_len, 2);
	assert_int_equal(call->attempts[0].method, METHOD_DIRECT);
	assert_true(call->attempts[0].spoke_first[0]);
	assert_false(call->attempts[0].spoke_first[1]);
	assert_false(call->attempts[0].arrived[0]);
	/* A packet a millisecond: 4 of direct's, 4 of alice's hello, 6 of bob's, 6 of the answer. */
	assert_int_equal(call->attempts[0].began, 0);
	assert_int_equal(call->attempts[0].opened, 0);
	assert_int_equal(call->attempts[1].began, 4000000);
	assert_int_equal(call->attempts[1].opened, 19000000);
	assert_int_equal(call->path_len[0], 6);
	assert_int_equal(call->path_len[1], 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(call->path[0][i], path[i]);
		assert_string_equal(call->path[1][i], path[5 - i]);
	}
	verdict_clear(&verdict);
	forge_free(forge);
}

/* Who never speaks is still known where something reached them. */
static void test_silent_callee(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;

	(void)state;
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, WHOLE, NULL);
	read_verdict(forge, &verdict);
	assert_string_equal(verdict.calls[0].callee, "bob");
	assert_string_equal(verdict.calls[0].why, "direct: bob said nothing");
	assert_true(verdict.calls[0].attempts[0].arrived[0]);
	verdict_clear(&verdict);
	forge_free(forge);
}

static void test_foreign_capture(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;

	(void)state;
	forge_bytes(forge, ALICE, PCAPNG_OUTBOUND, "not even IP", 11, NULL);
	read_verdict(forge, &verdict);
	assert_int_equal(verdict.calls_len, 0);
	assert_int_equal(verdict.packets, 1);
	assert_null(verdict_find(&verdict, CALL));
	verdict_clear(&verdict);
	forge_free(forge);
}

static void test_damaged(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;
	char error[256];

	(void)state;
	honest_punch(forge);
	forge->len -= 3;
	assert_int_equal(verdict_read(forge_write(forge), &verdict, error, sizeof(error)),
			 -EBADMSG);
	assert_non_null(strstr(error, ": cut short at byte "));
	forge_free(forge);
}

static void test_json(void **state)
{
	struct forge *forge = forge_lab();
	struct verdict verdict;
	json_t *json;

	(void)state;
	/* A comment that was cut inside of a character, and one that moves the cursor. */
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, 4, "dropped: \xe2\x80 \033[2J");
	read_verdict(forge, &verdict);
	assert_non_null(strstr(verdict.calls[0].why, "?[2J"));
	json = verdict_call_json(&verdict.calls[0]);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "why")),
			    "direct: alice's hello reached home_b wan and was dropped: ?? ?[2J");
	assert_string_equal(json_string_value(json_object_get(json, "token")), "000000000000ca11");
	assert_true(json_is_null(json_object_get(json, "relay")));
	json_decref(json);
	verdict_clear(&verdict);
	forge_free(forge);
}

static void test_count(void **state)
{
	struct forge *forge = forge_lab();
	const char *path;
	char error[256];

	(void)state;
	honest_punch(forge);
	path = forge_write(forge);
	/* Direct's hello, punch's hello, answer and 5 of voice go; bob's hello and 5 come. */
	assert_int_equal(verdict_count(path, "alice", "udp", 0, error, sizeof(error)), 14);
	assert_int_equal(verdict_count(path, "alice", "udp", PCAPNG_OUTBOUND, error, 256), 8);
	assert_int_equal(verdict_count(path, "alice", "udp", PCAPNG_INBOUND, error, 256), 6);
	assert_int_equal(verdict_count(path, "alice", "udp[8:4] = 0x564f4943", 0, error, 256), 10);
	assert_int_equal(verdict_count(path, "supernode", "udp", 0, error, 256), 0);
	assert_int_equal(verdict_count(path, NULL, "udp[8:4] = 0x564f4943", 0, error, 256), 60);
	assert_int_equal(verdict_count(path, NULL, "tcp", 0, error, 256), 0);
	assert_int_equal(verdict_count(path, "carol", "udp", 0, error, 256), -ENOENT);
	assert_non_null(strstr(error, "has no tap called \"carol\""));
	assert_int_equal(verdict_count(path, NULL, "udp and and", 0, error, 256), -EINVAL);
	assert_non_null(strstr(error, "filter \"udp and and\": "));
	assert_int_equal(verdict_count("/nowhere/x", NULL, "udp", 0, error, 256), -ENOENT);
	forge_free(forge);
}

/* One frame cut in two on the way, its pieces in the wrong order. */
static void test_fragments(void **state)
{
	enum { IP = 20, CUT = 64 };
	const struct talk frame = {
		.kind = TALK_HELLO, .token = CALL, .method = METHOD_DIRECT, .padding = 100
	};
	struct forge *forge = forge_lab();
	uint8_t payload[256], bytes[512] = { 0 }, piece[512];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	size_t len = talk_encode(&frame, payload, sizeof(payload));
	struct verdict verdict;

	(void)state;
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_ANSWER, 0, WHOLE, NULL);
	forge_frame(forge, ALICE, PCAPNG_OUTBOUND, &frame, NULL);
	packet_make_udp(&pkt, forge_endpoint(1, 1), forge_endpoint(2, 2), 64, payload, len);
	for (int first = 0; first < 2; first++) {
		size_t from = first ? 0 : CUT;
		size_t part = first ? CUT : pkt.len - IP - CUT;

		memcpy(piece, bytes, IP);
		memcpy(piece + IP, bytes + IP + from, part);
		forge_be16(piece + 2, (uint32_t)(IP + part));
		forge_be16(piece + 6, (uint32_t)(from / 8 | (first ? 0x2000 : 0)));
		forge_be16(piece + 10, 0);
		forge_be16(piece + 10, (uint16_t)~checksum_fold(piece, IP, 0));
		forge_bytes(forge, BOB, PCAPNG_INBOUND, piece, IP + part, NULL);
	}
	read_verdict(forge, &verdict);
	assert_true(verdict.calls[0].attempts[0].arrived[0]);
	assert_true(verdict.calls[0].connected);
	verdict_clear(&verdict);
	forge_free(forge);
}

/* Relayed over TCP: two frames in one super-packet to the relay, cut otherwise behind it. */
static void test_relay_over_tcp(void **state)
{
	struct forge_segment up = { ALICE, PCAPNG_OUTBOUND, 1, 2, 100, TCP_ACK };
	struct forge_segment in = { SUPERNODE, PCAPNG_INBOUND, 1, 2, 100, TCP_ACK };
	struct forge_segment out = { SUPERNODE, PCAPNG_OUTBOUND, 2, 3, 900, TCP_ACK };
	struct forge_segment down = { BOB, PCAPNG_INBOUND, 2, 3, 900, TCP_ACK };
	struct talk frame = {
		.kind = TALK_VOICE, .token = CALL, .method = METHOD_RELAY, .padding = 500
	};
	struct forge *forge = forge_lab();
	uint8_t bytes[2048];
	size_t len = talk_encode(&frame, bytes, sizeof(bytes));
	struct verdict verdict;

	(void)state;
	frame.sequence = 1;
	len += talk_encode(&frame, bytes + len, sizeof(bytes) - len);
	relay(forge);
	voice(forge, &bob_to_alice_relayed, METHOD_RELAY, 2, 2);
	forge_tcp(forge, &up, bytes, len);
	forge_tcp(forge, &in, bytes, len);
	forge_tcp(forge, &out, bytes, len);
	forge_tcp(forge, &down, bytes, 700);
	forge_tcp(forge, &down, bytes, 700); /* sent again */
	down.seq += 700;
	forge_tcp(forge, &down, bytes + 700, len - 700);
	read_verdict(forge, &verdict);
	assert_true(verdict.calls[0].connected);
	assert_int_equal(verdict.calls[0].voice_sent[0], 2);
	assert_int_equal(verdict.calls[0].voice_arrived[0], 2);
	assert_string_equal(verdict.calls[0].path[0][1], "supernode");
	verdict_clear(&verdict);
	forge_free(forge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_times_paths),
		cmocka_unit_test(test_silent_callee),
		cmocka_unit_test(test_foreign_capture),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_relay_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
