/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "repeat.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/duration.h"

/* Does a shell leave @text alone? */
static bool is_plain(const char *text)
{
	const char *p = text;

	while (isalnum((unsigned char)*p) || (*p && strchr("_-./=:,@%+", *p)))
		p++;
	return !*p && p > text;
}

/* One word of a shell's: " word", or " 'it'\''s one'". */
static void add_word(FILE *out, const char *text)
{
	fputc(' ', out);
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){ *text, '\0' }, out);
	fputc('\'', out);
}

/* A value as --set takes it, where a comma ends one. */
static void add_value(FILE *out, const json_t *value)
{
	char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
	const char *text = dumped ? dumped : json_string_value(value);

	for (; text && *text; text++) {
		if (*text == ',' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	free(dumped);
}

static void add_setting(FILE *out, const char *name, const json_t *value)
{
	char *text = NULL;
	size_t size;
	FILE *word = open_memstream(&text, &size);

	if (!word)
		return;
	fprintf(word, "%s=", name);
	add_value(word, value);
	if (fclose(word) == 0) {
		fputs(" --set", out);
		add_word(out, text);
	}
	free(text);
}

static void add_number(FILE *out, const char *option, uint64_t number)
{
	fprintf(out, " --%s %" PRIu64, option, number);
}

/* What was written to @out, into @text; NULL where memory ran out. */
static char *finish(FILE *out, char **text)
{
	const bool failed = ferror(out);

	if (fclose(out) == 0 && !failed)
		return *text;
	free(*text);
	return NULL;
}

char *repeat_run(const struct repeat_run *run)
{
	char *text = NULL, time[DURATION_TEXT];
	const char *name;
	json_t *value;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "knothole run --world %s", run->worlds);
	if (run->realise)
		fprintf(out, " --realise %s", run->realise);
	add_number(out, "seed", run->seed);
	if (run->budget_ns)
		fprintf(out, " --time %s", duration_format(run->budget_ns, time));
	if (run->twin) {
		add_number(out, "twin", run->twin);
	} else {
		json_object_foreach((json_t *)run->params, name, value)
			add_setting(out, name, value);
	}
	if (run->file[0] == '-')
		fputs(" --", out);
	add_word(out, run->file);
	return finish(out, &text);
}

char *repeat_pair(const char *population, uint64_t seed, uint64_t pair)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("knothole population", out);
	add_number(out, "seed", seed);
	add_number(out, "pair", pair);
	add_word(out, population);
	return finish(out, &text);
}
