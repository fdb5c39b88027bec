/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ICE agent's inside, for ice_*.c only; others use ice_agent.h. */
#ifndef KNOTHOLE_ICE_AGENT_PRIVATE_H
#define KNOTHOLE_ICE_AGENT_PRIVATE_H

#include "../services/crew.h"
#include "../wire/stun.h"
#include "ice_agent.h"
#include "ice_tcp.h"
#include "turn_client.h"

enum { ICE_CHECKS = 256, ICE_INBOX = 32, ICE_UFRAG = 8, ICE_PASSWORD = 24 };

/* A transaction on a pair.  Answers to old ones still count; only the live are sent again. */
struct ice_check {
	uint8_t transaction[STUN_TRANSACTION];
	uint8_t pair;
	bool used, live, consent;
	bool controlling, nominating; /* what it said */
	uint64_t tie_breaker;
	uint32_t priority;
	unsigned sent;
	uint64_t rto_ns; /* as it began: others end meanwhile */
	uint64_t gap_ns, next_at;
};

struct ice_datagram {
	size_t len;
	uint8_t bytes[ICE_DATAGRAM_MAX];
};

/* A question to a STUN server: where do you see me? */
struct ice_asking {
	struct ice_agent *agent;
	struct fiber *fiber; /* that waits for the answer */
	uint8_t transaction[STUN_TRANSACTION];
	struct endpoint server, mapped;
	uint64_t deadline;
};

struct ice_agent {
	struct ice_agent_spec spec;
	struct host *host;
	struct sock *sock; /* NULL once closed */
	struct turn_client *turn;
	bool relayed; /* … which has allocated */
	struct ice_tcp *tcp; /* NULL: UDP alone */
	struct crew crew; /* fibers inside of the agent */
	struct fiber *checker; /* woken whenever there may be something to check */
	struct fiber *waiter; /* who gathers, or connects */
	struct fiber *teller;
	struct fiber *receiver;
	struct fiber *permitter; /* tells the TURN server whom to let in, and whom by a channel */
	bool closing;
	uint64_t tie_breaker;
	char ufrag[ICE_UFRAG + 1], password[ICE_PASSWORD + 1];
	char their_ufrag[ICE_TEXT_MAX + 1], their_password[ICE_TEXT_MAX + 1];
	bool told_all;
	struct ice_checklist list;
	struct ice_counts counts;

	struct ice_asking askings[FAMILY_COUNT];
	unsigned gathering; /* servers that have not answered yet */
	bool gathered; /* all candidates are known */
	uint64_t gather_until;

	struct ice_check checks[ICE_CHECKS]; /* a ring */
	unsigned checks_len;
	uint64_t next_check_at;
	uint64_t valid_since; /* when the first pair succeeded; 0 = none has */
	int nominating; /* the pair that is being nominated; -1 = none */
	int selected; /* the pair in use; -1 = none */
	int channelled; /* the pair that a channel was asked for; -1 = none */
	uint64_t consent_until, next_consent_at;

	struct ice_datagram inbox[ICE_INBOX];
	unsigned inbox_first, inbox_len;
};

/* Send by @way.  0 or -errno. */
int ice_send_by(struct ice_agent *agent, enum ice_way way, struct endpoint to, const void *bytes,
		size_t len);

/* Park until something changes, or @deadline. */
void ice_wait(struct ice_agent *agent, uint64_t deadline);

/* The fiber that reads the allocation, one of the agent's crew. */
void ice_read_turn(void *arg);

/* Is it a STUN server's answer to a question of gathering's?  It has been noted, then. */
bool ice_gather_hear(struct ice_agent *agent, const struct stun_message *msg, struct endpoint from);

/* May anybody still be asked of the TURN server, or be a candidate of ours? */
bool ice_gather_goes_on(const struct ice_agent *agent);

/* Begin a check of @pair, or of consent on it. */
void ice_check_begin(struct ice_agent *agent, unsigned pair, bool consent);

/* Send again what is due, and fail what was never answered.  When the next is. */
uint64_t ice_check_again(struct ice_agent *agent);

/* Datagrams of any kind that came from @from. */
void ice_hear(struct ice_agent *agent, enum ice_way way, const uint8_t *bytes, size_t len,
	      struct endpoint from);

/* One more candidate of its own; @preference as in RFC 8445, 5.1.2.1.  0 or -ENOSPC. */
int ice_gather_add(struct ice_agent *agent, const struct ice_local *local, uint16_t preference);
/* Of two families the one that @addr is not of may come first (RFC 8421): UINT16_MAX, or less. */
uint16_t ice_gather_preference(const struct ice_agent *agent, struct ip_addr addr);
/* One server less to wait for. */
void ice_gathered_from(struct ice_agent *agent);

/* A connection to @to stands, or never will: say what waits for it, or give it up. */
void ice_check_connected(struct ice_agent *agent, enum ice_way way, struct endpoint to,
			 bool stands);

/* A STUN message came by @way. */
void ice_hear_stun(struct ice_agent *agent, enum ice_way way, const struct stun_message *msg,
		   struct endpoint from);

void ice_take_role(struct ice_agent *agent, bool controlling);

/* Something has changed for whoever waits. */
static inline void ice_changed(struct ice_agent *agent)
{
	fiber_wake(agent->checker);
	fiber_wake(agent->waiter);
	fiber_wake(agent->teller);
	fiber_wake(agent->permitter);
}

#endif
