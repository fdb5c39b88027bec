/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "complaints.h"

#include <stdio.h>

void complain(struct complaints *complaints, unsigned kind, const char *text, struct endpoint who)
{
	unsigned long count = ++complaints->counts[kind];
	char line[160], name[ENDPOINT_TEXT];

	if (!complaints->log || (count & (count - 1)) != 0)
		return;
	snprintf(line, sizeof(line), "%s: %s: %s %s (%lu so far)", host_name(complaints->host),
		 complaints->service, endpoint_format(who, name), text, count);
	complaints->log(complaints->log_arg, line);
}
