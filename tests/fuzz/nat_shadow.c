/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat_shadow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nat-models/nat64_address.h"

enum { MAPPINGS = 512, TALKS = 24 };

/* A TCP connection of a mapping's; 0 is the inside, 1 the outside. */
struct talk {
	struct endpoint remote;
	bool syn[2], fin[2], reset;
	bool answered_before; /* … the one that was in its place */
	uint64_t end;
};

struct shade {
	struct mapping_view is; /* as it was first seen */
	uint64_t created, end;
	bool two_way; /* something has come against the direction that opened it */
	bool is_new; /* since this packet */
	bool unused; /* … which has not been counted: to make it is no use of it */
	bool vague; /* an error has moved its end, beside what its connections say */
	bool unsure; /* it was used, or not, and nothing has told which */
	struct talk talks[TALKS];
	int talks_len;
};

static struct {
	const struct nat_model *model;
	struct nat_transport icmp;
	struct shade all[MAPPINGS];
	/* What it is if the packet, which went no further, has used it nevertheless. */
	struct shade otherwise[MAPPINGS];
	bool doubtful[MAPPINGS];
	size_t len;
	char fault[320];
	bool full; /* more than there is room for: nothing is known any more */
} shadow;

/* A packet as the mappings see it. */
struct use {
	uint8_t protocol;
	bool inbound;
	uint8_t flags; /* TCP's */
	struct endpoint remote;
	uint64_t now;
};

void nat_shadow_begin(const struct nat_model *model)
{
	shadow.model = model;
	shadow.icmp = (struct nat_transport){ .refresh = NAT_REFRESH_BOTH,
					      .timeout_ns = model->icmp.timeout_ns };
	shadow.len = 0;
	shadow.full = false;
}

static const struct nat_transport *rules_of(uint8_t protocol)
{
	if (protocol == IP_PROTO_UDP)
		return &shadow.model->udp;
	return protocol == IP_PROTO_TCP ? &shadow.model->tcp : &shadow.icmp;
}

static bool is_followed(uint8_t protocol)
{
	return protocol == IP_PROTO_TCP && shadow.model->tcp.tracking != NAT_TRACKING_NONE;
}

static bool refreshes(const struct nat_transport *t, bool inbound)
{
	switch (t->refresh) {
	case NAT_REFRESH_BOTH:
		return true;
	case NAT_REFRESH_INBOUND:
		return inbound;
	case NAT_REFRESH_OUTBOUND:
		return !inbound;
	default:
		return false;
	}
}

/* Datagrams, pings, and TCP that nobody follows: `timeout`, and `timeout_two_way` once it has gone both
 * ways for `two_way_after`. */
static void use_idly(struct shade *s, const struct use *use)
{
	const struct nat_transport *t = rules_of(use->protocol);
	bool answers = use->inbound != s->is.from_outside;
	uint64_t span = t->timeout_ns;

	if (s->unused) {
		s->unused = false;
		return;
	}
	/* With nothing to wait for the answer itself counts; else what comes after it. */
	if (t->timeout_two_way_ns &&
	    (t->two_way_after_ns ? s->two_way && use->now - s->created > t->two_way_after_ns
				 : s->two_way || answers))
		span = t->timeout_two_way_ns;
	if (refreshes(t, use->inbound))
		s->end = use->now + span;
	s->two_way = s->two_way || answers;
}

static bool is_over(const struct talk *talk)
{
	return talk->reset || (talk->fin[0] && talk->fin[1]);
}

/* Where connections are followed and ports chosen as Linux does both. */
static bool is_as_linux(void)
{
	const struct nat_transport *t = &shadow.model->tcp;

	return shadow.model->kind == NAT_KIND_NAPT && t->rst == NAT_RST_END_UNANSWERED &&
	       t->mapping == NAT_APD && t->ports == NAT_PORTS_PRESERVE &&
	       t->collision == NAT_COLLISION_OVERLOAD;
}

static bool was_answered(const struct talk *talk)
{
	return talk->answered_before || (talk->syn[0] && talk->syn[1]);
}

/* The connection with that remote end, which a SYN begins anew once it is over; NULL where there is
 * no room to keep it.  To Linux such a SYN from inside is a stray first: the time runs on. */
