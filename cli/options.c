/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/duration.h"
#include "../nat-models/suggest.h"

enum { NAMES_MAX = 64, HELP_COLUMN = 26 };

void option_list_clear(struct option_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct option_list){ 0 };
}

/* Append the first @len bytes of @text. */
static int list_add(struct option_list *list, const char *text, size_t len)
{
	char **grown = reallocarray(list->items, list->len + 1, sizeof(*grown));
	char *copy = strndup(text, len);

	if (grown)
		list->items = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	list->items[list->len++] = copy;
	return 0;
}

static int list_add_names(struct option_list *list, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, ",");

		if (len > 0 && list_add(list, text, len) < 0)
			return -ENOMEM;
		text += len + (text[len] == ',');
	}
	return 0;
}

static size_t words_len(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

static const char *command_name(const struct options *options)
{
	return options->command->name;
}

static int bad_word(const struct options *options, const struct option *option, const char *value)
{
	const char *near = suggest(value, option->words, words_len(option->words));
	char valid[256] = "";

	for (const char *const *word = option->words; *word; word++) {
		size_t used = strlen(valid);

		snprintf(valid + used, sizeof(valid) - used, "%s%s", used ? ", " : "", *word);
	}
	if (near)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected one of %s; got \"%s\"; did you mean \"%s\"?",
				     option->name, valid, value, near);
	return command_error(command_name(options), STATUS_USAGE,
			     "--%s: expected one of %s; got \"%s\"", option->name, valid, value);
}

static int set_word(const struct options *options, const struct option *option, const char *value)
{
	for (const char *const *word = option->words; *word; word++) {
		if (strcmp(*word, value) == 0) {
			*option->ret.text = *word;
			return OPTIONS_GO_ON;
		}
	}
	return bad_word(options, option, value);
}

static int set_text(const struct options *options, const struct option *option, const char *value)
{
	if (!*value)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected %s; got \"\"", option->name, option->value);
	*option->ret.text = value;
	return OPTIONS_GO_ON;
}

static int set_number(const struct options *options, const struct option *option, const char *value)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(value, &end, 0);
	/* strtoull() takes a sign and blanks; a count has neither. */
	if (errno || end == value || *end || value[0] < '0' || value[0] > '9')
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected a number; got \"%s\"", option->name, value);
	if (n < option->min && !option->max)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected %llu or more; got %s", option->name,
				     (unsigned long long)option->min, value);
	if (n < option->min || (option->max && n > option->max))
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected %llu to %llu; got %s", option->name,
				     (unsigned long long)option->min,
				     (unsigned long long)option->max, value);
	*option->ret.number = n;
	return OPTIONS_GO_ON;
}

static int set_duration(const struct options *options, const struct option *option,
			const char *value)
{
	uint64_t ns;

	if (duration_parse(value, &ns) < 0)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected a time such as \"20ms\" or \"3s\"; got \"%s\"",
				     option->name, value);
	if (ns < option->min)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected a longer time; got \"%s\"", option->name,
				     value);
	*option->ret.number = ns;
	return OPTIONS_GO_ON;
}

static int set_list(const struct options *options, const struct option *option, const char *value)
{
	int error;

	if (option->kind == OPTION_NAMES && !value[strspn(value, ",")])
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected %s; got \"%s\"", option->name, option->value,
				     value);
	error = option->kind == OPTION_NAMES ? list_add_names(option->ret.list, value)
					     : list_add(option->ret.list, value, strlen(value));

	if (error)
		return command_error(command_name(options), STATUS_UNEXPECTED, "%s",
				     strerror(-error));
	return OPTIONS_GO_ON;
}

static int set_value(const struct options *options, const struct option *option, const char *value)
{
	switch (option->kind) {
	case OPTION_FLAG:
		*option->ret.flag = true;
		return OPTIONS_GO_ON;
	case OPTION_TEXT:
		return set_text(options, option, value);
	case OPTION_WORD:
		return set_word(options, option, value);
	case OPTION_NUMBER:
		return set_number(options, option, value);
	case OPTION_DURATION:
		return set_duration(options, option, value);
	case OPTION_LIST:
	case OPTION_NAMES:
		return set_list(options, option, value);
	}
	return OPTIONS_GO_ON;
}

static int unknown_option(const struct options *options, const char *name, size_t len)
{
	const char *words[NAMES_MAX] = { "help" };
	size_t n = 1;
	char given[64];
	const char *near;

	for (size_t i = 0; i < options->len && n < NAMES_MAX; i++)
		words[n++] = options->table[i].name;
	snprintf(given, sizeof(given), "%.*s", (int)len, name);
	near = suggest(given, words, n);
	if (near)
		return command_error(command_name(options), STATUS_USAGE,
				     "unknown option --%s; did you mean --%s?", given, near);
	return command_error(command_name(options), STATUS_USAGE,
			     "unknown option --%s; see knothole %s --help", given,
			     command_name(options));
}

/* The value of the option in argv[*at]: what is @attached to it, or else the next argument,
 * which *at is then moved to. */
