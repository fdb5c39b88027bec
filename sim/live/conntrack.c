/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

/* A request to delete that names no connection means all of them. */
int conntrack_flush(void)
{
	struct nfgenmsg all = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	struct nl_sock *sock = nl_socket_alloc();
	int err;

	if (!sock)
		return -ENOMEM;
	err = nl_connect(sock, NETLINK_NETFILTER);
	if (err >= 0)
		err = nl_send_simple(sock, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
				     NLM_F_ACK, &all, sizeof(all));
	if (err >= 0)
		err = nl_wait_for_ack(sock);
	nl_socket_free(sock);
	return err < 0 ? -EIO : 0;
}
