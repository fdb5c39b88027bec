/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KNOTHOLE_FUZZ_REPLAY_H
#define KNOTHOLE_FUZZ_REPLAY_H

/* Run each input of a corpus once.  How many there were; -1 where they cannot be read, which it says. */
int replay_all(const char *corpus);

#endif
