/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "population_count.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../probes/population/guess.h"
#include "../probes/population/trial.h"
#include "verdict.h"

/* One drawn pair, and what has been found of it so far: figures may share a trial. */
struct draw {
	uint64_t number;
	size_t members[2];
	struct population_trial trial;
	uint64_t guess_seed;
	bool has_udp_nat, has_tcp_nat;
	struct nat_outcome_seen udp_nat, tcp_nat;
	uint32_t guess_open, guess_hit; /* the guesses of so many open ports; 0 = none yet … */
	bool guess_both; /* … and whether both sides guessed */
};

static void make_draw(const struct population *population, uint64_t seed, uint64_t number,
		      struct draw *ret)
{
	struct chance chance = { population_pair_seed(seed, number) };

	memset(ret, 0, sizeof(*ret));
	ret->number = number;
	for (int i = 0; i < 2; i++) {
		ret->members[i] = population_draw(population, &chance);
		ret->trial.nats[i] = &population->members[ret->members[i]].model;
	}
	ret->trial.seed = chance_next(&chance);
	ret->guess_seed = chance_next(&chance);
}

bool population_sampled(uint64_t number, uint64_t of, uint64_t sample)
{
	__extension__ typedef unsigned __int128 wide;
	wide before = (wide)number * sample / of;

	return sample > 0 && (wide)(number + 1) * sample / of > before;
}

/* Does the capture at @path show what the probes said? */
static int verdict_agrees(const char *path, const struct pair_outcome *said, bool *ret,
			  struct tally_error *error)
{
	const struct verdict_call *call;
	struct verdict verdict;
	int err = verdict_read(path, &verdict, error->text, sizeof(error->text));

	if (err)
		return err;
	call = verdict_find(&verdict, said->token);
	if (!call)
		*ret = !said->connected;
	else
		*ret = call->connected == said->connected &&
		       (!said->connected || call->method == said->method);
	verdict_clear(&verdict);
	return 0;
}

int population_try(const struct population *population, uint64_t seed, uint64_t number,
		   const char *path, struct population_pair *ret, struct tally_error *ret_error)
{
	struct draw draw;
	int err;

	ret_error->text[0] = '\0';
	make_draw(population, seed, number, &draw);
	memcpy(ret->members, draw.members, sizeof(ret->members));
	draw.trial.capture_path = path;
	err = trial_pair(&draw.trial, &ret->said);
	if (!err)
		err = verdict_agrees(path, &ret->said, &ret->agrees, ret_error);
	if (err && !*ret_error->text)
		snprintf(ret_error->text, sizeof(ret_error->text), "pair %" PRIu64 ": %s", number,
			 strerror(-err));
	return err;
}

/* Try the pair again, with a capture; it must go as it went, and show what was @said. */
static int verify(const struct draw *draw, const struct pair_outcome *said, const char *folder,
		  struct tally *tally, struct tally_error *error)
{
	struct population_trial trial = draw->trial;
	struct pair_outcome again;
	char path[PATH_MAX];
	bool agrees = false;
	int err;

