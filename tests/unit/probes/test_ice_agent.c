/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an ICE agent goes about it: in what pace, telling and told what, for how long, and who is answered. */
#include "ice_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Pacing, trickling, consent */

static void expect_pace(struct pair *p)
{
	tell_all(p);
	connect_both(p);
	assert_true(p->times_len >= 3);
	for (unsigned i = 1; i < p->times_len; i++)
		assert_true(p->times[i] - p->times[i - 1] >= 50 * MSEC);
}

static void test_pacing(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	p.with_turn = true;
	run_pair(&p, expect_pace);
}

/* Bob has heard nothing when Alice's checks come; then his candidates come to her, and last hers
 * to him, who knows her by then. */
static void trickle(struct pair *p)
{
	struct ice_candidate local, remote;

	tell_credentials(p->agents[1], p->agents[0]);
	tell_candidates(p->agents[1], p->agents[0]);
	fiber_sleep(host_now(p->hosts[0]) + 200 * MSEC);
	assert_false(ice_agent_selected(p->agents[1], &local, &remote));
	tell_credentials(p->agents[0], p->agents[1]);
	connect_both(p);
	assert_true(ice_agent_selected(p->agents[1], &local, &remote));
	assert_int_equal(remote.type, ICE_PEER_REFLEXIVE);
	assert_int_equal(remote.priority, ice_priority(ICE_PEER_REFLEXIVE, 65535, 1));
	tell_candidates(p->agents[0], p->agents[1]);
	assert_true(ice_agent_selected(p->agents[1], &local, &remote));
	assert_int_equal(remote.type, ICE_SERVER_REFLEXIVE);
	assert_agreed(p);
	talk(p);
}

static void test_trickling(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, FULL_CONE);
	run_pair(&p, trickle);
}

/* Lines come as they are gathered: credentials and the host candidate at once, the rest when the
 * server answers. */
static void expect_lines(struct pair *p)
{
	static const struct {
		enum ice_line_kind kind;
		enum ice_type type;
	} want[] = {
		{ ICE_LINE_UFRAG, 0 },
		{ ICE_LINE_PWD, 0 },
		{ ICE_LINE_CANDIDATE, ICE_HOST },
		{ ICE_LINE_CANDIDATE, ICE_SERVER_REFLEXIVE },
		{ ICE_LINE_CANDIDATE, ICE_RELAYED },
		{ ICE_LINE_END, 0 },
	};
	uint64_t now = host_now(p->hosts[0]), began = now;
	struct ice_agent *agent;
	struct ice_line line;

	p->specs[0].turn = &p->turn;
	assert_int_equal(ice_agent_new(p->hosts[0], &p->specs[0], &agent), 0);
	assert_int_equal(ice_agent_tell(agent, 2, now, &line), -ETIMEDOUT);
	assert_int_equal(ice_agent_gather_start(agent, now + 10 * SEC), 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(ice_agent_tell(agent, i, NEVER, &line), 0);
		assert_int_equal(line.kind, want[i].kind);
		if (line.kind == ICE_LINE_CANDIDATE)
			assert_int_equal(line.candidate.type, want[i].type);
		assert_int_equal(i < 3, host_now(p->hosts[0]) == began);
	}
	assert_int_equal(ice_agent_tell(agent, 6, NEVER, &line), -ENOENT);
	ice_agent_close(agent);
	assert_int_equal(ice_agent_tell(agent, 0, NEVER, &line), -ECANCELED);
	ice_agent_free(agent);
}

static void test_lines(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	run_pair(&p, expect_lines);
}

/* Without the end of candidates more may come: nobody gives up. */
static void wait_for_more(struct pair *p)
{
	tell_credentials(p->agents[1], p->agents[0]);
	assert_int_equal(ice_agent_connect(p->agents[0], host_now(p->hosts[0]) + 100 * SEC),
			 -ETIMEDOUT);
}

static void test_more_may_come(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	run_pair(&p, wait_for_more);
}

static void outlive_consent(struct pair *p)
{
	uint64_t last;

	tell_all(p);
	connect_both(p);
	fiber_sleep(host_now(p->hosts[0]) + 100 * SEC);
	talk(p);
	assert_in_range(ice_agent_counts(p->agents[0]).consents, 100 / 6 - 1, 100 / 4 + 1);
	p->deaf = true;
	last = host_now(p->hosts[0]);
	/* The last answer came at most 6 s and a way ago. */
	fiber_sleep(last + 23 * SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), 0);
	fiber_sleep(last + 30 * SEC + SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), -EPIPE);
	p->deaf = false;
	fiber_sleep(last + 60 * SEC);
	assert_int_equal(ice_agent_send(p->agents[0], "x", 1), -EPIPE);
}

static void test_consent(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, PORT_RESTRICTED, PORT_RESTRICTED);
	run_pair(&p, outlive_consent);
}

/* Strangers */

static unsigned ask_with(struct pair *p, struct sock *sock, const char *username,
			 const char *password)
{
	uint8_t bytes[200], transaction[STUN_TRANSACTION];
	struct ice_candidate alice;
	struct stun_message msg;
	struct stun_value reason;
	struct stun_writer w;
	unsigned code = 0;
	long n;

	assert_true(ice_agent_candidate(p->agents[0], 0, &alice));
	stun_transaction(host_random(p->server), host_random(p->server), transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	if (username)
		stun_add_text(&w, STUN_USERNAME, username);
	if (password)
		stun_add_integrity(&w, password, strlen(password));
	assert_int_equal(sock_send(sock, &alice.at, bytes, stun_end(&w), NEVER), 0);
	n = sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(p->server) + SEC);
	assert_true(n > 0);
	assert_int_equal(stun_decode(bytes, (size_t)n, &msg), 0);
	assert_true(stun_get_error(&msg, &code, &reason));
	return code;
}

static void ask_as_stranger(struct pair *p)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	const char *password = ice_agent_password(p->agents[0]);
	char username[32];
	struct sock *sock;

	snprintf(username, sizeof(username), "%s:x", ice_agent_ufrag(p->agents[0]));
	assert_int_equal(sock_open(p->server, &udp, &sock), 0);
	assert_int_equal(ask_with(p, sock, NULL, NULL), 400);
	assert_int_equal(ask_with(p, sock, username, NULL), 400);
	assert_int_equal(ask_with(p, sock, "stranger:x", password), 401);
	assert_int_equal(ask_with(p, sock, username, "guess"), 401);
	/* All is right but that there is no PRIORITY. */
	assert_int_equal(ask_with(p, sock, username, password), 400);
	sock_close(sock);
}

static void test_strangers(void **state)
{
	struct pair p;

	(void)state;
	prepare(&p, OPEN, OPEN);
	run_pair(&p, ask_as_stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pacing),	cmocka_unit_test(test_trickling),
		cmocka_unit_test(test_lines),	cmocka_unit_test(test_more_may_come),
		cmocka_unit_test(test_consent), cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
