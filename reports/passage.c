/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "trial.h"

const char *trial_party(const struct journeys *journeys, size_t role)
{
	static const char *const unknown[2] = { "the caller", "the callee" };

	return journeys->node[role] ? journeys->node[role] : unknown[role];
}

/* The families that @journey's packets were of, from host to host. */
static void count_families(const struct journey *journey, struct passage *passage)
{
	struct verdict_families families = { 0 };

	for (size_t i = 0; i < journey->seen_len; i++) {
		if (journey->seen[i]->family == FAMILY_IPV6)
			families.ipv6 = true;
		else
			families.ipv4 = true;
		if (journey->seen[i] == journey->arrived)
			break;
	}
	passage->families.ipv4 |= families.ipv4;
	passage->families.ipv6 |= families.ipv6;
	passage->strayed[journey->frame->role] += journey->frame->family == FAMILY_IPV6 &&
						  families.ipv4;
}

/* Did anything on its way change an address or port? */
static bool is_changed(const struct journey *journey)
{
	return journey->left && (!endpoint_equal(journey->left->src, journey->arrived->src) ||
				 !endpoint_equal(journey->left->dst, journey->arrived->dst));
}

enum ice_path passage_ice_path(const struct passage *passage)
{
	if (passage->relay)
		return ICE_PATH_RELAYED;
	return passage->changed[0] + passage->changed[1] ? ICE_PATH_PUNCHED : ICE_PATH_DIRECT;
}

static void count_arrival(const struct journeys *journeys, const struct journey *journey,
			  struct passage *passage)
{
	size_t role = journey->frame->role;
	size_t order = journey->arrived->order;

	passage->arrived[role]++;
	count_families(journey, passage);
	passage->unborn[role] += journey->unborn;
	passage->changed[role] += is_changed(journey);
	passage->relayed[role] += journey->via != NULL;
	if (!passage->first[role] || order < passage->first[role]->arrived->order)
		passage->first[role] = journey;
	if (!passage->last[role] || order >= passage->last[role]->arrived->order)
		passage->last[role] = journey;
	if (journey->via)
		passage->relay = journeys_tap(journeys, journey->via)->node;
}

void passage_of(const struct journeys *journeys, struct way way, bool voice, struct passage *ret)
{
	*ret = (struct passage){ 0 };
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (!way_has(way, journey->frame) || (journey->frame->kind == TALK_VOICE) != voice)
			continue;
		ret->sent[journey->frame->role] += journey->left != NULL;
		if (journey->arrived)
			count_arrival(journeys, journey, ret);
	}
}

/* Relayed altogether, or not at all. */
static bool relays_all_or_none(const struct passage *passage)
{
	unsigned relayed = passage->relayed[0] + passage->relayed[1];

	return !relayed || relayed == passage->arrived[0] + passage->arrived[1];
}

bool passage_fits(const struct journeys *journeys, const struct passage *passage, struct way way,
		  char fault[TRIAL_TEXT])
{
	bool any_way = way.method == METHOD_ICE;

	if (any_way && !relays_all_or_none(passage)) {
		snprintf(fault, TRIAL_TEXT, "%s passed on some frames of one pair, and others not",
			 passage->relay);
		return false;
	}
	for (size_t role = 0; role < 2; role++) {
		const char *who = trial_party(journeys, role);

		if (passage->unborn[role] > 0) {
			snprintf(fault, TRIAL_TEXT,
				 "%u of %s's frames reached %s without having left %s",
				 passage->unborn[role], who, trial_party(journeys, !role), who);
			return false;
		}
		if (passage->strayed[role] > 0) {
			snprintf(fault, TRIAL_TEXT,
				 "%s's frames say IPv6, but were in IPv4 on their way", who);
			return false;
		}
		if (!any_way && !method_relays(way.method) && passage->relayed[role] > 0) {
			snprintf(fault, TRIAL_TEXT, "%s's frames say %s, but %s passed them on",
				 who, method_word(way.method), passage->relay);
			return false;
		}
		if (method_relays(way.method) && passage->relayed[role] < passage->arrived[role]) {
			snprintf(fault, TRIAL_TEXT,
				 "%s's frames say %s, but no third host passed them on", who,
				 method_word(way.method));
			return false;
		}
	}
	return true;
}
