/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole models: list the models, or describe one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/catalog.h"
#include "../nat-models/describe.h"
#include "../probes/behave/model.h"
#include "../reports/conformance.h"
#include "../reports/requirements.h"
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

/* What the command line asks for. */
struct request {
	bool json;
	bool conformance;
	const char *family; /* NULL = the one that the model is for, or IPv4 */
	bool requirements;
	uint64_t seed;
};

static int show_findings(const char *name, const struct nat_model *model,
			 const struct request *request)
{
	struct behave_trial trial = { .model = model, .seed = request->seed };
	struct behave_finding *findings = calloc(behave_probes_len, sizeof(*findings));
	int err = findings ? 0 : -ENOMEM, status = STATUS_OK;
	size_t len = 0;

	trial.family = behave_family(model);
	if (request->family)
		family_parse(request->family, &trial.family);
	if (!err)
		err = behave_model_all(&trial, findings, &len);
	if (err == -EAFNOSUPPORT)
		status = command_error(
			name, STATUS_CANNOT,
			"%s: cannot be probed: expected a model for %s, got one for the other "
			"family alone",
			model->name, family_word(trial.family));
	else if (err)
		status = command_error(name, STATUS_CANNOT, "%s: cannot be probed: %s", model->name,
				       strerror(-err));
	else if (request->json)
		status = print_json(name, conformance_json(findings, len));
	else
		conformance_write_text(stdout, findings, len);
	free(findings);
	return status;
}

static int show_requirements(const char *name, int argc, bool json)
{
	if (argc > 1)
		return command_error(name, STATUS_USAGE,
				     "--requirements: expected no NAME or FILE with it; got one");
	if (json)
		return print_json(name, requirements_json());
	requirements_write_text(stdout);
	return STATUS_OK;
}

static int show(const char *name, const struct nat_model *model, const char *text, size_t len,
		const struct request *request)
{
	char where[WHERE_TEXT], why[256];

	if (request->conformance)
		return show_findings(name, model, request);
	describe_where(text, len, where, sizeof(where));
	if (request->json)
		return print_json(name, model_json(model, where));
	describe_model(model, where, stdout);
	if (live_nat_expressible(model, why, sizeof(why)) &&
	    live_nat_connects(model, why, sizeof(why)))
		puts("\nrealise = \"kernel\": yes, nftables can express it");
	else if (live_nat_expressible(model, NULL, 0))
		printf("\nrealise = \"kernel\": yes, but for connections of strangers: %s\n", why);
	else
		printf("\nrealise = \"kernel\": no: %s\n", why);
	return STATUS_OK;
}

static int show_file(const char *name, const char *path, const struct request *request)
{
	struct nat_model model;
	size_t len = 0;
	char *text = NULL;
	int status = model_file_read(name, path, &model, &text, &len);

	if (!status)
		status = show(name, &model, text, len, request);
	free(text);
	return status;
}

static int show_named(const char *name, const char *wanted, const struct request *request)
{
	struct nat_model model;
	struct model_error error;
	size_t len = 0;
	const char *text;

	if (nat_model_find(wanted, &model, &error) < 0)
		return command_error(name, STATUS_USAGE, "%s", error.text);
	text = nat_model_text(wanted, &len);
	return show(name, &model, text, len, request);
}

static int run_models(int argc, char **argv)
{
	const char *format = "text";
	struct request request = { .seed = 1 };
	const struct option table[] = {
		{ .name = "conformance",
		  .of_operand = true,
		  .kind = OPTION_FLAG,
		  .ret.flag = &request.conformance,
		  .help = "put the model between hosts, and probe it for each requirement of its "
			  "RFCs" },
		{ .name = "family",
		  .of_operand = true,
		  .kind = OPTION_WORD,
		  .ret.text = &request.family,
		  .value = "FAMILY",
		  .words = (const char *const[]){ "ipv4", "ipv6", NULL },
		  .help = "what the hosts inside speak then; default ipv4, where the model serves "
			  "that" },
		{ .name = "requirements",
		  .kind = OPTION_FLAG,
		  .ret.flag = &request.requirements,
		  .help = "list what --conformance probes for: the knobs that decide each, a model "
			  "that meets it and one that breaks it; and what it leaves, and why" },
		{ .name = "seed",
		  .of_operand = true,
		  .kind = OPTION_NUMBER,
		  .ret.number = &request.seed,
		  .value = "N",
		  .max = SEED_MAX,
		  .help = "seed of all chance in what is probed; default 1" },
		OPTION_FORMAT(&format, "text", "json"),
	};
	struct options options = { .command = &command_models,
				   .table = table,
				   .len = ARRAY_LEN(table),
				   .operands_max = 1,
				   .operand = "NAME or FILE" };
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	request.json = strcmp(format, "json") == 0;
	if (request.requirements)
		return show_requirements(argv[0], argc, request.json);
	if (argc < 2)
		return list_models(argv[0], request.json);
	if (nat_model_is_path(argv[1]))
		return show_file(argv[0], argv[1], &request);
	return show_named(argv[0], argv[1], &request);
}

const struct command command_models = {
	.name = "models",
	.usage = "[options] [NAME|FILE]",
	.summary =
		"list the models; describe one: its knobs, what to expect of it, how to build it",
	.run = run_models,
};
