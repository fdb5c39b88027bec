/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting fragments together again (RFC 791, 3.2; RFC 815; RFC 8200, 4.5), in any order, within bounds: so
 * many datagrams, so many fragments, so long.  An exact repetition is passed over; a fragment
 * that overlaps another one condemns its datagram, which no honest sender's does (RFC 5722
 * says so for IPv6, and Linux does it for both).
 */
#ifndef KNOTHOLE_VIRTUAL_REASSEMBLY_H
#define KNOTHOLE_VIRTUAL_REASSEMBLY_H

#include <stdint.h>

#include "../port.h"

/* RFC 791 says 15 s for a start, RFC 1122 (3.3.2) 60 to 120 s; this is Linux's. */
#define REASSEMBLY_NS UINT64_C(30000000000)

enum { REASSEMBLY_DATAGRAMS = 64, REASSEMBLY_FRAGMENTS = 1024 };

struct assembly;

struct reassembly {
	struct loop *loop;
	struct assembly *oldest, **newest; /* the next one goes where newest points */
	uint16_t datagrams;
	uint16_t fragments;
	/* Called, outside of any call into here, with the first fragment of a datagram whose
	 * time ran out, if it came: takes it. */
	void (*expired)(struct reassembly *self, struct buffer *first);
};

void reassembly_init(struct reassembly *self, struct loop *loop,
		     void (*expired)(struct reassembly *self, struct buffer *first));

/* Take @fragment, whose headers @info is packet_parse()'s of.  The whole datagram, as one packet
 * with right header checksum and without fragment header, where this was the last of it; else
 * NULL. */
struct buffer *reassembly_add(struct reassembly *self, struct buffer *fragment,
			      const struct packet_info *info);

void reassembly_clear(struct reassembly *self);

#endif
