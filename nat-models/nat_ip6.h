/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine does to IPv6 packets only, out of the way of the others: what may pass at all
 * (ip6_rules.c), prefix translation (nptv6.c), and translation to IPv4 and back (nat64.c).
 */
#ifndef KNOTHOLE_NAT_IP6_H
#define KNOTHOLE_NAT_IP6_H

#include "nat_flow.h"

/*
 * Decide about a packet of IPv6, or any packet of a NAT64; @fault is packet_parse()'s, OK or
 * UNSUPPORTED.  False where the packet goes the way that IPv4 goes, too.
 */
bool ip6_decide(struct passage *p, enum packet_fault fault, struct nat_decision *ret);

/* All of what an NPTv6 translator (RFC 6296) and a NAT64 (RFC 6146) do to a packet that may be
 * translated at all. */
struct nat_decision nptv6_process(struct passage *p);
struct nat_decision nat64_process(struct passage *p, enum packet_fault fault);

/* Are the prefixes of @config such as NPTv6 can swap (RFC 6296, 3)?  Bits 0 to 64, of IPv6. */
bool nptv6_config_is_sane(const struct nat_config *config);

/* What to add to the words of an inside address that leaves with the other prefix, so that their
 * sum stays what it was (RFC 6296, 3.1). */
uint16_t nptv6_adjustment(struct ip_prefix inside, struct ip_prefix outside);

/*
 * NPTv6: @addr with the prefix @from becomes one with the prefix @to, and the word that RFC 6296, 3.4
 * and 3.5, choose changes by @adjustment.  False, and nothing changed, where no word may.
 */
bool nptv6_map(struct ip_addr *addr, struct ip_prefix from, struct ip_prefix to,
	       uint16_t adjustment);

/* NAT64: a later fragment takes the addresses that its first part was given, of whichever family.
 * False where it cannot. */
bool nat64_follow(struct packet *pkt, struct packet_info *info, struct ip_addr src,
		  struct ip_addr dst);

#endif
