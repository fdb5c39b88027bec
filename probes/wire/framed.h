/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams in a stream (RFC 4571, 2): each after its length, 16 bits, big-endian.  ICE over TCP
 * carries its checks and its data so (RFC 6544, 3).
 */
#ifndef KNOTHOLE_FRAMED_H
#define KNOTHOLE_FRAMED_H

#include <stddef.h>
#include <stdint.h>

enum { FRAMED_PREFIX = 2, FRAMED_MAX = UINT16_MAX };

/* Writes @len bytes with their length; returns how many bytes that is, or 0 where @len is more than
 * FRAMED_MAX or @room too small. */
size_t framed_encode(const void *bytes, size_t len, uint8_t *out, size_t room);

/* Reads the first datagram at @bytes: how many bytes it takes with its length, 0 where it is not
 * whole yet.  It may be empty. */
size_t framed_decode(const uint8_t *bytes, size_t len, const uint8_t **ret, size_t *ret_len);

#endif
