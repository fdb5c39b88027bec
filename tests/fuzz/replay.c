/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

/* An input is copied to a block of just its size, so that reading beyond it is caught. */
static int replay(const char *directory, const char *name)
{
	static uint8_t bytes[INPUT_MAX];
	char path[4096];
	uint8_t *exact;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return -1;
	}
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	exact = malloc(len ? len : 1);
	if (!exact)
		return -1;
	memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 0;
}

int replay_all(const char *corpus)
{
	DIR *directory = opendir(corpus);
	struct dirent *entry;
	int replayed = 0;

	if (!directory) {
		perror(corpus);
		return -1;
	}
	while (replayed >= 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		replayed = replay(corpus, entry->d_name) < 0 ? -1 : replayed + 1;
	}
	closedir(directory);
	return replayed;
}
