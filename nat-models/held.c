/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "nat_flow.h"

/* Longer ones are not worth keeping: an answer quotes no more (RFC 1812, 4.3.2.3). */
enum { HELD_SYN_MAX = 548 };

static void let_go(struct held *held)
{
	free(held->bytes);
	*held = (struct held){ .kind = HELD_NONE };
}

void held_clear(struct held_table *table)
{
	for (int i = 0; i < HELD_MAX && table->entries; i++)
		let_go(&table->entries[i]);
	free(table->entries);
	*table = (struct held_table){ .entries = NULL };
}

static void find_next(struct held_table *table)
{
	table->len = 0;
	for (int i = 0; i < HELD_MAX; i++) {
		const struct held *held = &table->entries[i];

		if (held->kind == HELD_NONE)
			continue;
		if (table->len++ == 0 || held->at < table->next)
			table->next = held->at;
	}
}

/* A copy of the packet in a free entry, due at @at; NULL without room. */
static struct held *keep(struct held_table *table, const struct packet *pkt,
			 const struct packet_info *info, uint64_t at)
{
	struct held *held = NULL;

	if (!table->entries)
		table->entries = calloc(HELD_MAX, sizeof(*table->entries));
	if (!table->entries)
		return NULL;
	for (int i = 0; i < HELD_MAX && !held; i++)
		if (table->entries[i].kind == HELD_NONE)
			held = &table->entries[i];
	if (!held)
		return NULL;
	held->bytes = malloc(pkt->len);
	if (!held->bytes)
		return NULL;
	memcpy(held->bytes, pkt->data, pkt->len);
	held->len = pkt->len;
	held->at = at;
	held->order = table->order++;
	held->src = info->src;
	held->dst = info->dst;
	held->fragment_id = info->fragment_id;
	held->protocol = info->protocol;
	held->offload = pkt->offload;
	return held;
}

/* The SYN that is held from @src to @dst, or NULL. */
static struct held *find_syn(struct held_table *table, struct endpoint src, struct endpoint dst)
{
	for (int i = 0; i < HELD_MAX && table->len; i++) {
		struct held *held = &table->entries[i];

		if (held->kind == HELD_SYN && endpoint_equal(held->src, src) &&
		    endpoint_equal(held->dst, dst))
			return held;
	}
	return NULL;
}

bool held_add_syn(struct nat *nat, const struct packet *pkt, const struct packet_info *info,
		  struct ip_addr from, uint64_t now)
{
	uint64_t span = nat->rules[NAT_TCP].is.hold_ns;
	struct held *held;

	/* A repeated SYN does not put off the answer to the first. */
	if (pkt->len > HELD_SYN_MAX || span >= UINT64_MAX - now ||
	    find_syn(&nat->held, info->src, info->dst))
		return false;
	held = keep(&nat->held, pkt, info, now + span);
	if (!held)
		return false;
	held->kind = HELD_SYN;
	held->side = NAT_OUTSIDE;
	held->answers = from;
	find_next(&nat->held);
	return true;
}

void held_cancel_syn(struct nat *nat, struct endpoint outside, struct endpoint remote)
{
	struct held *held = find_syn(&nat->held, remote, outside);

	if (!held)
		return;
	let_go(held);
	find_next(&nat->held);
}

bool held_add_fragment(struct nat *nat, enum nat_side side, const struct packet *pkt,
		       const struct packet_info *info, uint64_t now)
{
	uint64_t span = nat->model.fragment_ns;
	struct held *held;
	int waiting = 0;

	for (int i = 0; i < HELD_MAX && nat->held.len; i++)
		waiting += nat->held.entries[i].kind == HELD_FRAGMENT;
	if (waiting >= nat->model.fragments_held || pkt->len > NAT_ANSWER_MAX ||
	    span >= UINT64_MAX - now)
		return false;
	held = keep(&nat->held, pkt, info, now + span);
	if (!held)
		return false;
	held->kind = HELD_FRAGMENT;
	held->side = side;
	find_next(&nat->held);
	return true;
}

void held_release_fragments(struct held_table *table, enum nat_side side,
			    const struct packet_info *info, uint64_t now)
{
	if (!table->len)
		return;
	for (int i = 0; i < HELD_MAX; i++) {
		struct held *held = &table->entries[i];

		if (held->kind != HELD_FRAGMENT || held->side != side ||
		    held->fragment_id != info->fragment_id || held->protocol != info->protocol ||
		    !ip_addr_equal(held->src.addr, info->src.addr) ||
		    !ip_addr_equal(held->dst.addr, info->dst.addr))
			continue;
		held->kind = HELD_RELEASED;
		held->at = now;
	}
	find_next(table);
}

/* The one that is due first at @now, the earlier of two that are due at once; or NULL. */
static struct held *first_due(struct held_table *table, uint64_t now)
{
	struct held *first = NULL;

	for (int i = 0; i < HELD_MAX; i++) {
		struct held *held = &table->entries[i];

		if (held->kind == HELD_NONE || held->at > now)
			continue;
		if (!first || held->at < first->at ||
		    (held->at == first->at && held->order < first->order))
			first = held;
	}
	return first;
}

/* The way that its first part went. */
static enum nat_outcome follow(struct nat *nat, const struct held *held, uint64_t now,
			       struct packet *pkt, enum nat_side *ret_to)
{
	struct packet_info info;
	struct nat_decision decision;

	packet_parse(pkt, &info);
	decision = fragment_follow(&nat->fragments, held->side, pkt, &info, now);
	*ret_to = decision.to;
	return decision.outcome == NAT_FORWARD ? NAT_FORWARD : NAT_HOLD;
}

/* The answer to a held packet, or itself; NAT_HOLD where there is none to be had. */
static enum nat_outcome give(struct nat *nat, const struct held *held, uint64_t now,
			     struct packet *ret, enum nat_side *ret_to)
{
	struct packet_info info;

	if (held->kind == HELD_FRAGMENT || held->len > ret->room)
		return NAT_HOLD;
	memcpy(ret->data, held->bytes, held->len);
	ret->len = held->len;
	ret->offload = held->offload;
	*ret_to = held->side;
	if (held->kind == HELD_RELEASED)
		return follow(nat, held, now, ret, ret_to);
	if (packet_parse(ret, &info) != PACKET_OK ||
	    packet_make_error(ret, held->answers, flow_refusal(nat, &info), 0))
		return NAT_HOLD;
	return NAT_ANSWER;
}

enum nat_outcome held_poll(struct nat *nat, uint64_t now, struct packet *ret, enum nat_side *ret_to)
{
	struct held_table *table = &nat->held;
	struct held *held;
	enum nat_outcome given = NAT_HOLD;

	while (given == NAT_HOLD && table->len && table->next <= now) {
		held = first_due(table, now);
		given = give(nat, held, now, ret, ret_to);
		let_go(held);
		find_next(table);
	}
	return given;
}

uint64_t held_next(const struct held_table *table)
{
	return table->len ? table->next : UINT64_MAX;
}
