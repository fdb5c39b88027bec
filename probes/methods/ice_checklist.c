/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice_checklist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t type_preferences[] = {
#define X(id, word, preference) preference,
	ICE_TYPES(X)
#undef X
};

uint32_t ice_priority(enum ice_type type, uint16_t local_preference, uint16_t component)
{
	return (uint32_t)type_preferences[type] << 24 | (uint32_t)local_preference << 8 |
	       (uint32_t)(256 - component);
}

/* RFC 6544, 4.2: what a NAT itself assists with comes before what it is only seen to do. */
enum { ASSISTED_PREFERENCE = 105 };

static uint32_t local_priority(const struct ice_local *local, uint16_t local_preference)
{
	uint32_t priority = ice_priority(local->candidate.type, local_preference, 1);

	return local->assisted ? (priority & 0xffffff) | ASSISTED_PREFERENCE << 24 : priority;
}

enum { DIRECTION_SHIFT = 13 };

uint16_t ice_tcp_preference(enum ice_type type, enum ice_transport transport, uint16_t other)
{
	/* Of a host's own, or relayed, and of reflexive ones. */
	static const uint8_t directions[ICE_TRANSPORT_COUNT][2] = {
		[ICE_TCP_ACTIVE] = { 6, 4 },
		[ICE_TCP_PASSIVE] = { 4, 2 },
		[ICE_TCP_SIMULTANEOUS] = { 2, 6 },
	};
	bool reflexive = type == ICE_SERVER_REFLEXIVE || type == ICE_PEER_REFLEXIVE;

	return (uint16_t)(directions[transport][reflexive] << DIRECTION_SHIFT | other);
}

uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled)
{
	uint64_t low = controlling < controlled ? controlling : controlled;
	uint64_t high = controlling < controlled ? controlled : controlling;

	return (low << 32) + 2 * high + (controlling > controlled);
}

/* Candidates */

static bool same_foundation(const struct ice_local *a, const struct ice_local *b)
{
	return a->candidate.type == b->candidate.type && a->assisted == b->assisted &&
	       a->candidate.transport == b->candidate.transport &&
	       ip_addr_equal(a->base.addr, b->base.addr) && ip_addr_equal(a->server, b->server);
}

static void set_foundation(struct ice_checklist *list, struct ice_local *local)
{
	for (unsigned i = 0; i < list->locals_len; i++) {
		if (same_foundation(&list->locals[i], local)) {
			memcpy(local->candidate.foundation, list->locals[i].candidate.foundation,
			       sizeof(local->candidate.foundation));
			return;
		}
	}
	snprintf(local->candidate.foundation, sizeof(local->candidate.foundation), "%u",
		 list->locals_len + 1);
}

static int append_local(struct ice_checklist *list, const struct ice_local *local,
			uint32_t priority)
{
	struct ice_local *made = &list->locals[list->locals_len];

	if (list->locals_len == ICE_LOCALS)
		return -ENOSPC;
	*made = *local;
	made->candidate.component = 1;
	made->candidate.priority = priority;
	set_foundation(list, made);
	return (int)list->locals_len++;
}

int ice_add_local(struct ice_checklist *list, const struct ice_local *local,
		  uint16_t local_preference)
{
	for (unsigned i = 0; i < list->locals_len; i++)
		if (list->locals[i].way == local->way &&
		    endpoint_equal(list->locals[i].candidate.at, local->candidate.at) &&
		    endpoint_equal(list->locals[i].base, local->base))
			return (int)i;
	return append_local(list, local, local_priority(local, local_preference));
}

int ice_find_remote(const struct ice_checklist *list, struct endpoint at, bool tcp)
{
	for (unsigned i = 0; i < list->remotes_len; i++)
		if ((list->remotes[i].transport != ICE_UDP) == tcp &&
		    endpoint_equal(list->remotes[i].at, at))
			return (int)i;
	return -1;
}

