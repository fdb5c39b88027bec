/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ICE agent's checks, message by message: how often and when they are sent, and which answers count.
 * The other side is written here, so that it can lie. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "probes/methods/ice_agent.h"
#include "probes/wire/stun.h"

#define UFRAG "bobs"
#define PASSWORD "bobs-password-is-no-secret"
#define NOT_THE_PASSWORD "bobs-password-is-a-secret!"

#define RTO (500 * MSEC)

enum { PORT = 5000, REQUESTS = 512 };

struct request {
	uint64_t at;
	struct endpoint to;
	uint8_t transaction[STUN_TRANSACTION];
};

/* The agent, and whom it asks: a liar, who also speaks from another port and another address. */
struct duel {
	struct fake_net net;
	struct host *home, *liar, *elsewhere;
	struct ice_agent_spec spec;
	struct ice_agent *agent;
	struct sock *sock, *other_port, *other_address;
	struct request requests[REQUESTS]; /* that the agent has sent */
	unsigned requests_len;
	uint8_t bytes[1500];
	struct stun_message msg; /* the last request heard, inside of bytes */
	struct endpoint from;
	void (*test)(struct duel *d);
};

static bool note(struct fake_net *net, struct host *from, struct endpoint to, const uint8_t *bytes,
		 size_t len)
{
	struct duel *d = net->filter_arg;
	struct request *r = &d->requests[d->requests_len];
	struct stun_message msg;

	if (from != d->home || stun_decode(bytes, len, &msg) || msg.class != STUN_REQUEST)
		return true;
	assert_true(d->requests_len < REQUESTS);
	*r = (struct request){ .at = host_now(from), .to = to };
	memcpy(r->transaction, msg.transaction, STUN_TRANSACTION);
	d->requests_len++;
	return true;
}

static struct sock *open_at(struct host *host, uint16_t port)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = port };
	struct sock *sock;

	assert_int_equal(sock_open(host, &udp, &sock), 0);
	return sock;
}

static void run_duel(void *arg)
{
	struct duel *d = arg;

	d->sock = open_at(d->liar, PORT);
	d->other_port = open_at(d->liar, PORT - 1);
	d->other_address = open_at(d->elsewhere, PORT);
	assert_int_equal(ice_agent_new(d->home, &d->spec, &d->agent), 0);
	assert_int_equal(ice_agent_gather(d->agent, host_now(d->home) + SEC), 0);
	d->test(d);
	ice_agent_free(d->agent);
	sock_close(d->sock);
	sock_close(d->other_port);
	sock_close(d->other_address);
}

static void duel(const struct ice_agent_spec *spec, void (*test)(struct duel *d))
{
	static struct duel d;

	memset(&d, 0, sizeof(d));
	fake_net_init(&d.net);
	d.net.filter = note;
	d.net.filter_arg = &d;
	d.home = fake_host_add(&d.net, "home", "11.1.2.2", NULL);
	d.liar = fake_host_add(&d.net, "liar", "11.1.3.2", NULL);
	d.elsewhere = fake_host_add(&d.net, "elsewhere", "11.1.4.2", NULL);
	d.spec = *spec;
	d.test = test;
	fake_net_run(&d.net, run_duel, &d);
	fake_net_free(&d.net);
}

static const struct ice_agent_spec controlling = { .controlling = true, .tie_breaker = 7 };

static void tell(struct duel *d, const struct ice_line *line)
{
	assert_int_equal(ice_agent_told(d->agent, line), 0);
}

/* So many candidates of the liar's, from PORT on, each with a foundation of its own, so that no pair
 * is frozen; the first is the best. */
static void tell_candidates(struct duel *d, unsigned len)
{
	tell(d, &(struct ice_line){ .kind = ICE_LINE_UFRAG, .text = UFRAG });
	tell(d, &(struct ice_line){ .kind = ICE_LINE_PWD, .text = PASSWORD });
	for (unsigned i = 0; i < len; i++) {
		struct ice_line line = { .kind = ICE_LINE_CANDIDATE };
		struct ice_candidate *c = &line.candidate;

		*c = (struct ice_candidate){
			.component = 1,
			.type = ICE_HOST,
			.at = { host_addr(d->liar), (uint16_t)(PORT + i) },
			.priority = ice_priority(ICE_HOST, (uint16_t)(UINT16_MAX - i), 1),
		};
		snprintf(c->foundation, sizeof(c->foundation), "%u", i);
		tell(d, &line);
	}
	tell(d, &(struct ice_line){ .kind = ICE_LINE_END });
}

