/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no probe asks for, and why. */
#include "behave.h"

#define EITHER "a NAT may, or may not"
#define SETTING "what can be configured is not seen by hosts"

const struct behave_unasked behave_unasked[] = {
	{ "4787", "REQ-5a", "MAY", "mappings for some well-known ports may live for less", EITHER },
	{ "4787", "REQ-5b", "MAY", "the timer may be configurable", EITHER },
	{ "4787", "REQ-6a", "MAY", "packets from outside may refresh a mapping", EITHER },
	{ "4787", "REQ-8a", "MAY", "filtering may be configurable", EITHER },
	{ "4787", "REQ-10a", "RECOMMENDED", "each gateway can be turned on and off", SETTING },
	{ "5382", "REQ-3a", "MAY", "filtering may be configurable", EITHER },
	{ "5382", "REQ-3b", "MAY", "filtering may differ from UDP's", EITHER },
	{ "5382", "REQ-4a", "MUST", "a SYN that policy forbids to answer is dropped in silence",
	  "a policy is not seen by hosts" },
	{ "5382", "REQ-5a", "MAY", "timers may be configurable", EITHER },
	{ "5508", "REQ-2a", "RECOMMENDED", "the timer is configurable", SETTING },
	{ "5508", "REQ-9", "MAY", "a policy may stop errors towards an interface", EITHER },
	{ "5508", "REQ-10b", "MAY", "redirects, timestamps, parameter problems and others may pass",
	  EITHER },
	{ "5508", "REQ-11", "MAY", "what is neither query nor error may be dropped", EITHER },
	{ "6888", "REQ-1", "MUST", "what is required of each transport is fulfilled",
	  "RFC 4787, 5382 and 5508 say what that is" },
	{ "6888", "REQ-3", "SHOULD NOT", "the pool's size and contiguity are not limited",
	  SETTING },
	{ "6888", "REQ-4a", "MUST", "limits are configurable", SETTING },
	{ "6888", "REQ-4b", "MAY", "limits may be configurable for each transport", EITHER },
	{ "6888", "REQ-5", "SHOULD", "a subscriber's memory is limited",
	  "how much memory there is for what is not seen by hosts" },
	{ "6888", "REQ-5a", "SHOULD", "those limits are configurable", SETTING },
	{ "6888", "REQ-5b", "SHOULD", "how fast memory is taken can be limited",
	  "REQ-4c is asked, which shows the same" },
	{ "6888", "REQ-9", "MUST", "subscribers control their mappings by a protocol, such as PCP",
	  "port control protocols are not built yet" },
	{ "6888", "REQ-10", "SHOULD", "it is manageable", "management is not seen by hosts" },
	{ "6888", "REQ-11c", "SHOULD", "its management is told of refusals",
	  "management is not seen by hosts" },
	{ "6888", "REQ-12", "SHOULD NOT", "destinations are not logged",
	  "logs are not seen by hosts" },
	{ "6888", "REQ-13", "SHOULD", "ports are used as far as they go",
	  "the RFC says no measure of it" },
	{ "6888", "REQ-14", "SHOULD", "logs are short", "logs are not seen by hosts" },
	{ "7857", "2.1", "SHOULD", "open and closing connections have timers of their own to set",
	  "its recommended 4 min are RFC 5382's REQ-5, and " SETTING },
	{ "7857", "3", "MAY", "flows to different destinations may share a port", EITHER },
	{ "7857", "8", "MAY", "parity may be left", EITHER },
	{ "7857", "11", "MAY", "a query's mapping may go with its last session", EITHER },
};

const size_t behave_unasked_len = sizeof(behave_unasked) / sizeof(behave_unasked[0]);