/* A permission is by address alone (RFC 8656, 9). */
static enum ice_permission permission_of(const struct ice_checklist *list, struct ip_addr addr)
{
	for (unsigned i = 0; i < list->remotes_len; i++)
		if (ip_addr_equal(list->remotes[i].at.addr, addr))
			return list->permissions[i];
	return ICE_UNASKED;
}

static uint64_t priority_of(const struct ice_checklist *list, const struct ice_pair *pair)
{
	uint32_t local = list->locals[pair->local].candidate.priority;
	uint32_t remote = list->remotes[pair->remote].priority;

	return list->controlling ? ice_pair_priority(local, remote)
				 : ice_pair_priority(remote, local);
}

static void rank_pairs(struct ice_checklist *list)
{
	for (unsigned i = 0; i < list->pairs_len; i++)
		list->pairs[i].priority = priority_of(list, &list->pairs[i]);
}

int ice_add_remote(struct ice_checklist *list, const struct ice_candidate *remote)
{
	int known = ice_find_remote(list, remote->at, remote->transport != ICE_UDP);

	if (known >= 0) {
		struct ice_candidate *c = &list->remotes[known];

		if (c->type == ICE_PEER_REFLEXIVE) {
			c->type = remote->type;
			c->priority = remote->priority;
			memcpy(c->foundation, remote->foundation, sizeof(c->foundation));
			rank_pairs(list);
		}
		return known;
	}
	if (list->remotes_len == ICE_REMOTES)
		return -ENOSPC;
	list->remotes[list->remotes_len] = *remote;
	list->permissions[list->remotes_len] = permission_of(list, remote->at.addr);
	return (int)list->remotes_len++;
}

static enum ice_transport transport_of(enum ice_way way)
{
	switch (way) {
	case ICE_BY_TCP_ACTIVE:
		return ICE_TCP_ACTIVE;
	case ICE_BY_TCP_PASSIVE:
		return ICE_TCP_PASSIVE;
	case ICE_BY_TCP_SIMULTANEOUS:
		return ICE_TCP_SIMULTANEOUS;
	default:
		return ICE_UDP;
	}
}

/* Who can meet whom (RFC 6544, 6.2). */
static const enum ice_transport partners[ICE_TRANSPORT_COUNT] = {
	[ICE_UDP] = ICE_UDP,
	[ICE_TCP_ACTIVE] = ICE_TCP_PASSIVE,
	[ICE_TCP_PASSIVE] = ICE_TCP_ACTIVE,
	[ICE_TCP_SIMULTANEOUS] = ICE_TCP_SIMULTANEOUS,
};

int ice_learn_remote(struct ice_checklist *list, enum ice_way way, struct endpoint from,
		     uint32_t priority)
{
	struct ice_candidate c = {
		.component = 1,
		.transport = partners[transport_of(way)],
		.priority = priority,
		.at = from,
		.type = ICE_PEER_REFLEXIVE,
	};
	int known = ice_find_remote(list, from, ice_way_is_tcp(way));

	if (known >= 0)
		return known;
	if (list->learned[way] == ICE_LEARNED)
		return -ENOSPC;
	list->learned[way]++;
	/* Like no other's (7.3.1.3): no agent signals a foundation with this character in it. */
	snprintf(c.foundation, sizeof(c.foundation), "*%u", list->remotes_len);
	return ice_add_remote(list, &c);
}

/* Pairs */

static bool alike(const struct ice_checklist *list, const struct ice_pair *a,
		  const struct ice_pair *b)
{
	return strcmp(list->locals[a->local].candidate.foundation,
		      list->locals[b->local].candidate.foundation) == 0 &&
	       strcmp(list->remotes[a->remote].foundation, list->remotes[b->remote].foundation) ==
		       0;
}

/* The state of a pair that has come to the others: in the end each foundation's best one waits
 * (6.1.2.6), unless one of that foundation has been tried before (RFC 8838, 10). */
static enum ice_pair_state first_state(struct ice_checklist *list, const struct ice_pair *pair)
{
	enum ice_pair_state state = ICE_WAITING;

