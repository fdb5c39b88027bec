/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the oracle cannot know where models speak of addresses: its own stand for themselves only. */
#ifndef KNOTHOLE_PREDICT_EXEMPT_H
#define KNOTHOLE_PREDICT_EXEMPT_H

#include "predict.h"

/*
 * Where a NAT of @question's exempts destinations (RFC 6888, REQ-6), and it is not known that nobody
 * speaks to them, the rendezvous or the other peer may be one of them: neither translated for nor filtered, nor blocked.  Then nothing that was
 * predicted of @method holds, and @ret says so.
 */
void predict_exempt(const struct predict_question *question, enum method method,
		    struct predict_answer *ret);

#endif
