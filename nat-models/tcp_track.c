/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_track.h"

#include "header_fields.h"
#include "nat_state.h"

enum { CONNECTIONS_MAX = 1 << 22 };

/* By direction: << 0 for the inside, << 1 for the outside. */
enum tcp_seen { SEEN_SYN = 1, SEEN_BOTH_SYN = 3, SEEN_FIN = 4, SEEN_BOTH_FIN = 12, SEEN_RST = 16 };

/* A window that nobody has announced yet is taken for this: the largest without scaling. */
enum { WINDOW_UNSCALED = 65535, SCALE_MAX = 14, OPTION_SCALE = 3 };

/* One segment on its way. */
struct segment {
	int from; /* 0 = inside, 1 = outside */
	uint8_t flags;
	uint32_t seq, end, ack;
	uint32_t window; /* as it is written */
	int scale; /* that a SYN announces, or -1 */
};

void tcp_table_init(struct tcp_table *table, const struct nat_memory *memory)
{
	rows_init(&table->connections, sizeof(struct tcp_connection), memory);
	rows_init(&table->heads, sizeof(uint32_t), memory);
}

void tcp_table_clear(struct tcp_table *table)
{
	rows_clear(&table->connections);
	buckets_clear(&table->buckets, table->connections.memory);
	rows_clear(&table->heads);
}

static struct tcp_connection *at(const struct nat *nat, uint32_t c)
{
	return rows_at(&nat->tcp.connections, c);
}

/* Where a mapping's connections begin, for which there must be room. */
static uint32_t *head_of(const struct nat *nat, uint32_t ref)
{
	return rows_at(&nat->tcp.heads, ref);
}

static uint32_t *bucket_of(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	uint64_t hash = hash_mix(nat->hash_seed, (uint64_t)mapping << 16 | remote.port);

	hash = hash_mix(hash_mix(hash, remote.addr.lo), remote.addr.hi);
	return buckets_of(&nat->tcp.buckets, (uint32_t)(hash >> 16));
}

static struct endpoint remote_of(const struct tcp_connection *c)
{
	return (struct endpoint){ c->remote_addr, c->remote_port };
}

static uint32_t find(const struct nat *nat, uint32_t mapping, struct endpoint remote)
{
	uint32_t c = nat->tcp.count ? *bucket_of(nat, mapping, remote) : 0;

	while (c &&
	       (at(nat, c)->mapping != mapping || !endpoint_equal(remote_of(at(nat, c)), remote)))
		c = at(nat, c)->hash_next;
	return c;
}

static void unlink_from_bucket(struct nat *nat, uint32_t c)
{
	uint32_t *link = bucket_of(nat, at(nat, c)->mapping, remote_of(at(nat, c)));

	while (*link != c)
		link = &at(nat, *link)->hash_next;
	*link = at(nat, c)->hash_next;
}

static void give_back(struct nat *nat, uint32_t c)
{
	unlink_from_bucket(nat, c);
	at(nat, c)->mapping = 0;
	at(nat, c)->hash_next = nat->tcp.free;
	nat->tcp.free = c;
	nat->tcp.count--;
}

void tcp_track_end_all(struct nat *nat, uint32_t ref)
{
	uint32_t next, c = rows_reach(&nat->tcp.heads, ref) ? *head_of(nat, ref) : 0;

	if (!c)
		return;

	for (; c; c = next) {
		next = at(nat, c)->next;
		give_back(nat, c);
	}
	*head_of(nat, ref) = 0;
}

/* Keep about one connection a bucket.  Without memory the chains just get longer. */
static void buckets_grow(struct nat *nat)
{
	struct tcp_table *table = &nat->tcp;
	uint32_t *from, *to;

	if (!table->buckets.len)
		buckets_init(&table->buckets);
	if (table->count < table->buckets.len ||
	    !buckets_add(&table->buckets, &nat->memory, &from, &to))
		return;
	while (*from) {
		uint32_t c = *from;

		if (bucket_of(nat, at(nat, c)->mapping, remote_of(at(nat, c))) != to) {
			from = &at(nat, c)->hash_next;
			continue;
		}
		*from = at(nat, c)->hash_next;
		at(nat, c)->hash_next = *to;
		*to = c;
	}
}

