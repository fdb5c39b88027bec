/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What chance alone decided: the computed share beside the measured one. */
#include <string.h>

#include "grid.h"
#include "interval.h"
#include "paint.h"

enum { NAME_ROOM = 160, KEY_ROOM = NAME_ROOM + 32 };

/* One more trial of what @key names, in @odds: {key: {"chance", "trials", "successes"}}. */
static void count(json_t *odds, const char *key, const json_t *chance, bool success)
{
	json_t *entry = json_object_get(odds, key);
	json_int_t trials = json_integer_value(json_object_get(entry, "trials"));
	json_int_t successes = json_integer_value(json_object_get(entry, "successes"));

	if (!entry)
		json_object_set_new(odds, key,
				    json_pack("{s:f}", "chance", json_number_value(chance)));
	entry = json_object_get(odds, key);
	json_object_set_new(entry, "trials", json_integer(trials + 1));
	json_object_set_new(entry, "successes", json_integer(successes + success));
}

static void count_call(json_t *odds, const char *name, const json_t *call)
{
	const json_t *capture = json_object_get(call, "capture");
	json_t *attempt;
	size_t i;

	json_array_foreach(json_object_get(capture, "attempts"), i, attempt)
	{
		const char *method = record_text(attempt, "method");
		bool ipv6 = strcmp(record_text(attempt, "family"), "ipv6") == 0;
		const json_t *says = grid_oracle(call, method, ipv6);
		const json_t *chance = json_object_get(says, "chance");
		char key[KEY_ROOM];

		if (strcmp(record_text(says, "prediction"), "may") != 0 || !chance)
			continue;
		snprintf(key, sizeof(key), "%s  %s", name, method);
		count(odds, key, chance, json_is_true(json_object_get(attempt, "connected")));
	}
}

/* What is neither sure nor hopeless is not rounded to that. */
static void tell_chance(double percent, FILE *out)
{
	if (percent < 0.0001)
		fputs("computed less than 0.0001 %", out);
	else if (percent > 99.9999)
		fputs("computed more than 99.9999 %", out);
	else
		fprintf(out, "computed %.4f %%", percent);
}

static void tell(const char *key, const json_t *entry, FILE *out)
{
	uint64_t trials = (uint64_t)json_integer_value(json_object_get(entry, "trials"));
	uint64_t successes = (uint64_t)json_integer_value(json_object_get(entry, "successes"));
	const struct interval measured = interval_wilson(successes, trials);

	fputs("  ", out);
	paint_safe(out, key);
	fputs("  ", out);
	tell_chance(100 * json_number_value(json_object_get(entry, "chance")), out);
	fprintf(out, ", measured %llu of %llu (95 %%: %.2f .. %.2f)\n",
		(unsigned long long)successes, (unsigned long long)trials, 100 * measured.low,
		100 * measured.high);
}

void report_luck(const json_t *records, FILE *out)
{
	json_t *odds = json_object(), *record, *call, *entry;
	char name[NAME_ROOM];
	const char *key;
	size_t i, j;

	json_array_foreach(records, i, record)
	{
		record_name(record, name, sizeof(name));
		json_array_foreach(json_object_get(record, "calls"), j, call)
			count_call(odds, name, call);
	}
	if (json_object_size(odds))
		fputs("Decided by chance alone:\n", out);
	json_object_foreach(odds, key, entry) tell(key, entry, out);
	json_decref(odds);
}