	for (unsigned i = 0; i < list->pairs_len; i++) {
		struct ice_pair *other = &list->pairs[i];

		if (!alike(list, other, pair))
			continue;
		if (other->state == ICE_SUCCEEDED)
			return ICE_WAITING;
		if (other->state == ICE_WAITING && other->priority < pair->priority &&
		    !other->triggered)
			other->state = ICE_FROZEN;
		else if (other->state != ICE_FROZEN)
			state = ICE_FROZEN;
	}
	return state;
}

static void add_pair(struct ice_checklist *list, unsigned local, unsigned remote)
{
	struct ice_pair pair = { .local = (uint8_t)local, .remote = (uint8_t)remote };

	if (list->pairs_len == ICE_PAIRS)
		return;
	pair.priority = priority_of(list, &pair);
	pair.state = first_state(list, &pair);
	list->pairs[list->pairs_len++] = pair;
}

/* Only what can be sent from makes pairs: a reflexive candidate would give its base's again,
 * which has the higher priority (6.1.2.4). */
static bool may_pair(const struct ice_checklist *list, unsigned l, unsigned r)
{
	const struct ice_local *local = &list->locals[l];
	const struct ice_candidate *remote = &list->remotes[r];

	if (local->way == ICE_BY_TURN && list->permissions[r] != ICE_PERMITTED)
		return false;
	/* Where an active one will come from, only its connection shows. */
	if (remote->transport == ICE_TCP_ACTIVE && remote->type != ICE_PEER_REFLEXIVE)
		return false;
	return endpoint_equal(local->candidate.at, local->base) &&
	       remote->transport == partners[local->candidate.transport] &&
	       remote->component == 1 && remote->at.port &&
	       ip_addr_is_v4(local->base.addr) == ip_addr_is_v4(remote->at.addr);
}

int ice_find_pair(const struct ice_checklist *list, enum ice_way way, unsigned remote)
{
	for (unsigned i = 0; i < list->pairs_len; i++)
		if (list->pairs[i].remote == remote &&
		    list->locals[list->pairs[i].local].way == way)
			return (int)i;
	return -1;
}

void ice_pair_up(struct ice_checklist *list)
{
	for (unsigned l = 0; l < list->locals_len; l++)
		for (unsigned r = 0; r < list->remotes_len; r++)
			if (may_pair(list, l, r) && ice_find_pair(list, list->locals[l].way, r) < 0)
				add_pair(list, l, r);
}

/* What to do next */

static int take_triggered(struct ice_checklist *list)
{
	unsigned first = list->queue[0];

	if (!list->queue_len)
		return -1;
	memmove(list->queue, list->queue + 1, --list->queue_len);
	list->pairs[first].triggered = false;
	return (int)first;
}

static int best_in(const struct ice_checklist *list, enum ice_pair_state state)
{
	int best = -1;

	for (unsigned i = 0; i < list->pairs_len; i++)
		if (list->pairs[i].state == state &&
		    (best < 0 || list->pairs[i].priority > list->pairs[best].priority))
			best = (int)i;
	return best;
}

/* 6.1.4.2: once nothing waits, what is frozen thaws where its foundation is idle. */
static void thaw_idle(struct ice_checklist *list)
{
	for (;;) {
		int thawed = -1;

		for (unsigned i = 0; i < list->pairs_len; i++) {
			struct ice_pair *pair = &list->pairs[i];
			bool idle = pair->state == ICE_FROZEN;

			for (unsigned j = 0; idle && j < list->pairs_len; j++)
				idle = !alike(list, pair, &list->pairs[j]) ||
				       (list->pairs[j].state != ICE_WAITING &&
					list->pairs[j].state != ICE_IN_PROGRESS);
			if (idle && (thawed < 0 || pair->priority > list->pairs[thawed].priority))
				thawed = (int)i;
		}
		if (thawed < 0)
			return;
		list->pairs[thawed].state = ICE_WAITING;
	}
}

