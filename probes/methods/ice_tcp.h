/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ICE agent's candidates over TCP (RFC 6544), and the connections that come of them.  Each carries
 * datagrams (framed.h): to and from whom, the agent says, as over UDP.
 *
 * Inside of the agent only: its fibers belong to the agent's crew.
 */
#ifndef KNOTHOLE_ICE_TCP_H
#define KNOTHOLE_ICE_TCP_H

#include "ice_checklist.h"

struct ice_agent;
struct ice_tcp;

/* Nothing is opened yet.  0 or -ENOMEM. */
int ice_tcp_new(struct ice_agent *agent, struct ice_tcp **ret);

/* Listen, add the host candidates, and ask the STUN server from where connections will be opened
 * simultaneously.  0, -ENOSPC, -ENOMEM or sock_open()'s. */
int ice_tcp_gather(struct ice_tcp *tcp);

/* Have a connection to @to opened, unless there is one or will be; ice_check_connected() tells. */
void ice_tcp_dial(struct ice_tcp *tcp, enum ice_way way, struct endpoint to);

/* One datagram.  0; -ENOTCONN where no connection stands; or outbox_put()'s. */
int ice_tcp_send(struct ice_tcp *tcp, enum ice_way way, struct endpoint to, const void *bytes,
		 size_t len);

/* End every connection; may be called again. */
void ice_tcp_close(struct ice_tcp *tcp);

/* Once the agent's fibers have ended.  NULL is fine. */
void ice_tcp_free(struct ice_tcp *tcp);

#endif
