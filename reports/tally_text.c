/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "interval.h"
#include "tally.h"

enum { NAME_COLUMN = 38, PUBLISHED = 32 };

static void print_share(const char *name, uint64_t successes, uint64_t trials, FILE *out)
{
	const struct interval i = interval_wilson(successes, trials);

	fprintf(out, "  %-*s %7.2f %%  %6.2f .. %6.2f", NAME_COLUMN, name, 100 * i.share,
		100 * i.low, 100 * i.high);
}

static void print_figure(const struct tally_figure *figure, FILE *out)
{
	const struct population_figure *about = &figure->about;
	char name[NAME_COLUMN + 12], published[PUBLISHED] = "-", difference[PUBLISHED] = "-";
	const double percent = 100 * interval_wilson(figure->successes, figure->trials).share;

	if (about->measure == MEASURE_GUESS)
		snprintf(name, sizeof(name), "guess%s, %" PRIu32 " open, %" PRIu32 " probes",
			 about->both ? " both" : "", about->open, about->probes);
	else
		snprintf(name, sizeof(name), "%s", measure_word(about->measure));
	print_share(name, figure->successes, figure->trials, out);
	if (about->has_published) {
		if (about->plus_minus > 0)
			snprintf(published, sizeof(published), "%g +- %g", about->published,
				 about->plus_minus);
		else
			snprintf(published, sizeof(published), "%g", about->published);
		snprintf(difference, sizeof(difference), "%+.2f", percent - about->published);
	}
	fprintf(out, "  %12s  %10s  %s\n", published, difference, about->note);
}

static void print_figures(const struct tally *tally, FILE *out)
{
	bool named[MEASURE_COUNT] = { false };

	fprintf(out, "\n  %-*s %9s  %16s  %12s  %10s\n", NAME_COLUMN, "SHARE", "SIMULATED",
		"95 % INTERVAL", "PUBLISHED", "DIFFERENCE");
	for (size_t i = 0; i < tally->figures_len; i++)
		print_figure(&tally->figures[i], out);
	fputc('\n', out);
	for (size_t i = 0; i < tally->figures_len; i++) {
		enum measure measure = tally->figures[i].about.measure;

		if (!named[measure])
			fprintf(out, "  %s: %s\n", measure_word(measure), measure_text(measure));
		named[measure] = true;
	}
}

/* The ladder that pairs over UDP are tried by: what is not in it was not tried. */
static bool is_tried(enum method method)
{
	return method == METHOD_DIRECT || method == METHOD_REVERSAL || method == METHOD_PUNCH ||
	       method == METHOD_RELAY;
}

static void print_methods(const struct tally *tally, FILE *out)
{
	uint64_t trials = 0, none;

	for (size_t i = 0; i < tally->figures_len; i++) {
		if (tally->figures[i].about.measure == MEASURE_PAIR_UDP)
			trials = tally->figures[i].trials;
	}
	if (!trials)
		return;
	none = trials;
	fputs("\n  Methods, of all pairs that were tried over UDP:\n", out);
	for (unsigned i = 0; i < METHOD_COUNT; i++) {
		bool relays = method_relays((enum method)i);

		if (!is_tried((enum method)i) && !tally->methods[i])
			continue;
		print_share(method_word((enum method)i), tally->methods[i], trials, out);
		fputs(relays ? "  for nothing else connects them\n" : "\n", out);
		none -= tally->methods[i];
	}
	print_share("none", none, trials, out);
	fputc('\n', out);
}

static void print_members(const struct tally *tally, FILE *out)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < tally->members_len; i++)
		weight += tally->members[i].weight;
	fputs("\n  NATs, as drawn and as the source has them:\n", out);
	for (size_t i = 0; i < tally->members_len; i++) {
		const struct tally_member *m = &tally->members[i];

		print_share(m->label, m->drawn, 2 * tally_pairs(tally), out);
		fprintf(out, "  %12.2f\n", 100 * (double)m->weight / (double)weight);
	}
}

static void print_verification(const struct tally *tally, FILE *out)
{
	fputs("\n  What came of a pair is the probes' own word, with no capture kept, for speed.\n",
	      out);
	if (!tally->verified) {
		fputs("  --verify N judges a sample from captures, too; none was asked for.\n",
		      out);
		return;
	}
	fprintf(out,
		"  Of %" PRIu64 " pairs that were also judged from a capture, %" PRIu64
		" came out the same.\n",
		tally->verified, tally->agreed);
	if (tally->disagreed_at != UINT64_MAX)
		fprintf(out, "  The first that did not is pair %" PRIu64 ".\n",
			tally->disagreed_at);
}

void tally_print(const struct tally *tally, FILE *out)
{
	fprintf(out, "%s: %s\n  source: %s\n  success: %s\n", tally->name, tally->title,
		tally->source, tally->definition);
	fprintf(out, "  %" PRIu64 " pairs of %" PRIu64 ", seed %" PRIu64 "\n", tally_pairs(tally),
		tally->of, tally->seed);
	print_figures(tally, out);
	print_methods(tally, out);
	print_members(tally, out);
	print_verification(tally, out);
}
