/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe.h"

#include <string.h>

#include "embed.h"

const char *model_recipe(const struct nat_model *model)
{
	size_t len = strlen(model->kernel);

	for (const struct embedded_file *file = embedded_recipes; len && file->name; file++) {
		if (strncmp(file->name, model->kernel, len) == 0 &&
		    strcmp(file->name + len, ".nft") == 0)
			return file->text;
	}
	return NULL;
}