static int take_value(const struct options *options, const struct option *option,
		      const char *attached, int argc, char **argv, int *at)
{
	if (option->kind == OPTION_FLAG && attached)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s takes no value; got \"%s\"", option->name, attached);
	if (option->kind != OPTION_FLAG && !attached) {
		if (*at + 1 >= argc)
			return command_error(command_name(options), STATUS_USAGE,
					     "--%s: expected %s; got nothing", option->name,
					     option->value);
		attached = argv[++*at];
		/* Far more often a value was forgotten than it begins like this. */
		if (attached[0] == '-' && attached[1] == '-')
			return command_error(command_name(options), STATUS_USAGE,
					     "--%s: expected %s; got \"%s\"; if it is meant, write "
					     "--%s=%s",
					     option->name, option->value, attached, option->name,
					     attached);
	}
	return set_value(options, option, attached);
}

/* The option of that name, or of that letter where it is not 0; NULL. */
static const struct option *find(const struct options *options, const char *name, size_t len,
				 char letter)
{
	for (size_t i = 0; i < options->len; i++) {
		const struct option *option = &options->table[i];

		if (letter ? option->letter == letter
			   : strlen(option->name) == len && memcmp(option->name, name, len) == 0)
			return option;
	}
	return NULL;
}

static int give_help(const struct options *options, const char *attached)
{
	if (attached)
		return command_error(command_name(options), STATUS_USAGE,
				     "--help takes no value; got \"%s\"", attached);
	options_help(options, stdout);
	return STATUS_OK;
}

/* The option in argv[*at], whose row is written to @ret. */
static int parse_long(const struct options *options, int argc, char **argv, int *at,
		      const struct option **ret)
{
	const char *name = argv[*at] + 2;
	size_t len = strcspn(name, "=");
	const char *attached = name[len] ? name + len + 1 : NULL;

	if (len == 4 && memcmp(name, "help", 4) == 0)
		return give_help(options, attached);
	*ret = find(options, name, len, 0);
	return *ret ? take_value(options, *ret, attached, argc, argv, at)
		    : unknown_option(options, name, len);
}

static int parse_short(const struct options *options, int argc, char **argv, int *at,
		       const struct option **ret)
{
	char letter = argv[*at][1];
	const char *attached = argv[*at][2] ? argv[*at] + 2 : NULL;

	if (letter == 'h')
		return give_help(options, attached);
	*ret = find(options, NULL, 0, letter);
	if (*ret)
		return take_value(options, *ret, attached, argc, argv, at);
	return command_error(command_name(options), STATUS_USAGE,
			     "unknown option -%c; see knothole %s --help", letter,
			     command_name(options));
}

static int check_operands(const struct options *options, int operands, char **argv)
{
	if (operands < options->operands_min)
		return command_error(command_name(options), STATUS_USAGE,
				     "too few arguments; usage: knothole %s %s",
				     command_name(options), options->command->usage);
	if (options->operands_max >= 0 && operands > options->operands_max)
		return command_error(command_name(options), STATUS_USAGE,
				     "unexpected argument \"%s\"; usage: knothole %s %s",
				     argv[options->operands_max + 1], command_name(options),
				     options->command->usage);
	return OPTIONS_GO_ON;
}

/* What stands behind "--" may be another program's, and be empty. */
static int check_operand(const struct options *options, const char *operand, bool ended)
{
	if (*operand || ended)
		return OPTIONS_GO_ON;
	return command_error(command_name(options), STATUS_USAGE,
			     "an argument is empty; usage: knothole %s %s", command_name(options),
			     options->command->usage);
}

int options_parse(const struct options *options, int *argc, char **argv)
{
	const struct option *option = NULL, *bound = NULL;
	int operands = 0, status = OPTIONS_GO_ON;
	bool ended = false;

	/* Operands move down over options that have been read, so no room is needed. */
	for (int at = 1; at < *argc && status == OPTIONS_GO_ON; at++) {
		if (ended || argv[at][0] != '-' || !argv[at][1]) {
			status = check_operand(options, argv[at], ended);
			argv[++operands] = argv[at];
		} else if (strcmp(argv[at], "--") == 0)
			ended = true;
		else if (argv[at][1] == '-')
			status = parse_long(options, *argc, argv, &at, &option);
		else
			status = parse_short(options, *argc, argv, &at, &option);
		if (option && option->of_operand)
			bound = option;
	}
	if (status != OPTIONS_GO_ON)
		return status;
	if (bound && !operands)
		return command_error(command_name(options), STATUS_USAGE,
				     "--%s: expected %s with it; got none", bound->name,
				     options->operand);
	*argc = operands + 1;
	argv[*argc] = NULL;
	return check_operands(options, operands, argv);
}

static void option_help(const struct option *option, FILE *out)
{
	int written = option->letter ? fprintf(out, "  -%c, --%s", option->letter, option->name)
				     : fprintf(out, "      --%s", option->name);

	if (option->kind != OPTION_FLAG)
		written += fprintf(out, " %s", option->value);
	if (written >= HELP_COLUMN) {
		fputc('\n', out);
		written = 0;
	}
	fprintf(out, "%*s%s", HELP_COLUMN - written, "", option->help);
	if (option->kind == OPTION_WORD) {
		for (const char *const *word = option->words; *word; word++)
			fprintf(out, "%s%s", word == option->words ? ": " : ", ", *word);
	}
	fputc('\n', out);
}

void options_help(const struct options *options, FILE *out)
{
	const struct option help = { .name = "help", .letter = 'h', .help = "this text" };

	fprintf(out, "usage: knothole %s %s\n\n%s\n\n", options->command->name,
		options->command->usage, options->command->summary);
	for (size_t i = 0; i < options->len; i++)
		option_help(&options->table[i], out);
	option_help(&help, out);
	if (options->more)
		fprintf(out, "\n%s\n", options->more);
}
