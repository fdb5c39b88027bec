/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: the probe's word and the oracle's against the capture. */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"

static const struct verdict_attempt *shown_attempt(const struct verdict_call *shown,
						   const struct attempt *tried)
{
	for (size_t i = 0; shown && i < shown->attempts_len; i++)
		if (shown->attempts[i].method == tried->method &&
		    shown->attempts[i].family == tried->family)
			return &shown->attempts[i];
	return NULL;
}

static bool attempt_worked(const struct verdict_call *shown, const struct attempt *tried)
{
	const struct verdict_attempt *attempt = shown_attempt(shown, tried);

	return attempt && attempt->connected;
}

static const char *shown_word(const struct verdict_call *shown)
{
	return shown && shown->connected ? method_word(shown->method) : "none";
}

/* The method by which the probe says that it connected. */
static const char *probe_word(const struct stage_call *call)
{
	return call_connected(call->call) ? method_word(call_method(call->call)) : "none";
}

/* Of a method that was tried twice in a ladder the last attempt counts, for the capture tells one
 * of each. */
static bool tried_again(const struct attempt *attempts, unsigned n, unsigned i)
{
	for (unsigned later = i + 1; later < n; later++)
		if (attempts[later].method == attempts[i].method &&
		    attempts[later].family == attempts[i].family)
			return true;
	return false;
}

/* IPv4 goes without saying. */
static const char *over(const struct attempt *attempt)
{
	return attempt->family == FAMILY_IPV6 ? " over IPv6" : "";
}

/*
 * Where voice was spoken, the call's connection in the capture is the voice's; a mapping that
 * died in between ends it, and the probe's word is then that it heard nothing one way.
 */
static bool probe_agrees(const struct stage_call *call, const struct verdict_call *shown)
{
	bool spoke = call->sent[0] && call->sent[1];
	bool says = call_connected(call->call);

	if (spoke)
		says = says && call->heard[0] && call->heard[1];
	if (says != (shown && shown->connected))
		return false;
	return !says ||
	       (call_method(call->call) == shown->said && call_family(call->call) == shown->family);
}

/* How the packets of a pair go, by the types of its candidates (RFC 8445, 5.1.1). */
static enum ice_path path_of_types(const struct attempt *attempt)
{
	if (attempt->here == ICE_RELAYED || attempt->there == ICE_RELAYED)
		return ICE_PATH_RELAYED;
	return attempt->here == ICE_HOST && attempt->there == ICE_HOST ? ICE_PATH_DIRECT
								       : ICE_PATH_PUNCHED;
}

/* The types of ICE's pair against the way that the capture shows. */
static void compare_pair(const struct stage_call *call, const struct attempt *tried,
			 const struct verdict_call *shown, char *message, size_t size)
{
	enum ice_path path = shown_attempt(shown, tried)->ice_path;

	if (path != path_of_types(tried))
		snprintf(
			message, size,
			"%s's call to %s: probe says its pair is %s and %s, capture shows that it is %s",
			call->caller->name, call->callee->name, ice_type_word(tried->here),
			ice_type_word(tried->there), ice_path_word(path));
	else if (!call->waiver && !(call->oracle[tried->family].ice_paths & ice_path_bit(path)))
		snprintf(message, size,
			 "%s's call to %s: ice must not be %s (%s), capture shows that it is",
			 call->caller->name, call->callee->name, ice_path_word(path),
			 call->oracle[tried->family].why[METHOD_ICE]);
}

/* Where a NAT may give up the connection to the rendezvous, as the models say of a relay, a way that is open
 * may be given up with it. */
static bool may_break_off(const struct stage_call *call, const struct attempt *tried)
{
	return !call->waiver && !tried->connected &&
	       call->oracle[tried->family].udp[METHOD_RELAY] == PREDICT_MAY;
}

static void compare_probe(const struct stage_call *call, const struct verdict_call *shown,
			  char *message, size_t size)
{
	const struct attempt *attempts;
	unsigned n = call_attempts(call->call, &attempts);
	bool broke_off = false;

	for (unsigned i = 0; i < n && !message[0]; i++) {
		bool worked = attempt_worked(shown, &attempts[i]);

		broke_off |= worked && may_break_off(call, &attempts[i]);
		if (worked && may_break_off(call, &attempts[i]))
			continue;
		if (worked != attempts[i].connected && !tried_again(attempts, n, i))
			snprintf(message, size,
				 "%s's call to %s: probe says %s%s %s, capture shows that it %s",
				 call->caller->name, call->callee->name,
				 method_word(attempts[i].method), over(&attempts[i]),
				 attempts[i].connected ? "worked" : "failed",
				 worked ? "worked" : "failed");
		else if (worked && attempts[i].method == METHOD_ICE && !tried_again(attempts, n, i))
			compare_pair(call, &attempts[i], shown, message, size);
	}
	if (!message[0] && !broke_off && !probe_agrees(call, shown))
		snprintf(
			message, size,
			"%s's call to %s: probe says %s and heard %u and %u frames, capture shows %s",
			call->caller->name, call->callee->name, probe_word(call), call->heard[0],
			call->heard[1], shown_word(shown));
}

/* Where the models say as what a method's success must be seen: was it? */
static void compare_shown(const struct stage_call *call, const struct attempt *tried,
			  const struct verdict_attempt *attempt, char *message, size_t size)
{
	const struct predict_answer *says = &call->oracle[tried->family];

	if (says->udp[tried->method] != PREDICT_MUST ||
	    says->shown[tried->method] & method_bit(attempt->shown))
		return;
	snprintf(message, size,
		 "%s's call to %s: %s%s must be seen as %s (%s), capture shows %s (%s)",
		 call->caller->name, call->callee->name, method_word(tried->method), over(tried),
		 attempt->shown == METHOD_PUNCH ? method_word(tried->method) : "no more than punch",
		 says->why[tried->method], method_word(attempt->shown), attempt->why);
}

