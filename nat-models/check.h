/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a whole model must hold to, beyond what each knob may be.
 */
#ifndef KNOTHOLE_CHECK_H
#define KNOTHOLE_CHECK_H

#include <stddef.h>

#include "model.h"

/*
 * Find a contradiction in @model.  NULL where there is none; else the key at fault
 * ("udp.port_min"), and in @text a clause about it.
 */
const char *model_check(const struct nat_model *model, char *text, size_t size);

/* The name that RFC 3489, 5, gives to what @model does to UDP. */
enum nat_rfc3489 model_rfc3489(const struct nat_model *model);

#endif
