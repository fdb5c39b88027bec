/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in a stream: what was read is written as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/framed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FRAMED_PREFIX + FRAMED_MAX];
	const uint8_t *datagram;
	size_t taken, len;

	for (; (taken = framed_decode(data, size, &datagram, &len)); data += taken, size -= taken)
		if (taken > size || taken != len + FRAMED_PREFIX ||
		    framed_encode(datagram, len, bytes, sizeof(bytes)) != taken ||
		    memcmp(bytes, data, taken) != 0)
			abort();
	return 0;
}
