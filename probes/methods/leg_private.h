/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of leg*.c have in common; others use leg.h. */
#ifndef KNOTHOLE_LEG_PRIVATE_H
#define KNOTHOLE_LEG_PRIVATE_H

#include "../wire/talk.h"
#include "leg.h"

/* Whoever waits in leg_wait() is to look again. */
void leg_changed(struct leg *leg);

/* One frame to @to, by way of @via or of the leg's own socket.  0 or -errno. */
int leg_send_frame(struct leg *leg, const struct endpoint *to, struct sock *via,
		   enum talk_kind kind, uint32_t sequence, uint16_t padding);

#endif
