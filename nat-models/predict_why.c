/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's reasons, in words, read off the last packets of a play. */
#include "predict_why.h"

#include <stdio.h>

static const char *const party_words[] = { "caller", "callee" };

const char *predict_label(enum party owner, const struct nat_model *model, char buf[LABEL])
{
	const char *name = *model->name ? model->name : nat_kind_word(model->kind);

	if (owner == PARTY_NONE)
		snprintf(buf, LABEL, "the shared %s", name);
	else
		snprintf(buf, LABEL, "%s's %s", party_words[owner], name);
	return buf;
}

static const char *nat_label(const struct reach_nat *nat, char buf[LABEL])
{
	return predict_label(nat->owner, nat->model, buf);
}

/* The NAT on @who's way that gives another port for another destination. */
static const struct reach_nat *remapper(const struct reach *reach, enum party who)
{
	const struct reach_peer *peer = &reach->peers[who];
	const struct reach_nat *found = NULL;

	for (size_t i = 0; i < peer->own_len + reach->shared_len; i++) {
		const struct reach_nat *nat =
			&reach->nats[i < peer->own_len ? peer->own[i]
						       : reach->shared[i - peer->own_len]];

		if (nat_kind_gives_ports(nat->model->kind) && reach_rules(nat)->mapping != NAT_EI)
			found = nat;
	}
	return found;
}

static void why_filtered(const struct reach *reach, enum party sender, const struct reach_nat *at,
			 char why[WHY])
{
	bool remapped = reach->peers[sender].fate.remapped;
	const struct reach_nat *maps = remapped ? remapper(reach, sender) : NULL;
	const char *scope = nat_scope_word(reach_rules(at)->filtering);
	char filter[LABEL], other[LABEL];

	nat_label(at, filter);
	if (maps)
		snprintf(why, WHY, "%s sends from a new port, which %s does not let in (%s)",
			 nat_label(maps, other), filter, scope);
	else
		snprintf(why, WHY, "%s lets in only whom the %s has sent to (%s filtering)", filter,
			 party_words[!sender], scope);
}

void predict_why_dropped(const struct reach *reach, enum party sender, char why[WHY])
{
	const struct reach_fate *fate = &reach->peers[sender].fate;
	char name[LABEL] = "";

	/* All the others are a NAT's doing. */
	if (!fate->nat) {
		snprintf(why, WHY, "no address that the %s knows leads to the %s",
			 party_words[sender], party_words[!sender]);
		return;
	}
	nat_label(fate->nat, name);
	switch (fate->drop) {
	case REACH_BLOCKED:
		snprintf(why, WHY, "%s lets no %s through", name, reach->tcp ? "TCP" : "UDP");
		break;
	case REACH_FILTERED:
		why_filtered(reach, sender, fate->nat, why);
		break;
	case REACH_PORT_SHUT:
		snprintf(why, WHY, "%s lets %s out to some ports only", name,
			 reach->tcp ? "TCP" : "UDP");
		break;
	case REACH_NO_HAIRPIN:
		snprintf(why, WHY, "%s does not hairpin", name);
		break;
	default:
		snprintf(why, WHY, "%s refuses a mapping whose port is in use", name);
	}
}

void predict_why_not(const struct reach *reach, enum method method, char why[WHY])
{
	enum party speaker = predict_speaks(method, PARTY_CALLER) ? PARTY_CALLER : PARTY_CALLEE;
	enum party listener = speaker == PARTY_CALLER ? PARTY_CALLEE : PARTY_CALLER;

	if (reach->forgot) {
		char name[LABEL];

		snprintf(why, WHY, "%s forgets a SYN that is refused",
			 nat_label(reach->forgot, name));
		return;
	}
	/* The listener's endpoint is not even known where its own packets don't get out. */
	if (!reach->peers[listener].registered)
		predict_why_dropped(reach, listener, why);
	else if (reach->peers[speaker].fate.drop != REACH_ARRIVED)
		predict_why_dropped(reach, speaker, why);
	else if (reach->peers[listener].fate.drop == REACH_ARRIVED)
		snprintf(why, WHY, "%s or its answer comes from a port that was not %s",
			 reach->tcp ? "a SYN" : "a check", reach->tcp ? "connected to" : "asked");
	else
		predict_why_dropped(reach, listener, why);
}

