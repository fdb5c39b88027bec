/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The birthday attack.  A side whose ports nobody can foretell opens many, each by a socket of its
 * own toward the other's one endpoint; the other tries ports at random, none twice, until one of
 * its hellos meets an open one.  With k of N ports open, p tries all miss with the chance of
 * (N-k choose p) / (N choose p) (nat-models/odds.h).
 *
 * Where nobody can foretell either side's, both open many, each toward a port at random, and two
 * such packets must have been sent from and to the same two.
 *
 * Where both keep their ports, this is hole punching.
 */
#include <stdlib.h>

#include "foretell.h"
#include "holes.h"
#include "method.h"
#include "peer.h"
#include "port_guess.h"

/* So many ports are tried in a pace. */
enum { PROBES_IN_PACE = 16 };

static bool is_hard(enum rendezvous_outlook outlook)
{
	return outlook != OUTLOOK_STEADY;
}

/* Try ports of the other's address at random; what was learned on the way is spoken to at once. */
static void probe(struct leg *leg, struct port_guess *guess, uint64_t deadline)
{
	struct endpoint to = leg->theirs;

	leg_say_hello(leg, true);
	for (unsigned i = 0; i < leg->spec.budget.probes && leg_now(leg) < deadline; i++) {
		uint64_t next = leg_now(leg) + leg->spec.pace_ns / PROBES_IN_PACE;

		to.port = port_guess_next(guess);
		if (!to.port)
			break;
		leg_hello_to(leg, to, NULL);
		if (method_speak_to_new(leg, next < deadline ? next : deadline))
			return;
	}
	method_speak_to_new(leg, deadline);
}

/* The leg's own socket is the first of them.  Toward the other's endpoint, or (@guess) ports of its
 * address at random. */
static void open_many(struct leg *leg, struct port_guess *guess)
{
	struct endpoint to = leg->theirs;
	struct sock *sock = NULL;

	if (holes_open(leg, (uint16_t)(leg->spec.budget.holes - 1)))
		return;
	for (unsigned i = 0; i == 0 || sock; i++) {
		if (guess)
			to.port = port_guess_next(guess);
		if (!to.port)
			return;
		leg_hello_to(leg, to, sock);
		sock = holes_sock(leg->holes, i);
	}
}

static void attack(struct leg *leg, struct port_guess *guess, uint64_t deadline)
{
	bool mine = is_hard(leg->outlook), theirs = is_hard(leg->their_outlook);

	if (mine)
		open_many(leg, theirs ? guess : NULL);
	leg_add_target(leg, leg->theirs, NULL);
	if (!foretell_ready(leg, deadline))
		return;
	if (theirs && !mine)
		probe(leg, guess, deadline);
	else
		method_speak(leg, deadline);
}

static void act(struct leg *leg, uint64_t deadline)
{
	const struct method_budget *budget = &leg->spec.budget;
	struct port_guess *guess;

	if (!method_introduced(leg, deadline) || !foretell_both(leg, deadline))
		return;
	guess = malloc(sizeof(*guess)); /* too much for a fiber's stack */
	if (!guess)
		return;
	port_guess_begin(guess, budget->first_port, budget->last_port,
			 host_random(leg->peer->host));
	attack(leg, guess, deadline);
	free(guess);
}

const struct method_ops birthday_method = {
	.method = METHOD_BIRTHDAY,
	.act = { [TALK_CALLER] = act, [TALK_CALLEE] = act },
};
