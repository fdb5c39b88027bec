/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP streams put together again as a tap saw them, and the frames (probes/wire/talk.h)
 * that stand in them, wherever segments were cut, sent again or came out of order.
 *
 * A stream is one direction of a connection at one tap.  It holds back only what a frame
 * that is not complete needs, and segments that came early, up to a limit; it judges nothing.
 */
#ifndef KNOTHOLE_TCP_STREAM_H
#define KNOTHOLE_TCP_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/packet.h"
#include "../probes/wire/talk.h"

struct tcp_streams;

int tcp_streams_new(struct tcp_streams **ret); /* 0 or -ENOMEM */
void tcp_streams_free(struct tcp_streams *table); /* NULL is fine */

/* Called for each frame that a segment completed.  0 to go on, or an error that
 * tcp_streams_segment() gives back. */
typedef int (*tcp_frame_fn)(void *arg, const struct talk *frame);

/*
 * A TCP segment, parsed to @info, went by @tap in @direction.  0, -ENOMEM, or @found's.
 */
int tcp_streams_segment(struct tcp_streams *table, size_t tap, int direction,
			const struct packet *pkt, const struct packet_info *info,
			tcp_frame_fn found, void *arg);

#endif
