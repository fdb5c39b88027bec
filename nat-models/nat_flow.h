/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways of a packet through the NAT: out, in, and back in again (hairpin).
 */
#ifndef KNOTHOLE_NAT_FLOW_H
#define KNOTHOLE_NAT_FLOW_H

#include "nat_state.h"

/* A packet on its way through nat_process(). */
struct passage {
	struct nat *nat;
	enum nat_side side; /* where it came from */
	struct packet *pkt;
	struct packet_info info;
	uint64_t now;
	enum nat_protocol protocol;
};

/* What an endpoint becomes on the other side, and by what. */
struct lead {
	enum nat_reason reason; /* see lead_is_open() */
	uint32_t ref; /* the mapping, or 0 */
	struct endpoint to;
};

/* Does the lead lead anywhere, or does its reason say why not? */
bool lead_is_open(const struct lead *lead);

/* The outside endpoint for @inside, which sends to @remote; makes a mapping where one is
 * needed, and the permission. */
struct lead lead_out(struct passage *p, struct endpoint inside, struct endpoint remote);

/* The inside endpoint for outside endpoint @outside, to which @remote sends; asks the filter. */
struct lead lead_in(struct passage *p, struct endpoint outside, struct endpoint remote);

/* Where ICMP errors belong: what lead_out() or lead_in() had led to, with nothing made and
 * nothing refreshed.  NAT_REASON_QUOTE_UNKNOWN where there was nothing. */
struct lead lead_back_out(struct passage *p, struct endpoint inside, struct endpoint remote);
struct lead lead_back_in(struct passage *p, struct endpoint outside, struct endpoint remote);

/* The remote party of a packet, as sessions know it: ICMP queries have no remote port. */
struct endpoint flow_remote(const struct passage *p, struct endpoint end);

/* What an unsolicited packet is told, where it is told anything. */
enum packet_error flow_refusal(const struct nat *nat, const struct packet_info *info);

struct nat_decision flow_drop(const struct passage *p, enum nat_reason reason);
/* RFC 5508, REQ-8: for want of resources, or by rule, a packet from inside gets no mapping; its
 * sender may hear of it. */
struct nat_decision flow_no_mapping(struct passage *p, enum nat_reason reason);
struct nat_decision flow_to_self(const struct passage *p, enum nat_reason reason);
struct nat_decision flow_forward(const struct passage *p, enum nat_side to, const struct lead *lead,
				 enum nat_reason reason);

/* The packet has been rewritten by way of mapping @ref. */
struct nat_decision flow_known(const struct passage *p, uint32_t ref);

/* What the model does about a packet that nothing lets in, as @lead says.  @remote: who sent it, as the
 * filter sees it. */
struct nat_decision flow_refuse(struct passage *p, const struct lead *lead, struct endpoint remote);

/* Set p->protocol; false where the packet is of none that has a table. */
bool flow_find_protocol(struct passage *p);

/* Is it from inside, to a port that must not be sent to, by an endpoint that is not the outside's to call? */
bool flow_is_port_shut(const struct passage *p);

/* Does it ask for an echo? */
bool flow_is_echo(const struct passage *p);

/* A fragment that is not the first (RFC 4787, REQ-14). */
struct nat_decision flow_later_fragment(struct passage *p);

/* Does the model let errors of this packet's type pass (RFC 5508, REQ-10)? */
bool flow_error_passes(const struct passage *p);

/* Read the packet that an error quotes, and set p->protocol to its.  NAT_REASON_ICMP_ERROR, or why the
 * error goes no further. */
enum nat_reason flow_read_quote(struct passage *p, struct packet_info *quoted);

/* An error about @lead's mapping passes: do what the model does to that (RFC 5508, REQ-6). */
void flow_affect(struct passage *p, const struct lead *lead);

/* The three ways.  The packet is parsed, of a protocol that passes, and no error. */
struct nat_decision flow_outbound(struct passage *p);
struct nat_decision flow_inbound(struct passage *p);
struct nat_decision flow_hairpin(struct passage *p);

/* The same for ICMP errors (nat_icmp.c). */
struct nat_decision flow_error(struct passage *p);

#endif
