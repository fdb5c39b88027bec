/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tap.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 512 };

void tap_clean_text(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

json_t *tap_text_json(const char *text)
{
	json_t *json = json_string(text);
	char ascii[TEXT_MAX];

	if (json)
		return json;
	/* It says anything, or a comment was cut inside of a character. */
	snprintf(ascii, sizeof(ascii), "%s", text);
	for (char *c = ascii; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(ascii);
}

static void copy_name(char to[TAP_NAME], const char *from)
{
	snprintf(to, TAP_NAME, "%s", from);
	tap_clean_text(to);
}

static enum tap_side side_of(const json_t *about)
{
	const char *side = json_string_value(json_object_get(about, "side"));

	if (side && strcmp(side, "lan") == 0)
		return TAP_LAN;
	return side && strcmp(side, "wan") == 0 ? TAP_WAN : TAP_HOST;
}

static void describe(const struct pcapng_interface *interface, struct tap *ret)
{
	json_t *about = json_loads(interface->description, 0, NULL);
	const char *node = json_string_value(json_object_get(about, "node"));

	if (interface->name[0] != '\0')
		copy_name(ret->name, interface->name);
	else
		snprintf(ret->name, TAP_NAME, "interface %zu", interface->number);
	copy_name(ret->node, node ? node : ret->name);
	ret->side = side_of(about);
	json_decref(about);
}

int tap_list_reach(struct tap_list *list, const struct pcapng *reader, size_t interface)
{
	struct tap *grown;

	if (interface < list->len)
		return 0;
	grown = realloc(list->taps, (interface + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->taps = grown;
	while (list->len <= interface) {
		describe(pcapng_interface_at(reader, list->len), &list->taps[list->len]);
		list->len++;
	}
	return 0;
}

void tap_list_clear(struct tap_list *list)
{
	free(list->taps);
	*list = (struct tap_list){ 0 };
}
