/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "box_table.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nat-models/packet.h"
#include "sim/live/netns.h"

struct box_table {
	int netns;
	struct nl_sock *sock;
};

int box_table_open(int netns, struct box_table **ret)
{
	struct box_table *table = malloc(sizeof(*table));
	int home = netns_current(), err;

	if (!table || home < 0) {
		free(table);
		return home < 0 ? home : -ENOMEM;
	}
	*table = (struct box_table){ netns, nl_socket_alloc() };
	err = table->sock ? netns_enter(netns) : -ENOMEM;
	if (!err) {
		err = nl_connect(table->sock, NETLINK_NETFILTER) < 0 ? -EIO : 0;
		netns_return(home);
	}
	close(home);
	if (err)
		box_table_close(table);
	else
		*ret = table;
	return err;
}

void box_table_close(struct box_table *table)
{
	if (table)
		nl_socket_free(table->sock);
	free(table);
}

static void put_addr(struct nl_msg *msg, int attribute, struct ip_addr addr)
{
	nla_put_u32(msg, attribute, htonl(ip_addr_to_v4(addr)));
}

/* Where memory is short the kernel finds the tuple wanting, and says so. */
static void put_tuple(struct nl_msg *msg, uint8_t protocol, struct endpoint src,
		      struct endpoint dst)
{
	struct nlattr *tuple = nla_nest_start(msg, CTA_TUPLE_ORIG);
	struct nlattr *part = nla_nest_start(msg, CTA_TUPLE_IP);

	put_addr(msg, CTA_IP_V4_SRC, src.addr);
	put_addr(msg, CTA_IP_V4_DST, dst.addr);
	nla_nest_end(msg, part);
	part = nla_nest_start(msg, CTA_TUPLE_PROTO);
	nla_put_u8(msg, CTA_PROTO_NUM, protocol);
	if (protocol == IP_PROTO_ICMP) {
		nla_put_u16(msg, CTA_PROTO_ICMP_ID, htons(src.port));
		nla_put_u8(msg, CTA_PROTO_ICMP_TYPE, ICMP_ECHO);
		nla_put_u8(msg, CTA_PROTO_ICMP_CODE, 0);
	} else {
		nla_put_u16(msg, CTA_PROTO_SRC_PORT, htons(src.port));
		nla_put_u16(msg, CTA_PROTO_DST_PORT, htons(dst.port));
	}
	nla_nest_end(msg, part);
	nla_nest_end(msg, tuple);
}

/* The kernel answers before send() returns: the connection, or an error. */
static int read_answer(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	ssize_t len = recv(fd, &answer, sizeof(answer), 0);
	const struct nlmsgerr *error;

	if (len < (ssize_t)sizeof(answer.header))
		return len < 0 ? -errno : -EPROTO;
	if (answer.header.nlmsg_type != NLMSG_ERROR)
		return 1;
	error = NLMSG_DATA(&answer.header);
	return error->error == -ENOENT ? 0 : error->error;
}

int box_table_knows(struct box_table *table, uint8_t protocol, struct endpoint src,
		    struct endpoint dst)
{
	struct nfgenmsg family = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };
	int fd = nl_socket_get_fd(table->sock);
	struct nl_msg *msg =
		nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_REQUEST);
	int err = 0;

	if (!msg)
		return -ENOMEM;
	nlmsg_append(msg, &family, sizeof(family), NLMSG_ALIGNTO);
	put_tuple(msg, protocol, src, dst);
	if (send(fd, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, 0) < 0)
		err = -errno;
	nlmsg_free(msg);
	return err ? err : read_answer(fd);
}

void box_table_show(const struct box_table *table, const char *part)
{
	int home = netns_current();
	char line[512];
	FILE *file;

	if (home < 0 || netns_enter(table->netns))
		return;
	file = fopen("/proc/net/nf_conntrack", "r");
	netns_return(home);
	close(home);
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, part))
			printf("  %s", line);
	if (file)
		fclose(file);
}
