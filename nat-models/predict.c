/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the oracle thinks.
 *
 * A method is played with symbols (reach.h): both peers register, whoever the method lets speak
 * says hello to the other's mapped endpoint, whoever hears one answers to where it came from, and
 * so on until nothing new is heard.  All that can only add to what is open, but for three things:
 * a stray that takes a port (poison), a mapping that is stolen, and chance.  So it is played once
 * for each order in which the first hellos can arrive and for each way chance can fall.  What
 * holds in all of these must be; what holds in none must not; the rest may.
 */
#include "predict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "reach.h"

#define X(id, word, text) word,
static const char *const method_words[] = { METHODS(X) };
#undef X

static const char *const party_words[] = { "caller", "callee" };

const char *method_word(enum method method)
{
	return (size_t)method < METHOD_COUNT ? method_words[method] : "?";
}

int method_parse(const char *word, enum method *ret)
{
	for (int m = 0; m < METHOD_COUNT; m++) {
		if (strcmp(word, method_words[m]) == 0) {
			*ret = (enum method)m;
			return 0;
		}
	}
	return -EINVAL;
}

/* Who is heard first, where both speak. */
enum order { CALLER_FIRST, CALLEE_FIRST, CROSSING, ORDERS };

/* Enough for whatever one side learns to come back to it, and for that to be heard in turn. */
enum { ROUNDS = 6, FLIGHTS = REACH_HEARD + 2 };

static bool speaks_first(enum method method, enum party who)
{
	switch (method) {
	case METHOD_PUNCH:
	case METHOD_TCP_PUNCH:
		return true;
	case METHOD_DIRECT:
	case METHOD_TCP_DIRECT:
		return who == PARTY_CALLER;
	case METHOD_REVERSAL:
	case METHOD_TCP_REVERSAL:
		return who == PARTY_CALLEE;
	default:
		return false;
	}
}

static bool punches(enum method method)
{
	return method == METHOD_PUNCH || method == METHOD_TCP_PUNCH;
}

static bool spots_equal(struct spot a, struct spot b)
{
	return a.addr == b.addr && a.port == b.port;
}

/* All that @who says in one round; returns how many packets left its side. */
static size_t speak(struct reach *reach, const struct predict_question *question,
		    enum method method, enum party who, struct reach_flight flights[FLIGHTS])
{
	struct reach_peer *me = &reach->peers[who];
	const struct reach_peer *other = &reach->peers[!who];
	size_t n = 0;

	if (speaks_first(method, who)) {
		if (question->tries_host_addresses)
			n += reach_send(reach, who, other->host, &flights[n]);
		if (other->registered)
			n += reach_send(reach, who, other->mapped, &flights[n]);
	}
	for (size_t i = 0; i < me->heard_len; i++)
		n += reach_send(reach, who, me->heard[i], &flights[n]);
	return n;
}

static void arrive_all(struct reach *reach, const struct reach_flight *flights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		reach_arrive(reach, &flights[i]);
}

static void play_round(struct reach *reach, const struct predict_question *question,
		       enum method method, enum order order)
{
	enum party first = order == CALLEE_FIRST ? PARTY_CALLEE : PARTY_CALLER;
	enum party second = first == PARTY_CALLER ? PARTY_CALLEE : PARTY_CALLER;
	struct reach_flight one[FLIGHTS], two[FLIGHTS];
	size_t ones = speak(reach, question, method, first, one);
	size_t twos;

	if (order != CROSSING)
		arrive_all(reach, one, ones);
	twos = speak(reach, question, method, second, two);
	if (order == CROSSING)
		arrive_all(reach, one, ones);
	arrive_all(reach, two, twos);
}

/* Does anything that @who sends to where it heard the other from arrive? */
static bool gets_through(struct reach *reach, enum party who)
{
	const struct reach_peer *me = &reach->peers[who];

	for (size_t i = 0; i < me->heard_len; i++) {
		struct reach_flight flight;

		if (reach_send(reach, who, me->heard[i], &flight) && reach_arrive(reach, &flight))
			return true;
	}
	return false;
}

/*
 * Does a connection of @who's to @to stand?  Its SYN must come to one who listens, or, where both
 * connect, who has sent one to where this one comes from (RFC 9293, 3.5); and the answer must come from
 * where the SYN went.
 */
static bool stands(struct reach *reach, const struct predict_question *question, enum method method,
		   enum party who, struct spot to)
{
	const struct reach_peer *me = &reach->peers[who];
	struct reach_flight syn, answer;

