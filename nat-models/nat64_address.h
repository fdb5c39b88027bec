/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 addresses within IPv6 ones, as a NAT64 and those who speak through it write them
 * (RFC 6052, 2.2).  Text and DNS64 are not its concern.
 */
#ifndef KNOTHOLE_NAT64_ADDRESS_H
#define KNOTHOLE_NAT64_ADDRESS_H

#include <stdbool.h>

#include "addr.h"

/* The well-known prefix, 64:ff9b::/96 (RFC 6052, 2.1). */
struct ip_prefix nat64_well_known(void);

/* Is it a prefix that IPv4 addresses may stand behind: of 32, 40, 48, 56, 64 or 96 bits, where
 * bits 64 to 71, the "u" octet, are not part of it or zero? */
bool nat64_prefix_is_sane(struct ip_prefix prefix);

/* The IPv6 address that stands for IPv4 address @v4 behind @prefix, which is sane. */
struct ip_addr nat64_synthesise(struct ip_prefix prefix, struct ip_addr v4);

/* The IPv4 address that @addr stands for; false, and *ret untouched, where it is not behind @prefix,
 * which is sane. */
bool nat64_extract(struct ip_prefix prefix, struct ip_addr addr, struct ip_addr *ret);

#endif
