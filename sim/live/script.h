/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows: rules for nft are written into it. */
#ifndef KNOTHOLE_LIVE_SCRIPT_H
#define KNOTHOLE_LIVE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct script {
	char *text; /* NUL-terminated; NULL while empty */
	size_t len;
	size_t room;
	bool failed; /* there was no memory: the text is not whole */
};

__attribute__((format(printf, 2, 3))) void script_add(struct script *script, const char *format,
						      ...);
void script_free(struct script *script);

#endif
