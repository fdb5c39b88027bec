/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Visitors: the TCP connections that a service takes at a port, each served by a fiber of its own, and
 * no more of them than there is room for.  It knows no protocol.
 */
#ifndef KNOTHOLE_VISITORS_H
#define KNOTHOLE_VISITORS_H

#include "conduit.h"

struct visitors;

struct visitors_spec {
	struct host *host;
	uint16_t port;
	unsigned most; /* at a time; who comes then is turned away at once */
	const char *name; /* of the fibers, for those who debug */
	void *arg;
	/* Serve @visitor until it returns; what it receives or sends fails once it is to end. */
	void (*serve)(void *arg, struct conduit *visitor);
	void (*turned_away)(void *arg, struct endpoint who); /* NULL = nobody asks */
};

/* 0, -EADDRINUSE and the like, or -ENOMEM. */
int visitors_open(const struct visitors_spec *spec, struct visitors **ret);

/* Hang up on all of them, and wait until nobody is served any more; NULL is fine.  Outside of fibers
 * only once the loop has stopped for good. */
void visitors_close(struct visitors *visitors);

#endif
