/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a NAT makes of those that it follows, or does not: RFC 7857, sections 2, 7 and 9; RFC 5382. */
#include "probes.h"

#include "../../nat-models/header_fields.h"

enum { SERVER = 7000, LATE_S = 3600, MANY = 16 };

static struct thread thread_new(struct behave *b)
{
	return (struct thread){ .place = INSIDE,
				.in = here(b, INSIDE, fresh_port(b)),
				.out = there(b, 0, SERVER) };
}

/* RFC 5382, REQ-2: a connection that begins outside, where a filter lets it in. */
enum behave_outcome probe_tcp_from_outside(struct behave *b)
{
	struct thread t = thread_new(b);

	if (!thread_syn(b, &t))
		return nothing_passes(b);
	t.out = there(b, 1, SERVER);
	if (!thread_in(b, &t, TCP_SYN, NULL))
		return inconclusive(b, "its filter lets no SYN in");
	t.seq[0] = random32(b);
	if (!thread_out(b, &t, TCP_SYN | TCP_ACK, NULL))
		return not_as_required(b, "the answer to a SYN from outside is lost");
	if (!thread_in(b, &t, TCP_ACK, NULL) || !thread_out(b, &t, TCP_ACK, NULL))
		return not_as_required(b, "a SYN from outside comes in, and data are lost");
	return as_required(b, "a SYN from outside makes a connection");
}

static bool thread_close(struct behave *b, struct thread *t)
{
	return thread_open(b, t) && thread_out(b, t, TCP_FIN | TCP_ACK, NULL) &&
	       thread_in(b, t, TCP_FIN | TCP_ACK, NULL) && thread_out(b, t, TCP_ACK, NULL);
}

/* RFC 7857, 2: by the state machine that it asks for, one that both have closed ends hours before one that
 * both only leave alone. */
enum behave_outcome probe_tcp_followed(struct behave *b)
{
	struct thread stands = thread_new(b), closed = thread_new(b);
	uint64_t began;

	if (!thread_open(b, &stands) || !thread_in(b, &stands, TCP_ACK, NULL) ||
	    !thread_close(b, &closed))
		return inconclusive(b, "no connection comes to stand, and to be closed");
	began = now_of(b);
	rest_until(began, LATE_S * SEC);
	if (!thread_in(b, &stands, TCP_ACK, NULL))
		return inconclusive(b, "one that stands is gone within %d s, too", LATE_S);
	if (thread_in(b, &closed, TCP_ACK, NULL))
		return not_as_required(b, "one that both have closed is open %d s later", LATE_S);
	return as_required(b, "one that both have closed is gone within %d s, another stands",
			   LATE_S);
}

/*
 * RFC 7857, 7: late in a mapping's life somebody speaks to it who is not let in.  Where packets from
 * outside do not refresh at all, this one does not, either.
 */
enum behave_outcome probe_refused_refreshes(struct behave *b)
{
	struct opened opened;
	struct life life;

	if (!measure_life(b, IP_PROTO_UDP, false, &life))
		return no_life(b);
	if (!open_mapping(b, IP_PROTO_UDP, false, &opened))
		return nothing_passes(b);
	rest_until(opened.at, life.alive_ns - 2 * SEC);
	if (comes_in(b, INSIDE, IP_PROTO_UDP, there(b, 1, SERVER + 2), opened.outside))
		return inconclusive(b, "its filter lets strangers in");
	rest_until(opened.at, life.gone_ns + SEC);
	if (is_open(b, &opened))
		return not_as_required(b, "a packet that was kept out began its time anew");
	return as_required(b, "a packet that was kept out did not prolong its life");
}

/* How often does one port's successor follow from it: by the same step, or by the same distance from the
 * inside port that was asked for? */
static int foretold(const uint16_t wanted[MANY], const uint16_t given[MANY])
{
	int right = 0;

	for (int i = 2; i < MANY; i++) {
		uint16_t step = (uint16_t)(given[i - 1] - given[i - 2]);
		uint16_t apart = (uint16_t)(given[i - 1] - wanted[i - 1]);

		right += given[i] == (uint16_t)(given[i - 1] + step) ||
			 given[i] == (uint16_t)(wanted[i] + apart);
	}
	return right;
}

/* RFC 7857, 9 (RFC 6056, 4): a port that has to be another one is not to be guessed.  Of those that stay as
 * they are nothing is asked. */
enum behave_outcome probe_changed_ports(struct behave *b)
{
	uint16_t wanted[MANY], given[MANY];
	struct endpoint seen;
	int right;

	for (int i = 0; i < MANY; i++) {
		wanted[i] = (uint16_t)(1024 + random32(b) % 60000);
		if (!goes_out(b, OTHER, IP_PROTO_UDP, here(b, OTHER, wanted[i]),
			      there(b, 0, SERVER), NULL) ||
		    !goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, wanted[i]),
			      there(b, 0, SERVER), &seen))
			return nothing_passes(b);
		given[i] = seen.port;
		if (seen.port == wanted[i])
			return inconclusive(b, "port %u stays so for two hosts", wanted[i]);
	}
	right = foretold(wanted, given);
	if (right > (MANY - 2) / 2)
		return not_as_required(b,
				       "%d of %d ports that were changed could be foretold: %u "
				       "became %u at last",
				       right, MANY - 2, wanted[MANY - 1], given[MANY - 1]);
	return as_required(b, "%d of %d ports that were changed could be foretold", right,
			   MANY - 2);
}
