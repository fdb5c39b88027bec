/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random cases for the oracle: NATs drawn from the whole space of a model's knobs, and how they lie
 * between two peers.  The same seed draws the same case.
 */
#ifndef KNOTHOLE_DRAW_H
#define KNOTHOLE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "../nat-models/knobs.h"

/* Whose NATs are where: the words of the scenario's parameter `layout`.  (constant, word) */
#define DRAW_LAYOUTS(X)                                                                            \
	X(DRAW_HOMES, "homes") /* a before the caller, b before the callee */                      \
	X(DRAW_NESTED_CALLER, "nested-caller") /* and c, an ISP's, before a */                     \
	X(DRAW_NESTED_CALLEE, "nested-callee") /* … before b */                                  \
	X(DRAW_SHARED, "shared") /* … before both */                                             \
	X(DRAW_ONE_HOME, "one-home") /* both peers in the home of a */                             \
	X(DRAW_OPEN_CALLEE, "open-callee") /* no NAT before the callee */

enum draw_layout {
#define X(id, word) id,
	DRAW_LAYOUTS(X)
#undef X
		DRAW_LAYOUT_COUNT
};

/* What the nets have: the words of the scenario's parameter `family`.  (constant, word) */
#define DRAW_FAMILIES(X)                                                                           \
	X(DRAW_IPV4, "ipv4")                                                                       \
	X(DRAW_IPV6, "ipv6")                                                                       \
	X(DRAW_NAT64, "nat64") /* a is one, and the others have IPv4 */

enum draw_family {
#define X(id, word) id,
	DRAW_FAMILIES(X)
#undef X
		DRAW_FAMILY_COUNT
};

enum { DRAW_MODELS = 3 };

struct draw {
	struct nat_model models[DRAW_MODELS]; /* a, b, c */
	enum draw_layout layout;
	enum draw_family family;
	bool host_addresses; /* the peers try each other's own, too */
	bool dmz[2]; /* the home's NAT leads all strangers to the caller, the callee */
	bool forward[2]; /* … or those who come to the port that the peer then has beforehand */
};

const char *draw_layout_word(enum draw_layout layout);
const char *draw_family_word(enum draw_family family);

/* Does the layout have NAT number @i at all? */
bool draw_has(enum draw_layout layout, unsigned i);

void draw_case(uint64_t seed, struct draw *ret);

/*
 * Bring one knob nearer to its default (nat_model_defaults()): knob number *@at of @model's, counted
 * from 0 over all sections.  True where that changed @model, which stays one that model_check() finds no
 * fault with; false, and nothing is changed.  -1 in *@at where there is no such knob.
 */
bool draw_reset(struct nat_model *model, int *at);

#endif
