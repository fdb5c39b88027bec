/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rendezvous' messages: what was read is written as the very same bytes. */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/rendezvous.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	struct rendezvous_message msg;

	if (rendezvous_decode_datagram(data, size, &msg))
		return 0;
	if (rendezvous_encode(&msg, bytes, sizeof(bytes)) != size || memcmp(bytes, data, size) != 0)
		abort();
	return 0;
}
