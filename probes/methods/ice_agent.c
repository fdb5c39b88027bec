/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A reader for the socket, and one for the allocation, where there is one,
 * answer checks and note what answers say.  The checker alone begins checks: one new transaction
 * every Ta, the triggered ones first; it sends again, nominates, and keeps consent fresh.
 *
 *   reader: request  -> answer, learn the remote, trigger ---.
 *           response -> the pair's state, perhaps selected --+--> wakes the checker, and who waits
 *           other    -> inbox                                '
 */
#include "ice_agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice_agent_private.h"

#define TA_NS (50 * MSEC)
#define CONSENT_NS (30 * SEC) /* RFC 7675, 5.1 */
#define CONSENT_GAP_NS (5 * SEC)

#define PATIENCE_NS (1500 * MSEC)

int ice_send_by(struct ice_agent *agent, enum ice_way way, struct endpoint to, const void *bytes,
		size_t len)
{
	if (agent->closing || !len)
		return -ECANCELED;
	if (way == ICE_BY_TURN)
		return turn_client_send(agent->turn, to, bytes, len, NEVER);
	if (ice_way_is_tcp(way))
		return ice_tcp_send(agent->tcp, way, to, bytes, len);
	return sock_send(agent->sock, &to, bytes, len, NEVER);
}

void ice_wait(struct ice_agent *agent, uint64_t deadline)
{
	agent->waiter = fiber_self();
	fiber_park(deadline);
	agent->waiter = NULL;
}

/* Reading */

static void keep_datagram(struct ice_agent *agent, const uint8_t *bytes, size_t len)
{
	struct ice_datagram *slot;

	if (agent->inbox_len == ICE_INBOX)
		return;
	slot = &agent->inbox[(agent->inbox_first + agent->inbox_len++) % ICE_INBOX];
	slot->len = len;
	memcpy(slot->bytes, bytes, len);
	fiber_wake(agent->receiver);
}

void ice_hear(struct ice_agent *agent, enum ice_way way, const uint8_t *bytes, size_t len,
	      struct endpoint from)
{
	struct stun_message msg;
	int err = stun_decode(bytes, len, &msg);

	if (!err && !msg.classic) {
		if (way != ICE_BY_SOCKET || !ice_gather_hear(agent, &msg, from))
			ice_hear_stun(agent, way, &msg, from);
	} else if (err != -EPROTO &&
		   ice_find_remote(&agent->list, from, ice_way_is_tcp(way)) >= 0) {
		keep_datagram(agent, bytes, len);
	}
}

static void read_by(struct ice_agent *agent, enum ice_way way)
{
	uint8_t bytes[ICE_DATAGRAM_MAX];
	struct endpoint from;

	while (!agent->closing) {
		long n = way == ICE_BY_TURN
				 ? turn_client_recv(agent->turn, &from, bytes, sizeof(bytes), NEVER)
				 : sock_recv(agent->sock, &from, bytes, sizeof(bytes), NEVER);

		if (agent->closing || (way == ICE_BY_TURN && n < 0))
			break;
		if (n >= 0)
			ice_hear(agent, way, bytes, (size_t)n, from);
		else if (!sock_read_on(agent->host, n))
			break;
	}
	crew_leave(&agent->crew);
}

static void read_socket(void *arg)
{
	read_by(arg, ICE_BY_SOCKET);
}

void ice_read_turn(void *arg)
{
	read_by(arg, ICE_BY_TURN);
}

/* Checking */

static uint64_t patience(const struct ice_agent *agent, int pair)
{
	const struct ice_pair *p = &agent->list.pairs[pair];
	bool relayed = agent->list.locals[p->local].candidate.type == ICE_RELAYED ||
		       agent->list.remotes[p->remote].type == ICE_RELAYED;

	return relayed ? 2 * agent->spec.patience_ns : agent->spec.patience_ns;
}

/* Regular nomination (RFC 8445, 8.1.1).  When to look again. */
static uint64_t nominate_best(struct ice_agent *agent)
{
	int best = ice_best(&agent->list, false);
	uint64_t at;

	if (!agent->list.controlling || agent->selected >= 0 || agent->nominating >= 0 || best < 0)
		return NEVER;
	at = agent->valid_since + patience(agent, best);
	/* As long as candidates trickle in, a better pair may come of the next one. */
	if ((!agent->told_all || ice_gather_goes_on(agent) ||
	     ice_better_to_come(&agent->list, (unsigned)best)) &&
	    host_now(agent->host) < at)
		return at;
	agent->nominating = best;
	agent->list.pairs[best].nominating = true;
	ice_trigger(&agent->list, (unsigned)best);
	return NEVER;
}

/* The next check, Ta after the last.  When the one after it may begin. */
static uint64_t begin_next(struct ice_agent *agent)
{
	uint64_t now = host_now(agent->host);
	int pair;

	if (!agent->their_password[0] || !agent->their_ufrag[0])
		return NEVER;
	if (now < agent->next_check_at)
		return agent->next_check_at;
	/* Once a pair is in use, only what was triggered (8.1.2). */
	if (agent->selected >= 0 && !agent->list.queue_len)
		return NEVER;
	pair = ice_next(&agent->list);
	if (pair < 0)
		return NEVER;
	agent->next_check_at = now + agent->spec.ta_ns;
	ice_check_begin(agent, (unsigned)pair, false);
	return agent->next_check_at;
}