	if (!reach_send(reach, who, to, &syn) || !reach_arrive(reach, &syn))
		return false;
	if (method == METHOD_TCP_PUNCH && !spots_equal(syn.src, me->mapped) &&
	    !(question->tries_host_addresses && spots_equal(syn.src, me->host)))
		return false;
	return reach_send(reach, !who, syn.src, &answer) && spots_equal(answer.src, to) &&
	       reach_arrive(reach, &answer);
}

static bool connects(struct reach *reach, const struct predict_question *question,
		     enum method method)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		const struct reach_peer *other = &reach->peers[!p];

		if (!speaks_first(method, (enum party)p) || !other->registered ||
		    !reach->peers[p].registered)
			continue;
		if (stands(reach, question, method, (enum party)p, other->mapped))
			return true;
		if (question->tries_host_addresses &&
		    stands(reach, question, method, (enum party)p, other->host))
			return true;
	}
	return false;
}

struct outcome {
	bool known; /* false: more NATs than can be reasoned about */
	bool connected;
	struct reach reach; /* at its end */
};

static void play(const struct predict_question *question, enum method method, enum order order,
		 bool lucky, struct outcome *ret)
{
	ret->connected = false;
	ret->known = reach_init(&ret->reach, question, method_connects(method), lucky);
	if (!ret->known)
		return;
	for (int round = 0; round < ROUNDS; round++)
		play_round(&ret->reach, question, method, order);
	if (method_connects(method)) {
		ret->connected = connects(&ret->reach, question, method);
		return;
	}
	ret->connected = gets_through(&ret->reach, PARTY_CALLER) &&
			 gets_through(&ret->reach, PARTY_CALLEE);
}

enum { WHY = sizeof(((struct predict_answer *)0)->why[0]), LABEL = 72 };

/* "caller's symmetric", "the shared carrier-grade" */
static const char *label(enum party owner, const struct nat_model *model, char buf[LABEL])
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
	return label(nat->owner, nat->model, buf);
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

/* Why @sender's last packet did not arrive. */
static void why_dropped(const struct reach *reach, enum party sender, char why[WHY])
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

static void why_not(const struct reach *reach, enum method method, char why[WHY])
{
	enum party speaker = speaks_first(method, PARTY_CALLER) ? PARTY_CALLER : PARTY_CALLEE;
	enum party listener = speaker == PARTY_CALLER ? PARTY_CALLEE : PARTY_CALLER;

	/* The listener's endpoint is not even known where its own packets don't get out. */
	if (!reach->peers[listener].registered)
		why_dropped(reach, listener, why);
	else if (reach->peers[speaker].fate.drop != REACH_ARRIVED)
		why_dropped(reach, speaker, why);
	else if (reach->peers[listener].fate.drop == REACH_ARRIVED)
		snprintf(why, WHY,
			 "a SYN or its answer comes from a port that was not connected to");
	else
		why_dropped(reach, listener, why);
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
	else if (nat->forwards_peer)
		snprintf(why, WHY, "a forward of %s leads to the %s", nat_label(nat, name),
			 party_words[listener]);
	else
		snprintf(why, WHY, "%s lets anyone in (%s filtering)", nat_label(nat, name),
			 nat_scope_word(reach_rules(nat)->filtering));
}

static void why_punched(const struct reach *reach, char why[WHY])
{
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

static void why_connected(const struct reach *reach, enum method method, char why[WHY])
{
	bool hairpinned = reach->peers[PARTY_CALLER].fate.hairpinned ||
			  reach->peers[PARTY_CALLEE].fate.hairpinned;
	char name[LABEL];

	if (hairpinned)
		snprintf(why, WHY, "%s hairpins", nat_label(&reach->nats[reach->shared[0]], name));
	else if (reach->shared_len)
		snprintf(why, WHY, "the two meet on the inside of %s",
			 nat_label(&reach->nats[reach->shared[0]], name));
	else if (punches(method))
		why_punched(reach, why);
	else
		why_open(reach, speaks_first(method, PARTY_CALLER) ? PARTY_CALLEE : PARTY_CALLER,
			 why);
}

static void why_open_question(const struct outcome *a, const struct outcome *b, char why[WHY])
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
	if (a->reach.chance || b->reach.chance)
		snprintf(why, WHY, "chance decides, or what the models leave open");
	else
		snprintf(why, WHY, "whose hello comes first decides");
}

