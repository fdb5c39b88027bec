/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a model file holds, it is a model that holds together or a one-line error; the
 * oracle has an answer about it; and quantities that can be read are read back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/catalog.h"
#include "nat-models/check.h"
#include "nat-models/duration.h"
#include "nat-models/predict.h"
#include "nat-models/source_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_model(const struct nat_model *model)
{
	struct predict_nat nat = { .model = model };
	struct predict_question apart = { .caller = { &nat, 1 }, .callee = { &nat, 1 } };
	struct predict_question together = { .shared = { &nat, 1 } };
	struct predict_answer answer;
	char text[200];

	require(model_check(model, text, sizeof(text)) == NULL);
	predict(&apart, &answer);
	for (int m = 0; m < METHOD_COUNT; m++)
		require(answer.why[m][0] != '\0');
	/* Both sides are alike, so it cannot matter who calls. */
	require(answer.udp[METHOD_DIRECT] == answer.udp[METHOD_REVERSAL]);
	predict(&together, &answer);
}

static void check_quantity(const char *text)
{
	char buf[DURATION_TEXT];
	uint64_t value, again;

	if (duration_parse(text, &value) == 0)
		require(duration_parse(duration_format(value, buf), &again) == 0 && again == value);
	if (size_parse(text, &value) == 0)
		require(size_parse(size_format(value, buf), &again) == 0 && again == value);
	if (share_parse(text, &value) == 0)
		require(value <= 1000000);
	if (rate_parse(text, &value) == 0)
		require(rate_parse(rate_format(value, buf), &again) == 0 && again == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nat_model model;
	struct model_error error = { "" };
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (nat_model_load("fuzz.lua", (const char *)data, size, &model, &error) == 0)
		check_model(&model);
	else
		require(strncmp(error.text, "fuzz.lua", 8) == 0 && !strchr(error.text, '\n'));
	source_line((const char *)data, size, "udp.filtering");
	check_quantity(text);
	free(text);
	return 0;
}
