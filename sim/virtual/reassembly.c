/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reassembly.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../nat-models/header_fields.h"
#include "ip6.h"

/* A datagram on its way.  Its fragments are chained in the order of their offsets. */
struct assembly {
	struct assembly *next, **link;
	struct reassembly *owner;
	struct event timeout;
	struct buffer *pieces;
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t protocol; /* IPv4's */
	uint16_t pieces_len;
	uint32_t have; /* bytes of payload */
	uint32_t total; /* bytes of payload; 0 until the last fragment has come */
};

/* Where a fragment's payload stands, in the packet and in the datagram. */
struct piece {
	uint32_t header, at, len;
	uint32_t counted; /* bytes of the header that the whole's length counts */
	bool more;
};

static struct piece piece_of6(const struct buffer *fragment)
{
	struct ip6_fragment found = ip6_find_fragment(&fragment->packet);
	uint16_t word = get_be16(fragment->packet.data + found.at + IP6_FRAGMENT_OFFSET);
	uint32_t header = found.at + IP6_FRAGMENT_HEADER;

	return (struct piece){
		.header = header,
		.at = word & ~7U,
		.len = fragment->packet.len - header,
		.counted = found.at - IP6_HEADER,
		.more = word & 1,
	};
}

static struct piece piece_of(const struct buffer *fragment)
{
	const uint8_t *ip = fragment->packet.data;
	uint16_t word = get_be16(ip + IP4_FRAGMENT);
	uint32_t header = (ip[0] & 0xfU) * 4;

	if (ip[0] >> 4 == 6)
		return piece_of6(fragment);
	return (struct piece){
		.header = header,
		.at = (word & IP4_FRAGMENT_OFFSET) * 8U,
		.len = get_be16(ip + IP4_LENGTH) - header,
		.counted = header,
		.more = word & IP4_MORE_FRAGMENTS,
	};
}

static void assembly_free(struct assembly *a)
{
	struct reassembly *self = a->owner;
	struct buffer *next;

	loop_cancel(self->loop, &a->timeout);
	for (struct buffer *b = a->pieces; b; b = next) {
		next = b->next;
		buffer_free(b);
	}
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	else
		self->newest = a->link;
	self->datagrams--;
	self->fragments = (uint16_t)(self->fragments - a->pieces_len);
	free(a);
}

static void time_out(struct event *event)
{
	struct assembly *a =
		(struct assembly *)(void *)((char *)event - offsetof(struct assembly, timeout));
	struct reassembly *self = a->owner;
	struct buffer *first = a->pieces;

	if (first && piece_of(first).at == 0) {
		a->pieces = first->next;
		first->next = NULL;
	} else {
		first = NULL;
	}
	assembly_free(a);
	if (first)
		self->expired(self, first);
}

static struct assembly *find(const struct reassembly *self, const struct packet_info *info)
{
	for (struct assembly *a = self->oldest; a; a = a->next)
		if (a->id == info->fragment_id &&
		    (info->version == 6 || a->protocol == info->protocol) &&
		    ip_addr_equal(a->src, info->src.addr) && ip_addr_equal(a->dst, info->dst.addr))
			return a;
	return NULL;
}

static struct assembly *begin(struct reassembly *self, const struct packet_info *info)
{
	struct assembly *a;

	if (self->datagrams == REASSEMBLY_DATAGRAMS)
		assembly_free(self->oldest);
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->owner = self;
	a->src = info->src.addr;
	a->dst = info->dst.addr;
	a->id = info->fragment_id;
	a->protocol = info->protocol;
	a->timeout.fire = time_out;
	if (loop_schedule(self->loop, &a->timeout, loop_now(self->loop) + REASSEMBLY_NS)) {
		free(a);
		return NULL;
	}
	a->link = self->newest;
	*a->link = a;
	self->newest = &a->next;
	self->datagrams++;
	return a;
}

