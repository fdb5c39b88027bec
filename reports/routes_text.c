/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes for people, and for programs. */
#include <stdio.h>

#include "../nat-models/packet.h"
#include "routes.h"

enum { SAID = 8 }; /* routes in a sentence: a client and its name server have one a question */

static const char *protocol_word(const struct route *route)
{
	return route->protocol == IP_PROTO_TCP ? "tcp" : "udp";
}

static void print_way(FILE *out, const struct routes *routes, const struct route *route)
{
	const struct flow *flows = routes->flows->flows;
	char text[ENDPOINT_TEXT];

	if (route->relay) {
		fprintf(out, "relayed by %s, %s", route->relay, protocol_word(route));
		return;
	}
	fprintf(out, "peer to peer (%s), %s, %s as", method_word(route->method),
		protocol_word(route), routes->hosts[0]);
	fprintf(out, " %s", endpoint_format(flows[route->ends[1]].remote, text));
	fprintf(out, " and %s as %s", routes->hosts[1],
		endpoint_format(flows[route->ends[0]].remote, text));
}

static void print_volume(FILE *out, const struct route *route)
{
	fprintf(out, ": %llu bytes there and %llu back, from %.3f s to %.3f s",
		(unsigned long long)route->bytes[0], (unsigned long long)route->bytes[1],
		(double)route->first / 1e9, (double)route->last / 1e9);
}

const char *routes_sentence(const struct routes *routes, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	if (routes->len == 0)
		fprintf(out, "nothing went between %s and %s", routes->hosts[0], routes->hosts[1]);
	for (size_t i = 0; i < routes->len && i < SAID; i++) {
		/* The one at the end comes first. */
		size_t at = i == 0 ? routes->end : i <= routes->end ? i - 1 : i;

		fputs(i ? "; besides " : "", out);
		print_way(out, routes, &routes->routes[at]);
		print_volume(out, &routes->routes[at]);
	}
	if (routes->len > SAID)
		fprintf(out, "; and %zu more", routes->len - SAID);
	fclose(out);
	buf[size - 1] = '\0';
	return buf;
}

static json_t *endpoints_json(const struct routes *routes, const struct route *route, bool seen)
{
	const struct flow *flows = routes->flows->flows;
	json_t *pair = json_array();
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < 2; i++) {
		/* One is seen as the other's remote; of a relay's, neither sees it. */
		size_t flow = route->ends[seen ? !i : i];

		if (flow == FLOW_NONE || (seen && route->relay))
			json_array_append_new(pair, json_null());
		else
			json_array_append_new(
				pair, json_string(endpoint_format(
					      seen ? flows[flow].remote : flows[flow].own, text)));
	}
	return pair;
}

static json_t *name_json(const char *name)
{
	return name ? tap_text_json(name) : json_null();
}

static json_t *route_json(const struct routes *routes, const struct route *route)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:[I, I], s:[I, I], s:f, s:f}", "method",
			 method_word(route->method), "relay", name_json(route->relay), "protocol",
			 protocol_word(route), "own", endpoints_json(routes, route, false), "seen",
			 endpoints_json(routes, route, true), "bytes", (json_int_t)route->bytes[0],
			 (json_int_t)route->bytes[1], "packets", (json_int_t)route->packets[0],
			 (json_int_t)route->packets[1], "first_ms", (double)route->first / 1e6,
			 "last_ms", (double)route->last / 1e6);
}

json_t *routes_json(const struct routes *routes)
{
	const struct route *end = routes->end < routes->len ? &routes->routes[routes->end] : NULL;
	json_t *list = json_array();

	for (size_t i = 0; i < routes->len; i++)
		json_array_append_new(list, route_json(routes, &routes->routes[i]));
	return json_pack("{s:[o, o], s:b, s:s?, s:o, s:o}", "hosts", name_json(routes->hosts[0]),
			 name_json(routes->hosts[1]), "connected", (int)routes_connected(routes),
			 "method", end ? method_word(end->method) : NULL, "relay",
			 name_json(end ? end->relay : NULL), "routes", list);
}
