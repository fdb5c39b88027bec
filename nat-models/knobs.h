/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The knobs of a model: which keys a model file may have, where each one's value stands in
 * struct nat_model, what it may be, what it means and where that is defined.
 *
 * The loader, its errors and `knothole models` all read this one table.  It parses nothing.
 */
#ifndef KNOTHOLE_KNOBS_H
#define KNOTHOLE_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

enum knob_type {
	KNOB_WORD, /* an enum; `words` by value */
	KNOB_BOOL,
	KNOB_NUMBER, /* a whole number from min to max, `size` bytes wide */
	KNOB_TIME, /* uint64_t ns, from min to max */
	KNOB_SET, /* uint8_t of bits, 1 << value of `words`; a list of them in a file */
	KNOB_PORTS, /* uint16_t[4], 0 = no more; as one number, each takes 16 bits of it */
	KNOB_PREFIXES, /* struct ip_prefix[n], 0 bits = no more; one, or a list of them, in a file */
	KNOB_TEXT, /* char[size]; one of `words` where those are given */
};

struct knob {
	const char *key;
	enum knob_type type;
	size_t offset; /* from the section's start */
	size_t size;
	const struct nat_word *words;
	int64_t min, max;
	const char *meaning; /* a clause, without a full stop */
	const char *reference; /* "RFC 4787, 4.1"; "" where no RFC speaks of it */
};

/* A table within the model's table; the first one is the model itself, with the name "". */
struct knob_section {
	const char *name;
	size_t offset;
	const struct knob *knobs;
	size_t len;
};

enum { KNOB_SECTIONS = 4 };

extern const struct knob_section knob_sections[KNOB_SECTIONS];

/* Has a knob of @type a number, as all but TEXT and PREFIXES do? */
static inline bool knob_is_number(enum knob_type type)
{
	return type != KNOB_TEXT && type != KNOB_PREFIXES;
}

/* The number that a knob of @section, of a type that has one, has in @model. */
int64_t knob_value(const struct nat_model *model, const struct knob_section *section,
		   const struct knob *knob);

/* Set it; @value must be one that the knob may have. */
void knob_set(struct nat_model *model, const struct knob_section *section, const struct knob *knob,
	      int64_t value);

/* The text of a TEXT knob, within @model. */
char *knob_text(struct nat_model *model, const struct knob_section *section,
		const struct knob *knob);

/* The first of a PREFIXES knob's, within @model, and how many it may have. */
struct ip_prefix *knob_prefixes(struct nat_model *model, const struct knob_section *section,
				const struct knob *knob);
size_t knob_prefixes_max(const struct knob *knob);

/* Room for any knob's value as text, with its final NUL. */
enum { KNOB_TEXT_MAX = 256 };
_Static_assert(KNOB_TEXT_MAX > NAT_EXEMPT * (IP_PREFIX_TEXT + 1), "a list of prefixes must fit");

/* The knob's value as a model file would spell it, into @buf, which it returns. */
const char *knob_format(const struct nat_model *model, const struct knob_section *section,
			const struct knob *knob, char *buf, size_t size);

/* Have the two the same value at this one? */
bool knob_same(const struct nat_model *a, const struct nat_model *b,
	       const struct knob_section *section, const struct knob *knob);

/* Have the two the same value at each knob?  (Their names are no knob.) */
bool knobs_same(const struct nat_model *a, const struct nat_model *b);

/* Do the two behave alike but for their timers?  Texts do not count. */
bool knobs_same_behaviour(const struct nat_model *a, const struct nat_model *b);

#endif
