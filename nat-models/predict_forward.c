/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "predict_forward.h"

#include <string.h>

static bool is_fixed(const struct predict_nat *nat, bool tcp)
{
	return tcp ? nat->fixed_tcp : nat->fixed_peer;
}

/* Everybody's packets come in and go out by the port that the forward names, whatever came before. */
static void make_plain(struct nat_model *model, bool tcp)
{
	struct nat_transport *rules = tcp ? &model->tcp : &model->udp;

	model->kind = reach_translates(model) ? NAT_KIND_ONE_TO_ONE : NAT_KIND_ROUTER;
	rules->mapping = NAT_EI;
	rules->filtering = NAT_EI;
	rules->tracking = NAT_TRACKING_NONE;
	memset(rules->outbound_ports, 0, sizeof(rules->outbound_ports));
	model->icmp.on_error = NAT_ERROR_NOTHING;
}

static struct predict_side plain_side(const struct predict_side *side, bool tcp,
				      struct predict_forwarded *room, struct predict_nat *nats)
{
	for (size_t i = 0; i < side->nats_len && i < REACH_NATS; i++) {
		struct nat_model *plain = &room->models[room->models_len];

		nats[i] = side->nats[i];
		if (!is_fixed(&nats[i], tcp) || room->models_len == PREDICT_FORWARDED)
			continue;
		*plain = *nats[i].model;
		make_plain(plain, tcp);
		nats[i].model = plain;
		room->models_len++;
	}
	return (struct predict_side){ nats, side->nats_len };
}

void predict_by_forwards(const struct predict_question *question, bool tcp,
			 struct predict_forwarded *room, struct predict_question *ret)
{
	*ret = *question;
	room->models_len = 0;
	/* More are not thought about. */
	if (question->caller.nats_len > REACH_NATS || question->callee.nats_len > REACH_NATS)
		return;
	ret->caller = plain_side(&question->caller, tcp, room, room->nats[0]);
	ret->callee = plain_side(&question->callee, tcp, room, room->nats[1]);
}
