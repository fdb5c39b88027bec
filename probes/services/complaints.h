/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints: what a service says of clients that do what they should not, each kind on its 1st,
 * 2nd, 4th, 8th … time only, so that a flood fills no log.
 */
#ifndef KNOTHOLE_COMPLAINTS_H
#define KNOTHOLE_COMPLAINTS_H

#include "service.h"

enum { COMPLAINTS_MAX = 16 };

struct complaints {
	const char *service;
	struct host *host;
	void (*log)(void *arg, const char *line);
	void *log_arg;
	unsigned long counts[COMPLAINTS_MAX];
};

/* Those of the service that @spec starts; @service, its name, must last as long. */
static inline struct complaints complaints_of(const struct service_spec *spec, const char *service)
{
	return (struct complaints){ service, spec->host, spec->log, spec->log_arg, { 0 } };
}

/* @who did for the n-th time what @text says, "sends what is no STUN"; @kind, below COMPLAINTS_MAX, is
 * what is counted together. */
void complain(struct complaints *complaints, unsigned kind, const char *text, struct endpoint who);

#endif
