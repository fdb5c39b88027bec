/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who speaks to whom by a transport that the engine does not know: SCTP, GRE, UDP-Lite, …  For IPv6
 * firewalls, which change nothing in them (RFC 6092, 3.2.2).  A small table, the longest idle giving way.
 */
#ifndef KNOTHOLE_TRANSPORT_RECORD_H
#define KNOTHOLE_TRANSPORT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "model.h"

enum { TRANSPORT_RECORDS = 256 };

struct transport_record {
	struct ip_addr inside, remote;
	uint64_t until; /* 0 = free */
	uint8_t protocol;
};

struct transport_records {
	struct transport_record *entries; /* TRANSPORT_RECORDS; NULL until there was one */
};

void transport_records_clear(struct transport_records *records);

/* @inside has sent to @remote: a record of it lives until @until, not in the past.  Without memory there
 * is none. */
void transport_record_open(struct transport_records *records, uint8_t protocol,
			   struct ip_addr inside, struct ip_addr remote, uint64_t now,
			   uint64_t until);

/* The record that lets @remote in to @inside at @now, as far as @filtering looks (ports being unknown);
 * NULL where there is none.  Whoever goes in by it may set its `until` anew. */
struct transport_record *transport_record_find(const struct transport_records *records,
					       enum nat_scope filtering, uint8_t protocol,
					       struct ip_addr inside, struct ip_addr remote,
					       uint64_t now);

#endif
