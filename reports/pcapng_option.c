/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pcapng_internal.h"

int pcapng_next_option(struct pcapng *reader, size_t *at, size_t end, struct pcapng_option *ret)
{
	struct source *source = &reader->source;
	size_t padded;

	/* opt_endofopt is left out by some writers, and may be. */
	if (*at == end)
		return 0;
	if (end - *at < 4)
		return source_fail(source,
				   "damaged at byte %" PRIu64
				   ": expected an option's header of 4 bytes, found %zu",
				   source->offset + *at, end - *at);
	ret->code = source_u16(source, *at);
	ret->len = source_u16(source, *at + 2);
	ret->at = *at + 4;
	if (ret->code == PCAPNG_OPT_END)
		return 0;
	padded = (ret->len + 3U) & ~3U;
	if (padded > end - ret->at)
		return source_fail(
			source,
			"damaged at byte %" PRIu64
			": an option of %u bytes was promised, %zu are left of its block",
			source->offset + *at, ret->len, end - ret->at);
	*at = ret->at + padded;
	return 1;
}

int pcapng_append_text(struct pcapng *reader, const struct pcapng_option *option, char **text)
{
	const char *value = (const char *)reader->source.bytes + option->at;
	size_t had = *text ? strlen(*text) : 0;
	size_t join = had > 0 ? 2 : 0;
	size_t len = strnlen(value, option->len);
	char *grown = realloc(*text, had + join + len + 1);

	if (!grown) {
		source_fail(&reader->source, "no memory for a comment");
		return -ENOMEM;
	}
	memcpy(grown + had, "; ", join);
	memcpy(grown + had + join, value, len);
	grown[had + join + len] = '\0';
	*text = grown;
	return 0;
}
