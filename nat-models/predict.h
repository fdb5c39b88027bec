/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: from the models alone, which traversal methods must work between two peers,
 * and which must not.  Derived from first principles (RFC 4787's definitions), with no look
 * at the engine's code; it simulates nothing.
 */
#ifndef KNOTHOLE_PREDICT_H
#define KNOTHOLE_PREDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/* The methods, in the order in which the ladder tries them.
 * (constant, word, what it means) */
#define METHODS(X)                                                                                   \
	X(METHOD_DIRECT, "direct", "the caller speaks first, to the callee's endpoint")              \
	X(METHOD_REVERSAL, "reversal",                                                               \
	  "the callee, told by the rendezvous, speaks first "                                        \
	  "(RFC 5128, 3.2)")                                                                         \
	X(METHOD_PUNCH, "punch", "both speak first, each opening its own NAT (RFC 5128, 3.3)")       \
	X(METHOD_TURN, "turn",                                                                       \
	  "both have an address on a TURN server, which passes everything "                          \
	  "on (RFC 8656)")                                                                           \
	X(METHOD_RELAY, "relay", "a third party passes everything on (RFC 5128, 3.1)")               \
	X(METHOD_TCP_DIRECT, "tcp-direct", "the caller connects to the callee over TCP")             \
	X(METHOD_TCP_REVERSAL, "tcp-reversal",                                                       \
	  "the callee, told by the rendezvous, connects over TCP (RFC 5128, 3.2)")                   \
	X(METHOD_TCP_PUNCH, "tcp-punch",                                                             \
	  "both connect over TCP, and their SYNs cross (RFC 5128, 3.4; P2PNAT)")                     \
	X(METHOD_ICE, "ice",                                                                         \
	  "both check every pair of their candidates, and use the best (RFC 8445)")                  \
	X(METHOD_PREDICT, "predict",                                                                 \
	  "both speak first, to the ports that the other's NAT will give next")                      \
	X(METHOD_BIRTHDAY, "birthday",                                                               \
	  "one side opens many ports, the other tries ports at random until one is open")            \
	X(METHOD_LOW_TTL, "low-ttl",                                                                 \
	  "both open their own NAT with a packet that dies before the other's, then speak")          \
	X(METHOD_TCP_PUNCH_LOW_TTL, "tcp-punch-low-ttl",                                             \
	  "both connect over TCP, each after a SYN that opens its own NAT and dies before "          \
	  "the other's")                                                                             \
	X(METHOD_TCP_STUNT_2, "tcp-stunt-2",                                                         \
	  "a SYN of the callee's that dies so, then it listens, and the caller connects (STUNT #2)") \
	X(METHOD_TCP_SEQUENTIAL, "tcp-sequential",                                                   \
	  "a SYN of the callee's that goes all the way, then it listens, and the caller connects (NATTrav)")

enum method {
#define X(id, word, text) id,
	METHODS(X)
#undef X
		METHOD_COUNT
};

/* Does a third party pass on what the two say? */
static inline bool method_relays(enum method method)
{
	return method == METHOD_TURN || method == METHOD_RELAY;
}

/* Do both connect over TCP? */
static inline bool method_punches_tcp(enum method method)
{
	return method == METHOD_TCP_PUNCH || method == METHOD_TCP_PUNCH_LOW_TTL;
}

/* Does a SYN open the way of the callee, which then listens, before the caller connects? */
static inline bool method_listens_after(enum method method)
{
	return method == METHOD_TCP_STUNT_2 || method == METHOD_TCP_SEQUENTIAL;
}

/* Does the path between the two, where nobody relays, consist of a TCP connection? */
static inline bool method_connects(enum method method)
{
	return method == METHOD_TCP_DIRECT || method == METHOD_TCP_REVERSAL ||
	       method_punches_tcp(method) || method_listens_after(method);
}

/* Is the SYN that opens a way to die on it? */
static inline bool method_has_low_ttl(enum method method)
{
	return method == METHOD_TCP_PUNCH_LOW_TTL || method == METHOD_TCP_STUNT_2;
}

/* Is it tried once, whatever families the two have? */
static inline bool method_takes_any_family(enum method method)
{
	return method_relays(method) || method == METHOD_ICE;
}

/* Do both speak first, so that each one's packets open its own NAT? */
static inline bool method_punches(enum method method)
{
	return method == METHOD_PUNCH || method_punches_tcp(method) || method == METHOD_PREDICT ||
	       method == METHOD_BIRTHDAY || method == METHOD_LOW_TTL;
}

/* A set of methods: a bit each. */
static inline unsigned method_bit(enum method method)
{
	return 1U << method;
}

/* Does each side have to know how the other's NAT gives ports? */
static inline bool method_foretells(enum method method)
{
	return method == METHOD_PREDICT || method == METHOD_BIRTHDAY;
}

/* How far the methods may go that guess, or that must know how far the other is. */
struct method_budget {
	uint16_t candidates; /* predict: of the ports that may come next, how many are spoken to */
	uint16_t holes; /* birthday: ports that are opened on each side of random ports */
	uint16_t
		probes; /* birthday: ports that the other side tries, where that is not such, too */
	uint8_t ttl; /* of the packets and SYNs that open and are to die on their way; 0 = as much as
			passes one's own nets and no router after them */
	uint16_t first_port, last_port; /* birthday: between which ports are tried, both included */
};

enum { BUDGET_CANDIDATES_MAX = 64, BUDGET_HOLES_MAX = 1024 };

/* Fewer ports that one side opens, or tries, are no birthday attack yet. */
enum { METHOD_MANY_PORTS = 4 };

/* Over TCP, who opens a way gives it so many paces (struct call_spec's) before anything is to come by
 * it; a pace is usually so long. */
enum { METHOD_OPENING_PACES = 8 };
#define METHOD_PACE_NS UINT64_C(20000000)

/* What a budget of zeroes means.  NATs are to take ports from 1024 on (RFC 4787, REQ-3). */
#define METHOD_BUDGET ((struct method_budget){ 8, 256, 1024, 0, 1024, 65535 })

/* @asked, with METHOD_BUDGET's in place of zeroes. */
struct method_budget method_budget_of(const struct method_budget *asked);

/* Is each within its bounds, and none 0 but the TTL? */
bool method_budget_ok(const struct method_budget *budget);

const char *method_word(enum method method);
int method_parse(const char *word, enum method *ret); /* 0 or -EINVAL */

/* How the packets of ICE's pair go, from the best to the worst.  (constant, word, what it means) */
#define ICE_PATHS(X)                                                                               \
	X(ICE_PATH_DIRECT, "direct", "nothing on the way changes an address")                      \
	X(ICE_PATH_PUNCHED, "punched", "NATs on the way do, and nobody else")                      \
	X(ICE_PATH_RELAYED, "relayed", "a TURN server passes everything on")

enum ice_path {
#define X(id, word, text) id,
	ICE_PATHS(X)
#undef X
		ICE_PATH_COUNT
};

const char *ice_path_word(enum ice_path path);

/* A set of them: a bit each. */
static inline unsigned ice_path_bit(enum ice_path path)
{
	return 1U << path;
}

/* One NAT on the way, and what its owner configured. */
struct predict_nat {
	const struct nat_model *model;
	bool forwards_peer; /* a static forward or DMZ leads to the peer's own UDP port */
	bool forwards_tcp; /* … and to its TCP port */
	/* It is a forward, which has the port for good: by it goes out what the peer sends from its own. */
	bool fixed_peer, fixed_tcp;
	/* Of a NAT that both are behind: so much for the caller's, and this is the callee's. */
	bool forwards_callee, forwards_callee_tcp;
	bool exempts_others; /* what the model exempts is spoken to by nobody in this question */
	bool input_drops; /* reserved: the router's own INPUT is closed (no poisoning) */
};

/* The NATs between a peer and the place where both ways meet, innermost first: those of one family, or
 * with a NAT64 among them, of IPv6 before it and of IPv4 after.  Between a side that is IPv6 at
 * its end and one that is IPv4 there is no way, and no question. */
struct predict_side {
	const struct predict_nat *nats;
	size_t nats_len;
};

/* How both reach a TURN server, which stands where both ways meet, if there is any. */
enum predict_turn { PREDICT_NO_TURN, PREDICT_TURN_UDP, PREDICT_TURN_TCP };

enum prediction {
	PREDICT_MUST_NOT,
	PREDICT_MUST,
	PREDICT_MAY, /* a matter of luck (random ports) or of something the models don't say */
};

struct predict_question {
	struct predict_side caller; /* only the NATs that are not shared with the callee */
	struct predict_side callee;
	/* The NATs that both are behind, innermost first: the two meet on the inside of the
	 * first one.  Empty: they meet on the Internet. */
	struct predict_side shared;
	/* The caller and callee also know each other's own (inside) addresses and try them,
	 * as ICE's host candidates do. */
	bool tries_host_addresses;
	/* For NATs that let some ports out only: where the rendezvous listens, for TCP at any of
	 * these, which the peers try one after another, and for UDP (0 = at a port that no such
	 * NAT names); and the port that both peers send from, 0 = at one that they are given. */
	const uint16_t *rendezvous_tcp;
	size_t rendezvous_tcp_len;
	uint16_t rendezvous_udp;
	uint16_t local_port;
	struct method_budget budget; /* each of them 0 = METHOD_BUDGET's */
	/* predict: of how many ports of the caller's and of the callee's NAT others take on average, after
	 * its last sample and before its first hello, at times of chance. */
	double rivals[2];
	uint64_t pace_ns; /* 0 = METHOD_PACE_NS */
	/* Two, the caller's and the callee's: the whole ways to the TURN server, where those are not the
	 * above, for it may be reached in another family; NULL = they are. */
	const struct predict_side *turn_sides;
	enum predict_turn turn;
	uint16_t turn_port; /* where its server is reached; 0 = at a port that no such NAT names */
	/* For ICE: there is a STUN server, where both ways meet, at this port; 0 = there is none. */
	uint16_t stun_port;
	bool ice_tcp; /* … and candidates over TCP, too (RFC 6544); that server is asked over TCP as well */
};

struct predict_answer {
	enum prediction udp[METHOD_COUNT];
	char why[METHOD_COUNT]
		[160]; /* one clause each: "callee's filtering is address-dependent" */
	/* Of each that may work: what a capture may then show to have opened the way, a set.  That is
	 * more or other than itself alone where it may come down to hole punching. */
	unsigned shown[METHOD_COUNT];
	unsigned ice_paths; /* by which ICE may connect: a set; empty where it cannot */
	/* That it works: 1 where it must, 0 where it must not; of what may, the probability where only
	 * ports drawn at random decide, and -1 where nobody can say. */
	double chance[METHOD_COUNT];
};

void predict(const struct predict_question *question, struct predict_answer *ret);

#endif
