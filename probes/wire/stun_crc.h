/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of FINGERPRINT (RFC 8489, 14.7). */
#ifndef KNOTHOLE_STUN_CRC_H
#define KNOTHOLE_STUN_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Of the message's @len bytes before the attribute; their length field counts it already. */
uint32_t stun_crc(const uint8_t *bytes, size_t len);

#endif
