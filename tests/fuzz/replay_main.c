/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzzer's corpus once, without libFuzzer, so that each build's tests replay every
 * input that ever mattered.
 *
 *	fuzz_NAME DIRECTORY
 */
#include <stdio.h>

#include "replay.h"

int main(int argc, char **argv)
{
	int replayed;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	replayed = replay_all(argv[1]);
	printf("%d inputs of %s\n", replayed, argv[1]);
	return replayed > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
