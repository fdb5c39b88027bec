/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking a name server: over UDP, again where nothing comes, and over TCP where the answer was cut
 * (RFC 1035, 4.2; RFC 7766, 5).  It keeps nothing, and asks one question at a time.
 */
#ifndef KNOTHOLE_RESOLVE_H
#define KNOTHOLE_RESOLVE_H

#include "../../sim/host.h"
#include "../wire/dns.h"

enum { RESOLVE_ANSWERS = 256 };

struct resolve_spec {
	struct endpoint server;
	struct dns_name name;
	enum dns_type type; /* A, AAAA or PTR */
	bool tcp; /* ask over TCP at once */
	uint64_t deadline;
};

struct resolve_answer {
	unsigned rcode;
	bool tcp; /* it came that way */
	bool authoritative;
	/* Those of the type that was asked for, at the name or where a CNAME led; NXDOMAIN and the like
	 * have none, nor has a name that has other types only. */
	struct ip_addr addrs[RESOLVE_ANSWERS]; /* A, AAAA */
	struct dns_name names[RESOLVE_ANSWERS]; /* PTR */
	size_t len; /* of the one that is filled */
};

/*
 * Ask from @host.  0 with *ret, which is large: not for a fiber's stack.  -ETIMEDOUT; -EPROTO where
 * the server's TCP says what is no answer; else sock_open()'s, sock_send()'s and sock_recv()'s.
 */
int resolve(struct host *host, const struct resolve_spec *spec, struct resolve_answer *ret);

#endif
