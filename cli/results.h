/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `knothole run` and `knothole matrix` share: reading a suite with its errors on stderr,
 * progress, and the reports' files.
 */
#ifndef KNOTHOLE_RESULTS_H
#define KNOTHOLE_RESULTS_H

#include <jansson.h>

#include "../scenarios/runtime/suite.h"

/* Read @collection; the errors are printed, one line each, and the status is STATUS_USAGE.
 * STATUS_OK, and @ret is the caller's. */
int results_read(const struct collection *collection, const struct suite_options *options,
		 bool plan, struct suite *ret);

/* The worlds that --world @word names: STATUS_OK, or STATUS_CANNOT where they cannot be made
 * here, with the reason printed. */
int results_worlds(const char *name, const char *word, enum suite_worlds *ret);

/* --realise @realise in such worlds: STATUS_OK; or STATUS_USAGE, with a line, where no kernel is. */
int results_nats(const char *name, enum suite_worlds worlds, const char *realise);

/* Read the JSON in the file @path: STATUS_OK, and @ret is the caller's; or STATUS_USAGE with a
 * line that names it. */
int results_load(const char *name, const char *path, json_t **ret);

/* A counter on stderr, where that is a terminal; for suite_options.progress. */
void results_progress(size_t ended, size_t of);

/* Write report.json and junit.xml into @directory; STATUS_OK or STATUS_UNEXPECTED with a line. */
int results_write(const char *name, const char *directory, const json_t *records);

/* Copy the report that results_write() made for @format, "json" or "junit", to stdout; STATUS_OK or
 * STATUS_UNEXPECTED with a line. */
int results_print_report(const char *name, const char *directory, const char *format);

/* The exit status that @records lead to: 0 where all passed or some and the others were
 * skipped, 1 where any did not, 77 where every one was skipped. */
int results_status(const json_t *records);

#endif