/* A slot that nobody has; 0 without memory. */
static uint32_t slot_take(struct nat *nat)
{
	uint32_t c = nat->tcp.free;

	if (!c)
		return rows_take(&nat->tcp.connections, CONNECTIONS_MAX);
	nat->tcp.free = at(nat, c)->hash_next;
	return c;
}

/* Those of the mapping whose time is over make room. */
static void sweep(struct nat *nat, uint32_t ref, uint64_t now)
{
	uint32_t *link = head_of(nat, ref);

	while (*link) {
		uint32_t c = *link;

		if (at(nat, c)->expires > now) {
			link = &at(nat, c)->next;
			continue;
		}
		*link = at(nat, c)->next;
		give_back(nat, c);
	}
}

static uint32_t make(struct nat *nat, uint32_t ref, struct endpoint remote, uint64_t now)
{
	uint32_t c, *bucket;

	if (!rows_extend(&nat->tcp.heads, ref))
		return 0;
	buckets_grow(nat);
	sweep(nat, ref, now);
	c = slot_take(nat);
	if (!c)
		return 0;
	bucket = bucket_of(nat, ref, remote);
	*at(nat, c) = (struct tcp_connection){
		.remote_addr = remote.addr,
		.remote_port = remote.port,
		.mapping = ref,
		.hash_next = *bucket,
		.next = *head_of(nat, ref),
		.expires = now,
	};
	*bucket = c;
	*head_of(nat, ref) = c;
	nat->tcp.count++;
	return c;
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

	if ((c->seen & SEEN_BOTH_SYN) != SEEN_BOTH_SYN)
		return true;
	/* What came out of turn may have said nothing of what it allows. */
	if (other->limit && after(s->end, other->limit))
		return false;
	if (after(own->end - other->window, s->end))
		return false;
	return !(s->flags & TCP_ACK) || !after(s->ack, other->end);
}

/* Note what the segment says about its side. */
static void take_note(struct tcp_connection *c, const struct segment *s)
{
	struct tcp_half *own = &c->half[s->from], *other = &c->half[!s->from];
	uint32_t window = s->window;

	if (s->flags & TCP_SYN) {
		own->end = s->end;
		/* Scaling counts only where both have spoken of it. */
		own->scale = (uint8_t)(s->scale < 0 ? 0 : s->scale);
		if (s->flags & TCP_ACK && s->scale < 0)
			other->scale = 0;
	} else {
		window <<= own->scale;
	}
	if (!(c->seen & SEEN_SYN << s->from) || after(s->end, own->end))
		own->end = s->end;
	if (window < WINDOW_UNSCALED)
		window = WINDOW_UNSCALED;
	if (window > own->window)
		own->window = window;
	if (s->flags & TCP_ACK && (own->limit == 0 || after(s->ack + window, own->limit)))
		own->limit = s->ack + window;
	/* A SYN that crosses one says how much may come, and by that from where (so does Linux). */
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && c->seen & SEEN_SYN << !s->from)
		own->limit = other->end + window;
}

static bool is_over(const struct tcp_connection *c)
{
	return c->seen & SEEN_RST || (c->seen & SEEN_BOTH_FIN) == SEEN_BOTH_FIN;
}

