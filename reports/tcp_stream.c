/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: `next` is the sequence number of the first byte not yet seen.  A
 * segment below it is a retransmission and is trimmed; one above it waits in `early`; the rest is
 * appended to `held`, the bytes from which no complete frame has come yet, and scanned.
 *
 * A tap may never see some bytes (a capture that began late, a segment the tap did not
 * record).  When more than EARLY_MAX bytes wait, the gap is given up: reading goes on
 * behind it.
 */
#include "tcp_stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, EARLY_MAX = 1 << 20 };

struct early {
	struct early *next; /* in order of their sequence numbers */
	uint32_t seq;
	uint32_t len;
	uint8_t bytes[];
};

struct tcp_stream {
	struct tcp_stream *next; /* in the bucket */
	size_t tap;
	int direction;
	struct endpoint src, dst;
	bool begun; /* its SYN was seen, … */
	uint32_t begun_with; /* … with this number */
	uint32_t seq_next;
	bool was_begun; /* another SYN had come before that one; … */
	uint32_t seq_before; /* … the next byte was then this one */
	struct early *early;
	size_t early_bytes;
	uint8_t *held;
	size_t held_len;
};

struct tcp_streams {
	struct tcp_stream *buckets[BUCKETS];
};

int tcp_streams_new(struct tcp_streams **ret)
{
	struct tcp_streams *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	*ret = table;
	return 0;
}

static void drop_early(struct tcp_stream *stream)
{
	while (stream->early) {
		struct early *gone = stream->early;

		stream->early = gone->next;
		free(gone);
	}
	stream->early_bytes = 0;
}

static void tcp_stream_free(struct tcp_stream *stream)
{
	drop_early(stream);
	free(stream->held);
	free(stream);
}

void tcp_streams_free(struct tcp_streams *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (table->buckets[i]) {
			struct tcp_stream *gone = table->buckets[i];

			table->buckets[i] = gone->next;
			tcp_stream_free(gone);
		}
	}
	free(table);
}

static size_t bucket_of(size_t tap, const struct packet_info *info)
{
	uint64_t h = info->src.addr.lo * 31 + info->dst.addr.lo;

	h = h * 65599 + info->src.port;
	h = h * 65599 + info->dst.port;
	h = h * 65599 + tap;
	return (size_t)((h ^ h >> 32) % BUCKETS);
}

static bool tcp_stream_is(const struct tcp_stream *stream, size_t tap, int direction,
			  const struct packet_info *info)
{
	return stream->tap == tap && stream->direction == direction &&
	       endpoint_equal(stream->src, info->src) && endpoint_equal(stream->dst, info->dst);
}

/* A SYN with the same number is the same connection's, sent again; with another it begins a
 * new connection between the same endpoints, unless the old one goes on (RFC 9293, 3.10.7.4: a NAT may
 * have made one of two pairs).  It takes a number of its own. */
static void begin(struct tcp_stream *stream, uint32_t syn)
{
	if (stream->begun && stream->begun_with == syn)
		return;
	drop_early(stream);
	stream->was_begun = stream->begun;
	stream->seq_before = stream->seq_next;
	stream->begun = true;
	stream->begun_with = syn;
	stream->seq_next = syn + 1;
	stream->held_len = 0;
}

/* The stream of a segment, made where it is new; NULL without memory. */
static struct tcp_stream *find(struct tcp_streams *table, size_t tap, int direction,
			       const struct packet_info *info)
{
	struct tcp_stream **bucket = &table->buckets[bucket_of(tap, info)];
	struct tcp_stream *stream = *bucket;

	while (stream && !tcp_stream_is(stream, tap, direction, info))
		stream = stream->next;
	if (stream)
		return stream;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	stream->tap = tap;
	stream->direction = direction;
	stream->src = info->src;
	stream->dst = info->dst;
	stream->seq_next = info->tcp_seq;
	stream->next = *bucket;
	*bucket = stream;
	return stream;
}

enum look { LOOK_FRAME, LOOK_NONE, LOOK_CUT };

/*
 * Is there a frame at @bytes?  The codec says 0 to what is cut and to what is none alike; so
 * where it says that, it is asked again with zeroes behind: a frame's padding is of those, so that
 * a frame that is only cut then appears, with its whole length.
 */
static enum look look(const uint8_t *bytes, size_t len, struct talk *ret, size_t *ret_len)
{
	uint8_t whole[TALK_MAX] = { 0 };

