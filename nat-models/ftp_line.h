/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of an FTP control connection that name where data goes: PORT and the answer 227
 * (RFC 959), EPRT and 229 (RFC 2428), over IPv4.  It reads one line and writes one endpoint; what
 * a NAT makes of that is ftp_alg.c's.
 */
#ifndef KNOTHOLE_FTP_LINE_H
#define KNOTHOLE_FTP_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

enum ftp_kind { FTP_PORT, FTP_EPRT, FTP_PASV, FTP_EPSV };

/* No line that names an endpoint is longer. */
enum { FTP_LINE_MAX = 512, FTP_TEXT = 32 };

struct ftp_line {
	enum ftp_kind kind;
	struct endpoint data; /* FTP_EPSV: a port only, the address being the server's own */
	size_t at, len; /* what names it in the line */
	char mark; /* that divides EPRT's and 229's parts */
};

/* Read the @len bytes of a line, its end included: a command, or where @reply an answer.  False
 * where it names no endpoint. */
bool ftp_line_read(const char *line, size_t len, bool reply, struct ftp_line *ret);

/* What names @to as @line names its own; its length, without a NUL. */
size_t ftp_line_write(const struct ftp_line *line, struct endpoint to, char ret[FTP_TEXT]);

/* Might these bytes, which have no line's end yet, become a line that names an endpoint? */
bool ftp_line_may_become(const char *text, size_t len, bool reply);

#endif
