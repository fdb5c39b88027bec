/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 datagrams put together again from their fragments, as a tap saw them (RFC 791, 3.2).
 */
#ifndef KNOTHOLE_FRAGMENTS_H
#define KNOTHOLE_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/packet.h"

struct fragments;

int fragments_new(struct fragments **ret); /* 0 or -ENOMEM */
void fragments_free(struct fragments *fragments); /* NULL is fine */

/*
 * A fragment, parsed to @info, went by @tap in @direction.  1 where it completed its
 * datagram: *ret points at what follows the IP header, valid until the next call.  0 where
 * more is to come, or it is none of IPv4's; -ENOMEM.  A datagram of which nothing more comes
 * makes room for others.
 */
int fragments_add(struct fragments *fragments, size_t tap, int direction, const struct packet *pkt,
		  const struct packet_info *info, const uint8_t **ret, size_t *ret_len);

#endif
