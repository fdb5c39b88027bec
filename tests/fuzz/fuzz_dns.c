/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS: whatever is read stays inside of its bytes, and what was read, written again, reads the same.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void read_name(const struct dns_name *name)
{
	char text[DNS_NAME_TEXT];
	struct dns_name again;
	struct ip_addr addr;

	check(name->len > 0 && name->bytes[name->len - 1] == 0);
	check(dns_name_labels(name) <= DNS_LABELS_MAX);
	check(!dns_name_parse(dns_name_format(name, text), &again) && same(name, &again));
	if (dns_name_to_addr(name, &addr)) {
		dns_name_of_addr(addr, &again);
		check(dns_name_equal(name, &again));
	}
}

static void write_record(struct dns_writer *w, const struct dns_message *msg,
			 const struct dns_record *r)
{
	struct dns_name name;
	struct ip_addr addr;
	struct dns_soa soa;

	if (dns_get_addr(r, &addr) && ip_addr_is_v4(addr) == (r->type == DNS_A))
		dns_add_addr(w, r->section, &r->name, r->ttl, addr);
	else if (dns_get_soa(msg, r, &soa))
		dns_add_soa(w, r->section, &r->name, r->ttl, &soa);
	else if (dns_get_name(msg, r, &name))
		dns_add_name(w, r->section, &r->name, r->type, r->ttl, &name);
	else
		dns_add(w, r->section, &r->name, r->type, r->ttl, r->data, r->len);
}

/* OPT goes last, whatever was last before; classes become the Internet's. */
static void write_again(const struct dns_message *msg)
{
	static uint8_t out[8 * DNS_MESSAGE_MAX]; /* compressed less cleverly than some */
	struct dns_record r = { 0 }, again = { 0 };
	struct dns_message back;
	struct dns_writer w;
	size_t len;

	dns_begin(&w, out, sizeof(out), &msg->header, &msg->question, &msg->edns);
	w.header.truncated = false;
	while (dns_next(msg, &r))
		if (r.type != DNS_OPT)
			write_record(&w, msg, &r);
	if (w.header.truncated) /* not even that was room enough */
		return;
	w.header.truncated = msg->header.truncated;
	len = dns_end(&w);
	check(len && !dns_decode(out, len, &back));
	check(back.header.id == msg->header.id && back.header.rcode == msg->header.rcode &&
	      back.header.truncated == msg->header.truncated);
	check(same(&back.question.name, &msg->question.name));
	r = (struct dns_record){ 0 };
	while (dns_next(msg, &r)) {
		if (r.type == DNS_OPT)
			continue;
		check(dns_next(&back, &again) && again.type == r.type && again.ttl == r.ttl);
		check(same(&again.name, &r.name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_record record = { 0 };
	struct dns_message msg;

	if (dns_decode(data, size, &msg))
		return 0;
	read_name(&msg.question.name);
	while (dns_next(&msg, &record)) {
		check(record.data >= data && record.data + record.len <= data + size);
		read_name(&record.name);
	}
	write_again(&msg);
	return 0;
}
