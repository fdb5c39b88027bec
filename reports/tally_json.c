/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "interval.h"
#include "tally.h"

static const char *const kind = "population counts";

/* Seeds may have all of 64 bits, which JSON's integers need not: they are written as text. */
enum { SEED_TEXT = 24 };

static json_t *counted(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* What every share has: its counts, and for readers the share and its interval in per cent. */
static json_t *share_json(uint64_t successes, uint64_t trials)
{
	const struct interval i = interval_wilson(successes, trials);

	return json_pack("{s:o, s:o, s:f, s:[f, f]}", "successes", counted(successes), "trials",
			 counted(trials), "percent", 100 * i.share, "interval_95", 100 * i.low,
			 100 * i.high);
}

static json_t *figure_json(const struct tally_figure *figure)
{
	const struct population_figure *about = &figure->about;
	json_t *json = share_json(figure->successes, figure->trials);

	if (!json)
		return NULL;
	json_object_set_new(json, "measure", json_string(measure_word(about->measure)));
	if (about->measure == MEASURE_GUESS) {
		json_object_set_new(json, "open", counted(about->open));
		json_object_set_new(json, "probes", counted(about->probes));
		json_object_set_new(json, "both", json_boolean(about->both));
	}
	if (about->has_published) {
		const double percent =
			100 * interval_wilson(figure->successes, figure->trials).share;

		json_object_set_new(json, "published", json_real(about->published));
		json_object_set_new(json, "difference", json_real(percent - about->published));
	}
	if (about->plus_minus > 0)
		json_object_set_new(json, "plus_minus", json_real(about->plus_minus));
	if (*about->note)
		json_object_set_new(json, "note", json_string(about->note));
	return json;
}

static json_t *members_json(const struct tally *tally)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tally->members_len; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o}", "label", tally->members[i].label,
						"weight", counted(tally->members[i].weight),
						"drawn", counted(tally->members[i].drawn)));
	return list;
}

static json_t *methods_json(const struct tally *tally, uint64_t trials)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < METHOD_COUNT; i++)
		json_object_set_new(object, method_word((enum method)i),
				    share_json(tally->methods[i], trials));
	return object;
}

/* How many pairs were tried over UDP: what methods' shares are of. */
static uint64_t udp_pairs(const struct tally *tally)
{
	for (size_t i = 0; i < tally->figures_len; i++) {
		if (tally->figures[i].about.measure == MEASURE_PAIR_UDP)
			return tally->figures[i].trials;
	}
	return 0;
}

json_t *tally_to_json(const struct tally *tally)
{
	json_t *ranges = json_array(), *figures = json_array(), *json;
	char seed[SEED_TEXT];

	for (size_t i = 0; i < tally->ranges_len; i++)
		json_array_append_new(ranges, json_pack("[o, o]", counted(tally->ranges[i].first),
							counted(tally->ranges[i].end)));
	for (size_t i = 0; i < tally->figures_len; i++)
		json_array_append_new(figures, figure_json(&tally->figures[i]));
	snprintf(seed, sizeof(seed), "%" PRIu64, tally->seed);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "kind", kind, "population", tally->name, "title", tally->title, "source",
			 tally->source, "definition", tally->definition, "digest", tally->digest,
			 "seed", seed, "of", counted(tally->of), "ranges", ranges, "members",
			 members_json(tally), "figures", figures, "methods",
			 methods_json(tally, udp_pairs(tally)), "verification",
			 json_pack("{s:o, s:o}", "verified", counted(tally->verified), "agreed",
				   counted(tally->agreed)));
	if (json && tally->disagreed_at != UINT64_MAX)
		json_object_set_new(json_object_get(json, "verification"), "disagreed_at",
				    counted(tally->disagreed_at));
	return json;
}

__attribute__((format(printf, 2, 3))) static int fault(struct tally_error *error,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

static int read_text(const json_t *json, const char *key, char *ret, size_t size,
		     struct tally_error *error)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (!text || strlen(text) >= size)
		return fault(error, "%s: expected a text of at most %zu bytes", key, size - 1);
	snprintf(ret, size, "%s", text);
	return 0;
}

