/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "embed.h"
#include "suggest.h"

/* The order in which people want to read them; each has its file in catalog/. */
static const char *const names[] = {
	"no-nat",
	"full-cone",
	"restricted-cone",
	"port-restricted-cone",
	"symmetric",
	"ei-ei",
	"ei-ad",
	"ei-apd",
	"ad-ei",
	"ad-ad",
	"ad-apd",
	"apd-ei",
	"apd-ad",
	"apd-apd",
	"one-to-one",
	"symmetric-sequential",
	"symmetric-sequential-2",
	"symmetric-random",
	"linux-masquerade",
	"linux-masquerade-input-drop",
	"linux-masquerade-random",
	"carrier-grade",
	"symmetric-firewall",
	"udp-blocked",
	"ipv6-router",
	"ipv6-firewall-open",
	"ipv6-firewall",
	"ipv6-firewall-strict",
	"nptv6",
	"nat66",
	"nat64",
	"linksys-befsr41",
	"linksys-befsr41-upnp",
	"upnp-h323-router",
	"windows-xp-ics",
	"windows-xp-icf",
	"corporate-80-443",
	"corporate-443",
	"corporate-proxy-only",
	"isa-proxy",
	NULL,
};

enum { NAMES = sizeof(names) / sizeof(names[0]) - 1 };

const char *const *nat_model_names(size_t *ret_len)
{
	if (ret_len)
		*ret_len = NAMES;
	return names;
}

bool nat_model_is_path(const char *text)
{
	size_t len = strlen(text);

	return strchr(text, '/') || (len > 4 && strcmp(text + len - 4, ".lua") == 0);
}

static const struct embedded_file *find_file(const char *name)
{
	size_t len = strlen(name);

	for (const struct embedded_file *file = embedded_catalog; file->name; file++) {
		if (strncmp(file->name, name, len) == 0 && strcmp(file->name + len, ".lua") == 0)
			return file;
	}
	return NULL;
}

const char *nat_model_text(const char *name, size_t *ret_len)
{
	const struct embedded_file *file = find_file(name);

	if (!file)
		return NULL;
	*ret_len = file->len;
	return file->text;
}

int nat_model_find(const char *name, struct nat_model *ret, struct model_error *ret_error)
{
	const struct embedded_file *file = find_file(name);
	const char *near;

	if (file)
		return nat_model_load(file->name, file->text, file->len, ret, ret_error);
	near = suggest(name, names, NAMES);
	if (near)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "unknown model \"%.60s\"; did you mean \"%s\"?", name, near);
	else
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "unknown model \"%.60s\"; `knothole models` lists them", name);
	return -ENOENT;
}
