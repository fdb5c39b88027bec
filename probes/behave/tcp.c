/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a NAT makes of TCP connections: RFC 5382, and RFC 7857, section 2. */
#include "probes.h"

#include <string.h>

#include "../../nat-models/header_fields.h"

enum { SERVER = 7000, STRAYS = 8 };

static struct thread thread_new(struct behave *b)
{
	return (struct thread){ .place = INSIDE,
				.in = here(b, INSIDE, fresh_port(b)),
				.out = there(b, 0, SERVER) };
}

enum behave_outcome probe_tcp_sequences(struct behave *b)
{
	struct thread t = thread_new(b);

	if (!thread_syn(b, &t))
		return nothing_passes(b);
	if (!thread_in(b, &t, TCP_SYN | TCP_ACK, NULL))
		return not_as_required(b, "the answer to a SYN is lost");
	if (!thread_out(b, &t, TCP_ACK, NULL) || !thread_in(b, &t, TCP_ACK, NULL))
		return not_as_required(b, "data are lost");
	/* Half-closed, data still flow the other way (RFC 9293, 3.6). */
	if (!thread_out(b, &t, TCP_FIN | TCP_ACK, NULL) || !thread_in(b, &t, TCP_ACK, NULL))
		return not_as_required(b, "once one side has closed, the other is cut off");
	if (!thread_in(b, &t, TCP_FIN | TCP_ACK, NULL) || !thread_out(b, &t, TCP_ACK, NULL))
		return not_as_required(b, "the end of a connection is lost");
	return as_required(b, "opened, half closed and closed, with data");
}

enum behave_outcome probe_simultaneous_open(struct behave *b)
{
	struct thread t = thread_new(b);

	if (!thread_syn(b, &t))
		return nothing_passes(b);
	if (!thread_in(b, &t, TCP_SYN, NULL))
		return not_as_required(b, "the SYN that crosses one from inside is lost");
	t.seq[0]--; /* an answer repeats its own SYN (RFC 9293, 3.5, figure 7) */
	if (!thread_out(b, &t, TCP_SYN | TCP_ACK, NULL))
		return not_as_required(b, "the answer to a crossing SYN is lost");
	t.seq[1]--;
	if (!thread_in(b, &t, TCP_SYN | TCP_ACK, NULL) || !thread_out(b, &t, TCP_ACK, NULL))
		return not_as_required(b, "SYNs cross, and no connection comes of it");
	return as_required(b, "SYNs that cross make a connection");
}

/* SYNs from outside that nobody asked for, each to a port of its own: an answer, which comes once,
 * may be lost. */
struct stray {
	struct arrival syn;
	struct endpoint src, dst;
	struct thread t; /* what has opened the port, to somebody else */
};

static bool begin_stray(struct behave *b, struct stray *ret)
{
	struct letter letter = { .protocol = IP_PROTO_TCP };
	size_t token, len;

	ret->t = thread_new(b);
	if (!thread_syn(b, &ret->t))
		return false;
	ret->src = there(b, 1, SERVER);
	ret->dst = ret->t.outside;
	letter.src = ret->src;
	letter.dst = ret->dst;
	letter.tcp = (struct tcp_says){ random32(b), 0, TCP_SYN, 8192 };
	write_letter(b, &letter, &ret->syn, &token, &len);
	ret->syn.pkt.data = ret->syn.bytes;
	return true;
}

static bool begin_strays(struct behave *b, struct stray strays[STRAYS])
{
	for (int i = 0; i < STRAYS; i++)
		if (!begin_stray(b, &strays[i]))
			return false;
	forget_packets(b, OUTSIDE);
	forget_packets(b, INSIDE);
	return true;
}

static bool is_answer(const struct stray *stray, const struct arrival *got)
{
	uint8_t seq[4];

	put_be32(seq, stray->syn.info.tcp_seq);
	if (got->info.is_error)
		return memmem(got->bytes, got->pkt.len, seq, sizeof(seq)) != NULL;
	return got->info.protocol == IP_PROTO_TCP && got->info.tcp_flags & TCP_RST &&
	       endpoint_equal(got->info.dst, stray->src) &&
	       got->info.tcp_ack == stray->syn.info.tcp_seq + 1;
}