static int read_count(const json_t *json, const char *key, uint64_t *ret, struct tally_error *error)
{
	const json_t *value = json_object_get(json, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return fault(error, "%s: expected a whole number, 0 or more", key);
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_seed(const json_t *json, uint64_t *ret, struct tally_error *error)
{
	const char *text = json_string_value(json_object_get(json, "seed"));
	char *end = NULL;

	errno = 0;
	if (text && *text >= '0' && *text <= '9')
		*ret = strtoull(text, &end, 10);
	return end && !*end && !errno ? 0 : fault(error, "seed: expected a number, as text");
}

/* The list @key, of at most @max elements; NULL with *error. */
static const json_t *read_list(const json_t *json, const char *key, size_t max,
			       struct tally_error *error)
{
	const json_t *list = json_object_get(json, key);

	if (json_is_array(list) && json_array_size(list) <= max)
		return list;
	if (json_is_array(list))
		fault(error, "%s: expected a list of at most %zu; got %zu", key, max,
		      json_array_size(list));
	else
		fault(error, "%s: expected a list; got %s", key, list ? "another thing" : "none");
	return NULL;
}

static int read_ranges(const json_t *json, struct tally *tally, struct tally_error *error)
{
	const json_t *list = read_list(json, "ranges", SIZE_MAX, error);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *range = json_array_get(list, i);
		json_int_t first = json_integer_value(json_array_get(range, 0));
		json_int_t end = json_integer_value(json_array_get(range, 1));
		int err;

		if (first < 0 || end <= first || (uint64_t)end > tally->of)
			return fault(error, "ranges[%zu]: expected two numbers, 0 to %" PRIu64, i,
				     tally->of);
		err = tally_add_range(tally,
				      (struct tally_range){ (uint64_t)first, (uint64_t)end });
		if (err == -EEXIST)
			return fault(error, "ranges[%zu]: overlaps another one", i);
		if (err)
			return err;
	}
	return list ? 0 : -EINVAL;
}

static int read_members(const json_t *json, struct tally *tally, struct tally_error *error)
{
	const json_t *list = read_list(json, "members", POPULATION_MEMBERS, error);
	int err = list ? 0 : -EINVAL;

	for (size_t i = 0; i < json_array_size(list) && !err; i++) {
		const json_t *member = json_array_get(list, i);
		struct tally_member *m = &tally->members[tally->members_len++];

		err = read_text(member, "label", m->label, sizeof(m->label), error);
		if (!err)
			err = read_count(member, "weight", &m->weight, error);
		if (!err)
			err = read_count(member, "drawn", &m->drawn, error);
	}
	return err;
}

static int read_figure(const json_t *json, struct tally_figure *ret, struct tally_error *error)
{
	struct population_figure *about = &ret->about;
	const char *word = json_string_value(json_object_get(json, "measure"));
	int err = 0;

	if (!word || measure_parse(word, &about->measure) < 0)
		return fault(error, "figures: measure: there is no \"%.40s\"", word ? word : "");
	about->open = (uint32_t)json_integer_value(json_object_get(json, "open"));
	about->probes = (uint32_t)json_integer_value(json_object_get(json, "probes"));
	about->both = json_is_true(json_object_get(json, "both"));
	about->has_published = json_object_get(json, "published") != NULL;
	about->published = json_number_value(json_object_get(json, "published"));
	about->plus_minus = json_number_value(json_object_get(json, "plus_minus"));
	if (json_object_get(json, "note"))
		err = read_text(json, "note", about->note, sizeof(about->note), error);
	if (!err)
		err = read_count(json, "successes", &ret->successes, error);
	if (!err)
		err = read_count(json, "trials", &ret->trials, error);
	if (!err && ret->successes > ret->trials)
		err = fault(error, "figures: more successes than trials");
	return err;
}

static int read_figures(const json_t *json, struct tally *tally, struct tally_error *error)
{
	const json_t *list = read_list(json, "figures", POPULATION_FIGURES, error);
	int err = list ? 0 : -EINVAL;

	for (size_t i = 0; i < json_array_size(list) && !err; i++)
		err = read_figure(json_array_get(list, i), &tally->figures[tally->figures_len++],
				  error);
	return err;
}

static int read_methods(const json_t *json, struct tally *tally, struct tally_error *error)
{
	const json_t *methods = json_object_get(json, "methods");
	int err = 0;

	for (unsigned i = 0; i < METHOD_COUNT && !err; i++)
		err = read_count(json_object_get(methods, method_word((enum method)i)), "successes",
				 &tally->methods[i], error);
	return err;
}

static int read_verification(const json_t *json, struct tally *tally, struct tally_error *error)
{
	const json_t *v = json_object_get(json, "verification");
	int err = read_count(v, "verified", &tally->verified, error);

	tally->disagreed_at = UINT64_MAX;
	if (!err)
		err = read_count(v, "agreed", &tally->agreed, error);
	if (!err && json_object_get(v, "disagreed_at"))
		err = read_count(v, "disagreed_at", &tally->disagreed_at, error);
	return err;
}

static int read_run(const json_t *json, struct tally *t, struct tally_error *error)
{
	int err = read_text(json, "population", t->name, sizeof(t->name), error);

	if (!err)
		err = read_text(json, "title", t->title, sizeof(t->title), error);
	if (!err)
		err = read_text(json, "source", t->source, sizeof(t->source), error);
	if (!err)
		err = read_text(json, "definition", t->definition, sizeof(t->definition), error);
	if (!err)
		err = read_text(json, "digest", t->digest, sizeof(t->digest), error);
	if (!err)
		err = read_seed(json, &t->seed, error);
	return err ? err : read_count(json, "of", &t->of, error);
}

int tally_from_json(const json_t *json, struct tally *ret, struct tally_error *ret_error)
{
	const char *what = json_string_value(json_object_get(json, "kind"));
	struct tally tally;
	int err;

	memset(&tally, 0, sizeof(tally));
	if (!what || strcmp(what, kind) != 0)
		return fault(ret_error, "not a population's counts");
	err = read_run(json, &tally, ret_error);
	if (!err)
		err = read_ranges(json, &tally, ret_error);
	if (!err)
		err = read_members(json, &tally, ret_error);
	if (!err)
		err = read_figures(json, &tally, ret_error);
	if (!err)
		err = read_methods(json, &tally, ret_error);
	if (!err)
		err = read_verification(json, &tally, ret_error);
	if (err)
		tally_clear(&tally);
	else
		*ret = tally;
	return err;
}
