/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_track.h"

#include "header_fields.h"
#include "nat_state.h"

enum { CONNECTIONS_MAX = 1 << 22 };

/* What a side has sent, in struct tcp_half. */
enum tcp_seen {
	SEEN_SYN = 1,
	SEEN_FIN = 2,
	SEEN_RST = 4, /* … last, of both */
	SEEN_LAST_ACK = 8, /* an ACK when both had sent a FIN */
	/* Of the connection that was here before, where this one is in doubt (reopen()). */
	BEFORE_ANSWERED = 16,
	BEFORE_FIN = 32,
};

/* A window that nobody has announced yet is taken for this: the largest without scaling. */
enum { WINDOW_UNSCALED = 65535, SCALE_MAX = 14, OPTION_SCALE = 3 };
#define SCALE_MASK 15U

/* One segment on its way. */
struct segment {
	int from; /* 0 = inside, 1 = outside */
	uint8_t flags;
	uint32_t seq, end, ack;
	uint16_t window; /* as it is written */
	int scale; /* that a SYN announces, or -1 */
};

/* A connection as it is before and after a segment: where it is kept (0 = nowhere yet), and when it ends
 * (not after now: it is new). */
struct followed {
	uint32_t at; /* as in a mapping's `connections` */
	uint64_t expires;
	struct tcp_connection is;
	bool doubted; /* its SYN is taken for a stray until somebody answers */
};

void tcp_table_init(struct tcp_table *table, const struct nat_memory *memory)
{
	rows_init(&table->alone, sizeof(struct tcp_connection), memory);
	rows_init(&table->nodes, sizeof(struct tcp_node), memory);
	buckets_none(&table->buckets);
	table->alone_free = table->nodes_free = table->count = 0;
}

void tcp_table_clear(struct tcp_table *table)
{
	rows_clear(&table->alone);
	buckets_clear(&table->buckets, table->nodes.memory);
	rows_clear(&table->nodes);
}

static struct tcp_node *node_at(const struct nat *nat, uint32_t node)
{
	return rows_at(&nat->tcp.nodes, node);
}

static struct tcp_connection *alone_at(const struct nat *nat, uint32_t at)
{
	return rows_at(&nat->tcp.alone, at & ~TCP_ALONE);
}

static struct tcp_connection *connection_at(const struct nat *nat, uint32_t at)
{
	return at & TCP_ALONE ? alone_at(nat, at) : &node_at(nat, at)->connection;
}

static uint32_t *bucket_of(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	uint64_t hash = hash_mix(nat->hash_seed, (uint64_t)mapping << 16 | remote.port);

	hash = hash_mix(hash_mix(hash, remote.addr.lo), remote.addr.hi);
	return buckets_of(&nat->tcp.buckets, (uint32_t)(hash >> 16));
}

static struct endpoint remote_of(const struct nat *nat, uint32_t node)
{
	return address_book_read(&nat->addresses, node_at(nat, node)->remote);
}

static uint32_t *bucket_of_node(const struct nat *nat, uint32_t node)
{
	return bucket_of(nat, node_at(nat, node)->mapping, remote_of(nat, node));
}

static uint32_t *next_of(const struct nat *nat, uint32_t node)
{
	return &node_at(nat, node)->hash_next;
}

static uint32_t find_node(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	uint32_t node = nat->tcp.count ? *bucket_of(nat, mapping, remote) : 0;

	while (node && (node_at(nat, node)->mapping != mapping ||
			!endpoint_equal(remote_of(nat, node), remote)))
		node = *next_of(nat, node);
	return node;
}

/* A mapping's connection with @remote; all zero where there is none. */
static struct followed find(const struct nat *nat, uint32_t ref, struct endpoint remote)
{
	const struct mapping *m = nat_mapping(nat, ref);
	uint32_t node;

	if (m->connections & TCP_ALONE && endpoint_equal(mapping_remote(nat, m), remote))
		return (struct followed){ .at = m->connections,
					  .expires = m->expires,
					  .is = *alone_at(nat, m->connections) };
	node = m->connections & TCP_ALONE ? 0 : find_node(nat, ref, remote);
	if (!node)
		return (struct followed){ .at = 0 };
	return (struct followed){ .at = node,
				  .expires = node_at(nat, node)->expires,
				  .is = node_at(nat, node)->connection };
}

