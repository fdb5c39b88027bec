/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stack switching: the few instructions under the fibers.  x86-64 and AArch64 have their own,
 * since swapcontext() makes a system call each time; other machines use it.
 */
#ifndef KNOTHOLE_CONTEXT_H
#define KNOTHOLE_CONTEXT_H

#include <stddef.h>

struct context {
	void *sp; /* where the suspended side's registers are saved */
	void *stack; /* its memory; NULL for a thread's own stack */
	size_t size;
	void *fake; /* AddressSanitizer's */
	void *machine; /* ucontext_t, on other machines */
};

/* A stack that starts in @entry, which must never return.  0 or -ENOMEM. */
int context_new(struct context *context, void (*entry)(void));
void context_free(struct context *context);

/* Suspend @from and resume @to.  @ends: @from will never be resumed. */
void context_switch(struct context *from, struct context *to, int ends);

/* Must be the first thing that a new context's entry does; @from is who switched to it. */
void context_began(struct context *from);

#endif