int ice_next(struct ice_checklist *list)
{
	int next = take_triggered(list);

	if (next < 0)
		next = best_in(list, ICE_WAITING);
	if (next < 0) {
		thaw_idle(list);
		next = best_in(list, ICE_WAITING);
	}
	/* A pair that is checked again to nominate it stays valid meanwhile. */
	if (next >= 0 && list->pairs[next].state != ICE_SUCCEEDED)
		list->pairs[next].state = ICE_IN_PROGRESS;
	return next;
}

void ice_trigger(struct ice_checklist *list, unsigned pair)
{
	struct ice_pair *p = &list->pairs[pair];

	if (p->triggered || (p->state == ICE_SUCCEEDED && !p->nominating))
		return;
	if (p->state != ICE_SUCCEEDED)
		p->state = ICE_WAITING;
	p->triggered = true;
	list->queue[list->queue_len++] = (uint8_t)pair;
}

/* Outcomes */

static int find_valid_local(struct ice_checklist *list, const struct ice_pair *pair,
			    struct endpoint mapped, uint32_t priority)
{
	struct ice_local reflexive = list->locals[pair->local];

	for (unsigned i = 0; i < list->locals_len; i++)
		if (endpoint_equal(list->locals[i].candidate.at, mapped) &&
		    endpoint_equal(list->locals[i].base, reflexive.base))
			return (int)i;
	reflexive.assisted = false;
	reflexive.candidate.type = ICE_PEER_REFLEXIVE;
	reflexive.candidate.at = mapped;
	reflexive.candidate.related = reflexive.base;
	reflexive.server = list->remotes[pair->remote].at.addr;
	return append_local(list, &reflexive, priority);
}

int ice_succeed(struct ice_checklist *list, unsigned pair, struct endpoint mapped,
		uint32_t priority)
{
	struct ice_pair *p = &list->pairs[pair];
	int valid = find_valid_local(list, p, mapped, priority);

	if (valid < 0) {
		ice_fail(list, pair);
		return valid;
	}
	p->state = ICE_SUCCEEDED;
	p->valid_local = (uint8_t)valid;
	for (unsigned i = 0; i < list->pairs_len; i++)
		if (list->pairs[i].state == ICE_FROZEN && alike(list, p, &list->pairs[i]))
			list->pairs[i].state = ICE_WAITING;
	return 0;
}

void ice_fail(struct ice_checklist *list, unsigned pair)
{
	list->pairs[pair].state = ICE_FAILED;
	list->pairs[pair].nominated = false;
}

void ice_set_role(struct ice_checklist *list, bool controlling)
{
	list->controlling = controlling;
	rank_pairs(list);
}

int ice_best(const struct ice_checklist *list, bool nominated)
{
	int best = -1;

	for (unsigned i = 0; i < list->pairs_len; i++) {
		const struct ice_pair *p = &list->pairs[i];

		if (p->state == ICE_SUCCEEDED && (p->nominated || !nominated) &&
		    (best < 0 || p->priority > list->pairs[best].priority))
			best = (int)i;
	}
	return best;
}

bool ice_better_to_come(const struct ice_checklist *list, unsigned pair)
{
	for (unsigned i = 0; i < list->pairs_len; i++)
		if (list->pairs[i].priority > list->pairs[pair].priority &&
		    list->pairs[i].state < ICE_SUCCEEDED)
			return true;
	return false;
}

unsigned ice_busy(const struct ice_checklist *list)
{
	unsigned busy = 0;

	for (unsigned i = 0; i < list->pairs_len; i++)
		busy += list->pairs[i].state == ICE_WAITING ||
			list->pairs[i].state == ICE_IN_PROGRESS;
	return busy;
}

bool ice_all_failed(const struct ice_checklist *list)
{
	for (unsigned i = 0; i < list->pairs_len; i++)
		if (list->pairs[i].state != ICE_FAILED)
			return false;
	return list->pairs_len != 0;
}
