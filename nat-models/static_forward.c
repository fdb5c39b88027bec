/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "static_forward.h"

#include <errno.h>

#include "nat_state.h"

static bool overlap(const struct nat_forward *a, const struct nat_forward *b)
{
	return a->protocol == b->protocol && a->port_first <= b->port_last &&
	       b->port_first <= a->port_last;
}

static bool is_sane(const struct nat_forward *f)
{
	return (f->protocol == IP_PROTO_UDP || f->protocol == IP_PROTO_TCP) && f->port_first &&
	       f->port_first <= f->port_last &&
	       f->to.port + (f->port_last - f->port_first) <= UINT16_MAX;
}

int static_forwards_check(const struct nat_forward *forwards, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_sane(&forwards[i]))
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (overlap(&forwards[i], &forwards[j]))
				return -EINVAL;
	}
	return 0;
}

static bool is_for(const struct nat_forward *f, enum nat_protocol protocol)
{
	return f->protocol == (protocol == NAT_UDP ? IP_PROTO_UDP : IP_PROTO_TCP);
}

bool static_forward_in(const struct nat *nat, enum nat_protocol protocol, uint16_t port,
		       struct endpoint *ret_inside)
{
	if (protocol == NAT_ICMP)
		return false;
	for (size_t i = 0; i < nat->forwards_len; i++) {
		const struct nat_forward *f = &nat->forwards[i];

		if (!is_for(f, protocol) || port < f->port_first || port > f->port_last)
			continue;
		*ret_inside = f->to;
		ret_inside->port = (uint16_t)(f->to.port + (port - f->port_first));
		return true;
	}
	return false;
}

bool static_forward_out(const struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
			uint16_t *ret_port)
{
	if (protocol == NAT_ICMP)
		return false;
	for (size_t i = 0; i < nat->forwards_len; i++) {
		const struct nat_forward *f = &nat->forwards[i];

		if (!is_for(f, protocol) || !ip_addr_equal(f->to.addr, inside.addr) ||
		    inside.port < f->to.port ||
		    inside.port - f->to.port > f->port_last - f->port_first)
			continue;
		*ret_port = (uint16_t)(f->port_first + (inside.port - f->to.port));
		return true;
	}
	return false;
}
