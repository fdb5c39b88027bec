/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "box.h"
#include "fork.h"
#include "netns.h"
#include "reaper.h"

/* No box's interface has such an index: of a veth whose ends have one index in common the kernel's
 * link watch takes no haste to say that it runs. */
enum { FIRST_WIRE = 16 };

/* The fabric's ends of the veths need no IPv6 of their own, which would chatter to the hosts.
 * Where /proc/sys is not ours to write, it does, and the edges ignore the answers. */
static void silence_fabric(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1) {
		/* See above. */
	}
	close(fd);
}

/* A process's second world finds the wires of its first still there, for the kernel takes its
 * time to bury them: it moves on to a new namespace. */
static int claim_namespace(int *ret_socket)
{
	struct if_nameindex *list = if_nameindex();
	bool used = list && list[0].if_index && list[1].if_index;

	if (!list)
		return -errno;
	if_freenameindex(list);
	*ret_socket = used ? -1 : fork_take_packet_socket();
	return used ? netns_new() : netns_current();
}

int live_new(struct loop *loop, struct pool *pool, struct live **ret)
{
	struct live *live = calloc(1, sizeof(*live));
	int packet_socket = -1;
	int err;

	if (!live)
		return -ENOMEM;
	live->loop = loop;
	live->pool = pool;
	live->next_index = FIRST_WIRE;
	live->home = claim_namespace(&packet_socket);
	err = live->home < 0 ? live->home : netlink_open(&live->rtnl);
	silence_fabric();
	if (!err)
		err = edges_new(loop, pool, packet_socket, &live->edges);
	if (err) {
		live_free(live);
		return err;
	}
	*ret = live;
	return 0;
}

void live_name_hosts(struct live *live, const struct plan *plan)
{
	live->plan = plan;
}

void live_free(struct live *live)
{
	if (!live)
		return;
	reaper_free(live->reaper);
	edges_free(live->edges);
	netlink_close(live->rtnl);
	if (live->home >= 0)
		close(live->home);
	free(live);
}
