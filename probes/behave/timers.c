/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long mappings live, and what prolongs their lives. */
#include "probes.h"

enum { SERVER = 7000, AGES = 32, REUSED = 1024 };

/* Ages at which mappings are looked at, in seconds: just before and after those that NATs are
 * often found to have, and none more than half as long again as the one before it. */
static const uint16_t ages[AGES] = { 2,	  3,   4,   6,	 9,    12,   18,   28,	 32,   44,  58,
				     62,  88,  92,  118, 122,  178,  182,  238,	 242,  298, 302,
				     420, 598, 602, 880, 1300, 1798, 1802, 2650, 3598, 3602 };

enum behave_outcome alive_after(struct behave *b, uint8_t protocol, uint64_t seconds)
{
	struct endpoint src = here(b, INSIDE, fresh_port(b)), dst = there(b, 0, SERVER), outside;
	uint64_t began;

	if (!goes_out(b, INSIDE, protocol, src, dst, &outside))
		return nothing_passes(b);
	began = now_of(b);
	rest_until(began, (seconds - 1) * SEC);
	if (comes_in(b, INSIDE, protocol, dst, outside))
		return as_required(b, "alive after %llu s", (unsigned long long)seconds - 1);
	if (!goes_out(b, INSIDE, protocol, src, dst, &outside) ||
	    !comes_in(b, INSIDE, protocol, dst, outside))
		return inconclusive(b, "not even a new mapping lets an answer in");
	return not_as_required(b, "gone after %llu s", (unsigned long long)seconds - 1);
}

enum behave_outcome probe_timeout_udp(struct behave *b)
{
	return alive_after(b, IP_PROTO_UDP, 120);
}

enum behave_outcome probe_timeout_udp_default(struct behave *b)
{
	return alive_after(b, IP_PROTO_UDP, 300);
}

enum behave_outcome probe_timeout_icmp(struct behave *b)
{
	return alive_after(b, IP_PROTO_ICMP, 60);
}

bool open_mapping(struct behave *b, uint8_t protocol, bool both_ways, struct opened *ret)
{
	*ret = (struct opened){ .protocol = protocol,
				.in = here(b, INSIDE, fresh_port(b)),
				.out = there(b, 0, SERVER) };
	if (!goes_out(b, INSIDE, protocol, ret->in, ret->out, &ret->outside))
		return false;
	ret->at = now_of(b);
	if (!both_ways)
		return true;
	ret->at = now_of(b);
	return comes_in(b, INSIDE, protocol, ret->out, ret->outside);
}

bool is_open(struct behave *b, const struct opened *opened)
{
	return comes_in(b, INSIDE, opened->protocol, opened->out, opened->outside);
}

bool measure_life(struct behave *b, uint8_t protocol, bool both_ways, struct life *ret)
{
	struct opened all[AGES];

	*ret = (struct life){ 0 };
	for (int i = 0; i < AGES; i++)
		if (!open_mapping(b, protocol, both_ways, &all[i]))
			return false;
	for (int i = 0; i < AGES; i++) {
		rest_until(all[i].at, ages[i] * SEC);
		if (!is_open(b, &all[i])) {
			ret->gone_ns = ages[i] * SEC;
			return ret->alive_ns != 0;
		}
		ret->alive_ns = ages[i] * SEC;
	}
	return false;
}

enum behave_outcome no_life(struct behave *b)
{
	return inconclusive(b, "mappings live for less than %u s, or for more than %u s", ages[0],
			    ages[AGES - 1]);
}

/* Within its life, an outbound packet; a little less than that life later it is to be alive. */
enum behave_outcome probe_refresh_outbound(struct behave *b)
{
	struct opened opened;
	struct life life;

	if (!measure_life(b, IP_PROTO_UDP, false, &life))
		return no_life(b);
	if (!open_mapping(b, IP_PROTO_UDP, false, &opened))
		return nothing_passes(b);
	rest_until(opened.at, life.alive_ns - SEC);
	if (!goes_out(b, INSIDE, IP_PROTO_UDP, opened.in, opened.out, &opened.outside))
		return nothing_passes(b);
	rest_until(now_of(b), life.alive_ns - SEC);
	if (is_open(b, &opened))
		return as_required(b, "a packet from inside begins the time anew");
	return not_as_required(b, "gone %llu s after a packet from inside",
			       (unsigned long long)((life.alive_ns - SEC) / SEC));
}

/*
 * RFC 6888, REQ-8.  The exceptions (a to c) are told from outside only in part: where filtering
 * is not endpoint-independent, ports may be used again at once.
 */
enum behave_outcome probe_reuse(struct behave *b)
{
	static const uint64_t rest = 120 * SEC;
	struct endpoint dst = there(b, 0, SERVER), seen;
	uint8_t given[UINT16_MAX + 1] = { 0 };
	struct life life;
	struct ip_addr pool = { 0, 0 };
	uint64_t began, ended;
	int again = 0;

	if (!measure_life(b, IP_PROTO_UDP, false, &life))
		return no_life(b);
	if (life.gone_ns - life.alive_ns >= rest)
		return inconclusive(b, "mappings live too long to tell when they end");
	began = now_of(b);
	for (int i = 0; i < REUSED; i++) {
		struct endpoint src = here(b, INSIDE, (uint16_t)(40000 + i));

		if (!goes_out(b, INSIDE, IP_PROTO_UDP, src, dst, &seen))
			return nothing_passes(b);
		if (!i)
			pool = seen.addr;
		given[seen.port] |= ip_addr_equal(seen.addr, pool);
		if (!i && comes_in(b, INSIDE, IP_PROTO_UDP, there(b, 1, SERVER + 2), seen))
			again = -1;
	}
	ended = now_of(b);
	if (again == 0)
		return as_required(b, "its filter allows to use ports again at once (c)");
	again = 0;
	rest_until(ended, life.gone_ns + SEC);
	for (int i = 0; i < REUSED && now_of(b) < began + life.alive_ns + rest; i++) {
		/* The other wants the same ports; the same host wants further ones. */
		const struct endpoint srcs[] = { here(b, OTHER, (uint16_t)(40000 + i)),
						 here(b, INSIDE, (uint16_t)(50000 + i)) };

		for (int k = 0; k < 2; k++)
			again += goes_out(b, k ? INSIDE : OTHER, IP_PROTO_UDP, srcs[k], dst,
					  &seen) &&
				 given[seen.port] && ip_addr_equal(seen.addr, pool);
	}
	if (again)
		return not_as_required(b, "%d times within 120 s a port was given anew", again);
	return as_required(b, "none of %d ports was given anew within 120 s", REUSED);
}
