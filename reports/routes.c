/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/packet.h"

/* What a relay that rewrites all bytes (TLS, say) must have passed on at least, and how much of
 * what it got it must have, in percent, for its volumes alone to show it. */
enum { VOLUME_LEAST = 8192, VOLUME_SHARE = 80 };

enum { LAST_PART = 4 }; /* the end is the last quarter of the traffic's time */

struct sorting {
	struct routes *routes;
	size_t room;
	size_t taps[2];
	bool *by_volume; /* flows of a relay that their volumes give away */
	bool any; /* payload arrived, by any route */
	uint64_t begin, end; /* ns: of the first such, and of the last */
};

static const struct flow *flow_at(const struct sorting *s, size_t number)
{
	return &s->routes->flows->flows[number];
}

/* 0 = the first host's, 1 = the second's, -1 = another's. */
static int side_of(const struct sorting *s, size_t flow)
{
	size_t tap = flow_at(s, flow)->tap;

	return tap == s->taps[0] ? 0 : tap == s->taps[1] ? 1 : -1;
}

static struct route *add_route(struct sorting *s, enum method method, uint64_t time)
{
	struct routes *routes = s->routes;
	size_t room = s->room ? 2 * s->room : 8;
	struct route *grown = routes->routes;

	if (routes->len == s->room) {
		grown = reallocarray(grown, room, sizeof(*grown));
		if (!grown)
			return NULL;
		routes->routes = grown;
		s->room = room;
	}
	grown[routes->len] = (struct route){ .method = method, .first = time };
	return &grown[routes->len++];
}

/* The route of an arrival between the two hosts themselves, by their pair of flows. */
static struct route *straight(struct sorting *s, const struct arrival *a, int to)
{
	size_t ends[2];
	struct route *route;

	ends[to] = a->to;
	ends[!to] = a->from;
	for (size_t i = 0; i < s->routes->len; i++) {
		route = &s->routes->routes[i];
		if (!route->relay && route->ends[0] == ends[0] && route->ends[1] == ends[1])
			return route;
	}
	route = add_route(s, METHOD_DIRECT, a->time);
	if (route) {
		route->ends[0] = ends[0];
		route->ends[1] = ends[1];
		route->protocol = flow_at(s, a->to)->protocol;
	}
	return route;
}

/* The route through the host that @a comes from. */
static struct route *relayed(struct sorting *s, const struct arrival *a, int to)
{
	const char *relay = s->routes->flows->taps.taps[flow_at(s, a->from)->tap].node;
	struct route *route = NULL;

	for (size_t i = 0; i < s->routes->len && !route; i++)
		if (s->routes->routes[i].relay == relay)
			route = &s->routes->routes[i];
	if (!route) {
		route = add_route(s, METHOD_RELAY, a->time);
		if (!route)
			return NULL;
		route->relay = relay;
		route->ends[0] = route->ends[1] = FLOW_NONE;
	}
	route->ends[to] = a->to;
	route->protocol = flow_at(s, a->to)->protocol;
	return route;
}

/* Is what @a brings the first host's or the second's word for the other one?  Then by which route;
 * *ret_to is who got it. */
static int route_of(struct sorting *s, const struct arrival *a, struct route **ret, int *ret_to)
{
	int to = side_of(s, a->to), from = side_of(s, a->from);
	int origin = a->origin == FLOW_NONE ? -1 : side_of(s, a->origin);

	*ret = NULL;
	*ret_to = to;
	if (to < 0)
		return 0;
	if (from == !to)
		*ret = straight(s, a, to);
	else if (from < 0 && (origin == !to || s->by_volume[a->from]))
		*ret = relayed(s, a, to);
	else
		return 0;
	return *ret ? 0 : -ENOMEM;
}

static bool is_empty(const struct route *route)
{
	return route->bytes[0] + route->bytes[1] == 0;
}

/* Acknowledgements and FINs may come long after what was said. */
static void count(struct sorting *s, struct route *route, const struct arrival *a, int to)
{
	route->packets[!to]++;
	route->bytes[!to] += a->bytes;
	if (a->bytes > 0 || is_empty(route))
		route->last = a->time;
	if (a->bytes == 0)
		return;
	/* Several taps' packets need not be written in order. */
	if (!s->any || a->time < s->begin)
		s->begin = a->time;
	if (a->time > s->end)
		s->end = a->time;
	s->any = true;
}

static int follow(struct sorting *s)
{
	const struct flows *flows = s->routes->flows;

	for (size_t i = 0; i < flows->arrivals_len; i++) {
		struct route *route;
		int to;

		if (route_of(s, &flows->arrivals[i], &route, &to))
			return -ENOMEM;
		if (route)
			count(s, route, &flows->arrivals[i], to);
	}
	return 0;
}

/* What went by whom in the last part of the time.  Of the time, not of the bytes: a file that went
 * by a relay at first is no way at the end, however little is said after it. */