/* RFC 7675, 5.1: each 5 s, give or take a fifth, so that agents do not march in step. */
static uint64_t renew_consent(struct ice_agent *agent)
{
	uint64_t now = host_now(agent->host);

	if (agent->selected < 0 || now >= agent->consent_until)
		return NEVER;
	if (now >= agent->next_consent_at) {
		if (agent->next_consent_at)
			ice_check_begin(agent, (unsigned)agent->selected, true);
		agent->next_consent_at = now + CONSENT_GAP_NS * 4 / 5 +
					 host_random(agent->host) % (CONSENT_GAP_NS * 2 / 5);
	}
	return agent->next_consent_at;
}

static void run_checks(void *arg)
{
	struct ice_agent *agent = arg;

	agent->checker = fiber_self();
	while (!agent->closing) {
		uint64_t (*const duties[])(struct ice_agent *) = { ice_check_again, nominate_best,
								   begin_next, renew_consent };
		uint64_t next = NEVER;

		for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++) {
			uint64_t at = duties[i](agent);

			next = at < next ? at : next;
		}
		if (!agent->closing)
			fiber_park(next);
	}
	agent->checker = NULL;
	crew_leave(&agent->crew);
}

/* Signalling */

const char *ice_agent_ufrag(const struct ice_agent *agent)
{
	return agent->ufrag;
}

const char *ice_agent_password(const struct ice_agent *agent)
{
	return agent->password;
}

bool ice_agent_candidate(const struct ice_agent *agent, unsigned index, struct ice_candidate *ret)
{
	for (unsigned i = 0; i < agent->list.locals_len; i++) {
		/* A peer-reflexive one is never told (RFC 8445, 7.2.5.3.1). */
		if (agent->list.locals[i].candidate.type == ICE_PEER_REFLEXIVE || index--)
			continue;
		*ret = agent->list.locals[i].candidate;
		return true;
	}
	return false;
}

/* The @index-th of what there is to tell by now. */
static bool find_line(const struct ice_agent *agent, unsigned index, struct ice_line *ret)
{
	*ret = (struct ice_line){ .kind = ICE_LINE_CANDIDATE };
	if (index < 2) {
		ret->kind = index ? ICE_LINE_PWD : ICE_LINE_UFRAG;
		snprintf(ret->text, sizeof(ret->text), "%s",
			 index ? agent->password : agent->ufrag);
		return true;
	}
	if (ice_agent_candidate(agent, index - 2, &ret->candidate))
		return true;
	ret->kind = ICE_LINE_END;
	return agent->gathered;
}

int ice_agent_tell(struct ice_agent *agent, unsigned index, uint64_t deadline, struct ice_line *ret)
{
	struct ice_candidate last;
	struct ice_line line;
	int err = 0;

	/* After the end of candidates. */
	if (agent->gathered && index > 2 && !ice_agent_candidate(agent, index - 3, &last))
		return -ENOENT;
	crew_enter(&agent->crew);
	while (!err && !agent->closing && !find_line(agent, index, &line)) {
		agent->teller = fiber_self();
		err = fiber_park(deadline);
		agent->teller = NULL;
	}
	if (agent->closing)
		err = -ECANCELED;
	if (!err)
		*ret = line;
	crew_leave(&agent->crew);
	return err;
}

static int add_remote(struct ice_agent *agent, const struct ice_candidate *c)
{
	int index;

	if ((c->transport != ICE_UDP && !agent->tcp) || c->component != 1)
		return 0;
	index = ice_add_remote(&agent->list, c);
	if (index < 0)
		return index;
	ice_pair_up(&agent->list);
	return 0;
}

int ice_agent_told(struct ice_agent *agent, const struct ice_line *line)
{
	int err = 0;

	switch (line->kind) {
	case ICE_LINE_UFRAG:
		memcpy(agent->their_ufrag, line->text, sizeof(agent->their_ufrag));
		break;
	case ICE_LINE_PWD:
		memcpy(agent->their_password, line->text, sizeof(agent->their_password));
		break;
	case ICE_LINE_CANDIDATE:
		err = add_remote(agent, &line->candidate);
		break;
	case ICE_LINE_END:
		agent->told_all = true;
		break;
	case ICE_LINE_OTHER:
		break;
	}
	ice_changed(agent);
	return err;
}

int ice_agent_connect(struct ice_agent *agent, uint64_t deadline)
{
	int err = 0;

	crew_enter(&agent->crew);
	while (agent->selected < 0 && !err) {
		if (agent->closing)
			err = -ECANCELED;
		else if (agent->told_all && !ice_gather_goes_on(agent) &&
			 ice_all_failed(&agent->list))
			err = -ECONNREFUSED;
		else if (host_now(agent->host) >= deadline)
			err = -ETIMEDOUT;
		else
			ice_wait(agent, deadline);
	}
	crew_leave(&agent->crew);
	return err;
}

