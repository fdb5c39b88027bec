/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport_record.h"

#include <stdlib.h>

void transport_records_clear(struct transport_records *records)
{
	free(records->entries);
	*records = (struct transport_records){ .entries = NULL };
}

struct transport_record *transport_record_find(const struct transport_records *records,
					       enum nat_scope filtering, uint8_t protocol,
					       struct ip_addr inside, struct ip_addr remote,
					       uint64_t now)
{
	for (int i = 0; i < TRANSPORT_RECORDS && records->entries; i++) {
		struct transport_record *record = &records->entries[i];

		if (record->until > now && record->protocol == protocol &&
		    ip_addr_equal(record->inside, inside) &&
		    (filtering == NAT_EI || ip_addr_equal(record->remote, remote)))
			return record;
	}
	return NULL;
}

/* The one that ends first, a free one before all. */
static struct transport_record *first_to_end(const struct transport_records *records)
{
	struct transport_record *first = records->entries;

	for (int i = 1; i < TRANSPORT_RECORDS; i++)
		if (records->entries[i].until < first->until)
			first = &records->entries[i];
	return first;
}

void transport_record_open(struct transport_records *records, uint8_t protocol,
			   struct ip_addr inside, struct ip_addr remote, uint64_t now,
			   uint64_t until)
{
	struct transport_record *record =
		transport_record_find(records, NAT_AD, protocol, inside, remote, now);

	if (!records->entries)
		records->entries = calloc(TRANSPORT_RECORDS, sizeof(*records->entries));
	if (!records->entries)
		return;
	if (!record)
		record = first_to_end(records);
	*record = (struct transport_record){ inside, remote, until, protocol };
}
