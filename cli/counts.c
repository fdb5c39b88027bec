/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counts.h"

#include <inttypes.h>
#include <string.h>

#include "command.h"

int counts_give(const char *name, const struct tally *tally, const char *path, const char *format)
{
	json_t *json = tally_to_json(tally);
	int status = STATUS_OK;

	if (!json)
		return command_error(name, STATUS_UNEXPECTED, "out of memory");
	if (path && json_dump_file(json, path, JSON_INDENT(2)) < 0)
		status = command_error(name, STATUS_UNEXPECTED, "%s: cannot be written", path);
	if (strcmp(format, "json") == 0) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		tally_print(tally, stdout);
		if (path)
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
