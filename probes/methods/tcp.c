/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Over TCP.  Directly or reversed (RFC 5128, 3.2), one connects and the other listens.  To punch
 * (RFC 5128, 3.4; RFC 5382, REQ-2), both connect, each from the port and to the endpoint that the
 * rendezvous has seen.  SYNs that cross make one connection (RFC 9293, 3.5).  Whose first was
 * refused, by a NAT or because the other had not begun, listens as well from then on: its own NAT
 * is open by then.
 *
 * A SYN that comes to a NAT too early may be answered with RST or ICMP, or have the NAT's own state
 * take the port.  So some let a SYN go out beforehand that opens their own NAT only, as its TTL ends
 * before the other's:
 *
 *   tcp-punch-low-ttl   both do, and then punch
 *   tcp-stunt-2         the callee does, then listens, and the caller is told to connect (STUNT's
 *                       second way)
 *   tcp-sequential      the same, but the callee's SYN goes all the way, and fails there
 *
 * That SYN's socket is gone by then, so the next SYN has another number.  To a NAT that looks at
 * windows, as Linux does, this is a connection begun anew as long as nothing has come from outside;
 * after that it is out of the window.  So those who punch must cross: the rendezvous introduces both
 * at one time, and so long after that both connect.  One who listens answers by another number, too,
 * and such a NAT lets no answer of his out.
 *
 * STUNT's first way and NATBlaster need packets with another's address or with foreign sequence
 * numbers, which no socket sends; they are not here.
 */
#include "method.h"
#include "peer.h"
#include "tcp_leg.h"

/* How long a way is given to open; before that a SYN that is not answered is given up. */
enum { OPENING_PACES = METHOD_OPENING_PACES, UNHEARD_PACES = OPENING_PACES - 1 };

bool method_listens(enum method method, enum talk_role role)
{
	return (method == METHOD_TCP_DIRECT && role == TALK_CALLEE) ||
	       (method == METHOD_TCP_REVERSAL && role == TALK_CALLER);
}

/* Does the other have an endpoint of its own that is to be tried, too? */
static bool has_host_endpoint(const struct leg *leg)
{
	return leg->spec.host_addresses && !ip_addr_is_unset(leg->their_host.addr) &&
	       !endpoint_equal(leg->their_host, leg->theirs);
}

static void connect_and_speak(struct leg *leg, uint64_t deadline)
{
	if (!method_introduced(leg, deadline))
		return;
	if (has_host_endpoint(leg))
		tcp_leg_connect(leg->tcp, leg->their_host, deadline);
	tcp_leg_connect(leg->tcp, leg->theirs, deadline);
	method_speak(leg, deadline);
}

/* A SYN out by each way, by which nothing is to come, and the time that both give it.  False where
 * that is all. */
static bool open_way(struct leg *leg, uint64_t deadline)
{
	uint8_t ttl = method_has_low_ttl(leg->spec.method) ? leg_low_ttl(leg) : 0;
	uint64_t until = leg_now(leg) + OPENING_PACES * leg->spec.pace_ns;
	uint64_t unheard = leg_now(leg) + UNHEARD_PACES * leg->spec.pace_ns;

	if (until > deadline)
		return false;
	if (has_host_endpoint(leg))
		tcp_leg_open_way(leg->tcp, leg->their_host, ttl, unheard);
	tcp_leg_open_way(leg->tcp, leg->theirs, ttl, unheard);
	while (!leg->closing && !leg->refused && !leg->settle && !leg_wait(leg, until))
		;
	return !leg->closing && !leg->refused && !leg->settle;
}

static void open_and_listen(struct leg *leg, uint64_t deadline)
{
	if (!method_introduced(leg, deadline) || !open_way(leg, deadline) ||
	    tcp_leg_listen(leg->tcp, true))
		return;
	leg_tell(leg, RENDEZVOUS_READY, false, leg->spec.role, 0);
	method_listen(leg, deadline);
}

static void connect_when_ready(struct leg *leg, uint64_t deadline)
{
	while (!leg->ready && !leg->closing && !leg->refused && !leg->settle)
		if (leg_wait(leg, deadline))
			return;
	connect_and_speak(leg, deadline);
}

static void open_and_connect(struct leg *leg, uint64_t deadline)
{
	if (method_introduced(leg, deadline) && open_way(leg, deadline))
		connect_and_speak(leg, deadline);
}

const struct method_ops tcp_direct_method = {
	.method = METHOD_TCP_DIRECT,
	.act = { [TALK_CALLER] = connect_and_speak, [TALK_CALLEE] = method_listen },
};

const struct method_ops tcp_reversal_method = {
	.method = METHOD_TCP_REVERSAL,
	.act = { [TALK_CALLER] = method_listen, [TALK_CALLEE] = connect_and_speak },
};

const struct method_ops tcp_punch_method = {
	.method = METHOD_TCP_PUNCH,
	.act = { [TALK_CALLER] = connect_and_speak, [TALK_CALLEE] = connect_and_speak },
};

const struct method_ops tcp_punch_low_ttl_method = {
	.method = METHOD_TCP_PUNCH_LOW_TTL,
	.act = { [TALK_CALLER] = open_and_connect, [TALK_CALLEE] = open_and_connect },
};

const struct method_ops tcp_stunt_2_method = {
	.method = METHOD_TCP_STUNT_2,
	.act = { [TALK_CALLER] = connect_when_ready, [TALK_CALLEE] = open_and_listen },
};

const struct method_ops tcp_sequential_method = {
	.method = METHOD_TCP_SEQUENTIAL,
	.act = { [TALK_CALLER] = connect_when_ready, [TALK_CALLEE] = open_and_listen },
};