	if (snprintf(path, sizeof(path), "%s/pair-%" PRIu64 ".pcapng", folder, draw->number) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	trial.capture_path = path;
	err = trial_pair(&trial, &again);
	if (!err)
		err = verdict_agrees(path, said, &agrees, error);
	agrees = agrees && again.token == said->token && again.connected == said->connected &&
		 (!said->connected || again.method == said->method);
	if (err || agrees)
		unlink(path);
	if (err)
		return err;
	tally->verified++;
	tally->agreed += agrees;
	if (!agrees && draw->number < tally->disagreed_at)
		tally->disagreed_at = draw->number;
	return 0;
}

/* The first probe that comes through is drawn once for all figures with as many open ports, so
 * that more probes never do worse. */
static int guess(const struct population *population, struct draw *draw,
		 const struct population_figure *figure, bool *ret)
{
	uint32_t most = 0;
	int err;

	if (draw->guess_open != figure->open || draw->guess_both != figure->both) {
		for (size_t i = 0; i < population->figures_len; i++) {
			const struct population_figure *f = &population->figures[i];

			if (f->measure == MEASURE_GUESS && f->open == figure->open &&
			    f->both == figure->both && f->probes > most)
				most = f->probes;
		}
		err = guess_ports(draw->trial.nats[0], figure->both, figure->open, most,
				  draw->guess_seed, &draw->guess_hit);
		if (err)
			return err;
		draw->guess_open = figure->open;
		draw->guess_both = figure->both;
	}
	*ret = draw->guess_hit > 0 && draw->guess_hit <= figure->probes;
	return 0;
}

static int udp_nat(struct draw *draw)
{
	int err = draw->has_udp_nat ? 0 : trial_nat_udp(&draw->trial, &draw->udp_nat);

	draw->has_udp_nat = true;
	return err;
}

static int tcp_nat(struct draw *draw)
{
	int err = draw->has_tcp_nat ? 0 : trial_nat_tcp(&draw->trial, &draw->tcp_nat);

	draw->has_tcp_nat = true;
	return err;
}

static int count_pair(struct draw *draw, const char *folder, struct tally *tally, bool *ret,
		      struct tally_error *error)
{
	struct pair_outcome outcome;
	int err = trial_pair(&draw->trial, &outcome);

	if (err)
		return err;
	if (outcome.connected)
		tally->methods[outcome.method]++;
	*ret = outcome.connected && !method_relays(outcome.method);
	return folder ? verify(draw, &outcome, folder, tally, error) : 0;
}

static int measure(const struct population *population, struct draw *draw,
		   const struct population_figure *figure, const char *folder, struct tally *tally,
		   bool *ret, struct tally_error *error)
{
	int err = 0;

	switch (figure->measure) {
	case MEASURE_PAIR_UDP:
		return count_pair(draw, folder, tally, ret, error);
	case MEASURE_PAIR_TCP:
		return trial_pair_tcp(&draw->trial, ret);
	case MEASURE_UDP_CONSISTENT:
	case MEASURE_UDP_HAIRPIN:
		err = udp_nat(draw);
		*ret = figure->measure == MEASURE_UDP_HAIRPIN ? draw->udp_nat.hairpins
							      : draw->udp_nat.consistent;
		return err;
	case MEASURE_TCP_CONSISTENT:
	case MEASURE_TCP_HAIRPIN:
		err = tcp_nat(draw);
		*ret = figure->measure == MEASURE_TCP_HAIRPIN ? draw->tcp_nat.hairpins
							      : draw->tcp_nat.consistent;
		return err;
	case MEASURE_GUESS:
		return guess(population, draw, figure, ret);
	case MEASURE_COUNT:
		break;
	}
	return -EINVAL;
}

static int count_draw(const struct population *population, struct draw *draw, const char *folder,
		      struct tally *tally, struct tally_error *error)
{
	for (size_t i = 0; i < population->figures_len; i++) {
		bool success = false;
		int err = measure(population, draw, &population->figures[i], folder, tally,
				  &success, error);

		if (err)
			return err;
		tally->figures[i].trials++;
		tally->figures[i].successes += success;
	}
	tally->members[draw->members[0]].drawn++;
	tally->members[draw->members[1]].drawn++;
	return 0;
}

int population_count(const struct population *population, struct tally_range range, uint64_t sample,
		     const char *folder, struct tally *tally, struct tally_error *ret_error)
{
	char why[sizeof(ret_error->text)];
	int err = tally_add_range(tally, range);

	ret_error->text[0] = '\0';
	for (uint64_t n = range.first; n < range.end && !err; n++) {
		const bool sampled = folder && population_sampled(n, tally->of, sample);
		struct draw draw;

		make_draw(population, tally->seed, n, &draw);
		err = count_draw(population, &draw, sampled ? folder : NULL, tally, ret_error);
		if (!err)
			continue;
		memcpy(why, ret_error->text, sizeof(why));
		snprintf(ret_error->text, sizeof(ret_error->text), "pair %" PRIu64 ": %.200s", n,
			 *why ? why : strerror(-err));
	}
	return err;
}
