/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: evidence.c gathers the sightings of every frame, journey.c follows
 * each from tap to tap, trial.c judges each method that was tried.  Here the call is judged:
 * the way that its voice took at the end, held against the method that the voice names and
 * against the attempt that is said to have opened it.
 */
#include "verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "journey.h"
#include "trial.h"

/* A call in hand. */
struct judgement {
	const struct journeys *journeys;
	struct trial trials[VERDICT_ATTEMPTS]; /* in order of their beginnings */
	size_t trials_len;
	struct verdict_call *call;
};

static void add(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Append a clause, or where it does not fit as much of it as does. */
static void add(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

const char *verdict_families_word(struct verdict_families families)
{
	if (families.ipv6)
		return families.ipv4 ? "ipv6 and ipv4" : "ipv6";
	return families.ipv4 ? "ipv4" : "none";
}

/* Number @i of all ways. */
static struct way way_at(int i)
{
	return (struct way){ (enum method)(i % METHOD_COUNT), (enum family)(i / METHOD_COUNT) };
}

/* " over IPv6", where IPv6 there was: else nothing, for IPv4 alone goes without saying. */
static const char *over(enum family family, struct verdict_families families)
{
	if (families.ipv6)
		return families.ipv4 ? " over IPv6 and IPv4" : " over IPv6";
	return family == FAMILY_IPV6 ? " over IPv6" : "";
}

static void hold_trials(struct judgement *j)
{
	for (int i = 0; i < VERDICT_ATTEMPTS; i++) {
		struct trial trial;
		size_t at = j->trials_len;

		if (!trial_of(j->journeys, way_at(i), &trial))
			continue;
		while (at > 0 && j->trials[at - 1].attempt.began > trial.attempt.began) {
			j->trials[at] = j->trials[at - 1];
			at--;
		}
		j->trials[at] = trial;
		j->trials_len++;
	}
	for (size_t i = 0; i < j->trials_len; i++)
		j->call->attempts[i] = j->trials[i].attempt;
	j->call->attempts_len = j->trials_len;
}

static const struct trial *find_trial(const struct judgement *j, struct way way)
{
	for (size_t i = 0; i < j->trials_len; i++) {
		if (j->trials[i].attempt.method == way.method &&
		    j->trials[i].attempt.family == way.family)
			return &j->trials[i];
	}
	return NULL;
}

/* The one that connected last: a ladder ends there. */
static const struct trial *last_connected(const struct judgement *j)
{
	const struct trial *last = NULL;

	for (size_t i = 0; i < j->trials_len; i++) {
		const struct verdict_attempt *attempt = &j->trials[i].attempt;

		if (attempt->connected && (!last || attempt->opened >= last->attempt.opened))
			last = &j->trials[i];
	}
	return last;
}

static void set_path(struct judgement *j, const struct journey *journey, size_t role)
{
	struct verdict_call *call = j->call;

	for (size_t i = 0; journey && i < journey->seen_len; i++) {
		const char *name = journeys_tap(j->journeys, journey->seen[i])->name;
		size_t at = 0;

		while (at < call->path_len[role] && strcmp(call->path[role][at], name) != 0)
			at++;
		if (at == call->path_len[role] && at < VERDICT_PATH) {
			snprintf(call->path[role][at], VERDICT_NAME, "%s", name);
			call->path_len[role]++;
		}
		if (journey->seen[i] == journey->arrived)
			break;
	}
}

/* As what the packets show @way to have been opened. */
static enum method shown_method(const struct judgement *j, struct way way)
{
	const struct trial *trial = find_trial(j, way);

	return trial && trial->attempt.connected ? trial->attempt.shown : way.method;
}

/* The call ended on @way, along the way of @passage's last frames. */
static void set_end(struct judgement *j, struct way way, const struct passage *passage)
{
	j->call->method = shown_method(j, way);
	j->call->said = way.method;
	j->call->family = way.family;
	j->call->families = passage->families;
	j->call->relayed = passage->relay != NULL;
	if (way.method == METHOD_ICE)
		j->call->ice_path = passage_ice_path(passage);
	if (passage->relay)
		snprintf(j->call->relay, VERDICT_NAME, "%s", passage->relay);
	for (size_t role = 0; role < 2; role++)
		set_path(j, passage->last[role], role);
}

static size_t last_order(const struct journey *journey)
{
	return journey ? journey->arrived->order : 0;
}

/*
 * The way of the voice at the end: of those whose voice arrived both ways the latest;
 * where there is none such, the latest of those that arrived at all, or were only sent.
 */
static bool choose_voice(struct judgement *j, struct passage *ret, struct way *ret_way)
{
	size_t best = 0;
	bool best_both = false, any = false;

	for (int i = 0; i < VERDICT_ATTEMPTS; i++) {
		struct passage voice;
		size_t latest;
		bool both;

		passage_of(j->journeys, way_at(i), true, &voice);
		for (size_t role = 0; role < 2; role++) {
			j->call->voice_sent[role] += voice.sent[role];
			j->call->voice_arrived[role] += voice.arrived[role];
		}
		if (voice.sent[0] + voice.sent[1] + voice.arrived[0] + voice.arrived[1] == 0)
			continue;
		both = voice.arrived[0] > 0 && voice.arrived[1] > 0;
		latest = last_order(voice.last[0]) > last_order(voice.last[1])
				 ? last_order(voice.last[0])
				 : last_order(voice.last[1]);
		if (!any || both > best_both || (both == best_both && latest >= best)) {
			*ret = voice;
			*ret_way = way_at(i);
			best = latest;
			best_both = both;
		}
		any = true;
	}
	return any;
}

static void tell_voice(struct judgement *j)
{
	struct verdict_call *call = j->call;

	for (size_t role = 0; role < 2; role++)
		add(call->why, sizeof(call->why), "%s %u of %u voice frames reached %s",
		    role == 0 ? ";" : ",", call->voice_arrived[role], call->voice_sent[role],
		    trial_party(j->journeys, !role));
}

/* What did not work before it, as far as there is room. */
static void tell_failures(struct judgement *j, bool alone)
{
	char *why = j->call->why;
	size_t size = sizeof(j->call->why);

	for (size_t i = 0; i < j->trials_len; i++) {
		const struct trial *trial = &j->trials[i];
		const char *word = method_word(trial->attempt.method);
		const char *by = over(trial->attempt.family, trial->attempt.families);

		if (trial->attempt.connected)
			continue;
		if (i > 0 &&
		    strlen(why) + strlen(word) + strlen(by) + strlen(trial->attempt.why) + 10 >
			    size)
			break;
		add(why, size, "%s%s%s%s: %s", i > 0 || !alone ? "; " : "", word, by,
		    alone ? "" : " had failed", trial->attempt.why);
	}
}

/* Voice was sent: it decides. */
static void judge_voice(struct judgement *j, const struct passage *voice, struct way way)
{
	const struct trial *opened = find_trial(j, way);
	struct verdict_call *call = j->call;
	const char *word = method_word(way.method);
	char fault[TRIAL_TEXT];

	set_end(j, way, voice);
	if (!passage_fits(j->journeys, voice, way, fault)) {
		add(call->why, sizeof(call->why), "voice: %s", fault);
	} else if (voice->arrived[0] == 0 || voice->arrived[1] == 0) {
		trial_explain_loss(j->journeys, way,
				   voice->arrived[0] == 0 ? TALK_CALLER : TALK_CALLEE, true, fault);
		add(call->why, sizeof(call->why), "voice by %s did not pass both ways: %s", word,
		    fault);
		tell_voice(j);
	} else if (!opened) {
		add(call->why, sizeof(call->why),
		    "voice says %s, but no hello or answer of that method was seen", word);
	} else if (!opened->attempt.connected) {
		add(call->why, sizeof(call->why), "voice says %s, but that did not open: %s", word,
		    opened->attempt.why);
	} else {
		call->connected = true;
		add(call->why, sizeof(call->why), "%s%s: %s", method_word(call->method),
		    over(way.family, voice->families), opened->attempt.why);
		tell_voice(j);
		tell_failures(j, false);
	}
}

static void judge_attempts(struct judgement *j)
{
	const struct trial *end = last_connected(j);
	struct verdict_call *call = j->call;

	if (end) {
		call->connected = true;
		set_end(j, (struct way){ end->attempt.method, end->attempt.family }, &end->passage);
		add(call->why, sizeof(call->why), "%s%s: %s; no voice was sent",
		    method_word(end->attempt.shown),
		    over(end->attempt.family, end->attempt.families), end->attempt.why);
		tell_failures(j, false);
	} else {
		end = &j->trials[j->trials_len - 1];
		set_end(j, (struct way){ end->attempt.method, end->attempt.family }, &end->passage);
		tell_failures(j, true);
	}
}

static int judge(const struct evidence *evidence, const struct dossier *dossier,
		 struct verdict_call *ret)
{
	struct journeys journeys;
	struct judgement j = { .journeys = &journeys, .call = ret };
	struct passage voice;
	struct way way = { 0 };

	if (journeys_follow(evidence, dossier, &journeys) < 0)
		return -ENOMEM;
	ret->token = dossier->token;
	ret->ice_path = ICE_PATH_COUNT;
	for (size_t role = 0; role < 2; role++) {
		if (journeys.node[role])
			snprintf(role == 0 ? ret->caller : ret->callee, VERDICT_NAME, "%s",
				 journeys.node[role]);
	}
	hold_trials(&j);
	if (choose_voice(&j, &voice, &way))
		judge_voice(&j, &voice, way);
	else
		judge_attempts(&j);
	journeys_clear(&journeys);
	return 0;
}

int verdict_read(const char *path, struct verdict *ret, char *ret_error, size_t size)
{
	struct evidence evidence;
	struct verdict verdict = { 0 };
	int r = evidence_read(path, &evidence, ret_error, size);

	if (r < 0)
		return r;
	verdict.packets = evidence.packets;
	verdict.calls_len = evidence.dossiers_len;
	verdict.calls = calloc(verdict.calls_len + 1, sizeof(*verdict.calls));
	if (!verdict.calls)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < verdict.calls_len; i++)
		r = judge(&evidence, &evidence.dossiers[i], &verdict.calls[i]);
	evidence_clear(&evidence);
	if (r < 0) {
		snprintf(ret_error, size, "%.160s: no memory", path);
		verdict_clear(&verdict);
		return r;
	}
	*ret = verdict;
	return 0;
}

void verdict_clear(struct verdict *verdict)
{
	free(verdict->calls);
	*verdict = (struct verdict){ 0 };
}

const struct verdict_call *verdict_find(const struct verdict *verdict, uint64_t token)
{
	for (size_t i = 0; i < verdict->calls_len; i++) {
		if (verdict->calls[i].token == token)
			return &verdict->calls[i];
	}
	return NULL;
}
