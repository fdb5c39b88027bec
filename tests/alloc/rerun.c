/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any cmocka program, rerun with memory running out: each of its tests once for every way there is
 * to an allocation, which then fails.
 *
 * Theory of operation.  The linker puts these functions before those that allocate, and before
 * cmocka's runner (--wrap, for what the project's objects call: what libraries do inside is theirs).
 * A test is run in children, so that each begins alike and may end as it likes:
 *
 *   1. one notes by which call stacks allocations are reached, and how often;
 *   2. for each stack that no test has had before, one in which the first of its allocations
 *      fails, and one in which many after it do, too (Lua tries again); for each that one other
 *      test has had, one in which its last fails.
 *
 * An assertion that fails after that is the test's way to say that something was refused, and the
 * end of the run.  What may not happen: a crash, a sanitizer's report, a run without end, a call
 * that is expected to return 0 and blames its caller, by -EINVAL for one, and memory that nobody
 * holds any more.  Where an assertion fails that is looked for on the spot, while the test's
 * variables still stand; at the end of a run, after its teardown.
 *
 * KNOTHOLE_ALLOC switches it on; without it, programs are what they are.  Where it is "hasty", each
 * stack's first allocation fails once, which is enough for tests that wait in real time, or take it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#include <cmocka.h>

#include "lost.h"

enum {
	FRAMES = 48, /* of a call stack that tell it from others */
	LOOKED_AT = 3000, /* allocations of a test; more take longer than they are worth */
	WAYS_MAX = 4096, /* to an allocation, of one program */
	TESTS_PER_WAY = 2, /* that have it fail: more would see the same again */
	LASTING = 4, /* allocations; a peer that is sent nothing for long waits for ever */
	RUN_SECONDS = 60, /* more than any takes, beside load too */
};

/* A call stack by which something is allocated. */
struct way {
	uint64_t hash;
	uint32_t times; /* in the test that is being noted */
	uint32_t tests; /* that had it fail */
};

/* How a run with a failing allocation went on. */
enum course {
	NOT_MET, /* this time it did not come to that allocation */
	DONE_WITHOUT, /* the test passed */
	REFUSED, /* an assertion failed */
};

/* What a child tells; in shared memory. */
static struct told {
	struct way ways[WAYS_MAX];
	size_t len;
	enum course course;
} * told;

static enum { OFF, NOTING, FAILING } mode;
static bool hasty; /* once for each way is enough: in real time, a run takes long */
static bool explaining; /* say where it failed */
static bool looking; /* at a call stack, which may allocate */
static void *beneath_run; /* where call stacks cease to be the test's */
static struct {
	uint64_t hash;
	uint32_t nth, seen; /* allocations by that stack */
	bool lasts; /* nothing can be had after it either, for a while */
	uint32_t since; /* allocations after it */
	bool happened;
} failure;
static unsigned looked_at;

/* The real ones; those of libraries that a program may lack are weak. */
#define REAL(type, name, ...) extern type __real_##name(__VA_ARGS__) __attribute__((weak))
#define WRAP(type, name, ...)                                                                      \
	REAL(type, name, __VA_ARGS__);                                                             \
	type __wrap_##name(__VA_ARGS__);                                                           \
	NO_HOLDER type __wrap_##name(__VA_ARGS__)

extern char __executable_start[], etext[]; /* the program's own code; the linker's names */

static uint64_t hash_stack(void)
{
	void *frames[FRAMES];
	uint64_t hash = 1469598103934665603U;
	int len;

	looking = true;
	len = backtrace(frames, FRAMES);
	looking = false;
	for (int i = 0; i < len && frames[i] != beneath_run; i++) {
		/* What happens between two frames of ours, in Lua say, is no way of its own. */
		if ((char *)frames[i] < __executable_start || (char *)frames[i] >= etext)
			continue;
		hash = (hash ^ (uintptr_t)frames[i]) * 1099511628211U;
	}
	return hash;
}

static void note(uint64_t hash)
{
	size_t i = 0;

	while (i < told->len && told->ways[i].hash != hash)
		i++;
	if (i == WAYS_MAX)
		return;
	if (i == told->len)
		told->ways[told->len++] = (struct way){ .hash = hash };
	told->ways[i].times++;
}