/* The innermost NAT on @who's own way that filters; NULL where nothing does. */
static const struct reach_nat *guard(const struct reach *reach, enum party who)
{
	const struct reach_peer *peer = &reach->peers[who];

	for (size_t i = 0; i < peer->own_len; i++) {
		const struct reach_nat *nat = &reach->nats[peer->own[i]];

		if (nat->model->kind != NAT_KIND_ROUTER)
			return nat;
	}
	return NULL;
}

static void why_open(const struct reach *reach, enum party listener, char why[WHY])
{
	const struct reach_nat *nat = guard(reach, listener);
	char name[LABEL];

	if (!nat)
		snprintf(why, WHY, "nothing filters what comes in to the %s",
			 party_words[listener]);
	else if (nat->forwards[listener])
		snprintf(why, WHY, "a forward of %s leads to the %s", nat_label(nat, name),
			 party_words[listener]);
	else
		snprintf(why, WHY, "%s lets anyone in (%s filtering)", nat_label(nat, name),
			 nat_scope_word(reach_rules(nat)->filtering));
}

/* Was @who spoken to at a port that had not been given yet? */
static bool was_foreseen(const struct reach *reach, enum party who)
{
	return reach->peers[who].expected.port != reach->peers[who].mapped.port;
}

/* Who connects comes by the way that the other's SYN has opened, wherever it takes one. */
static void why_opened(const struct reach *reach, char why[WHY])
{
	const struct reach_nat *nat = guard(reach, PARTY_CALLEE);
	char name[LABEL];

	if (nat && nat_kind_gives_ports(nat->model->kind) && reach_rules(nat)->filtering != NAT_EI)
		snprintf(why, WHY, "the callee's SYN has let the caller's in by %s",
			 nat_label(nat, name));
	else
		why_open(reach, PARTY_CALLEE, why);
}

static void why_punched(const struct reach *reach, char why[WHY])
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		const struct reach_nat *maps = remapper(reach, (enum party)p);
		char name[LABEL];

		if (!was_foreseen(reach, (enum party)p) || !maps)
			continue;
		snprintf(why, WHY,
			 "%s gives one port after the other, and the next one is spoken to",
			 nat_label(maps, name));
		return;
	}
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		const struct reach_nat *maps = remapper(reach, (enum party)p);
		char name[LABEL];

		if (!reach->peers[p].fate.remapped || !maps)
			continue;
		snprintf(why, WHY, "%s sends from a new port, and nothing on the %s's side minds",
			 nat_label(maps, name), party_words[!p]);
		return;
	}
	snprintf(why, WHY,
		 "both keep the endpoint that the rendezvous saw, so each one's packets "
		 "let the other's in");
}

void predict_why_connected(const struct reach *reach, enum method method, char why[WHY])
{
	bool hairpinned = reach->peers[PARTY_CALLER].fate.hairpinned ||
			  reach->peers[PARTY_CALLEE].fate.hairpinned;
	char name[LABEL];

	if (hairpinned)
		snprintf(why, WHY, "%s hairpins", nat_label(&reach->nats[reach->shared[0]], name));
	else if (reach->shared_len)
		snprintf(why, WHY, "the two meet on the inside of %s",
			 nat_label(&reach->nats[reach->shared[0]], name));
	else if (predict_punches(method))
		why_punched(reach, why);
	else if (method_listens_after(method))
		why_opened(reach, why);
	else
		why_open(reach, predict_speaks(method, PARTY_CALLER) ? PARTY_CALLEE : PARTY_CALLER,
			 why);
}

void predict_why_open_question(const struct outcome *a, const struct outcome *b, char why[WHY])
{
	const struct reach *reach = a->reach.poisoned ? &a->reach : &b->reach;
	char name[LABEL];

	for (size_t i = 0; i < reach->nats_len; i++) {
		if (!reach->nats[i].taken.len)
			continue;
		snprintf(why, WHY,
			 "whose hello comes first decides: %s takes the port of a stray for itself",
			 nat_label(&reach->nats[i], name));
		return;
	}
	if (a->reach.forgot) {
		snprintf(why, WHY, "%s forgets a SYN that is refused, so the two must cross",
			 nat_label(a->reach.forgot, name));
		return;
	}
	if (a->reach.chance || b->reach.chance)
		snprintf(why, WHY, "chance decides, or what the models leave open");
	else
		snprintf(why, WHY, "whose hello comes first decides");
}
