/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzzer's corpus once, without libFuzzer, so that each build's tests replay every
 * input that ever mattered.
 *
 *	fuzz_NAME DIRECTORY
 */
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

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned replayed = 0;
	DIR *corpus;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	corpus = opendir(argv[1]);
	if (!corpus) {
		perror(argv[1]);
		return 1;
	}
	while ((entry = readdir(corpus))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(argv[1], entry->d_name) < 0)
			return 1;
		replayed++;
	}
	closedir(corpus);
	printf("%u inputs of %s\n", replayed, argv[1]);
	return replayed ? 0 : 1; /* an empty corpus tests nothing */
}
