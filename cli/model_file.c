/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/catalog.h"
#include "command.h"
#include "text_file.h"

int model_file_read(const char *command, const char *path, struct nat_model *ret, char **ret_text,
		    size_t *ret_len)
{
	struct model_error error;
	size_t len = 0;
	char *text = text_file_read(path, &len);

	if (!text)
		return command_error(command, STATUS_USAGE, "%s: %s", path, strerror(errno));
	if (nat_model_load(path, text, len, ret, &error) < 0) {
		free(text);
		return command_error(command, STATUS_USAGE, "%s", error.text);
	}
	if (!ret_text) {
		free(text);
		return STATUS_OK;
	}
	*ret_text = text;
	*ret_len = len;
	return STATUS_OK;
}

/* By its whole path. */
static int complete_file(const char *command, const char *option, const char **model,
			 char path[PATH_MAX], struct nat_model *ret)
{
	int status = model_file_read(command, *model, ret, NULL, NULL);

	if (status)
		return status;
	if (!realpath(*model, path))
		return command_error(command, STATUS_USAGE, "--%s %s: %s", option, *model,
				     strerror(errno));
	*model = path;
	return STATUS_OK;
}

int model_file_option(const char *command, const char *option, const char **model, bool ipv6,
		      char path[PATH_MAX])
{
	struct nat_model found = { .family = NAT_FAMILY_BOTH };
	struct model_error error;

	if (nat_model_is_path(*model)) {
		int status = complete_file(command, option, model, path, &found);

		if (status)
			return status;
	} else if (nat_model_find(*model, &found, &error)) {
		return command_error(command, STATUS_USAGE, "--%s: %s", option, error.text);
	}
	if (found.family == (ipv6 ? NAT_FAMILY_IPV4 : NAT_FAMILY_IPV6))
		return command_error(command, STATUS_USAGE,
				     "--%s: expected a model for IPv%c; got %s", option,
				     ipv6 ? '6' : '4', *model);
	return STATUS_OK;
}
