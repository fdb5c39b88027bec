/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN's Binding over TCP (RFC 8489, 6.2.2), for who wants to know how a NAT maps a connection: no
 * credentials, and nothing of RFC 5780, whose tests are UDP's.
 */
#ifndef KNOTHOLE_STUN_TCP_H
#define KNOTHOLE_STUN_TCP_H

#include "complaints.h"

struct stun_tcp;

/* At STUN_PORT of @spec's host; @complaints must outlive it.  0 or visitors_open()'s. */
int stun_tcp_open(const struct service_spec *spec, struct complaints *complaints,
		  struct stun_tcp **ret);

/* As visitors_close(). */
void stun_tcp_close(struct stun_tcp *tcp);

#endif