/* The agent's next request to @sock, within @patience_ns: false where there is none. */
static bool hear(struct duel *d, struct sock *sock, uint64_t patience_ns)
{
	char username[64];
	struct stun_value v;
	long n = sock_recv(sock, &d->from, d->bytes, sizeof(d->bytes),
			   host_now(d->liar) + patience_ns);

	if (n == -ETIMEDOUT)
		return false;
	assert_true(n > 0);
	assert_int_equal(stun_decode(d->bytes, (size_t)n, &d->msg), 0);
	assert_int_equal(d->msg.class, STUN_REQUEST);
	snprintf(username, sizeof(username), "%s:%s", UFRAG, ice_agent_ufrag(d->agent));
	assert_true(stun_find(&d->msg, STUN_USERNAME, &v));
	assert_int_equal(v.len, strlen(username));
	assert_memory_equal(v.bytes, username, v.len);
	assert_true(stun_integrity_ok(&d->msg, PASSWORD, strlen(PASSWORD)));
	return true;
}

static bool asks_for(const struct stun_message *msg, uint16_t type)
{
	struct stun_value v;

	return stun_find(msg, type, &v);
}

/* Answer the last request by @sock; @code 0 is success, and no @password no integrity. */
static void answer(struct duel *d, struct sock *sock, unsigned code, const char *password)
{
	uint8_t bytes[300];
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), code ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING,
		   d->msg.transaction);
	if (code)
		stun_add_error(&w, code, "No");
	else
		stun_add_address(&w, STUN_XOR_MAPPED_ADDRESS, d->from);
	if (password)
		stun_add_integrity(&w, password, strlen(password));
	stun_add_fingerprint(&w);
	assert_int_equal(sock_send(sock, &d->from, bytes, stun_end(&w), NEVER), 0);
}

static int connect_by(struct duel *d, uint64_t patience_ns)
{
	return ice_agent_connect(d->agent, host_now(d->home) + patience_ns);
}

/* How often, and when */

/* RFC 8489, 6.2.1: Rc = 7, Rm = 16, each wait twice the one before; the example's own figures. */
static void expect_schedule(struct duel *d)
{
	static const uint64_t at[] = { 0,	    500 * MSEC,	  1500 * MSEC, 3500 * MSEC,
				       7500 * MSEC, 15500 * MSEC, 31500 * MSEC };
	uint64_t began = host_now(d->home);

	tell_candidates(d, 1);
	assert_int_equal(connect_by(d, 100 * SEC), -ECONNREFUSED);
	assert_int_equal(host_now(d->home) - began, 39500 * MSEC);
	fiber_sleep(host_now(d->home) + 100 * SEC);
	assert_int_equal(d->requests_len, sizeof(at) / sizeof(at[0]));
	for (unsigned i = 0; i < d->requests_len; i++) {
		assert_int_equal(d->requests[i].at - began, at[i]);
		assert_memory_equal(d->requests[i].transaction, d->requests[0].transaction,
				    STUN_TRANSACTION);
	}
	assert_int_equal(ice_agent_counts(d->agent).checks, 1);
}

static void test_schedule(void **state)
{
	(void)state;
	duel(&controlling, expect_schedule);
}

/* RFC 8445, 14.3: Ta for each pair that waits or is in progress, but no less than 500 ms. */
static const struct rto {
	uint64_t ta_ns;
	unsigned pairs;
	uint64_t want;
} rtos[] = {
	{ 0, 1, 500 * MSEC },	      { 0, 10, 500 * MSEC },	     { 0, 11, 550 * MSEC },
	{ 0, 24, 1200 * MSEC },	      { 100 * MSEC, 5, 500 * MSEC }, { 100 * MSEC, 6, 600 * MSEC },
	{ 5 * MSEC, 24, 500 * MSEC },
};

static const struct rto *rto;

