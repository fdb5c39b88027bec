/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet of one family becomes one of the other (RFC 7915): headers, fragments, ICMP.
 *
 * Addresses are not chosen here.  The IPv6 side of a translation has IPv4-mapped addresses
 * (::ffff:a.b.c.d) for the moment: whoever translates to IPv4 sets them before, whoever translates
 * from it replaces them after, both with packet_set_src() and its like, which keep the checksums right;
 * a mapped address adds up to what the IPv4 address itself does.
 *
 * Hop limits are carried over: to decrement them is the router's business.  An IPv4 packet that
 * is too long for IPv6's smallest MTU is not cut up here.
 *
 * All are done in place: data stays where it is, and what is behind the headers moves.  Both infos
 * are packet_parse()'s and packet_parse_quoted()'s, and are read again from the result.  -EINVAL: it
 * has no counterpart; -ENOSPC: no room; then the bytes may have been touched.
 */
#ifndef KNOTHOLE_PACKET_FAMILY_H
#define KNOTHOLE_PACKET_FAMILY_H

#include "packet.h"

/* How much longer a packet that is no error may become: two headers' difference and a fragment
 * header. */
enum { PACKET_FAMILY_GROWTH = 28 };

/* Into IPv4 (RFC 7915, 5.1); @id is its identification where it may be fragmented on its way.
 * Super-packets of TCP, and of UDP cut by length (UDP_L4), stay such. */
int packet_to_ip4(struct packet *pkt, struct packet_info *info, uint16_t id);

/* Into IPv6 (RFC 7915, 4.1).  A UDP packet without a checksum gets one, where it is whole. */
int packet_to_ip6(struct packet *pkt, struct packet_info *info);

/* ICMP errors, with the packet that they quote (RFC 7915, 4.2 to 4.5, 5.2 to 5.4), whose checksum must
 * be right before.  What does not fit into 1280 bytes of IPv6 is cut off. */
int packet_error_to_ip4(struct packet *pkt, struct packet_info *info, struct packet_info *quoted);
int packet_error_to_ip6(struct packet *pkt, struct packet_info *info, struct packet_info *quoted);

#endif
