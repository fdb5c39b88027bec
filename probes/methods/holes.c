/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holes.h"

#include <errno.h>
#include <stdlib.h>

#include "leg.h"
#include "peer.h"

struct hole {
	struct leg *leg;
	struct sock *sock; /* NULL once closed */
	struct fiber *reader;
};

struct holes {
	unsigned len;
	struct hole list[];
};

static void read_hole(void *arg)
{
	struct hole *hole = arg;
	struct leg *leg = hole->leg;
	uint8_t bytes[TALK_MAX + 1];
	struct endpoint from;

	while (hole->sock) {
		long n = sock_recv(hole->sock, &from, bytes, sizeof(bytes), NEVER);

		if (!hole->sock)
			break;
		if (n >= 0)
			leg_read_datagram(leg, bytes, (size_t)n, &from, hole->sock);
		else if (!sock_read_on(leg->peer->host, n))
			break;
	}
}

static int open_hole(struct leg *leg, struct hole *hole)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct host *host = leg->peer->host;
	int err = sock_open(host, &udp, &hole->sock);

	if (err)
		return err;
	hole->leg = leg;
	err = fiber_spawn(host_loop(host), "hole", read_hole, hole, &hole->reader);
	if (err) {
		sock_close(hole->sock);
		hole->sock = NULL;
	}
	return err;
}

int holes_open(struct leg *leg, uint16_t n)
{
	struct holes *holes = calloc(1, sizeof(*holes) + n * sizeof(holes->list[0]));

	if (!holes)
		return -ENOMEM;
	leg->holes = holes;
	while (holes->len < n && !open_hole(leg, &holes->list[holes->len]))
		holes->len++;
	return 0;
}

struct sock *holes_sock(const struct holes *holes, unsigned i)
{
	return holes && i < holes->len ? holes->list[i].sock : NULL;
}

void holes_close(struct holes *holes)
{
	for (unsigned i = 0; holes && i < holes->len; i++) {
		struct sock *sock = holes->list[i].sock;

		holes->list[i].sock = NULL;
		sock_close(sock);
	}
}

void holes_free(struct holes *holes)
{
	for (unsigned i = 0; holes && fiber_self() && i < holes->len; i++)
		fiber_join(holes->list[i].reader, NEVER);
	free(holes);
}
