/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "method.h"

enum { BACKOFF_MAX = 8 };

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The other side, or the rendezvous, has already said how it ended. */
static bool told_otherwise(const struct leg *leg)
{
	return leg->closing || leg->refused || leg->found || leg->settle;
}

bool method_await(struct leg *leg, const bool *flag, uint64_t deadline)
{
	while (!*flag && !leg->closing && !leg->refused && !leg->settle)
		if (leg_wait(leg, deadline) && leg_now(leg) >= deadline)
			return false;
	return *flag && !leg->closing;
}

bool method_introduced(struct leg *leg, uint64_t deadline)
{
	return method_await(leg, &leg->introduced, deadline);
}

/* At once to every endpoint that is learned on the way. */
bool method_speak_to_new(struct leg *leg, uint64_t until)
{
	for (;;) {
		uint64_t wake = until;

		if (told_otherwise(leg) || leg_proven(leg))
			return true;
		leg_say_hello(leg, true);
		if (leg->proof.sequence)
			wake = earlier(until, leg->proof.settle_at);
		if (leg_wait(leg, wake) && leg_now(leg) >= until)
			return leg_proven(leg);
	}
}

void method_speak(struct leg *leg, uint64_t deadline)
{
	uint64_t gap = leg->spec.pace_ns;

	if (!method_introduced(leg, deadline))
		return;
	while (leg_now(leg) < deadline) {
		leg_say_hello(leg, false);
		if (method_speak_to_new(leg, earlier(leg_now(leg) + gap, deadline)))
			return;
		gap = earlier(2 * gap, BACKOFF_MAX * leg->spec.pace_ns);
	}
}

void method_listen(struct leg *leg, uint64_t deadline)
{
	while (!told_otherwise(leg))
		if (leg_wait(leg, deadline))
			return;
}
