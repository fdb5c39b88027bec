/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program, as a shell would, and tells what it said and how it ended.  Tests of the binary
 * stand on it; it knows nothing of the project's insides.
 */
#ifndef KNOTHOLE_DRIVER_H
#define KNOTHOLE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { DRIVEN_TEXT = 1 << 16, DRIVEN_PATH = 512 };

struct driven {
	int status; /* exit status; 128 + signal; -1 where the time ran out, it was killed, and err says so */
	char out[DRIVEN_TEXT]; /* stdout, cut, NUL-terminated */
	char err[DRIVEN_TEXT]; /* stderr, the same */
};

struct drive {
	const char *const *argv; /* NULL-terminated; "knothole" is the binary under test */
	int (*before)(void); /* in the child, before it executes; not 0 = give up; NULL = nothing */
	const char *directory; /* to stand in; NULL = where we stand */
};

/* How long any one run may take, beside a dozen builds and tests too: only a hang runs out of it. */
#define DRIVE_SECONDS 400

/* Run it to its end. */
void drive(const struct drive *drive, struct driven *ret);

/* Start it with its output thrown away, as the leader of a process group; its pid. */
pid_t drive_start(const struct drive *drive);

/*
 * The path of the binary under test (environment KNOTHOLE_BIN), and of @file in the project
 * (KNOTHOLE_HOME).  Both end the test where the variable is missing.
 */
const char *drive_binary(void);
const char *drive_file(const char *file, char ret[DRIVEN_PATH]);

/* On a clock that only goes on. */
long long drive_now_ms(void);

/* A fresh directory for what a test writes, open to every user; remove it by drive_remove(). */
void drive_directory(char ret[DRIVEN_PATH]);
void drive_remove(const char *directory);

/* One whole line, and nothing after it? */
bool drive_is_one_line(const char *text);

/* Can a live world be made here?  Else says why, and the test should be skipped. */
bool drive_possible(void);

#endif
