/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connectivity checks (RFC 8445, 7): what is asked, what is answered, and what follows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../wire/stun_credential.h"
#include "ice_agent_private.h"

enum { REQUEST_MAX = 700, SENDS_MAX = 7, LAST_WAIT = 16 }; /* Rc and Rm of RFC 8489, 6.2.1 */

#define RTO_MIN (500 * MSEC)

/* How long an answer may take over TCP, which sends again by itself (RFC 6544, 7.1; RFC 8489, 6.2.2). */
#define TCP_PATIENCE_NS (39500 * MSEC)

enum { ROLE_CONFLICT = 487, BAD_REQUEST = 400, UNKNOWN_ATTRIBUTE = 420 };

/* Asking */

static void add_u64(struct stun_writer *w, uint16_t type, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	stun_add(w, type, bytes, sizeof(bytes));
}

static void send_check(struct ice_agent *agent, const struct ice_check *check)
{
	const struct ice_pair *pair = &agent->list.pairs[check->pair];
	char username[ICE_TEXT_MAX + ICE_UFRAG + 2];
	uint8_t bytes[REQUEST_MAX];
	struct stun_writer w;

	snprintf(username, sizeof(username), "%s:%s", agent->their_ufrag, agent->ufrag);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, check->transaction);
	stun_add_text(&w, STUN_USERNAME, username);
	stun_add_u32(&w, STUN_PRIORITY, check->priority);
	add_u64(&w, check->controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED,
		check->tie_breaker);
	if (check->nominating)
		stun_add(&w, STUN_USE_CANDIDATE, NULL, 0);
	stun_add_integrity(&w, agent->their_password, strlen(agent->their_password));
	stun_add_fingerprint(&w);
	ice_send_by(agent, agent->list.locals[pair->local].way,
		    agent->list.remotes[pair->remote].at, bytes, stun_end(&w));
}

/* RFC 8445, 14.3. */
static uint64_t rto(const struct ice_agent *agent)
{
	uint64_t busy = agent->spec.ta_ns * ice_busy(&agent->list);

	return busy > RTO_MIN ? busy : RTO_MIN;
}

void ice_check_begin(struct ice_agent *agent, unsigned pair, bool consent)
{
	struct ice_check *check = &agent->checks[agent->checks_len++ % ICE_CHECKS];
	const struct ice_pair *p = &agent->list.pairs[pair];
	uint32_t priority = agent->list.locals[p->local].candidate.priority;

	/* A new transaction ends the sending of the old ones (7.3.1.4). */
	for (unsigned i = 0; i < ICE_CHECKS && !consent; i++)
		if (agent->checks[i].pair == pair)
			agent->checks[i].live = false;
	*check = (struct ice_check){
		.pair = (uint8_t)pair,
		.used = true,
		.live = !consent,
		.consent = consent,
		.controlling = agent->list.controlling,
		.nominating = agent->list.controlling && p->nominating && !consent,
		.tie_breaker = agent->tie_breaker,
		/* 7.1.1: as a peer-reflexive candidate's of the same base. */
		.priority = ice_priority(ICE_PEER_REFLEXIVE, (uint16_t)(priority >> 8), 1),
		.sent = 1,
		.rto_ns = rto(agent),
	};
	check->gap_ns = check->rto_ns;
	check->next_at = host_now(agent->host) + check->gap_ns;
	stun_transaction(host_random(agent->host), host_random(agent->host), check->transaction);
	agent->counts.checks++;
	if (ice_way_is_tcp(agent->list.locals[p->local].way)) {
		check->sent = SENDS_MAX;
		check->next_at = host_now(agent->host) + TCP_PATIENCE_NS;
		ice_tcp_dial(agent->tcp, agent->list.locals[p->local].way,
			     agent->list.remotes[p->remote].at);
	}
	send_check(agent, check);
}

static void check_failed(struct ice_agent *agent, struct ice_check *check)
{
	check->live = false;
	ice_fail(&agent->list, check->pair);
	if (agent->nominating == check->pair)
		agent->nominating = -1;
	ice_changed(agent);
}

void ice_check_connected(struct ice_agent *agent, enum ice_way way, struct endpoint to, bool stands)
{
	for (unsigned i = 0; i < ICE_CHECKS && !agent->closing; i++) {
		struct ice_check *check = &agent->checks[i];
		const struct ice_pair *pair = &agent->list.pairs[check->pair];

		if (!check->live || agent->list.locals[pair->local].way != way ||
		    !endpoint_equal(agent->list.remotes[pair->remote].at, to))
			continue;
		if (stands)
			send_check(agent, check);
		else
			check_failed(agent, check);
	}
}

