/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port prediction: as hole punching, but to the ports that the other side's NAT will give next.
 * Where it gives one after the other, the first hello goes out by the first of them; what others
 * in that home take meanwhile moves it on, so that several are spoken to.
 *
 * Where both give ports so, each hello takes the next one.  As each side speaks to as many, a filter
 * that asks whom the inside endpoint has sent to (RFC 4787, 5) lets one of them in as long as what
 * others took on both sides is together less than that; one that asks by which port it did, as
 * connection tracking does, only where nobody came between.
 */
#include "foretell.h"
#include "method.h"

static void expect(struct leg *leg)
{
	unsigned candidates = leg->their_outlook == OUTLOOK_STEPS ? leg->spec.budget.candidates : 0;

	leg->targets_max += candidates;
	for (unsigned i = 0; i < candidates; i++)
		leg_add_target(leg, foretold_next(leg->their_next, leg->their_step, i), NULL);
	/* Whoever lets strangers in can still be reached where the rendezvous saw it. */
	leg_add_target(leg, leg->theirs, NULL);
}

static void act(struct leg *leg, uint64_t deadline)
{
	if (!method_introduced(leg, deadline) || !foretell_both(leg, deadline))
		return;
	expect(leg);
	method_speak(leg, deadline);
}

const struct method_ops predict_method = {
	.method = METHOD_PREDICT,
	.act = { [TALK_CALLER] = act, [TALK_CALLEE] = act },
};
