/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn.h"

#include <errno.h>

#include "cursor.h"
#include "stun.h"

static size_t padded_len(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static bool is_channel(uint64_t number)
{
	return number >= TURN_CHANNEL_FIRST && number <= TURN_CHANNEL_LAST_RFC5766;
}

int turn_channel_decode(const uint8_t *bytes, size_t len, struct turn_channel_data *ret)
{
	struct cursor c = cursor_to_read(bytes, len);
	uint16_t channel = (uint16_t)cursor_get(&c, 2);
	uint16_t data_len = (uint16_t)cursor_get(&c, 2);

	if (c.failed || !is_channel(channel))
		return -ENOMSG;
	if (!cursor_take(&c, data_len))
		return -EPROTO;
	*ret = (struct turn_channel_data){
		.channel = channel,
		.len = data_len,
		.bytes = bytes + TURN_CHANNEL_HEADER,
	};
	return 0;
}

size_t turn_channel_encode(const struct turn_channel_data *data, bool padded, uint8_t *bytes,
			   size_t room)
{
	struct cursor c = cursor_to_write(bytes, room);

	if (!is_channel(data->channel))
		return 0;
	cursor_put(&c, data->channel, 2);
	cursor_put(&c, data->len, 2);
	cursor_put_bytes(&c, data->bytes, data->len);
	if (padded)
		cursor_put_zeroes(&c, padded_len(data->len) - data->len);
	return c.failed ? 0 : c.at;
}

size_t turn_stream_len(const uint8_t header[TURN_STREAM_HEADER])
{
	struct cursor c = cursor_to_read(header, TURN_STREAM_HEADER);
	uint64_t first = cursor_get(&c, 2);
	size_t len = (size_t)cursor_get(&c, 2);

	if (is_channel(first))
		return TURN_CHANNEL_HEADER + padded_len(len);
	/* STUN's first two bits are zeroes, and its length is a multiple of 4 (RFC 8489, 5). */
	return first < 0x4000 && len % 4 == 0 ? STUN_HEADER + len : 0;
}

bool turn_payload(const uint8_t *bytes, size_t len, const uint8_t **ret, size_t *ret_len)
{
	struct turn_channel_data data;
	struct stun_message msg;
	struct stun_value v;

	if (!turn_channel_decode(bytes, len, &data)) {
		*ret = data.bytes;
		*ret_len = data.len;
		return true;
	}
	if (stun_decode(bytes, len, &msg) || msg.classic || msg.class != STUN_INDICATION ||
	    (msg.method != TURN_SEND && msg.method != TURN_DATA) || !stun_find(&msg, STUN_DATA, &v))
		return false;
	*ret = v.bytes;
	*ret_len = v.len;
	return true;
}
