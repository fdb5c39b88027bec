/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs that are to open their sender's NATs and to come to nothing else. */
#include "reach.h"
#include "reach_private.h"

enum complaint { COMPLAINT_NONE, COMPLAINT_RST, COMPLAINT_UNREACHABLE, COMPLAINT_TIME };

static bool is_error(enum complaint complaint)
{
	return complaint == COMPLAINT_UNREACHABLE || complaint == COMPLAINT_TIME;
}

static enum complaint unsolicited(const struct reach_nat *nat)
{
	switch (reach_rules(nat)->unsolicited) {
	case NAT_UNSOLICITED_RST:
		return COMPLAINT_RST;
	case NAT_UNSOLICITED_ICMP:
		return COMPLAINT_UNREACHABLE;
	default:
		return COMPLAINT_NONE;
	}
}

static enum complaint refusal(const struct reach_fate *fate)
{
	return fate->drop == REACH_FILTERED && fate->nat ? unsolicited(fate->nat) : COMPLAINT_NONE;
}

/* Does what comes back end the state of @nat that the SYN made (RFC 7857, 2.2; RFC 5508, REQ-6)? */
static bool ends(const struct reach_nat *nat, enum complaint complaint)
{
	enum nat_rst rst = reach_rules(nat)->rst;

	if (is_error(complaint))
		return nat->model->icmp.on_error == NAT_ERROR_END;
	/* Who does not follow connections takes a RST for any other segment. */
	return reach_rules(nat)->tracking != NAT_TRACKING_NONE &&
	       (rst == NAT_RST_END || rst == NAT_RST_END_UNANSWERED);
}

/* It goes all the way: nobody listens there.  The RST ends the way that a stranger was led by, where it
 * ends anything. */
static enum complaint arrive(struct reach *reach, const struct reach_flight *flight)
{
	const struct reach_peer *receiver = &reach->peers[!flight->from];

	if (!reach_arrive(reach, flight))
		return refusal(&reach->peers[flight->from].fate);
	for (size_t i = 0; i < receiver->own_len; i++) {
		struct reach_nat *nat = &reach->nats[receiver->own[i]];

		if (ends(nat, COMPLAINT_RST))
			nat->led.len = 0;
	}
	return COMPLAINT_RST;
}

/*
 * It has one hop left after its own NATs.  A box that would send it on says that its time is over
 * (RFC 1812, 5.3.1); but what is for the box itself, as all that a NAT does not let in, is
 * never sent on, and meets what any stray does.
 */
static enum complaint end_at_border(struct reach *reach, struct reach_flight *flight)
{
	enum party to = reach_side_of(reach, flight->dst.addr);
	const struct reach_peer *receiver;
	struct reach_nat *nat;

	/* The Internet is a router itself; a LAN that both are on has none. */
	if (to == PARTY_NONE || !reach->shared_len)
		return COMPLAINT_TIME;
	receiver = &reach->peers[to];
	if (!receiver->own_len)
		return arrive(reach, flight);
	nat = &reach->nats[receiver->own[receiver->own_len - 1]];
	if (reach_go_in(reach, nat, flight->src, &flight->dst, true) == REACH_FILTERED)
		return unsolicited(nat);
	return nat->model->icmp.time_exceeded ? COMPLAINT_TIME : COMPLAINT_NONE;
}

static bool stops(const struct reach_nat *nat, enum complaint complaint)
{
	const struct nat_icmp *icmp = &nat->model->icmp;
	unsigned type = complaint == COMPLAINT_TIME ? NAT_ERROR_TYPE_TIME
						    : NAT_ERROR_TYPE_UNREACHABLE;

	if (is_error(complaint))
		return icmp->blocked || !icmp->errors || !(icmp->error_types & 1U << type);
	return reach_rules(nat)->tracking != NAT_TRACKING_NONE &&
	       reach_rules(nat)->rst == NAT_RST_DROP;
}

/* Take the rows of @inside to @to off @table, as far as @scope tells remotes apart; were there any? */
static bool drop_rows(struct reach_table *table, struct spot inside, enum nat_scope scope,
		      struct spot to)
{
	size_t len = table->len;

	table->len = 0;
	for (size_t i = 0; i < len; i++) {
		const struct reach_row *row = &table->rows[i];

		if (!reach_same(row->inside, inside) || !reach_within(scope, row->remote, to))
			table->rows[table->len++] = *row;
	}
	return table->len < len;
}

/* Without the state of @inside's connection to @to: a mapping, with the permission that it was, or
 * of who gives none that permission alone. */
static void forget(struct reach *reach, struct reach_nat *nat, struct spot inside, struct spot to,
		   enum complaint complaint)
{
	bool maps = nat_kind_gives_ports(nat->model->kind);
	bool whole = is_error(complaint);
	enum nat_scope scope = maps || whole ? reach_rules(nat)->mapping : NAT_APD;

	/* After a RST the connection to the rendezvous stands, and keeps the mapping that it shares; an
	 * error ends what it is about, whoever has a part in it. */
	if (nat->model->kind == NAT_KIND_ROUTER ||
	    (!whole && reach_within(scope, reach->rendezvous, to)) ||
	    (maps && !drop_rows(&nat->mappings, inside, scope, to)))
		return;
	if (drop_rows(&nat->sent, inside, scope, to) || maps)
		reach->forgot = nat;
}

/* As @nat's outside shows @inside to @to. */
static struct spot outside_of(const struct reach_nat *nat, struct spot inside, struct spot to)
{
	for (size_t i = 0; i < nat->mappings.len; i++) {
		const struct reach_row *row = &nat->mappings.rows[i];

		if (reach_same(row->inside, inside) &&
		    reach_within(reach_rules(nat)->mapping, row->remote, to))
			return row->outside;
	}
	return inside;
}

/* From the outermost of the sender's NATs inward, as far as it gets. */
static void come_back(struct reach *reach, const struct reach_flight *flight, struct spot to,
		      enum complaint complaint)
{
	const struct reach_peer *sender = &reach->peers[flight->from];
	struct spot inside[REACH_NATS] = { sender->host };

	for (size_t i = 0; i + 1 < sender->own_len; i++)
		inside[i + 1] = outside_of(&reach->nats[sender->own[i]], inside[i], to);
	for (size_t i = sender->own_len; i-- > 0;) {
		struct reach_nat *nat = &reach->nats[sender->own[i]];

		if (stops(nat, complaint))
			return;
		if (ends(nat, complaint))
			forget(reach, nat, inside[i], to, complaint);
	}
}

void reach_refuse(struct reach *reach, const struct reach_flight *flight, struct spot to)
{
	enum complaint complaint = refusal(&reach->peers[flight->from].fate);

	if (complaint != COMPLAINT_NONE)
		come_back(reach, flight, to, complaint);
}

void reach_open(struct reach *reach, enum party from, struct spot to, bool low_ttl)
{
	struct reach_flight flight = { .from = from, .src = reach->peers[from].host, .dst = to };
	enum complaint complaint;

	if (low_ttl ? !reach_leave(reach, &flight) : !reach_send(reach, from, to, &flight))
		return;
	complaint = low_ttl ? end_at_border(reach, &flight) : arrive(reach, &flight);
	if (complaint != COMPLAINT_NONE)
		come_back(reach, &flight, to, complaint);
}
