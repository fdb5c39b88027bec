/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequence numbers: arithmetic modulo 2^32 (RFC 9293, 3.4).  Right for two that are less than
 * 2^31 apart, which windows of at most 2^30 bytes see to (RFC 7323, 2.3). */
#ifndef KNOTHOLE_TCP_SEQ_H
#define KNOTHOLE_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a) < 0;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b : a;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? a : b;
}

/* Is @seq in [@from, @to)? */
static inline bool seq_within(uint32_t seq, uint32_t from, uint32_t to)
{
	return seq - from < to - from;
}

#endif