/* Is what @p says of the datagram's length possible, and in accord with the others? */
static bool agrees(const struct assembly *a, const struct piece *p)
{
	uint32_t end = p->at + p->len;

	if (!p->len || p->counted + end > UINT16_MAX)
		return false;
	if (p->more)
		return p->len % 8 == 0 && (!a->total || end < a->total);
	if (a->total)
		return a->total == end;
	for (const struct buffer *b = a->pieces; b; b = b->next) {
		struct piece other = piece_of(b);

		if (other.at + other.len > end)
			return false;
	}
	return true;
}

enum verdict { PIECE_NEW, PIECE_KNOWN, PIECE_WRONG };

/* Find where @p belongs among the pieces. */
static enum verdict place(struct assembly *a, const struct piece *p, struct buffer ***ret)
{
	struct buffer **at = &a->pieces;

	if (!agrees(a, p))
		return PIECE_WRONG;
	for (; *at; at = &(*at)->next) {
		struct piece other = piece_of(*at);

		if (other.at == p->at && other.len == p->len)
			return PIECE_KNOWN;
		if (other.at >= p->at + p->len)
			break;
		if (other.at + other.len > p->at)
			return PIECE_WRONG;
	}
	*ret = at;
	return PIECE_NEW;
}

/* Make the first fragment's header, in @whole, that of the whole. */
static void mend_header(struct packet *whole, uint32_t header)
{
	uint8_t *ip = whole->data;

	put_be16(ip + IP4_LENGTH, (uint16_t)whole->len);
	put_be16(ip + IP4_FRAGMENT, 0);
	put_be16(ip + IP4_CHECKSUM, 0);
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, header, 0));
}

/* ... of which in IPv6 the fragment header falls away. */
static void mend_header6(struct packet *whole)
{
	struct ip6_fragment found = ip6_find_fragment(whole);
	uint8_t *ip = whole->data;

	ip[found.next_at] = ip[found.at];
	whole->len -= IP6_FRAGMENT_HEADER;
	memmove(ip + found.at, ip + found.at + IP6_FRAGMENT_HEADER, whole->len - found.at);
	put_be16(ip + IP6_LENGTH, (uint16_t)(whole->len - IP6_HEADER));
}

/* All is there: one packet, with the first fragment's header. */
static struct buffer *join(const struct assembly *a)
{
	uint32_t header = piece_of(a->pieces).header;
	struct buffer *whole = buffer_new(a->pieces->pool, header + a->total);
	uint8_t *ip;

	if (!whole)
		return NULL;
	ip = whole->packet.data;
	memcpy(ip, a->pieces->packet.data, header);
	for (const struct buffer *b = a->pieces; b; b = b->next) {
		struct piece p = piece_of(b);

		memcpy(ip + header + p.at, b->packet.data + p.header, p.len);
	}
	whole->packet.len = header + a->total;
	if (ip[0] >> 4 == 6)
		mend_header6(&whole->packet);
	else
		mend_header(&whole->packet, header);
	return whole;
}

struct buffer *reassembly_add(struct reassembly *self, struct buffer *fragment,
			      const struct packet_info *info)
{
	struct assembly *a = find(self, info);
	struct piece p = piece_of(fragment);
	struct buffer *whole = NULL;
	struct buffer **at = NULL;
	enum verdict verdict;

	if (!a)
		a = begin(self, info);
	if (!a) {
		buffer_free(fragment);
		return NULL;
	}
	verdict = place(a, &p, &at);
	if (verdict != PIECE_NEW) {
		buffer_free(fragment);
		if (verdict == PIECE_WRONG)
			assembly_free(a);
		return NULL;
	}
	fragment->next = *at;
	*at = fragment;
	a->pieces_len++;
	self->fragments++;
	a->have += p.len;
	if (!p.more)
		a->total = p.at + p.len;
	if (a->have == a->total) {
		whole = join(a);
		assembly_free(a);
	} else if (self->fragments > REASSEMBLY_FRAGMENTS) {
		assembly_free(self->oldest);
	}
	return whole;
}

void reassembly_init(struct reassembly *self, struct loop *loop,
		     void (*expired)(struct reassembly *self, struct buffer *first))
{
	*self = (struct reassembly){ .loop = loop, .expired = expired };
	self->newest = &self->oldest;
}

void reassembly_clear(struct reassembly *self)
{
	while (self->oldest)
		assembly_free(self->oldest);
}
