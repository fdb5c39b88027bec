/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: what was read is written as the same bytes, but for the padding's. */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[TALK_MAX];
	struct talk frame;
	size_t len = talk_decode(data, size, &frame);

	if (!len)
		return 0;
	if (len > size || len > TALK_MAX || len != (size_t)TALK_HEADER + frame.padding)
		abort();
	if (talk_encode(&frame, bytes, sizeof(bytes)) != len ||
	    memcmp(bytes, data, TALK_HEADER) != 0)
		abort();
	return 0;
}
