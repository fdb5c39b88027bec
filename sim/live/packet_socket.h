/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet sockets (packet(7)) for the fabric: raw frames with a virtio-net header before each,
 * from all interfaces of a network namespace, but not what the socket itself sends.
 */
#ifndef KNOTHOLE_LIVE_PACKET_SOCKET_H
#define KNOTHOLE_LIVE_PACKET_SOCKET_H

/*
 * A packet socket of the caller's namespace, not blocking, that receives nothing yet, with as
 * wide a receive buffer as the caller may ask for.  Its descriptor, or -errno.
 */
int packet_socket_open(void);

/* The same, but -EPERM where the buffer could not be as wide as super-packets need: only the
 * machine's root may have that, outside of any user namespace (socket(7), SO_RCVBUFFORCE). */
int packet_socket_open_wide(void);

/* Begin to receive. 0 or -errno. */
int packet_socket_start(int fd);

#endif
