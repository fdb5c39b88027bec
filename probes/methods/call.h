/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call's inside, for the files of this folder only; others use connect.h. */
#ifndef KNOTHOLE_CALL_H
#define KNOTHOLE_CALL_H

#include "connect.h"
#include "leg.h"

struct call {
	struct host *host; /* the caller's */
	uint64_t token;
	bool connected; /* it was: a leg is NULL once its peer has left */
	enum method method;
	enum family family;
	struct leg *legs[2]; /* by enum talk_role */
	struct attempt attempts[ATTEMPTS_MAX];
	unsigned attempts_len;
};

#endif
