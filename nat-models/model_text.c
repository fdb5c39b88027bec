/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_text.h"

#include <stdbool.h>
#include <string.h>

#include "knobs.h"

/* Texts may hold anything; all that Lua's quotes do not take as it is goes by its number. */
static void write_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			fprintf(out, "\\%03u", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* "{ 80, 443 }", "{ "sip", "ftp" }": @items as knob_format() spells them, quoted or not. */
static void write_list(const char *items, bool quoted, FILE *out)
{
	fputs("{ ", out);
	while (*items) {
		size_t len = strcspn(items, ",");

		fprintf(out, quoted ? "\"%.*s\"" : "%.*s", (int)len, items);
		items += len;
		if (*items) {
			items += strspn(items, ", ");
			fputs(", ", out);
		}
	}
	fputs(" }", out);
}

static void write_value(const struct nat_model *model, const struct knob_section *section,
			const struct knob *knob, FILE *out)
{
	char text[KNOB_TEXT_MAX];

	knob_format(model, section, knob, text, sizeof(text));
	switch (knob->type) {
	case KNOB_BOOL:
	case KNOB_NUMBER:
		fputs(text, out);
		break;
	case KNOB_SET:
	case KNOB_PREFIXES:
		write_list(strcmp(text, "none") == 0 ? "" : text, true, out);
		break;
	case KNOB_PORTS:
		write_list(knob_value(model, section, knob) ? text : "", false, out);
		break;
	default:
		write_quoted(text, out);
	}
}

static bool has_prefixes(const struct nat_model *model, const struct knob_section *section,
			 const struct knob *knob)
{
	char text[KNOB_TEXT_MAX];

	return strcmp(knob_format(model, section, knob, text, sizeof(text)), "none") != 0;
}

static bool is_said(const struct nat_model *model, const struct nat_model *defaults,
		    const struct knob_section *section, const struct knob *knob)
{
	/* These follow from the rest, or belong to one ruleset. */
	if (strcmp(knob->key, "rfc3489") == 0 || strcmp(knob->key, "kernel") == 0)
		return false;
	if (strcmp(knob->key, "family") == 0)
		return model->family != nat_kind_family(model->kind);
	if (knob->type == KNOB_PREFIXES)
		return has_prefixes(model, section, knob);
	if (knob->type == KNOB_TEXT)
		return *((const char *)model + section->offset + knob->offset) != '\0';
	return knob_value(model, section, knob) != knob_value(defaults, section, knob);
}

/* Those of one section. */
static void write_section(const struct nat_model *model, const struct nat_model *defaults,
			  const struct knob_section *section, FILE *out)
{
	const bool nested = section != &knob_sections[0];
	size_t n = 0;

	for (size_t i = 0; i < section->len; i++) {
		const struct knob *knob = &section->knobs[i];

		if (!is_said(model, defaults, section, knob))
			continue;
		if (nested && n++ == 0)
			fprintf(out, "  %s = {\n", section->name);
		fprintf(out, nested ? "    %s = " : "  %s = ", knob->key);
		write_value(model, section, knob, out);
		fputs(",\n", out);
	}
	if (n)
		fputs("  },\n", out);
}

void model_text_write(const struct nat_model *model, FILE *out)
{
	struct nat_model defaults;

	nat_model_defaults(&defaults);
	fputs("return {\n", out);
	for (size_t s = 0; s < KNOB_SECTIONS; s++)
		write_section(model, &defaults, &knob_sections[s], out);
	fputs("}\n", out);
}
