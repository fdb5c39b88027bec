/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix_live_s, matrix_virtual_s: the whole of `knothole matrix`, its captures and reports
 * included. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../reports/record.h"
#include "command.h"

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *at)
{
	(void)about;
	(void)kind;
	(void)at;
	return remove(path);
}

/* This very binary, silent, its results in @directory; @jobs is an option, or NULL.  Returns its
 * exit status, or -errno. */
static int run_matrix(const char *world, const char *jobs, const char *directory)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
		    dup2(null, STDERR_FILENO) >= 0)
			execl("/proc/self/exe", "knothole", "matrix", "--world", world, "-o",
			      directory, jobs, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

/* The first cell that is not as the oracle says, in the note, and where its capture is. */
static void name_cell(const char *directory, struct bench_result *result)
{
	char path[300], name[96] = "a cell";
	json_t *report, *record;
	size_t i;

	snprintf(path, sizeof(path), "%s/report.json", directory);
	report = json_load_file(path, 0, NULL);
	json_array_foreach(json_object_get(report, "records"), i, record)
	{
		enum record_end end = record_ended(record);

		if (end != RECORD_FAIL && end != RECORD_ERROR)
			continue;
		record_name(record, name, sizeof(name));
		break;
	}
	snprintf(result->note, sizeof(result->note), "%s is not as the oracle says; see %.120s",
		 name, directory);
	json_decref(report);
}

/* Whatever is neither is waiting: for answers that do not come, or for a processor. */
static void name_limit(struct bench_usage usage, struct bench_result *result)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	snprintf(
		result->limit, sizeof(result->limit),
		"%.2f s of processors in its own code and that of what it starts, %.2f s in the kernel; "
		"by the clock %.0f %% of what %ld of them could do",
		(double)usage.user_ns / (double)SEC, (double)usage.system_ns / (double)SEC,
		100.0 * (double)(usage.user_ns + usage.system_ns) /
			((double)usage.clock * (double)processors),
		processors);
}

static int time_matrix(const char *world, const char *jobs, struct bench_result *result)
{
	const char *temporary = getenv("TMPDIR");
	struct bench_usage usage = bench_usage_now();
	char directory[256];
	int status;

	snprintf(directory, sizeof(directory), "%.200s/knothole-bench-XXXXXX",
		 temporary ? temporary : "/tmp");
	if (!mkdtemp(directory)) {
		snprintf(result->note, sizeof(result->note), "%.100s: %.100s", directory,
			 strerror(errno));
		return -errno;
	}
	status = run_matrix(world, jobs, directory);
	usage = bench_usage_since(usage);
	result->value = (double)usage.clock / (double)SEC;
	name_limit(usage, result);
	if (status == STATUS_UNEXPECTED) { /* the results stay: nobody could see why otherwise */
		name_cell(directory, result);
		return 0;
	}
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (status == STATUS_OK) {
		snprintf(result->note, sizeof(result->note), "every cell as the oracle says");
		return 0;
	}
	snprintf(result->note, sizeof(result->note), "knothole matrix ended with status %d",
		 status);
	return -EIO;
}

int bench_matrix_live(struct bench_result *result)
{
	return time_matrix("live", NULL, result);
}

int bench_matrix_virtual(struct bench_result *result)
{
	return time_matrix("virtual", "--jobs=1", result);
}
