/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss recovery by selective acknowledgement: RFC 6675, with the names that it has for things. */
#include "tcp_state.h"

enum { DUP_THRESHOLD = 3 };

void tcp_take_sacks(struct tcp *tcp, const struct tcp_segment *seg)
{
	if (!tcp->sack)
		return;
	for (uint8_t i = 0; i < seg->sack_len; i++) {
		struct tcp_range block = seg->sack[i];

		/* D-SACKs (RFC 2883) and forgeries lie outside of what is in flight. */
		if (!seq_before(block.start, block.end) || !seq_after(block.start, seg->ack) ||
		    !seq_after(block.start, tcp->snd_una) || seq_after(block.end, tcp->snd_max))
			continue;
		/* One too many, or no memory: recovery is slower without it, not wrong. */
		(void)tcp_ranges_add(&tcp->sacked, block);
	}
}

/* IsLost(), for all of the sequence space at once: the start of the highest range at or above
 * which three ranges, or more than two full segments, have been SACKed. */
uint32_t tcp_lost_edge(const struct tcp *tcp)
{
	uint32_t bytes = 0;

	for (uint8_t i = tcp->sacked.len; i > 0; i--) {
		const struct tcp_range *range = &tcp->sacked.at[i - 1];

		bytes += range->end - range->start;
		if (tcp->sacked.len - i + 1 >= DUP_THRESHOLD ||
		    bytes > (DUP_THRESHOLD - 1U) * tcp->mss)
			return range->start;
	}
	return tcp->snd_una;
}

/* SetPipe(): what is neither SACKed nor lost, and what was sent again. */
uint32_t tcp_pipe(const struct tcp *tcp)
{
	return tcp_ranges_gap(&tcp->sacked, tcp_lost_edge(tcp), tcp->snd_max) +
	       tcp_ranges_gap(&tcp->sacked, tcp->snd_una, tcp->high_rxt);
}

/*
 * NextSeg(), rules 1 (@lost_only) and 3: the next piece, not yet sent again, below the highest
 * byte SACKed.
 */
bool tcp_next_hole(const struct tcp *tcp, bool lost_only, struct tcp_range *ret)
{
	uint32_t edge = tcp_lost_edge(tcp);
	uint32_t at = seq_max(tcp->high_rxt, tcp->snd_una);

	for (uint8_t i = 0; i < tcp->sacked.len; i++) {
		const struct tcp_range *range = &tcp->sacked.at[i];

		if (lost_only && seq_after(range->start, edge))
			return false;
		if (seq_before(at, range->start)) {
			*ret = (struct tcp_range){ at, range->start };
			return true;
		}
		at = seq_max(at, range->end);
	}
	return false;
}