/* What playing a method in every way has shown: the first outcome of each kind. */
struct tally {
	struct outcome last, good, bad;
	unsigned goods, bads;
};

static enum prediction weigh(const struct tally *tally, enum method method, char why[WHY])
{
	if (tally->goods && tally->bads) {
		why_open_question(&tally->bad, &tally->good, why);
		return PREDICT_MAY;
	}
	if (tally->goods) {
		why_connected(&tally->good.reach, method, why);
		return PREDICT_MUST;
	}
	why_not(&tally->bad.reach, method, why);
	return PREDICT_MUST_NOT;
}

/* Play @method in every order and with either luck. */
static enum prediction judge(const struct predict_question *question, enum method method,
			     struct tally *tally, char why[WHY])
{
	int orders = punches(method) ? ORDERS : 1;

	tally->goods = 0;
	tally->bads = 0;
	for (int i = 0; i < 2 * orders; i++) {
		play(question, method, (enum order)(i / 2), i % 2 == 0, &tally->last);
		if (!tally->last.known) {
			snprintf(why, WHY, "more than %d NATs", REACH_NATS);
			return PREDICT_MAY;
		}
		if (tally->last.connected && tally->goods++ == 0)
			tally->good = tally->last;
		if (!tally->last.connected && tally->bads++ == 0)
			tally->bad = tally->last;
	}
	return weigh(tally, method, why);
}

/* RFC 5382, REQ-2: where a NAT lets no SYN in that crosses one, it is the other side's that must, and
 * who comes first may decide. */
static void doubt_crossing(const struct predict_side *side, enum party owner,
			   struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		char name[LABEL];

		if (model->kind == NAT_KIND_ROUTER || model->kind == NAT_KIND_NPTV6 ||
		    model->tcp.simultaneous_open || ret->udp[METHOD_TCP_PUNCH] != PREDICT_MUST)
			continue;
		ret->udp[METHOD_TCP_PUNCH] = PREDICT_MAY;
		snprintf(ret->why[METHOD_TCP_PUNCH], WHY, "%s drops a SYN that crosses one",
			 label(owner, model, name));
	}
}

/* Below these, a NAT may have forgotten or refused what the reasoning takes for granted: a
 * call needs a few mappings at a time, and a second or so. */
enum { FEW_MAPPINGS = 16 };
#define SHORT_NS NS_PER_S

static bool may_refuse(const struct nat_model *model)
{
	bool few = model->max_mappings && model->max_mappings < FEW_MAPPINGS;
	bool few_host = model->max_mappings_host && model->max_mappings_host < FEW_MAPPINGS;

	return nat_kind_gives_ports(model->kind) && (few || few_host);
}

/* The NAT of @side that keeps TCP from @port; NULL where none does. */
static const struct nat_model *tcp_blocker(const struct predict_side *side, uint16_t port)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_transport *tcp = &side->nats[i].model->tcp;

		if (tcp->blocked || !nat_transport_lets_out(tcp, port))
			return side->nats[i].model;
	}
	return NULL;
}

/* Does the UDP of both get to a server and back? */
static bool reaches_server(const struct predict_question *question, bool lucky, struct outcome *ret)
{
	struct predict_question about = *question;

	about.rendezvous_udp = question->turn_port;
	about.local_port = 0;
	ret->known = reach_init(&ret->reach, &about, false, lucky);
	ret->connected = ret->known && ret->reach.peers[PARTY_CALLER].registered &&
			 ret->reach.peers[PARTY_CALLEE].registered;
	return ret->connected;
}

static enum prediction judge_turn_tcp(const struct predict_question *question, char why[WHY])
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++) {
		const struct nat_model *blocker = tcp_blocker(sides[p], question->turn_port);
		char name[LABEL];

		if (!blocker)
			continue;
		snprintf(why, WHY, "%s lets no TCP through to the TURN server",
			 label((enum party)p, blocker, name));
		return PREDICT_MUST_NOT;
	}
	snprintf(why, WHY, "both reach the TURN server over TCP");
	return PREDICT_MUST;
}

