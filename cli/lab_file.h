/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scenario that `knothole exec` and `knothole shell` play: two hosts behind a NAT each and a
 * server outside, written to a file, so that it can be read, changed and run again.
 */
#ifndef KNOTHOLE_LAB_FILE_H
#define KNOTHOLE_LAB_FILE_H

#include <stddef.h>
#include <stdint.h>

/* By which the hosts are known. */
#define LAB_A "alice"
#define LAB_B "bob"
#define LAB_SERVER "server"

enum { LAB_PROGRAMS = 3 };

struct lab_file {
	const char *
		nat[2]; /* models of a's and b's NAT, absolute paths where files; "none" = public */
	const char *nat6[2]; /* the same of IPv6; NULL = that side has none of it */
	const char *forward[2]; /* a port that is forwarded, in both protocols; NULL = none */
	const char *server; /* "coturn", "own" or "none": who serves STUN and TURN */
	const char *delay, *loss,
		*rate; /* of the links between the NATs and the Internet; or NULL */
	char *const *argv[LAB_PROGRAMS]; /* a's, b's, the server's, NULL-terminated; exec only;
					  * the server's may be NULL */
	const char *ready; /* b's: before a's starts it says so, or listens at that port; or NULL */
	const char *server_ready; /* the same of the server's, before both */
	const char *grace; /* how long the other program may go on once one has ended */
	const char *shell; /* the host that a shell is for, in place of the programs; or NULL */
};

/* Write it to @path: 0 or -errno. */
int lab_file_write(const struct lab_file *lab, const char *path);

#endif