/* A place in `alone` that nobody has; 0 without memory. */
static uint32_t alone_take(struct tcp_table *table)
{
	uint32_t at = table->alone_free;

	if (!at)
		return rows_take(&table->alone, MAPPINGS_MAX);
	table->alone_free = ((struct tcp_connection *)rows_at(&table->alone, at))->half[0].end;
	return at;
}

static void alone_give_back(struct nat *nat, uint32_t at)
{
	alone_at(nat, at)->half[0].end = nat->tcp.alone_free;
	nat->tcp.alone_free = at & ~TCP_ALONE;
}

/* A node that nobody has; 0 without memory. */
static uint32_t node_take(struct nat *nat)
{
	uint32_t node = nat->tcp.nodes_free;

	if (!node)
		return rows_take(&nat->tcp.nodes, CONNECTIONS_MAX);
	nat->tcp.nodes_free = *next_of(nat, node);
	return node;
}

static void node_to_free(struct nat *nat, uint32_t node)
{
	node_at(nat, node)->mapping = 0;
	*next_of(nat, node) = nat->tcp.nodes_free;
	nat->tcp.nodes_free = node;
}

static void node_end(struct nat *nat, uint32_t node)
{
	uint32_t *link = bucket_of_node(nat, node);

	while (*link != node)
		link = next_of(nat, *link);
	*link = *next_of(nat, node);
	address_book_drop(nat, node_at(nat, node)->remote);
	node_to_free(nat, node);
	nat->tcp.count--;
}

/* A node of mapping @ref's, first in its list; 0 without memory. */
static uint32_t node_new(struct nat *nat, uint32_t ref, struct endpoint remote)
{
	static const struct bucket_chains chains = { next_of, bucket_of_node };
	struct tcp_table *table = &nat->tcp;
	struct kept_endpoint kept;
	uint32_t *bucket, node;

	if (table->count >= table->buckets.len)
		buckets_grow(&table->buckets, &nat->memory, &chains, nat);
	node = node_take(nat);
	if (!node)
		return 0;
	if (!address_book_keep(nat, remote, &kept)) {
		node_to_free(nat, node);
		return 0;
	}
	bucket = bucket_of(nat, ref, remote);
	*node_at(nat, node) = (struct tcp_node){
		.mapping = ref,
		.hash_next = *bucket,
		.next = nat_mapping(nat, ref)->connections,
		.remote = kept,
	};
	*bucket = nat_mapping(nat, ref)->connections = node;
	table->count++;
	return node;
}

void tcp_track_end_all(struct nat *nat, uint32_t ref)
{
	struct mapping *m = nat_mapping(nat, ref);
	uint32_t next, node = m->connections;

	m->connections = 0;
	if (node & TCP_ALONE) {
		alone_give_back(nat, node);
		return;
	}
	for (; node; node = next) {
		next = node_at(nat, node)->next;
		node_end(nat, node);
	}
}

/* Those of the mapping whose time is over make room. */
static void sweep(struct nat *nat, uint32_t ref, uint64_t now)
{
	uint32_t *link = &nat_mapping(nat, ref)->connections;

	while (*link) {
		uint32_t node = *link;

		if (node_at(nat, node)->expires > now) {
			link = &node_at(nat, node)->next;
			continue;
		}
		*link = node_at(nat, node)->next;
		node_end(nat, node);
	}
}

/* The connection that was alone gets a node: another comes.  False without memory. */
static bool join(struct nat *nat, uint32_t ref)
{
	struct mapping *m = nat_mapping(nat, ref);
	uint32_t alone = m->connections, node;

	m->connections = 0;
	node = node_new(nat, ref, mapping_remote(nat, m));
	if (!node) {
		m->connections = alone;
		return false;
	}
	node_at(nat, node)->expires = m->expires;
	node_at(nat, node)->connection = *alone_at(nat, alone);
	alone_give_back(nat, alone);
	return true;
}

/* Where a mapping's new connection with @remote is to be kept; 0 without memory. */
static uint32_t make(struct nat *nat, uint32_t ref, struct endpoint remote, uint64_t now)
{
	struct mapping *m = nat_mapping(nat, ref);
	uint32_t at;

	if (m->connections & TCP_ALONE && !join(nat, ref))
		return 0;
	sweep(nat, ref, now);
	if (m->connections || !endpoint_equal(mapping_remote(nat, m), remote))
		return node_new(nat, ref, remote);
	at = alone_take(&nat->tcp);
	if (at)
		m->connections = at | TCP_ALONE;
	return m->connections;
}

