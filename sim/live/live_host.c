/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
		.addrs_len = 1 + spec->extra_len,
		.bits = spec->prefix_bits,
		.gateway = spec->gateway,
	};
	struct box box;
	int err = box_new(live, &box);

	if (err)
		return err;
	addrs[0] = spec->addr;
	if (spec->extra_len)
		memcpy(addrs + 1, spec->extra, spec->extra_len * sizeof(*addrs));
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
	self->host.random_state = spec->seed;
	snprintf(self->host.name, sizeof(self->host.name), "%s", spec->name);
	self->live = live;
	self->ns = ns;
	*ret = &self->host;
	return 0;
}
