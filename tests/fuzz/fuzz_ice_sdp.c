/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of ICE's SDP: what was read is written, and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/ice_sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), first[ICE_LINE_MAX], again[ICE_LINE_MAX];
	struct ice_line line;
	size_t len;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!ice_line_parse(text, &line) && line.kind != ICE_LINE_OTHER) {
		len = ice_line_format(&line, first);
		if (!len || len >= sizeof(first) || ice_line_parse(first, &line) ||
		    ice_line_format(&line, again) != len || strcmp(first, again) != 0)
			abort();
	}
	free(text);
	return 0;
}