/* When the @nth request to @port was sent, counted from 0. */
static uint64_t time_of(const struct duel *d, uint16_t port, unsigned nth)
{
	for (unsigned i = 0; i < d->requests_len; i++)
		if (d->requests[i].to.port == port && !nth--)
			return d->requests[i].at;
	fail_msg("no such request to port %u", port);
	return 0;
}

static void expect_rto(struct duel *d)
{
	tell_candidates(d, rto->pairs);
	assert_int_equal(connect_by(d, 10 * SEC), -ETIMEDOUT);
	/* For the first, all but one wait; when the last is checked, all are in progress. */
	for (unsigned i = 0; i < rto->pairs; i++) {
		uint16_t port = (uint16_t)(PORT + i);
		uint64_t first = time_of(d, port, 0), second = time_of(d, port, 1);

		assert_int_equal(second - first, rto->want);
		assert_int_equal(time_of(d, port, 2) - second, 2 * rto->want);
	}
}

static void test_rto(void **state)
{
	(void)state;
	for (rto = rtos; rto < rtos + sizeof(rtos) / sizeof(rtos[0]); rto++) {
		struct ice_agent_spec spec = controlling;

		spec.ta_ns = rto->ta_ns;
		duel(&spec, expect_rto);
	}
}

/* The RTO of a transaction is the one that it began with, though others are done with meanwhile: the
 * last wait is Rm times that, too. */
static void expect_same_rto(struct duel *d)
{
	enum { PAIRS = 12 };
	uint64_t began = host_now(d->home);

	tell_candidates(d, PAIRS);
	for (unsigned i = 1; i < PAIRS; i++) {
		struct sock *sock = open_at(d->liar, (uint16_t)(PORT + i));

		assert_true(hear(d, sock, SEC));
		answer(d, sock, 500, PASSWORD);
		sock_close(sock);
	}
	assert_int_equal(connect_by(d, 100 * SEC), -ECONNREFUSED);
	assert_int_equal(host_now(d->home) - began, (63 + 16) * 600 * MSEC);
}

static void test_same_rto(void **state)
{
	(void)state;
	duel(&controlling, expect_same_rto);
}

/* Which answers count */

enum voice { OWN, OTHER_PORT, OTHER_ADDRESS };
enum effect { IGNORED, FAILS, WORKS };

static const struct lie {
	const char *name;
	enum voice voice;
	unsigned code;
	const char *password;
	enum effect want;
} lies[] = {
	{ "signed", OWN, 0, PASSWORD, WORKS },
	{ "unsigned", OWN, 0, NULL, IGNORED },
	{ "signed with another password", OWN, 0, NOT_THE_PASSWORD, IGNORED },
	{ "error, signed", OWN, 500, PASSWORD, FAILS },
	{ "error, unsigned", OWN, 500, NULL, IGNORED },
	{ "error, signed with another password", OWN, 500, NOT_THE_PASSWORD, IGNORED },
	{ "role conflict, unsigned", OWN, 487, NULL, IGNORED },
	{ "role conflict, signed with another password", OWN, 487, NOT_THE_PASSWORD, IGNORED },
	/* Who could not verify the request cannot sign that (RFC 8489, 9.1.3). */
	{ "unauthenticated, unsigned", OWN, 401, NULL, FAILS },
	{ "bad request, unsigned", OWN, 400, NULL, FAILS },
	/* RFC 8445, 7.2.5.2.1 */
	{ "from another port", OTHER_PORT, 0, PASSWORD, FAILS },
	{ "from another address", OTHER_ADDRESS, 0, PASSWORD, FAILS },
	{ "from another port, unsigned", OTHER_PORT, 0, NULL, IGNORED },
	{ "role conflict from another address", OTHER_ADDRESS, 487, PASSWORD, FAILS },
};

static const struct lie *lie;

static void speak(struct duel *d)
{
	struct sock *const socks[] = { d->sock, d->other_port, d->other_address };

	answer(d, socks[lie->voice], lie->code, lie->password);
}

/* It goes on as if nothing had been said: the same request comes again in its time, and its answer
 * counts. */
