/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two connected peers do with their path: talk, and hold it open. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>

enum { G711_FRAME = 160 };

/* Voice is over when all of it has arrived, or nothing has for so long: a relayed frame may
 * wait for TCP to send one before it again. */
#define SILENCE_NS (1 * SEC)

static bool is_up(const struct call *call)
{
	return call->legs[0] && call->legs[1] && !call->legs[0]->closing && !call->legs[1]->closing;
}

/* Make @leg count the @frames that the @other is about to send. */
static int start_counting(struct leg *leg, const struct leg *other, uint32_t frames)
{
	uint8_t *seen = calloc(frames / 8 + 1, 1);

	if (!seen)
		return -ENOMEM;
	free(leg->voice.seen);
	leg->voice = (struct leg_voice){
		.first = other->voice_sequence,
		.frames = frames,
		.seen = seen,
	};
	return 0;
}

static void stop_counting(struct leg *leg)
{
	if (!leg)
		return;
	free(leg->voice.seen);
	leg->voice.seen = NULL;
}

static void speak(struct call *call, const struct talk_spec *spec, struct talk_stats *stats)
{
	uint16_t size = spec->size ? spec->size : G711_FRAME;
	uint64_t began = host_now(call->host);

	for (unsigned i = 0; i < spec->frames && is_up(call); i++) {
		fiber_sleep(began + i * spec->every_ns);
		for (int side = 0; side < 2 && is_up(call); side++)
			if (!leg_send_voice(call->legs[side], size))
				stats->sent[side]++;
	}
}

static bool all_arrived(const struct call *call, const struct talk_stats *stats)
{
	return call->legs[1]->voice.received >= stats->sent[0] &&
	       call->legs[0]->voice.received >= stats->sent[1];
}

static void listen(struct call *call, const struct talk_stats *stats)
{
	uint64_t last = host_now(call->host);

	while (is_up(call) && !all_arrived(call, stats)) {
		for (int side = 0; side < 2; side++) {
			call->legs[side]->waiter = fiber_self();
			if (call->legs[side]->voice.last_at > last)
				last = call->legs[side]->voice.last_at;
		}
		if (host_now(call->host) >= last + SILENCE_NS)
			break;
		fiber_park(last + SILENCE_NS);
	}
	for (int side = 0; side < 2; side++)
		if (call->legs[side])
			call->legs[side]->waiter = NULL;
}

int call_talk(struct call *call, const struct talk_spec *spec, struct talk_stats *ret)
{
	struct talk_stats stats = { 0 };
	int err;

	if (!is_up(call))
		return -ENOTCONN;
	if (spec->size > TALK_MAX)
		return -EMSGSIZE;
	err = start_counting(call->legs[0], call->legs[1], spec->frames);
	if (!err)
		err = start_counting(call->legs[1], call->legs[0], spec->frames);
	if (err)
		return err;
	speak(call, spec, &stats);
	listen(call, &stats);
	for (int side = 0; side < 2; side++) {
		const struct leg *hearer = call->legs[!side];

		if (!hearer)
			continue;
		stats.received[side] = hearer->voice.received;
		stats.delay_sum_ns[side] = hearer->voice.delay_sum;
	}
	stop_counting(call->legs[0]);
	stop_counting(call->legs[1]);
	*ret = stats;
	return 0;
}

int call_hold(struct call *call, uint64_t for_ns, uint64_t every_ns)
{
	uint64_t until = host_now(call->host) + for_ns;

	if (!is_up(call))
		return -ENOTCONN;
	while (every_ns && is_up(call) && host_now(call->host) + every_ns <= until) {
		fiber_sleep(host_now(call->host) + every_ns);
		for (int side = 0; side < 2 && is_up(call); side++)
			leg_send_keepalive(call->legs[side]);
	}
	fiber_sleep(until);
	return is_up(call) ? 0 : -ENOTCONN;
}
