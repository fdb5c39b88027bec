/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a capture shows of TCP connections beside what was said in them: the segments that open or
 * refuse them, at every tap, and for which attempt of which call a port was registered
 * (probes/wire/rendezvous.h).  It is what remains of connections that never stood.  Gathered with
 * the rest of the evidence (evidence.h); judged in handshake.c.
 */
#ifndef KNOTHOLE_TCP_EVIDENCE_H
#define KNOTHOLE_TCP_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "../nat-models/packet.h"
#include "../probes/wire/rendezvous.h"
#include "pcapng.h"

/* Where and when a packet was seen. */
struct moment {
	size_t order; /* in the capture: what happened before what */
	size_t tap;
	enum pcapng_direction direction; /* seen from the tap's node */
	uint64_t time; /* ns since the capture's first packet */
};

enum signal_kind {
	SIGNAL_SYN, /* without ACK */
	SIGNAL_SYN_ACK,
	SIGNAL_RST,
	SIGNAL_ERROR, /* ICMP, about a segment */
};

struct signal {
	struct moment at;
	enum signal_kind kind;
	struct endpoint src, dst; /* of an error: of the segment that it quotes */
	uint32_t seq;
	uint8_t ttl;
	uint8_t version, icmp_type, icmp_code; /* of an error */
	char *comment; /* beside the packet; NULL where none */
};

/* Someone's port was registered for an attempt, in a connection from that port. */
struct claim {
	struct moment at;
	size_t until; /* order from which the port is another attempt's; SIZE_MAX = never */
	uint64_t token;
	uint8_t attempt;
	enum method method;
	enum family family;
	enum talk_role role;
	struct endpoint local, server;
};

/* An attempt was announced by its caller, at this tap. */
struct announcement {
	uint64_t token;
	uint8_t attempt;
	enum family family;
	size_t tap;
};

struct tcp_evidence {
	struct signal *signals; /* in order; what is sent again counts again */
	size_t signals_len, signals_room;
	struct claim *claims; /* in order, each once */
	size_t claims_len, claims_room;
	struct announcement *announcements;
	size_t announcements_len, announcements_room;
};

/* A TCP segment or an ICMP error, parsed to @info, went by @at, with @comment beside it ("" = none);
 * @at_host: its tap is a host's own.  0 or -ENOMEM. */
int tcp_evidence_add(struct tcp_evidence *evidence, const struct moment *at, bool at_host,
		     const struct packet *pkt, const struct packet_info *info, const char *comment);

void tcp_evidence_clear(struct tcp_evidence *evidence);

#endif