static void expect_ignored(struct duel *d)
{
	uint8_t first[STUN_TRANSACTION];

	memcpy(first, d->msg.transaction, STUN_TRANSACTION);
	assert_true(hear(d, d->sock, 2 * RTO));
	assert_memory_equal(d->msg.transaction, first, STUN_TRANSACTION);
	assert_int_equal(d->requests_len, 2);
	assert_int_equal(d->requests[1].at - d->requests[0].at, RTO);
	assert_int_equal(connect_by(d, 0), -ETIMEDOUT);
	assert_int_equal(ice_agent_counts(d->agent).conflicts, 0);
	assert_true(ice_agent_controlling(d->agent));
	answer(d, d->sock, 0, PASSWORD);
}

static void expect_effect(struct duel *d)
{
	tell_candidates(d, 1);
	assert_true(hear(d, d->sock, RTO));
	assert_true(asks_for(&d->msg, STUN_ICE_CONTROLLING));
	assert_false(asks_for(&d->msg, STUN_USE_CANDIDATE));
	speak(d);
	if (lie->want == FAILS) {
		assert_int_equal(connect_by(d, RTO / 2), -ECONNREFUSED);
		assert_false(hear(d, d->sock, 100 * SEC));
		assert_true(ice_agent_controlling(d->agent));
		return;
	}
	if (lie->want == IGNORED)
		expect_ignored(d);
	/* It works, and is nominated. */
	assert_true(hear(d, d->sock, RTO));
	assert_true(asks_for(&d->msg, STUN_USE_CANDIDATE));
	answer(d, d->sock, 0, PASSWORD);
	assert_int_equal(connect_by(d, RTO), 0);
}

static void test_lies(void **state)
{
	(void)state;
	for (lie = lies; lie < lies + sizeof(lies) / sizeof(lies[0]); lie++) {
		print_message("%s\n", lie->name);
		duel(&controlling, expect_effect);
	}
}

