/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TURN (RFC 8656, and RFC 6062 for TCP allocations), as far as it is not STUN: its methods'
 * numbers, ChannelData, and where messages end in a stream.  stun.h reads and writes its STUN
 * messages.  Nothing here sends or remembers.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *   0 |  channel, 0x4000 … 0x7fff     |  length of the data           |
 *     +-------------------------------+-------------------------------+
 *   4 |  data, in a stream padded to a multiple of 4 …
 */
#ifndef KNOTHOLE_TURN_WIRE_H
#define KNOTHOLE_TURN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum turn_method {
	TURN_ALLOCATE = 0x003,
	TURN_REFRESH = 0x004,
	TURN_SEND = 0x006,
	TURN_DATA = 0x007,
	TURN_CREATE_PERMISSION = 0x008,
	TURN_CHANNEL_BIND = 0x009,
	TURN_CONNECT = 0x00a, /* RFC 6062, as the next two */
	TURN_CONNECTION_BIND = 0x00b,
	TURN_CONNECTION_ATTEMPT = 0x00c,
};

enum {
	TURN_CHANNEL_FIRST = 0x4000,
	TURN_CHANNEL_LAST = 0x4fff,
	TURN_CHANNEL_LAST_RFC5766 = 0x7fff, /* which old clients use, and the codec takes */
	TURN_CHANNEL_HEADER = 4,
	TURN_STREAM_HEADER = 4, /* what turn_stream_len() wants to see */
	TURN_MESSAGE_MAX = 20 + 65532, /* of a stream: the longest STUN message */
};

/* In REQUESTED-TRANSPORT (RFC 8656, 18.8; RFC 6062, 6.2.3), and in REQUESTED-ADDRESS-FAMILY. */
enum { TURN_TRANSPORT_TCP = 6, TURN_TRANSPORT_UDP = 17 };
enum { TURN_FAMILY_V4 = 1, TURN_FAMILY_V6 = 2 };

/* ADDITIONAL-ADDRESS-FAMILY's number in coturn 4.6, from before it was registered as 0x8000. */
enum { TURN_OLD_ADDITIONAL_FAMILY = 0x8032 };

/* A ChannelData message; bytes point into what was decoded. */
struct turn_channel_data {
	uint16_t channel;
	uint16_t len;
	const uint8_t *bytes;
};

/* Read the message at @bytes, a whole datagram, or of a stream a whole message.  0; -ENOMSG where
 * this is no ChannelData; -EPROTO where it is longer than the bytes are.  *ret is untouched then. */
int turn_channel_decode(const uint8_t *bytes, size_t len, struct turn_channel_data *ret);

/* Write one, @padded as a stream wants it (RFC 8656, 12.5).  Its length; 0 where @room is too
 * small or the channel or length cannot be said. */
size_t turn_channel_encode(const struct turn_channel_data *data, bool padded, uint8_t *bytes,
			   size_t room);

/* How long, padding included, the message is that begins so in a stream; 0 where neither STUN nor
 * ChannelData begins so. */
size_t turn_stream_len(const uint8_t header[TURN_STREAM_HEADER]);

/* The application's data in a datagram or message between a TURN client and its server, in
 * ChannelData or in a Send or Data indication.  False where there is none. */
bool turn_payload(const uint8_t *bytes, size_t len, const uint8_t **ret, size_t *ret_len);

#endif