static struct talk *talk_with(struct shade *s, const struct use *use, bool *ret_begins,
			      bool *ret_stray)
{
	bool syn = (use->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	struct talk *talk = NULL;

	for (int i = 0; i < s->talks_len && !talk; i++)
		if (endpoint_equal(s->talks[i].remote, use->remote))
			talk = &s->talks[i];
	*ret_begins = !talk || talk->end <= use->now || (is_over(talk) && syn);
	*ret_stray = *ret_begins && talk && talk->end > use->now && !use->inbound && is_as_linux();
	if (!talk && s->talks_len < TALKS)
		talk = &s->talks[s->talks_len++];
	if (*ret_stray)
		*talk = (struct talk){ .remote = use->remote,
				       .answered_before = was_answered(talk),
				       .end = talk->end };
	else if (talk && *ret_begins)
		*talk = (struct talk){ .remote = use->remote };
	*ret_begins = *ret_begins && !*ret_stray;
	return talk;
}

/* RFC 5382, REQ-5; RFC 7857, 2.1 and 2.2: a time for each state. */
static uint64_t idle_life(const struct nat_transport *t, const struct talk *talk)
{
	if (talk->reset)
		return t->reset_ns ? t->reset_ns : t->timeout_ns;
	if (talk->fin[0] && talk->fin[1])
		return t->closing_ns ? t->closing_ns : t->timeout_ns;
	if (talk->syn[0] && talk->syn[1] && t->timeout_two_way_ns)
		return t->timeout_two_way_ns;
	return t->timeout_ns;
}

static bool ends_with_reset(const struct nat_transport *t, const struct talk *talk)
{
	return t->rst == NAT_RST_END || (t->rst == NAT_RST_END_UNANSWERED && !was_answered(talk));
}

static uint64_t last_end(const struct shade *s)
{
	uint64_t last = 0;

	for (int i = 0; i < s->talks_len; i++)
		if (s->talks[i].end > last)
			last = s->talks[i].end;
	return last;
}

static void advance(struct talk *talk, const struct use *use, bool resets)
{
	if (use->flags & TCP_RST) {
		talk->reset = talk->reset || resets;
		return;
	}
	talk->reset = false; /* who goes on did not believe it */
	talk->syn[use->inbound] = true;
	talk->fin[use->inbound] = talk->fin[use->inbound] || use->flags & TCP_FIN;
}

/* A segment: its connection's state says how long that may idle; the mapping lasts as long as its last
 * connection. */
static void use_by_state(struct shade *s, const struct use *use)
{
	const struct nat_transport *t = rules_of(use->protocol);
	bool resets = use->flags & TCP_RST && t->rst != NAT_RST_IGNORE, begins, stray;
	struct talk *talk = talk_with(s, use, &begins, &stray);
	bool again = false;
	uint64_t end;

	if (!talk) {
		shadow.full = true;
		return;
	}
	if (!begins && !t->syn_refreshes && !is_over(talk) && !talk->syn[!use->inbound] &&
	    !talk->fin[use->inbound])
		again = (use->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	advance(talk, use, resets);
	end = use->now + idle_life(t, talk);
	if (resets && ends_with_reset(t, talk))
		end = use->now + 1;
	if (resets && begins && end > s->end) /* a RST prolongs nothing */
		end = s->end;
	if (resets && t->rst != NAT_RST_END_UNANSWERED)
		again = true; /* to the timer, it is nothing new */
	if (begins || end < talk->end || (!stray && !again && refreshes(t, use->inbound)))
		talk->end = end;
	s->end = last_end(s);
}

static void use_mapping(struct shade *s, const struct use *use)
{
	if (is_followed(use->protocol))
		use_by_state(s, use);
	else
		use_idly(s, use);
}

static struct shade *by_number(uint32_t number)
{
	for (size_t i = 0; i < shadow.len; i++)
		if (shadow.all[i].is.number == number)
			return &shadow.all[i];
	return NULL;
}

static void remove_at(size_t i)
{
	shadow.all[i] = shadow.all[--shadow.len];
}

static void drop_ended(uint64_t now)
{
	for (size_t i = 0; i < shadow.len;)
		if (shadow.all[i].end <= now)
			remove_at(i);
		else
			i++;
}

/* One that has not been there before is this packet's, or an application-level gateway's. */
static const char *adopt(const struct mapping_view *view, const struct packet_info *before,
			 const struct packet_info *after, uint64_t now)
{
	bool sender = endpoint_equal(view->inside, before->src);
	bool receiver = endpoint_equal(view->inside, after->dst);

	if (!shadow.model->algs &&
	    (view->protocol != before->protocol || before->is_error || !(sender || receiver)) &&
	    !(before->version != after->version && receiver))
		return "a mapping that no packet made";
	if (shadow.len == MAPPINGS) {
		shadow.full = true;
		return NULL;
	}
	shadow.all[shadow.len++] = (struct shade){
		.is = *view,
		.created = now,
		.end = now + rules_of(view->protocol)->timeout_ns,
		.is_new = true,
		.unused = true,
	};
	return NULL;
}

static const char *adopt_all(const struct mapping_view *views, size_t len,
			     const struct packet_info *before, const struct packet_info *after,
			     uint64_t now)
{
	const char *fault = NULL;

	for (size_t i = 0; i < shadow.len; i++)
		shadow.all[i].is_new = false;
	for (size_t i = 0; i < len && !fault; i++)
		if (views[i].number && !by_number(views[i].number))
			fault = adopt(&views[i], before, after, now);
	return fault;
}

/* RFC 5508, REQ-6, and who does otherwise. */
static void use_by_error(struct shade *s, uint64_t now)
{
	uint64_t end = now + rules_of(s->is.protocol)->timeout_ns;

	if (shadow.model->icmp.on_error == NAT_ERROR_END)
		s->end = now + 1;
	else if (shadow.model->icmp.on_error == NAT_ERROR_REFRESH && end > s->end)
		s->end = end;
	else
		return;
	s->vague = is_followed(s->is.protocol);
}

/* Whom the sender meant, as an IPv4 NAT sees it. */
static struct endpoint target_of(const struct packet_info *before)
{
	struct endpoint target = before->dst;

	if (shadow.model->kind == NAT_KIND_NAT64)
		nat64_extract(nat64_well_known(), before->dst.addr, &target.addr);
	return target;
}

/* The mapping of @before's sender at outside endpoint @at, unless that is NULL; the one that was made for
 * this very packet, or NULL where there is not just one. */
static struct shade *of_sender(const struct packet_info *before, const struct endpoint *at)
{
	struct shade *found = NULL;
	int fitting = 0;

	for (size_t i = 0; i < shadow.len; i++) {
		struct shade *s = &shadow.all[i];

		if (s->is.protocol != before->protocol ||
		    !endpoint_equal(s->is.inside, before->src) ||
		    (at && !endpoint_equal(s->is.outside, *at)))
			continue;
		if (s->is_new)
			return s;
		fitting++;
		found = s;
	}
	return fitting == 1 && at ? found : NULL;
}

/* A packet that went no further may have been out, by a mapping of its sender's, before it was refused
 * on its way back in. */
static void doubt_sender(const struct packet_info *before, const struct use *use)
{
	struct shade *made = of_sender(before, NULL);

	if (made && made->is_new) {
		use_mapping(made, use);
		return;
	}
	for (size_t i = 0; i < shadow.len; i++) {
		const struct shade *s = &shadow.all[i];

		if (s->is.protocol != before->protocol ||
		    !endpoint_equal(s->is.inside, before->src))
			continue;
		shadow.otherwise[i] = *s;
		use_mapping(&shadow.otherwise[i], use);
		shadow.doubtful[i] = true;
	}
}

/* The sender's half of a hairpin: it left by its mapping at that outside endpoint. */
static void use_sender(const struct packet_info *before, const struct use *use,
		       struct endpoint left_from)
{
	struct shade *s = of_sender(before, &left_from);

	if (s)
		use_mapping(s, use);
	else
		doubt_sender(before, use);
}

static bool was_refused_inside(const struct nat *nat, const struct packet_info *before,
			       const struct nat_decision *d, enum nat_side side)
{
	bool hairpin = side == NAT_INSIDE && nat_owns_outside(nat, target_of(before).addr);

	return d->outcome != NAT_FORWARD && before->has_ports && !before->is_error &&
	       (hairpin || d->reason == NAT_REASON_GATEWAY ||
		d->reason == NAT_REASON_NO_COUNTERPART || d->reason == NAT_REASON_NO_SPACE);
}

static const char *apply(const struct nat *nat, enum nat_side side,
			 const struct packet_info *before, const struct nat_decision *d,
			 uint64_t now)
{
	struct use use = { before->protocol, side == NAT_OUTSIDE, before->tcp_flags, before->src,
			   now };
	struct mapping_view used;
	struct shade *s;

	if (before->fragment_offset)
		return NULL;
	if (!use.inbound)
		use.remote = target_of(before);
	if (was_refused_inside(nat, before, d, side)) {
		doubt_sender(before, &use);
		return NULL;
	}
	if (d->outcome != NAT_FORWARD)
		return NULL;
	if (d->reason == NAT_REASON_HAIRPIN) {
		use_sender(before, &use, d->remote);
		use.inbound = true;
		use.remote = d->remote;
	}
	if (!nat_decided_mapping(nat, d, &used))
		return NULL;
	s = by_number(used.number);
	if (!s)
		return "a packet passed by a mapping that has ended";
	use.protocol = used.protocol;
	if (before->is_error)
		use_by_error(s, now);
	else
		use_mapping(s, &use);
	return NULL;
}

static bool is_listed(const struct shade *s, const struct mapping_view *views, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (views[i].number == s->is.number)
			return true;
	return false;
}

static bool steals(uint8_t protocol)
{
	const struct nat_model *m = shadow.model;

	/* ICMP does what UDP does. */
	return (protocol == IP_PROTO_TCP ? m->tcp.collision : m->udp.collision) ==
	       NAT_COLLISION_STEAL;
}

/* Has a newcomer its port? */
static bool was_robbed(const struct shade *s)
{
	for (size_t i = 0; i < shadow.len && steals(s->is.protocol); i++)
		if (shadow.all[i].is_new && shadow.all[i].is.protocol == s->is.protocol &&
		    endpoint_equal(shadow.all[i].is.outside, s->is.outside))
			return true;
	return false;
}

/* Was there so little room for this packet's sender, or whom it was for, that another had to go?  What
 * it made may have gone again, and a careless router's entries are not shown. */
static bool was_full(const struct mapping_view *views, size_t len, const struct packet_info *was,
		     const struct packet_info *is)
{
	const struct nat_model *m = shadow.model;
	size_t all = 1, sender = 1, receiver = 1;

	if (m->eviction == NAT_EVICT_NONE)
		return false;
	for (size_t i = 0; i < len; i++) {
		all += views[i].number != 0;
		sender += ip_addr_equal(views[i].inside.addr, was->src.addr);
		receiver += ip_addr_equal(views[i].inside.addr, is->dst.addr);
	}
	if (m->max_mappings && (m->udp.unsolicited == NAT_UNSOLICITED_POISON ||
				m->tcp.unsolicited == NAT_UNSOLICITED_POISON))
		return true;
	return (m->max_mappings && all >= m->max_mappings) ||
	       (m->max_mappings_host &&
		(sender >= m->max_mappings_host || receiver >= m->max_mappings_host));
}

/* Gone before its time: is there a reason? */
static const char *check_gone(const struct mapping_view *views, size_t len,
			      const struct packet_info *was, const struct packet_info *is)
{
	int gone = 0;

	for (size_t i = 0; i < shadow.len;) {
		if (is_listed(&shadow.all[i], views, len)) {
			i++;
			continue;
		}
		gone += !was_robbed(&shadow.all[i]);
		shadow.doubtful[i] = shadow.doubtful[shadow.len - 1];
		shadow.otherwise[i] = shadow.otherwise[shadow.len - 1];
		remove_at(i);
	}
	/* A hairpin may need room for two, in the table and in a host's share of it.  A gateway for FTP
	 * puts one in the place of another. */
	if (gone > (was_full(views, len, was, is) ? 4 : 0) + (shadow.model->algs != 0))
		return "a mapping has ended before its time";
	return NULL;
}

static const char *check_end(struct shade *s, size_t i, uint64_t shown)
{
	char inside[ENDPOINT_TEXT], outside[ENDPOINT_TEXT];

	if (shadow.doubtful[i] && shown == shadow.otherwise[i].end) {
		bool either = shown == s->end && is_followed(s->is.protocol);

		*s = shadow.otherwise[i];
		s->unsure = s->unsure || either;
		return NULL;
	}
	if (s->unsure || (s->vague && (shown == last_end(s) || shown >= s->end))) {
		s->end = shown;
		return NULL;
	}
	if (shown == s->end)
		return NULL;
	snprintf(shadow.fault, sizeof(shadow.fault),
		 "a mapping of protocol %u, %s -> %s, made at %" PRIu64 ", is to %s: at %" PRIu64
		 " instead of %" PRIu64,
		 s->is.protocol, endpoint_format(s->is.inside, inside),
		 endpoint_format(s->is.outside, outside), s->created,
		 shown > s->end ? "outlive its timer" : "end before its timer", shown, s->end);
	return shadow.fault;
}

static const char *check_ends(const struct mapping_view *views, size_t len)
{
	const char *fault = NULL;

	for (size_t i = 0; i < shadow.len && !fault; i++)
		for (size_t j = 0; j < len && !fault; j++)
			if (views[j].number == shadow.all[i].is.number)
				fault = check_end(&shadow.all[i], i, views[j].expires);
	return fault;
}

const char *nat_shadow_step(const struct nat *nat, enum nat_side side, const struct packet *before,
			    const struct packet *after, const struct nat_decision *decision,
			    uint64_t now, const struct mapping_view *views, size_t len)
{
	struct packet_info was, is;
	const char *fault;

	memset(&was, 0, sizeof(was));
	memset(&is, 0, sizeof(is));
	packet_parse(before, &was);
	packet_parse(after, &is);
	drop_ended(now);
	fault = adopt_all(views, len, &was, &is, now);
	memset(shadow.doubtful, 0, sizeof(shadow.doubtful));
	if (!fault)
		fault = apply(nat, side, &was, decision, now);
	if (!fault)
		fault = check_gone(views, len, &was, &is);
	if (!fault)
		fault = check_ends(views, len);
	return shadow.full ? NULL : fault;
}
