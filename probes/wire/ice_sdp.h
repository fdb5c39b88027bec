/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ICE agents tell each other through signalling: the lines of SDP that carry candidates
 * and credentials (RFC 8839, 5.1, 5.4; RFC 8840, 4.4; for TCP RFC 6544, 4.5).
 *
 * A codec: a line to a struct and back.  It neither signals nor chooses.
 */
#ifndef KNOTHOLE_ICE_SDP_H
#define KNOTHOLE_ICE_SDP_H

#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum {
	ICE_FOUNDATION_MAX = 32,
	ICE_TEXT_MAX = 256, /* of a ufrag or a password (RFC 8839, 5.4) */
	ICE_LINE_MAX = 320,
};

/* Candidate types, with RFC 8445's recommended type preferences (5.1.2.2).
 * (constant, word, preference) */
#define ICE_TYPES(X)                                                                               \
	X(ICE_HOST, "host", 126)                                                                   \
	X(ICE_PEER_REFLEXIVE, "prflx", 110)                                                        \
	X(ICE_SERVER_REFLEXIVE, "srflx", 100)                                                      \
	X(ICE_RELAYED, "relay", 0)

enum ice_type {
#define X(id, word, preference) id,
	ICE_TYPES(X)
#undef X
		ICE_TYPE_COUNT
};

/* (constant, transport, tcptype) */
#define ICE_TRANSPORTS(X)                                                                          \
	X(ICE_UDP, "UDP", NULL)                                                                    \
	X(ICE_TCP_ACTIVE, "TCP", "active")                                                         \
	X(ICE_TCP_PASSIVE, "TCP", "passive")                                                       \
	X(ICE_TCP_SIMULTANEOUS, "TCP", "so")

enum ice_transport {
#define X(id, transport, tcptype) id,
	ICE_TRANSPORTS(X)
#undef X
		ICE_TRANSPORT_COUNT
};

const char *ice_type_word(enum ice_type type);
const char *ice_transport_word(enum ice_transport transport); /* "udp", "tcp active", … */

struct ice_candidate {
	char foundation[ICE_FOUNDATION_MAX + 1];
	uint16_t component; /* 1..256 */
	enum ice_transport transport;
	uint32_t priority; /* 1..2^31 - 1 */
	struct endpoint at;
	enum ice_type type;
	struct endpoint related; /* the base or the mapped address; unset where none is told */
};

enum ice_line_kind {
	ICE_LINE_OTHER, /* nothing of ICE's, or an attribute that this codec has no use for */
	ICE_LINE_CANDIDATE,
	ICE_LINE_UFRAG,
	ICE_LINE_PWD,
	ICE_LINE_END, /* end-of-candidates */
};

struct ice_line {
	enum ice_line_kind kind;
	struct ice_candidate candidate;
	char text[ICE_TEXT_MAX + 1]; /* of UFRAG and PWD */
};

/*
 * Read one line, without its line end, with or without "a=" before it.  0; -EINVAL for one
 * that breaks the grammar; -EAFNOSUPPORT for a candidate that is well formed but to be
 * ignored (RFC 8839, 5.1): of an unknown transport or type, or with a name for an address.
 * *ret is untouched where it is not 0.
 */
int ice_line_parse(const char *line, struct ice_line *ret);

/* Write it, without "a=" and line end.  Its length; 0 for ICE_LINE_OTHER. */
size_t ice_line_format(const struct ice_line *line, char buf[ICE_LINE_MAX]);

#endif
