/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "visitors.h"

#include <errno.h>
#include <stdlib.h>

#include "crew.h"

struct visitor {
	struct visitors *visitors;
	struct visitor *next;
	struct visitor **link;
	struct conduit *conduit;
};

struct visitors {
	struct visitors_spec spec;
	struct crew crew;
	struct sock *listener;
	struct visitor *all;
	unsigned len;
	bool closing;
};

static void visitor_free(struct visitor *visitor)
{
	*visitor->link = visitor->next;
	if (visitor->next)
		visitor->next->link = visitor->link;
	visitor->visitors->len--;
	conduit_free(visitor->conduit);
	free(visitor);
}

static void serve(void *arg)
{
	struct visitor *visitor = arg;
	struct visitors *visitors = visitor->visitors;

	if (!visitors->closing)
		visitors->spec.serve(visitors->spec.arg, visitor->conduit);
	visitor_free(visitor);
	crew_leave(&visitors->crew);
}

static void take(struct visitors *visitors, struct sock *sock)
{
	const struct visitors_spec *spec = &visitors->spec;
	struct visitor *visitor;

	if (visitors->len >= spec->most) {
		if (spec->turned_away)
			spec->turned_away(spec->arg, sock_remote(sock));
		sock_close(sock);
		return;
	}
	visitor = calloc(1, sizeof(*visitor));
	if (!visitor) {
		sock_close(sock);
		return;
	}
	if (conduit_new(sock, &visitor->conduit)) {
		free(visitor);
		return;
	}
	visitor->visitors = visitors;
	visitor->next = visitors->all;
	visitor->link = &visitors->all;
	if (visitor->next)
		visitor->next->link = &visitor->next;
	visitors->all = visitor;
	visitors->len++;
	if (crew_spawn(&visitors->crew, host_loop(spec->host), spec->name, serve, visitor))
		visitor_free(visitor);
}

static void accept_all(void *arg)
{
	struct visitors *visitors = arg;
	struct sock *sock;

	while (!visitors->closing) {
		int err = sock_accept(visitors->listener, NEVER, &sock);

		if (!err && visitors->closing)
			sock_close(sock);
		else if (!err)
			take(visitors, sock);
		else if (!sock_read_on(visitors->spec.host, err))
			break;
	}
	crew_leave(&visitors->crew);
}

int visitors_open(const struct visitors_spec *spec, struct visitors **ret)
{
	struct sock_spec tcp = { .kind = SOCK_TCP_LISTEN, .local.port = spec->port };
	struct visitors *visitors = calloc(1, sizeof(*visitors));
	int err;

	if (!visitors)
		return -ENOMEM;
	visitors->spec = *spec;
	err = sock_open(spec->host, &tcp, &visitors->listener);
	if (!err)
		err = crew_spawn(&visitors->crew, host_loop(spec->host), spec->name, accept_all,
				 visitors);
	if (err) {
		visitors_close(visitors);
		return err;
	}
	*ret = visitors;
	return 0;
}

void visitors_close(struct visitors *visitors)
{
	if (!visitors)
		return;
	visitors->closing = true;
	sock_close(visitors->listener);
	for (struct visitor *one = visitors->all; one; one = one->next)
		conduit_close(one->conduit);
	crew_wait(&visitors->crew);
	while (visitors->all) /* whose fibers will not run any more */
		visitor_free(visitors->all);
	free(visitors);
}
