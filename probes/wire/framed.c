/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framed.h"

#include "cursor.h"

size_t framed_encode(const void *bytes, size_t len, uint8_t *out, size_t room)
{
	struct cursor c = cursor_to_write(out, room);

	if (len > FRAMED_MAX)
		return 0;
	cursor_put(&c, len, FRAMED_PREFIX);
	cursor_put_bytes(&c, bytes, len);
	return c.failed ? 0 : c.at;
}

size_t framed_decode(const uint8_t *bytes, size_t len, const uint8_t **ret, size_t *ret_len)
{
	struct cursor c = cursor_to_read(bytes, len);
	size_t datagram = (size_t)cursor_get(&c, FRAMED_PREFIX);
	const uint8_t *at = cursor_take(&c, datagram);

	if (c.failed)
		return 0;
	*ret = at;
	*ret_len = datagram;
	return c.at;
}
