/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

int netlink_open(struct nl_sock **ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	int err;

	if (!sock)
		return -ENOMEM;
	err = nl_connect(sock, NETLINK_ROUTE);
	if (err) {
		nl_socket_free(sock);
		return err == -NLE_NOMEM ? -ENOMEM : -EPERM;
	}
	*ret = sock;
	return 0;
}

void netlink_close(struct nl_sock *sock)
{
	nl_socket_free(sock);
}

void batch_clear(struct batch *batch)
{
	batch->len = 0;
	batch->messages = 0;
	batch->err = 0;
}

/* A request of @type whose fixed header is @header; NULL without memory. */
static struct nl_msg *request(int type, int flags, void *header, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (msg && nlmsg_append(msg, header, len, NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Append @msg, taking it, to @batch. @bad: some attribute did not fit. */
static void add(struct batch *batch, struct nl_msg *msg, int bad, const char *what)
{
	struct nlmsghdr *header = msg ? nlmsg_hdr(msg) : NULL;

	if (!header || bad) {
		batch->err = -ENOMEM;
	} else if (batch->len + NLMSG_ALIGN(header->nlmsg_len) > BATCH_ROOM ||
		   batch->messages == BATCH_MESSAGES) {
		batch->err = -ENOBUFS;
	} else {
		batch->what[batch->messages] = what;
		header->nlmsg_seq = ++batch->messages;
		memcpy(batch->bytes + batch->len, header, header->nlmsg_len);
		batch->len += NLMSG_ALIGN(header->nlmsg_len);
	}
	nlmsg_free(msg);
}

static int put_end(struct nl_msg *msg, const char *name, const uint8_t mac[MAC_LEN], uint16_t mtu)
{
	return nla_put_string(msg, IFLA_IFNAME, name) || nla_put(msg, IFLA_ADDRESS, MAC_LEN, mac) ||
	       nla_put_u32(msg, IFLA_MTU, mtu);
}

static int put_peer(struct nl_msg *msg, const struct batch_veth *veth)
{
	struct ifinfomsg peer = { .ifi_index = veth->peer_index };
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
	struct nlattr *data;
	struct nlattr *end;

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "veth"))
		return -ENOMEM;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	end = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!end || nlmsg_append(msg, &peer, sizeof(peer), NLMSG_ALIGNTO) ||
	    put_end(msg, veth->peer_name, veth->peer_mac, veth->mtu) ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)veth->peer_ns))
		return -ENOMEM;
	nla_nest_end(msg, end);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return 0;
}

void batch_veth(struct batch *batch, const struct batch_veth *veth)
{
	struct ifinfomsg here = {
		.ifi_index = veth->index,
		.ifi_flags = IFF_UP | IFF_NOARP,
		.ifi_change = IFF_UP | IFF_NOARP,
	};
	struct nl_msg *msg = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &here, sizeof(here));
	int bad = msg && (put_end(msg, veth->name, veth->mac, veth->mtu) || put_peer(msg, veth));

	add(batch, msg, bad, "a veth pair");
}

void batch_link_up(struct batch *batch, int index)
{
	struct ifinfomsg link = {
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};

	add(batch, request(RTM_NEWLINK, 0, &link, sizeof(link)), 0, "an interface up");
}

void batch_link_quiet(struct batch *batch, int index)
{
	struct ifinfomsg link = { .ifi_index = index };
	struct nl_msg *msg = request(RTM_SETLINK, 0, &link, sizeof(link));
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;
	struct nlattr *inet6 = spec ? nla_nest_start(msg, AF_INET6) : NULL;
	int bad = !inet6 || nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);

	if (!bad) {
		nla_nest_end(msg, inet6);
		nla_nest_end(msg, spec);
	}
	add(batch, msg, bad, "no IPv6 address generation");
}

void batch_link_forward(struct batch *batch, int index)
{
	struct ifinfomsg link = { .ifi_index = index };
	struct nl_msg *msg = request(RTM_SETLINK, 0, &link, sizeof(link));
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;
	struct nlattr *inet = spec ? nla_nest_start(msg, AF_INET) : NULL;
	struct nlattr *conf = inet ? nla_nest_start(msg, IFLA_INET_CONF) : NULL;
	int bad = !conf || nla_put_u32(msg, IPV4_DEVCONF_FORWARDING, 1) ||
		  nla_put_u32(msg, IPV4_DEVCONF_SEND_REDIRECTS, 0);

	if (!bad) {
		nla_nest_end(msg, conf);
		nla_nest_end(msg, inet);
		nla_nest_end(msg, spec);
	}
	add(batch, msg, bad, "forwarding");
}

static uint8_t family_of(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? AF_INET : AF_INET6;
}

