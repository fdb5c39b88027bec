/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requirements.h"

#include <stdlib.h>
#include <string.h>

#include "../nat-models/knobs.h"
#include "../probes/behave/model.h"

/* A row of either table; the other's pointer is NULL. */
struct row {
	const char *rfc, *req, *force, *title;
	const struct behave_probe *asked;
	const struct behave_unasked *unasked;
	size_t number;
};

/* What follows from the rest decides nothing. */
static bool follows(const struct knob *knob)
{
	return knob->type == KNOB_TEXT || strcmp(knob->key, "rfc3489") == 0;
}

const char *requirement_knobs(const struct behave_probe *probe, char buf[REQUIREMENT_KNOBS])
{
	struct nat_model meets, breaks;
	struct model_error error;

	buf[0] = '\0';
	if (behave_model_read(probe->meets, &meets, &error) ||
	    behave_model_read(probe->breaks, &breaks, &error))
		return buf;
	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t i = 0; i < section->len; i++) {
			const struct knob *knob = &section->knobs[i];
			size_t used = strlen(buf);

			if (!follows(knob) && !knob_same(&meets, &breaks, section, knob))
				snprintf(buf + used, REQUIREMENT_KNOBS - used, "%s%s%s%s",
					 used ? ", " : "", section->name, s ? "." : "", knob->key);
		}
	}
	return buf;
}

/* "REQ-9" is before "REQ-10", and "REQ-5" before "REQ-5c". */
static int compare(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = strverscmp(left->rfc, right->rfc);

	if (!order)
		order = strverscmp(left->req, right->req);
	return order ? order : left->number < right->number ? -1 : 1;
}

static size_t rows_len(void)
{
	return behave_probes_len + behave_unasked_len;
}

/* All, sorted; to be freed.  NULL without memory. */
static struct row *rows_new(void)
{
	struct row *rows = calloc(rows_len(), sizeof(*rows)), *at = rows;

	if (!rows)
		return NULL;
	for (size_t i = 0; i < behave_probes_len; i++, at++) {
		const struct behave_probe *is = &behave_probes[i];

		*at = (struct row){ is->rfc, is->req, is->force, is->title, is, NULL, i };
	}
	for (size_t i = 0; i < behave_unasked_len; i++, at++) {
		const struct behave_unasked *is = &behave_unasked[i];

		*at = (struct row){ is->rfc, is->req, is->force, is->title, NULL, is, i };
	}
	qsort(rows, rows_len(), sizeof(*rows), compare);
	return rows;
}

static const char *or_defaults(const char *knobs)
{
	return *knobs ? knobs : "all defaults";
}

void requirements_write_text(FILE *out)
{
	struct row *rows = rows_new();
	char knobs[REQUIREMENT_KNOBS];

	for (size_t i = 0; rows && i < rows_len(); i++) {
		const struct row *row = &rows[i];

		if (i == 0 || strcmp(rows[i - 1].rfc, row->rfc) != 0)
			fprintf(out, "%sRFC %s\n", i ? "\n" : "", row->rfc);
		fprintf(out, "%-8s %-11s %s\n", row->req, row->force, row->title);
		if (row->unasked) {
			fprintf(out, "%21snot asked: %s\n", "", row->unasked->why);
			continue;
		}
		fprintf(out, "%21sknob: %s; met by %s; broken by %s\n", "",
			requirement_knobs(row->asked, knobs), or_defaults(row->asked->meets),
			or_defaults(row->asked->breaks));
	}
	free(rows);
}

static json_t *row_json(const struct row *row)
{
	char knobs[REQUIREMENT_KNOBS];
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:b}", "rfc", row->rfc, "requirement",
				 row->req, "force", row->force, "title", row->title, "asked",
				 row->asked != NULL);
	int r = row->asked
			? json_object_update_new(
				  json, json_pack("{s:s, s:s, s:s}", "knobs",
						  requirement_knobs(row->asked, knobs), "meets",
						  row->asked->meets, "breaks", row->asked->breaks))
			: json_object_set_new(json, "why", json_string(row->unasked->why));

	if (!r)
		return json;
	json_decref(json);
	return NULL;
}

json_t *requirements_json(void)
{
	struct row *rows = rows_new();
	json_t *list = json_array();

	for (size_t i = 0; rows && i < rows_len(); i++)
		if (json_array_append_new(list, row_json(&rows[i]))) {
			json_decref(list);
			free(rows);
			return NULL;
		}
	if (!rows) {
		json_decref(list);
		return NULL;
	}
	free(rows);
	return list;
}