/* Is any of the SYNs, sent now, answered within @ns?  *ret_after is when. */
static bool answered(struct behave *b, const struct stray strays[STRAYS], uint64_t ns,
		     uint64_t *ret_after, struct arrival *ret)
{
	uint64_t began = now_of(b);

	for (int i = 0; i < STRAYS; i++)
		throw_packet(b, OUTSIDE, &strays[i].syn.pkt);
	while (receive_packet(b, OUTSIDE, began + ns, ret))
		for (int i = 0; i < STRAYS; i++)
			if (is_answer(&strays[i], ret)) {
				*ret_after = now_of(b) - began;
				return true;
			}
	return false;
}

/* Where the filter passes them on, none was unsolicited (RFC 5382 REQ-4 is of those it does not). */
static bool let_in(struct behave *b, const struct stray strays[STRAYS])
{
	struct arrival got;

	while (receive_packet(b, INSIDE, now_of(b) + TRY_NS, &got))
		for (int i = 0; i < STRAYS; i++)
			if (got.info.protocol == IP_PROTO_TCP &&
			    got.info.tcp_seq == strays[i].syn.info.tcp_seq)
				return true;
	return false;
}

enum behave_outcome probe_unsolicited_syn(struct behave *b)
{
	struct stray strays[STRAYS];
	struct arrival got;
	uint64_t after;

	if (!begin_strays(b, strays))
		return nothing_passes(b);
	if (answered(b, strays, 6 * SEC - 10 * MSEC, &after, &got))
		return not_as_required(b, "answered by %s after %llu ms",
				       got.info.is_error ? "ICMP" : "RST",
				       (unsigned long long)(after / MSEC));
	if (let_in(b, strays))
		return inconclusive(b, "its filter lets SYNs in");
	return as_required(b, "silence for 6 s");
}

/* The SYN waits 3 s for one from inside that crosses it, which must then go out. */
enum behave_outcome probe_crossed_syn(struct behave *b)
{
	struct stray strays[STRAYS];
	struct arrival got;
	uint64_t after;

	if (!begin_strays(b, strays))
		return nothing_passes(b);
	if (answered(b, strays, 3 * SEC, &after, &got))
		return not_as_required(b, "answered after %llu ms, before one from inside went out",
				       (unsigned long long)(after / MSEC));
	strays[0].t.out = strays[0].src;
	if (!thread_syn(b, &strays[0].t))
		return not_as_required(b, "a stray SYN keeps the one from inside from going out");
	if (!thread_in(b, &strays[0].t, TCP_SYN | TCP_ACK, NULL))
		return not_as_required(b, "a stray SYN keeps the answer from coming in");
	return as_required(b, "one from inside, 3 s later, makes a connection");
}

static enum behave_outcome refused(struct behave *b, enum packet_error want)
{
	struct stray strays[STRAYS];
	struct arrival got;
	uint64_t after;

	if (!begin_strays(b, strays))
		return nothing_passes(b);
	if (!answered(b, strays, 30 * SEC, &after, &got))
		return let_in(b, strays) ? inconclusive(b, "its filter lets SYNs in")
					 : not_as_required(b, "no answer in 30 s");
	if (packet_is_error(&got.info, want) && after >= 6 * SEC - 10 * MSEC)
		return as_required(b, "%s, after %llu ms",
				   want == PACKET_ERROR_PORT ? "port unreachable"
							     : "administratively prohibited",
				   (unsigned long long)(after / MSEC));
	return not_as_required(b, "answered by %s after %llu ms",
			       got.info.is_error ? "ICMP" : "RST",
			       (unsigned long long)(after / MSEC));
}

enum behave_outcome probe_refused_syn(struct behave *b)
{
	return refused(b, PACKET_ERROR_PORT);
}

/* RFC 6092, REC-34, has the other word. */
enum behave_outcome probe_prohibited_syn(struct behave *b)
{
	return refused(b, PACKET_ERROR_PROHIBITED);
}

/*
 * RFC 6092, REC-32.  A connection whose handshake was not seen goes on: how its window is scaled nobody can
 * know, so what is far beyond an unscaled one may be right.
 */
enum behave_outcome probe_unknown_window(struct behave *b)
{
	enum { FAR = 1 << 20 };
	struct thread t = thread_new(b);
	struct arrival seen;

	t.seq[0] = random32(b);
	t.seq[1] = random32(b);
	if (!thread_out(b, &t, TCP_ACK, &seen))
		return inconclusive(b, "a connection does not go on whose beginning was not seen");
	t.outside = seen.info.src;
	if (!thread_in(b, &t, TCP_ACK, NULL))
		return inconclusive(
			b, "nothing comes in of a connection whose beginning was not seen");
	t.seq[1] += FAR;
	if (thread_in(b, &t, TCP_ACK, NULL))
		return as_required(b, "data %d bytes further on come in", FAR);
	return not_as_required(b, "data %d bytes further on are lost, as if its window were known",
			       FAR);
}

