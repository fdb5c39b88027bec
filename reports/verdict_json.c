/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "tap.h"
#include "verdict.h"

/* IPv4 alone goes without saying: nothing is set then. */
static json_t *set_family(json_t *object, enum family family, struct verdict_families families)
{
	const char *word = verdict_families_word(families);

	if (!families.ipv6 && family == FAMILY_IPV4)
		return object;
	json_object_set_new(
		object, "family",
		json_string(families.ipv4 || families.ipv6 ? word : family_word(family)));
	return object;
}

/* Of ICE's alone. */
static json_t *set_pair(json_t *object, enum ice_path path)
{
	if (path != ICE_PATH_COUNT)
		json_object_set_new(object, "pair", json_string(ice_path_word(path)));
	return object;
}

static json_t *attempt_json(const struct verdict_attempt *attempt)
{
	json_t *json = json_pack("{s:s, s:b, s:b, s:[b, b], s:[b, b], s:f, s:f, s:o}", "method",
				 method_word(attempt->method), "connected", (int)attempt->connected,
				 "relayed", (int)attempt->relayed, "spoke_first",
				 (int)attempt->spoke_first[0], (int)attempt->spoke_first[1],
				 "arrived", (int)attempt->arrived[0], (int)attempt->arrived[1],
				 "began_ms", (double)attempt->began / 1e6, "opened_ms",
				 (double)attempt->opened / 1e6, "why", tap_text_json(attempt->why));

	if (attempt->shown != attempt->method)
		json_object_set_new(json, "shown", json_string(method_word(attempt->shown)));
	return set_pair(set_family(json, attempt->family, attempt->families), attempt->ice_path);
}

static json_t *attempts_json(const struct verdict_call *call)
{
	json_t *list = json_array();

	for (size_t i = 0; i < call->attempts_len; i++)
		json_array_append_new(list, attempt_json(&call->attempts[i]));
	return list;
}

static json_t *path_json(const struct verdict_call *call, size_t role)
{
	json_t *list = json_array();

	for (size_t i = 0; i < call->path_len[role]; i++)
		json_array_append_new(list, tap_text_json(call->path[role][i]));
	return list;
}

json_t *verdict_call_json(const struct verdict_call *call)
{
	char token[17];
	json_t *json;

	snprintf(token, sizeof(token), "%016" PRIx64, call->token);
	json = json_pack(
		"{s:s, s:o, s:o, s:b, s:s, s:o, s:b, s:o, s:o, s:[o, o], s:[[i, i], [i, i]]}",
		"token", token, "caller", tap_text_json(call->caller), "callee",
		tap_text_json(call->callee), "connected", (int)call->connected, "method",
		method_word(call->method), "why", tap_text_json(call->why), "relayed",
		(int)call->relayed, "relay",
		call->relay[0] != '\0' ? tap_text_json(call->relay) : json_null(), "attempts",
		attempts_json(call), "paths", path_json(call, 0), path_json(call, 1), "voice",
		(int)call->voice_sent[0], (int)call->voice_arrived[0], (int)call->voice_sent[1],
		(int)call->voice_arrived[1]);
	if (call->said != call->method)
		json_object_set_new(json, "said", json_string(method_word(call->said)));
	return set_pair(set_family(json, call->family, call->families), call->ice_path);
}
