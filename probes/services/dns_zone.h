/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lab's DNS knows: the names of a plan's nodes and the way back from their addresses, as they
 * are seen from the server's own host (names.h).  It neither hears nor sends.
 *
 * A node is "alice", "alice.home_a" (the nets round it, innermost first, as many as one likes), and
 * the same under "lab".  The lab is the whole world here: all else is said not to be, with the root's
 * SOA (RFC 2308).  "lab" itself has a PTR to each node.
 *
 * Whoever asks from behind a NAT64 is told of IPv6 addresses by which it finds what has IPv4 alone
 * (RFC 6147), and by ipv4only.arpa which prefix that is (RFC 7050).
 */
#ifndef KNOTHOLE_DNS_ZONE_H
#define KNOTHOLE_DNS_ZONE_H

#include "../../sim/plan.h"
#include "../wire/dns.h"

/* Seconds: addresses of the lab's nets may change while it runs. */
enum { DNS_ZONE_TTL = 10 };

struct dns_zone {
	const struct plan *plan; /* NULL = there are no names */
	const struct plan_node *self; /* the server's own host; NULL only where plan is */
};

/* Answer @query, a sound one of the Internet's class, from @asker into @w, which has been begun
 * with the query's question: its records, and w->header.rcode. */
void dns_zone_answer(const struct dns_zone *zone, const struct dns_message *query,
		     struct ip_addr asker, struct dns_writer *w);

#endif
