/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct tap *journeys_tap(const struct journeys *journeys, const struct sighting *sighting)
{
	return &journeys->evidence->taps.taps[sighting->tap];
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_frames(const struct talk *a, const struct talk *b)
{
	int r = compare_numbers(a->method, b->method);

	if (r == 0)
		r = compare_numbers(a->family, b->family);
	if (r == 0)
		r = compare_numbers(a->role, b->role);
	if (r == 0)
		r = compare_numbers(a->kind, b->kind);
	return r ? r : compare_numbers(a->sequence, b->sequence);
}

static int compare_sightings(const void *a, const void *b)
{
	const struct sighting *x = *(const struct sighting *const *)a;
	const struct sighting *y = *(const struct sighting *const *)b;
	int r = compare_frames(&x->frame, &y->frame);

	if (r == 0)
		r = compare_numbers(x->order, y->order);
	return r ? r : (x < y ? -1 : x > y);
}

/* Cut the sorted sightings into frames. */
static void group(struct journeys *journeys, size_t seen_len)
{
	for (size_t i = 0; i < seen_len; i++) {
		struct journey *last = &journeys->list[journeys->len];

		if (i > 0 && compare_frames(last[-1].frame, &journeys->seen[i]->frame) == 0) {
			last[-1].seen_len++;
			continue;
		}
		last->frame = &journeys->seen[i]->frame;
		last->seen = &journeys->seen[i];
		last->seen_len = 1;
		journeys->len++;
	}
}

static bool at_host(const struct journeys *journeys, const struct sighting *sighting,
		    enum pcapng_direction direction)
{
	return sighting->direction == direction &&
	       journeys_tap(journeys, sighting)->side == TAP_HOST;
}

static bool at_node(const struct journeys *journeys, const struct sighting *sighting,
		    const char *node)
{
	return node && strcmp(journeys_tap(journeys, sighting)->node, node) == 0;
}

/* The host that frames of @role began at: where the first of them left a host, which it had
 * not come to before. */
static const char *find_speaker(const struct journeys *journeys, enum talk_role role)
{
	const struct sighting *first = NULL;

	for (size_t i = 0; i < journeys->len; i++) {
		const struct sighting *start = journeys->list[i].seen[0];

		if (start->frame.role != role || !at_host(journeys, start, PCAPNG_OUTBOUND))
			continue;
		if (!first || start->order < first->order)
			first = start;
	}
	return first ? journeys_tap(journeys, first)->node : NULL;
}

/* Where who should listen never spoke: the host at which a frame of the other's ended. */
static const char *find_listener(const struct journeys *journeys, enum talk_role speaker)
{
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		const struct sighting *end = journey->seen[journey->seen_len - 1];

		if (journey->frame->role == speaker && at_host(journeys, end, PCAPNG_INBOUND) &&
		    !at_node(journeys, end, journeys->node[speaker]))
			return journeys_tap(journeys, end)->node;
	}
	return NULL;
}

/* Where neither was ever heard: the host that registered for it. */
static const char *find_claimant(const struct journeys *journeys, enum talk_role role)
{
	const struct evidence *evidence = journeys->evidence;

	for (size_t i = 0; i < evidence->tcp.claims_len; i++) {
		const struct claim *claim = &evidence->tcp.claims[i];

		if (claim->token == journeys->token && claim->role == role)
			return evidence->taps.taps[claim->at.tap].node;
	}
	return NULL;
}

/* Did the program of @role speak, but never from where @seen came to?  Whoever hears a frame answers it,
 * or had said something there before; a host may also be sent what none of its sockets is for. */
static bool is_deaf_there(const struct journeys *journeys, enum talk_role role,
			  const struct sighting *seen)
{
	bool elsewhere = false;

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		const struct sighting *start = journey->seen[0];

		if (journey->frame->role != role || journey->frame->method != seen->frame.method ||
		    start->tap != seen->tap || start->direction != PCAPNG_OUTBOUND ||
		    !ip_addr_equal(start->src.addr, seen->dst.addr))
			continue;
		if (start->src.port == seen->dst.port)
			return false;
		elsewhere = true;
	}
	return elsewhere;
}

/* Fill in where @journey left, arrived, and was passed on. */
static void follow(const struct journeys *journeys, struct journey *journey)
{
	const char *own = journeys->node[journey->frame->role];
	const char *other = journeys->node[!journey->frame->role];

	for (size_t i = 0; i < journey->seen_len && !journey->arrived; i++) {
		const struct sighting *seen = journey->seen[i];

		if (at_host(journeys, seen, PCAPNG_OUTBOUND) && at_node(journeys, seen, own)) {
			if (!journey->left)
				journey->left = seen;
		} else if (at_host(journeys, seen, PCAPNG_INBOUND) &&
			   at_node(journeys, seen, other)) {
			if (!is_deaf_there(journeys, !journey->frame->role, seen))
				journey->arrived = seen;
		} else if (at_host(journeys, seen, PCAPNG_OUTBOUND) &&
			   !at_node(journeys, seen, other) && !journey->via) {
			journey->via = seen;
		}
	}
	journey->unborn = journey->arrived && !journey->left;
}

int journeys_follow(const struct evidence *evidence, const struct dossier *dossier,
		    struct journeys *ret)
{
	struct journeys journeys = { .evidence = evidence, .token = dossier->token };

	journeys.seen = calloc(dossier->len + 1, sizeof(const struct sighting *));
	journeys.list = calloc(dossier->len + 1, sizeof(*journeys.list));
	if (!journeys.seen || !journeys.list) {
		journeys_clear(&journeys);
		return -ENOMEM;
	}
	for (size_t i = 0; i < dossier->len; i++)
		journeys.seen[i] = &dossier->sightings[i];
	qsort(journeys.seen, dossier->len, sizeof(const struct sighting *), compare_sightings);
	group(&journeys, dossier->len);
	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++)
		journeys.node[role] = find_speaker(&journeys, role);
	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++) {
		if (!journeys.node[role])
			journeys.node[role] = find_listener(&journeys, !role);
		if (!journeys.node[role])
			journeys.node[role] = find_claimant(&journeys, role);
	}
	for (size_t i = 0; i < journeys.len; i++)
		follow(&journeys, &journeys.list[i]);
	*ret = journeys;
	return 0;
}

void journeys_clear(struct journeys *journeys)
{
	free(journeys->seen);
	free(journeys->list);
	*journeys = (struct journeys){ 0 };
}
