/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: messages to the rendezvous are read where a segment begins with one, as each
 * does that was sent by itself; one that was cut, or sent again with another, is passed over.  A
 * verdict then says less, and nothing else.
 */
#include "tcp_evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* @list with room for one more of @size bytes each, elsewhere perhaps; NULL without memory, and it is
 * as it was. */
static void *with_room(void *list, size_t len, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (len < *room)
		return list;
	grown = realloc(list, more * size);
	if (grown)
		*room = more;
	return grown;
}

static int add_signal(struct tcp_evidence *evidence, const struct signal *signal,
		      const char *comment)
{
	struct signal *signals;
	char *text = NULL;

	signals = with_room(evidence->signals, evidence->signals_len, &evidence->signals_room,
			    sizeof(*signals));
	if (!signals)
		return -ENOMEM;
	evidence->signals = signals;
	if (comment[0] != '\0') {
		text = strdup(comment);
		if (!text)
			return -ENOMEM;
		tap_clean_text(text);
	}
	evidence->signals[evidence->signals_len] = *signal;
	evidence->signals[evidence->signals_len++].comment = text;
	return 0;
}

static int add_announcement(struct tcp_evidence *evidence, const struct moment *at,
			    const struct rendezvous_message *msg)
{
	struct announcement *announcements;

	announcements = with_room(evidence->announcements, evidence->announcements_len,
				  &evidence->announcements_room, sizeof(*announcements));
	if (!announcements)
		return -ENOMEM;
	evidence->announcements = announcements;
	evidence->announcements[evidence->announcements_len++] = (struct announcement){
		.token = msg->token,
		.attempt = msg->attempt,
		.family = msg->family,
		.tap = at->tap,
	};
	return 0;
}

static const struct announcement *find_announcement(const struct tcp_evidence *evidence,
						    const struct rendezvous_message *msg)
{
	for (size_t i = evidence->announcements_len; i-- > 0;) {
		const struct announcement *a = &evidence->announcements[i];

		if (a->token == msg->token && a->attempt == msg->attempt)
			return a;
	}
	return NULL;
}

static bool is_again(const struct claim *claim, const struct moment *at,
		     const struct rendezvous_message *msg)
{
	return claim->at.tap == at->tap && claim->token == msg->token &&
	       claim->attempt == msg->attempt;
}

static int add_claim(struct tcp_evidence *evidence, const struct moment *at,
		     const struct packet_info *info, const struct rendezvous_message *msg)
{
	const struct announcement *announced = find_announcement(evidence, msg);
	struct claim *claims;

	if (!method_connects(msg->method) || !announced)
		return 0;
	for (size_t i = 0; i < evidence->claims_len; i++) {
		struct claim *claim = &evidence->claims[i];

		if (is_again(claim, at, msg))
			return 0;
		if (claim->at.tap == at->tap && endpoint_equal(claim->local, info->src) &&
		    claim->until == SIZE_MAX)
			claim->until = at->order;
	}
	claims = with_room(evidence->claims, evidence->claims_len, &evidence->claims_room,
			   sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	evidence->claims = claims;
	evidence->claims[evidence->claims_len++] = (struct claim){
		.at = *at,
		.until = SIZE_MAX,
		.token = msg->token,
		.attempt = msg->attempt,
		.method = msg->method,
		.family = announced->family,
		.role = announced->tap == at->tap ? TALK_CALLER : TALK_CALLEE,
		.local = info->src,
		.server = info->dst,
	};
	return 0;
}

/* What a host says to a rendezvous of its attempts. */
static int look_at_messages(struct tcp_evidence *evidence, const struct moment *at,
			    const struct packet *pkt, const struct packet_info *info)
{
	const uint8_t *bytes = pkt->data + info->payload_offset;
	size_t len = info->payload_len;
	int r = 0;

	while (r == 0 && len > RENDEZVOUS_PREFIX) {
		size_t whole = RENDEZVOUS_PREFIX + rendezvous_body_len(bytes);
		struct rendezvous_message msg;

		if (whole > len || rendezvous_decode_datagram(bytes, whole, &msg))
			break;
		if (msg.kind == RENDEZVOUS_CALL)
			r = add_announcement(evidence, at, &msg);
		else if (msg.kind == RENDEZVOUS_REGISTER)
			r = add_claim(evidence, at, info, &msg);
		bytes += whole;
		len -= whole;
	}
	return r;
}

static int add_segment(struct tcp_evidence *evidence, const struct moment *at,
		       const struct packet_info *info, const char *comment)
{
	struct signal signal = {
		.at = *at,
		.kind = SIGNAL_RST,
		.src = info->src,
		.dst = info->dst,
		.seq = info->tcp_seq,
		.ttl = info->ttl,
	};

	if (!(info->tcp_flags & TCP_RST))
		signal.kind = info->tcp_flags & TCP_ACK ? SIGNAL_SYN_ACK : SIGNAL_SYN;
	return add_signal(evidence, &signal, comment);
}

static int add_error(struct tcp_evidence *evidence, const struct moment *at,
		     const struct packet *pkt, const struct packet_info *info, const char *comment)
{
	struct signal signal = {
		.at = *at,
		.kind = SIGNAL_ERROR,
		.ttl = info->ttl,
		.version = info->version,
		.icmp_type = info->icmp_type,
		.icmp_code = info->icmp_code,
	};
	struct packet_info quoted;

	if (packet_parse_quoted(pkt->data + info->payload_offset, info->payload_len, &quoted) !=
		    PACKET_OK ||
	    quoted.protocol != IP_PROTO_TCP)
		return 0;
	signal.src = quoted.src;
	signal.dst = quoted.dst;
	signal.seq = quoted.tcp_seq;
	return add_signal(evidence, &signal, comment);
}

int tcp_evidence_add(struct tcp_evidence *evidence, const struct moment *at, bool at_host,
		     const struct packet *pkt, const struct packet_info *info, const char *comment)
{
	if (info->is_error)
		return add_error(evidence, at, pkt, info, comment);
	if (info->tcp_flags & (TCP_SYN | TCP_RST))
		return add_segment(evidence, at, info, comment);
	return at_host && at->direction == PCAPNG_OUTBOUND && info->payload_len
		       ? look_at_messages(evidence, at, pkt, info)
		       : 0;
}

void tcp_evidence_clear(struct tcp_evidence *evidence)
{
	for (size_t i = 0; i < evidence->signals_len; i++)
		free(evidence->signals[i].comment);
	free(evidence->signals);
	free(evidence->claims);
	free(evidence->announcements);
	*evidence = (struct tcp_evidence){ 0 };
}