/* Send @check once more, or give up. */
static void send_again(struct ice_agent *agent, struct ice_check *check)
{
	uint64_t now = host_now(agent->host);

	if (check->sent == SENDS_MAX) {
		check_failed(agent, check);
		return;
	}
	check->gap_ns *= 2;
	check->next_at = now + check->gap_ns;
	if (++check->sent == SENDS_MAX)
		check->next_at = now + LAST_WAIT * check->rto_ns;
	send_check(agent, check);
}

uint64_t ice_check_again(struct ice_agent *agent)
{
	uint64_t next = NEVER;

	for (unsigned i = 0; i < ICE_CHECKS && !agent->closing; i++) {
		struct ice_check *check = &agent->checks[i];

		if (check->live && check->next_at <= host_now(agent->host))
			send_again(agent, check);
		if (check->live && check->next_at < next)
			next = check->next_at;
	}
	return next;
}

/* Answering */

static void respond(struct ice_agent *agent, enum ice_way way, const struct stun_message *request,
		    struct endpoint to, unsigned code, const char *reason)
{
	uint8_t bytes[REQUEST_MAX];
	uint16_t unknown[8];
	size_t unknown_len = stun_unknown(request, unknown, 8);
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), code ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING,
		   request->transaction);
	if (!code)
		stun_add_address(&w, STUN_XOR_MAPPED_ADDRESS, to);
	else
		stun_add_error(&w, code, reason);
	if (code == UNKNOWN_ATTRIBUTE)
		stun_add_unknown(&w, unknown, unknown_len < 8 ? unknown_len : 8);
	/* Who could not prove who they are cannot be proven to, either (RFC 8489, 9.1.3). */
	if (!code || code == ROLE_CONFLICT || code == UNKNOWN_ATTRIBUTE)
		stun_add_either_integrity(&w, request->integrity_sha256_at != 0, agent->password,
					  strlen(agent->password));
	stun_add_fingerprint(&w);
	ice_send_by(agent, way, to, bytes, stun_end(&w));
}

/* RFC 8445, 7.3: only the half of the username that is ours is looked at, since a check
 * may come before the other's answer has. */
static unsigned allowed(const struct ice_agent *agent, const struct stun_message *msg)
{
	size_t len = strlen(agent->ufrag);
	struct stun_value username;

	if (!stun_find(msg, STUN_USERNAME, &username))
		return BAD_REQUEST;
	if (username.len <= len || memcmp(username.bytes, agent->ufrag, len) != 0 ||
	    username.bytes[len] != ':')
		return 401;
	return stun_short_term_check(msg, NULL, agent->password);
}

void ice_take_role(struct ice_agent *agent, bool controlling)
{
	if (agent->list.controlling == controlling)
		return;
	ice_set_role(&agent->list, controlling);
	for (unsigned i = 0; i < agent->list.pairs_len; i++)
		agent->list.pairs[i].nominating = false;
	agent->nominating = -1;
}

/* RFC 8445, 7.3.1.1.  False where the request is to be refused. */
static bool roles_agree(struct ice_agent *agent, const struct stun_message *msg)
{
	bool ours = agent->list.controlling;
	uint64_t theirs = 0;
	struct stun_value v;
	bool larger;

	if (!stun_find(msg, ours ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, &v))
		return true;
	for (int i = 0; i < 8; i++)
		theirs = theirs << 8 | v.bytes[i];
	agent->counts.conflicts++;
	larger = agent->tie_breaker >= theirs;
	/* Whoever has the larger tie-breaker controls: we refuse where we keep our role. */
	if (larger == ours)
		return false;
	ice_take_role(agent, !ours);
	return true;
}

static void nominate(struct ice_agent *agent, unsigned pair)
{
	agent->list.pairs[pair].nominated = true;
	agent->selected = ice_best(&agent->list, true);
	if (!agent->consent_until) {
		agent->consent_until = host_now(agent->host) + agent->spec.consent_ns;
		agent->next_consent_at = 0;
	}
}

/* RFC 8445, 7.3.1.3 to 7.3.1.5: what a check tells of its sender. */
static void learn_from(struct ice_agent *agent, enum ice_way way, const struct stun_message *msg,
		       struct endpoint from, uint32_t priority)
{
	int remote = ice_learn_remote(&agent->list, way, from, priority);
	struct stun_value v;
	struct ice_pair *p;
	int pair;

	if (remote < 0)
		return;
	ice_pair_up(&agent->list);
	pair = ice_find_pair(&agent->list, way, (unsigned)remote);
	if (pair < 0)
		return;
	p = &agent->list.pairs[pair];
	if (!agent->list.controlling && stun_find(msg, STUN_USE_CANDIDATE, &v)) {
		if (p->state == ICE_SUCCEEDED)
			nominate(agent, (unsigned)pair);
		else
			p->nominating = true;
	}
	/* Once a pair is in use, others need no checks (8.1.2), but for one just nominated. */
	if (p->state != ICE_SUCCEEDED && (agent->selected < 0 || p->nominating))
		ice_trigger(&agent->list, (unsigned)pair);
}

