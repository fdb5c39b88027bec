/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service_ops.h"

struct service {
	const struct service_ops *ops;
	void *state;
};

static const struct service_ops *const kinds[] = {
	&dns_service, &echo_service, &rendezvous_service, &stun_service, &turn_service,
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

int service_start(const struct service_spec *spec, struct service **ret)
{
	struct service *service;
	int err;

	for (int i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->name, spec->name) != 0)
			continue;
		service = calloc(1, sizeof(*service));
		if (!service)
			return -ENOMEM;
		service->ops = kinds[i];
		err = service->ops->start(spec, &service->state);
		if (err) {
			free(service);
			return err;
		}
		*ret = service;
		return 0;
	}
	return -ENOENT;
}

void service_stop(struct service *service)
{
	if (!service)
		return;
	service->ops->stop(service->state);
	free(service);
}

const char *const *service_names(void)
{
	static const char *names[KINDS + 1];

	for (int i = 0; i < KINDS; i++)
		names[i] = kinds[i]->name;
	return names;
}
