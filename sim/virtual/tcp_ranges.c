/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tcp_seq.h"

static int make_room(struct tcp_ranges *ranges)
{
	uint8_t room = ranges->room ? (uint8_t)(ranges->room * 2) : 4;
	struct tcp_range *at;

	if (ranges->len < ranges->room)
		return 0;
	if (ranges->len == TCP_RANGES_MAX)
		return -ENOSPC;
	at = realloc(ranges->at, room * sizeof(*at));
	if (!at)
		return -ENOMEM;
	ranges->at = at;
	ranges->room = room;
	return 0;
}

static void remove_at(struct tcp_ranges *ranges, uint8_t first, uint8_t n)
{
	memmove(ranges->at + first, ranges->at + first + n,
		(size_t)(ranges->len - first - n) * sizeof(*ranges->at));
	ranges->len = (uint8_t)(ranges->len - n);
	if (!ranges->len)
		tcp_ranges_clear(ranges);
}

static int insert_at(struct tcp_ranges *ranges, uint8_t place, struct tcp_range range)
{
	int err = make_room(ranges);

	if (err)
		return err;
	memmove(ranges->at + place + 1, ranges->at + place,
		(size_t)(ranges->len - place) * sizeof(*ranges->at));
	ranges->at[place] = range;
	ranges->len++;
	return 0;
}

int tcp_ranges_add(struct tcp_ranges *ranges, struct tcp_range range)
{
	uint8_t first = 0, past;

	while (first < ranges->len && seq_before(ranges->at[first].end, range.start))
		first++;
	for (past = first; past < ranges->len; past++)
		if (seq_after(ranges->at[past].start, range.end))
			break;
	if (past == first)
		return insert_at(ranges, first, range);
	range.start = seq_min(range.start, ranges->at[first].start);
	range.end = seq_max(range.end, ranges->at[past - 1].end);
	ranges->at[first] = range;
	if (past - first > 1)
		remove_at(ranges, (uint8_t)(first + 1), (uint8_t)(past - first - 1));
	return 0;
}

void tcp_ranges_drop_before(struct tcp_ranges *ranges, uint32_t seq)
{
	uint8_t gone = 0;

	while (gone < ranges->len && !seq_after(ranges->at[gone].end, seq))
		gone++;
	if (gone)
		remove_at(ranges, 0, gone);
	if (ranges->len && seq_before(ranges->at[0].start, seq))
		ranges->at[0].start = seq;
}

void tcp_ranges_clear(struct tcp_ranges *ranges)
{
	free(ranges->at);
	*ranges = (struct tcp_ranges){ 0 };
}

uint32_t tcp_ranges_gap(const struct tcp_ranges *ranges, uint32_t start, uint32_t end)
{
	uint32_t gap;

	if (!seq_before(start, end))
		return 0;
	gap = end - start;
	for (uint8_t i = 0; i < ranges->len; i++) {
		uint32_t from = seq_max(ranges->at[i].start, start);
		uint32_t to = seq_min(ranges->at[i].end, end);

		if (seq_before(from, to))
			gap -= to - from;
	}
	return gap;
}

const struct tcp_range *tcp_ranges_next(const struct tcp_ranges *ranges, uint32_t seq)
{
	for (uint8_t i = 0; i < ranges->len; i++)
		if (seq_after(ranges->at[i].end, seq))
			return &ranges->at[i];
	return NULL;
}
