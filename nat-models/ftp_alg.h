/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway for FTP (RFC 959, RFC 2428): where an inside host names an endpoint of its own in a
 * control connection (TCP port 21), a mapping is made for it and named in its stead, and the other
 * side of that connection may open a data connection there.
 *
 * What is said changes its length by that, so every number of the connection is adjusted, both
 * ways, selective acknowledgements among them, and what is sent again is changed again as it was.
 * As others' do, this gateway drops the beginning of such a line where the rest is still to come,
 * and what comes before its turn: it is sent again, whole and in turn.
 *
 * Not here: IPv6, fragments, super-packets, hairpinned control connections, encrypted ones, and
 * ports other than 21.  An endpoint that is not the speaker's own is left alone (RFC 2577, 3).
 */
#ifndef KNOTHOLE_FTP_ALG_H
#define KNOTHOLE_FTP_ALG_H

#include "nat_flow.h"

struct ftp_table;

enum { FTP_CONTROL_PORT = 21 };

void ftp_table_free(struct ftp_table *table); /* NULL is fine */

/* A segment goes out, whose own endpoint was @from and has become @to.  False where it must be
 * dropped. */
bool ftp_alg_out(struct passage *p, struct endpoint from, struct endpoint to);

/* A segment comes in, untranslated yet: put its acknowledgements back into the sender's numbers, and
 * let it in where it opens a data connection that is waited for. */
void ftp_alg_in(struct passage *p);

#endif
