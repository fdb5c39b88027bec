-- A company with one prefix inside and its provider's outside, so that changing the provider renumbers nobody.  Each
-- host is reachable at an address that follows from its own; to filter is somebody else's business.
return {
  title = "IPv6 prefix translation",
  kind = "nptv6",
  source = "RFC 6296",
  hairpin = "external-source",
  refusal = "unreachable",
  udp = { filtering = "endpoint-independent" },
  tcp = { filtering = "endpoint-independent" },
  icmp = { filtering = "endpoint-independent" },
}
