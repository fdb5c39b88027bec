/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ICE agent (RFC 8445): one data stream of one component, over UDP or TCP (RFC 6544), with regular
 * nomination, trickling (RFC 8838) and consent (RFC 7675).
 *
 * Signalling is the caller's: it carries what this agent tells (ice_sdp.h) to the other one,
 * and back, all at once or piece by piece.  The agent answers checks from the moment at which
 * it has been made.  Calls that take a deadline park.
 */
#ifndef KNOTHOLE_ICE_AGENT_H
#define KNOTHOLE_ICE_AGENT_H

#include "../../sim/host.h"
#include "ice_checklist.h"

struct turn_client_spec;

enum { ICE_DATAGRAM_MAX = 1500 };

struct ice_agent_spec {
	bool controlling;
	struct endpoint
		stun[FAMILY_COUNT]; /* unset: no server-reflexive candidate of that family */
	const struct turn_client_spec *turn; /* NULL: no relayed candidate */
	uint16_t local_port; /* 0 = any */
	uint64_t ta_ns; /* between two new checks; 0 = 50 ms */
	uint64_t tie_breaker; /* 0 = drawn */
	uint64_t consent_ns; /* how long an unanswered consent lasts; 0 = 30 s */
	/* How long the controlling agent waits for a better pair than the best one so far, and twice
	 * that before it puts up with a relay; 0 = 1.5 s, two retransmissions of a check. */
	uint64_t patience_ns;
	bool relay_only; /* tell and use relayed candidates alone */
	bool tcp, tcp_only; /* candidates over TCP (RFC 6544), besides or alone */
};

/* What it counted, for tests and reports. */
struct ice_counts {
	unsigned checks; /* new transactions, not retransmissions */
	unsigned conflicts; /* of roles, that this agent has seen */
	unsigned consents; /* answers that renewed it */
};

struct ice_agent;

/* Opens its socket.  0, -ENOMEM, -EADDRNOTAVAIL for a host without addresses, or sock_open()'s.
 * What @spec points to must outlive the agent. */
int ice_agent_new(struct host *host, const struct ice_agent_spec *spec, struct ice_agent **ret);

/* Gather candidates, from all servers at once.  One that does not answer by @deadline gives none,
 * and is no error.  _start() does not wait for them.  0, -ENOSPC, -ENOMEM, -ECANCELED. */
int ice_agent_gather(struct ice_agent *agent, uint64_t deadline);
int ice_agent_gather_start(struct ice_agent *agent, uint64_t deadline);

/* A NAT leads from @mapped to the agent's port, having been asked to, by hand or by a protocol: one
 * more candidate.  Before all are gathered, if it is to be told.  0, -ENOSPC, -EADDRNOTAVAIL for
 * a family that the host lacks. */
int ice_agent_add_mapped(struct ice_agent *agent, struct endpoint mapped);
struct endpoint ice_agent_local(const struct ice_agent *agent, enum family family);

const char *ice_agent_ufrag(const struct ice_agent *agent);
const char *ice_agent_password(const struct ice_agent *agent);

/* The @index-th candidate to tell the other side: false where there are no more yet. */
bool ice_agent_candidate(const struct ice_agent *agent, unsigned index, struct ice_candidate *ret);

/*
 * The @index-th line to tell the other side (RFC 8838, 4): credentials, then each candidate as it is
 * gathered, then end-of-candidates.  Parks until there is one; one fiber at a time.  0; -ENOENT
 * after the last; -ETIMEDOUT; -ECANCELED.
 */
int ice_agent_tell(struct ice_agent *agent, unsigned index, uint64_t deadline,
		   struct ice_line *ret);

/* What the other side has told: its credentials (checks begin once both are there), a candidate,
 * or the end of them.  Other lines are passed over.  0 or -ENOSPC. */
int ice_agent_told(struct ice_agent *agent, const struct ice_line *line);

/* Park until a pair is nominated.  0; -ETIMEDOUT; -ECONNREFUSED where the other side has told
 * all of its candidates and no pair works; -ECANCELED. */
int ice_agent_connect(struct ice_agent *agent, uint64_t deadline);

/* The pair in use: false where none has been nominated. */
bool ice_agent_selected(const struct ice_agent *agent, struct ice_candidate *ret_local,
			struct ice_candidate *ret_remote);
bool ice_agent_controlling(const struct ice_agent *agent);
struct ice_counts ice_agent_counts(const struct ice_agent *agent);

/* One datagram along the selected pair.  0; -ENOTCONN; -EPIPE once consent has expired (RFC 7675,
 * 5.1: then nothing may be sent any more); -EMSGSIZE; or -errno. */
int ice_agent_send(struct ice_agent *agent, const void *bytes, size_t len);

/* The next datagram that is not STUN's, from a candidate of the other side's.  As sock_recv(). */
long ice_agent_recv(struct ice_agent *agent, void *bytes, size_t room, uint64_t deadline);

/* Whoever is inside of a call gets -ECANCELED; it can only be freed any more. */
void ice_agent_close(struct ice_agent *agent);

/* Close and free, and give the relayed address back.  Parks; NULL is fine.  Outside of fibers only after the loop has stopped. */
void ice_agent_free(struct ice_agent *agent);

#endif