static bool is_pure_syn(uint8_t flags)
{
	return (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static bool is_in_turn(const struct nat_transport *is, const struct tcp_connection *c,
		       const struct segment *s)
{
	bool own_syn = c->seen & SEEN_SYN << s->from, other_syn = c->seen & SEEN_SYN << !s->from;

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
	if (c->seen & SEEN_RST)
		return is->reset_ns ? is->reset_ns : is->timeout_ns;
	if ((c->seen & SEEN_BOTH_FIN) == SEEN_BOTH_FIN)
		return is->closing_ns ? is->closing_ns : is->timeout_ns;
	if ((c->seen & SEEN_BOTH_SYN) == SEEN_BOTH_SYN && is->timeout_two_way_ns)
		return is->timeout_two_way_ns;
	return is->timeout_ns;
}

/* The next state.  In a lenient NAT the first segment of a side stands for its SYN, which went by
 * unseen; a segment after a RST shows that the RST was not believed (RFC 6146, 3.5.2.2). */
static void advance(struct tcp_connection *c, const struct segment *s, enum nat_rst rst)
{
	if (s->flags & TCP_RST) {
		if (rst != NAT_RST_IGNORE)
			c->seen |= SEEN_RST;
		return;
	}
	c->seen &= (uint8_t)~SEEN_RST;
	c->seen |= (uint8_t)(SEEN_SYN << s->from);
	if (s->flags & TCP_FIN)
		c->seen |= (uint8_t)(SEEN_FIN << s->from);
}

/* The end of a mapping is that of its longest connection. */
static uint64_t latest_end(const struct nat *nat, uint32_t ref)
{
	uint64_t latest = 0;

	for (uint32_t c = *head_of(nat, ref); c; c = at(nat, c)->next)
		if (at(nat, c)->expires > latest)
			latest = at(nat, c)->expires;
	return latest;
}

static bool ends_at_once(const struct nat_transport *is, const struct tcp_connection *c)
{
	return is->rst == NAT_RST_END ||
	       (is->rst == NAT_RST_END_UNANSWERED && (c->seen & SEEN_BOTH_SYN) != SEEN_BOTH_SYN);
}

static void set_end(struct nat *nat, uint32_t ref, struct tcp_connection *c, bool inbound,
		    bool resets, uint64_t now)
{
	const struct nat_transport *is = &nat->rules[NAT_TCP].is;
	uint64_t span = idle_ns(is, c), before = c->expires;
	uint64_t end = span > UINT64_MAX - now ? UINT64_MAX : now + span;

	if (resets && ends_at_once(is, c))
		end = now + 1; /* The RST itself still goes through. */
	/* RFC 7857: a RST may shorten a life, but refreshes nothing. */
	if (resets && before <= now && end > nat_mapping(nat, ref)->expires)
		end = nat_mapping(nat, ref)->expires;
	if (before <= now || end < before || (!resets && mapping_is_refreshed(is, inbound)))
		c->expires = end;
	if (c->expires >= nat_mapping(nat, ref)->expires)
		mapping_set_end(nat, ref, c->expires);
	else if (before == nat_mapping(nat, ref)->expires || before <= now)
		mapping_set_end(nat, ref, latest_end(nat, ref));
	mapping_used(nat, ref);
}

bool tcp_may_open(const struct nat *nat, uint8_t flags)
{
	return nat->rules[NAT_TCP].is.tracking != NAT_TRACKING_STRICT || is_pure_syn(flags);
}

enum tcp_verdict tcp_track(struct nat *nat, uint32_t ref, bool inbound, struct endpoint remote,
			   const struct packet *pkt, const struct packet_info *info, uint64_t now)
{
	const struct nat_transport *is = &nat->rules[NAT_TCP].is;
	struct segment segment = read_segment(pkt, info, inbound);
	uint32_t c = find(nat, ref, remote);
	struct tcp_connection fresh = { .remote_addr = remote.addr, .remote_port = remote.port };
	struct tcp_connection *connection = c ? at(nat, c) : &fresh;

	/* A new one in the place of one that has ended (RFC 9293, 3.6.1). */
	if (c &&
	    (connection->expires <= now || (is_over(connection) && is_pure_syn(segment.flags)))) {
		fresh.mapping = ref;
		fresh.hash_next = connection->hash_next;
		fresh.next = connection->next;
		fresh.expires = now;
	} else {
		fresh = *connection;
	}
	if (!is_in_turn(is, &fresh, &segment))
		return TCP_OUT_OF_TURN;
	if (!c) {
		c = make(nat, ref, remote, now);
		if (!c)
			return TCP_NO_ROOM;
		fresh = *at(nat, c);
	}
	take_note(&fresh, &segment);
	advance(&fresh, &segment, is->rst);
	*at(nat, c) = fresh;
	set_end(nat, ref, at(nat, c), inbound, segment.flags & TCP_RST && is->rst != NAT_RST_IGNORE,
		now);
	return TCP_PASSES;
}
