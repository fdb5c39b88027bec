/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "live.h"

static void free_host(struct host *host)
{
	struct live_host *self = live_host_of(host);

	close(self->ns);
	free(self);
}

static const struct host_ops live_ops = {
	.open = live_sock_open,
	.send = live_sock_send,
	.recv = live_sock_recv,
	.accept = live_sock_accept,
	.control = live_sock_control,
	.close = live_sock_close,
	.free = free_host,
};

static int build(struct live *live, const struct live_host_spec *spec, struct ip_addr *addrs,
		 struct port **ret_port)
{
	struct wire wire = {
		.name = "eth0",
		.index = HOST_INDEX,
		.mtu = spec->mtu,
		.addrs = addrs,
		.bits = spec->prefix_bits,
		.addr6 = spec->addr6,
		.bits6 = spec->prefix6_bits,
		.gateway6 = spec->gateway6,
	};
	struct box box;
	int err = box_new(live, &box);

	if (err)
		return err;
	if (!ip_addr_is_unset(spec->addr)) {
		addrs[wire.addrs_len++] = spec->addr;
		wire.gateway = spec->gateway;
	}
	for (size_t i = 0; i < spec->extra_len; i++)
		addrs[wire.addrs_len++] = spec->extra[i];
	err = box_wire(live, &box, &wire, 1, ret_port);
	if (err) {
		box_abandon(&box);
		return err;
	}
	return box_done(&box);
}

int live_host_new(struct live *live, const struct live_host_spec *spec, struct host **ret,
		  struct port **ret_port)
{
	struct live_host *self = calloc(1, sizeof(*self));
	struct ip_addr *addrs = calloc(1 + spec->extra_len, sizeof(*addrs));
	int ns = self && addrs ? build(live, spec, addrs, ret_port) : -ENOMEM;

	free(addrs);
	if (ns < 0) {
		free(self);
		return ns;
	}
	self->host.ops = &live_ops;
	self->host.loop = live->loop;
	self->host.addr = spec->addr;
	self->host.addr6 = spec->addr6;
	self->host.random_state = spec->seed;
	snprintf(self->host.name, sizeof(self->host.name), "%s", spec->name);
	self->live = live;
	self->ns = ns;
	*ret = &self->host;
	return 0;
}
