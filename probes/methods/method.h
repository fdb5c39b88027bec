/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traversal methods: what each side does to open a way, one file a method. */
#ifndef KNOTHOLE_METHOD_H
#define KNOTHOLE_METHOD_H

#include "leg.h"

struct method_ops {
	enum method method;
	/* Until @deadline, or until the leg's proof, the other's word, or the end: what the
	 * caller and the callee do once the attempt has begun. */
	void (*act[2])(struct leg *leg, uint64_t deadline); /* by enum talk_role */
};

extern const struct method_ops direct_method;
extern const struct method_ops reversal_method;
extern const struct method_ops punch_method;
extern const struct method_ops turn_method;
extern const struct method_ops relay_method;
extern const struct method_ops tcp_direct_method;
extern const struct method_ops tcp_reversal_method;
extern const struct method_ops tcp_punch_method;
extern const struct method_ops ice_method;
extern const struct method_ops predict_method;
extern const struct method_ops birthday_method;
extern const struct method_ops low_ttl_method;
extern const struct method_ops tcp_punch_low_ttl_method;
extern const struct method_ops tcp_stunt_2_method;
extern const struct method_ops tcp_sequential_method;

const struct method_ops *method_find(enum method method);

/* Over TCP: does @role wait to be connected to? */
bool method_listens(enum method method, enum talk_role role);

/* Wait until each was told of the other.  False where that will not be. */
bool method_introduced(struct leg *leg, uint64_t deadline);

/* Say hello, spaced out in time, until one is answered or the other side has its own proof;
 * at least one round is said as soon as the two are introduced. */
void method_speak(struct leg *leg, uint64_t deadline);

/* Wait for what @flag, a member of @leg, says to come true.  False where that will not be. */
bool method_await(struct leg *leg, const bool *flag, uint64_t deadline);

/* Say hello to whoever is new until @until.  True where there is nothing more to do. */
bool method_speak_to_new(struct leg *leg, uint64_t until);

/* Say nothing unasked: answer hellos until the other side has its proof. */
void method_listen(struct leg *leg, uint64_t deadline);

#endif
