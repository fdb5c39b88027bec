/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A leg's ICE agent: what it tells goes through the rendezvous, line by line as it is gathered (RFC
 * 8838), and frames go along the pair that it has agreed on with the other side's.
 */
#ifndef KNOTHOLE_ICE_LEG_H
#define KNOTHOLE_ICE_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire/ice_sdp.h"

struct leg;
struct ice_leg;

/* The caller's controls (RFC 8445, 6.1.1).  0 or ice_agent_new()'s. */
int ice_leg_new(struct leg *leg, struct ice_leg **ret);

/* Begin to gather, to tell, and to listen.  0 or ice_agent_gather_start()'s. */
int ice_leg_start(struct ice_leg *ice);

/* Park until a pair is in use, along which hellos may be said.  0 or ice_agent_connect()'s. */
int ice_leg_connect(struct ice_leg *ice, uint64_t deadline);

/* A line came from the other side's; one that is none is passed over. */
void ice_leg_told(struct ice_leg *ice, const uint8_t *line, size_t len);

/* One frame along the pair in use.  0 or ice_agent_send()'s. */
int ice_leg_send(struct ice_leg *ice, const void *bytes, size_t len);

/* The types of the pair in use; false, with nothing written, where there is none. */
bool ice_leg_selected(const struct ice_leg *ice, enum ice_type *ret_here, enum ice_type *ret_there);

/* Whoever waits for it is woken; it can only be freed any more. */
void ice_leg_stop(struct ice_leg *ice);

/* Parks until its fibers have ended; outside of fibers only after the loop has stopped for good.
 * NULL is fine. */
void ice_leg_free(struct ice_leg *ice);

#endif
