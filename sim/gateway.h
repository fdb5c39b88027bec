/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway: a router with a NAT engine between its LAN and its WAN port.  The NAT decides; the
 * gateway sends, answers for itself, and writes the NAT's reasons into the capture.
 */
#ifndef KNOTHOLE_GATEWAY_H
#define KNOTHOLE_GATEWAY_H

#include "../nat-models/nat.h"
#include "port.h"

struct gateway;

/* Both are copied. 0, or nat_new()'s. */
int gateway_new(struct loop *loop, const struct nat_model *model, const struct nat_config *config,
		struct gateway **ret);
void gateway_free(struct gateway *gateway);

/* Its NAT loses its state (nat_reboot()). */
void gateway_reboot(struct gateway *gateway);

/* It has other outside addresses from now on, as many as before.  0, or nat_set_pool()'s. */
int gateway_set_pool(struct gateway *gateway, const struct ip_addr *pool, size_t len);

struct port *gateway_port(struct gateway *gateway, enum nat_side side);
struct nat *gateway_nat(struct gateway *gateway);

#endif
