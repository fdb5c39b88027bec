/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows: what the hosts of a capture sent one another, whatever it was.
 *
 * A packet that left one host and the same one that came to another are told to be the same by
 * what no NAT rewrites: a datagram's payload, a TCP segment's numbers.  So each host's flow is
 * tied to the flow of another host that it is the other end of, through any translation.
 * Payloads are compared, never understood.
 */
#ifndef KNOTHOLE_FLOWS_H
#define KNOTHOLE_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "tap.h"

#define FLOW_NONE SIZE_MAX

/* One transport connection or pair of UDP endpoints, as one host sees it. */
struct flow {
	size_t tap; /* the host's */
	uint8_t protocol; /* IP_PROTO_UDP or IP_PROTO_TCP */
	struct endpoint own, remote;
	uint64_t first_out, first_in; /* ns since the capture's first packet; UINT64_MAX = none */
	bool spoke_first; /* before it heard anything: in the capture's order, as times may tie */
	uint64_t last;
	uint64_t bytes_out, bytes_in; /* of payload */
	size_t packets_out, packets_in;
	size_t peer; /* the flow at its other end; FLOW_NONE where nothing of it got through */
	size_t next; /* of the same hash */
};

/* A packet that one host sent and another got. */
struct arrival {
	uint64_t time;
	size_t from, to; /* flows */
	size_t origin; /* the flow of a third host whose payload the sender passed on; or FLOW_NONE */
	uint32_t bytes;
};

struct flows {
	struct tap_list taps;
	struct flow *flows; /* in order of their first packet */
	size_t len;
	struct arrival *arrivals; /* in order */
	size_t arrivals_len;
};

/* Read @path: 0 with *ret, which flows_clear() ends; or -errno with one line in *ret_error
 * (@size >= 256), and nothing to clear. */
int flows_read(const char *path, struct flows *ret, char *ret_error, size_t size);
void flows_clear(struct flows *flows);

#endif
