/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "predict_exempt.h"

#include <stdio.h>

#include "predict_why.h"

/* The first NAT of @side that exempts anything that matters; NULL where none does. */
static const struct nat_model *exempting(const struct predict_side *side)
{
	for (size_t i = 0; i < side->nats_len; i++)
		if (nat_model_exempts(side->nats[i].model) && !side->nats[i].exempts_others)
			return side->nats[i].model;
	return NULL;
}

void predict_exempt(const struct predict_question *question, enum method method,
		    struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };
	char name[LABEL];

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++) {
		const struct nat_model *model = exempting(sides[p]);

		if (!model)
			continue;
		ret->udp[method] = PREDICT_MAY;
		ret->chance[method] = -1;
		if (method == METHOD_ICE)
			ret->ice_paths = (1U << ICE_PATH_COUNT) - 1;
		snprintf(ret->why[method], WHY, "%s exempts destinations, which these may be",
			 predict_label((enum party)p, model, name));
		return;
	}
}
