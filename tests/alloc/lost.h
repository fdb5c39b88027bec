/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there memory that nobody holds any more, at this very moment, in the middle of a test? */
#ifndef KNOTHOLE_TESTS_ALLOC_LOST_H
#define KNOTHOLE_TESTS_ALLOC_LOST_H

#include <stdbool.h>

/* Of functions that may stand between a test and lost_look(): what they have on the stack holds nothing. */
#define NO_HOLDER __attribute__((section("no_holder")))

/* Before anything else, in the process that runs tests or its parent.  0 or -ENOMEM. */
int lost_prepare(void);

/* Look, with what the test's variables hold, and go on with @then, which must not return: for on the
 * way, all that stands on the stack below the test's functions has been wiped out. */
_Noreturn void lost_look(void (*then)(bool lost));

#endif
