/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a method works or does not: one clause each, into the @why of an answer. */
#ifndef KNOTHOLE_PREDICT_WHY_H
#define KNOTHOLE_PREDICT_WHY_H

#include "predict_play.h"

enum { WHY = sizeof(((struct predict_answer *)0)->why[0]), LABEL = 72 };

/* "caller's symmetric", "the shared carrier-grade" */
const char *predict_label(enum party owner, const struct nat_model *model, char buf[LABEL]);

/* Why @sender's last packet did not arrive. */
void predict_why_dropped(const struct reach *reach, enum party sender, char why[WHY]);
void predict_why_not(const struct reach *reach, enum method method, char why[WHY]);
void predict_why_connected(const struct reach *reach, enum method method, char why[WHY]);

/* @a and @b are of one method, and differ. */
void predict_why_open_question(const struct outcome *a, const struct outcome *b, char why[WHY]);

#endif
