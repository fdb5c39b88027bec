/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  LeakSanitizer takes whatever looks like a pointer for one, and looks at the whole
 * stack above the stack pointer.  But where an assertion has failed, there lie, below the test's own
 * function, frames of the assertion's, and in their unused corners what earlier calls left: among it
 * the address of just that object which the last of them forgot to free.  So nearly every single lost
 * object would be found held.
 *
 * Therefore the search runs on a stack of its own, which is no root.  Seen from there the thread's stack is
 * one in its whole length, so what is below the test's functions is given back to the kernel first, and
 * reads as zeroes.  Registers that a callee keeps for its caller are found by unwinding to the test's
 * function, and are a root.
 *
 * On a fiber nothing is wiped: where the other stacks' ends are is not known here.
 */
#include "lost.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <sanitizer/lsan_interface.h>

enum { STACK = 1 << 20, REGISTERS = 16 };

/* By the numbers that DWARF gives them: those that a function gives back as they were. */
#if defined(__x86_64__)
static const int kept_by_callees[] = { 3, 6, 12, 13, 14, 15 };
#define REGISTERS_OF gregs
#elif defined(__aarch64__)
static const int kept_by_callees[] = { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 };
#define REGISTERS_OF regs
#else
_Static_assert(0, "which registers does a callee keep for its caller here?");
#endif

extern char __executable_start[], etext[]; /* the program's own code; the linker's names */
extern char __start_no_holder[], __stop_no_holder[];

extern void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);

static char *own_stack; /* mapped, and so no root */
static ucontext_t elsewhere;
static void (*continuation)(bool lost);

/* Where the test's functions end on the stack; and what they have in registers, for the sanitizer to see. */
static uintptr_t boundary;
static volatile uintptr_t held[REGISTERS];

/* The thread's stack. */
static uintptr_t bottom, top;

int lost_prepare(void)
{
	void *memory;

	if (own_stack)
		return 0;
	memory = __real_mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	own_stack = memory;
	return 0;
}

static NO_HOLDER bool find_stack(void)
{
	pthread_attr_t attr;
	void *stack = NULL;
	size_t size = 0;

	if (pthread_getattr_np(pthread_self(), &attr))
		return false;
	if (pthread_attr_getstack(&attr, &stack, &size) == 0) {
		bottom = (uintptr_t)stack;
		top = bottom + size;
	}
	pthread_attr_destroy(&attr);
	return size > 0;
}

static bool is_tests(uintptr_t code)
{
	bool own = code >= (uintptr_t)__executable_start && code < (uintptr_t)etext;

	return own && (code < (uintptr_t)__start_no_holder || code >= (uintptr_t)__stop_no_holder);
}

/* The innermost function of the program's own: its frame begins where its callee's ended. */
static NO_HOLDER _Unwind_Reason_Code look_at_frame(struct _Unwind_Context *frame, void *arg)
{
	(void)arg;
	if (!is_tests(_Unwind_GetIP(frame) - 1))
		return _URC_NO_REASON;
	boundary = _Unwind_GetCFA(frame);
	for (size_t i = 0; i < sizeof(kept_by_callees) / sizeof(kept_by_callees[0]); i++)
		held[i] = _Unwind_GetGR(frame, kept_by_callees[i]);
	return _URC_END_OF_STACK;
}

/* Where this runs no shadow is kept, and nothing may be called that keeps one. */
static __attribute__((no_sanitize("address"))) void wipe(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first_kept = boundary / page * page;

	/* Of what the kernel has not mapped yet there is nothing to wipe: that it says so is no fault. */
	madvise((void *)bottom, first_kept - bottom, MADV_DONTNEED);
	for (volatile char *at = (char *)first_kept; (uintptr_t)at < boundary; at++)
		*at = 0;
}

static void look(void)
{
	if (boundary > bottom && boundary < top)
		wipe();
	continuation(__lsan_do_recoverable_leak_check() != 0);
	_exit(1);
}

NO_HOLDER _Noreturn void lost_look(void (*then)(bool lost))
{
	continuation = then;
	boundary = 0;
	_Unwind_Backtrace(look_at_frame, NULL);
	/* No thread would do: the sanitizer would scan this one's stack from here on. */
	/* cppcheck-suppress getcontextCalled */
	if (!find_stack() || getcontext(&elsewhere))
		_exit(1);
	__lsan_register_root_region((void *)bottom, top - bottom);
	memset(&elsewhere.uc_mcontext.REGISTERS_OF, 0, sizeof(elsewhere.uc_mcontext.REGISTERS_OF));
	elsewhere.uc_stack.ss_sp = own_stack;
	elsewhere.uc_stack.ss_size = STACK;
	elsewhere.uc_link = NULL;
	/* cppcheck-suppress makecontextCalled */
	makecontext(&elsewhere, look, 0);
	setcontext(&elsewhere);
	_exit(1);
}
