/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../reports/whole_file.h"
#include "command.h"

static int write_file(const json_t *json, const char *path)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	int err = text ? whole_file_write(path, text, strlen(text)) : -ENOMEM;

	free(text);
	return err;
}

int counts_give(const char *name, const struct tally *tally, const char *path, const char *format)
{
	json_t *json = tally_to_json(tally);
	int status = STATUS_OK, err;

	if (!json)
		return command_error(name, STATUS_UNEXPECTED, "out of memory");
	err = path ? write_file(json, path) : 0;
	if (err)
		status = command_error(name, STATUS_USAGE, "%s cannot be written: %s", path,
				       strerror(-err));
	if (strcmp(format, "json") == 0) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		tally_print(tally, stdout);
		if (path && !err)
			printf("\n  counts: %s\n", path);
	}
	json_decref(json);
	if (tally->agreed < tally->verified)
		status = command_error(name, STATUS_UNEXPECTED,
				       "%" PRIu64 " of %" PRIu64 " verified pairs came out "
				       "otherwise in their captures; the first is pair %" PRIu64,
				       tally->verified - tally->agreed, tally->verified,
				       tally->disagreed_at);
	return status;
}
