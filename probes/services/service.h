/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services: fibers that answer, by name, on a host.
 */
#ifndef KNOTHOLE_SERVICE_H
#define KNOTHOLE_SERVICE_H

#include <stddef.h>

#include "../../sim/host.h"

struct service;
struct plan; /* sim/plan.h */
struct turn_options; /* turn_options.h */

struct service_spec {
	const char *name; /* "stun", "turn", "rendezvous", "echo", "dns" */
	struct host *host;
	/* stun: where its second address is: on another host, or a second one of its own; neither
	 * = it has one only */
	struct host *alternate;
	struct ip_addr alternate_addr;
	const struct turn_options *turn; /* copied; NULL = the defaults */
	const struct plan
		*plan; /* dns: whose names it knows, as @host's node sees them; NULL = none */
	void (*log)(void *arg,
		    const char *line); /* what somebody should know; NULL = nobody does */
	void *log_arg;
	/* rendezvous: TCP ports to listen at beside its own, for clients that are let out to few
	 * ports only; no longer needed once it has started */
	const uint16_t *ports;
	size_t ports_len; /* at most SERVICE_PORTS */
};

enum { SERVICE_PORTS = 4 };

enum {
	STUN_PORT = 3478,
	STUN_ALTERNATE_PORT = 3479,
	TURN_TLS_PORT = 5349,
	RENDEZVOUS_PORT = 33033,
	ECHO_PORT = 7,
	DNS_PORT = 53,
};

/* 0; -ENOENT for a name that there is not; -EADDRINUSE … */
int service_start(const struct service_spec *spec, struct service **ret);
/* NULL is fine.  Outside of fibers only once the loop has stopped for good. */
void service_stop(struct service *service);

/* The names, NULL-terminated. */
const char *const *service_names(void);

#endif
