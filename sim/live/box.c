/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "netns.h"

enum { DEFAULT_MTU = 1500, LO_INDEX = 1 };

int box_new(struct live *live, struct box *ret)
{
	struct box box = { .ns = netns_new() };
	int err;

	if (box.ns < 0) {
		/* It may be the descriptor that failed, not the namespace. */
		netns_return(live->home);
		return box.ns;
	}
	err = netlink_open(&box.rtnl);
	netns_return(live->home);
	if (err) {
		close(box.ns);
		return err;
	}
	*ret = box;
	return 0;
}

int box_done(struct box *box)
{
	netlink_close(box->rtnl);
	return box->ns;
}

void box_abandon(struct box *box)
{
	close(box_done(box));
}

/* Addresses of the locally administered range: @kind tells the two ends of a wire apart. */
static void make_mac(uint8_t kind, int index, uint8_t ret[MAC_LEN])
{
	ret[0] = 0x02;
	ret[1] = 0;
	ret[2] = 0;
	ret[3] = kind;
	ret[4] = (uint8_t)(index >> 8);
	ret[5] = (uint8_t)index;
}

/*
 * All of a host's IPv6 goes to its gateway, whose MAC it is told for good, and the fabric switches by
 * address what is for the subnet: so no kernel here ever solicits a neighbour, and none need be
 * answered.  (ARP is, since programs look at their IPv4 neighbours' entries.)
 */
static void furnish6(struct batch *batch, const struct wire *wire)
{
	if (ip_addr_is_unset(wire->addr6))
		return;
	batch_addr(batch, wire->index, wire->addr6, wire->bits6);
	batch_route_local(batch, wire->index, wire->addr6);
	if (ip_addr_is_unset(wire->gateway6))
		return;
	batch_neighbour(batch, wire->index, wire->gateway6, edge_fabric_mac);
	batch_route_default(batch, wire->index, wire->gateway6);
}

/* Where a machine has IPv6 switched off, namespaces may be born so.  In the box: 0 or -errno. */
static int switch_ipv6_on(void)
{
	static const char *const paths[] = { "/proc/sys/net/ipv6/conf/all/disable_ipv6",
					     "/proc/sys/net/ipv6/conf/default/disable_ipv6" };
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		int fd = open(paths[i], O_RDWR | O_CLOEXEC);
		char off = '0';

		/* What cannot be written may still be as it should. */
		if (fd < 0)
			fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -EAFNOSUPPORT;
		if (read(fd, &off, 1) == 1 && off != '0' && pwrite(fd, "0", 1, 0) != 1)
			err = -EACCES;
		close(fd);
	}
	return err;
}

static int want_ipv6(struct live *live, const struct box *box, const struct wire *wires,
		     size_t wires_len)
{
	bool wanted = false;
	int err;

	for (size_t i = 0; i < wires_len; i++)
		wanted = wanted || !ip_addr_is_unset(wires[i].addr6);
	if (!wanted)
		return 0;
	err = netns_enter(box->ns);
	if (err)
		return err;
	err = switch_ipv6_on();
	netns_return(live->home);
	return err;
}

enum { IP6_LINK_MIN = 1280 };

/* The box's end goes up after the fabric's: then it is ready to send once its request has been
 * answered, where the other order leaves that to the kernel's link watch. */
static void furnish(struct batch *batch, const struct wire *wire)
{
	/* A link below this has no IPv6 at all (RFC 8200, 5), and nothing to be quietened. */
	if (!wire->mtu || wire->mtu >= IP6_LINK_MIN)
		batch_link_quiet(batch, wire->index);
	if (wire->forward)
		batch_link_forward(batch, wire->index);
	for (size_t i = 0; i < wire->addrs_len; i++)
		batch_addr(batch, wire->index, wire->addrs[i], i ? 32 : wire->bits);
	batch_link_up(batch, wire->index);
	furnish6(batch, wire);
	if (ip_addr_is_unset(wire->gateway))
		return;
	/* Spares the first packet of a run a round of ARP, whose time would be seen in it. */
	batch_neighbour(batch, wire->index, wire->gateway, edge_fabric_mac);
	batch_route_default(batch, wire->index, wire->gateway);
}

static struct ip_addr broadcast_of(const struct wire *wire)
{
	if (!wire->addrs_len || wire->bits > 30)
		return (struct ip_addr){ 0 };
	return ip_addr_v4(ip_addr_to_v4(wire->addrs[0]) |
			  (uint32_t)(UINT64_C(0xffffffff) >> wire->bits));
}

static int lay(struct live *live, struct box *box, const struct wire *wire, struct batch *batch,
	       struct port **ret_port)
{
	char name[16];
	struct batch_veth veth = {
		.name = name,
		.index = live->next_index++,
		.mtu = wire->mtu ? wire->mtu : DEFAULT_MTU,
		.peer_name = wire->name,
		.peer_index = wire->index,
		.peer_ns = box->ns,
	};
	struct edge_spec edge = {
		.index = veth.index,
		.own = wire->addrs,
		.own_len = wire->addrs_len,
		.broadcast = broadcast_of(wire),
	};

	snprintf(name, sizeof(name), "wire%d", veth.index);
	make_mac(1, veth.index, veth.mac);
	make_mac(2, veth.index, veth.peer_mac);
	make_mac(2, veth.index, edge.mac);
	batch_veth(batch, &veth);
	return edges_add(live->edges, &edge, ret_port);
}

int box_wire(struct live *live, struct box *box, const struct wire *wires, size_t wires_len,
	     struct port **ret_ports)
{
	struct batch batch;
	int err = 0;

	batch_clear(&batch);
	for (size_t i = 0; i < wires_len && !err; i++)
		err = lay(live, box, &wires[i], &batch, &ret_ports[i]);
	if (!err)
		err = batch_run(&batch, live->rtnl, NULL);
	if (!err)
		err = want_ipv6(live, box, wires, wires_len);
	if (err)
		return err;
	batch_clear(&batch);
	batch_link_up(&batch, LO_INDEX);
	for (size_t i = 0; i < wires_len; i++)
		furnish(&batch, &wires[i]);
	return batch_run(&batch, box->rtnl, NULL);
}