/* The window scale that a SYN's options announce (RFC 7323, 2.2), or -1. */
static int read_scale(const uint8_t *option, const uint8_t *end)
{
	while (option < end && *option != 0) {
		if (*option == 1) { /* no operation: a byte alone */
			option++;
			continue;
		}
		if (end - option < 2 || option[1] < 2 || option[1] > end - option)
			return -1;
		if (*option == OPTION_SCALE && option[1] == 3)
			return option[2] > SCALE_MAX ? SCALE_MAX : option[2];
		option += option[1];
	}
	return -1;
}

static struct segment read_segment(const struct packet *pkt, const struct packet_info *info,
				   bool inbound)
{
	const uint8_t *tcp = pkt->data + info->transport_offset;
	const uint8_t *end = pkt->data + info->payload_offset;
	bool syn = info->tcp_flags & TCP_SYN;

	return (struct segment){
		.from = inbound,
		.flags = info->tcp_flags,
		.seq = info->tcp_seq,
		.end = info->tcp_seq + info->payload_len + syn + !!(info->tcp_flags & TCP_FIN),
		.ack = info->tcp_ack,
		.window = get_be16(tcp + TCP_WINDOW),
		.scale = syn ? read_scale(tcp + TCP_HEADER, end) : -1,
	};
}

/* Have both sides sent such a segment? */
static bool both(const struct tcp_connection *c, enum tcp_seen seen)
{
	return c->half[0].seen & c->half[1].seen & seen;
}

static bool either(const struct tcp_connection *c, unsigned int seen)
{
	return (c->half[0].seen | c->half[1].seen) & seen;
}

static bool has_reset(const struct tcp_connection *c)
{
	return either(c, SEEN_RST);
}

/* The largest window that a side has announced. */
static uint32_t window_of(const struct tcp_half *half)
{
	uint32_t window = (uint32_t)half->window << half->window_scale;

	return window < WINDOW_UNSCALED ? WINDOW_UNSCALED : window;
}

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/*
 * Does a segment fit the windows of both sides (RFC 9293, 3.4)?  It must not go beyond what the
 * receiver allows, nor lie more than a window behind what was sent already; and it must not
 * acknowledge what was never sent.
 */
static bool in_window(const struct tcp_connection *c, const struct segment *s)
{
	const struct tcp_half *own = &c->half[s->from], *other = &c->half[!s->from];

	if (!both(c, SEEN_SYN))
		return true;
	/* What came out of turn may have said nothing of what it allows. */
	if (other->limit && after(s->end, other->limit))
		return false;
	if (after(own->end - window_of(other), s->end))
		return false;
	return !(s->flags & TCP_ACK) || !after(s->ack, other->end);
}

/* Note what the segment says about its side. */
static void take_note(struct tcp_connection *c, const struct segment *s)
{
	struct tcp_half *own = &c->half[s->from], *other = &c->half[!s->from];
	uint8_t scale = s->flags & TCP_SYN ? 0 : own->scale;
	uint32_t window = (uint32_t)s->window << scale;

	if (s->flags & TCP_SYN) {
		own->end = s->end;
		/* Scaling counts only where both have spoken of it. */
		own->scale = (unsigned int)(s->scale < 0 ? 0 : s->scale) & SCALE_MASK;
		if (s->flags & TCP_ACK && s->scale < 0)
			other->scale = 0;
	}
	if (!(own->seen & SEEN_SYN) || after(s->end, own->end))
		own->end = s->end;
	if (window > window_of(own)) {
		own->window = s->window;
		own->window_scale = scale & SCALE_MASK;
	}
	if (window < WINDOW_UNSCALED)
		window = WINDOW_UNSCALED;
	if (s->flags & TCP_ACK && (own->limit == 0 || after(s->ack + window, own->limit)))
		own->limit = s->ack + window;
	/* A SYN that crosses one says how much may come, and by that from where (so does Linux); and from
	 * where what the other one has said counts. */
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && other->seen & SEEN_SYN) {
		own->limit = other->end + window;
		if (!other->limit)
			other->limit = own->end + window_of(other);
	}
}

static bool is_over(const struct tcp_connection *c)
{
	return has_reset(c) || both(c, SEEN_FIN);
}

