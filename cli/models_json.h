/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models as JSON, for programs.
 */
#ifndef KNOTHOLE_MODELS_JSON_H
#define KNOTHOLE_MODELS_JSON_H

#include <jansson.h>

#include "../nat-models/model.h"

/* {"name", "title", "rfc3489", "mapping", "filtering", "kernel", "kernel_why_not"}; the caller's, or NULL without
 * memory.  "kernel" says whether nftables can express the model; the reason is null where it can. */
json_t *model_summary_json(const struct nat_model *model);

/*
 * The same and "where", "source", "knobs" ({"udp": {"mapping": {"value", "meaning",
 * "reference"}, …}, …}; the whole model's own under ""), "expect" ([{"callee", "direct":
 * {"prediction", "why"}, …}], with the caller behind it) and "ruleset" (nft's language, or
 * null).  Times are in ns.
 */
json_t *model_json(const struct nat_model *model, const char *where);

#endif