/* Is this allocation the one to fail? */
static bool fails(void)
{
	uint64_t hash;

	if (mode == OFF || looking)
		return false;
	if (failure.happened)
		return failure.lasts && failure.since++ < LASTING;
	if (++looked_at > LOOKED_AT)
		return false;
	hash = hash_stack();
	if (mode == NOTING) {
		note(hash);
		return false;
	}
	if (hash != failure.hash || failure.seen++ != failure.nth)
		return false;
	failure.happened = true;
	if (explaining) {
		fprintf(stderr, "the allocation that failed:\n");
		__sanitizer_print_stack_trace();
	}
	errno = ENOMEM;
	return true;
}

WRAP(void *, malloc, size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

WRAP(void *, realloc, void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* Fibers' stacks and the largest tables are mapped; what those point to is not lost. */
WRAP(void *, mmap, void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *memory;

	if (fails())
		return MAP_FAILED;
	memory = __real_mmap(at, len, protection, flags, fd, offset);
	if (memory != MAP_FAILED && flags & MAP_ANONYMOUS)
		__lsan_register_root_region(memory, len);
	return memory;
}

WRAP(int, munmap, void *memory, size_t len)
{
	__lsan_unregister_root_region(memory, len);
	return __real_munmap(memory, len);
}

/* jansson asks whom to call. */
extern void json_set_alloc_funcs(void *(*allocate)(size_t), void (*release)(void *))
	__attribute__((weak));

struct nl_sock;
struct nl_msg;
struct nft_ctx;

WRAP(struct nl_sock *, nl_socket_alloc, void)
{
	return fails() ? NULL : __real_nl_socket_alloc();
}

WRAP(struct nl_msg *, nlmsg_alloc_simple, int type, int flags)
{
	return fails() ? NULL : __real_nlmsg_alloc_simple(type, flags);
}

WRAP(struct nft_ctx *, nft_ctx_new, uint32_t flags)
{
	return fails() ? NULL : __real_nft_ctx_new(flags);
}

/* How a child ends where something happened that may not. */
static _Noreturn void fault(const char *text)
{
	fprintf(stderr, "%s\n", text);
	_exit(1);
}

static void leave(bool lost)
{
	if (lost)
		fault("what it took is lost");
	_exit(0);
}

/* The end of a run. */
static NO_HOLDER _Noreturn void end(enum course course)
{
	mode = OFF;
	told->course = course;
	lost_look(leave);
}

/* cmocka's own function @name, which one of ours stands before. */
static void (*of_cmocka(const char *name))(const char *file, int line)
{
	void *symbol = dlsym(RTLD_NEXT, name);
	void (*ret)(const char *file, int line);

	memcpy(&ret, &symbol, sizeof(ret));
	return ret;
}

/* cmocka's assertions call these two. */
NO_HOLDER void _fail(const char *const file, const int line)
{
	static char text[1024];

	if (!told)
		of_cmocka("_fail")(file, line);
	if (!failure.happened) {
		snprintf(text, sizeof(text), "%s:%d: it failed without a cause", file, line);
		fault(text);
	}
	end(REFUSED);
}

void _skip(const char *const file, const int line)
{
	if (!told)
		of_cmocka("_skip")(file, line);
	_exit(0);
}

/* Fibers rely on the sockets that they ask for: where one is refused, the run ends. */
struct host;
struct sock;
struct sock_spec;

static NO_HOLDER int refused(int err)
{
	if (err < 0 && failure.happened && mode == FAILING) {
		end(REFUSED);
	}
	return err;
}

WRAP(int, sock_open, struct host *host, const struct sock_spec *spec, struct sock **ret)
{
	return refused(__real_sock_open(host, spec, ret));
}

WRAP(int, sock_accept, struct sock *listener, uint64_t deadline, struct sock **ret)
{
	return refused(__real_sock_accept(listener, deadline, ret));
}

/* Does @result blame the caller for what was a lack of memory? */
static bool misleads(int result)
{
	return result == -EINVAL || result == -ENOENT || result == -EFAULT || result == -EBADF ||
	       result == -EPERM;
}

REAL(void, _assert_int_equal, LargestIntegralType, LargestIntegralType, const char *, int);
void __wrap__assert_int_equal(LargestIntegralType a, LargestIntegralType b, const char *file,
			      int line);
NO_HOLDER void __wrap__assert_int_equal(LargestIntegralType a, LargestIntegralType b,
					const char *file, int line)
{
	const int got = (int)a;
	char text[1024];

	if (failure.happened && b == 0 && misleads(got)) {
		snprintf(text, sizeof(text), "%s:%d: expected 0 or -ENOMEM, got %d (%s)", file,
			 line, got, strerror(-got));
		fault(text);
	}
	__real__assert_int_equal(a, b, file, line);
}

/* A child's whole life. */
static _Noreturn __attribute__((noinline)) void live(const struct CMUnitTest *test,
						     CMFixtureFunction group_setup,
						     CMFixtureFunction group_teardown,
						     int starts_as)
{
	void *state = NULL;

	beneath_run = __builtin_return_address(0);
	alarm(RUN_SECONDS);
	mode = starts_as;
	if (group_setup && group_setup(&state))
		end(REFUSED);
	if (test->initial_state)
		state = test->initial_state;
	if (test->setup_func && test->setup_func(&state))
		end(REFUSED);
	test->test_func(&state);
	if (test->teardown_func)
		test->teardown_func(&state);
	if (group_teardown)
		group_teardown(&state);
	end(failure.happened ? DONE_WITHOUT : NOT_MET);
}

/* One group of a program's tests. */
struct group {
	CMFixtureFunction setup, teardown;
	unsigned courses[REFUSED + 1], faults;
};

/* Run @test in a child; true where nothing happened that may not.  What it says is kept for then. */
static bool run_child(const struct group *group, const struct CMUnitTest *test, int starts_as,
		      FILE *said)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	told->course = NOT_MET;
	pid = fork();
	if (pid == 0) {
		if (said && (dup2(fileno(said), STDOUT_FILENO) < 0 ||
			     dup2(fileno(said), STDERR_FILENO) < 0))
			_exit(1);
		live(test, group->setup, group->teardown, starts_as);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("a child");
		return false;
	}
	if (WIFSIGNALED(status))
		fprintf(stderr, "killed by signal %d (%s)\n", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return status == 0;
}

/* Have the @nth allocation by @way fail in @test; where it @lasts, all after it too. */
static void fail_one(struct group *group, const struct CMUnitTest *test, const struct way *way,
		     uint32_t nth, bool lasts)
{
	FILE *said = tmpfile();

	failure.hash = way->hash;
	failure.nth = nth;
	failure.lasts = lasts;
	if (said && run_child(group, test, FAILING, said)) {
		group->courses[told->course]++;
	} else {
		group->faults++;
		fprintf(stderr, "%s: once more, with what it says:\n", test->name);
		explaining = true;
		run_child(group, test, FAILING, NULL);
		explaining = false;
	}
	if (said)
		fclose(said);
}

static void fail_each(struct group *group, const struct CMUnitTest *test)
{
	for (size_t i = 0; i < told->len; i++)
		told->ways[i].times = 0;
	if (!run_child(group, test, NOTING, NULL)) {
		group->faults++;
		return;
	}
	for (size_t i = 0; i < told->len; i++) {
		struct way *way = &told->ways[i];

		if (way->times == 0 || way->tests == TESTS_PER_WAY)
			continue;
		if (way->tests++ == 0) {
			fail_one(group, test, way, 0, false);
			if (!hasty)
				fail_one(group, test, way, 0, true);
		} else if (!hasty) {
			fail_one(group, test, way, way->times - 1, false);
		}
	}
}

REAL(int, _cmocka_run_group_tests, const char *, const struct CMUnitTest *, size_t,
     CMFixtureFunction, CMFixtureFunction);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t len,
				   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t len,
				   CMFixtureFunction setup, CMFixtureFunction teardown)
{
	struct group group = { .setup = setup, .teardown = teardown };
	const char *wanted = getenv("KNOTHOLE_ALLOC");

	if (!wanted)
		return __real__cmocka_run_group_tests(name, tests, len, setup, teardown);
	if (!told)
		told = __real_mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return 1;
	if (lost_prepare())
		return 1;
	hasty = strcmp(wanted, "hasty") == 0;
	hash_stack(); /* the first time, it allocates for itself */
	if (json_set_alloc_funcs)
		json_set_alloc_funcs(__wrap_malloc, free);
	for (size_t i = 0; i < len; i++)
		fail_each(&group, &tests[i]);
	printf("%s: %zu ways to an allocation; it failed, and %u runs refused something, %u did "
	       "without, %u did not come to it; %u faults\n",
	       name, told->len, group.courses[REFUSED], group.courses[DONE_WITHOUT],
	       group.courses[NOT_MET], group.faults);
	return group.faults > 0;
}
