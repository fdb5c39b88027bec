/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which outside port a connection gets, in nftables' words (nat_rules_knobs.c has the whole). */
#include <stdio.h>

#include "nat_rules_writer.h"

enum { WELL_KNOWN_END = 1024, LAST_PORT = 65535 };

const char *nat_rules_remote(enum nat_scope scope, const char *dir)
{
	bool original = dir[0] == 'o';

	switch (scope) {
	case NAT_EI:
		return "";
	case NAT_AD:
		return original ? " . ct original ip daddr" : " . ct reply ip daddr";
	case NAT_APD:
		return original ? " . ct original ip daddr . ct original proto-dst"
				: " . ct reply ip daddr . ct reply proto-dst";
	}
	return "";
}

/* The lowest port that an inside port above the well-known ones may get. */
static unsigned int first_port(const struct nat_transport *knobs)
{
	bool parts = knobs->keep_well_known && knobs->port_min < WELL_KNOWN_END &&
		     knobs->port_max >= WELL_KNOWN_END;

	return parts ? WELL_KNOWN_END : knobs->port_min;
}

/* RFC 4787 REQ-3a: well-known ports map to well-known ones. */
static void add_random(struct nat_rules_writer *w, bool taken_only)
{
	const struct nat_transport *knobs = w->protocol.knobs;
	const char *word = w->protocol.word;
	char taken[40] = "";

	if (taken_only)
		snprintf(taken, sizeof(taken), "%s sport @taken_%s ", word, word);
	if (knobs->keep_well_known)
		script_add(w->script, "		%s sport < %d %ssnat to %s:1-%d fully-random\n",
			   word, WELL_KNOWN_END, taken, w->outside, WELL_KNOWN_END - 1);
	script_add(w->script, "		meta l4proto %s %ssnat to %s:%u-%u fully-random\n", word,
		   taken, w->outside, first_port(knobs), knobs->port_max);
}

/* nftables hands a counter on in the host's byte order, and would count in steps of 256; what it
 * writes into a packet it swaps, 32 bits at a time.  So the port goes by the datagram's
 * identification, which may be any. */
static void add_counter(struct nat_rules_writer *w, const char *guard, unsigned int first,
			unsigned int last)
{
	script_add(w->script,
		   "		%s ip id set (numgen inc mod %u offset %u) << 16\n"
		   "		%s snat to %s : ip id\n",
		   guard, last - first + 1U, first, guard, w->outside);
}

static void add_sequential(struct nat_rules_writer *w)
{
	const struct nat_transport *knobs = w->protocol.knobs;
	char guard[32];

	snprintf(guard, sizeof(guard), "%s sport < %d", w->protocol.word, WELL_KNOWN_END);
	if (knobs->keep_well_known)
		add_counter(w, guard, 1, WELL_KNOWN_END - 1);
	snprintf(guard, sizeof(guard), "meta l4proto %s", w->protocol.word);
	add_counter(w, guard, first_port(knobs), knobs->port_max);
}

/* A connection's source stays where conntrack can keep it, if no mapping has it already. */
static void add_preserve(struct nat_rules_writer *w)
{
	const struct nat_transport *knobs = w->protocol.knobs;
	const char *word = w->protocol.word;

	if (knobs->collision == NAT_COLLISION_REFUSE)
		script_add(w->script, "		%s sport @taken_%s drop\n", word, word);
	else if (knobs->collision != NAT_COLLISION_OVERLOAD)
		add_random(w, true);
	/* Left to itself conntrack keeps well-known ports among their own (RFC 4787 REQ-3a). */
	if (knobs->keep_well_known && knobs->port_min == WELL_KNOWN_END &&
	    knobs->port_max == LAST_PORT) {
		script_add(w->script, "		meta l4proto %s snat to %s\n", word, w->outside);
		return;
	}
	if (knobs->keep_well_known)
		script_add(w->script, "		%s sport < %d snat to %s:1-%d\n", word,
			   WELL_KNOWN_END, w->outside, WELL_KNOWN_END - 1);
	script_add(w->script, "		meta l4proto %s snat to %s:%u-%u\n", word, w->outside,
		   first_port(knobs), knobs->port_max);
}

void nat_rules_allocation(struct nat_rules_writer *w)
{
	const struct nat_transport *knobs = w->protocol.knobs;
	const char *word = w->protocol.word;

	script_add(w->script,
		   "	chain allocate_%s {\n"
		   "		snat ip to ip saddr . %s sport map @static_%s\n"
		   "		meta l4proto %s snat ip to ip saddr . %s sport%s map @out_%s\n",
		   word, word, word, word, word, nat_rules_remote(knobs->mapping, "original"),
		   word);
	if (knobs->ports == NAT_PORTS_SEQUENTIAL)
		add_sequential(w);
	else if (knobs->ports == NAT_PORTS_RANDOM)
		add_random(w, false);
	else
		add_preserve(w);
	script_add(w->script, "	}\n");
}
