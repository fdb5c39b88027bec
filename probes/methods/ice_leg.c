/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice_leg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../services/crew.h"
#include "ice_agent.h"
#include "leg.h"
#include "peer.h"

/* An attempt that is not given long cannot wait long for a better pair, either. */
enum { PATIENCE_SHARE = 4 };
#define PATIENCE_NS (1500 * MSEC)

struct ice_leg {
	struct leg *leg;
	struct ice_agent *agent;
	struct crew crew;
};

int ice_leg_new(struct leg *leg, struct ice_leg **ret)
{
	const struct peer *peer = leg->peer;
	uint64_t share = leg->spec.attempt_ns / PATIENCE_SHARE;
	struct ice_agent_spec spec = {
		.controlling = leg->spec.role == TALK_CALLER,
		.turn = peer->turn.username ? &peer->turn : NULL,
		.local_port = leg->spec.local_port,
		.tcp = peer->ice_tcp,
		.patience_ns = share && share < PATIENCE_NS ? share : PATIENCE_NS,
	};
	struct ice_leg *ice = calloc(1, sizeof(*ice));
	int err;

	if (!ice)
		return -ENOMEM;
	memcpy(spec.stun, peer->stun, sizeof(spec.stun));
	ice->leg = leg;
	err = ice_agent_new(peer->host, &spec, &ice->agent);
	if (err)
		free(ice);
	else
		*ret = ice;
	return err;
}

static int signal_line(const struct ice_leg *ice, const struct ice_line *line)
{
	const struct leg *leg = ice->leg;
	char text[ICE_LINE_MAX];
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_SIGNAL,
		.token = leg->spec.token,
		.attempt = leg->spec.attempt,
		.method = leg->spec.method,
		.frame = (const uint8_t *)text,
		.frame_len = (uint16_t)ice_line_format(line, text),
	};

	return channel_send(leg->peer->channel, &msg);
}

static void tell(void *arg)
{
	struct ice_leg *ice = arg;
	struct ice_line line;

	for (unsigned i = 0; !ice_agent_tell(ice->agent, i, NEVER, &line); i++)
		if (signal_line(ice, &line))
			break;
	crew_leave(&ice->crew);
}

static void listen(void *arg)
{
	struct ice_leg *ice = arg;
	uint8_t bytes[TALK_MAX + 1];
	struct talk frame;
	long n;

	while ((n = ice_agent_recv(ice->agent, bytes, sizeof(bytes), NEVER)) >= 0)
		if (talk_decode(bytes, (size_t)n, &frame) == (size_t)n)
			leg_hear(ice->leg, &frame, NULL, NULL);
	crew_leave(&ice->crew);
}

int ice_leg_start(struct ice_leg *ice)
{
	struct loop *loop = host_loop(ice->leg->peer->host);
	int err = crew_spawn(&ice->crew, loop, "ice tell", tell, ice);

	if (!err)
		err = crew_spawn(&ice->crew, loop, "ice listen", listen, ice);
	if (!err)
		err = ice_agent_gather_start(ice->agent,
					     leg_now(ice->leg) + ice->leg->spec.attempt_ns);
	return err;
}

int ice_leg_connect(struct ice_leg *ice, uint64_t deadline)
{
	struct ice_candidate here, there;
	int err = ice_agent_connect(ice->agent, deadline);

	if (err || !ice_agent_selected(ice->agent, &here, &there))
		return err ? err : -ENOTCONN;
	ice->leg->mapped = here.at;
	ice->leg->theirs = there.at;
	ice->leg->introduced = true;
	leg_reach(ice->leg, (struct endpoint){ 0 });
	return 0;
}

void ice_leg_told(struct ice_leg *ice, const uint8_t *text, size_t len)
{
	char terminated[ICE_LINE_MAX];
	struct ice_line line;

	if (len >= sizeof(terminated) || memchr(text, '\0', len))
		return;
	memcpy(terminated, text, len);
	terminated[len] = '\0';
	if (!ice_line_parse(terminated, &line))
		ice_agent_told(ice->agent, &line);
}

int ice_leg_send(struct ice_leg *ice, const void *bytes, size_t len)
{
	return ice_agent_send(ice->agent, bytes, len);
}

bool ice_leg_selected(const struct ice_leg *ice, enum ice_type *ret_here, enum ice_type *ret_there)
{
	struct ice_candidate here, there;

	if (!ice_agent_selected(ice->agent, &here, &there))
		return false;
	*ret_here = here.type;
	*ret_there = there.type;
	return true;
}

void ice_leg_stop(struct ice_leg *ice)
{
	ice_agent_close(ice->agent);
}

void ice_leg_free(struct ice_leg *ice)
{
	if (!ice)
		return;
	ice_leg_stop(ice);
	crew_wait(&ice->crew);
	ice_agent_free(ice->agent);
	free(ice);
}