enum behave_outcome probe_established(struct behave *b)
{
	static const uint64_t idle = 7440; /* 2 h 4 min */
	struct thread t = thread_new(b);

	if (!thread_open(b, &t) || !thread_in(b, &t, TCP_ACK, NULL))
		return inconclusive(b, "no connection comes to stand");
	rest_until(now_of(b), (idle - 1) * SEC);
	if (thread_in(b, &t, TCP_ACK, NULL))
		return as_required(b, "alive after %llu s", (unsigned long long)idle - 1);
	return not_as_required(b, "gone after %llu s", (unsigned long long)idle - 1);
}

enum behave_outcome probe_transitory(struct behave *b)
{
	struct thread t = thread_new(b);
	struct thread prompt = thread_new(b);

	if (!thread_syn(b, &t))
		return nothing_passes(b);
	rest_until(now_of(b), 239 * SEC);
	if (thread_in(b, &t, TCP_SYN | TCP_ACK, NULL))
		return as_required(b, "half open, alive after 239 s");
	if (!thread_syn(b, &prompt) || !thread_in(b, &prompt, TCP_SYN | TCP_ACK, NULL))
		return inconclusive(b, "not even a prompt answer gets in");
	return not_as_required(b, "half open, gone after 239 s");
}

/* Both have said that they are through, and the last one's FIN may have to be sent again (RFC 9293, 3.6). */
enum behave_outcome probe_closing(struct behave *b)
{
	struct thread t = thread_new(b), prompt = thread_new(b);

	if (!thread_open(b, &t) || !thread_out(b, &t, TCP_FIN | TCP_ACK, NULL) ||
	    !thread_in(b, &t, TCP_FIN | TCP_ACK, NULL))
		return inconclusive(b, "no connection comes to be closed");
	rest_until(now_of(b), 239 * SEC);
	if (thread_in(b, &t, TCP_ACK, NULL))
		return as_required(b, "closed by both, alive after 239 s");
	if (!thread_open(b, &prompt) || !thread_out(b, &prompt, TCP_FIN | TCP_ACK, NULL) ||
	    !thread_in(b, &prompt, TCP_FIN | TCP_ACK, NULL) ||
	    !thread_in(b, &prompt, TCP_ACK, NULL))
		return not_as_required(b, "once both have closed, nothing gets in any more");
	return not_as_required(b, "closed by both, gone after 239 s");
}

enum behave_outcome probe_rst_translated(struct behave *b)
{
	struct thread t = thread_new(b);

	if (!thread_open(b, &t))
		return inconclusive(b, "no connection comes to stand");
	if (thread_in(b, &t, TCP_RST | TCP_ACK, NULL))
		return as_required(b, "a RST from outside comes in");
	if (!thread_in(b, &t, TCP_ACK, NULL))
		return inconclusive(b, "neither does anything else come in");
	return not_as_required(b, "a RST from outside does not come in");
}

/* RFC 7857, 7.1: late in the life of a mapping that a SYN has made, a RST goes out. */
enum behave_outcome probe_rst_refreshes(struct behave *b)
{
	struct thread t = thread_new(b);
	struct opened opened = { .protocol = IP_PROTO_TCP };
	struct life life;

	if (!measure_life(b, IP_PROTO_TCP, false, &life))
		return no_life(b);
	if (!thread_syn(b, &t))
		return nothing_passes(b);
	opened.at = now_of(b);
	opened.out = t.out;
	opened.outside = t.outside;
	rest_until(opened.at, life.alive_ns - SEC);
	if (!thread_out(b, &t, TCP_RST, NULL))
		return inconclusive(b, "no RST gets out");
	rest_until(opened.at, life.gone_ns + SEC);
	if (is_open(b, &opened))
		return not_as_required(b, "a RST began the mapping's time anew");
	return as_required(b, "a RST did not prolong the mapping's life");
}

enum behave_outcome probe_rst_state(struct behave *b)
{
	struct thread t = thread_new(b);

	if (!thread_open(b, &t))
		return inconclusive(b, "no connection comes to stand");
	if (!thread_in(b, &t, TCP_RST | TCP_ACK, NULL))
		return inconclusive(b, "a RST from outside does not come in");
	rest_until(now_of(b), 239 * SEC);
	if (thread_in(b, &t, TCP_ACK, NULL))
		return as_required(b, "its state is there 239 s later");
	return not_as_required(b, "its state is gone within 239 s");
}
