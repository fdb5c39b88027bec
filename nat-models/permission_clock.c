/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "permission_clock.h"

#include <stdlib.h>

#include "nat_state.h"

enum { FIRST_TIMES = 64, TIMES_MAX = 1 << 22 };

void permission_clock_clear(struct permission_clock *clock)
{
	free(clock->times);
	*clock = (struct permission_clock){ .times = NULL };
}

static struct endpoint as_filtered(const struct nat *nat, enum nat_protocol protocol,
				   struct endpoint remote)
{
	if (nat->rules[protocol].is.filtering == NAT_AD)
		remote.port = 0;
	return remote;
}

/* The entry of these endpoints, or the free one where it would be. */
static struct permission_time *find(const struct nat *nat, enum nat_protocol protocol,
				    struct endpoint inside, struct endpoint remote)
{
	const struct permission_clock *clock = &nat->permission_clock;
	uint64_t ports = (uint64_t)protocol << 32 | (uint32_t)inside.port << 16 | remote.port;
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, ports), inside.addr.lo);
	uint32_t at;

	hash = hash_mix(hash_mix(hash, inside.addr.hi), remote.addr.lo);
	hash = hash_mix(hash, remote.addr.hi);
	for (at = (uint32_t)(hash >> 16) & clock->mask;; at = (at + 1) & clock->mask) {
		struct permission_time *time = &clock->times[at];

		if (!time->until ||
		    (time->protocol == protocol && endpoint_equal(time->inside, inside) &&
		     endpoint_equal(time->remote, remote)))
			return time;
	}
}

/* Room for one more.  Those that have run out are left behind. */
static bool grow(struct nat *nat)
{
	struct permission_clock *clock = &nat->permission_clock, old = *clock;
	uint32_t old_len = old.times ? old.mask + 1 : 0, alive = 0, len = FIRST_TIMES;

	if (clock->count * 2 < old_len)
		return true;
	for (uint32_t i = 0; i < old_len; i++)
		alive += old.times[i].until > nat->now;
	while (len < TIMES_MAX && len <= alive * 4)
		len *= 2;
	if (alive * 2 >= len)
		return false;
	clock->times = calloc(len, sizeof(*clock->times));
	if (!clock->times) {
		*clock = old;
		return false;
	}
	clock->mask = len - 1;
	clock->count = alive;
	for (uint32_t i = 0; i < old_len; i++) {
		const struct permission_time *time = &old.times[i];

		if (time->until > nat->now)
			*find(nat, time->protocol, time->inside, time->remote) = *time;
	}
	free(old.times);
	return true;
}

void permission_clock_note(struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
			   struct endpoint remote)
{
	uint64_t span = nat->rules[protocol].is.permission_ns;
	struct permission_time *time;

	if (!span || nat->rules[protocol].is.filtering == NAT_EI || !grow(nat))
		return;
	remote = as_filtered(nat, protocol, remote);
	time = find(nat, protocol, inside, remote);
	if (!time->until)
		nat->permission_clock.count++;
	*time = (struct permission_time){
		.inside = inside,
		.remote = remote,
		.until = span > UINT64_MAX - nat->now ? UINT64_MAX : nat->now + span,
		.protocol = (uint8_t)protocol,
	};
}

bool permission_clock_runs(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside, struct endpoint remote)
{
	if (!nat->permission_clock.times)
		return false;
	remote = as_filtered(nat, protocol, remote);
	return find(nat, protocol, inside, remote)->until > nat->now;
}
