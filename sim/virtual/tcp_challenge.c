/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Challenge ACKs (RFC 5961): who really is the peer can answer one, who guesses cannot.  The limit
 * (section 7) counts for each connection: a count shared by many tells strangers about them
 * (CVE-2016-5696).
 */
#include "tcp_state.h"

void tcp_challenge(struct tcp *tcp, uint64_t now)
{
	uint64_t second = now / UINT64_C(1000000000);

	if (second != tcp->challenge_second) {
		tcp->challenge_second = second;
		tcp->challenges = 0;
	}
	if (tcp->challenges >= tcp->config->challenge_acks)
		return;
	tcp->challenges++;
	tcp->stats.challenges++;
	tcp->ack_alone = true;
}