	*ret_len = talk_decode(bytes, len, ret);
	if (*ret_len > 0)
		return LOOK_FRAME;
	if (len >= TALK_MAX)
		return LOOK_NONE;
	if (len < TALK_HEADER)
		return LOOK_CUT;
	memcpy(whole, bytes, len);
	return talk_decode(whole, sizeof(whole), ret) > 0 ? LOOK_CUT : LOOK_NONE;
}

/* Could a frame's kind begin here?  It saves asking the codec at every byte of a stream. */
static size_t next_candidate(const uint8_t *bytes, size_t len, size_t at)
{
	while (at < len && bytes[at] != 'H' && bytes[at] != 'A' && bytes[at] != 'V')
		at++;
	return at;
}

/* Give every complete frame of `held` to @found, and keep the bytes of one that is cut. */
static int scan(struct tcp_stream *stream, tcp_frame_fn found, void *arg)
{
	size_t at = 0;
	int r = 0;

	while (r == 0) {
		struct talk frame;
		size_t len;
		enum look seen;

		at = next_candidate(stream->held, stream->held_len, at);
		if (at == stream->held_len)
			break;
		seen = look(stream->held + at, stream->held_len - at, &frame, &len);
		if (seen == LOOK_CUT)
			break;
		if (seen == LOOK_FRAME)
			r = found(arg, &frame);
		at += seen == LOOK_FRAME ? len : 1;
	}
	stream->held_len -= at;
	memmove(stream->held, stream->held + at, stream->held_len);
	return r;
}

static int append(struct tcp_stream *stream, const uint8_t *bytes, size_t len, tcp_frame_fn found,
		  void *arg)
{
	uint8_t *held = realloc(stream->held, stream->held_len + len);

	if (!held)
		return -ENOMEM;
	memcpy(held + stream->held_len, bytes, len);
	stream->held = held;
	stream->held_len += len;
	stream->seq_next += (uint32_t)len;
	return scan(stream, found, arg);
}

/* Sequence numbers wrap (RFC 9293, 3.4): how far is @a behind @b? */
static int32_t seq_ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* Bytes that begin at or before seq_next: what is new of them is taken. */
static int take(struct tcp_stream *stream, uint32_t seq, const uint8_t *bytes, uint32_t len,
		tcp_frame_fn found, void *arg)
{
	uint32_t old = stream->seq_next - seq;

	return old >= len ? 0 : append(stream, bytes + old, len - old, found, arg);
}

static int keep_early(struct tcp_stream *stream, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	struct early **place = &stream->early;
	struct early *early = malloc(sizeof(*early) + len);

	if (!early)
		return -ENOMEM;
	early->seq = seq;
	early->len = len;
	memcpy(early->bytes, bytes, len);
	while (*place && seq_ahead((*place)->seq, seq) < 0)
		place = &(*place)->next;
	early->next = *place;
	*place = early;
	stream->early_bytes += len;
	return 0;
}

/* Take what waited for the bytes that have come; or, where too much waits, give the gap up. */
static int take_early(struct tcp_stream *stream, tcp_frame_fn found, void *arg)
{
	int r = 0;

	while (r == 0 && stream->early) {
		struct early *first = stream->early;

		if (seq_ahead(first->seq, stream->seq_next) > 0) {
			if (stream->early_bytes <= EARLY_MAX)
				break;
			stream->held_len = 0;
			stream->seq_next = first->seq;
		}
		stream->early = first->next;
		stream->early_bytes -= first->len;
		r = take(stream, first->seq, first->bytes, first->len, found, arg);
		free(first);
	}
	return r;
}

/* Of two connections that began, that one counts whose first byte comes first. */
static void go_on(struct tcp_stream *stream, uint32_t seq)
{
	if (stream->was_begun && seq == stream->seq_before)
		stream->seq_next = seq;
	stream->was_begun = false;
}

int tcp_streams_segment(struct tcp_streams *table, size_t tap, int direction,
			const struct packet *pkt, const struct packet_info *info,
			tcp_frame_fn found, void *arg)
{
	struct tcp_stream *stream = find(table, tap, direction, info);
	const uint8_t *bytes = pkt->data + info->payload_offset;
	uint32_t seq = info->tcp_seq;
	int r;

	if (!stream)
		return -ENOMEM;
	if (info->tcp_flags & TCP_SYN)
		begin(stream, seq++);
	if (info->payload_len == 0)
		return 0;
	go_on(stream, seq);
	if (seq_ahead(seq, stream->seq_next) > 0)
		r = keep_early(stream, seq, bytes, info->payload_len);
	else
		r = take(stream, seq, bytes, info->payload_len, found, arg);
	return r < 0 ? r : take_early(stream, found, arg);
}
