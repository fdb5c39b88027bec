/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the oracle says of ICE: whether it connects, and by which kind of pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/predict.h"

enum { NO = PREDICT_MUST_NOT, YES = PREDICT_MUST };
enum { D = 1 << ICE_PATH_DIRECT, P = 1 << ICE_PATH_PUNCHED, R = 1 << ICE_PATH_RELAYED };

enum stun { NO_STUN, STUN, STUN_AND_TCP /* candidates over TCP, too */ };

static const struct row {
	const char *caller, *callee, *shared; /* a model's name, or "" */
	enum stun stun;
	enum predict_turn turn;
	int ice; /* a prediction */
	unsigned paths;
	const char *why; /* stands in the reason */
} rows[] = {
	{ "", "", "", STUN, PREDICT_NO_TURN, YES, D, "" },
	{ "", "", "", NO_STUN, PREDICT_NO_TURN, YES, D, "" },
	{ "symmetric-firewall", "", "", STUN, PREDICT_NO_TURN, YES, D, "" },
	{ "symmetric-firewall", "symmetric-firewall", "", NO_STUN, PREDICT_NO_TURN, YES, D, "" },
	{ "", "", "symmetric", STUN, PREDICT_TURN_UDP, YES, D, "inside" },
	{ "port-restricted-cone", "port-restricted-cone", "", STUN, PREDICT_NO_TURN, YES, P,
	  "each one's packets" },
	{ "port-restricted-cone", "port-restricted-cone", "", STUN, PREDICT_TURN_UDP, YES, P, "" },
	/* Nobody can be told an address that it does not know itself. */
	{ "port-restricted-cone", "port-restricted-cone", "", NO_STUN, PREDICT_NO_TURN, NO, 0, "" },
	/* … but one that is heard from is known. */
	{ "port-restricted-cone", "", "", NO_STUN, PREDICT_NO_TURN, YES, P, "" },
	{ "symmetric", "", "", NO_STUN, PREDICT_NO_TURN, YES, P, "" },
	{ "full-cone", "symmetric", "", STUN, PREDICT_NO_TURN, YES, P, "" },
	{ "symmetric", "full-cone", "", STUN, PREDICT_NO_TURN, YES, P, "" },
	{ "port-restricted-cone", "symmetric", "", STUN, PREDICT_NO_TURN, NO, 0, "" },
	{ "port-restricted-cone", "symmetric", "", STUN, PREDICT_TURN_UDP, YES, R, "TURN" },
	{ "symmetric-random", "symmetric-random", "", STUN, PREDICT_NO_TURN, NO, 0, "" },
	{ "symmetric-random", "symmetric-random", "", STUN, PREDICT_TURN_TCP, YES, R, "over TCP" },
	/* Every check comes from another port, and so does every answer. */
	{ "apd-ad", "apd-ad", "", STUN, PREDICT_NO_TURN, NO, 0, "a port that was not asked" },
	{ "apd-ad", "ei-ad", "", STUN, PREDICT_NO_TURN, YES, P, "" },
	{ "udp-blocked", "", "", STUN, PREDICT_NO_TURN, NO, 0, "UDP" },
	{ "udp-blocked", "", "", STUN, PREDICT_TURN_UDP, NO, 0, "UDP" },
	{ "udp-blocked", "", "", STUN, PREDICT_TURN_TCP, YES, R, "" },
	{ "udp-blocked", "", "", STUN_AND_TCP, PREDICT_NO_TURN, YES, P, "over TCP" },
	{ "udp-blocked", "udp-blocked", "", STUN_AND_TCP, PREDICT_NO_TURN, YES, P, "over TCP" },
	{ "udp-blocked", "symmetric", "", STUN_AND_TCP, PREDICT_NO_TURN, NO, 0, "" },
	{ "", "", "udp-blocked", STUN_AND_TCP, PREDICT_NO_TURN, YES, D, "inside" },
	{ "port-restricted-cone", "port-restricted-cone", "", STUN_AND_TCP, PREDICT_NO_TURN, YES, P,
	  "each one's packets" },
	{ "symmetric-firewall", "symmetric-firewall", "", STUN_AND_TCP, PREDICT_NO_TURN, YES, D,
	  "" },
};

static const struct predict_nat *nat_of(const char *name, struct nat_model *model,
					struct predict_nat *nat)
{
	struct model_error error;

	if (!*name)
		return NULL;
	if (nat_model_find(name, model, &error) != 0)
		fail_msg("%s", error.text);
	nat->model = model;
	return nat;
}

static void test_row(void **state)
{
	const struct row *row = *state;
	const char *names[] = { row->caller, row->callee, row->shared };
	struct nat_model models[3];
	struct predict_nat nats[3] = { 0 };
	struct predict_side sides[3] = { 0 };
	struct predict_question question = { .turn = row->turn,
					     .stun_port = row->stun ? 3478 : 0,
					     .ice_tcp = row->stun == STUN_AND_TCP };
	struct predict_answer answer;

	for (int i = 0; i < 3; i++) {
		sides[i].nats = nat_of(names[i], &models[i], &nats[i]);
		sides[i].nats_len = sides[i].nats != NULL;
	}
	question.caller = sides[0];
	question.callee = sides[1];
	question.shared = sides[2];
	predict(&question, &answer);
	if ((int)answer.udp[METHOD_ICE] != row->ice || answer.ice_paths != row->paths)
		fail_msg("expected %d by %x, got %d by %x (%s)", row->ice, row->paths,
			 (int)answer.udp[METHOD_ICE], answer.ice_paths, answer.why[METHOD_ICE]);
	if (!strstr(answer.why[METHOD_ICE], row->why))
		fail_msg("expected \"%s\" in \"%s\"", row->why, answer.why[METHOD_ICE]);
}

/* Only one side reaches the server, and the other its relayed addresses: a matter of more than the
 * models say. */
static void test_one_sided_relay(void **state)
{
	struct nat_model models[2];
	struct predict_nat nats[2] = { { 0 } };
	const uint16_t web = 443;
	struct predict_question question = { .turn = PREDICT_TURN_TCP,
					     .turn_port = 3478,
					     .stun_port = 3478,
					     .rendezvous_tcp = &web,
					     .rendezvous_tcp_len = 1 };
	struct predict_answer answer;

	(void)state;
	question.caller = (struct predict_side){ nat_of("symmetric", &models[0], &nats[0]), 1 };
	question.callee = (struct predict_side){ nat_of("symmetric", &models[1], &nats[1]), 1 };
	models[1].tcp.outbound_ports[0] = 443;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TURN], PREDICT_MUST_NOT);
	assert_int_equal(answer.udp[METHOD_ICE], PREDICT_MAY);
	assert_true(answer.ice_paths & R);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS + 1] = { cmocka_unit_test(test_one_sided_relay) };
	char names[ROWS][96];

	for (size_t i = 0; i < ROWS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s x %s in %s, %s, turn %d", rows[i].caller,
			 rows[i].callee, rows[i].shared, rows[i].stun ? "stun" : "no stun",
			 (int)rows[i].turn);
		tests[i + 1] =
			(struct CMUnitTest){ names[i], test_row, NULL, NULL, (void *)&rows[i] };
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
