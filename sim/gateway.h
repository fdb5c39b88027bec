/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway: a router with a NAT engine between its LAN and its WAN port, one for IPv4, one for
 * IPv6, or both.  The NAT decides; the gateway sends, answers for itself, and writes the NAT's
 * reasons into the capture.  A family that it has no NAT for is dropped.
 */
#ifndef KNOTHOLE_GATEWAY_H
#define KNOTHOLE_GATEWAY_H

#include "../nat-models/nat.h"
#include "port.h"

struct gateway;

/* A gateway for IPv4; where @model is NULL, for nothing yet.  Both are copied.  0, or nat_new()'s. */
int gateway_new(struct loop *loop, const struct nat_model *model, const struct nat_config *config,
		struct gateway **ret);

/*
 * Have it serve IPv6, too.  @addrs: its own IPv6 addresses, by enum nat_side.  Where the model
 * speaks IPv4 outside (NAT64), what comes from there to an address of its pool is its own.
 * The model and the configuration are copied.  0, or nat_new()'s.
 */
int gateway_serve_ipv6(struct gateway *gateway, const struct nat_model *model,
		       const struct nat_config *config, const struct ip_addr addrs[2]);
void gateway_free(struct gateway *gateway);

/* Its NATs lose their state (nat_reboot()). */
void gateway_reboot(struct gateway *gateway);

/* It has other outside IPv4 addresses from now on, as many as before.  0, or nat_set_pool()'s. */
int gateway_set_pool(struct gateway *gateway, const struct ip_addr *pool, size_t len);

struct port *gateway_port(struct gateway *gateway, enum nat_side side);
struct nat *gateway_nat(struct gateway *gateway); /* IPv4's; NULL where there is none */
struct nat *gateway_nat6(struct gateway *gateway);

#endif
