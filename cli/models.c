/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole models: list the models, or describe one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/catalog.h"
#include "../nat-models/describe.h"
#include "../sim/live/live.h"
#include "command.h"
#include "model_file.h"
#include "models_json.h"
#include "options.h"

enum { WHERE_TEXT = 600 };

static int print_json(const char *name, json_t *json)
{
	int r = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

	json_decref(json);
	if (r < 0)
		return command_error(name, STATUS_CANNOT, "out of memory");
	putchar('\n');
	return STATUS_OK;
}

/* "apd/ad": the words are too long for a line of a table. */
static const char *short_scope(enum nat_scope scope)
{
	static const char *const words[] = { [NAT_EI] = "ei", [NAT_AD] = "ad", [NAT_APD] = "apd" };

	return words[scope];
}

static void print_line(const struct nat_model *model)
{
	bool maps = nat_kind_gives_ports(model->kind) && !model->udp.blocked;
	char why[256];
	bool filters = model->kind != NAT_KIND_ROUTER && !model->udp.blocked;

	printf("%-28s %-7s %-8s %-10s %-21s %-7s %s\n", model->name, nat_family_word(model->family),
	       maps ? short_scope(model->udp.mapping) : "-",
	       filters ? short_scope(model->udp.filtering) : "-", nat_rfc3489_word(model->rfc3489),
	       live_nat_expressible(model, why, sizeof(why)) ? "yes" : "no", model->title);
}

static int list_models(const char *name, bool json)
{
	json_t *list = json ? json_array() : NULL;

	if (!json)
		printf("%-28s %-7s %-8s %-10s %-21s %-7s %s\n", "NAME", "FAMILY", "MAPPING",
		       "FILTERING", "RFC 3489", "KERNEL", "TITLE");
	for (const char *const *at = nat_model_names(NULL); *at; at++) {
		struct nat_model model;
		struct model_error error;

		if (nat_model_find(*at, &model, &error) < 0) {
			json_decref(list);
			return command_error(name, STATUS_UNEXPECTED, "%s", error.text);
		}
		if (json)
			json_array_append_new(list, model_summary_json(&model));
		else
			print_line(&model);
	}
	if (json)
		return print_json(name, list);
	puts("\nei: endpoint-independent, ad: address-dependent, apd: address-and-port-dependent "
	     "(RFC 4787)\nkernel: can a Linux kernel realise it by nftables?");
	return STATUS_OK;
}

static int show(const char *name, const struct nat_model *model, const char *text, size_t len,
		bool json)
{
	char where[WHERE_TEXT], why[256];

	describe_where(text, len, where, sizeof(where));
	if (json)
		return print_json(name, model_json(model, where));
	describe_model(model, where, stdout);
	if (live_nat_expressible(model, why, sizeof(why)))
		puts("\nrealise = \"kernel\": yes, nftables can express it");
	else
		printf("\nrealise = \"kernel\": no: %s\n", why);
	return STATUS_OK;
}

static int show_file(const char *name, const char *path, bool json)
{
	struct nat_model model;
	size_t len = 0;
	char *text = NULL;
	int status = model_file_read(name, path, &model, &text, &len);

	if (!status)
		status = show(name, &model, text, len, json);
	free(text);
	return status;
}

static int show_named(const char *name, const char *wanted, bool json)
{
	struct nat_model model;
	struct model_error error;
	size_t len = 0;
	const char *text;

	if (nat_model_find(wanted, &model, &error) < 0)
		return command_error(name, STATUS_USAGE, "%s", error.text);
	text = nat_model_text(wanted, &len);
	return show(name, &model, text, len, json);
}

static int run_models(int argc, char **argv)
{
	const char *format = "text";
	const struct option table[] = { OPTION_FORMAT(&format, "text", "json") };
	struct options options = { .command = &command_models,
				   .table = table,
				   .len = ARRAY_LEN(table),
				   .operands_max = 1 };
	int status = options_parse(&options, &argc, argv);
	bool json;

	if (status != OPTIONS_GO_ON)
		return status;
	json = strcmp(format, "json") == 0;
	if (argc < 2)
		return list_models(argv[0], json);
	if (model_file_is(argv[1]))
		return show_file(argv[0], argv[1], json);
	return show_named(argv[0], argv[1], json);
}

const struct command command_models = {
	.name = "models",
	.usage = "[options] [NAME|FILE]",
	.summary =
		"list the models; describe one: its knobs, what to expect of it, how to build it",
	.run = run_models,
};
