/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a few bytes of a fuzzer's input stand for: any NAT, and packets that meet each other in it. */
#ifndef KNOTHOLE_FUZZ_NAT_DRAW_H
#define KNOTHOLE_FUZZ_NAT_DRAW_H

#include "nat-models/nat.h"

enum { NAT_DRAW_POOL = 3, NAT_DRAW_ROOM = 2048 };

/* What is left of the input. */
struct input {
	const uint8_t *at, *end;
};

/* The next byte; 0 where there is none. */
uint8_t nat_draw_byte(struct input *in);

/* A NAT of whatever model, and the model.  @spoil, unless NULL, changes what the NAT gets of it.
 * NULL where it was refused, which it must not be. */
struct nat *nat_draw(struct input *in, struct nat_model *ret,
		     void (*spoil)(struct nat_model *model));

/* The outside addresses of the last one that was drawn. */
struct ip_addr nat_draw_pool(uint32_t i);

/* The next packet for it, into @pkt, which has NAT_DRAW_ROOM. */
void nat_draw_packet(struct input *in, enum nat_side side, struct packet *pkt);

#endif
