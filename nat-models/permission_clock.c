/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "permission_clock.h"

#include "nat_state.h"

enum { TIMES_MAX = 1 << 22 };

void permission_clock_init(struct permission_clock *clock, const struct nat_memory *memory)
{
	rows_init(&clock->times, sizeof(struct permission_time), memory);
	buckets_none(&clock->buckets);
	clock->free = clock->count = clock->hand = 0;
}

void permission_clock_clear(struct permission_clock *clock)
{
	rows_clear(&clock->times);
	buckets_clear(&clock->buckets, clock->times.memory);
	clock->free = clock->count = clock->hand = 0;
}

static struct permission_time *at(const struct nat *nat, uint32_t time)
{
	return rows_at(&nat->permission_clock.times, time);
}

static struct endpoint as_filtered(const struct nat *nat, enum nat_protocol protocol,
				   struct endpoint remote)
{
	if (nat->rules[protocol].is.filtering == NAT_AD)
		remote.port = 0;
	return remote;
}

/* The bucket of these endpoints. */
static uint32_t *bucket_of(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside, struct endpoint remote)
{
	uint64_t ports = (uint64_t)protocol << 32 | (uint32_t)inside.port << 16 | remote.port;
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, ports), inside.addr.lo);

	hash = hash_mix(hash_mix(hash, inside.addr.hi), remote.addr.lo);
	hash = hash_mix(hash, remote.addr.hi);
	return buckets_of(&nat->permission_clock.buckets, (uint32_t)(hash >> 16));
}

static uint32_t *bucket_of_time(const struct nat *nat, uint32_t ref)
{
	const struct permission_time *time = at(nat, ref);

	return bucket_of(nat, time->protocol, time->inside, time->remote);
}

/* The time of these endpoints, or 0. */
static uint32_t find(const struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
		     struct endpoint remote)
{
	uint32_t time = *bucket_of(nat, protocol, inside, remote);

	while (time && (at(nat, time)->protocol != protocol ||
			!endpoint_equal(at(nat, time)->inside, inside) ||
			!endpoint_equal(at(nat, time)->remote, remote)))
		time = at(nat, time)->next;
	return time;
}

/* Those of a bucket that have run out are free. */
static void sweep(struct nat *nat, uint32_t *link)
{
	struct permission_clock *clock = &nat->permission_clock;

	while (*link) {
		uint32_t time = *link;

		if (at(nat, time)->until > nat->now) {
			link = &at(nat, time)->next;
			continue;
		}
		*link = at(nat, time)->next;
		at(nat, time)->next = clock->free;
		clock->free = time;
		clock->count--;
	}
}

static uint32_t *next_of(const struct nat *nat, uint32_t time)
{
	return &at(nat, time)->next;
}

/* For each that is noted two buckets are swept in turn, so that what has run out is not there for long:
 * as many go as come. */
static void tidy(struct nat *nat)
{
	static const struct bucket_chains chains = { next_of, bucket_of_time };
	struct permission_clock *clock = &nat->permission_clock;

	for (int i = 0; i < 2 && clock->buckets.len; i++) {
		clock->hand = clock->hand + 1 < clock->buckets.len ? clock->hand + 1 : 0;
		sweep(nat, buckets_at(&clock->buckets, clock->hand));
	}
	if (clock->count >= clock->buckets.len)
		buckets_grow(&clock->buckets, clock->times.memory, &chains, nat);
}

/* A new one of these endpoints; 0 without memory. */
static uint32_t make(struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
		     struct endpoint remote)
{
	struct permission_clock *clock = &nat->permission_clock;
	uint32_t *bucket = bucket_of(nat, protocol, inside, remote), time = clock->free;

	if (time)
		clock->free = at(nat, time)->next;
	else
		time = rows_take(&clock->times, TIMES_MAX);
	if (!time)
		return 0;
	*at(nat, time) = (struct permission_time){
		.inside = inside,
		.remote = remote,
		.next = *bucket,
		.protocol = (uint8_t)protocol,
	};
	*bucket = time;
	clock->count++;
	return time;
}

void permission_clock_note(struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
			   struct endpoint remote)
{
	uint64_t span = nat->rules[protocol].is.permission_ns;
	uint32_t time;

	tidy(nat);
	remote = as_filtered(nat, protocol, remote);
	time = find(nat, protocol, inside, remote);
	if (!time)
		time = make(nat, protocol, inside, remote);
	if (time)
		at(nat, time)->until = span > UINT64_MAX - nat->now ? UINT64_MAX : nat->now + span;
}

bool permission_clock_runs(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside, struct endpoint remote)
{
	uint32_t time;

	if (!nat->permission_clock.count)
		return false;
	time = find(nat, protocol, inside, as_filtered(nat, protocol, remote));
	return time && at(nat, time)->until > nat->now;
}
