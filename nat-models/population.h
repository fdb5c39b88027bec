/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populations: how many of the NATs that a study met were of which model, what it called a
 * success, and which figures it published.
 *
 * The known ones (populations/NAME.lua) are part of the binary; a user's own is the same Lua
 * text.  A population is plain data, and drawing from it is all that happens here: nothing is
 * simulated, and no file is read.
 */
#ifndef KNOTHOLE_POPULATION_H
#define KNOTHOLE_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog.h"
#include "chance.h"
#include "model.h"

/* What is counted.  (constant, the word of the files, what it is a share of) */
#define MEASURES(X)                                                                                \
	X(MEASURE_PAIR_UDP, "pair-udp", "pairs that UDP connects without a relay")                 \
	X(MEASURE_PAIR_TCP, "pair-tcp", "pairs that TCP connects without a relay, both opening")   \
	X(MEASURE_UDP_CONSISTENT, "udp-consistent",                                                \
	  "NATs that map a UDP port alike for two servers")                                        \
	X(MEASURE_UDP_HAIRPIN, "udp-hairpin", "NATs that hairpin UDP")                             \
	X(MEASURE_TCP_CONSISTENT, "tcp-consistent",                                                \
	  "NATs that map a TCP port alike for two servers, and do not refuse an unasked SYN")      \
	X(MEASURE_TCP_HAIRPIN, "tcp-hairpin", "NATs that hairpin TCP")                             \
	X(MEASURE_GUESS, "guess", "attempts in which a probe of a guessed port came through")

enum measure {
#define X(id, word, text) id,
	MEASURES(X)
#undef X
		MEASURE_COUNT
};

const char *measure_word(enum measure measure);
const char *measure_text(enum measure measure);
int measure_parse(const char *word, enum measure *ret); /* 0 or -EINVAL */

enum { POPULATION_MEMBERS = 48, POPULATION_FIGURES = 16, POPULATION_TEXT = 512 };
enum { POPULATION_DIGEST = 17 }; /* hexadecimal digits and a NUL */

/* One kind of NAT, and how many of the population are of it. */
struct population_member {
	char label[48];
	uint64_t weight; /* millionths of what `share` says, in whatever unit that was */
	struct nat_model model;
};

/* One thing to count, and what a source says of it. */
struct population_figure {
	enum measure measure;
	uint32_t open; /* guess: the ports that the side behind the hard NAT holds open … */
	uint32_t probes; /* … and how many the other side tries */
	bool both; /* guess: the side that tries has such a NAT, too */
	bool has_published;
	double published, plus_minus; /* per cent; 0 = the source gives no margin */
	char note[160]; /* of the source: "310 of 380" */
};

struct population {
	char name[48];
	char title[160];
	char source[POPULATION_TEXT];
	char definition[POPULATION_TEXT]; /* of success, as the study has it, and as it is here */
	struct population_member members[POPULATION_MEMBERS];
	size_t members_len;
	uint64_t weight; /* of all members */
	struct population_figure figures[POPULATION_FIGURES];
	size_t figures_len;
};

/* The names of the known populations, NULL-terminated, sorted; and how many, where @ret_len is
 * not NULL. */
const char *const *population_names(size_t *ret_len);

/*
 * Read the known population @name, or a user's @text (@len bytes; @file is its name in errors,
 * and the population's without its folder and ".lua").  0; -ENOENT (an unknown name), -EINVAL
 * or -ENOMEM with one line in *ret_error.  *ret is untouched on failure; it is large, so let it
 * not live on a fiber's stack.
 */
int population_find(const char *name, struct population *ret, struct model_error *ret_error);
int population_load(const char *file, const char *text, size_t len, struct population *ret,
		    struct model_error *ret_error);

/* A digest of what is drawn and counted, into @ret: the members' shares and knobs, and the
 * figures.  Titles and the like play no part. */
void population_digest(const struct population *population, char ret[POPULATION_DIGEST]);

/* Draw a member by the shares: its place in `members`. */
size_t population_draw(const struct population *population, struct chance *chance);

/* The seed of pair @number of the run seeded @seed: the same in whichever process, and in
 * whichever order, the pairs are run. */
uint64_t population_pair_seed(uint64_t seed, uint64_t number);

#endif
