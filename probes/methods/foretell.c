/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "foretell.h"

#include <stdlib.h>

#include "../services/channel.h"
#include "method.h"
#include "peer.h"

/* Farther from one to the next no NAT counts. */
enum { STEP_MAX = 1024 };

/* NATs are to take ports from here on (RFC 4787, REQ-3); those that do not, from 1. */
enum { USUAL_LOWEST = 1024, LOWEST = 1, PORTS_END = 65536 };

/* The shortest step between two samples that all the others are multiples of; 0 where they are
 * not in steps.  Others may have taken ports in between. */
static int step_of(const struct endpoint *seen, size_t len)
{
	int step = seen[1].port - seen[0].port;

	for (size_t i = 2; i < len; i++) {
		int by = seen[i].port - seen[i - 1].port;

		if (abs(by) < abs(step))
			step = by;
	}
	for (size_t i = 1; i < len; i++) {
		int by = seen[i].port - seen[i - 1].port;

		if (step == 0 || by % step != 0 || by / step < 0 || by / step > STEP_MAX)
			return 0;
	}
	return abs(step) <= STEP_MAX ? step : 0;
}

static bool all_alike(const struct endpoint *seen, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (!endpoint_equal(seen[i], seen[0]))
			return false;
	return true;
}

static bool one_address(const struct endpoint *seen, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (!ip_addr_equal(seen[i].addr, seen[0].addr))
			return false;
	return true;
}

struct foretold foretell(const struct endpoint *samples, size_t len)
{
	struct endpoint seen[LEG_SAMPLES] = { 0 };
	struct foretold ret = { .outlook = OUTLOOK_RANDOM };
	size_t n = 0;

	for (size_t i = 0; i < len && n < LEG_SAMPLES; i++)
		if (!ip_addr_is_unset(samples[i].addr))
			seen[n++] = samples[i];
	ret.next = seen[0];
	if (n < 2 || all_alike(seen, n)) {
		ret.outlook = OUTLOOK_STEADY;
		return ret;
	}
	if (one_address(seen, n))
		ret.step = (int16_t)step_of(seen, n);
	if (ret.step) {
		ret.outlook = OUTLOOK_STEPS;
		ret.next = foretold_next(seen[n - 1], ret.step, 1);
	}
	return ret;
}

struct endpoint foretold_next(struct endpoint next, int16_t step, unsigned i)
{
	const int64_t lowest = next.port < USUAL_LOWEST ? LOWEST : USUAL_LOWEST;
	const int64_t range = PORTS_END - lowest;
	int64_t at = (next.port - lowest + (int64_t)step * i) % range;

	next.port = (uint16_t)(lowest + (at < 0 ? at + range : at));
	return next;
}

/* One after another without a pause, so that nobody else's come between; again what is not
 * answered, until half the time that is left is over. */
static void sample(struct leg *leg, uint64_t deadline)
{
	uint64_t until = leg_now(leg) + (deadline - leg_now(leg)) / 2;
	uint64_t gap = 2 * leg->spec.pace_ns;

	for (;;) {
		uint64_t next = leg_now(leg) + gap;
		unsigned missing = 0;

		for (unsigned i = 1; i < LEG_SAMPLES; i++) {
			if (!ip_addr_is_unset(leg->samples[i].addr))
				continue;
			leg_sample(leg, i);
			missing++;
		}
		while (missing && leg_now(leg) < next && leg_now(leg) < until) {
			if (leg->closing || leg->refused || leg->settle)
				return;
			leg_wait(leg, next < until ? next : until);
			missing = 0;
			for (unsigned i = 1; i < LEG_SAMPLES; i++)
				missing += ip_addr_is_unset(leg->samples[i].addr);
		}
		if (!missing || leg_now(leg) >= until)
			return;
		gap *= 2;
	}
}

static int tell(struct leg *leg, struct rendezvous_message msg)
{
	msg.token = leg->spec.token;
	msg.attempt = leg->spec.attempt;
	msg.method = leg->spec.method;
	return channel_send(leg->peer->channel, &msg);
}

bool foretell_both(struct leg *leg, uint64_t deadline)
{
	struct foretold mine;

	if (leg_now(leg) >= deadline)
		return false;
	sample(leg, deadline);
	if (leg->closing)
		return false;
	/* The answer may have been lost, but not the introduction. */
	if (ip_addr_is_unset(leg->samples[0].addr))
		leg->samples[0] = leg->mapped;
	mine = foretell(leg->samples, LEG_SAMPLES);
	leg->outlook = mine.outlook;
	if (tell(leg, (struct rendezvous_message){ .kind = RENDEZVOUS_FORECAST,
						   .mapped = mine.next,
						   .outlook = mine.outlook,
						   .step = mine.step }))
		return false;
	return method_await(leg, &leg->forecast, deadline);
}

bool foretell_ready(struct leg *leg, uint64_t deadline)
{
	if (tell(leg, (struct rendezvous_message){ .kind = RENDEZVOUS_READY }))
		return false;
	return method_await(leg, &leg->ready, deadline);
}
