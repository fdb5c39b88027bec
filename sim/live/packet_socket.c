/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 32 << 20 };

static int widen(int fd, int option)
{
	int size = BUFFER;

	return setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size)) ? -errno : 0;
}

/* Protocol 0: nothing is received before the options are set and bind() asks for all. */
int packet_socket_open_wide(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (widen(fd, SO_RCVBUFFORCE)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* Without privilege, up to net.core.rmem_max. */
int packet_socket_open(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (widen(fd, SO_RCVBUFFORCE))
		widen(fd, SO_RCVBUF);
	if (widen(fd, SO_SNDBUFFORCE))
		widen(fd, SO_SNDBUF);
	return fd;
}

int packet_socket_start(int fd)
{
	struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int on = 1;

	/* Without the qdisc frames pass from the moment that the veth's two ends are up; with
	 * it, from when the kernel's link watch has run, which nobody can wait for. */
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)(void *)&all, sizeof(all)))
		return -errno;
	return 0;
}
