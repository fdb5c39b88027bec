/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say what lab `knothole exec` and `knothole shell` make, and its playing. */
#ifndef KNOTHOLE_LAB_OPTIONS_H
#define KNOTHOLE_LAB_OPTIONS_H

#include <jansson.h>

#include "lab_file.h"
#include "options.h"

#define OPTION_NAT(side, target)                                                                   \
	{                                                                                          \
		.name = (side), .kind = OPTION_TEXT, .ret.text = (target), .value = "MODEL",       \
		.help = "the NAT of this side: a model, a file of one, or none; default "          \
			"port-restricted-cone"                                                     \
	}
#define OPTION_NAT6(side, target)                                                                  \
	{                                                                                          \
		.name = side "6", .kind = OPTION_TEXT, .ret.text = (target), .value = "MODEL",     \
		.help = "the same for IPv6, such as ipv6-firewall; by default it has none"         \
	}
#define OPTION_FORWARD(side, target)                                                               \
	{                                                                                          \
		.name = "forward-" side, .kind = OPTION_TEXT, .ret.text = (target),                \
		.value = "PORT", .help = "a port that its NAT forwards to it"                      \
	}
#define OPTION_SERVER(target)                                                                      \
	{                                                                                          \
		.name = "server", .kind = OPTION_WORD, .ret.text = (target), .value = "WHICH",     \
		.help = "the lab's STUN and TURN server: coturn (default where installed), own "   \
			"or none",                                                                 \
		.words = (const char *const[])                                                     \
		{                                                                                  \
			"coturn", "own", "none", NULL                                              \
		}                                                                                  \
	}
#define OPTION_LINK(field, target, unit)                                                           \
	{                                                                                          \
		.name = (field), .kind = OPTION_TEXT, .ret.text = (target), .value = (unit),       \
		.help = "of each side's link to the Internet"                                      \
	}

/* What lab_play() needs besides. */
struct lab_play {
	const char *name; /* of the subcommand */
	const char *directory; /* of results, made */
	uint64_t seed;
	uint64_t time_ns; /* 0 = the default */
};

/* Check all that was given, before anything is written; complete what was not; and make paths
 * absolute: STATUS_OK, or another with a line printed, STATUS_CANNOT where no lab can be made here.
 * The strings that it makes last as long as the process. */
int lab_complete(const char *name, struct lab_file *lab);

/* Write @lab into the folder of results and play it: STATUS_OK with its records, the caller's. */
int lab_play(const struct lab_play *play, const struct lab_file *lab, json_t **ret);

#endif
