/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static forwards: both ways, without state, always at the first pool address.  Their ports are
 * reserved, so no mapping is ever made there, nor for the inside endpoints that they lead to.
 */
#ifndef KNOTHOLE_STATIC_FORWARD_H
#define KNOTHOLE_STATIC_FORWARD_H

#include <stdbool.h>

#include "mapping.h"
#include "nat.h"

/* 0, or -EINVAL where they overlap, or run past the last port, or name no protocol of ports. */
int static_forwards_check(const struct nat_forward *forwards, size_t len);

/* Where does outside @port (of the first pool address) lead?  False where no forward has it. */
bool static_forward_in(const struct nat *nat, enum nat_protocol protocol, uint16_t port,
		       struct endpoint *ret_inside);

/* What outside port does inside endpoint @inside have for good? */
bool static_forward_out(const struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
			uint16_t *ret_port);

#endif