/* Each method that was tried must have fared as the models say. */
static void compare_oracle(const struct stage_call *call, const struct verdict_call *shown,
			   char *message, size_t size)
{
	const struct attempt *attempts;
	unsigned n = call_attempts(call->call, &attempts);

	for (unsigned i = 0; i < n && !message[0]; i++) {
		enum method method = attempts[i].method;
		enum prediction prediction = call->oracle[attempts[i].family].udp[method];
		bool worked = attempt_worked(shown, &attempts[i]);

		if (worked)
			compare_shown(call, &attempts[i], shown_attempt(shown, &attempts[i]),
				      message, size);
		if (prediction == PREDICT_MAY || worked == (prediction == PREDICT_MUST))
			continue;
		snprintf(message, size,
			 "%s's call to %s: %s%s %s work (%s), capture shows that it %s",
			 call->caller->name, call->callee->name, method_word(method),
			 over(&attempts[i]), prediction == PREDICT_MUST ? "must" : "must not",
			 call->oracle[attempts[i].family].why[method],
			 worked ? "worked" : "failed");
	}
}

static json_t *record_probe(const struct stage_call *call)
{
	const struct attempt *attempts;
	unsigned n = call_attempts(call->call, &attempts);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		json_t *attempt = json_pack(
			"{s:s, s:b, s:f}", "method", method_word(attempts[i].method), "connected",
			attempts[i].connected, "ms", (double)attempts[i].took / 1e6);
		if (attempts[i].family == FAMILY_IPV6)
			json_object_set_new(attempt, "family", json_string("ipv6"));
		if (attempts[i].method == METHOD_ICE && attempts[i].connected)
			json_object_set_new(attempt, "pair",
					    json_pack("[s, s]", ice_type_word(attempts[i].here),
						      ice_type_word(attempts[i].there)));
		json_array_append_new(list, attempt);
	}
	return json_pack("{s:b, s:s, s:o, s:[i,i]}", "connected", call_connected(call->call),
			 "method", probe_word(call), "attempts", list, "heard", (int)call->heard[0],
			 (int)call->heard[1]);
}

static json_t *record_capture(const struct verdict_call *shown)
{
	if (shown)
		return verdict_call_json(shown);
	return json_pack("{s:b, s:s, s:s, s:n, s:[], s:[[],[]], s:[[i,i],[i,i]]}", "connected", 0,
			 "method", "none", "why", "no frame of this call was captured", "relay",
			 "attempts", "paths", "voice", 0, 0, 0, 0);
}

/* Where the success of @method may be seen as another's: as which, as the list "seen_as". */
static void record_seen_as(const struct predict_answer *answer, enum method method, json_t *says)
{
	json_t *list;

	if (!answer->shown[method] || answer->shown[method] == method_bit(method))
		return;
	list = json_array();
	for (int m = 0; m < METHOD_COUNT; m++)
		if (answer->shown[method] & method_bit((enum method)m))
			json_array_append_new(list, json_string(method_word((enum method)m)));
	json_object_set_new(says, "seen_as", list);
}

static json_t *record_answer(const struct predict_answer *answer)
{
	json_t *oracle = json_object(), *pairs = json_array();

	for (int m = 0; m < METHOD_COUNT; m++) {
		json_t *says = oracle_json(answer, (enum method)m);

		record_seen_as(answer, (enum method)m, says);
		json_object_set_new(oracle, method_word((enum method)m), says);
	}
	for (int i = 0; i < ICE_PATH_COUNT; i++)
		if (answer->ice_paths & ice_path_bit((enum ice_path)i))
			json_array_append_new(pairs, json_string(ice_path_word((enum ice_path)i)));
	json_object_set_new(json_object_get(oracle, method_word(METHOD_ICE)), "pairs", pairs);
	return oracle;
}

static json_t *judge_call(const struct stage_call *call, const struct verdict_call *shown,
			  char *message, size_t size)
{
	char token[17];
	json_t *record;

	compare_probe(call, shown, message, size);
	if (!call->waiver)
		compare_oracle(call, shown, message, size);
	snprintf(token, sizeof(token), "%016" PRIx64, call_token(call->call));
	record = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:b}", "token", token, "caller",
			   call->caller->name, "callee", call->callee->name, "probe",
			   record_probe(call), "capture", record_capture(shown), "oracle",
			   record_answer(&call->oracle[FAMILY_IPV4]), "agrees", !message[0]);
	if (call->asked[FAMILY_IPV6])
		json_object_set_new(record, "oracle6", record_answer(&call->oracle[FAMILY_IPV6]));
	if (call->order != ORDER_COUNT)
		json_object_set_new(record, "order", json_string(order_word(call->order)));
	if (call->waiver)
		json_object_set_new(record, "oracle_waived", json_string(call->waiver));
	if (message[0])
		json_object_set_new(record, "disagreement", json_string(message));
	return record;
}

json_t *judge_calls(const struct stage *stage, const struct verdict *verdict, char *ret_message,
		    size_t size)
{
	json_t *list = json_array();
	char message[512];

	ret_message[0] = '\0';
	for (const struct stage_call *call = stage->calls; call; call = call->next) {
		uint64_t token = call_token(call->call);

		message[0] = '\0';
		json_array_append_new(list, judge_call(call, verdict_find(verdict, token), message,
						       sizeof(message)));
		if (message[0] && !ret_message[0])
			snprintf(ret_message, size, "%s", message);
	}
	return list;
}
