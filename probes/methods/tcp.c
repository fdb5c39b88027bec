/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Over TCP.  Directly or reversed (RFC 5128, 3.2), one connects and the other listens.  To punch
 * (RFC 5128, 3.4; RFC 5382, REQ-2), both connect, each from the port and to the endpoint that the
 * rendezvous has seen.  SYNs that cross make one connection (RFC 9293, 3.5).  Whose first was
 * refused, by a NAT or because the other had not begun, listens as well from then on: its own NAT
 * is open by then.
 */
#include "method.h"
#include "tcp_leg.h"

bool method_listens(enum method method, enum talk_role role)
{
	return (method == METHOD_TCP_DIRECT && role == TALK_CALLEE) ||
	       (method == METHOD_TCP_REVERSAL && role == TALK_CALLER);
}

static void connect_and_speak(struct leg *leg, uint64_t deadline)
{
	if (!method_introduced(leg, deadline))
		return;
	if (leg->spec.host_addresses && !ip_addr_is_unset(leg->their_host.addr) &&
	    !endpoint_equal(leg->their_host, leg->theirs))
		tcp_leg_connect(leg->tcp, leg->their_host, deadline);
	tcp_leg_connect(leg->tcp, leg->theirs, deadline);
	method_speak(leg, deadline);
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
