/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small virtual world that one draw from a population is tried in: two homes, each behind a
 * NAT of its own, and three servers on the Internet.  For the files of this folder.
 */
#ifndef KNOTHOLE_POPULATION_LAB_H
#define KNOTHOLE_POPULATION_LAB_H

#include <stdbool.h>

#include "../../sim/world.h"
#include "trial.h"

enum lab_host {
	LAB_ALICE,
	LAB_BOB,
	LAB_SERVER,
	LAB_OTHER,
	LAB_STRANGER,
	LAB_SISTER, /* in Alice's home, where the trial has a rival; else NULL */
	LAB_HOSTS
};

struct lab {
	struct plan plan;
	struct world *world;
	struct host *hosts[LAB_HOSTS];
};

/* Build it; every home's link takes 5 ms.  0, or -errno; lab_end() is due either way. */
int lab_begin(struct lab *lab, const struct population_trial *trial);

/* End the capture, if there is one, and free all: 0, or -errno of the capture's writes. */
int lab_end(struct lab *lab);

#endif
