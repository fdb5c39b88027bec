/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "results.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../reports/record.h"
#include "../sim/live/live.h"
#include "command.h"

int results_read(const struct collection *collection, const struct suite_options *options,
		 bool plan, struct suite *ret)
{
	json_t *errors, *error;
	size_t i;
	int failed = suite_read(collection, options, plan, ret, &errors);

	json_array_foreach(errors, i, error)
		command_error(NULL, STATUS_USAGE, "%s", json_string_value(error));
	json_decref(errors);
	if (!failed)
		return STATUS_OK;
	suite_clear(ret);
	return STATUS_USAGE;
}

int results_worlds(const char *name, const char *word, enum suite_worlds *ret)
{
	char why[256];

	*ret = strcmp(word, "virtual") == 0 ? SUITE_VIRTUAL
	       : strcmp(word, "both") == 0  ? SUITE_BOTH
					    : SUITE_LIVE;
	if (*ret == SUITE_VIRTUAL)
		return STATUS_OK;
	if (!live_possible(why, sizeof(why)))
		return command_error(name, STATUS_CANNOT, "no live world can be made here: %s",
				     why);
	return STATUS_OK;
}

int results_nats(const char *name, enum suite_worlds worlds, const char *realise)
{
	if (worlds != SUITE_VIRTUAL || strcmp(realise, "engine") == 0)
		return STATUS_OK;
	return command_error(name, STATUS_USAGE,
			     "--realise %s: expected --world live or both with it; got virtual, "
			     "which has no kernel",
			     realise);
}

int results_load(const char *name, const char *path, json_t **ret)
{
	json_error_t error;
	FILE *file = fopen(path, "re");
	struct stat about;

	if (!file || fstat(fileno(file), &about) < 0 || S_ISDIR(about.st_mode)) {
		command_error(name, STATUS_USAGE, "%s: %s", path, strerror(file ? EISDIR : errno));
		if (file)
			fclose(file);
		return STATUS_USAGE;
	}
	*ret = json_loadf(file, 0, &error);
	fclose(file);
	return *ret ? STATUS_OK
		    : command_error(name, STATUS_USAGE, "%s:%d: expected JSON: %s", path,
				    error.line, error.text);
}

void results_progress(size_t ended, size_t of)
{
	if (!isatty(STDERR_FILENO))
		return;
	/* The line is wiped at the end: what stands after it is the report. */
	if (ended == of)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r%zu of %zu\033[K", ended, of);
	fflush(stderr);
}

int results_write(const char *name, const char *directory, const json_t *records)
{
	json_t *beside = record_beside(records, directory);
	char path[PATH_MAX];
	int error = beside ? 0 : -ENOMEM;

	snprintf(path, sizeof(path), "%s/report.json", directory);
	if (!error)
		error = report_json(beside, path);
	if (!error) {
		snprintf(path, sizeof(path), "%s/junit.xml", directory);
		error = report_junit(beside, name, path);
	}
	json_decref(beside);
	return error ? command_error(name, STATUS_UNEXPECTED, "%s cannot be written: %s", path,
				     strerror(-error))
		     : STATUS_OK;
}

int results_print_report(const char *name, const char *directory, const char *format)
{
	char path[PATH_MAX], buf[4096];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory,
		 strcmp(format, "json") == 0 ? "report.json" : "junit.xml");
	file = fopen(path, "re");
	if (!file)
		return command_error(name, STATUS_UNEXPECTED, "%s: %s", path, strerror(errno));
	while ((len = fread(buf, 1, sizeof(buf), file)))
		fwrite(buf, 1, len, stdout);
	fclose(file);
	return STATUS_OK;
}

int results_status(const json_t *records)
{
	struct record_counts counts = record_count(records);

	if (counts.ended[RECORD_FAIL] || counts.ended[RECORD_ERROR])
		return STATUS_UNEXPECTED;
	if (counts.ended[RECORD_SKIP] && !counts.ended[RECORD_PASS])
		return STATUS_CANNOT;
	return STATUS_OK;
}