/* The liar's own check, which is in order, and answered by nothing but a success. */
static void ask(struct duel *d)
{
	uint8_t bytes[300], transaction[STUN_TRANSACTION];
	const char *password = ice_agent_password(d->agent);
	struct stun_message msg;
	struct stun_writer w;
	char username[64];
	long n;

	snprintf(username, sizeof(username), "%s:%s", ice_agent_ufrag(d->agent), UFRAG);
	stun_transaction(host_random(d->liar), host_random(d->liar), transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	stun_add_text(&w, STUN_USERNAME, username);
	stun_add_u32(&w, STUN_PRIORITY, ice_priority(ICE_PEER_REFLEXIVE, UINT16_MAX, 1));
	stun_add(&w, STUN_ICE_CONTROLLED, "\0\0\0\0\0\0\0", 8);
	stun_add_integrity(&w, password, strlen(password));
	stun_add_fingerprint(&w);
	assert_int_equal(sock_send(d->sock, &d->from, bytes, stun_end(&w), NEVER), 0);
	n = sock_recv(d->sock, NULL, bytes, sizeof(bytes), host_now(d->liar) + SEC);
	assert_true(n > 0);
	assert_int_equal(stun_decode(bytes, (size_t)n, &msg), 0);
	assert_int_equal(msg.class, STUN_SUCCESS);
	assert_memory_equal(msg.transaction, transaction, STUN_TRANSACTION);
}

/* RFC 7675, 5.1: consent comes of an authenticated answer from where it was asked; others neither
 * renew it, nor end it before its time, nor make the pair one that is to be checked again. */
static const struct lie consents[] = {
	{ "signed", OWN, 0, PASSWORD, WORKS },
	{ "unsigned", OWN, 0, NULL, IGNORED },
	{ "signed with another password", OWN, 0, NOT_THE_PASSWORD, IGNORED },
	{ "from another port", OTHER_PORT, 0, PASSWORD, IGNORED },
	{ "from another address", OTHER_ADDRESS, 0, PASSWORD, IGNORED },
	{ "an error", OWN, 500, PASSWORD, IGNORED },
};

static void expect_consent(struct duel *d)
{
	uint64_t since;
	unsigned asked = 0;

	tell_candidates(d, 1);
	for (int i = 0; i < 2; i++) {
		assert_true(hear(d, d->sock, RTO));
		answer(d, d->sock, 0, PASSWORD);
	}
	assert_int_equal(connect_by(d, RTO), 0);
	since = host_now(d->home);
	for (uint64_t now; (now = host_now(d->home)) < since + 29 * SEC;) {
		assert_int_equal(ice_agent_send(d->agent, "x", 1), 0);
		assert_int_equal(sock_recv(d->sock, NULL, d->bytes, sizeof(d->bytes), NEVER), 1);
		if (!hear(d, d->sock, since + 29 * SEC - now))
			break;
		assert_false(asks_for(&d->msg, STUN_USE_CANDIDATE));
		asked++;
		speak(d);
		fiber_sleep(host_now(d->home) + RTO);
		ask(d);
	}
	assert_true(asked >= 4);
	assert_int_equal(ice_agent_counts(d->agent).consents, lie->want == WORKS ? asked : 0);
	fiber_sleep(since + 30 * SEC - 1);
	assert_int_equal(ice_agent_send(d->agent, "x", 1), 0);
	fiber_sleep(since + 30 * SEC);
	assert_int_equal(ice_agent_send(d->agent, "x", 1), lie->want == WORKS ? 0 : -EPIPE);
}

static void test_consents(void **state)
{
	(void)state;
	for (lie = consents; lie < consents + sizeof(consents) / sizeof(consents[0]); lie++) {
		print_message("%s\n", lie->name);
		duel(&controlling, expect_consent);
	}
}

/* Roles */

/* The tie-breaker of the last request, which must speak for that role, and it alone. */
static uint64_t tie_breaker_of(const struct duel *d, bool in_control)
{
	uint16_t type = in_control ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED;
	uint64_t value = 0;
	struct stun_value v;

	assert_false(asks_for(&d->msg, in_control ? STUN_ICE_CONTROLLED : STUN_ICE_CONTROLLING));
	assert_true(stun_find(&d->msg, type, &v));
	for (int i = 0; i < 8; i++)
		value = value << 8 | v.bytes[i];
	return value;
}

/* RFC 8445, 7.2.5.1: each refusal turns the role and draws a tie-breaker anew, with which the pair is
 * asked again at once. */
static void expect_other_role(struct duel *d)
{
	uint64_t last = 7;

	tell_candidates(d, 1);
	assert_true(hear(d, d->sock, RTO));
	assert_int_equal(tie_breaker_of(d, true), last);
	for (int i = 1; i < 6; i++) {
		uint8_t before[STUN_TRANSACTION];
		uint64_t now;

		memcpy(before, d->msg.transaction, STUN_TRANSACTION);
		answer(d, d->sock, 487, PASSWORD);
		assert_true(hear(d, d->sock, RTO / 2));
		assert_memory_not_equal(d->msg.transaction, before, STUN_TRANSACTION);
		now = tie_breaker_of(d, i % 2 == 0);
		assert_int_not_equal(now, last);
		last = now;
		assert_int_equal(ice_agent_counts(d->agent).conflicts, i);
		assert_true(ice_agent_controlling(d->agent) == (i % 2 == 0));
	}
}

static void test_tie_breaker(void **state)
{
	(void)state;
	duel(&controlling, expect_other_role);
}

/* Two checks were on their way in the old role when it was refused: the second refusal says nothing
 * new, and must not turn the role back. */
static void expect_one_change(struct duel *d)
{
	struct sock *second = open_at(d->liar, PORT + 1);
	struct stun_message first;
	uint64_t tie_breaker;

	tell_candidates(d, 2);
	assert_true(hear(d, d->sock, RTO));
	first = d->msg;
	assert_true(hear(d, second, RTO / 2));
	answer(d, second, 487, PASSWORD);
	assert_true(hear(d, second, RTO / 2));
	tie_breaker = tie_breaker_of(d, false);
	/* Of the first only the transaction is needed. */
	d->msg = first;
	answer(d, d->sock, 487, PASSWORD);
	assert_true(hear(d, d->sock, RTO / 2));
	assert_int_equal(tie_breaker_of(d, false), tie_breaker);
	assert_int_not_equal(tie_breaker, 7);
	assert_false(ice_agent_controlling(d->agent));
	sock_close(second);
}

static void test_late_conflict(void **state)
{
	(void)state;
	duel(&controlling, expect_one_change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule),      cmocka_unit_test(test_rto),
		cmocka_unit_test(test_same_rto),      cmocka_unit_test(test_lies),
		cmocka_unit_test(test_consents),      cmocka_unit_test(test_tie_breaker),
		cmocka_unit_test(test_late_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
