/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "knobs.h"

/* What has been written, of @len bytes in all; those beyond @size are counted only. */
struct writer {
	char *text;
	size_t size, len;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *format, ...)
{
	const size_t left = w->len < w->size ? w->size - w->len : 0;
	va_list args;

	va_start(args, format);
	w->len += (size_t)vsnprintf(left ? w->text + w->len : NULL, left, format, args);
	va_end(args);
}

/* Texts may hold anything; all that Lua's quotes do not take as it is goes by its number. */
static void write_quoted(const char *text, struct writer *w)
{
	put(w, "\"");
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			put(w, "\\%03u", c);
		else
			put(w, "%c", c);
	}
	put(w, "\"");
}

/* "{ 80, 443 }", "{ "sip", "ftp" }": @items as knob_format() spells them, quoted or not. */
static void write_list(const char *items, bool quoted, struct writer *w)
{
	put(w, "{ ");
	while (*items) {
		size_t len = strcspn(items, ",");

		put(w, quoted ? "\"%.*s\"" : "%.*s", (int)len, items);
		items += len;
		if (*items) {
			items += strspn(items, ", ");
			put(w, ", ");
		}
	}
	put(w, " }");
}

static void write_value(const struct nat_model *model, const struct knob_section *section,
			const struct knob *knob, struct writer *w)
{
	char text[KNOB_TEXT_MAX];

	knob_format(model, section, knob, text, sizeof(text));
	switch (knob->type) {
	case KNOB_BOOL:
	case KNOB_NUMBER:
		put(w, "%s", text);
		break;
	case KNOB_SET:
	case KNOB_PREFIXES:
		write_list(strcmp(text, "none") == 0 ? "" : text, true, w);
		break;
	case KNOB_PORTS:
		write_list(knob_value(model, section, knob) ? text : "", false, w);
		break;
	default:
		write_quoted(text, w);
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
			  const struct knob_section *section, struct writer *w)
{
	const bool nested = section != &knob_sections[0];
	size_t n = 0;

	for (size_t i = 0; i < section->len; i++) {
		const struct knob *knob = &section->knobs[i];

		if (!is_said(model, defaults, section, knob))
			continue;
		if (nested && n++ == 0)
			put(w, "  %s = {\n", section->name);
		put(w, nested ? "    %s = " : "  %s = ", knob->key);
		write_value(model, section, knob, w);
		put(w, ",\n");
	}
	if (n)
		put(w, "  },\n");
}

size_t model_text(const struct nat_model *model, char *text, size_t size)
{
	struct writer whole = { text, size, 0 }, *w = &whole;
	struct nat_model defaults;

	nat_model_defaults(&defaults);
	put(w, "return {\n");
	for (size_t s = 0; s < KNOB_SECTIONS; s++)
		write_section(model, &defaults, &knob_sections[s], w);
	put(w, "}\n");
	return w->len;
}
