/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a NAT does, requirement by requirement: a probe for each of those of RFC 4787, 5382, 5508,
 * 7857 and 6888 that shows from outside the NAT, with both of its sides in hand.
 *
 * A probe sees hosts only: two inside the NAT and one outside, which has several addresses.  Of which
 * families they are it need not know.  It
 * sends packets from one and looks at what arrives at another, byte for byte, by SOCK_BARE sockets;
 * it knows nothing of the NAT, its model, or the world that it stands in.  Whatever rests on
 * something not arriving is sent ten times first, and then held against a packet that must
 * pass; where that does not, either, the finding is inconclusive.
 *
 * Times to the limit of a timer are tried one second early, which leaves time for the ten.
 */
#ifndef KNOTHOLE_BEHAVE_H
#define KNOTHOLE_BEHAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../sim/host.h"

/* (constant, its word) */
#define BEHAVE_OUTCOMES(X)                                                                         \
	X(BEHAVE_AS_REQUIRED, "as required")                                                       \
	X(BEHAVE_NOT_AS_REQUIRED, "not as required")                                               \
	X(BEHAVE_INCONCLUSIVE, "inconclusive")

#define X(id, word) id,
enum behave_outcome { BEHAVE_OUTCOMES(X) };
#undef X

const char *behave_outcome_word(enum behave_outcome outcome);

/* What a requirement is of, and so what a probe for it may stand before; bits. */
enum behave_scene {
	BEHAVE_NAT44 = 1, /* whatever is between hosts that speak IPv4 */
	BEHAVE_NAT66 = 2, /* what has one IPv6 address outside */
	BEHAVE_NAT64 = 4,
	BEHAVE_FIREWALL6 = 8, /* what leaves IPv6 addresses as they are */
	BEHAVE_NPTV6 = 16,
	/* A NAT of either family, or of both: what a RFC says of UDP, TCP or ICMP it says of each. */
	BEHAVE_ORDINARY = BEHAVE_NAT44 | BEHAVE_NAT66 | BEHAVE_NAT64,
	/* The same of IPv4, and the outside host's addresses are of its inside network. */
	BEHAVE_OVERLAP = BEHAVE_NAT44 | 32,
};

enum { BEHAVE_OUTSIDE_ADDRS = 3, BEHAVE_REASON = 160 };

/* The hosts round a NAT.  While a probe runs, nothing else may use them. */
struct behave_hosts {
	struct host *inside, *other; /* behind the NAT */
	struct host *outside;
	struct ip_addr outside_addrs[BEHAVE_OUTSIDE_ADDRS]; /* its own, of one family */
	enum family family; /* that the hosts inside speak */
	struct ip_prefix
		nat64; /* behind which they find the outside's IPv4; bits 0 = there is no NAT64 */
	uint16_t wan_mtu; /* of the way out, which is less than the inside's */
	/* Start what is between them anew, so that it has forgotten everything; NULL = nobody here can. */
	void (*restart)(void *arg);
	void *restart_arg;
};

struct behave_probe;

struct behave_finding {
	const struct behave_probe *probe; /* whose it is */
	enum behave_outcome outcome;
	char reason[BEHAVE_REASON]; /* what was seen, in words; never empty */
	uint64_t took_ns; /* by the hosts' clock */
};

struct behave; /* a probe at work: see bench.h */

struct behave_probe {
	const char *rfc; /* "4787" */
	const char *req; /* "REQ-5c"; a section's number where the RFC numbers no requirements */
	const char *force; /* "MUST", "SHOULD" … as the RFC puts it */
	const char *title; /* what is required, in a few words */
	unsigned scene; /* enum behave_scene: one of these */
	enum behave_outcome (*probe)(struct behave *behave);
	/* A model that meets it and one that breaks it, as the inside of a model file's table: "" is
	 * the model of all defaults.  The knobs in which they differ are those that decide. */
	const char *meets, *breaks;
};

/* All of them, in the order of the RFCs. */
extern const struct behave_probe behave_probes[];
extern const size_t behave_probes_len;

/* A requirement that no probe asks for, and why. */
struct behave_unasked {
	const char *rfc, *req, *force, *title; /* as of struct behave_probe */
	const char *why; /* a clause */
};

extern const struct behave_unasked behave_unasked[];
extern const size_t behave_unasked_len;

/* Probe for one requirement.  Inside a fiber.  0, or sock_open()'s, where nothing could be
 * asked. */
int behave_run(const struct behave_probe *probe, const struct behave_hosts *hosts,
	       struct behave_finding *ret);

#endif
