-- Mobile networks without IPv4: hosts have IPv6 alone, and reach IPv4 through the operator's translator (RFC 6146), by
-- addresses behind 64:ff9b::/96 that a DNS64, or the host itself, makes.
return {
  title = "NAT64",
  kind = "nat64",
  source = "RFC 6146, section 3.5",
  hairpin = "external-source",
  refusal = "unreachable",
  udp = {
    mapping = "endpoint-independent",
    filtering = "address-dependent",
    parity = true,
    timeout = "5m",
  },
  tcp = {
    mapping = "endpoint-independent",
    filtering = "address-dependent",
    unsolicited = "hold",
    transitory = "4m",
    established = "2h4m",
  },
  icmp = { filtering = "address-dependent", timeout = "60s" },
}
