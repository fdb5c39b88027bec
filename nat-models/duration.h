/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quantities as people write them: times ("20ms", "1.5s", "2h4m"), sizes ("64KiB"), rates
 * ("10Mbit") and shares ("0.5%").  Whole numbers throughout: a fraction must come out even in the smallest unit.
 */
#ifndef KNOTHOLE_DURATION_H
#define KNOTHOLE_DURATION_H

#include <stdint.h>

/* Room for the longest text of each, with its final NUL. */
enum { DURATION_TEXT = 40, SIZE_TEXT = 32, RATE_TEXT = 32 };

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

/*
 * Each parses the whole of @text: 0; -EINVAL where it is no such quantity (a missing unit is
 * one, but for "0"); -ERANGE where it exceeds 64 bits.  *ret is untouched on failure.
 *
 * A duration is one or more numbers, each with its unit of ns, us, ms, s, m, h or d, from the
 * greatest to the smallest: "2h4m", "1.5s".
 * A size is one number with B, KiB, MiB, GiB, kB, MB or GB; or without: bytes.
 * A rate is one number with bit, kbit, Mbit, Gbit (a second).
 * A share is one number from 0 to 100 with %, in parts per million.
 */
int duration_parse(const char *text, uint64_t *ret_ns);
int size_parse(const char *text, uint64_t *ret_bytes);
int rate_parse(const char *text, uint64_t *ret_bits_per_s);
int share_parse(const char *text, uint64_t *ret_ppm);

/* Format into @buf, which they return; what they write, the parsers read back to the same
 * value.  Times below ten minutes stay in seconds ("300s"), as the RFCs speak of them. */
const char *duration_format(uint64_t ns, char buf[DURATION_TEXT]);
const char *size_format(uint64_t bytes, char buf[SIZE_TEXT]);
const char *rate_format(uint64_t bits_per_s, char buf[RATE_TEXT]);

#endif
