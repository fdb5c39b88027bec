/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Application-level gateways (RFC 2663, 2.9): NATs that change payloads as well.
 *
 * The blind one is why STUN has an XOR-MAPPED-ADDRESS (RFC 8489, 15.2); the one for SIP is why
 * callers encrypt what they need not hide.  Both know IPv4 only, and leave alone what would not fit.
 */
#ifndef KNOTHOLE_ALG_H
#define KNOTHOLE_ALG_H

#include <stdbool.h>

#include "nat_flow.h"

/* The packet's own endpoint was @from and has become @to: change what its payload says of it.  False
 * where it must be dropped. */
bool alg_rewrite(struct passage *p, struct endpoint from, struct endpoint to);

/* The same for a packet that goes out and in again: it was sent to @target_from, inside @target_to.
 * FTP's lines are left as they are, for the numbers of the other direction go another way. */
void alg_rewrite_hairpin(struct passage *p, struct endpoint from, struct endpoint to,
			 struct endpoint target_from, struct endpoint target_to);

/* A packet comes in, and nothing has been done to it yet. */
void alg_prepare(struct passage *p);

/* What alg.c and sip_alg.c have between them: the SIP message of @len bytes, rewritten into @ret of
 * @size bytes; its length, or 0 where nothing is to change or it does not fit. */
size_t sip_alg_rewrite(struct passage *p, const char *message, size_t len, struct endpoint from,
		       struct endpoint to, char *ret, size_t size);

#endif
