/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guessing.h"

#include <errno.h>

#include "../../nat-models/catalog.h"
#include "trial.h"

/* Of both random NATs the range is small: what two such NATs of all ports need is beyond patience.
 * Between the last sample and the first hello lie two ways there and back of 10 ms each: the samples'
 * and the forecasts'. */
const struct guessing guessings[] = {
	{ .name = "birthday, 256 open ports",
	  .method = METHOD_BIRTHDAY,
	  .nats = { "port-restricted-cone", "symmetric-random" },
	  .first_port = 1025, /* as the published figures were computed */
	  .last_port = 65535,
	  .budget = { .holes = 256, .probes = 2048 },
	  .figures = { { 64, "" },
		       { 174, "50 %" },
		       { 256, "64 %" },
		       { 1024, "98 %" },
		       { 2048, "99.9 %" } },
	  .figures_len = 5 },
	{ .name = "birthday, both random: 128 of 256 ports",
	  .method = METHOD_BIRTHDAY,
	  .nats = { "symmetric-random", "symmetric-random" },
	  .first_port = 20000,
	  .last_port = 20255,
	  .budget = { .holes = 128 },
	  .figures = { { 0, "" } },
	  .figures_len = 1 },
	{ .name = "prediction, 1 candidate",
	  .method = METHOD_PREDICT,
	  .nats = { "symmetric-sequential", "port-restricted-cone" },
	  .budget = { .candidates = 1 },
	  .rival_ns = 15 * MSEC,
	  .lead_ns = 20 * MSEC,
	  .figures = { { 0, "" } },
	  .figures_len = 1 },
	{ .name = "prediction by twos, 3 candidates",
	  .method = METHOD_PREDICT,
	  .nats = { "symmetric-sequential-2", "port-restricted-cone" },
	  .budget = { .candidates = 3 },
	  .rival_ns = 15 * MSEC,
	  .lead_ns = 20 * MSEC,
	  .figures = { { 0, "" } },
	  .figures_len = 1 },
	{ .name = "prediction of both, 2 candidates",
	  .method = METHOD_PREDICT,
	  .nats = { "symmetric-sequential", "symmetric-sequential-2" },
	  .budget = { .candidates = 2 },
	  .rival_ns = 15 * MSEC,
	  .lead_ns = 20 * MSEC,
	  .figures = { { 0, "" } },
	  .figures_len = 1 },
};

const size_t guessings_len = sizeof(guessings) / sizeof(guessings[0]);

/* The NATs, into @models; 0 or nat_model_find()'s. */
static int find_nats(const struct guessing *guessing, struct nat_model models[2])
{
	for (int i = 0; i < 2; i++) {
		struct model_error error;
		int err = nat_model_find(guessing->nats[i], &models[i], &error);

		if (err)
			return err;
		if (!guessing->first_port || models[i].udp.ports != NAT_PORTS_RANDOM)
			continue;
		models[i].udp.port_min = guessing->first_port;
		models[i].udp.port_max = guessing->last_port;
	}
	return 0;
}

/* What is guessed at is what the NATs give. */
static struct method_budget budget_of(const struct guessing *guessing)
{
	struct method_budget budget = guessing->budget;

	budget.first_port = guessing->first_port;
	budget.last_port = guessing->last_port;
	return budget;
}

static bool lead_is_right(const struct guessing *guessing, const struct attempt *attempt)
{
	return !guessing->lead_ns || (attempt->lead >= guessing->lead_ns &&
				      attempt->lead < guessing->lead_ns + MSEC / 10);
}

int guessing_count(const struct guessing *guessing, unsigned runs, unsigned ret[GUESSING_FIGURES])
{
	struct nat_model models[2];
	struct population_trial trial = { .nats = { &models[0], &models[1] },
					  .rival_ns = guessing->rival_ns };
	const struct call_spec spec = { .ladder = { guessing->method },
					.ladder_len = 1,
					.attempt_ns = guessing->budget.probes ? 10 * SEC : SEC,
					.budget = budget_of(guessing) };
	unsigned counts[GUESSING_FIGURES] = { 0 };
	int err = find_nats(guessing, models);

	for (trial.seed = 1; trial.seed <= runs && !err; trial.seed++) {
		struct pair_outcome got;

		err = trial_ladder(&trial, &spec, &got);
		if (!err && !lead_is_right(guessing, &got.attempt))
			err = -EDOM;
		/* The first hello goes to where the rendezvous saw the other, and tries no port. */
		for (size_t i = 0; i < guessing->figures_len && !err; i++)
			counts[i] += got.connected &&
				     (!guessing->figures[i].probes ||
				      got.attempt.proof <= 1U + guessing->figures[i].probes);
	}
	for (size_t i = 0; i < guessing->figures_len && !err; i++)
		ret[i] = counts[i];
	return err;
}

double guessing_odds(const struct guessing *guessing, size_t i)
{
	struct nat_model models[2];
	const struct predict_nat nats[2] = { { .model = &models[0] }, { .model = &models[1] } };
	struct predict_question question = {
		.caller = { &nats[0], 1 },
		.callee = { &nats[1], 1 },
		.budget = budget_of(guessing),
	};
	struct predict_answer answer;

	if (find_nats(guessing, models))
		return -1;
	if (guessing->figures[i].probes)
		question.budget.probes = guessing->figures[i].probes;
	if (guessing->rival_ns)
		question.rivals[0] = (double)guessing->lead_ns / (double)guessing->rival_ns;
	predict(&question, &answer);
	return answer.chance[guessing->method];
}
