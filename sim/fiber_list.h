/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fibers of a loop, so that those which never returned are freed with it. */
#ifndef KNOTHOLE_FIBER_LIST_H
#define KNOTHOLE_FIBER_LIST_H

struct fiber;
struct loop;

struct fiber_list {
	struct fiber *first;
};

struct fiber_list *loop_fibers(struct loop *loop);

/* Free the stacks of all; nothing on them is unwound. */
void fiber_list_free(struct fiber_list *list);

#endif
