/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of NAT64 share: a NAT64, two hosts behind it, and one that they speak to.  64:ff9b::b01:102 is
 * 11.1.1.2. */
#ifndef KNOTHOLE_TESTS_NAT64_SCRIPT_H
#define KNOTHOLE_TESTS_NAT64_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat_script.h"

#define A "[2b00:3:1::2]:4000"
#define B "[2b00:3:1::3]:5000"
#define R6 "[64:ff9b::b01:102]:7"
#define R "11.1.1.2:7"
#define OUT "UDP " A " > " R6
#define SENT "UDP 11.2.0.1:4000 > " R
#define IN "UDP " R " > 11.2.0.1:4000"
#define GOT "UDP " R6 " > " A
#define SYN6 "TCP " A " > " R6 " SYN"

static inline void nat64(struct script_config *c)
{
	c->model.kind = NAT_KIND_NAT64;
	c->model.udp.filtering = c->model.tcp.filtering = NAT_AD;
	assert_int_equal(ip_prefix_parse("2b00:3:1::/48", &c->nat.inside), 0);
	c->nat.inside_addr = script_addr("2b00:3:1::1");
}

static inline void open_filter(struct script_config *c)
{
	nat64(c);
	c->model.udp.filtering = NAT_EI;
}

#endif
