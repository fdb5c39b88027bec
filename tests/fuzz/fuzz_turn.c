/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TURN says besides STUN: whatever is read stays inside of its bytes, and ChannelData that was
 * read and written again is the same; a stream's lengths lead to messages that can be read.  The
 * lists and nonces of its credentials ride along.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/stun_credential.h"
#include "probes/wire/turn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void read_channel(const uint8_t *bytes, size_t len)
{
	static uint8_t out[TURN_MESSAGE_MAX];
	struct turn_channel_data data;
	size_t n;

	if (turn_channel_decode(bytes, len, &data))
		return;
	check(data.bytes >= bytes && data.bytes + data.len <= bytes + len);
	n = turn_channel_encode(&data, false, out, sizeof(out));
	check(n == TURN_CHANNEL_HEADER + (size_t)data.len && memcmp(out, bytes, n) == 0);
	n = turn_channel_encode(&data, true, out, sizeof(out));
	check(n % 4 == 0 && n == turn_stream_len(out));
}

static void read_credentials(const uint8_t *bytes, size_t len)
{
	struct stun_message msg;
	struct stun_value v;
	uint8_t key[STUN_KEY_MAX];

	if (stun_decode(bytes, len, &msg))
		return;
	if (stun_find(&msg, STUN_NONCE, &v))
		check(stun_nonce_features(&v) < 1 << 24);
	if (stun_find(&msg, STUN_PASSWORD_ALGORITHMS, &v))
		check(stun_choose_algorithm(&v) <= STUN_SHA256);
	check(stun_algorithm_of(&msg) <= STUN_SHA256);
	check(stun_long_term_key(STUN_SHA256, "u", "r", "p", key) == STUN_KEY_MAX);
	stun_short_term_check(&msg, "u", "p");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *payload;
	size_t at = 0, len;

	read_channel(data, size);
	read_credentials(data, size);
	if (turn_payload(data, size, &payload, &len))
		check(payload >= data && payload + len <= data + size);
	/* And as a stream. */
	while (size - at >= TURN_STREAM_HEADER) {
		len = turn_stream_len(data + at);
		check(len <= TURN_MESSAGE_MAX);
		if (!len || len > size - at)
			break;
		read_channel(data + at, len);
		at += len;
	}
	return 0;
}
