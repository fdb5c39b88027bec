/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICE's checklist (RFC 8445, 6.1): candidates of both sides, the pairs that they make, their
 * states, and which is to be checked next.  One data stream of one component, over UDP or TCP.
 *
 * It is data and rules: it sends nothing, and knows neither time nor STUN; ice_agent.c does.
 *
 *   FROZEN --> WAITING --> IN_PROGRESS --> SUCCEEDED
 *                 ^             |  '-----> FAILED
 *                 '-- trigger --'<-- trigger --'
 */
#ifndef KNOTHOLE_ICE_CHECKLIST_H
#define KNOTHOLE_ICE_CHECKLIST_H

#include <stdbool.h>

#include "../wire/ice_sdp.h"

/* 100 pairs are the most that RFC 8445, 6.1.2.5 wants of a default. */
enum { ICE_LOCALS = 16, ICE_REMOTES = 32, ICE_PAIRS = 100 };

/* So many candidates of the other side's are learned from its checks by each way, and no more: behind two NATs
 * that give each destination a port, every check would teach a new one, and be followed by another
 * to there, before any ordinary one (6.1.4.2). */
enum { ICE_LEARNED = 8 };

/* (constant, word) */
#define ICE_PAIR_STATES(X)                                                                         \
	X(ICE_FROZEN, "frozen")                                                                    \
	X(ICE_WAITING, "waiting")                                                                  \
	X(ICE_IN_PROGRESS, "in progress")                                                          \
	X(ICE_SUCCEEDED, "succeeded")                                                              \
	X(ICE_FAILED, "failed")

enum ice_pair_state {
#define X(id, word) id,
	ICE_PAIR_STATES(X)
#undef X
};

/* By which way a candidate's datagrams go. */
enum ice_way {
	ICE_BY_SOCKET,
	ICE_BY_TURN,
	ICE_BY_TCP_ACTIVE, /* connections that it opens from any port (RFC 6544, 4.1) … */
	ICE_BY_TCP_PASSIVE, /* … that it accepts … */
	ICE_BY_TCP_SIMULTANEOUS, /* … or that both open at once, each from a known port */
	ICE_WAYS
};

static inline bool ice_way_is_tcp(enum ice_way way)
{
	return way >= ICE_BY_TCP_ACTIVE;
}

/* A TURN server lets through only whom it was told of (RFC 8656, 9), and may refuse. */
enum ice_permission { ICE_UNASKED, ICE_PERMITTED, ICE_REFUSED };

struct ice_local {
	struct ice_candidate candidate;
	struct endpoint base;
	struct ip_addr server; /* that told it; unset for host candidates */
	enum ice_way way;
	bool assisted; /* server-reflexive in type, but a NAT was asked to map it */
};

struct ice_pair {
	uint8_t local, remote; /* indices; local is the base's candidate */
	enum ice_pair_state state;
	uint64_t priority;
	bool triggered; /* it waits in the queue */
	bool nominating; /* use it: the other said so, or the next check does */
	bool nominated;
	uint8_t valid_local; /* once SUCCEEDED: the mapped address' candidate (7.2.5.3.2) */
};

struct ice_checklist {
	bool controlling;
	struct ice_local locals[ICE_LOCALS];
	unsigned locals_len;
	struct ice_candidate remotes[ICE_REMOTES];
	enum ice_permission
		permissions[ICE_REMOTES]; /* a relayed candidate of ours to reach them */
	unsigned remotes_len;
	unsigned learned[ICE_WAYS]; /* of them from checks */
	struct ice_pair pairs[ICE_PAIRS];
	unsigned pairs_len;
	uint8_t queue[ICE_PAIRS]; /* of triggered checks (6.1.4.1), first in, first out */
	unsigned queue_len;
};

/* RFC 6544, 4.2: of candidates over TCP, which all come after UDP's of their type.  @other ranks those
 * of one kind, up to 8191. */
uint16_t ice_tcp_preference(enum ice_type type, enum ice_transport transport, uint16_t other);
/* RFC 8445, 5.1.2.1. */
uint32_t ice_priority(enum ice_type type, uint16_t local_preference, uint16_t component);
/* RFC 8445, 6.1.2.3: of the controlling and of the controlled agent's candidates. */
uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled);

/*
 * A local candidate, with its foundation (5.1.1.3) and priority.  @local->candidate has type and
 * address; the rest of @local is complete.  Its index; that of the one that makes it redundant
 * (5.1.3: same address and base); -ENOSPC.
 */
int ice_add_local(struct ice_checklist *list, const struct ice_local *local,
		  uint16_t local_preference);

/* What the other side told.  One that a check has shown before (prflx) takes its type, foundation
 * and priority from what is told: else the two sides would rank its pairs differently, and a relayed
 * one too high.  Its index, or -ENOSPC. */
int ice_add_remote(struct ice_checklist *list, const struct ice_candidate *remote);

/* One that a check came from by @way (7.3.1.3), with the PRIORITY that it had.  Its index, or -ENOSPC. */
int ice_learn_remote(struct ice_checklist *list, enum ice_way way, struct endpoint from,
		     uint32_t priority);

/* Make the pairs that are missing (6.1.2.2, 6.1.2.4, and RFC 8838, 10; RFC 6544, 6.2: an active
 * candidate with a passive one, and a passive one only with whom it has heard): same family, the base in
 * place of a reflexive candidate, a relayed one only where that is permitted, and of two with one
 * foundation only the better to wait. */
void ice_pair_up(struct ice_checklist *list);

/* The pair from @way's candidate to remote @remote; -1 where there is none. */
int ice_find_pair(const struct ice_checklist *list, enum ice_way way, unsigned remote);
/* Of UDP's or (@tcp) of TCP's. */
int ice_find_remote(const struct ice_checklist *list, struct endpoint at, bool tcp);

/* The pair to check now, IN_PROGRESS from now on (6.1.4.2); -1 where nothing waits. */
int ice_next(struct ice_checklist *list);

/* Check it as soon as may be (7.3.1.4); nothing for one that SUCCEEDED, unless nominating. */
void ice_trigger(struct ice_checklist *list, unsigned pair);

/* A check's answer said that it came from @mapped; @priority is what the check told.  A local
 * peer-reflexive candidate may come of it (7.2.5.3.1).  0, or -ENOSPC: the pair has failed. */
int ice_succeed(struct ice_checklist *list, unsigned pair, struct endpoint mapped,
		uint32_t priority);
void ice_fail(struct ice_checklist *list, unsigned pair);

void ice_set_role(struct ice_checklist *list, bool controlling);

/* The best pair that SUCCEEDED, of the nominated ones only, or -1. */
int ice_best(const struct ice_checklist *list, bool nominated);

/* Could a pair better than @pair still succeed? */
bool ice_better_to_come(const struct ice_checklist *list, unsigned pair);

/* Waiting and in progress: what RFC 8445, 14.3 reckons the RTO from. */
unsigned ice_busy(const struct ice_checklist *list);

/* Has every pair failed?  Without pairs it has not. */
bool ice_all_failed(const struct ice_checklist *list);

#endif