/* A relay asks nothing of a NAT but what any client and server do. */
static enum prediction judge_turn(const struct predict_question *question, struct tally *tally,
				  char why[WHY])
{
	int good;

	if (question->turn == PREDICT_NO_TURN) {
		snprintf(why, WHY, "there is no TURN server");
		return PREDICT_MUST_NOT;
	}
	if (question->turn == PREDICT_TURN_TCP)
		return judge_turn_tcp(question, why);
	good = reaches_server(question, true, &tally->good) +
	       reaches_server(question, false, &tally->bad);
	if (!tally->bad.known)
		snprintf(why, WHY, "more than %d NATs", REACH_NATS);
	else if (good == 2)
		snprintf(why, WHY, "both reach the TURN server over UDP");
	else
		why_dropped(&tally->bad.reach,
			    tally->bad.reach.peers[PARTY_CALLER].registered ? PARTY_CALLEE
									    : PARTY_CALLER,
			    why);
	if (!tally->bad.known)
		return PREDICT_MAY;
	return good == 2 ? PREDICT_MUST : good ? PREDICT_MAY : PREDICT_MUST_NOT;
}

/* Mappings of TCP's live long enough for any call. */
static bool over_tcp(const struct predict_question *question, enum method method)
{
	return method == METHOD_RELAY || method_connects(method) ||
	       (method == METHOD_TURN && question->turn == PREDICT_TURN_TCP);
}

static void doubt(const struct predict_side *side, enum party owner, enum method method, bool tcp,
		  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		bool forgets = model->kind != NAT_KIND_ROUTER && model->kind != NAT_KIND_NPTV6;
		bool brief = !tcp && forgets && model->udp.timeout_ns < SHORT_NS;
		char name[LABEL];

		if (ret->udp[method] != PREDICT_MUST || !(brief || may_refuse(model)))
			continue;
		ret->udp[method] = PREDICT_MAY;
		snprintf(ret->why[method], WHY,
			 brief ? "%s may have forgotten its mapping by then"
			       : "%s may have reached its limit of mappings",
			 label(owner, model, name));
	}
}

/* Both peers hold a TCP connection to the rendezvous, at whichever port they get through to;
 * without it no method can begin.  The NAT that stops @party from each of them, and whose that
 * is; NULL where none does. */
static const struct nat_model *joins_not(const struct predict_question *question, enum party party,
					 enum party *ret_owner)
{
	const struct predict_side *own = party == PARTY_CALLER ? &question->caller
							       : &question->callee;
	static const uint16_t unnamed = 0;
	const uint16_t *ports = question->rendezvous_tcp;
	size_t len = question->rendezvous_tcp_len;
	const struct nat_model *blocker = NULL;

	for (size_t i = 0; i < (len ? len : 1); i++) {
		uint16_t port = len ? ports[i] : unnamed;

		*ret_owner = party;
		blocker = tcp_blocker(own, port);
		if (blocker)
			continue;
		*ret_owner = PARTY_NONE;
		blocker = tcp_blocker(&question->shared, port);
		if (!blocker)
			return NULL;
	}
	return blocker;
}

static void answer_method(const struct predict_question *question, enum method method,
			  struct tally *tally, struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };
	char name[LABEL];

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		enum party owner;
		const struct nat_model *blocker = joins_not(question, (enum party)p, &owner);

		if (!blocker)
			continue;
		ret->udp[method] = PREDICT_MUST_NOT;
		snprintf(ret->why[method], WHY, "%s lets no TCP through to the rendezvous",
			 label(owner, blocker, name));
		return;
	}
	if (method == METHOD_RELAY) {
		ret->udp[method] = PREDICT_MUST;
		snprintf(ret->why[method], WHY, "both hold a TCP connection to the rendezvous");
	} else if (method == METHOD_TURN) {
		ret->udp[method] = judge_turn(question, tally, ret->why[method]);
	} else {
		ret->udp[method] = judge(question, method, tally, ret->why[method]);
	}
	for (int p = PARTY_CALLER; p <= PARTY_NONE && method == METHOD_TCP_PUNCH; p++)
		doubt_crossing(sides[p], (enum party)p, ret);
	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		doubt(sides[p], (enum party)p, method, over_tcp(question, method), ret);
}

void predict(const struct predict_question *question, struct predict_answer *ret)
{
	/* Too large for the stack of a fiber. */
	struct tally *tally = malloc(sizeof(*tally));

	memset(ret, 0, sizeof(*ret));
	for (int m = 0; m < METHOD_COUNT; m++) {
		if (tally) {
			answer_method(question, (enum method)m, tally, ret);
		} else {
			ret->udp[m] = PREDICT_MAY;
			snprintf(ret->why[m], WHY, "no memory to think with");
		}
	}
	free(tally);
}