static bool is_pure_syn(uint8_t flags)
{
	return (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static bool is_in_turn(const struct nat_transport *is, const struct tcp_connection *c,
		       const struct segment *s)
{
	bool own_syn = c->half[s->from].seen & SEEN_SYN,
	     other_syn = c->half[!s->from].seen & SEEN_SYN;

	if (s->flags & TCP_RST && is->rst == NAT_RST_DROP)
		return false;
	/* RFC 5382, REQ-2: two SYNs that cross make one connection (RFC 9293, 3.5). */
	if (!is->simultaneous_open && is_pure_syn(s->flags) && other_syn && !own_syn)
		return false;
	if (!is->out_of_window && !in_window(c, s))
		return false;
	if (is->tracking != NAT_TRACKING_STRICT || s->flags & TCP_RST)
		return is->tracking != NAT_TRACKING_STRICT || own_syn || other_syn;
	if (s->flags & TCP_SYN)
		return !(s->flags & TCP_ACK) || other_syn;
	return own_syn;
}

static uint64_t idle_ns(const struct nat_transport *is, const struct tcp_connection *c)
{
	if (has_reset(c))
		return is->reset_ns ? is->reset_ns : is->timeout_ns;
	if (both(c, SEEN_FIN))
		return is->closing_ns ? is->closing_ns : is->timeout_ns;
	if (both(c, SEEN_SYN) && is->timeout_two_way_ns)
		return is->timeout_two_way_ns;
	return is->timeout_ns;
}

/* The next state.  In a lenient NAT the first segment of a side stands for its SYN, which went by
 * unseen; a segment after a RST shows that the RST was not believed (RFC 6146, 3.5.2.2). */
static void advance(struct tcp_connection *c, const struct segment *s, enum nat_rst rst)
{
	struct tcp_half *own = &c->half[s->from], *other = &c->half[!s->from];

	if (s->flags & TCP_RST && rst == NAT_RST_IGNORE)
		return;
	other->seen &= (uint8_t)~SEEN_RST;
	own->seen &= (uint8_t)~SEEN_RST;
	if (s->flags & TCP_RST) {
		own->seen |= SEEN_RST;
		return;
	}
	if ((s->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
		other->seen &= (uint8_t)~BEFORE_FIN;
		own->seen &= (uint8_t)~BEFORE_FIN;
	}
	if (both(c, SEEN_FIN) && s->flags & TCP_ACK && !(s->flags & TCP_FIN))
		own->seen |= SEEN_LAST_ACK;
	own->seen |= s->flags & TCP_FIN ? SEEN_SYN | SEEN_FIN : SEEN_SYN;
}

/* The end of a mapping of nodes is that of the longest connection. */
static uint64_t latest_end(const struct nat *nat, uint32_t ref)
{
	uint64_t latest = 0;

	for (uint32_t node = nat_mapping(nat, ref)->connections; node;
	     node = node_at(nat, node)->next)
		if (node_at(nat, node)->expires > latest)
			latest = node_at(nat, node)->expires;
	return latest;
}

static bool was_answered(const struct tcp_connection *c)
{
	return both(c, SEEN_SYN) || either(c, BEFORE_ANSWERED);
}

static bool ends_at_once(const struct nat_transport *is, const struct tcp_connection *c)
{
	return is->rst == NAT_RST_END || (is->rst == NAT_RST_END_UNANSWERED && !was_answered(c));
}

/* Is it the SYN that began the connection, sent again, and does the model take that for nothing new? */
static bool is_vain_syn(const struct nat_transport *is, const struct tcp_connection *c,
			const struct segment *s)
{
	const unsigned int before = BEFORE_ANSWERED | BEFORE_FIN;

	return !is->syn_refreshes && is_pure_syn(s->flags) &&
	       (c->half[s->from].seen & ~before) == SEEN_SYN && !(c->half[!s->from].seen & ~before);
}

/* Are connections followed, and ports chosen, as Linux does both? */
static bool is_as_linux(const struct rules *rules)
{
	return source_chain_is_kept(rules) && rules->scope == NAT_APD &&
	       rules->is.rst == NAT_RST_END_UNANSWERED;
}

/*
 * What a SYN makes of the connection @c, which is over: a new one (RFC 9293, 3.6.1).  Linux believes in that
 * at once only where it makes a new entry (tcp_begins_anew()).  Else the SYN passes as a stray: the old
 * entry's timer runs on, and what there was before is remembered, until the other side answers.
 */
static struct followed reopen(const struct rules *rules, const struct followed *c, bool inbound,
			      uint64_t now)
{
	struct followed fresh = { .at = c->at, .expires = now };

	if (inbound || !is_as_linux(rules))
		return fresh;
	fresh.expires = c->expires;
	fresh.doubted = true;
	if (was_answered(&c->is))
		fresh.is.half[0].seen |= BEFORE_ANSWERED;
	if (either(&c->is, SEEN_FIN | BEFORE_FIN))
		fresh.is.half[0].seen |= BEFORE_FIN;
	return fresh;
}

/* When a connection ends now that a segment has passed, which may have restarted its timer. */
static uint64_t next_end(const struct nat *nat, uint32_t ref, const struct followed *c, bool resets,
			 bool refreshes, uint64_t now)
{
	const struct nat_transport *is = &nat->rules[NAT_TCP].is;
	uint64_t span = idle_ns(is, &c->is);
	uint64_t end = span > UINT64_MAX - now ? UINT64_MAX : now + span;

	if (resets && ends_at_once(is, &c->is))
		end = now + 1; /* The RST itself still goes through. */
	/* RFC 7857: a RST may shorten a life, but refreshes nothing.  In Linux it begins a time of its own. */
	if (resets && c->expires <= now && end > nat_mapping(nat, ref)->expires)
		end = nat_mapping(nat, ref)->expires;
	if (resets && is->rst != NAT_RST_END_UNANSWERED)
		refreshes = false;
	if (c->expires <= now || end < c->expires || refreshes)
		return end;
	return c->expires;
}

/* The connection ends at @end, no longer at c->expires. */
static void set_end(struct nat *nat, uint32_t ref, const struct followed *c, uint64_t end,
		    uint64_t now)
{
	const struct mapping *m = nat_mapping(nat, ref);

	if (!(c->at & TCP_ALONE))
		node_at(nat, c->at)->expires = end;
	if (c->at & TCP_ALONE || end >= m->expires)
		mapping_set_end(nat, ref, end);
	else if (c->expires == m->expires || c->expires <= now)
		mapping_set_end(nat, ref, latest_end(nat, ref));
	mapping_used(nat, ref);
}

bool tcp_may_open(const struct nat *nat, uint8_t flags)
{
	return nat->rules[NAT_TCP].is.tracking != NAT_TRACKING_STRICT || is_pure_syn(flags);
}

bool tcp_begins_anew(const struct nat *nat, uint32_t ref, struct endpoint remote, uint8_t flags,
		     uint64_t now)
{
	struct followed c;

	if (!is_pure_syn(flags) || !is_as_linux(&nat->rules[NAT_TCP]))
		return false;
	c = find(nat, ref, remote);
	if (!c.at || c.expires <= now || !is_over(&c.is))
		return false;
	if (has_reset(&c.is))
		return c.is.half[0].seen & SEEN_RST || either(&c.is, SEEN_FIN | BEFORE_FIN);
	return either(&c.is, SEEN_LAST_ACK);
}

enum tcp_verdict tcp_track(struct nat *nat, uint32_t ref, bool inbound, struct endpoint remote,
			   const struct packet *pkt, const struct packet_info *info, uint64_t now)
{
	const struct nat_transport *is = &nat->rules[NAT_TCP].is;
	struct segment segment = read_segment(pkt, info, inbound);
	bool resets = segment.flags & TCP_RST && is->rst != NAT_RST_IGNORE;
	struct followed c = find(nat, ref, remote);
	bool refreshes;

	if (c.expires <= now)
		c = (struct followed){ .at = c.at, .expires = now };
	else if (is_over(&c.is) && is_pure_syn(segment.flags))
		c = reopen(&nat->rules[NAT_TCP], &c, inbound, now);
	if (!is_in_turn(is, &c.is, &segment))
		return TCP_OUT_OF_TURN;
	if (!c.at)
		c.at = make(nat, ref, remote, now);
	if (!c.at)
		return TCP_NO_ROOM;
	refreshes = mapping_is_refreshed(is, inbound) && !is_vain_syn(is, &c.is, &segment) &&
		    !c.doubted;
	take_note(&c.is, &segment);
	advance(&c.is, &segment, is->rst);
	*connection_at(nat, c.at) = c.is;
	set_end(nat, ref, &c, next_end(nat, ref, &c, resets, refreshes, now), now);
	return TCP_PASSES;
}