static void hear_request(struct ice_agent *agent, enum ice_way way, const struct stun_message *msg,
			 struct endpoint from)
{
	unsigned code = allowed(agent, msg);
	uint16_t unknown;
	uint32_t priority;

	if (code) {
		respond(agent, way, msg, from, code,
			code == BAD_REQUEST ? "Bad Request" : "Unauthenticated");
		return;
	}
	if (stun_unknown(msg, &unknown, 1)) {
		respond(agent, way, msg, from, UNKNOWN_ATTRIBUTE, "Unknown Attribute");
		return;
	}
	if (!stun_get_u32(msg, STUN_PRIORITY, &priority)) {
		respond(agent, way, msg, from, BAD_REQUEST, "Bad Request");
		return;
	}
	if (!roles_agree(agent, msg)) {
		respond(agent, way, msg, from, ROLE_CONFLICT, "Role Conflict");
		return;
	}
	respond(agent, way, msg, from, 0, NULL);
	learn_from(agent, way, msg, from, priority);
	ice_changed(agent);
}

/* Being answered */

static struct ice_check *find_check(struct ice_agent *agent, const struct stun_message *msg)
{
	for (unsigned i = 0; i < ICE_CHECKS; i++)
		if (agent->checks[i].used &&
		    memcmp(agent->checks[i].transaction, msg->transaction, STUN_TRANSACTION) == 0)
			return &agent->checks[i];
	return NULL;
}

static void hear_success(struct ice_agent *agent, struct ice_check *check,
			 const struct stun_message *msg)
{
	struct ice_pair *pair = &agent->list.pairs[check->pair];
	struct endpoint mapped;

	if (!stun_get_address(msg, STUN_XOR_MAPPED_ADDRESS, &mapped))
		return;
	check->live = false;
	if (check->consent) {
		agent->counts.consents++;
		agent->consent_until = host_now(agent->host) + agent->spec.consent_ns;
		return;
	}
	if (ice_succeed(&agent->list, check->pair, mapped, check->priority))
		return;
	if (!agent->valid_since)
		agent->valid_since = host_now(agent->host);
	/* Ours to nominate, or theirs, who had said so before it was valid (7.3.1.5). */
	if (agent->list.controlling ? check->nominating : pair->nominating)
		nominate(agent, check->pair);
}

static void hear_error(struct ice_agent *agent, struct ice_check *check, unsigned code)
{
	check->live = false;
	if (code != ROLE_CONFLICT) {
		if (!check->consent)
			check_failed(agent, check);
		return;
	}
	agent->counts.conflicts++;
	/* 7.2.5.1: the other way round, with another tie-breaker; unless done for an earlier one. */
	if (agent->list.controlling == check->controlling) {
		ice_take_role(agent, !check->controlling);
		agent->tie_breaker = host_random(agent->host);
	}
	ice_trigger(&agent->list, check->pair);
}

static void hear_response(struct ice_agent *agent, enum ice_way way, const struct stun_message *msg,
			  struct endpoint from)
{
	struct ice_check *check = find_check(agent, msg);
	const struct ice_pair *pair;
	struct stun_value reason;
	unsigned code = 0;

	if (!check)
		return;
	pair = &agent->list.pairs[check->pair];
	stun_get_error(msg, &code, &reason);
	/* Errors about credentials cannot have any themselves. */
	if (stun_short_term_check(msg, NULL, agent->their_password) && code != BAD_REQUEST &&
	    code != 401)
		return;
	/* 7.2.5.2.1: an answer from elsewhere is no way back. */
	if (!endpoint_equal(agent->list.remotes[pair->remote].at, from) ||
	    agent->list.locals[pair->local].way != way) {
		if (!check->consent && pair->state != ICE_SUCCEEDED)
			check_failed(agent, check);
		return;
	}
	if (msg->class == STUN_SUCCESS)
		hear_success(agent, check, msg);
	else
		hear_error(agent, check, code);
	ice_changed(agent);
}

void ice_hear_stun(struct ice_agent *agent, enum ice_way way, const struct stun_message *msg,
		   struct endpoint from)
{
	if (msg->method != STUN_BINDING || msg->classic)
		return;
	if (msg->class == STUN_REQUEST)
		hear_request(agent, way, msg, from);
	else if (msg->class != STUN_INDICATION)
		hear_response(agent, way, msg, from);
}
