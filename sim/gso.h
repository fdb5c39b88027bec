/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic segmentation offload: kernels hand over TCP super-packets of up to 64 KiB; where a
 * link must treat single packets, they are cut as a network card would.
 */
#ifndef KNOTHOLE_GSO_H
#define KNOTHOLE_GSO_H

#include "port.h"

/* Cut @buffer, taking it, into packets of gso_size payload; a list by `next`, checksums
 * finished.  Returns NULL without memory (the packet is lost then, as on a full card).  What is
 * no super-packet, or of a kind not known here, comes back as it is, without its mark. */
struct buffer *gso_segment(struct buffer *buffer);

/* The longest packet that would be on the wire: @packet's own length, or its segments'. */
uint32_t gso_wire_len(const struct packet *packet);

#endif