bool ice_agent_selected(const struct ice_agent *agent, struct ice_candidate *ret_local,
			struct ice_candidate *ret_remote)
{
	const struct ice_pair *pair;

	if (agent->selected < 0)
		return false;
	pair = &agent->list.pairs[agent->selected];
	*ret_local = agent->list.locals[pair->valid_local].candidate;
	*ret_remote = agent->list.remotes[pair->remote];
	return true;
}

bool ice_agent_controlling(const struct ice_agent *agent)
{
	return agent->list.controlling;
}

struct ice_counts ice_agent_counts(const struct ice_agent *agent)
{
	return agent->counts;
}

/* Data */

int ice_agent_send(struct ice_agent *agent, const void *bytes, size_t len)
{
	const struct ice_pair *pair;

	if (agent->selected < 0)
		return -ENOTCONN;
	if (host_now(agent->host) >= agent->consent_until)
		return -EPIPE;
	if (len > ICE_DATAGRAM_MAX)
		return -EMSGSIZE;
	pair = &agent->list.pairs[agent->selected];
	return ice_send_by(agent, agent->list.locals[pair->local].way,
			   agent->list.remotes[pair->remote].at, bytes, len);
}

long ice_agent_recv(struct ice_agent *agent, void *bytes, size_t room, uint64_t deadline)
{
	const struct ice_datagram *first = &agent->inbox[agent->inbox_first];
	long n = -ECANCELED;

	crew_enter(&agent->crew);
	while (!agent->inbox_len && !agent->closing && host_now(agent->host) < deadline) {
		agent->receiver = fiber_self();
		fiber_park(deadline);
		agent->receiver = NULL;
	}
	if (!agent->closing)
		n = -ETIMEDOUT;
	if (!agent->closing && agent->inbox_len) {
		n = (long)(first->len < room ? first->len : room);
		memcpy(bytes, first->bytes, (size_t)n);
		agent->inbox_first = (agent->inbox_first + 1) % ICE_INBOX;
		agent->inbox_len--;
	}
	crew_leave(&agent->crew);
	return n;
}

/* Its life */

static void draw_text(struct host *host, char *ret, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";

	for (size_t i = 0; i < len; i++)
		ret[i] = letters[host_random(host) >> 58];
	ret[len] = '\0';
}

static void set_defaults(struct ice_agent *agent)
{
	struct ice_agent_spec *spec = &agent->spec;

	if (!spec->ta_ns)
		spec->ta_ns = TA_NS;
	if (!spec->patience_ns)
		spec->patience_ns = PATIENCE_NS;
	if (!spec->consent_ns)
		spec->consent_ns = CONSENT_NS;
	agent->tie_breaker = spec->tie_breaker ? spec->tie_breaker : host_random(agent->host);
	agent->list.controlling = spec->controlling;
	agent->nominating = agent->selected = agent->channelled = -1;
	draw_text(agent->host, agent->ufrag, ICE_UFRAG);
	draw_text(agent->host, agent->password, ICE_PASSWORD);
}

int ice_agent_new(struct host *host, const struct ice_agent_spec *spec, struct ice_agent **ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = spec->local_port };
	struct ice_agent *agent;
	int err;

	if (ip_addr_is_unset(host_addr(host)) && ip_addr_is_unset(host_addr6(host)))
		return -EADDRNOTAVAIL;
	agent = calloc(1, sizeof(*agent));
	if (!agent)
		return -ENOMEM;
	agent->host = host;
	agent->spec = *spec;
	set_defaults(agent);
	err = sock_open(host, &udp, &agent->sock);
	if (!err && (spec->tcp || spec->tcp_only))
		err = ice_tcp_new(agent, &agent->tcp);
	if (!err)
		err = crew_spawn(&agent->crew, host_loop(host), "ice", read_socket, agent);
	if (!err)
		err = crew_spawn(&agent->crew, host_loop(host), "ice checks", run_checks, agent);
	if (err)
		ice_agent_free(agent);
	else
		*ret = agent;
	return err;
}

void ice_agent_close(struct ice_agent *agent)
{
	struct sock *sock = agent->sock;

	agent->closing = true;
	agent->sock = NULL;
	sock_close(sock);
	if (agent->turn)
		turn_client_close(agent->turn);
	if (agent->tcp)
		ice_tcp_close(agent->tcp);
	ice_changed(agent);
	fiber_wake(agent->receiver);
	for (int i = 0; i < FAMILY_COUNT; i++)
		fiber_wake(agent->askings[i].fiber);
}

void ice_agent_free(struct ice_agent *agent)
{
	if (!agent)
		return;
	/* A relayed address that nobody needs any more counts against a quota. */
	if (agent->relayed && !agent->closing && fiber_self())
		turn_client_refresh(agent->turn, 0, host_now(agent->host) + SEC);
	ice_agent_close(agent);
	crew_wait(&agent->crew);
	turn_client_free(agent->turn);
	ice_tcp_free(agent->tcp);
	free(agent);
}
