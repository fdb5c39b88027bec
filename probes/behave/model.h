/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes of behave.h, put to a model: each in a virtual world of its own, with a NAT engine of
 * that model between the hosts.  Not inside fibers: each call runs a loop of its own to its
 * end.
 */
#ifndef KNOTHOLE_BEHAVE_MODEL_H
#define KNOTHOLE_BEHAVE_MODEL_H

#include "../../nat-models/catalog.h"
#include "../../nat-models/model.h"
#include "behave.h"

/* The model that @knobs are, a requirement's `meets` or `breaks`.  0, or as nat_model_load(). */
int behave_model_read(const char *knobs, struct nat_model *ret, struct model_error *ret_error);

struct behave_trial {
	const struct nat_model *model;
	enum family family; /* of the hosts inside */
	uint64_t seed;
	uint32_t loss_ppm; /* on each link, either way */
	const char *capture_path; /* NULL = none */
};

/* The family of the hosts inside that @model is asked about where nobody says: IPv4 where it serves
 * that. */
enum family behave_family(const struct nat_model *model);

/* What @model is to hosts of @family inside. */
enum behave_scene behave_subject(const struct nat_model *model, enum family family);

/* 0, or -errno with nothing found: -EAFNOSUPPORT where the model does not serve the trial's family.  What is
 * not of the probe's scene may be asked, too: it will hardly be as required. */
int behave_model(const struct behave_probe *probe, const struct behave_trial *trial,
		 struct behave_finding *ret);

/* All of behave_probes that are of what the model is, in their order: *ret has room for as many as there are
 * at all, and *ret_len is how many there were.  0, or -errno. */
int behave_model_all(const struct behave_trial *trial, struct behave_finding *ret, size_t *ret_len);

#endif
