/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's model, in a file that the command line names.
 */
#ifndef KNOTHOLE_MODEL_FILE_H
#define KNOTHOLE_MODEL_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "../nat-models/model.h"

/*
 * Read the model in @path into @ret.  STATUS_OK; or STATUS_USAGE, with one line that names
 * @path printed for subcommand @command.  *ret_text is the file's text, the caller's to free, a
 * NUL behind its *ret_len bytes; where @ret_text is NULL, nobody wants it.
 */
int model_file_read(const char *command, const char *path, struct nat_model *ret, char **ret_text,
		    size_t *ret_len);

/*
 * Is *model, which option --@option was given, a model of the catalog, or a file of one, for that
 * family?  STATUS_OK, and of a file *model is now the whole path, in @path, for a scenario seeks
 * models from its own folder; or STATUS_USAGE with a line printed for subcommand @command.
 */
int model_file_option(const char *command, const char *option, const char **model, bool ipv6,
		      char path[PATH_MAX]);

#endif
