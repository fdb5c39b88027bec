/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of service gives to service.c. */
#ifndef KNOTHOLE_SERVICE_OPS_H
#define KNOTHOLE_SERVICE_OPS_H

#include "service.h"

struct service_ops {
	const char *name;
	/* 0 or service_start()'s; nothing is left running where it fails. */
	int (*start)(const struct service_spec *spec, void **ret);
	void (*stop)(void *state);
};

extern const struct service_ops dns_service;
extern const struct service_ops echo_service;
extern const struct service_ops rendezvous_service;
extern const struct service_ops stun_service;
extern const struct service_ops turn_service;

#endif
