/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames that two peers exchange with each other: hello, answer, voice.
 *
 * A frame is one UDP datagram, or stands whole inside the stream to a relay.  It names its
 * call and attempt, so that a capture alone tells which attempt carried the voice.  Nothing
 * here sends.
 *
 *      0               1               2               3
 *     +---------------+---------------+---------------+---------------+
 *   0 |  kind: "HELO", "ANSW" or "VOIC"                               |
 *     +---------------------------------------------------------------+
 *   4 |  call's token, 64 bits                                        |
 *     |                                                               |
 *     +---------------+---------------+-------------------------------+
 *  12 |  method tried |  0 caller,    |  padding's length, bytes      |
 *     |  +128: IPv6   |  1 callee     |                               |
 *     +---------------+---------------+-------------------------------+
 *  16 |  sequence                                                     |
 *     +---------------------------------------------------------------+
 *  20 |  sent at, ns of the world, 64 bits                            |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *  28 |  padding …
 *
 * HELO is said unprompted, ANSW in reply to a HELO; so whoever said HELO spoke first, which
 * is what tells direct (the caller), reversal (the callee) and punch (both) apart.
 */
#ifndef KNOTHOLE_TALK_H
#define KNOTHOLE_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"
#include "../../nat-models/predict.h"

enum talk_kind {
	TALK_HELLO = 0x48454c4f,
	TALK_ANSWER = 0x414e5357,
	TALK_VOICE = 0x564f4943,
};

enum talk_role { TALK_CALLER, TALK_CALLEE };

enum { TALK_HEADER = 28, TALK_MAX = 1400, TALK_IPV6 = 0x80 };

struct talk {
	enum talk_kind kind;
	uint64_t token;
	enum method method;
	enum family family; /* of the endpoints that it is tried between; a relay's is IPv4 */
	enum talk_role role;
	uint16_t padding;
	uint32_t sequence;
	uint64_t sent_at;
};

/* Returns the frame's length; 0 where @room or TALK_MAX is too small.  Padding is written as zeroes. */
size_t talk_encode(const struct talk *talk, uint8_t *bytes, size_t room);

/* Reads the frame at @bytes; returns its length, or 0 where there is none or it is cut. */
size_t talk_decode(const uint8_t *bytes, size_t len, struct talk *ret);

#endif
