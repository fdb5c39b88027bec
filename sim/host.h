/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts and their sockets: the only socket API above this layer.  Calls look blocking; they
 * park the calling fiber, so they may be made inside fibers only.  A virtual stack and the
 * kernel's stand behind it alike.
 *
 * Deadlines are absolute times of the world (loop_now()); NEVER waits for ever.
 */
#ifndef KNOTHOLE_HOST_H
#define KNOTHOLE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "loop.h"

struct host;
struct sock;

enum sock_kind {
	SOCK_UDP,
	SOCK_TCP, /* connects to spec.remote */
	SOCK_TCP_LISTEN,
	SOCK_PING, /* ICMP echo: sends requests, receives replies; port = identifier */
	/*
	 * Whole IPv4 packets, as they stand on the wire, for what the other kinds cannot send
	 * or do not show: odd headers, fragments, ICMP errors.  What is sent is sent as it is.
	 * While it is open, all that arrives at the host is its alone: the stack hears nothing,
	 * and so answers nothing.  One a host (-EADDRINUSE); virtual hosts only, as no kernel
	 * would keep quiet (-EOPNOTSUPP).
	 */
	SOCK_BARE,
};

/*
 * Families.  On a host that has an IPv6 address, a socket whose local and remote addresses are unset
 * speaks both: it is bound to "::", and IPv4 peers are what they are everywhere else, too
 * (RFC 3493, 3.7: their mapped form).  ip_addr_v4(0) as the local address is IPv4 alone; a PING
 * socket has one family, its local or remote address's, else the first one that the host has.
 * A peer of a family that the socket or the host lacks is -ENETUNREACH.
 *
 * On a host that has IPv6 alone, with a NAT64 before it, an IPv4 address of a peer stands for the
 * one that the NAT64's prefix makes of it (RFC 6052), both ways: callers see IPv4 only.
 */
struct sock_spec {
	enum sock_kind kind;
	struct endpoint local; /* unset address = any, port 0 = ephemeral */
	struct endpoint remote; /* TCP: where to; UDP: unset, or connected to */
	uint64_t deadline; /* TCP: for the connection to stand; 0 = NEVER */
	uint8_t ttl; /* 0 = the host's default */
	bool share; /* SO_REUSEADDR and SO_REUSEPORT */
	bool broadcast;
	/* TCP: where the socket is found while its connection is being opened, for sock_give_up();
	 * NULL before and after.  NULL: nobody will give it up. */
	struct sock **opening;
};

const char *host_name(const struct host *host);
struct ip_addr host_addr(const struct host *host); /* its (first) own IPv4 address; may be unset */
struct ip_addr host_addr6(const struct host *host); /* its IPv6 address; may be unset */

/* Its own address of @peer's family; unset where it has none. */
static inline struct ip_addr host_addr_beside(const struct host *host, struct ip_addr peer)
{
	return ip_addr_is_v4(peer) ? host_addr(host) : host_addr6(host);
}
struct loop *host_loop(const struct host *host);

/* Time of the host's world. */
static inline uint64_t host_now(const struct host *host)
{
	return loop_now(host_loop(host));
}

/* A number from the host's own seeded stream, uniform in 64 bits. */
uint64_t host_random(struct host *host);

/* 0; -EADDRINUSE, -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, -ENETUNREACH, -EMFILE,
 * -EACCES, -ENOMEM.  The caller owns *ret. */
int sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret);
void sock_close(struct sock *sock); /* NULL is fine; pending receivers get -ECANCELED */

/* Close *@sock, and make it NULL first.  Where it is still being opened (spec.opening), its
 * sock_open() returns -ECANCELED. */
void sock_give_up(struct sock **sock);

/* UDP and PING: one datagram to @to (may be NULL where connected); TCP: all of @len, parking
 * while the peer's window is full.  0 or -errno. */
int sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
	      uint64_t deadline);

/*
 * One datagram, or some bytes of a stream (0 = the peer closed).  Returns how many;
 * -ETIMEDOUT; -ECONNREFUSED and the like where an ICMP error arrived for a connected socket;
 * -ECONNRESET.  @from may be NULL.  Longer datagrams are cut to @room.
 */
long sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
	       uint64_t deadline);

/* Say no more on a TCP connection, but go on hearing: its half-close (RFC 9293, 3.6).  0, or -ENOTCONN
 * where none stands; other kinds of sockets have none. */
int sock_shutdown(struct sock *sock);

/* Exactly @len bytes of a stream: 0, -ECONNRESET where it ended early, or sock_recv()'s. */
int sock_recv_exact(struct sock *sock, void *bytes, size_t len, uint64_t deadline);

/* The next connection of a listener: 0, -ETIMEDOUT, -EMFILE … */
int sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret);

/*
 * For who reads a socket, or accepts, on and on: shall it go on after @err, sock_recv()'s or
 * sock_accept()'s?  Not where the socket was closed.  After an ICMP error at once, as each is told
 * but once; after one that may last, such as -EMFILE, once this has parked for 10 ms.
 */
bool sock_read_on(const struct host *host, long err);

struct endpoint sock_local(const struct sock *sock);
struct endpoint sock_remote(const struct sock *sock);
struct host *sock_host(const struct sock *sock);
int sock_set_ttl(struct sock *sock, uint8_t ttl);
int sock_join_group(struct sock *sock, struct ip_addr group);
/* May the datagrams of this UDP socket be cut from now on, by this host and by routers (DF is clear),
 * or by neither (DF is set; -EMSGSIZE where one is longer than what is known of the way)?  Where it is not
 * said: only once the way is known to need it, as Linux has it. */
int sock_allow_fragments(struct sock *sock, bool allow);

/* For implementations: the address that a socket of @spec is bound to, where it says none: "::",
 * or 0.0.0.0 where it is to be IPv4's alone. */
struct ip_addr host_local_for(const struct host *host, const struct sock_spec *spec);

/*
 * What an implementation gives.  host.c holds the rest.  Every call follows the rules of its
 * public twin above.
 */
enum sock_option { SOCK_OPTION_TTL, SOCK_OPTION_JOIN, SOCK_OPTION_FRAGMENTS, SOCK_OPTION_SHUTDOWN };

struct host_ops {
	int (*open)(struct host *host, const struct sock_spec *spec, struct sock **ret);
	int (*send)(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		    uint64_t deadline);
	long (*recv)(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		     uint64_t deadline);
	int (*accept)(struct sock *listener, uint64_t deadline, struct sock **ret);
	int (*control)(struct sock *sock, enum sock_option option, const void *value);
	void (*close)(struct sock *sock);
	void (*free)(struct host *host);
};

/* The part that all implementations share, embedded first in theirs. */
struct host {
	const struct host_ops *ops;
	struct loop *loop;
	char name[32];
	struct ip_addr addr, addr6;
	struct ip_prefix nat64; /* of a host without IPv4: where it finds IPv4; bits 0 = nowhere */
	uint64_t random_state;
};

struct sock {
	struct host *host;
	enum sock_kind kind;
	struct endpoint local;
	struct endpoint remote;
};

#endif
