/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_meter.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../nat-models/chance.h"
#include "../sim/host.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec;
}

uint64_t bench_clock(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_resident(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long whole, resident, of_files;

	if (!file)
		return 0;
	if (fscanf(file, "%llu %llu %llu", &whole, &resident, &of_files) != 3)
		resident = of_files = 0;
	fclose(file);
	return (resident - of_files) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double bench_median(double *values, size_t len)
{
	qsort(values, len, sizeof(*values), by_size);
	return len % 2 ? values[len / 2] : (values[len / 2 - 1] + values[len / 2]) / 2;
}

static uint64_t ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * SEC + (uint64_t)time.tv_usec * USEC;
}

struct bench_usage bench_usage_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (struct bench_usage){ bench_clock(), ns_of(usage.ru_utime), ns_of(usage.ru_stime) };
}

struct bench_usage bench_usage_since(struct bench_usage began)
{
	struct bench_usage now = bench_usage_now();

	return (struct bench_usage){ now.clock - began.clock, now.user_ns - began.user_ns,
				     now.system_ns - began.system_ns };
}

/* A line of the cache: the number of the one to read next. */
struct step {
	_Alignas(64) uint32_t next;
};

/* One ring through all of them, in no order (S. Sattolo, 1986). */
static void make_ring(struct step *steps, uint32_t len)
{
	struct chance chance = { 1 };

	for (uint32_t i = 0; i < len; i++)
		steps[i].next = i;
	for (uint32_t i = len - 1; i > 0; i--) {
		uint32_t other = chance_below(&chance, i), next = steps[i].next;

		steps[i].next = steps[other].next;
		steps[other].next = next;
	}
}

double bench_read_ns(size_t bytes)
{
	enum { READS = 1 << 21 };
	uint32_t len = (uint32_t)(bytes / sizeof(struct step)), at = 0;
	struct step *steps =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t began, took;

	if (steps == MAP_FAILED)
		return 0;
	madvise(steps, bytes, MADV_HUGEPAGE);
	make_ring(steps, len);
	began = bench_cpu();
	for (uint32_t i = 0; i < READS; i++)
		at = steps[at].next;
	took = bench_cpu() - began;
	/* The compiler must not find out that nobody asks where it ended. */
	__asm__ volatile("" : : "r"(at));
	munmap(steps, bytes);
	return (double)took / READS;
}

double bench_page_ns(void)
{
	enum { PAGES = 1 << 14 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t began = bench_cpu(), took;
	char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		return 0;
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		((volatile char *)memory)[i * page] = 1;
	took = bench_cpu() - began;
	munmap(memory, PAGES * page);
	return (double)took / PAGES;
}

/* All of @about, through @fd. */
static bool move(int fd, char *about, size_t size, bool out)
{
	while (size > 0) {
		ssize_t moved = out ? write(fd, about, size) : read(fd, about, size);

		if (moved < 0 && errno == EINTR)
			continue;
		if (moved <= 0)
			return false;
		about += moved;
		size -= (size_t)moved;
	}
	return true;
}

int bench_apart(void (*work)(void *about), void *about, size_t size)
{
	pid_t parent = getpid(), pid;
	int ends[2], status;
	bool told;

	if (pipe(ends) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
		if (getppid() != parent) /* it died before the line above */
			_exit(1);
		/* What the parent has given back waits here, too, and would seem to cost nothing. */
		malloc_trim(0);
		mallopt(M_MMAP_THRESHOLD, 128 * 1024);
		work(about);
		_exit(move(ends[1], about, size, true) ? 0 : 1);
	}
	close(ends[1]);
	told = pid > 0 && move(ends[0], about, size, false);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return told ? 0 : -EIO;
}
