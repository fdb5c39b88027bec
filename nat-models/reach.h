/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reachability between two peers, reasoned with symbols: the oracle's inner half.
 *
 * An address or port is a number that stands for itself only: two are the same where the
 * definitions of RFC 4787, 4 and 5, make them the same, and else differ (that two ports drawn
 * at random meet is left out of account).  Each NAT keeps what those definitions speak of: its
 * mappings, and whom each inside endpoint has sent to.  There is no time, no byte and no seed;
 * only the order in which packets arrive can be chosen.
 */
#ifndef KNOTHOLE_REACH_H
#define KNOTHOLE_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "predict.h"

enum party { PARTY_CALLER, PARTY_CALLEE, PARTY_NONE };

/* An endpoint in symbols. */
struct spot {
	int addr;
	int port;
};

/* Why a packet did not arrive. */
enum reach_drop {
	REACH_ARRIVED,
	REACH_BLOCKED, /* the protocol is */
	REACH_PORT_SHUT, /* nothing goes out to that port */
	REACH_FILTERED,
	REACH_NO_HAIRPIN,
	REACH_NO_PORT, /* the one that it needs is in use, and no other may be given */
	REACH_NO_ROUTE, /* nothing on its way knows the address */
};

enum { REACH_NATS = 24, REACH_ROWS = 48, REACH_HEARD = 8 };

/* What a NAT remembers.  A mapping has all three, and so has the way of a stranger who was led in; a
 * permission inside and remote; a port that the router took for itself outside and remote. */
struct reach_row {
	struct spot inside;
	struct spot remote;
	struct spot outside;
	bool particular; /* a mapping for this one remote, whatever the rules say */
};

struct reach_table {
	struct reach_row rows[REACH_ROWS];
	size_t len;
};

struct reach_nat {
	const struct nat_model *model;
	bool tcp; /* whose rules count */
	bool forwards[2]; /* strangers, to each party */
	bool poisons;
	bool foreign; /* those inside are not of its own network */
	enum party owner; /* PARTY_NONE: shared */
	int addr; /* the outside address */
	int ahead; /* the port to come, where the model gives one after the other */
	struct reach_table mappings, sent, taken, led;
};

/* How the last packet from a party went. */
struct reach_fate {
	enum reach_drop drop;
	const struct reach_nat *nat; /* where it was dropped; NULL where nowhere */
	bool remapped; /* it did not come from the endpoint that the rendezvous had seen */
	bool hairpinned;
};

struct reach_peer {
	struct spot host; /* its own socket */
	struct spot mapped; /* as the rendezvous saw it */
	struct spot
		expected; /* where the other says hello to; `mapped`, unless a method knows better */
	bool registered;
	struct spot heard[REACH_HEARD]; /* where the other's packets came from */
	size_t heard_len;
	size_t own_len; /* of its NATs that are not shared */
	size_t own[REACH_NATS]; /* innermost first */
	struct reach_fate fate;
};

/* A packet that has left its sender's NATs, and is to arrive yet. */
struct reach_flight {
	enum party from;
	struct spot src; /* as the receiver's side will see it */
	struct spot known_as; /* the sender's outside endpoint, where a hairpin hides it */
	struct spot dst;
	size_t turn; /* shared NATs that it passed before it turned back inward */
};

struct reach {
	struct reach_nat nats[REACH_NATS];
	size_t nats_len;
	size_t shared[REACH_NATS]; /* innermost first */
	size_t shared_len;
	struct reach_peer peers[2];
	struct spot rendezvous;
	uint16_t rendezvous_port, local_port; /* as numbers, of the question */
	bool tcp; /* that is spoken of; else UDP */
	bool answers; /* what is sent is no SYN, but an answer to one */
	int symbols; /* given so far */
	bool lucky; /* where chance decides, it decides for the peers */
	bool chance; /* … and somewhere it did decide */
	bool drawn; /* a port was given that nobody could foretell */
	bool poisoned; /* a stray has taken a port */
	const struct reach_nat *forgot; /* what it had been opened for, when that was refused */
};

/* Set up the world of @question, and register both peers, over UDP or (@tcp) over TCP; false where it
 * has more NATs than REACH_NATS. */
bool reach_init(struct reach *reach, const struct predict_question *question, bool tcp, bool lucky);

/* Does @model change addresses? */
bool reach_translates(const struct nat_model *model);

/* What @nat does to the protocol that is spoken of. */
const struct nat_transport *reach_rules(const struct reach_nat *nat);

/* The sender's half of a packet's way.  False where it ends there (the peer's fate says why). */
bool reach_send(struct reach *reach, enum party from, struct spot to, struct reach_flight *ret);

/*
 * Where @who's socket would be seen by one more port of the rendezvous: what it takes to be its next
 * outside endpoint.  False where nobody can foretell it.  @scratch is overwritten.
 */
bool reach_foresee(const struct reach *reach, enum party who, struct reach *scratch,
		   struct spot *ret);

/*
 * A SYN of @from's that is to open the way to @to, and nothing else; where it is refused, its
 * sender's NATs may forget it.  With @low_ttl it ends at the first router behind those.
 */
void reach_open(struct reach *reach, enum party from, struct spot to, bool low_ttl);

/* @flight, a SYN to @to, did not arrive: where it was refused, its sender's NATs may forget it. */
void reach_refuse(struct reach *reach, const struct reach_flight *flight, struct spot to);

/* Was either's last packet refused a mapping?  The first that asks for a port is not, nor another socket. */
bool reach_is_refused(const struct reach *reach);

/* The receiver's half.  Where it arrives the receiver has heard it.  False where it does not. */
bool reach_arrive(struct reach *reach, const struct reach_flight *flight);

#endif
