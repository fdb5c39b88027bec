/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "context.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* Enough for a probe with a packet on its stack, and for Lua, which nests 200 calls of C
 * (LUAI_MAXCCALLS) before it says no: of string.gsub(), with its buffers, some 3 KiB each, and
 * more in a debug build.  What is not touched costs no memory. */
enum { STACK_SIZE = 2 * 1024 * 1024, GUARD_SIZE = 4096, SPARE_MAX = 512 };

/* Stacks are used again: mapping one costs more than a short fiber's whole life. */
static _Thread_local void *spare[SPARE_MAX];
static _Thread_local int spares;

static void *stack_new(void)
{
	char *stack;

	if (spares > 0)
		return spare[--spares];
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		return NULL;
	/* An overflow meets the guard and stops there, instead of in somebody's heap. */
	mprotect(stack, GUARD_SIZE, PROT_NONE);
	return stack;
}

static void stack_free(void *stack)
{
#ifdef HAVE_ASAN
	__asan_unpoison_memory_region((char *)stack + GUARD_SIZE, STACK_SIZE - GUARD_SIZE);
#endif
	if (spares < SPARE_MAX)
		spare[spares++] = stack;
	else
		munmap(stack, STACK_SIZE);
}

#if defined(__x86_64__)

void context_swap(void **save, void *load);
__asm__(".text\n"
	".globl context_swap\n"
	".hidden context_swap\n"
	".type context_swap, @function\n"
	"context_swap:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size context_swap, . - context_swap\n");

enum { SAVED_WORDS = 6 };

/* At @entry the stack must be as after a call: 8 bytes off a multiple of 16. */
static void prepare(struct context *context, void (*entry)(void))
{
	uintptr_t *sp = (uintptr_t *)((char *)context->stack + context->size);

	sp -= 2;
	*--sp = 0; /* a return address that nothing returns to */
	*--sp = (uintptr_t)entry;
	for (int i = 0; i < SAVED_WORDS; i++)
		*--sp = 0;
	context->sp = sp;
}

#elif defined(__aarch64__)

void context_swap(void **save, void *load);
__asm__(".text\n"
	".globl context_swap\n"
	".hidden context_swap\n"
	".type context_swap, %function\n"
	"context_swap:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size context_swap, . - context_swap\n");

enum { SAVED_WORDS = 20, SAVED_LINK = 11 };

static void prepare(struct context *context, void (*entry)(void))
{
	uintptr_t *sp = (uintptr_t *)((char *)context->stack + context->size) - SAVED_WORDS;

	for (int i = 0; i < SAVED_WORDS; i++)
		sp[i] = 0;
	sp[SAVED_LINK] = (uintptr_t)entry;
	context->sp = sp;
}

#else
#include <ucontext.h>
#define HAVE_UCONTEXT 1

static void prepare(struct context *context, void (*entry)(void))
{
	ucontext_t *u = context->machine;

	getcontext(u);
	u->uc_stack.ss_sp = context->stack;
	u->uc_stack.ss_size = context->size;
	makecontext(u, entry, 0);
}
#endif

int context_new(struct context *context, void (*entry)(void))
{
	*context = (struct context){ 0 };
#ifdef HAVE_UCONTEXT
	context->machine = calloc(1, sizeof(ucontext_t));
	if (!context->machine)
		return -ENOMEM;
#endif
	context->stack = stack_new();
	if (!context->stack) {
		free(context->machine);
		return -ENOMEM;
	}
	context->size = STACK_SIZE;
	prepare(context, entry);
	return 0;
}

void context_free(struct context *context)
{
	if (context->stack)
		stack_free(context->stack);
	free(context->machine);
	*context = (struct context){ 0 };
}

void context_switch(struct context *from, struct context *to, int ends)
{
#ifdef HAVE_ASAN
	__sanitizer_start_switch_fiber(ends ? NULL : &from->fake, to->stack, to->size);
#else
	(void)ends;
#endif
#ifdef HAVE_UCONTEXT
	static _Thread_local ucontext_t own;

	swapcontext(from->machine ? from->machine : &own, to->machine ? to->machine : &own);
#else
	context_swap(&from->sp, to->sp);
#endif
#ifdef HAVE_ASAN
	__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
#endif
}

void context_began(struct context *from)
{
#ifdef HAVE_ASAN
	const void *stack;
	size_t size;

	__sanitizer_finish_switch_fiber(NULL, &stack, &size);
	/* The thread's own stack is known to the sanitizer only; keep it for the way back. */
	if (!from->size) {
		from->stack = (void *)(uintptr_t)stack;
		from->size = size;
	}
#else
	(void)from;
#endif
}
