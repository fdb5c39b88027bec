/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The capture: one pcapng file a run (draft-ietf-opsawg-pcapng), an interface for every tap,
 * link type RAW, nanoseconds, a comment beside each packet that something decided about.
 *
 * It only writes; reports/ reads.  Checksums are finished before they are written, so what
 * the file shows is what a wire would have carried.
 */
#ifndef KNOTHOLE_CAPTURE_H
#define KNOTHOLE_CAPTURE_H

#include <stdint.h>

#include "../nat-models/packet.h"

struct capture;

enum capture_direction { CAPTURE_INBOUND = 1, CAPTURE_OUTBOUND = 2 }; /* seen from the node */

/* Create @path.  @about is JSON text that describes the run, kept as the section's comment.
 * @epoch: CLOCK_REALTIME ns of world time 0.  0 or -errno. */
int capture_open(const char *path, const char *about, uint64_t epoch, struct capture **ret);

/* Finish the file; what is recorded later is forgotten.  0, or -errno as capture_close(). */
int capture_end(struct capture *capture);

/* End and free: 0, or -errno of any write that failed since capture_open(). */
int capture_close(struct capture *capture);

/* Add an interface; returns its number (0, 1, …) or -ENOMEM.
 * @about is JSON: see sim/plan.h, "What a tap says of itself". */
int capture_add_tap(struct capture *capture, const char *name, const char *about);

/* Record @pkt; the comment may be NULL.  Errors are kept for capture_close(). */
void capture_packet(struct capture *capture, int tap, enum capture_direction direction,
		    const struct packet *pkt, uint64_t now, const char *comment);

/* Put @comment beside the packet recorded last, which the caller knows to be its own since
 * nothing else has run in between.  A second one is appended after "; ". */
void capture_annotate(struct capture *capture, const char *comment);

/* Put @comment, of something that was no packet, beside the next one, before its own. */
void capture_note(struct capture *capture, const char *comment);

/* Everything so far reaches the file. 0 or -errno. */
int capture_flush(struct capture *capture);

#endif
