/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtual.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "../arena.h"
#include "connection.h"
#include "ip.h"
#include "sockets.h"
#include "stack.h"

/* stream_name("stack", ""), the same for every host. */
#define STACK_STREAM UINT64_C(0x3826616daed6df8d)

static size_t size_of(size_t addresses)
{
	return sizeof(struct virtual_host) + addresses * sizeof(struct ip_addr);
}

static size_t count_addresses(const struct virtual_host_spec *spec)
{
	return spec->extra_len + !ip_addr_is_unset(spec->addr) + !ip_addr_is_unset(spec->addr6);
}

static void free_host(struct host *host)
{
	struct virtual_host *self = virtual_host_of(host);

	connection_clear(self);
	while (self->socks)
		virtual_sock_free(self->socks);
	index_free(&self->ports);
	index_free(&self->flows);
	index_free(&self->callers);
	ip_clear(self);
	arena_give(loop_arena(host->loop), self, size_of(self->own_len));
}

static const struct host_ops virtual_ops = {
	.open = virtual_sock_open,
	.send = virtual_sock_send,
	.recv = virtual_sock_recv,
	.accept = virtual_sock_accept,
	.control = virtual_sock_control,
	.close = virtual_sock_close,
	.free = free_host,
};

static void set_addresses(struct virtual_host *self, const struct virtual_host_spec *spec)
{
	uint32_t hosts = spec->prefix_bits < 32 ? UINT32_MAX >> spec->prefix_bits : 0;

	self->host.addr = spec->addr;
	self->host.addr6 = spec->addr6;
	if (!ip_addr_is_unset(spec->addr))
		self->own[self->own_len++] = spec->addr;
	for (size_t i = 0; i < spec->extra_len; i++)
		self->own[self->own_len++] = spec->extra[i];
	if (!ip_addr_is_unset(spec->addr6))
		self->own[self->own_len++] = spec->addr6;
	self->broadcast = hosts ? ip_addr_to_v4(spec->addr) | hosts : UINT32_MAX;
}

static void set_chance(struct virtual_host *self, const struct virtual_host_spec *spec)
{
	self->host.random_state = spec->seed;
	assert(stream_name("stack", "") == STACK_STREAM);
	self->chance = stream_seed_of(spec->seed, STACK_STREAM);
	self->secret = stack_random(self);
	self->ip_id = (uint16_t)stack_random(self);
	self->tcp = tcp_default_config;
	self->tcp.isn_secret = stack_random(self);
	self->tcp.nodelay = true; /* What is written leaves at once, as in a live world. */
}

int virtual_host_new(struct loop *loop, struct pool *pool, const struct virtual_host_spec *spec,
		     struct host **ret, struct port **ret_port)
{
	struct virtual_host *self = arena_take(loop_arena(loop), size_of(count_addresses(spec)));

	if (!self)
		return -ENOMEM;
	self->host.ops = &virtual_ops;
	self->host.loop = loop;
	memccpy(self->host.name, spec->name, '\0', sizeof(self->host.name) - 1);
	self->port.receive = ip_receive;
	self->port.node = self;
	self->pool = pool;
	set_addresses(self, spec);
	set_chance(self, spec);
	ip_init(self);
	*ret = &self->host;
	*ret_port = &self->port;
	return 0;
}