/* An address as the kernel writes it. */
static int put_addr(struct nl_msg *msg, int attribute, struct ip_addr addr)
{
	uint32_t words[4] = { htonl((uint32_t)(addr.hi >> 32)), htonl((uint32_t)addr.hi),
			      htonl((uint32_t)(addr.lo >> 32)), htonl((uint32_t)addr.lo) };

	if (ip_addr_is_v4(addr))
		return nla_put(msg, attribute, sizeof(*words), &words[3]);
	return nla_put(msg, attribute, sizeof(words), words);
}

/* What only one of the families has. */
static int put_addr_particulars(struct nl_msg *msg, struct ip_addr addr, uint8_t bits)
{
	uint32_t v4 = ip_addr_to_v4(addr);

	/* Nobody else could have it (RFC 4862, 5.4), and no route to a subnet by which the kernel would
	 * ask for its neighbours. */
	if (!ip_addr_is_v4(addr))
		return nla_put_u32(msg, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	if (bits >= 31)
		return 0;
	return put_addr(msg, IFA_BROADCAST,
			ip_addr_v4(v4 | (uint32_t)(UINT64_C(0xffffffff) >> bits)));
}

void batch_addr(struct batch *batch, int index, struct ip_addr addr, uint8_t bits)
{
	struct ifaddrmsg header = {
		.ifa_family = family_of(addr),
		.ifa_prefixlen = bits,
		.ifa_index = (uint32_t)index,
	};
	struct nl_msg *msg =
		request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	int bad = msg && (put_addr(msg, IFA_LOCAL, addr) || put_addr(msg, IFA_ADDRESS, addr) ||
			  put_addr_particulars(msg, addr, bits));

	add(batch, msg, bad, "an address");
}

void batch_route_local(struct batch *batch, int index, struct ip_addr addr)
{
	struct rtmsg route = {
		.rtm_family = family_of(addr),
		.rtm_dst_len = 128,
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = RTPROT_KERNEL,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_LOCAL,
	};
	struct nl_msg *msg = request(RTM_NEWROUTE, NLM_F_CREATE, &route, sizeof(route));
	int bad = msg &&
		  (put_addr(msg, RTA_DST, addr) || nla_put_u32(msg, RTA_OIF, (uint32_t)index));

	add(batch, msg, bad, "a local route");
}

/* A gateway off the own subnet, as point-to-point and /32 lines have, is taken on trust. */
void batch_route_default(struct batch *batch, int index, struct ip_addr gateway)
{
	struct rtmsg route = {
		.rtm_family = family_of(gateway),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = RTNH_F_ONLINK,
	};
	struct nl_msg *msg =
		request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	int bad = msg && (put_addr(msg, RTA_GATEWAY, gateway) ||
			  nla_put_u32(msg, RTA_OIF, (uint32_t)index));

	add(batch, msg, bad, "a default route");
}

void batch_neighbour(struct batch *batch, int index, struct ip_addr addr,
		     const uint8_t mac[MAC_LEN])
{
	struct ndmsg header = {
		.ndm_family = family_of(addr),
		.ndm_ifindex = index,
		.ndm_state = NUD_PERMANENT,
	};
	struct nl_msg *msg =
		request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
	int bad = msg && (put_addr(msg, NDA_DST, addr) || nla_put(msg, NDA_LLADDR, MAC_LEN, mac));

	add(batch, msg, bad, "a neighbour");
}

/* Read answers until the last request's. Returns the first error, and whose it is. */
static int read_answers(int fd, unsigned int last, unsigned int *ret_failed)
{
	uint8_t bytes[8192];
	int first = 0;

	for (;;) {
		long n = recv(fd, bytes, sizeof(bytes), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (e->error && !first) {
				first = e->error;
				*ret_failed = h->nlmsg_seq;
			}
			if (h->nlmsg_seq == last)
				return first;
		}
	}
}

/* The last message asks for an acknowledgement. */
static void ask_last(struct batch *batch)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)batch->bytes;

	for (unsigned int i = 1; i < batch->messages; i++)
		header = (struct nlmsghdr *)(void *)((uint8_t *)header +
						     NLMSG_ALIGN(header->nlmsg_len));
	header->nlmsg_flags |= NLM_F_ACK;
}

int batch_run(struct batch *batch, struct nl_sock *sock, const char **ret_what)
{
	int fd = nl_socket_get_fd(sock);
	unsigned int failed = 0;
	int err = batch->err;

	if (!err && batch->messages) {
		ask_last(batch);
		if (send(fd, batch->bytes, batch->len, 0) < 0)
			err = -errno;
		else
			err = read_answers(fd, batch->messages, &failed);
	}
	if (err && ret_what)
		*ret_what = failed ? batch->what[failed - 1] : "a netlink request";
	batch_clear(batch);
	return err;
}