static int weigh(struct sorting *s)
{
	const struct flows *flows = s->routes->flows;

	for (size_t i = 0; i < flows->arrivals_len; i++) {
		const struct arrival *a = &flows->arrivals[i];
		struct route *route;
		int to;

		if (route_of(s, a, &route, &to))
			return -ENOMEM;
		if (route && a->time >= s->end - (s->end - s->begin) / LAST_PART)
			route->late_bytes += a->bytes;
	}
	return 0;
}

static void choose_end(struct routes *routes)
{
	routes->end = routes->len;
	for (size_t i = 0; i < routes->len; i++)
		if (routes->end == routes->len ||
		    routes->routes[i].late_bytes > routes->routes[routes->end].late_bytes)
			routes->end = i;
}

static bool is_share(uint64_t part, uint64_t whole)
{
	return part <= whole ? 100 * part >= VOLUME_SHARE * whole
			     : 100 * whole >= VOLUME_SHARE * part;
}

/* Did a third host pass on by @out, to one of the two, what it got by @in from the other?  It may
 * have kept it meanwhile, but cannot have sent it before it came. */
static bool passes_on(const struct sorting *s, size_t in, size_t out)
{
	const struct flow *from = flow_at(s, in), *to = flow_at(s, out);

	return to->bytes_out >= VOLUME_LEAST && is_share(from->bytes_in, to->bytes_out) &&
	       from->first_in < to->last;
}

/* Relays whose bytes tell nothing: what they got from the one is as much as what they sent to the
 * other, then or later. */
static void find_volumes(struct sorting *s)
{
	const struct flows *flows = s->routes->flows;

	for (size_t in = 0; in < flows->len; in++) {
		int from = flow_at(s, in)->peer == FLOW_NONE ? -1
							     : side_of(s, flow_at(s, in)->peer);

		if (from < 0 || side_of(s, in) >= 0 || flow_at(s, in)->bytes_in < VOLUME_LEAST)
			continue;
		for (size_t out = 0; out < flows->len; out++)
			if (flow_at(s, out)->tap == flow_at(s, in)->tap &&
			    flow_at(s, out)->peer != FLOW_NONE &&
			    side_of(s, flow_at(s, out)->peer) == !from && passes_on(s, in, out))
				s->by_volume[in] = s->by_volume[out] = true;
	}
}

/* Had @flow's host tried the same protocol toward the same address, and nothing had come through? */
static bool tried_in_vain(const struct sorting *s, const struct flow *flow)
{
	for (size_t i = 0; i < s->routes->flows->len; i++) {
		const struct flow *other = flow_at(s, i);

		if (other->tap == flow->tap && other->protocol == flow->protocol &&
		    ip_addr_equal(other->remote.addr, flow->remote.addr) &&
		    other->peer == FLOW_NONE && other->first_out < flow->first_in)
			return true;
	}
	return false;
}

static enum method method_of(const struct sorting *s, const struct route *route)
{
	const struct flow *a = flow_at(s, route->ends[0]), *b = flow_at(s, route->ends[1]);
	bool a_hidden = !endpoint_equal(a->own, b->remote);
	bool b_hidden = !endpoint_equal(b->own, a->remote);

	if (a->spoke_first && b->spoke_first)
		return a_hidden && b_hidden ? METHOD_PUNCH
		       : b_hidden	    ? METHOD_REVERSAL
					    : METHOD_DIRECT;
	if (!a->spoke_first && b->spoke_first && tried_in_vain(s, a))
		return METHOD_REVERSAL;
	return METHOD_DIRECT;
}

static size_t find_host(const struct flows *flows, const char *name)
{
	for (size_t i = 0; i < flows->taps.len; i++)
		if (flows->taps.taps[i].side == TAP_HOST &&
		    strcmp(flows->taps.taps[i].node, name) == 0)
			return i;
	return FLOW_NONE;
}

int routes_between(const struct flows *flows, const char *a, const char *b, struct routes *ret)
{
	struct routes routes = { .flows = flows };
	struct sorting s = { .routes = &routes,
			     .taps = { find_host(flows, a), find_host(flows, b) } };
	int err;

	if (s.taps[0] == FLOW_NONE || s.taps[1] == FLOW_NONE)
		return -ENOENT;
	routes.hosts[0] = flows->taps.taps[s.taps[0]].node;
	routes.hosts[1] = flows->taps.taps[s.taps[1]].node;
	s.by_volume = calloc(flows->len + 1, sizeof(*s.by_volume));
	if (!s.by_volume)
		return -ENOMEM;
	find_volumes(&s);
	err = follow(&s);
	if (!err)
		err = weigh(&s);
	for (size_t i = 0; !err && i < routes.len; i++)
		if (!routes.routes[i].relay)
			routes.routes[i].method = method_of(&s, &routes.routes[i]);
	free(s.by_volume);
	if (err) {
		routes_clear(&routes);
		return err;
	}
	choose_end(&routes);
	*ret = routes;
	return 0;
}

void routes_clear(struct routes *routes)
{
	free(routes->routes);
	*routes = (struct routes){ 0 };
}

bool routes_connected(const struct routes *routes)
{
	const struct route *end;

	if (routes->end >= routes->len)
		return false;
	end = &routes->routes[routes->end];
	return end->packets[0] > 0 && end->packets[1] > 0;
}
