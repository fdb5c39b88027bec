/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: every frame of the peers (probes/wire/talk.h) that a capture shows, at every tap
 * that it passed, sorted by call.  Gathered in one pass over the file; judged in verdict.c.
 */
#ifndef KNOTHOLE_EVIDENCE_H
#define KNOTHOLE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "../probes/wire/talk.h"
#include "pcapng.h"
#include "registrations.h"
#include "tap.h"
#include "tcp_evidence.h"

/* One frame at one tap. */
struct sighting {
	size_t order; /* in the capture: what happened before what */
	size_t tap;
	enum pcapng_direction direction; /* seen from the tap's node */
	uint64_t time; /* ns since the capture's first packet */
	enum family family; /* of the packet that it was in, here … */
	struct endpoint src, dst; /* … its endpoints … */
	uint8_t ttl; /* … and how far it may go yet */
	struct talk frame;
	char *comment; /* beside the packet; NULL where none */
};

/* All that was seen of one call. */
struct dossier {
	uint64_t token;
	struct sighting *sightings; /* in order */
	size_t len, room;
};

struct evidence {
	struct tap_list taps;
	struct dossier *dossiers; /* in order of their first frame */
	size_t dossiers_len;
	struct tcp_evidence tcp;
	struct registrations registrations;
	size_t packets;
};

/*
 * Read @path.  0 with *ret, which evidence_clear() ends; or -errno with one line in
 * *ret_error (@size >= 256), and nothing to clear.
 */
int evidence_read(const char *path, struct evidence *ret, char *ret_error, size_t size);
void evidence_clear(struct evidence *evidence);

#endif
